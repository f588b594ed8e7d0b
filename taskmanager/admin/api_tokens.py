"""API tokens as administrators see them: whose they are and what they open, never the secrets."""

from typing import Annotated, Any

from fastapi import Depends

from taskmanager.auth.api_token_repository import API_TOKEN_ORDER, ApiTokenRepository
from taskmanager.auth.api_token_schemas import ApiTokenList, ApiTokenOut
from taskmanager.auth.api_token_service import ApiTokenService
from taskmanager.auth.deps import AdminDep
from taskmanager.auth.repository import AccountRepository
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep

api_tokens = router(prefix="/admin/users/{user_id}/api-tokens", tags=["administration"])


async def get_api_token_service(actor: AdminDep, session: SessionDep) -> ApiTokenService:
    return ApiTokenService(session, actor)


@api_tokens.get("", response_model=ApiTokenList, responses=refusals(400, 401, 403, 404, 422))
async def list_user_api_tokens(_actor: AdminDep, user_id: IdPath, pager: PagerDep, reader: ReaderDep) -> Any:
    """List the live API tokens of an account, newest first."""
    user = await AccountRepository(reader).get(user_id)
    rows = await ApiTokenRepository(reader, user.id).list_live(pager)
    return pager.page(rows, API_TOKEN_ORDER, ApiTokenOut.model_validate)


@api_tokens.delete("/{token_id}", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 404, 409, 422))
async def revoke_user_api_token(
    service: Annotated[ApiTokenService, Depends(get_api_token_service)], user_id: IdPath, token_id: IdPath
) -> None:
    """Revoke an API token of an account."""
    await service.revoke(user_id, token_id)
