"""Fixtures of the tests of accounts, sessions and tokens."""

import pytest

from tests.auth.tokens import Forger, me, start_session
from tests.factories import Api


@pytest.fixture
async def forger(api: Api) -> Forger:
    """Return a forger for the session of an account; what it signs unchanged is accepted."""
    grant = await start_session(api)
    forger = Forger(api, (await me(api.anonymous, grant.access_token)).json()["id"], grant.session_id)
    assert (await me(api.anonymous, forger.token())).status_code == 200
    return forger
