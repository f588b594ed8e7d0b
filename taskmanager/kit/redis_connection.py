"""Clients for Redis, of short patience: their own defaults would hang every request for 20 s on a stopped server."""

from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from taskmanager.kit.redis_address import RedisAddress, parse_redis_url

Client = Redis | RedisCluster


class _OfSentinels(Redis):
    """The server that sentinels name; closing it leaves them too."""

    asked: Sentinel

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        await self.asked.aclose()


def connect(url: str, timeout: float, *, listening: bool = False, **options: Any) -> Client:
    """Return a client that gives up after ``timeout`` seconds and tries nothing twice; nothing is sent yet.

    One that is ``listening`` waits for messages without end, and only for a connection that long. In a cluster, a
    command may name keys of one slot only; `RedisCluster.pipeline` takes any.
    """
    address = parse_redis_url(url)
    common: dict[str, Any] = {
        "socket_timeout": None if listening else timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "client_name": "taskmanager",
        **options,
    }
    if address.kind == "server":
        return Redis.from_url(url, **common)
    account: dict[str, Any] = {"username": address.username, "password": address.password, "ssl": address.tls}
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, require_full_coverage=False, **account, **common)
    return _through_sentinels(address, timeout, {**account, **common})


def _through_sentinels(address: RedisAddress, timeout: float, options: dict[str, Any]) -> Redis:
    asking: dict[str, Any] = {
        # Half the time: one that is silent must leave the next one time to answer.
        "socket_timeout": timeout / 2,
        "socket_connect_timeout": timeout / 2,
        "retry": Retry(NoBackoff(), 0),
        "username": address.sentinel_username,
        "password": address.sentinel_password,
        "ssl": address.tls,
    }
    asked = Sentinel(list(address.hosts), sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
    options |= {"redis_class": _OfSentinels, "db": address.database}
    client: _OfSentinels = asked.master_for(address.service, **options)
    client.asked = asked
    return client
