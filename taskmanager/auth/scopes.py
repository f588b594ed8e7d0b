"""What an API token opens: a closed set of scopes. A scope never grants more than the role of its account.

Whoever may change may also read: a change answers with what it changed, so keeping the two apart would be for show.
What manages accounts, sessions and credentials has no scope at all.
"""

from collections.abc import Collection
from typing import Literal, get_args

from taskmanager.auth.roles import Role
from taskmanager.kit.http.route import Opening

Scope = Literal["tasks:read", "tasks:write", "projects:read", "projects:write", "account:read", "admin:read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_READS: dict[Scope, Scope] = {"tasks:write": "tasks:read", "projects:write": "projects:read"}
_GUEST: set[Scope] = {"tasks:read", "projects:read", "account:read"}
USABLE: dict[Role, frozenset[Scope]] = {
    "guest": frozenset(_GUEST),
    "user": frozenset(_GUEST | set(_READS)),
    "admin": frozenset(SCOPES),
}
"""The scopes that are of any use to a role."""

TASKS = Opening(frozenset({"tasks:read"}), frozenset({"tasks:write"}))
PROJECTS = Opening(frozenset({"projects:read"}), frozenset({"projects:write"}))
BOTH = Opening(TASKS.reading | PROJECTS.reading, TASKS.changing | PROJECTS.changing)
ACCOUNT = Opening(reading=frozenset({"account:read"}))
ADMIN = Opening(reading=frozenset({"admin:read"}))


def complete(scopes: Collection[Scope]) -> list[Scope]:
    """Return the scopes with those that they imply, each once, in the order of :data:`SCOPES`."""
    implied = {_READS[scope] for scope in scopes if scope in _READS}
    return [scope for scope in SCOPES if scope in implied or scope in scopes]
