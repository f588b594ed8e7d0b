"""E-mail addresses: claimed, proved by a link, and changed with the password only."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from taskmanager.auth.links import MOST_MAILED
from taskmanager.auth.models import AuditEvent
from taskmanager.kit import clock
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.mailbox import PUBLIC_URL, Mailbox, settle, with_mail
from tests.auth.test_forgotten import ADDRESS, NEW, give_address
from tests.auth.tokens import code
from tests.factories import PASSWORD, Api, Client

OTHER = "Anna.New@example.org"


async def _ask(client: Client, address: str = OTHER, password: str = PASSWORD) -> tuple[int, str]:
    answer = await client.post("/me/email", json={"email": address, "current_password": password})
    return (202, "") if answer.status_code == 202 else code(answer)


async def _confirm(api: Api, token: str) -> tuple[int, str]:
    answer = await api.anonymous.post("/me/email/confirm", json={"token": token})
    return (204, "") if answer.status_code == 204 else code(answer)


async def _address(client: Client) -> tuple[str | None, bool]:
    me = (await client.get("/me")).json()
    return me["email"], me["email_verified"]


async def test_R11_another_address_needs_the_password_and_a_link_that_went_there(
    posting: Api, mailbox: Mailbox
) -> None:
    anna = await posting.user()
    await give_address(posting, anna.user_id)
    assert await _ask(anna, password="not the password") == (403, "wrong_password")
    assert await _ask(anna) == (202, "")
    await settle(posting)
    assert await _address(anna) == (ADDRESS, True)
    (letter,) = mailbox.letters
    assert letter.recipients == [OTHER]
    assert f"{PUBLIC_URL}/app/confirm#token=" in letter.text
    assert await _confirm(posting, letter.token) == (204, "")
    assert await _confirm(posting, letter.token) == (403, "invalid_link")
    assert await _address(anna) == (OTHER, True)
    # The new one signs in, the old one does not and is told.
    await posting.sign_in(OTHER.lower())
    refused = await posting.anonymous.post("/login", json={"username": ADDRESS, "password": PASSWORD})
    assert code(refused) == (401, "invalid_credentials")
    await settle(posting)
    assert [letter.subject for letter in mailbox.to(ADDRESS)] == ["Your e-mail address was changed"]
    assert OTHER not in mailbox.to(ADDRESS)[0].text
    async with posting.database.read() as session:
        told = (await session.execute(select(AuditEvent.event, AuditEvent.outcome).order_by(AuditEvent.id))).all()
    assert [(event, outcome) for event, outcome in told if event.startswith("email_")] == [
        ("email_change_requested", "failure"),
        ("email_change_requested", "success"),
        ("email_changed", "success"),
    ]


async def test_an_address_signs_in_only_once_it_is_proved(posting: Api) -> None:
    await give_address(posting, await posting.account("anna"), verified=False)
    refused = await posting.anonymous.post("/login", json={"username": ADDRESS, "password": PASSWORD})
    assert code(refused) == (401, "invalid_credentials")


async def test_a_confirmation_lives_a_day_and_the_newest_only(posting: Api, mailbox: Mailbox) -> None:
    anna = await posting.user()
    for address in ("typo@example.org", OTHER):
        assert await _ask(anna, address) == (202, "")
        await settle(posting)
    typo, right = mailbox.letters
    assert await _confirm(posting, typo.token) == (403, "invalid_link")
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        assert await _confirm(posting, right.token) == (403, "invalid_link")
    assert await _address(anna) == (None, False)
    assert await _confirm(posting, right.token) == (204, "")


@pytest.mark.parametrize("how", ["password changed", "password reset"])
async def test_a_new_password_makes_the_links_of_whoever_knew_the_old_one_dead(
    posting: Api, mailbox: Mailbox, how: str
) -> None:
    chief, anna = await posting.user("chief", "admin"), await posting.user("anna")
    assert await _ask(anna, "thief@example.org") == (202, "")
    await settle(posting)
    if how == "password changed":
        body = {"current_password": PASSWORD, "new_password": NEW}
        assert (await anna.post("/me/password", json=body)).status_code == 204
    else:
        url = (await chief.post(f"/admin/users/{anna.user_id}/reset")).json()["url"]
        body = {"reset_token": url.rpartition("=")[2], "password": NEW}
        assert (await posting.anonymous.post("/reset", json=body)).status_code == 204
    assert await _confirm(posting, mailbox.letters[0].token) == (403, "invalid_link")


async def test_a_new_address_makes_the_links_to_the_old_one_dead(posting: Api, mailbox: Mailbox) -> None:
    anna = await posting.user()
    await give_address(posting, anna.user_id)
    await posting.anonymous.post("/forgot", json={"username": "anna"})
    assert await _ask(anna) == (202, "")
    await settle(posting)
    assert await _confirm(posting, mailbox.to(OTHER)[0].token) == (204, "")
    body = {"reset_token": mailbox.to(ADDRESS)[0].token, "password": NEW}
    assert code(await posting.anonymous.post("/reset", json=body)) == (403, "invalid_link")


async def test_L1_asking_for_an_address_does_not_tell_whether_somebody_has_it(posting: Api, mailbox: Mailbox) -> None:
    anna, ben = await posting.user("anna"), await posting.user("ben")
    await give_address(posting, ben.user_id, "ben@example.org")
    assert await _ask(anna, "BEN@example.org") == (202, "")
    await settle(posting)
    # Only whoever reads that address learns it, and nobody loses anything.
    assert await _confirm(posting, mailbox.letters[0].token) == (409, "email_taken")
    assert await _address(anna) == (None, False)
    assert await _address(ben) == ("ben@example.org", True)


async def test_an_address_goes_to_whoever_proves_it_not_to_whoever_claims_it(posting: Api, mailbox: Mailbox) -> None:
    anna, eve = await posting.user("anna"), await posting.user("eve")
    await give_address(posting, eve.user_id, OTHER, verified=False)
    assert await _ask(anna) == (202, "")
    await settle(posting)
    assert await _confirm(posting, mailbox.letters[0].token) == (204, "")
    assert await _address(anna) == (OTHER, True)
    assert await _address(eve) == (None, False)


async def test_nobody_is_buried_in_confirmations(posting: Api, mailbox: Mailbox) -> None:
    eve = await posting.user("eve")
    for _ in range(MOST_MAILED):
        assert await _ask(eve, "victim@example.org") == (202, "")
    assert await _ask(eve, "Victim@example.org") == (409, "too_much_mail")
    assert await _ask(eve, "another@example.org") == (202, "")
    # The owner of the address gets back in all the same.
    await give_address(posting, await posting.account("victim"), "victim@example.org")
    await posting.anonymous.post("/forgot", json={"username": "victim"})
    await settle(posting)
    assert [letter.subject for letter in mailbox.to("victim@example.org")].count("Choose a new password") == 1
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        later = await posting.enter(eve.user_id)
        assert await _ask(later, "victim@example.org") == (202, "")


async def test_a_disabled_account_confirms_nothing(posting: Api, mailbox: Mailbox) -> None:
    chief, anna = await posting.user("chief", "admin"), await posting.user("anna")
    assert await _ask(anna) == (202, "")
    await settle(posting)
    assert (await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})).status_code == 200
    assert await _confirm(posting, mailbox.letters[0].token) == (403, "invalid_link")


async def test_without_a_mail_server_an_address_cannot_be_proved(api: Api) -> None:
    anna = await api.user()
    assert await _ask(anna) == (409, "mail_not_configured")
    assert await _ask(anna, password="wrong") == (409, "mail_not_configured")
    for address in ("no address", "a@b", "a@b.c\r\nBcc: x@y.z", "<a@b.c>", "a,b@c.d", 'a"b@c.d', "x" * 65 + "@b.c"):
        assert await _ask(anna, address) == (422, "validation_failed"), address


async def test_an_account_made_with_an_address_proves_it_by_its_first_link(posting: Api, mailbox: Mailbox) -> None:
    chief = await posting.user("chief", "admin")
    made = (await chief.post("/admin/users", json={"username": "anna", "email": ADDRESS})).json()
    assert (made["link"]["url"], made["link"]["sent_to"]) == (None, ADDRESS)
    assert made["user"]["email_verified"] is False
    await settle(posting)
    (letter,) = mailbox.letters
    assert letter.subject == "Your account in TaskManager"
    body = {"reset_token": letter.token, "password": PASSWORD}
    assert (await posting.anonymous.post("/reset", json=body)).status_code == 204
    assert await _address(await posting.sign_in(ADDRESS)) == (ADDRESS, True)


@pytest.mark.parametrize("mailed", [True, False])
async def test_an_invitation_proves_the_address_that_it_was_sent_to(
    settings: Settings, mailbox: Mailbox, *, mailed: bool
) -> None:
    app = create_app(with_mail(settings, mailbox) if mailed else settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        chief = await api.user("chief", "admin")
        made = (await chief.post("/admin/invitations", json={"email": ADDRESS})).json()
        if mailed:
            await settle(api)
            assert made["url"] is None
            token = mailbox.letters[0].token
        else:
            # Whoever was shown the link proves nothing by it.
            token = made["url"].rpartition("=")[2]
        body = {"username": "anna", "password": PASSWORD, "invitation": token}
        answer = await api.anonymous.post("/register", json=body)
        assert (answer.status_code, answer.json()["email"], answer.json()["email_verified"]) == (201, ADDRESS, mailed)


async def test_an_address_of_ones_own_choice_is_used_once_it_is_proved(settings: Settings, mailbox: Mailbox) -> None:
    app = create_app(with_mail(settings, mailbox, registration="open"))
    async with app.router.lifespan_context(app), Api(app) as api:
        await give_address(api, await api.account("ben"), "ben@example.org")
        for name, address in (("anna", ADDRESS), ("eve", "ben@example.org")):
            body = {"username": name, "password": PASSWORD, "email": address}
            answer = await api.anonymous.post("/register", json=body)
            # The same for an address that somebody has.
            assert (answer.status_code, answer.json()["email"]) == (201, None)
        await settle(api)
        assert await _confirm(api, mailbox.to(ADDRESS)[0].token) == (204, "")
        assert await _confirm(api, mailbox.to("ben@example.org")[0].token) == (409, "email_taken")
        assert await _address(await api.sign_in(ADDRESS)) == (ADDRESS, True)
