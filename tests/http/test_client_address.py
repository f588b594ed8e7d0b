"""L7: the client's address is what the connection says, and a header's word only where a named proxy wrote it."""

import ipaddress
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from taskmanager.kit.http.client import MAX_HOPS, client_address, is_loopback, network_of

PROXIES = ("10.0.0.0/8", "2001:db8:aaaa::/48")
CLIENT = "203.0.113.9"


def seen(peer: str | None, *forwarded: str, proxies: tuple[str, ...] = PROXIES, others: Mapping[str, str] = {}) -> str:
    """Return the address that is believed of a request from ``peer``."""
    given = [("x-forwarded-for", value) for value in forwarded] + list(others.items())
    scope = {
        "type": "http",
        "client": (peer, 50_000) if peer is not None else None,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given],
        "app": SimpleNamespace(
            state=SimpleNamespace(trusted_networks=tuple(ipaddress.ip_network(one) for one in proxies))
        ),
    }
    return client_address(scope)


def test_L7_without_named_proxies_headers_count_for_nothing() -> None:
    for header in (CLIENT, "127.0.0.1", "10.0.0.1", "unknown", ""):
        assert seen("198.51.100.7", header, proxies=()) == "198.51.100.7"
        assert seen("10.0.0.1", header, proxies=()) == "10.0.0.1"
        assert seen("198.51.100.7", header) == "198.51.100.7"


def test_L7_a_named_proxy_is_believed() -> None:
    assert seen("10.0.0.1", CLIENT) == CLIENT
    assert seen("10.0.0.1", f"{CLIENT}, 10.2.2.2") == CLIENT
    assert seen("10.0.0.1") == "10.0.0.1"
    assert seen("10.0.0.1", "10.3.3.3, 10.2.2.2") == "10.3.3.3"
    assert seen("2001:db8:aaaa::1", "2001:db8:b::5") == "2001:db8:b::5"


def test_L7_what_a_client_writes_in_front_is_not_read() -> None:
    for forged in ("127.0.0.1", "10.9.9.9", "8.8.8.8, 10.9.9.9", "unknown", "garbage", "::1", "", ",,,"):
        assert seen("10.0.0.1", f"{forged}, {CLIENT}, 10.2.2.2") == CLIENT
        # As a header of its own: a proxy appends to the last, or adds one more.
        assert seen("10.0.0.1", forged, f"{CLIENT}, 10.2.2.2") == CLIENT
        assert seen("10.0.0.1", forged, CLIENT, "10.2.2.2") == CLIENT


def test_L7_other_headers_are_not_read() -> None:
    others = {
        "forwarded": f"for={CLIENT};proto=https",
        "x-real-ip": CLIENT,
        "x-client-ip": CLIENT,
        "true-client-ip": CLIENT,
        "cf-connecting-ip": CLIENT,
        "x-forwarded": CLIENT,
        "via": f"1.1 {CLIENT}",
    }
    assert seen("10.0.0.1", others=others) == "10.0.0.1"
    assert seen("10.0.0.1", "198.51.100.7", others=others) == "198.51.100.7"
    assert seen("198.51.100.7", others=others) == "198.51.100.7"


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        (f"{CLIENT}:54321", CLIENT),
        ("[2001:db8::5]", "2001:db8::5"),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("2001:DB8:0::5", "2001:db8::5"),
        ("fe80::1%eth0", "fe80::1"),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"[::ffff:{CLIENT}]:80", CLIENT),
        (f"  {CLIENT}\t", CLIENT),
    ],
)
def test_L7_addresses_in_all_their_spellings(hop: str, address: str) -> None:
    assert seen("10.0.0.1", hop) == address
    assert seen("10.0.0.1", f"8.8.8.8, {hop}, 10.2.2.2:80") == address
    assert seen("::ffff:10.0.0.1", hop) == address


@pytest.mark.parametrize(
    "hop",
    [
        "unknown",
        "_hidden",
        "-",
        "",
        "999.1.1.1",
        "1.2.3",
        "[::1",
        "::1]:80",
        "1.2.3.4:x",
        "0x7f.1",
        "\xff",
        f'"{CLIENT}"',
    ],
)
def test_L7_what_is_no_address_ends_the_way(hop: str) -> None:
    assert seen("10.0.0.1", f"8.8.8.8, {hop}") == "10.0.0.1"
    assert seen("10.0.0.1", f"8.8.8.8, {hop}, 10.2.2.2") == "10.2.2.2"


def test_L7_too_many_hops_are_not_walked() -> None:
    assert seen("10.0.0.1", ", ".join(["8.8.8.8", *["10.2.2.2"] * (MAX_HOPS - 1)])) == "8.8.8.8"
    assert seen("10.0.0.1", ", ".join(["8.8.8.8", *["10.2.2.2"] * MAX_HOPS])) == "10.2.2.2"
    assert seen("10.0.0.1", ",".join(["8.8.8.8"] * 10_000)) == "8.8.8.8"


def test_L7_mapped_addresses_are_the_addresses_they_map() -> None:
    assert seen(f"::ffff:{CLIENT}") == CLIENT
    assert seen(f"::ffff:{CLIENT}", proxies=()) == CLIENT
    assert seen("::ffff:10.0.0.1", CLIENT) == CLIENT


def test_L7_a_connection_without_an_address() -> None:
    for peer in (None, "", "testclient"):
        assert seen(peer, CLIENT) == (peer or "")


def test_an_ipv6_site_is_one_client() -> None:
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::9") != network_of("2001:db8:1:2::9")
    assert network_of(CLIENT) == network_of(f"::ffff:{CLIENT}") == CLIENT
    assert network_of("testclient") == "testclient"
    assert network_of("") == ""


def test_loopback_is_told_in_all_its_spellings() -> None:
    assert all(is_loopback(address) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"))
    assert not any(is_loopback(address) for address in (CLIENT, "::", "", "localhost"))
