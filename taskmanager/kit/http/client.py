"""Who is calling: the client's address, believed from proxies only where the operator names them (ASVS 4.1.3).

And from which page: whether an ``Origin`` is one of this server's own.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection


def client_address(connection: HTTPConnection) -> str:
    """Return the client's IP address.

    ``X-Forwarded-For`` is walked from the right as long as each hop is a trusted proxy, so whatever a client writes
    into it counts for nothing.
    """
    peer = connection.client.host if connection.client else ""
    networks = connection.app.state.trusted_networks
    address = _address(peer)
    if address is None or not networks or not _trusted(address, networks):
        return peer
    hops = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed(hops):
        parsed = _address(hop.strip())
        if parsed is None:
            break
        address = parsed
        if not _trusted(parsed, networks):
            break
    return str(address)


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


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _trusted(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
