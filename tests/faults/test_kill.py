"""kill -9 under write load: nothing acknowledged is lost, nothing is torn, and the server is back at once."""

import asyncio
import random
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import LONG, amount
from tests.faults.books import check_books
from tests.faults.ledger import Ledger
from tests.servers import AppServer, app_server
from tests.services import free_port, own_postgres

pytestmark = pytest.mark.faults

SECONDS_TO_BE_READY = 2.0
# Where a start that nothing disturbed takes longer than that, coming back may take this many times as long.
TIMES_A_CALM_START = 1.25
LIFE = {"access_token_minutes": "60"}


def own_seconds(server: AppServer) -> float:
    """Return how long a start took, without the time when it had no core: other tests run beside this one."""
    try:
        waited = int(Path(f"/proc/{server.process.pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:
        waited = 0.0
    return server.ready_seconds - waited


@pytest.fixture
def database_url(backend: str) -> Iterator[str]:
    """Yield the settings' URL of a database of this test's own."""
    if backend == "sqlite":
        yield ""
        return
    with own_postgres() as server:
        yield server.url


async def test_nothing_acknowledged_is_lost_by_a_kill(backend: str, database_url: str, tmp_path: Path) -> None:
    data, port, seed = tmp_path / "data", free_port(), random.randrange(2**32)  # noqa: S311 - repeatable
    ledger = Ledger(f"http://127.0.0.1:{port}", seed)
    settings = {**LIFE, **({"database_url": database_url} if database_url else {})}
    moments = random.Random(seed)  # noqa: S311 - repeatable
    seconds: list[float] = []
    kills = amount(20, 100) if backend == "sqlite" else amount(3, 40)
    for kill in range(kills + 1):
        # The short form looks at every third start, and saves the others what they take to import the program.
        as_usual = LONG or kill % 3 == 0
        with app_server(data, port=port, forked=not as_usual, **settings) as server:
            if as_usual:
                seconds.append(own_seconds(server))
            if kill == 0:
                await ledger.sign_in()
            await ledger.settle()
            if kill == kills:
                break
            writing = asyncio.create_task(ledger.write_until(asyncio.Event()))
            await asyncio.sleep(moments.uniform(0.1, 0.6))
            server.process.kill()
            await writing
    with app_server(data, port=port, forked=False, **settings) as server:
        calm = own_seconds(server)
    await check_books(data, database_url)
    # The first start makes the database; the others come back to one.
    again = sorted(seconds[1:])
    print(
        f"{kills} kills on {backend} (seed {seed}): {ledger.acknowledged} writes acknowledged, {ledger.recovered} "
        f"answers recovered by their key; ready again in {statistics.median(again):.2f} s, at most {again[-1]:.2f} s, "
        f"undisturbed in {calm:.2f} s"
    )
    assert ledger.acknowledged > kills
    # One start may meet another test that slows both cores down; the long form runs alone.
    limit = max(SECONDS_TO_BE_READY, calm * TIMES_A_CALM_START)
    assert (again[-1] if LONG else statistics.median(again)) <= limit
