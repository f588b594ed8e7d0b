"""Reminders that are due: told once, to whoever may still read the task, in the application and by mail."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select, update

from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.ids import new_id
from taskmanager.kit.jobs import Job, Jobs
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from taskmanager.tasks.notifications.models import Notification
from taskmanager.tasks.notifications.post import JOB
from taskmanager.tasks.reminders import firing
from taskmanager.tasks.reminders.models import Reminder
from tests.auth.mailbox import PUBLIC_URL, Mailbox, hosts_in, serving, with_mail
from tests.auth.test_forgotten import give_address
from tests.factories import Api, Client, add_project, add_task, pages, share
from tests.tasks.reminders.recalled import DUE, before, fire, fires, later, recalled, remind

NINE = "2030-06-03T07:00:00Z"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """Yield a mail server of the test's own."""
    async with serving() as mailbox:
        yield mailbox


@pytest.fixture
async def posting(settings: Settings, mailbox: Mailbox) -> AsyncIterator[Api]:
    """Yield the API of a server that sends mail."""
    app = create_app(with_mail(settings, mailbox))
    async with app.router.lifespan_context(app), Api(app) as api:
        yield api


async def test_a_reminder_is_told_once(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "Pay rent", due=DUE)
    await remind(anna, task, before(0), before(30))
    with later("2030-06-03T06:29:00Z"):
        await fire(api)
        assert await recalled(await api.enter(anna.user_id)) == []
    # Both at once, for the server was away; and late is better than never.
    with later("2030-06-03T08:00:00Z"):
        anna = await api.enter(anna.user_id)
        await fire(api)
        await fire(api)
        assert await recalled(anna) == ["Pay rent"] * 2
        (first, _) = await pages(anna, "/notifications")
        assert (first["kind"], first["task_id"], first["key"]) == ("reminder", task["id"], task["key"])
        assert (first["actor_id"], first["actor"], first["comment_id"], first["read_at"]) == (None, None, None, None)
        # It sleeps, whatever is set again; another date wakes it up.
        await remind(anna, task, before(0), before(30))
        await anna.patch(f"/tasks/{task['id']}", json={"status": "in_progress", "title": "Pay the rent"})
        assert await fires(anna, task) == [None, None]
        await anna.patch(f"/tasks/{task['id']}", json={"due": {**DUE, "datetime": "2030-06-04T09:00:00"}})
        assert await fires(anna, task) == ["2030-06-04T06:30:00Z", "2030-06-04T07:00:00Z"]
    with later("2030-06-05T07:00:00Z"):
        await fire(api)
        assert await recalled(await api.enter(anna.user_id)) == ["Pay the rent"] * 4


async def test_a_change_of_a_task_whose_time_has_come_loses_no_reminder(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=DUE)
    await remind(anna, task, before(0))
    with later("2030-06-03T07:00:01Z"):
        # Before the loop had a chance: the reminder waits, although it would be past if it were set now.
        anna = await api.enter(anna.user_id)
        await anna.patch(f"/tasks/{task['id']}", json={"status": "in_progress"})
        await anna.patch("/me", json={"timezone": "Asia/Tokyo"})
        await remind(anna, task, before(0))
        await fire(api)
        assert len(await recalled(anna)) == 1


async def test_who_moves_east_is_told_what_the_clocks_say_is_past(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due={"date": "2030-06-03"})
    await remind(anna, task, before(0))
    with later("2030-06-03T05:00:00Z"):
        anna = await api.enter(anna.user_id)
        await anna.patch("/me", json={"timezone": "Asia/Tokyo"})
        await fire(api)
        await anna.patch("/me", json={"timezone": "America/New_York"})
        await fire(api)
        assert len(await recalled(anna)) == 1
    with later("2030-06-04T05:00:00Z"):
        await fire(api)
        assert len(await recalled(await api.enter(anna.user_id))) == 1


async def test_who_cannot_read_the_task_any_more_hears_nothing(api: Api) -> None:
    anna, ben, carl, dora = [await api.user(name) for name in ("anna", "ben", "carl", "dora")]
    home, gone = await add_project(anna), await add_project(anna, "Gone")
    for project in (home, gone):
        for client in (ben, carl, dora):
            await share(anna, project["id"], client, "viewer")
    task, lost = (
        await add_task(anna, "Home", project_id=home["id"], due=DUE),
        await add_task(anna, project_id=gone["id"], due=DUE),
    )
    for client in (anna, ben, carl, dora):
        for one in (task, lost):
            await remind(client, one, before(0))
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    deleted = await anna.delete(f"/projects/{gone['id']}")
    with later(NINE):
        anna = await api.enter(anna.user_id)
        await fire(api)
        # What came due meanwhile does not come again.
        await anna.post(f"/undo/{deleted.headers['X-Operation-ID']}")
        await share(anna, home["id"], await api.enter(ben.user_id), "viewer")
        await fire(api)
        for client, titles in ((anna, ["Home"]), (ben, []), (carl, ["Home"]), (dora, ["Home"])):
            assert await recalled(await api.enter(client.user_id)) == titles


