"""One line for every route: who may call it, with what, and how it answers those who may.

A route without a line here fails `test_matrix.py`; that is the point of it.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Who = Literal["anyone", "signed in", "writers", "administrators"]
Role = Literal["anonymous", "guest", "user", "admin"]
ROLES: tuple[Role, ...] = ("anonymous", "guest", "user", "admin")


@dataclass(frozen=True)
class Line:
    """``ids`` tells what stands at each placeholder of the path, as ``World`` makes it."""

    who: Who
    status: int
    body: Any = None
    ids: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    # A session of its own, where the call ends it.
    alone: bool = False
    # With the caller's own place in the feed.
    since: bool = False
    # An answer that goes on until the caller leaves.
    streams: bool = False

    def allows(self, role: Role) -> bool:
        return (
            role
            in {
                "anyone": ROLES,
                "signed in": ROLES[1:],
                "writers": ROLES[2:],
                "administrators": ROLES[3:],
            }[self.who]
        )


NEW = "another one each time"
NAMED = {"username": "somebody.new", "password": "a long enough password"}
CSV: Any = {"content": b"title\nFrom a file\n", "headers": {"Content-Type": "text/csv"}}

ROUTES: dict[str, Line] = {
    "POST /login": Line("anyone", 401, {"username": "nobody", "password": "wrong"}),
    "POST /refresh": Line("anyone", 401, {}),
    "POST /logout": Line("signed in", 204, {}, alone=True),
    "GET /sessions": Line("signed in", 200),
    "DELETE /sessions": Line("signed in", 204),
    "DELETE /sessions/{session_id}": Line("signed in", 204, ids=("session",)),
    "GET /setup": Line("anyone", 200),
    "POST /setup": Line("anyone", 403, {"setup_token": "x", **NAMED}),
    "POST /register": Line("anyone", 403, NAMED),
    "POST /reset": Line("anyone", 403, {"reset_token": "x", "password": NAMED["password"]}),
    "POST /forgot": Line("anyone", 409, {"username": "nobody"}),
    "POST /me/email/confirm": Line("anyone", 403, {"token": "x"}),
    "POST /me/email": Line("signed in", 409, {"email": "anna@example.org", "current_password": "not this one at all"}),
    "GET /me/notices": Line("signed in", 200),
    "POST /me/notices/read": Line("signed in", 204, {}),
    "GET /me": Line("signed in", 200),
    "GET /me/sign-ins": Line("signed in", 200),
    "PATCH /me": Line("signed in", 200, {"display_name": "Somebody"}),
    "POST /me/password": Line(
        "signed in", 403, {"current_password": "not this one at all", "new_password": "another long password"}
    ),
    "GET /api-tokens": Line("signed in", 200),
    "POST /api-tokens": Line("signed in", 201, {"name": "x", "scopes": ["tasks:read"]}),
    "DELETE /api-tokens/{token_id}": Line("signed in", 204, ids=("api token",)),
    "GET /tasks": Line("signed in", 200),
    "POST /tasks": Line("writers", 201, {"title": "x"}),
    "GET /tasks/{task_id}": Line("signed in", 200, ids=("task",)),
    "PATCH /tasks/{task_id}": Line("writers", 200, {"title": "x"}, ids=("task",)),
    "DELETE /tasks/{task_id}": Line("writers", 204, ids=("task",)),
    "POST /tasks/{task_id}/complete": Line("writers", 200, ids=("task",)),
    "POST /tasks/{task_id}/skip": Line("writers", 200, ids=("recurring task",)),
    "GET /tasks/{task_id}/occurrences": Line("signed in", 200, ids=("task",)),
    "POST /tasks/{task_id}/reopen": Line("writers", 200, ids=("task",)),
    "POST /tasks/{task_id}/restore": Line("writers", 200, ids=("trashed task",)),
    "POST /tasks/batch": Line(
        "writers", 200, {"atomic": True, "operations": [{"op": "create", "body": {"title": "x"}}]}
    ),
    "POST /tasks/{task_id}/move": Line("writers", 200, {"section_id": None}, ids=("task",)),
    "POST /tasks/{task_id}/duplicate": Line("writers", 200, ids=("task",)),
    "GET /tasks/{task_id}/relations": Line("signed in", 200, ids=("task",)),
    "PUT /tasks/{task_id}/relations": Line("writers", 200, {"relations": []}, ids=("task",)),
    "GET /tasks/{task_id}/reminders": Line("signed in", 200, ids=("task",)),
    "PUT /tasks/{task_id}/reminders": Line("signed in", 200, {"reminders": []}, ids=("task",)),
    "GET /notifications": Line("signed in", 200),
    "POST /notifications/read": Line("signed in", 204, {}),
    "GET /tasks/{task_id}/activity": Line("signed in", 200, ids=("task",)),
    "GET /tasks/{task_id}/comments": Line("signed in", 200, ids=("task",)),
    "POST /tasks/{task_id}/comments": Line("writers", 201, {"body": "x"}, ids=("task",)),
    "PATCH /tasks/{task_id}/comments/{comment_id}": Line("writers", 200, {"body": "x"}, ids=("task", "comment")),
    "DELETE /tasks/{task_id}/comments/{comment_id}": Line("writers", 204, ids=("task", "comment")),
    "POST /quick-add": Line("writers", 201, {"text": "x @label tomorrow"}),
    "POST /undo/{operation_id}": Line("writers", 200, ids=("operation",)),
    "GET /bootstrap": Line("signed in", 200),
    "GET /changes": Line("signed in", 200, since=True),
    "GET /events": Line("signed in", 200, streams=True),
    "GET /projects": Line("signed in", 200),
    "POST /projects": Line("writers", 201, {"name": "x"}),
    "GET /projects/{project_id}": Line("signed in", 200, ids=("project",)),
    "PATCH /projects/{project_id}": Line("writers", 200, {"name": "x"}, ids=("project",)),
    "DELETE /projects/{project_id}": Line("writers", 204, ids=("project",)),
    "GET /projects/{project_id}/members": Line("signed in", 200, ids=("project",)),
    "POST /projects/{project_id}/members": Line(
        "writers", 201, {"username": "bystander", "role": "viewer"}, ids=("project",)
    ),
    "PATCH /projects/{project_id}/members/{user_id}": Line(
        "writers", 200, {"role": "viewer"}, ids=("project", "member")
    ),
    "DELETE /projects/{project_id}/members/{user_id}": Line("writers", 204, ids=("project", "member")),
    "GET /projects/{project_id}/sections": Line("signed in", 200, ids=("project",)),
    "POST /projects/{project_id}/sections": Line("writers", 201, {"name": NEW}, ids=("project",)),
    "PATCH /projects/{project_id}/sections/{section_id}": Line(
        "writers", 200, {"name": NEW}, ids=("project", "section")
    ),
    "DELETE /projects/{project_id}/sections/{section_id}": Line("writers", 204, ids=("project", "section")),
    "GET /labels": Line("signed in", 200),
    "POST /labels": Line("writers", 201, {"name": NEW}),
    "PATCH /labels/{label_id}": Line("writers", 200, {"color": "#123456"}, ids=("label",)),
    "DELETE /labels/{label_id}": Line("writers", 204, ids=("label",)),
    "GET /filters": Line("signed in", 200),
    "POST /filters": Line("writers", 201, {"name": NEW, "query": "today"}),
    "POST /filters/validate": Line("signed in", 200, {"query": "today"}),
    "GET /filters/{filter_id}": Line("signed in", 200, ids=("filter",)),
    "PATCH /filters/{filter_id}": Line("writers", 200, {"color": "#123456"}, ids=("filter",)),
    "DELETE /filters/{filter_id}": Line("writers", 204, ids=("filter",)),
    "POST /import": Line("writers", 201, **CSV),
    "GET /export": Line("signed in", 200),
    "GET /analytics": Line("signed in", 200),
    "GET /admin/analytics": Line("administrators", 200),
    "GET /analytics/export": Line("signed in", 200),
    "GET /admin": Line("administrators", 200),
    "GET /admin/users": Line("administrators", 200),
    "POST /admin/users": Line("administrators", 201, {"username": NEW}),
    "GET /admin/users/{user_id}": Line("administrators", 200, ids=("account",)),
    "PATCH /admin/users/{user_id}": Line("administrators", 200, {"role": "guest"}, ids=("account",)),
    "POST /admin/users/{user_id}/reset": Line("administrators", 201, ids=("account",)),
    "DELETE /admin/users/{user_id}/sessions": Line("administrators", 204, ids=("account",)),
    "GET /admin/users/{user_id}/api-tokens": Line("administrators", 200, ids=("account",)),
    "DELETE /admin/users/{user_id}/api-tokens/{token_id}": Line("administrators", 204, ids=("account", "api token")),
    "GET /admin/sessions": Line("administrators", 200),
    "DELETE /admin/sessions/{session_id}": Line("administrators", 204, ids=("session",)),
    "GET /admin/invitations": Line("administrators", 200),
    "POST /admin/invitations": Line("administrators", 201, {}),
    "DELETE /admin/invitations/{link_id}": Line("administrators", 204, ids=("invitation",)),
    "GET /admin/keys": Line("administrators", 200),
    "POST /admin/keys/rotate": Line("administrators", 200, {}),
    "GET /.well-known/jwks.json": Line("anyone", 200),
    "GET /admin/audit": Line("administrators", 200),
    "GET /admin/audit/export": Line("administrators", 200),
    "POST /admin/audit/verify": Line("administrators", 200),
    "GET /metrics": Line("anyone", 200),
    "GET /health/live": Line("anyone", 200),
    "GET /health/ready": Line("anyone", 200),
}
