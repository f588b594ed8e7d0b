"""What each route asks of an API token. A route that does not stand here is closed to all of them."""

TASKS = frozenset({"tasks:read"})
TASKS_WRITE = frozenset({"tasks:write"})
PROJECTS = frozenset({"projects:read"})
PROJECTS_WRITE = frozenset({"projects:write"})
ADMIN = frozenset({"admin:read"})

OPENED_BY: dict[str, frozenset[str]] = {
    "GET /me": frozenset({"account:read"}),
    "GET /tasks": TASKS,
    "POST /tasks": TASKS_WRITE,
    "GET /tasks/{task_id}": TASKS,
    "PATCH /tasks/{task_id}": TASKS_WRITE,
    "DELETE /tasks/{task_id}": TASKS_WRITE,
    "POST /tasks/{task_id}/complete": TASKS_WRITE,
    "POST /tasks/{task_id}/reopen": TASKS_WRITE,
    "POST /tasks/{task_id}/restore": TASKS_WRITE,
    "POST /tasks/{task_id}/skip": TASKS_WRITE,
    "GET /tasks/{task_id}/occurrences": TASKS,
    "POST /tasks/batch": TASKS_WRITE,
    "POST /tasks/{task_id}/move": TASKS_WRITE,
    "POST /tasks/{task_id}/duplicate": TASKS_WRITE,
    "GET /tasks/{task_id}/relations": TASKS,
    "PUT /tasks/{task_id}/relations": TASKS_WRITE,
    "GET /tasks/{task_id}/activity": TASKS,
    "GET /tasks/{task_id}/comments": TASKS,
    "POST /tasks/{task_id}/comments": TASKS_WRITE,
    "PATCH /tasks/{task_id}/comments/{comment_id}": TASKS_WRITE,
    "DELETE /tasks/{task_id}/comments/{comment_id}": TASKS_WRITE,
    "POST /undo/{operation_id}": TASKS_WRITE | PROJECTS_WRITE,
    "GET /projects": PROJECTS,
    "POST /projects": PROJECTS_WRITE,
    "GET /projects/{project_id}": PROJECTS,
    "PATCH /projects/{project_id}": PROJECTS_WRITE,
    "DELETE /projects/{project_id}": PROJECTS_WRITE,
    "GET /projects/{project_id}/members": PROJECTS,
    "POST /projects/{project_id}/members": PROJECTS_WRITE,
    "PATCH /projects/{project_id}/members/{user_id}": PROJECTS_WRITE,
    "DELETE /projects/{project_id}/members/{user_id}": PROJECTS_WRITE,
    "GET /projects/{project_id}/sections": PROJECTS,
    "POST /projects/{project_id}/sections": PROJECTS_WRITE,
    "PATCH /projects/{project_id}/sections/{section_id}": PROJECTS_WRITE,
    "DELETE /projects/{project_id}/sections/{section_id}": PROJECTS_WRITE,
    "GET /labels": TASKS,
    "POST /labels": TASKS_WRITE,
    "PATCH /labels/{label_id}": TASKS_WRITE,
    "DELETE /labels/{label_id}": TASKS_WRITE,
    "POST /import": TASKS_WRITE | PROJECTS_WRITE,
    "GET /export": TASKS | PROJECTS,
    "GET /admin": ADMIN,
    "GET /admin/users": ADMIN,
    "GET /admin/users/{user_id}": ADMIN,
}

NEVER = {
    "login",
    "refresh",
    "logout",
    "setup",
    "register",
    "reset",
    "password",
    "email",
    "sessions",
    "api-tokens",
    "invitations",
    "keys",
}
"""Parts of paths by which credentials and accounts are managed."""
