"""Real services for tests: Valkey, PostgreSQL and a browser, brought along where the machine has none.

`valkey_server()` and `postgres_server()` yield the URL of a shared server: the one the environment names, else a new
one. Tests that stop or kill a server take their own from `own_valkey()` and `own_postgres()`, which also yield its
process. Nothing outlives the run that started it.
"""

from tests.services.balancers import own_haproxy
from tests.services.chromium import chromium
from tests.services.poolers import own_pgbouncer
from tests.services.postgres import own_postgres, postgres_server
from tests.services.process import Server, ServiceError, free_port
from tests.services.proxy import Proxy, slow_proxy
from tests.services.standby import own_postgres_pair
from tests.services.valkey import own_valkey, valkey_server
from tests.services.valkeys import own_cluster, own_sentinels

__all__ = [
    "Proxy",
    "Server",
    "ServiceError",
    "chromium",
    "free_port",
    "own_cluster",
    "own_haproxy",
    "own_pgbouncer",
    "own_postgres",
    "own_postgres_pair",
    "own_sentinels",
    "own_valkey",
    "postgres_server",
    "slow_proxy",
    "valkey_server",
]
