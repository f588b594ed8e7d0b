"""What owners are told about their accounts (ASVS 6.3.7): in a list of their own, and by mail where it is grave."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from taskmanager.auth import notices
from taskmanager.auth.letters import of_notice
from taskmanager.auth.models import Notice
from taskmanager.auth.notices import GRAVE, tell
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from tests.auth.mailbox import Mailbox, settle
from tests.auth.test_forgotten import ADDRESS, NEW, give_address
from tests.auth.tokens import code, refresh
from tests.factories import PASSWORD, Api, Client, pages

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"


async def kinds(client: Client, **query: Any) -> list[str]:
    return [item["kind"] for item in await pages(client, "/me/notices", **query)]


async def _change_password(api: Api, anna: Client, chief: Client) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await anna.post("/me/password", json=body)).status_code == 204


async def _replay(api: Api, anna: Client, chief: Client) -> None:
    stolen = await api.enter(anna.user_id)
    token = stolen.refresh_token
    for _ in range(2):
        token = (await refresh(api.anonymous, token)).json()["refresh_token"]
    assert code(await refresh(api.anonymous, stolen.refresh_token)) == (401, "refresh_token_reused")


async def _change_role(api: Api, anna: Client, chief: Client) -> None:
    assert (await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"})).status_code == 200
    # What stays the same is no news.
    assert (await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"})).status_code == 200


async def _end_one(api: Api, anna: Client, chief: Client) -> None:
    other = await api.enter(anna.user_id)
    assert (await chief.delete(f"/admin/sessions/{other.session_id}")).status_code == 204


HAPPENINGS: dict[str, Callable[[Api, Client, Client], Awaitable[None]]] = {
    "password_changed": _change_password,
    "session_reused": _replay,
    "role_changed": _change_role,
    "sessions_ended_by_admin": _end_one,
}


@pytest.mark.parametrize("kind", HAPPENINGS)
async def test_an_owner_is_told_what_happened(posting: Api, mailbox: Mailbox, kind: str) -> None:
    chief, anna, ben = [
        await posting.user(name, role) for name, role in (("chief", "admin"), ("anna", "user"), ("ben", "user"))
    ]
    await give_address(posting, anna.user_id)
    await HAPPENINGS[kind](posting, anna, chief)
    assert await kinds(anna) == [kind]
    assert await kinds(ben) == await kinds(chief) == []
    await settle(posting)
    assert [letter.recipients for letter in mailbox.letters] == ([[ADDRESS]] if kind in GRAVE else [])
    for letter in mailbox.letters:
        assert "anna" in letter.text
        assert letter.message["Auto-Submitted"] == "auto-generated"


async def test_every_grave_notice_has_its_words(posting: Api, mailbox: Mailbox) -> None:
    anna = await posting.user()
    await give_address(posting, anna.user_id)
    for kind in sorted(GRAVE):
        async with posting.database.write() as session:
            await tell(session, anna.user_id, kind, address="192.0.2.1", agent="curl/8", name="{url} {0}")
    await settle(posting)
    assert {letter.subject for letter in mailbox.letters} == {of_notice(kind)[0] for kind in GRAVE}
    for letter in mailbox.letters:
        assert "{" not in letter.text


async def test_nobody_is_told_of_what_was_taken_back(posting: Api, mailbox: Mailbox) -> None:
    anna = await posting.user()
    await give_address(posting, anna.user_id)

    async def refuse() -> None:
        async with posting.database.write() as session:
            await tell(session, anna.user_id, "password_changed")
            raise KeyError

    with pytest.raises(KeyError):
        await refuse()
    await settle(posting)
    assert (await kinds(anna), mailbox.letters) == ([], [])


async def test_without_a_mail_server_the_list_is_kept_all_the_same(api: Api) -> None:
    anna = await api.user()
    await give_address(api, anna.user_id)
    await _change_password(api, anna, anna)
    assert await kinds(anna) == ["password_changed"]


async def test_a_sign_in_from_somewhere_new_is_told(posting: Api, mailbox: Mailbox) -> None:
    anna_id = await posting.account("anna")
    await give_address(posting, anna_id)

    async def sign_in(agent: str) -> Client:
        client = await posting.client(**{"User-Agent": agent})
        answer = await client.post("/login", json={"username": "anna", "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    anna = await sign_in(FIREFOX.format(144))
    assert await kinds(anna) == []  # the first of a new account
    await sign_in(FIREFOX.format(145))  # a new version is nobody new
    assert await kinds(anna) == []
    await sign_in("curl/8.9.1 see http://evil.example/")
    (notice,) = (await anna.get("/me/notices")).json()["items"]
    assert (notice["kind"], notice["device"], notice["detail"]["address"]) == ("new_sign_in", "curl", "127.0.0.1")
    await sign_in("curl/8.9.2 see http://evil.example/")
    assert await kinds(anna) == ["new_sign_in"]
    await settle(posting)
    (letter,) = mailbox.letters
    assert "curl, address 127.0.0.1" in letter.text
    assert "evil" not in letter.text


async def test_a_refused_sign_in_tells_nothing(api: Api) -> None:
    anna = await api.user()
    client = await api.client(**{"User-Agent": "curl/8"})
    assert code(await client.post("/login", json={"username": "anna", "password": "wrong"}))[0] == 401
    assert await kinds(anna) == []


async def _tell(api: Api, client: Client, count: int) -> None:
    async with api.database.write() as session:
        for _ in range(count):
            await tell(session, client.user_id, "role_changed", role="user")


async def test_notices_come_in_pages_and_are_marked_as_read(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await _tell(api, anna, 3)
    await _tell(api, ben, 2)
    items = await pages(anna, "/me/notices", limit=2)
    assert [item["read_at"] for item in items] == [None] * 3
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    # Up to the second newest; one of somebody else's, or none, marks nothing.
    theirs = (await ben.get("/me/notices")).json()["items"][0]["id"]
    for up_to in (theirs, new_id()):
        assert (await anna.post("/me/notices/read", json={"up_to": up_to})).status_code == 204
        assert len(await kinds(anna, unread=True)) == 3
    assert (await anna.post("/me/notices/read", json={"up_to": items[1]["id"]})).status_code == 204
    assert [item["id"] for item in await pages(anna, "/me/notices", unread=True)] == [items[0]["id"]]
    assert (await anna.post("/me/notices/read", json={})).status_code == 204
    assert await kinds(anna, unread=True) == []
    assert len(await kinds(anna)) == 3
    assert len(await kinds(ben, unread=True)) == 2


async def test_notices_are_kept_for_90_days(api: Api) -> None:
    anna = await api.user()
    await _tell(api, anna, 2)
    for days, left in ((89, 2), (91, 0)):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
            async with api.database.write() as session:
                await notices.purge(session)
        async with api.database.read() as session:
            assert len((await session.execute(select(Notice.id))).all()) == left
