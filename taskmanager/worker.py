"""`taskmanager worker`: a process that runs jobs and nothing else, for servers that are told to leave them."""

import asyncio
import logging
import signal
import sys

from taskmanager.auth.master import load_master
from taskmanager.kit import logs, migrate
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import working
from taskmanager.serving import StartProblem

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def work(settings: Settings) -> None:
    """Run jobs until told to stop; those under way are finished first.

    Raises KeyboardInterrupt where that was Ctrl-C, as an interrupted program says.
    """
    if not settings.database_url.startswith("postgresql"):
        message = "on SQLite the server runs all jobs itself, and a worker could only wait for it; it needs PostgreSQL"
        raise StartProblem(message)
    logs.configure(settings.log_format, settings.log_level)
    load_master(settings)  # a secret that must not be used is told here
    migrate.upgrade(settings)
    if asyncio.run(_work(settings)) is signal.SIGINT:
        raise KeyboardInterrupt


async def _work(settings: Settings) -> signal.Signals:
    """Return the signal that ended the work."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        # The next one takes effect at once.
        for one in _SIGNALS:
            loop.remove_signal_handler(one)
        told.set_result(number)

    for one in _SIGNALS:
        loop.add_signal_handler(one, stop, one)
    async with working(settings):
        print("TaskManager works. Ctrl-C stops it.", file=sys.stderr, flush=True)  # noqa: T201 - meant for the one who started it
        number = await told
        logger.info("stops: jobs under way are finished")
    return number
