"""The usual way: FastAPI as most tutorials and templates write it, with the same paths and the same kind of data.

A session dependency, a current-user dependency that verifies a JWT and loads the user, ORM entities with their labels,
`response_model`, a row for each refresh token, argon2id on a thread. It has no journal, roles, sharing, revocation
check, ETags or idempotency. WAL and a busy timeout are set, without which it fails under 32 writers.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

import jwt
import nacl.pwhash.argon2id
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, event, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

SECRET = secrets.token_hex(32)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    priority: Mapped[int]
    due: Mapped[str | None]
    created_at: Mapped[str] = mapped_column(index=True)
    updated_at: Mapped[str]
    labels: Mapped[list["Label"]] = relationship(order_by="Label.name", cascade="all, delete-orphan")


class Label(Base):
    __tablename__ = "labels"
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


class RefreshToken(Base):
    __tablename__ = "refresh_tokens"
    token: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))


class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LabelRead(Read):
    name: str


class TaskRead(Read):
    id: str
    owner_id: str
    title: str
    description: str
    status: str
    priority: int
    due: str | None
    created_at: datetime
    updated_at: datetime
    labels: list[LabelRead]


class TaskPage(BaseModel):
    items: list[TaskRead]


class TaskCreate(BaseModel):
    title: str
    description: str = ""
    priority: int = 0
    labels: list[str] = []


class TaskPatch(BaseModel):
    title: str | None = None
    priority: int | None = None


class Login(BaseModel):
    username: str
    password: str


class Refresh(BaseModel):
    refresh_token: str


class Tokens(BaseModel):
    access_token: str
    refresh_token: str


def create_usual(url: str) -> FastAPI:  # noqa: C901 - one closure a route, as such applications are written
    """Return the application on a database that :func:`fill` has made."""
    engine = create_async_engine(url)
    if url.startswith("sqlite"):
        event.listen(engine.sync_engine, "connect", _prepare)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = FastAPI()
    scheme = OAuth2PasswordBearer(tokenUrl="login")

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    Db = Annotated[AsyncSession, Depends(get_session)]  # noqa: N806 - a type

    async def get_user(session: Db, token: Annotated[str, Depends(scheme)]) -> User:
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.PyJWTError as error:
            raise HTTPException(401) from error
        user = await session.get(User, claims["sub"])
        if user is None:
            raise HTTPException(401)
        return user

    Me = Annotated[User, Depends(get_user)]  # noqa: N806 - a type

    async def owned(session: AsyncSession, user: User, task_id: str) -> Task:
        task = await session.get(Task, task_id, options=[selectinload(Task.labels)])
        if task is None or task.owner_id != user.id:
            raise HTTPException(404)
        return task

    async def tokens(session: AsyncSession, user_id: str) -> dict[str, str]:
        token = secrets.token_urlsafe(32)
        session.add(RefreshToken(token=token, user_id=user_id))
        await session.commit()
        expires = datetime.now(UTC) + timedelta(hours=1)
        return {
            "access_token": jwt.encode({"sub": user_id, "exp": expires}, SECRET, "HS256"),
            "refresh_token": token,
        }

    @app.post("/login", response_model=Tokens)
    async def login(session: Db, body: Login) -> Any:
        user = (await session.execute(select(User).where(User.username == body.username))).scalar_one()
        await asyncio.to_thread(nacl.pwhash.argon2id.verify, user.password_hash.encode(), body.password.encode())
        return await tokens(session, user.id)

    @app.post("/refresh", response_model=Tokens)
    async def refresh(session: Db, body: Refresh) -> Any:
        row = await session.get(RefreshToken, body.refresh_token)
        if row is None:
            raise HTTPException(401)
        await session.delete(row)
        return await tokens(session, row.user_id)

    @app.get("/tasks", response_model=TaskPage)
    async def list_tasks(
        session: Db, user: Me, limit: Annotated[int, Query(ge=1, le=200)] = 50, offset: Annotated[int, Query(ge=0)] = 0
    ) -> Any:
        statement = (
            select(Task)
            .where(Task.owner_id == user.id)
            .options(selectinload(Task.labels))
            .order_by(Task.created_at.desc())
            .offset(offset)
            .limit(limit)
        )
        return {"items": (await session.execute(statement)).scalars().all()}

    @app.get("/tasks/{task_id}", response_model=TaskRead)
    async def read_task(session: Db, user: Me, task_id: str) -> Any:
        return await owned(session, user, task_id)

    @app.post("/tasks", response_model=TaskRead, status_code=201)
    async def create_task(session: Db, user: Me, body: TaskCreate) -> Any:
        now = datetime.now(UTC).isoformat()
        task = Task(
            id=str(uuid4()),
            owner_id=user.id,
            title=body.title,
            description=body.description,
            status="todo",
            priority=body.priority,
            created_at=now,
            updated_at=now,
            labels=[Label(name=name) for name in body.labels],
        )
        session.add(task)
        await session.commit()
        return task

    @app.patch("/tasks/{task_id}", response_model=TaskRead)
    async def update_task(session: Db, user: Me, task_id: str, body: TaskPatch) -> Any:
        task = await owned(session, user, task_id)
        for name, value in body.model_dump(exclude_unset=True).items():
            setattr(task, name, value)
        await session.commit()
        return task

    return app


async def fill(
    url: str, users: list[dict[str, Any]], tasks: list[dict[str, Any]], labels: list[dict[str, Any]]
) -> None:
    """Make the tables and put the rows in."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for table, rows in ((User, users), (Task, tasks), (Label, labels)):
            await connection.execute(insert(table), rows)
    await engine.dispose()


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
