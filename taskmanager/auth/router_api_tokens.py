"""One's own API tokens. They are made and revoked in a session, never by a token."""

from typing import Annotated, Any

from fastapi import Depends

from taskmanager.auth.api_token_repository import API_TOKEN_ORDER, ApiTokenRepository
from taskmanager.auth.api_token_schemas import ApiTokenCreate, ApiTokenCreated, ApiTokenList, ApiTokenOut
from taskmanager.auth.api_token_service import ApiTokenService
from taskmanager.auth.deps import ActorDep, AuthDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import CREDENTIALS_LIMIT, SECRET, router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep

own = router(prefix="/api-tokens", tags=["API tokens"], max_body_size=CREDENTIALS_LIMIT)


async def get_api_token_service(actor: ActorDep, session: SessionDep) -> ApiTokenService:
    return ApiTokenService(session, actor)


ApiTokenServiceDep = Annotated[ApiTokenService, Depends(get_api_token_service)]


@own.get("", response_model=ApiTokenList, responses=refusals(400, 401, 403, 422))
async def list_api_tokens(actor: ActorDep, pager: PagerDep, reader: ReaderDep) -> Any:
    """List your live API tokens, newest first."""
    rows = await ApiTokenRepository(reader, actor.user_id).list_live(pager)
    return pager.page(rows, API_TOKEN_ORDER, ApiTokenOut.model_validate)


@own.post(
    "",
    status_code=201,
    response_model=ApiTokenCreated,
    openapi_extra=SECRET,
    responses=refusals(400, 401, 403, 409, 413, 415, 422),
)
async def create_api_token(auth: AuthDep, service: ApiTokenServiceDep, body: ApiTokenCreate) -> Any:
    """Make an API token; its secret is in this answer and never shown again. Needs a recent sign-in."""
    new = auth.api_tokens.make()
    made = ApiTokenOut.model_validate(await service.create(body, new))
    return ApiTokenCreated(**made.model_dump(), token=new.text)


@own.delete("/{token_id}", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 404, 409, 422))
async def revoke_api_token(actor: ActorDep, service: ApiTokenServiceDep, token_id: IdPath) -> None:
    """Revoke one of your API tokens; it opens nothing from now on."""
    await service.revoke(actor.user_id, token_id)
