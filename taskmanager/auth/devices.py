"""What a session's agent says about itself: words for its owner, and whether the account knows it."""

import asyncio
import ipaddress
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache

UNKNOWN = "Unknown device"
YOUNG = timedelta(days=1)
_IPV6_SITE = 64
_MAX_WORDS = 80


async def in_words(agents: Sequence[str]) -> list[str]:
    """Return words such as "Firefox on Windows" for each agent.

    Reading agents takes 0.3 ms each and 0.15 s the first time, so it happens off the event loop.
    """
    return await asyncio.to_thread(lambda: [_words(agent) for agent in agents])


@lru_cache(1000)
def _words(agent: str) -> str:
    from ua_parser import parse  # noqa: PLC0415 - 50 ms of a start that may never list a session

    found = parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    # A program of nobody's names itself first: "backup-script/1.0".
    browser = browser or (re.match(r"[A-Za-z0-9_-]*", agent) or [""])[0]
    return _plain(f"{browser} on {system}" if browser and system else browser or system) or UNKNOWN


def _plain(words: str) -> str:
    # An agent is whatever a stranger wrote: nothing that a mail program takes for a link may be left.
    return re.sub(r"[^A-Za-z0-9 _+()-]+", " ", words).strip()[:_MAX_WORDS]


def is_new(known: Iterable[tuple[str, str]], address: str, agent: str, age: timedelta) -> bool:
    """Tell whether a sign-in comes from a network or an agent that an account has not used of late.

    The first sign-in of an account made within a day is its owner's own. An agent's numbers do not matter: browsers
    get new versions all the time.
    """
    known = list(known)
    if not known and age < YOUNG:
        return False
    sites, agents = {_site(ip) for ip, _ in known}, {_kind(other) for _, other in known}
    return _site(address) not in sites or _kind(agent) not in agents


def _site(address: str) -> str:
    """Return an address as far as it stays: a home keeps the first half of its IPv6 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.IPv6Network((parsed, _IPV6_SITE), strict=False))


def _kind(agent: str) -> str:
    return re.sub(r"[\d._]+", "", agent)
