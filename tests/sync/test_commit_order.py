"""On PostgreSQL transactions commit in another order than they write: the feed leaves none of them out."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import NEVER, Actor
from taskmanager.kit.http.etag import IfMatch
from taskmanager.projects.members import MemberService
from taskmanager.projects.schemas import MemberCreate
from taskmanager.tasks.schemas import TaskCreate
from taskmanager.tasks.service import TaskService
from tests.factories import Api, Client, add_project, add_task
from tests.sync.copies import Copy, bootstrap, changes

# SQLite has one writer: there the order of numbers is the order of commits.
pytestmark = pytest.mark.only_on("postgresql")


def actor_of(client: Client, name: str) -> Actor:
    return Actor(client.user_id, name, "user", "UTC", client.session_id, NEVER)


async def test_what_commits_late_comes_late_and_comes(api: Api) -> None:
    anna = await api.user("anna")
    projects = [(await add_project(anna, f"P{number}"))["id"] for number in range(4)]
    copy = Copy(await bootstrap(anna))
    actor, told = actor_of(anna, "anna"), set[str]()

    async def write(session: AsyncSession, number: int) -> str:
        data = TaskCreate(title=f"task {number}", project_id=projects[number])
        return (await TaskService(session, actor).create(data)).id

    async with AsyncExitStack() as late:
        first = await late.enter_async_context(api.database.write())
        early = await write(first, 0)
        async with api.database.write() as second:
            other = await write(second, 1)
        # The second one is on disk; the first one, whose entry has a smaller number, is not.
        assert {task["id"] for task in (await anna.get("/tasks")).json()["items"]} == {other}
        page = await changes(anna, copy.sequence)
        copy.apply(page)
        told |= {task["id"] for task in page["upserts"]["tasks"]}
        assert early not in told
        fresh = Copy(await bootstrap(anna))
        assert set(fresh.things["tasks"]) == {other}
    for one in (copy, fresh):
        await one.follow(anna)
        assert set(one.things["tasks"]) == {early, other}


async def test_a_reader_beside_many_writers_misses_nothing(api: Api) -> None:
    anna = await api.user("anna")
    projects = [(await add_project(anna, f"P{number}"))["id"] for number in range(6)]
    copy = Copy(await bootstrap(anna))
    actor, writing = actor_of(anna, "anna"), True

    async def write(number: int) -> None:
        for count in range(6):
            async with api.database.write() as session:
                await TaskService(session, actor).create(TaskCreate(title=f"t{count}", project_id=projects[number]))
                # Some hold their transaction open for much longer than others.
                await asyncio.sleep((number * 7 + count * 3) % 5 * 0.02)

    async def read() -> None:
        while writing:
            await copy.follow(anna, 2)

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(number) for number in range(6)))
    writing = False
    await reading
    await copy.follow(anna)
    assert len(copy.things["tasks"]) == 36
    assert copy.state() == Copy(await bootstrap(anna)).state()


async def test_a_task_trashed_across_the_moment_of_a_gain_is_gone(api: Api) -> None:
    """Its transaction began before access was given and ended after: the new reader has seen the task meanwhile."""
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    task = await add_task(anna, project_id=home["id"])
    actor = actor_of(anna, "anna")
    async with AsyncExitStack() as late:
        trashing = await late.enter_async_context(api.database.write())
        await TaskService(trashing, actor).trash(task["id"], IfMatch(None))
        await trashing.flush()
        async with api.database.write() as sharing:
            await MemberService(sharing, actor).add(home["id"], MemberCreate(username="ben", role="viewer"))
        copy = Copy(await bootstrap(ben))
        assert set(copy.things["tasks"]) == {task["id"]}
    await copy.follow(ben)
    assert copy.things["tasks"] == {}
    assert copy.state() == Copy(await bootstrap(ben)).state()
