"""Fixtures of the tests of accounts, sessions and tokens."""

from collections.abc import AsyncIterator

import pytest

from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.mailbox import Mailbox, serving, with_mail
from tests.auth.tokens import Forger, me, start_session
from tests.factories import Api


@pytest.fixture
async def forger(api: Api) -> Forger:
    """Return a forger for the session of an account; what it signs unchanged is accepted."""
    grant = await start_session(api)
    forger = Forger(api, (await me(api.anonymous, grant.access_token)).json()["id"], grant.session_id)
    assert (await me(api.anonymous, forger.token())).status_code == 200
    return forger


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
