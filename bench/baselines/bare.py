"""The bare baseline: ordinary FastAPI routes that validate what they are given and answer fixed bytes, no more.

The bytes are those that TaskManager answers to the same request, so both servers put the same weight on the wire.
"""

from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

NAMES = ("list", "one", "created", "updated", "tokens")


class TaskBody(BaseModel):
    title: str
    description: str = ""
    priority: int = 0
    labels: list[str] = []


class PatchBody(BaseModel):
    title: str | None = None
    priority: int | None = None


class RefreshBody(BaseModel):
    refresh_token: str


def create_bare(folder: Path) -> FastAPI:
    """Return the application; ``folder`` holds one file of bytes for each of :data:`NAMES`."""
    app = FastAPI(openapi_url=None)
    bodies = {name: (folder / name).read_bytes() for name in NAMES}

    def fixed(name: str, status: int = 200) -> Response:
        return Response(bodies[name], status_code=status, media_type="application/json")

    @app.get("/tasks")
    async def list_tasks() -> Response:
        return fixed("list")

    @app.get("/tasks/{task_id}")
    async def read_task(task_id: str) -> Response:
        assert task_id
        return fixed("one")

    @app.post("/tasks")
    async def create_task(body: TaskBody) -> Response:
        assert body.title
        return fixed("created", 201)

    @app.patch("/tasks/{task_id}")
    async def update_task(task_id: str, body: PatchBody) -> Response:
        assert task_id
        assert body
        return fixed("updated")

    @app.post("/refresh")
    async def refresh(body: RefreshBody) -> Response:
        assert body
        return fixed("tokens")

    return app