async def test_accounts_that_were_closed_hear_nothing(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    await remind(anna, await add_task(anna, due=DUE), before(0))
    assert (await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})).status_code == 200
    with later(NINE):
        await fire(api)
        async with api.database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Notification)) == 0


async def letters(api: Api) -> None:
    """Wait until no letter is due."""
    jobs: Jobs = api.app.state.jobs
    waiting = select(func.count()).select_from(Job).where(Job.kind == JOB, Job.due_at <= clock.now())
    while True:
        async with api.database.read() as session:
            if not await session.scalar(waiting):
                return
        if not await jobs.run_due([JOB]):
            await asyncio.sleep(0.01)


async def test_a_reminder_goes_by_mail_to_an_address_that_was_proved(posting: Api, mailbox: Mailbox) -> None:
    anna, ben = await posting.user("anna"), await posting.user("ben")
    await give_address(posting, anna.user_id, "anna@example.org")
    await give_address(posting, ben.user_id, "ben@example.org", verified=False)
    for client in (anna, ben):
        await remind(client, await add_task(client, "Call\r\nBcc: x@example.org\tback", due=DUE), before(0), before(30))
    with later(NINE):
        await fire(posting)
        await letters(posting)
        assert len(await recalled(await posting.enter(ben.user_id))) == 2
    assert [letter.recipients for letter in mailbox.letters] == [["anna@example.org"]] * 2
    assert len({letter.message["Message-ID"] for letter in mailbox.letters}) == 2
    letter = mailbox.letters[0]
    assert letter.subject == "INBOX-1: Call Bcc: x@example.org back"
    assert "Call\nBcc: x@example.org\tback" in letter.text
    assert hosts_in(letter.text) == {PUBLIC_URL.removeprefix("https://")}


async def _read(api: Api, anna: Client, task: dict[str, Any]) -> None:
    assert (await anna.post("/notifications/read", json={})).status_code == 204


async def _trash(api: Api, anna: Client, task: dict[str, Any]) -> None:
    assert (await anna.delete(f"/tasks/{task['id']}")).status_code == 204


async def _wait(api: Api, anna: Client, task: dict[str, Any]) -> None:
    yesterday = clock.now().replace(year=2029)
    async with api.database.write() as session:
        await session.execute(update(Notification).values(at=yesterday))


@pytest.mark.parametrize("reason", [_read, _trash, _wait])
async def test_a_letter_that_nobody_needs_any_more_is_not_sent(posting: Api, mailbox: Mailbox, reason: Any) -> None:
    anna = await posting.user("anna")
    await give_address(posting, anna.user_id, "anna@example.org")
    task = await add_task(anna, due=DUE)
    await remind(anna, task, before(0))
    with later(NINE):
        mailbox.refuse_data = "451 later"
        await fire(posting)
        await letters(posting)
        anna = await posting.enter(anna.user_id)
        await reason(posting, anna, task)
    mailbox.refuse_data = None
    with later("2030-06-03T07:30:00Z"):
        await letters(posting)
    assert mailbox.letters == []


@pytest.fixture
async def databases(settings: Settings) -> AsyncIterator[list[Database]]:
    """Yield the same database as four processes open it."""
    opened = [open_database(settings) for _ in range(4)]
    yield opened
    for database in opened:
        await database.stop()


async def test_many_processes_at_once_tell_each_reminder_once(api: Api, databases: list[Database]) -> None:
    anna = await api.user()
    task = await add_task(anna, due=DUE)
    count = 2 * firing.BATCH + 100
    async with api.database.write() as session:
        for _ in range(count):
            session.add(
                Reminder(
                    id=new_id(), task_id=task["id"], user_id=anna.user_id, minutes_before_due=5, fire_at=clock.now()
                )
            )

    async def work(database: Database) -> None:
        jobs = Jobs(database)

        async def fire(session: Any) -> None:
            await firing.fire(session, by_mail=False)

        jobs.watch(firing.KIND, firing.waits, fire)
        while await jobs.run_watched(firing.KIND):
            pass

    await asyncio.gather(*(work(database) for database in databases))
    await fire(api)
    assert len(await recalled(anna)) == count


async def test_what_was_told_is_not_told_again_even_if_it_seems_to_wait(api: Api) -> None:
    anna = await api.user()
    await remind(anna, await add_task(anna, due=DUE), before(0))
    with later(NINE):
        for _ in range(2):
            async with api.database.write() as session:
                await session.execute(
                    update(Reminder).values(fire_at=clock.now().replace(minute=0, second=0, microsecond=0))
                )
            await fire(api)
        assert len(await recalled(await api.enter(anna.user_id))) == 1
