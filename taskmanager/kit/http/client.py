"""Who is calling: the client's address, believed from proxies only where the operator names them (ASVS 4.1.3)."""

import ipaddress

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
