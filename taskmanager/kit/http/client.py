"""Who is calling: the client's address, believed from proxies only where the operator names them (ASVS 4.1.3).

And from which page: whether an ``Origin`` is one of this server's own.
"""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

MAX_HOPS = 32
"""More proxies than anybody has in a row; what stands before them in the header is not read."""
_SITE_BITS = 64
# Some proxies add the port: "192.0.2.1:443", "[2001:db8::1]:443".
_HOP = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[\d.]+):\d+")


def client_address(scope: Scope) -> str:
    """Return the client's IP address.

    ``X-Forwarded-For`` is walked from the right as long as each hop is a trusted proxy, so whatever a client writes
    into it counts for nothing. ``Forwarded`` and other headers of the kind are not read at all: a proxy that sets one
    of them passes the client's own text on in the others.
    """
    peer: str = scope["client"][0] if scope.get("client") else ""
    networks = scope["app"].state.trusted_networks
    if not networks:
        return _plain(peer)
    address = _address(peer)
    if address is None:
        return peer
    if not _trusted(address, networks):
        return str(address)
    hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).rsplit(",", MAX_HOPS)[-MAX_HOPS:]
    for hop in reversed(hops):
        parsed = _hop(hop.strip())
        if parsed is None:
            break
        address = parsed
        if not _trusted(parsed, networks):
            break
    return str(address)


def network_of(address: str) -> str:
    """Return who is counted as one client: an IPv4 address, or the /64 that is the least an IPv6 site is given."""
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), _SITE_BITS), strict=False))
    return address if parsed is None else str(parsed)


@lru_cache(4096)
def is_loopback(address: str) -> bool:
    parsed = _address(address)
    return parsed is not None and parsed.is_loopback


def is_own_origin(connection: HTTPConnection, origin: str) -> bool:
    """Tell whether pages of ``origin`` are this server's own: those of PUBLIC_URL and of the host that was asked.

    The scheme is not compared with the connection's: a proxy may speak TLS for us.
    """
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    public_url: str = connection.app.state.settings.public_url
    if public_url and (parts.scheme, parts.netloc) == urlsplit(public_url.lower())[:2]:
        return True
    return parts.scheme in {"http", "https"} and parts.netloc == connection.headers.get("host", "").lower()


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(4096)
def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


@lru_cache(4096)
def _plain(peer: str) -> str:
    address = _address(peer)
    return peer if address is None else str(address)


def _hop(text: str) -> Address | None:
    match = _HOP.fullmatch(text)
    return _address(text if match is None else match["six"] or match["four"] or "")


def _trusted(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
