"""Where Redis is: one server, the sentinels that know which server it is, or a cluster."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

FORMS = (
    "redis://:password@host:6379/0, redis+sentinel://:password@host1:26379,host2:26379/name/0, "
    "redis+cluster://:password@host1:6379,host2:6379, or rediss... for TLS"
)
_PORTS = {"server": 6379, "sentinel": 26379, "cluster": 6379}
_SCHEMES: dict[str, tuple[Literal["server", "sentinel", "cluster"], bool]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_OPTIONS = {"sentinel_username", "sentinel_password"}


@dataclass(frozen=True)
class RedisAddress:
    """A parsed URL. ``service`` is what sentinels call the server; their own account may be another one."""

    kind: Literal["server", "sentinel", "cluster"]
    url: str
    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    username: str | None = None
    password: str | None = None
    database: int = 0
    service: str = ""
    sentinel_username: str | None = None
    sentinel_password: str | None = None


def parse_redis_url(url: str) -> RedisAddress:
    """Return what a URL of TASKMANAGER_REDIS_URL says; raises ValueError with the forms that it can have."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return RedisAddress("server", url, ())
    if scheme not in _SCHEMES:
        raise ValueError(f"must look like {FORMS}")
    kind, tls = _SCHEMES[scheme]
    # By hand: several hosts, one of them in brackets, are no URL to newer Pythons.
    rest, _, query = rest.partition("?")
    authority, _, way = rest.partition("/")
    account, _, hosts = authority.rpartition("@")
    username, _, password = account.partition(":")
    path = [unquote(part) for part in way.split("/") if part]
    options = dict(parse_qsl(query))
    if kind != "server" and options.keys() - (_OPTIONS if kind == "sentinel" else set()):
        raise ValueError(f"knows no option {', '.join(sorted(options.keys() - _OPTIONS))}; it must look like {FORMS}")
    service = path.pop(0) if kind == "sentinel" and path else ""
    if kind == "sentinel" and not service:
        raise ValueError("needs the name that the sentinels give the server: redis+sentinel://host:26379/mymaster")
    if kind == "cluster" and path not in ([], ["0"]):
        raise ValueError("names a database, and a cluster has only the first: leave /number out")
    if path and (len(path) > 1 or not path[0].isascii() or not path[0].isdecimal()):
        raise ValueError("must end in the number of a database, as in redis://host:6379/0")
    return RedisAddress(
        kind=kind,
        url=url,
        hosts=tuple(_host(one, _PORTS[kind]) for one in hosts.split(","))
        if kind != "server"
        else (_host(hosts, 6379),),
        tls=tls,
        username=unquote(username) or None,
        password=unquote(password) or None,
        database=int(path[0]) if path else 0,
        service=service,
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
    )


def _host(text: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    try:
        found = (parts.hostname or "", port if parts.port is None else parts.port)
    except ValueError as error:
        raise ValueError(f"has a wrong port in {text}") from error
    if not found[0] or not 0 < found[1] < 2**16:
        raise ValueError(f"has no host and port in {text!r}; it must look like {FORMS}")
    return found
