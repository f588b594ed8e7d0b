"""PgBouncer, where the machine has it."""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator

from tests.services.process import Server, ServiceError, free_port, running, scratch_folder


@contextlib.contextmanager
def own_pgbouncer(database: Server, servers: int = 4) -> Iterator[Server]:
    """Yield a PgBouncer that lends `servers` connections to a database, a transaction at a time."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        message = "No PgBouncer here. Install it: apt-get install pgbouncer"
        raise ServiceError(message)
    port = free_port()
    with scratch_folder() as folder:
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\npostgres = user=postgres host=127.0.0.1 port={database.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            f"pool_mode = transaction\ndefault_pool_size = {servers}\nmax_client_conn = 500\n"
            "ignore_startup_parameters = extra_float_digits\nserver_reset_query =\n"
        )
        user = 65534 if os.geteuid() == 0 else None
        command = [program, str(settings)]
        with running(command, lambda _: _listens(port), log=folder / "log", user=user) as process:
            yield Server(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres", port, process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
