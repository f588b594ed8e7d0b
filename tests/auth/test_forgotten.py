"""Forgotten passwords: the same answer for everybody, a link to the verified address only, and no secret kept."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from taskmanager.auth.links import MOST_MAILED
from taskmanager.auth.models import AuditEvent, Link, User
from taskmanager.kit import clock
from taskmanager.kit.jobs import LEASE, Job
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from taskmanager.tables import metadata
from tests.auth.mailbox import PUBLIC_URL, Mailbox, due, hosts_in, settle, with_mail
from tests.auth.tokens import code, refresh
from tests.factories import PASSWORD, Api

ADDRESS = "anna@example.org"
NEW = "another long password"


async def give_address(api: Api, user_id: str, address: str = ADDRESS, *, verified: bool = True) -> None:
    """Give an account an address without the mail that it takes."""
    values = {"email": address, "email_key": address.lower(), "email_verified_at": clock.now() if verified else None}
    async with api.database.write() as session:
        await session.execute(update(User).where(User.id == user_id).values(values))


async def _dump(api: Api) -> str:
    async with api.database.read() as session:
        rows = [row for table in metadata.sorted_tables for row in (await session.execute(select(table))).all()]
    return repr(rows)


@pytest.mark.parametrize("login", ["anna", "ANNA@example.org"])
async def test_R11_a_forgotten_password_is_chosen_anew_by_a_link_to_the_verified_address(
    posting: Api, mailbox: Mailbox, login: str
) -> None:
    await give_address(posting, await posting.account("anna"))
    anna = await posting.sign_in("anna")
    answer = await posting.anonymous.post("/forgot", json={"username": login})
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    await settle(posting)
    (letter,) = mailbox.letters
    assert letter.recipients == [ADDRESS]
    assert letter.text.count(f"{PUBLIC_URL}/app/reset#token=") == 1
    assert (await anna.get("/me")).status_code == 200
    body = {"reset_token": letter.token, "password": NEW}
    assert (await posting.anonymous.post("/reset", json=body)).status_code == 204
    # It works once, and all sessions are over.
    assert code(await posting.anonymous.post("/reset", json=body)) == (403, "invalid_link")
    assert code(await anna.get("/me")) == (401, "session_ended")
    assert code(await refresh(posting.anonymous, anna.refresh_token)) == (401, "session_ended")
    await posting.sign_in("anna", NEW)
    await settle(posting)
    assert [letter.subject for letter in mailbox.to(ADDRESS)] == ["Choose a new password", "Your password was reset"]


async def test_a_link_by_mail_lives_an_hour(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    await settle(posting)
    body = {"reset_token": mailbox.letters[0].token, "password": NEW}
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        assert code(await posting.anonymous.post("/reset", json=body)) == (403, "invalid_link")
    assert (await posting.anonymous.post("/reset", json=body)).status_code == 204


async def test_L1_nobody_learns_from_a_forgotten_password_which_accounts_there_are(
    posting: Api, mailbox: Mailbox
) -> None:
    for name in ("known", "unverified", "disabled", "without"):
        user_id = await posting.account(name)
        if name != "without":
            await give_address(posting, user_id, f"{name}@example.org", verified=name != "unverified")
    async with posting.database.write() as session:
        await session.execute(update(User).where(User.username == "disabled").values(active=False))
    await posting.app.state.jobs.stop()
    names = ["known", "unverified", "unverified@example.org", "disabled", "without", "unknown", "no@example.org"]
    answers = [await posting.anonymous.post("/forgot", json={"username": name}) for name in names]
    hidden = {"x-request-id", "date"}
    told = {
        (answer.status_code, answer.text, tuple((k, v) for k, v in answer.headers.items() if k not in hidden))
        for answer in answers
    }
    assert len(told) == 1
    assert answers[0].status_code == 202
    # The work is the same too: one job, whoever is named.
    assert len(await due(posting)) == len(names)
    await settle(posting)
    assert [letter.recipients for letter in mailbox.letters] == [["known@example.org"]]
    async with posting.database.read() as session:
        statement = select(AuditEvent.outcome).where(AuditEvent.event == "password_reset_requested")
        outcomes = sorted((await session.execute(statement)).scalars())
    assert outcomes == ["failure"] * 6 + ["success"]


async def test_R9_no_token_that_works_is_in_the_database(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    mailbox.refuse_data = "451 later"
    await settle(posting)
    waiting = await _dump(posting)
    assert "'mail'" in waiting
    mailbox.refuse_data = None
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=True):
        await settle(posting)
    (letter,) = mailbox.letters
    for dump in (waiting, await _dump(posting)):
        assert letter.token not in dump
        assert letter.token.encode().hex() not in dump
    body = {"reset_token": letter.token, "password": NEW}
    assert (await posting.anonymous.post("/reset", json=body)).status_code == 204


async def test_a_mail_server_that_is_down_loses_nothing(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    await mailbox.close()
    begun = clock.now()
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    await settle(posting)
    async with posting.database.read() as session:
        job = (await session.execute(select(Job).where(Job.kind == "mail"))).scalar_one()
    assert (job.attempts, job.lease_until) == (1, None)
    assert job.due_at > begun
    # Longer than the link lives: its life begins when the letter leaves.
    with time_machine.travel(begun + timedelta(hours=3), tick=True):
        await settle(posting)
        await mailbox.open()
    with time_machine.travel(begun + timedelta(hours=4), tick=True):
        await settle(posting)
        (letter,) = mailbox.letters
        assert letter.message["Message-ID"] == f"<{job.id}@tasks.example.org>"
        body = {"reset_token": letter.token, "password": NEW}
        assert (await posting.anonymous.post("/reset", json=body)).status_code == 204


async def test_a_letter_sent_again_after_a_crash_is_the_same_letter(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    jobs = posting.app.state.jobs
    assert await jobs.run_due(["forgot"])
    job = await jobs._claim(["mail"])
    assert job is not None
    await jobs._outside["mail"](job)  # and then the process dies
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1), tick=True):
        await settle(posting)
    first, second = mailbox.letters
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.text == second.text
    # A third time is of no use once the link was used.
    assert (await posting.anonymous.post("/reset", json={"reset_token": second.token, "password": NEW})).is_success
    await jobs._outside["mail"](job)
    assert [letter.subject for letter in mailbox.letters].count("Choose a new password") == 2


async def test_a_letter_that_nobody_can_get_is_given_up(
    posting: Api, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    await give_address(posting, await posting.account("anna"))
    mailbox.refuse_recipient = "550 no such user"
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    await settle(posting)
    assert "cannot be delivered: 550" in caplog.text
    assert ADDRESS not in caplog.text
    mailbox.refuse_recipient = "450 greylisted"
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    await settle(posting)
    mailbox.refuse_recipient = None
    with time_machine.travel(clock.now() + timedelta(days=3), tick=True):
        # Too late to be of use.
        await settle(posting)
    assert mailbox.letters == []
    async with posting.database.read() as session:
        assert (await session.execute(select(Job).where(Job.kind == "mail"))).first() is None


async def test_nobody_is_buried_in_mail_nor_loses_the_link_at_hand(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    for _ in range(MOST_MAILED + 3):
        assert (await posting.anonymous.post("/forgot", json={"username": "anna"})).status_code == 202
        await settle(posting)
    assert len(mailbox.letters) == MOST_MAILED
    body = {"reset_token": mailbox.letters[0].token, "password": NEW}
    assert (await posting.anonymous.post("/reset", json=body)).status_code == 204
    # One use makes all of them dead.
    body = {"reset_token": mailbox.letters[1].token, "password": NEW}
    assert code(await posting.anonymous.post("/reset", json=body)) == (403, "invalid_link")


async def test_asking_many_times_at_once_is_asking_once(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    asked = [posting.anonymous.post("/forgot", json={"username": name}) for name in ("anna", "ANNA", "anna") * 3]
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {202}
    await settle(posting)
    assert len(mailbox.letters) == 1


async def test_links_in_mail_begin_with_the_public_url_whatever_a_request_says(posting: Api, mailbox: Mailbox) -> None:
    await give_address(posting, await posting.account("anna"))
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    for name, value in evil.items():
        await posting.anonymous.post("/forgot", json={"username": "anna"}, headers={name: value})
        await settle(posting)
    assert mailbox.letters
    for letter in mailbox.letters:
        assert "evil" not in letter.message.as_string()
        assert hosts_in(letter.text) == {"tasks.example.org"}


async def test_without_a_mail_server_the_page_knows_and_nobody_is_asked_for(api: Api) -> None:
    await give_address(api, await api.account("anna"))
    assert (await api.anonymous.get("/setup")).json()["mail"] is False
    for name in ("anna", "nobody"):
        assert code(await api.anonymous.post("/forgot", json={"username": name})) == (409, "mail_not_configured")
    assert await due(api) == []


async def test_with_a_mail_server_the_page_knows(posting: Api) -> None:
    assert (await posting.anonymous.get("/setup")).json()["mail"] is True


async def test_an_administrator_s_reset_goes_to_the_verified_address_and_is_not_shown(
    posting: Api, mailbox: Mailbox
) -> None:
    chief, anna, ben = [
        await posting.user(name, role) for name, role in (("chief", "admin"), ("anna", "user"), ("ben", "user"))
    ]
    await give_address(posting, anna.user_id)
    await give_address(posting, ben.user_id, "ben@example.org", verified=False)
    answer = await chief.post(f"/admin/users/{anna.user_id}/reset")
    assert answer.status_code == 201
    assert (answer.json()["url"], answer.json()["sent_to"]) == (None, ADDRESS)
    await settle(posting)
    (letter,) = mailbox.letters
    assert letter.token not in answer.text
    assert "An administrator asks" in letter.text
    # An address that nobody proved to read gets nothing.
    shown = (await chief.post(f"/admin/users/{ben.user_id}/reset")).json()
    assert shown["sent_to"] is None
    assert shown["url"].startswith(f"{PUBLIC_URL}/app/reset#token=")
    await settle(posting)
    assert len(mailbox.letters) == 1
    body = {"reset_token": letter.token, "password": NEW}
    assert (await posting.anonymous.post("/reset", json=body)).status_code == 204


async def test_a_link_that_was_replaced_is_not_sent(posting: Api, mailbox: Mailbox) -> None:
    chief, anna = await posting.user("chief", "admin"), await posting.user("anna")
    await give_address(posting, anna.user_id)
    for _ in range(3):
        assert (await chief.post(f"/admin/users/{anna.user_id}/reset")).status_code == 201
    await settle(posting)
    assert len(mailbox.letters) == 1


async def test_only_the_server_s_own_secret_makes_the_token_of_a_mailed_link(
    settings: Settings, mailbox: Mailbox
) -> None:
    """Whoever reads the database knows the link's id, and nothing more."""
    app = create_app(with_mail(settings, mailbox))
    async with app.router.lifespan_context(app), Api(app) as api:
        await give_address(api, await api.account("anna"))
        await api.anonymous.post("/forgot", json={"username": "anna"})
        await settle(api)
        async with api.database.read() as session:
            link = (await session.execute(select(Link))).scalar_one()
        assert app.state.auth.post.token(link.id) == mailbox.letters[0].token
        for guess in (link.id, link.digest.hex()):
            body = {"reset_token": guess, "password": PASSWORD}
            assert code(await api.anonymous.post("/reset", json=body)) == (403, "invalid_link")
