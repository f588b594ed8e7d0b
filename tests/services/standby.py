"""A PostgreSQL server with a standby that follows it."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.services.postgres import NOBODY, binaries_for_all, find_binaries, own_postgres
from tests.services.process import Server, ServiceError, scratch_folder


@contextlib.contextmanager
def own_postgres_pair() -> Iterator[tuple[Server, Server]]:
    """Yield a primary and its standby."""
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(own_postgres("wal_level=replica", "max_wal_senders=4", "hot_standby=on"))
        folder = stack.enter_context(scratch_folder())
        user = NOBODY if os.geteuid() == 0 else None
        binaries = binaries_for_all(find_binaries(), folder) if user else find_binaries()
        data = folder / "standby"
        data.mkdir(mode=0o700)
        if user:
            os.chown(data, user, user)
        _copy(binaries, primary, data, user)
        standby = stack.enter_context(own_postgres("hot_standby_feedback=on", data=data))
        yield primary, standby


def _copy(binaries: Path, primary: Server, data: Path, user: int | None) -> None:
    program = binaries / "pg_basebackup"
    command = [str(program if program.exists() else shutil.which("pg_basebackup") or program)]
    words = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres", "-D", str(data), "-R", "-X", "stream"]
    result = subprocess.run(
        [*command, *words, "--checkpoint=fast", "--no-sync"],
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        message = f"pg_basebackup failed: {result.stderr.strip()}"
        raise ServiceError(message)
