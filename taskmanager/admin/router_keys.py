"""Signing keys: how old they are, and rotating them."""

from typing import Any

from taskmanager.admin.repository import keys_for_system
from taskmanager.admin.schemas import KeyList, KeyRotation
from taskmanager.auth.deps import AdminDep, AuthDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.route import router

admin_keys = router(prefix="/admin/keys", tags=["administration"])


@admin_keys.get("", response_model=KeyList, responses=refusals(401, 403, 422))
async def list_keys(_actor: AdminDep, reader: ReaderDep) -> Any:
    """List the signing keys of access tokens, newest first."""
    return KeyList(items=await keys_for_system(reader), next_cursor=None)


@admin_keys.post("/rotate", response_model=KeyList, responses=refusals(400, 401, 403, 409, 413, 415, 422))
async def rotate_keys(auth: AuthDep, actor: AdminDep, session: SessionDep, body: KeyRotation) -> Any:
    """Sign with the next key from now on, or as soon as every process has loaded it; tokens stay valid.

    In an emergency all keys are replaced at once: every access token dies, refresh tokens serve on.
    """
    await auth.rotation.rotate(session, actor, emergency=body.emergency)
    return KeyList(items=await keys_for_system(session), next_cursor=None)
