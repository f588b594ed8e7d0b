"""PostgreSQL fails over to a synchronous standby: nothing acknowledged is lost, no node is restarted. The long form."""

import asyncio
import time
from pathlib import Path

import asyncpg
import pytest

from tests.faults import LONG
from tests.faults.books import check_books
from tests.faults.test_two_nodes import Steadfast
from tests.servers import app_server
from tests.services import own_postgres_pair, slow_proxy

pytestmark = [pytest.mark.faults, pytest.mark.skipif(not LONG, reason="the long form: needs pg_basebackup")]

MOST_SECONDS_AFTER_PROMOTION = 2.0


async def test_a_standby_takes_over(tmp_path: Path) -> None:
    with own_postgres_pair() as (primary, standby), slow_proxy(primary.port) as name:
        admin = await asyncpg.connect(primary.url.replace("+asyncpg", ""))
        await admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()
        # What a cluster manager gives its clients: one name that leads to whichever is the primary.
        url = primary.url.replace(str(primary.port), str(name.port))
        with app_server(tmp_path / "data", database_url=url, access_token_minutes="60") as server:
            ledger, stop = Steadfast(server.url, seed=5), asyncio.Event()
            await ledger.sign_in()
            writing = asyncio.create_task(ledger.write_until(stop))
            await asyncio.sleep(3)
            primary.process.kill()
            admin = await asyncpg.connect(standby.url.replace("+asyncpg", ""))
            await admin.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            assert await admin.fetchval("SELECT pg_promote()")
            await admin.close()
            name.target = standby.port
            since = time.monotonic()
            await asyncio.sleep(3)
            recovered = ledger.tries.recovered(since)
            stop.set()
            await writing
            await ledger.settle()
            said = server.said()
        await check_books(tmp_path / "data", standby.url)
    print(
        f"failover: {ledger.acknowledged} writes acknowledged and there, written again {recovered:.2f} s after the "
        f"promotion; {sum(ledger.tries.failed.values())} of {len(ledger.tries.begun)} tries failed"
    )
    assert recovered < MOST_SECONDS_AFTER_PROMOTION
    assert " 500 " not in said
