"""One-time links and the ways to an account: set-up, invitations, resets, and the registration setting."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
import time_machine
from httpx import Response
from sqlalchemy import select, update

from taskmanager.auth.accounts import Accounts
from taskmanager.auth.links import LIFE, Kind, LinkInvalidError, Links
from taskmanager.auth.models import Link, User
from taskmanager.auth.schemas import Setup
from taskmanager.kit import clock
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import code, refresh
from tests.factories import PASSWORD, Api

TWINS = 8
INVALID = (403, "invalid_link")


async def _set_up(api: Api, token: str, number: int = 0) -> Response:
    body = {"setup_token": token, "username": f"first-{number}", "password": PASSWORD}
    return await api.anonymous.post("/setup", json=body)


async def _register(api: Api, token: str, number: int = 0) -> Response:
    body = {"invitation": token, "username": f"guest-{number}", "password": PASSWORD}
    return await api.anonymous.post("/register", json=body)


async def _reset(api: Api, token: str, number: int = 0) -> Response:
    body = {"reset_token": token, "password": f"{PASSWORD} {number}"}
    return await api.anonymous.post("/reset", json=body)


USES: dict[Kind, Callable[..., Awaitable[Response]]] = {"setup": _set_up, "invitation": _register, "reset": _reset}
KINDS = list(USES)


async def make(api: Api, kind: Kind) -> str:
    """Make a link of a kind with everything that it needs, and return its token."""
    chief = None if kind == "setup" else await api.account("chief", "admin")
    anna = await api.account("anna") if kind == "reset" else None
    async with api.database.write() as session:
        return Links(session).make(kind, created_by=chief, user_id=anna, role="user").token


@pytest.mark.parametrize("kind", KINDS)
async def test_a_link_works_once(api: Api, kind: Kind) -> None:
    token = await make(api, kind)
    assert (await USES[kind](api, token)).is_success
    assert code(await USES[kind](api, token, 1)) == INVALID


@pytest.mark.parametrize("kind", KINDS)
async def test_a_link_expires(api: Api, kind: Kind) -> None:
    token = await make(api, kind)
    with time_machine.travel(clock.now() + LIFE[kind] + timedelta(seconds=1), tick=True):
        assert code(await USES[kind](api, token)) == INVALID
    assert (await USES[kind](api, token)).is_success


@pytest.mark.parametrize("kind", KINDS)
async def test_of_many_who_use_a_link_at_once_one_wins(api: Api, kind: Kind) -> None:
    token = await make(api, kind)
    answers = await asyncio.gather(*(USES[kind](api, token, number) for number in range(TWINS)))
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {(204 if kind == "reset" else 201): 1, 403: TWINS - 1}


async def test_of_several_set_up_links_used_at_once_one_makes_an_administrator(api: Api) -> None:
    """Two nodes that start at once may each print one."""
    async with api.database.write() as session:
        tokens = [Links(session).make("setup").token for _ in range(TWINS)]
    # Every connection is open before the race begins.
    await asyncio.gather(*(_set_up(api, "unknown") for _ in range(TWINS)))

    async def set_up(token: str, number: int) -> str:
        data = Setup(setup_token=token, username=f"first-{number}", password=PASSWORD)
        try:
            async with api.database.write() as session:
                await Accounts(session).set_up(data, "a hash")
        except LinkInvalidError:
            return "refused"
        return "made"

    outcomes = await asyncio.gather(*(set_up(token, number) for number, token in enumerate(tokens)))
    assert Counter(outcomes) == {"made": 1, "refused": TWINS - 1}
    async with api.database.read() as session:
        assert len((await session.execute(select(User))).all()) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refused_use_leaves_the_link_alive(api: Api, kind: Kind) -> None:
    token = await make(api, kind)
    name = {"setup": "setup_token", "invitation": "invitation", "reset": "reset_token"}[kind]
    path = {"setup": "/setup", "invitation": "/register", "reset": "/reset"}[kind]
    body = {name: token, "password": "too short"}
    if kind != "reset":
        body["username"] = "newcomer"
    assert code(await api.anonymous.post(path, json=body)) == (422, "validation_failed")
    if kind == "invitation":
        taken = {**body, "username": "chief", "password": PASSWORD}
        assert code(await api.anonymous.post(path, json=taken)) == (409, "username_taken")
    assert (await USES[kind](api, token)).is_success


async def test_the_set_up_link_is_dead_once_there_is_an_administrator(api: Api) -> None:
    token = await make(api, "setup")
    assert (await api.anonymous.get("/setup")).json()["setup_required"] is True
    await api.account("chief", "admin")
    assert (await api.anonymous.get("/setup")).json()["setup_required"] is False
    assert code(await _set_up(api, token)) == (409, "setup_done")
    async with api.database.write() as session:
        fresh = (await Links(session).replace_setup()).token
    assert code(await _set_up(api, token)) == INVALID
    assert code(await _set_up(api, fresh)) == (409, "setup_done")


async def test_the_first_administrator_signs_in_after_set_up(api: Api) -> None:
    answer = await _set_up(api, await make(api, "setup"))
    assert answer.json()["role"] == "admin"
    assert "token" not in answer.text
    chief = await api.sign_in("first-0")
    assert (await chief.get("/admin")).status_code == 200


@pytest.mark.parametrize("change", [{"role": "user"}, {"active": False}])
async def test_an_invitation_dies_with_the_right_to_invite(api: Api, change: dict[str, object]) -> None:
    chief, other = await api.user("chief", "admin"), await api.user("other", "admin")
    made = (await other.post("/admin/invitations", json={"role": "admin"})).json()
    token = made["url"].rpartition("=")[2]
    assert (await chief.patch(f"/admin/users/{other.user_id}", json=change)).status_code == 200
    assert code(await _register(api, token)) == INVALID


async def test_an_invitation_gives_its_role_and_can_be_withdrawn(api: Api) -> None:
    chief = await api.user("chief", "admin")
    made = [(await chief.post("/admin/invitations", json={"role": role})).json() for role in ("guest", "user", "admin")]
    tokens = [link["url"].rpartition("#invitation=")[2] for link in made]
    assert (await chief.delete(f"/admin/invitations/{made[1]['id']}")).status_code == 204
    assert code(await chief.delete(f"/admin/invitations/{made[1]['id']}")) == (404, "not_found")
    answers = [await _register(api, token, number) for number, token in enumerate(tokens)]
    assert answers[0].json()["role"] == "guest"
    assert code(answers[1]) == INVALID
    assert answers[2].json()["role"] == "admin"
    assert code(await chief.delete(f"/admin/invitations/{made[0]['id']}")) == (404, "not_found")
    listed = (await chief.get("/admin/invitations")).json()["items"]
    assert [item["used_at"] is not None for item in listed] == [True, True]


async def test_a_new_account_chooses_its_password_by_a_link_of_an_hour(api: Api) -> None:
    chief = await api.user("chief", "admin")
    made = (await chief.post("/admin/users", json={"username": "Newcomer"})).json()
    assert made["user"]["username"] == "newcomer"
    token = made["link"]["url"].rpartition("/app/reset#token=")[2]
    assert len(token) == 22
    refused = await api.anonymous.post("/login", json={"username": "newcomer", "password": PASSWORD})
    assert code(refused) == (401, "invalid_credentials")
    assert (await _reset(api, token)).status_code == 204
    await api.sign_in("newcomer", f"{PASSWORD} 0")


async def test_a_reset_ends_all_sessions_and_older_links(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    urls = [(await chief.post(f"/admin/users/{anna.user_id}/reset")).json()["url"] for _ in range(2)]
    old, new = (url.rpartition("=")[2] for url in urls)
    assert (await anna.get("/me")).status_code == 200
    assert code(await _reset(api, old)) == INVALID
    assert (await _reset(api, new)).status_code == 204
    assert code(await anna.get("/me")) == (401, "session_ended")
    assert code(await refresh(api.anonymous, anna.refresh_token)) == (401, "session_ended")
    await api.sign_in("anna", f"{PASSWORD} 0")


async def test_a_reset_wakes_no_disabled_account(api: Api) -> None:
    token = await make(api, "reset")
    async with api.database.write() as session:
        await session.execute(update(User).where(User.username == "anna").values(active=False))
    assert code(await _reset(api, token)) == INVALID


async def test_only_digests_of_links_are_kept(api: Api) -> None:
    token = await make(api, "reset")
    async with api.database.read() as session:
        (row,) = (await session.execute(select(Link))).scalars().all()
    assert token.encode() not in row.digest
    assert len(row.digest) == 32


MODES = {
    # setting: (without an invitation, with one)
    "open": (201, 201),
    "invite": ((403, "invitation_required"), 201),
    "closed": ((403, "registration_closed"), (403, "registration_closed")),
}


@pytest.mark.parametrize("mode", MODES)
async def test_the_setting_says_who_may_register(settings: Settings, mode: str) -> None:
    app = create_app(settings.model_copy(update={"registration": mode}))
    async with app.router.lifespan_context(app), Api(app) as api:
        assert (await api.anonymous.get("/setup")).json()["registration"] == mode
        token = await make(api, "invitation")
        free = await api.anonymous.post("/register", json={"username": "free", "password": PASSWORD})
        invited = await _register(api, token)
        for answer, expected in zip((free, invited), MODES[mode], strict=True):
            assert (answer.status_code if answer.is_success else code(answer)) == expected
            if answer.is_success:
                assert answer.json()["role"] == "user"
                await api.sign_in(answer.json()["username"])


async def test_a_registration_gives_no_role_of_ones_own_choice(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"registration": "open"}))
    async with app.router.lifespan_context(app), Api(app) as api:
        for extra in ({"role": "admin"}, {"active": True}, {"auth_epoch": 1}, {"id": "x"}):
            body = {"username": "eve", "password": PASSWORD, **extra}
            assert code(await api.anonymous.post("/register", json=body)) == (422, "validation_failed")
        names = ("a", "-a", "a b", "a@b", "ä" * 3, "a" * 65, "a/b", "a\n", "")
        for name in names:
            body = {"username": name, "password": PASSWORD}
            assert code(await api.anonymous.post("/register", json=body)) == (422, "validation_failed"), name
        assert (
            await api.anonymous.post("/register", json={"username": "Eve", "password": PASSWORD})
        ).status_code == 201
        again = {"username": "eVE", "password": PASSWORD}
        assert code(await api.anonymous.post("/register", json=again)) == (409, "username_taken")
