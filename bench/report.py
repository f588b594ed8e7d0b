"""What a run found: rounds become one figure each, figures become ratios, and both become a table and a JSON file."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.goals import goals
from bench.load import Measured
from bench.scenarios import TITLES

# Compared with, but no goal.
PEERS = {"usual": "of usual", "drf": "of DRF"}


@dataclass(frozen=True)
class Figure:
    """One server under one kind of load.

    The rate is the median of the rounds; latencies are of all rounds together. ``cpu_us`` is the server's processor
    time a request, which a busy machine disturbs less than rates.
    """

    scenario: str
    connections: int
    server: str
    rate: float
    rounds: list[float]
    p50_ms: float
    p99_ms: float
    cpu_us: int
    statuses: dict[int, int]
    client_cpu: float


def figure(scenario: str, connections: int, server: str, rounds: list[Measured]) -> Figure:
    """Sum up the rounds of one server."""
    together = Measured()
    for one in rounds:
        together.latencies += one.latencies
        for status, count in one.statuses.items():
            together.statuses[status] = together.statuses.get(status, 0) + count
    rates = [round(one.rate, 1) for one in rounds]
    return Figure(
        scenario,
        connections,
        server,
        statistics.median(rates),
        rates,
        round(together.percentile(0.5) * 1000, 2),
        round(together.percentile(0.99) * 1000, 2),
        round(sum(one.server_cpu for one in rounds) / len(together.latencies) * 1e6),
        together.statuses,
        round(max(one.client_cpu for one in rounds), 2),
    )


@dataclass(frozen=True)
class Ratio:
    """TaskManager against one baseline: the median of the rounds' ratios, beside the goal where there is one.

    ``cpu_ratio`` compares processor time a request, the baseline's by ours: what the ratio is on a quiet machine.
    """

    scenario: str
    connections: int
    against: str
    ratio: float
    cpu_ratio: float
    goal: float | None


def ratios(figures: list[Figure], *, redis: bool) -> list[Ratio]:
    """Compare round by round: what disturbs one round disturbs both of its sides."""
    wanted = goals(redis=redis)
    mine = {(one.scenario, one.connections): one for one in figures if one.server == "taskmanager"}
    found = []
    for other in figures:
        own = mine.get((other.scenario, other.connections))
        if own is None or other is own:
            continue
        quotients = [a / b for a, b in zip(own.rounds, other.rounds, strict=True)]
        goal = None if other.server in PEERS else wanted[other.scenario].get(other.connections)
        ratio = round(statistics.median(quotients), 3)
        cpu_ratio = round(other.cpu_us / own.cpu_us, 3) if own.cpu_us else 0.0
        found.append(Ratio(other.scenario, other.connections, other.server, ratio, cpu_ratio, goal))
    return found


def write(path: Path, facts: dict[str, Any], **found: Sequence[Any]) -> None:
    """Keep a run as JSON: its facts, and what was found, by name."""
    content = {**facts, **{name: [asdict(one) for one in lines] for name, lines in found.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"Kept as {path}.")


def show(facts: dict[str, Any], figures: list[Figure], compared: list[Ratio]) -> None:
    """Print a run for people."""
    console = Console(width=118, highlight=False)
    options = ", ".join(f"{name} {value}" for name, value in facts["options"].items())
    console.print(f"\n{options}; {facts['machine']['processor']}, Python {facts['machine']['python']}")
    shown = {name: title for name, title in PEERS.items() if any(one.against == name for one in compared)}
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("work")
    own = ("connections", "TaskManager/s", "p50 ms", "p99 ms", "CPU us", "of bare", "by CPU", "goal")
    for name in (*own, *shown.values()):
        table.add_column(name, justify="right")
    by_key = {(one.scenario, one.connections, one.against): one for one in compared}
    for one in figures:
        if one.server != "taskmanager":
            continue
        floor = by_key.get((one.scenario, one.connections, "hashing" if one.scenario == "login" else "bare"))
        table.add_row(
            TITLES[one.scenario],
            str(one.connections),
            f"{one.rate:,.0f}",
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.cpu_us:,}",
            f"{floor.ratio:.2f}" if floor else "",
            f"{floor.cpu_ratio:.2f}" if floor else "",
            f"{floor.goal:.2f}" if floor and floor.goal else "",
            *(f"{by_key[one.scenario, one.connections, name].ratio:.1f}" for name in shown),
        )
    console.print(table)
    busiest = max(one.client_cpu for one in figures)
    console.print(f"The load client used at most {busiest:.0%} of its core.")
    for name, (before, after) in facts["memory_mib"].items():
        console.print(f"Memory of {name}: {before} MiB when signed in, {after} MiB after all.")
    if facts.get("storm"):
        storm = facts["storm"]
        console.print(
            f"Sign-in storm: GET /tasks p99 {storm['idle_p99_ms']} ms idle, {storm['storm_p99_ms']} ms beside "
            f"{storm['connections']} sign-ins ({storm['logins']}/s); goal: under twice."
        )
    wrong = [one for one in figures if any(status >= 400 for status in one.statuses)]
    for one in wrong:
        console.print(f"Refused: {one.server} {one.scenario} at {one.connections}: {one.statuses}")
