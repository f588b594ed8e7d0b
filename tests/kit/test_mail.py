"""Mail: nothing given becomes a header, no password goes over an open line, settings are checked at start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from pydantic import SecretStr, ValidationError

from taskmanager.kit.mail import Mail, Mailer, UndeliverableError, _server_of
from taskmanager.kit.settings import Settings
from tests.auth.mailbox import Mailbox, serving

URL = "https://tasks.example.org"


def settings(**values: Any) -> Settings:
    return Settings(**{"smtp_url": SecretStr("smtp://127.0.0.1:1"), "public_url": URL, **values})


def mail(**changes: str) -> Mail:
    return Mail(**{"key": "1", "to": "anna@example.org", "subject": "Hello", "text": "Text", **changes})


async def _send(mailbox: Mailbox, letter: Mail, query: str = "") -> None:
    await Mailer(settings(smtp_url=SecretStr(mailbox.url + query))).send(letter)


async def test_a_message_arrives_as_it_was_given() -> None:
    async with serving() as mailbox:
        text = "Grüße,\n.\nFrom here\n" + "x" * 2000
        await _send(mailbox, mail(subject="Ein Gruß", text=text))
        (letter,) = mailbox.letters
    assert letter.recipients == ["anna@example.org"]
    assert (letter.subject, letter.text.rstrip("\n")) == ("Ein Gruß", text)
    assert letter.message["From"] == "TaskManager <taskmanager@tasks.example.org>"
    assert letter.message["Message-ID"] == "<1@tasks.example.org>"
    assert letter.message.get_content_type() == "text/plain"


async def test_an_international_domain_is_sent_in_its_ascii_form() -> None:
    async with serving() as mailbox:
        await _send(mailbox, mail(to="anna@bücher.example"))
        assert mailbox.letters[0].recipients == ["anna@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "to",
    [
        *("anna@example.org\r\nBcc: eve@example.org", "anna@example.org\nX: y", "anna@example.org, eve@example.org"),
        *("anna@example.org> SIZE=1", "<anna@example.org>", "anna", "anna@", "@example.org", "a b@example.org", ""),
        *("anna@example.org\x00", "anna@" + "x" * 70 + ".org", "anna@ex..org"),
    ],
)
async def test_what_is_no_single_address_gets_no_mail(to: str) -> None:
    async with serving() as mailbox:
        with pytest.raises(UndeliverableError):
            await _send(mailbox, mail(to=to))
        assert mailbox.letters == []


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: eve@example.org", "Hello\nX: y", "Hello\r"])
async def test_a_subject_brings_no_header_along(subject: str) -> None:
    with pytest.raises(ValueError, match="line breaks"):
        Mailer(settings()).compose(mail(subject=subject))


async def test_a_refused_address_is_told_from_a_server_that_cannot_now() -> None:
    async with serving() as mailbox:
        mailbox.refuse_recipient = "550 no such user"
        with pytest.raises(UndeliverableError):
            await _send(mailbox, mail())
        mailbox.refuse_recipient = "450 later"
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await _send(mailbox, mail())
        mailbox.refuse_recipient, mailbox.refuse_data = None, "554 rejected"
        with pytest.raises(aiosmtplib.SMTPDataError):
            await _send(mailbox, mail())


async def test_a_line_that_must_be_closed_is_not_used_open() -> None:
    async with serving() as mailbox:
        with pytest.raises(aiosmtplib.SMTPException):
            await _send(mailbox, mail(), "?starttls=1")
        assert mailbox.letters == []


@pytest.mark.parametrize(
    ("url", "use_tls", "start_tls"),
    [
        ("smtp://mail.example.org", False, None),
        ("smtp://mail.example.org:587?starttls=1", False, True),
        ("smtp://me:secret@mail.example.org:587", False, True),
        ("smtp://me:secret@mail.example.org:25?starttls=0", False, False),
        ("smtp://me:secret@127.0.0.1:25", False, None),
        ("smtps://me:secret@mail.example.org", True, False),
    ],
)
def test_a_password_goes_over_a_closed_line(url: str, *, use_tls: bool, start_tls: bool | None) -> None:
    server = _server_of(url)
    assert (server["use_tls"], server["start_tls"]) == (use_tls, start_tls)


def test_names_and_passwords_may_hold_any_character() -> None:
    server = _server_of("smtps://me%40example.org:p%2Fw%3A%40@mail.example.org:465")
    assert (server["username"], server["password"], server["port"]) == ("me@example.org", "p/w:@", 465)


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_url": ""},
        {"smtp_url": SecretStr("http://mail.example.org")},
        {"smtp_url": SecretStr("mail.example.org:25")},
        {"smtp_url": SecretStr("smtp://")},
        {"smtp_url": SecretStr("smtp://me:hidden-secret@mail.example.org:99999")},
        {"smtp_url": SecretStr("smtp://me:hidden-secret@mail.example.org?tls=1")},
        {"mail_from": "no address"},
        {"mail_from": "a@b.c\r\nBcc: d@e.f"},
        {"smtp_url_file": Path("/nowhere/at/all")},
    ],
)
def test_wrong_settings_of_mail_are_refused_at_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**wrong)
    assert "hidden-secret" not in str(refused.value)


def test_a_server_without_mail_loads_nothing_of_it() -> None:
    """What reads mail and agents takes a fifth of a start; nobody may wait for it in vain."""
    words = "import sys, taskmanager.cli; print({'aiosmtplib', 'ua_parser', 'email.headerregistry'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_the_server_s_address_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "smtp"
    path.write_text("smtps://me:secret@mail.example.org\n", encoding="utf-8")
    given = Settings(smtp_url_file=path, public_url=URL)
    assert given.sends_mail
    assert given.mail_url() == "smtps://me:secret@mail.example.org"
    assert not Settings().sends_mail
