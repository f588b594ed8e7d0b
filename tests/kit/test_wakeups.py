"""The bell between processes: heard by all, lost without harm."""

import asyncio
import subprocess
import sys
import time

from taskmanager.kit.redis_wakeups import RedisWakeups
from tests.services import free_port


async def test_a_call_is_heard_by_others(redis_url: str) -> None:
    here, there = RedisWakeups(redis_url), RedisWakeups(redis_url)
    heard = asyncio.Event()
    listening = asyncio.create_task(there.listen(heard.set))
    try:
        async with asyncio.timeout(5):
            await heard.wait()  # the answer to the subscription is a call too: whoever begins looks once
            heard.clear()
            await here.call()
            await heard.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await here.close()
        await there.close()


async def test_a_dead_server_costs_next_to_nothing() -> None:
    bell = RedisWakeups(f"redis://127.0.0.1:{free_port()}/0")
    listening = asyncio.create_task(bell.listen(lambda: None))
    begun = time.monotonic()
    for _ in range(100):
        await bell.call()
    assert time.monotonic() - begun < 1
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await bell.close()


def test_a_server_without_redis_does_not_load_its_library() -> None:
    words = "import sys, taskmanager.cli; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
