"""`python -m bench`: start the server and its baselines, load them in turns, print a table, keep a JSON file."""

import argparse
import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import dataset, processes, report
from bench.baselines import bare, usual
from bench.load import Conversation, Measured, request, run
from bench.peers import serving
from bench.scenarios import (
    SCENARIOS,
    Target,
    ask,
    create_request,
    refresh_request,
    sign_in,
    storm,
    update_request,
)
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.settings import Settings
from tests.services import own_postgres, own_valkey

RESULTS = Path(__file__).parent / "results"
WARM_UP = 0.3
READERS, STORM = 4, 500
STORM_SECONDS = 10.0
# The first of them all arrive within one moment, which is no storm but a wave.
STORM_WARM_UP = 2.5


def read_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000, help="rows in the table (default 10,000)")
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 32], help="default: 4 and 32")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=1.5, help="of one round (default 1.5)")
    parser.add_argument("--rounds", type=int, default=3, help="of each server, in turns (default 3)")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of this run's own")
    parser.add_argument("--redis", action="store_true", help="with a Valkey server of this run's own")
    parser.add_argument("--no-usual", action="store_true", help="leave the usual way out")
    parser.add_argument("--peers", action="store_true", help="with Django REST framework, on SQLite as it is")
    parser.add_argument("--output", type=Path, help="the JSON file (default: bench/results/ by time)")
    options = parser.parse_args()
    if options.peers and (options.postgresql or options.redis):
        parser.error("--peers compares on SQLite, without --postgresql and --redis")
    return options


@dataclass
class Bench:
    """A run: its options and the servers it compares."""

    options: argparse.Namespace
    folder: Path
    stack: contextlib.ExitStack

    def start(self) -> dict[str, Target]:
        """Start everything, sign in everywhere, and return the servers by name."""
        options, stack = self.options, self.stack
        settings: dict[str, str] = {}
        usual_url = f"sqlite+aiosqlite:///{self.folder / 'usual.db'}"
        if options.postgresql:
            # Both servers' commits must reach the disk, as they do on SQLite.
            durable = ("fsync=on", "full_page_writes=on")
            settings["database_url"] = stack.enter_context(own_postgres(*durable)).url
            usual_url = stack.enter_context(own_postgres(*durable)).url
        if options.redis:
            settings["redis_url"] = stack.enter_context(own_valkey()).url
        _timed("filling", lambda: dataset.fill(self._settings(settings), options.tasks))
        server = stack.enter_context(processes.taskmanager(self.folder / "data", **settings))
        users, most = dataset.usernames(options.tasks), max(options.connections)
        ours = Target("taskmanager", server.port, server.process.pid)
        sign_in(ours, users, most)
        targets = {"taskmanager": ours}
        bodies = str(self._bodies(ours))
        port, pid = stack.enter_context(processes.baseline("bare", bodies, self.folder))
        targets["bare"] = Target("bare", port, pid, ours.access, list(ours.refresh), ours.task_ids, ours.users)
        if not options.no_usual:
            _timed("filling usual", lambda: asyncio.run(usual.fill(usual_url, *dataset.usual_rows(options.tasks))))
            port, pid = stack.enter_context(processes.baseline("usual", usual_url, self.folder))
            targets["usual"] = Target("usual", port, pid)
            sign_in(targets["usual"], users, most)
        if options.peers:
            port, pid = stack.enter_context(serving.drf(self.folder, dataset.usual_rows(options.tasks)))
            targets["drf"] = Target("drf", port, pid)
            sign_in(targets["drf"], users, most)
        return targets

    def _settings(self, given: dict[str, str]) -> Settings:
        return Settings(data_dir=self.folder / "data", **given)  # type: ignore[arg-type]

    def _bodies(self, ours: Target) -> Path:
        """Keep one answer of each kind, for the bare server to repeat."""
        token, task_id = ours.access[0], ours.task_ids[0]
        one = ask(ours, request("GET", f"/tasks/{task_id}", token=token))
        answers = {
            "list": ask(ours, request("GET", "/tasks", token=token)),
            "one": one,
            "created": ask(ours, create_request(token, 0)),
            "updated": ask(ours, update_request(token, task_id, one.header(b"etag").decode(), 0)),
            "tokens": ask(ours, refresh_request(ours.refresh[0])),
        }
        folder = self.folder / "bodies"
        folder.mkdir()
        for name in bare.NAMES:
            (folder / name).write_bytes(answers[name].body)
        ours.refresh[0] = json.loads(answers["tokens"].body)["refresh_token"]
        return folder

    def measure(self, targets: dict[str, Target], scenario: str, connections: int) -> list[report.Figure]:
        """Load the servers in turns, so that what disturbs the machine disturbs all of them."""
        rounds: dict[str, list[Measured]] = {name: [] for name in targets}
        if scenario == "login":
            rounds["hashing"] = rounds.pop("bare")
        for _ in range(self.options.rounds):
            for name, found in rounds.items():
                found.append(self._hashing() if name == "hashing" else self._load(targets[name], scenario, connections))
        return [report.figure(scenario, connections, name, found) for name, found in rounds.items()]

    def _load(self, target: Target, scenario: str, connections: int) -> Measured:
        conversations = [SCENARIOS[scenario](target, number) for number in range(connections)]
        before = processes.cpu_seconds(target.pid)
        measured = run(target.port, {scenario: conversations}, self.options.seconds, WARM_UP)[scenario]
        # What was answered while warming up and draining is not counted, but it was paid for.
        share = self.options.seconds / (self.options.seconds + WARM_UP)
        measured.server_cpu = (processes.cpu_seconds(target.pid) - before) * share
        return measured

    def _hashing(self) -> Measured:
        seconds = self.options.seconds
        rate = processes.hashing_rate(seconds)
        count = round(rate * seconds)
        return Measured(seconds, 0.0, seconds, [1 / rate] * count, {200: count})

    def storm(self, target: Target) -> dict[str, Any]:
        """Return what a storm of sign-ins does to those who are in (L3)."""
        seconds = max(STORM_SECONDS, self.options.seconds)

        def readers() -> list[Conversation]:
            return [SCENARIOS["list"](target, number) for number in range(min(READERS, len(target.users)))]

        logins = [storm(target, number) for number in range(STORM)]
        idle = run(target.port, {"list": readers()}, seconds, WARM_UP)
        both = run(target.port, {"list": readers(), "login": logins}, seconds, STORM_WARM_UP)
        return {
            "connections": STORM,
            "idle_p99_ms": round(idle["list"].percentile(0.99) * 1000, 2),
            "storm_p99_ms": round(both["list"].percentile(0.99) * 1000, 2),
            "idle_rate": round(idle["list"].rate, 1),
            "storm_rate": round(both["list"].rate, 1),
            "logins": round(both["login"].statuses.get(200, 0) / both["login"].seconds, 1),
            "statuses": both["login"].statuses,
        }


def _timed(what: str, work: Callable[[], None]) -> None:
    begun = time.perf_counter()
    work()
    print(f"{what}: {time.perf_counter() - begun:.1f} s", flush=True)


def main() -> None:
    """Run it."""
    options = read_arguments()
    facts: dict[str, Any] = {
        "at": instant_text(clock.now()),
        "machine": processes.machine(),
        "options": {
            "tasks": options.tasks,
            "database": "PostgreSQL" if options.postgresql else "SQLite",
            "cache": "Redis" if options.redis else "in-process",
            "seconds": options.seconds,
            "rounds": options.rounds,
        },
    }
    os.sched_setaffinity(0, {processes.cores()[1]})
    figures: list[report.Figure] = []
    with tempfile.TemporaryDirectory(prefix="taskmanager-bench-") as name, contextlib.ExitStack() as stack:
        bench = Bench(options, Path(name), stack)
        targets = bench.start()
        memory = {name: [processes.memory_mib(target.pid)] for name, target in targets.items()}
        for scenario in options.scenarios:
            for connections in options.connections:
                found = bench.measure(targets, scenario, connections)
                figures += found
                said = ", ".join(f"{one.server} {one.rate:,.0f}" for one in found)
                print(f"{scenario} x {connections}: {said}", flush=True)
        if "login" in options.scenarios:
            facts["storm"] = bench.storm(targets["taskmanager"])
        for server, target in targets.items():
            memory[server].append(processes.memory_mib(target.pid))
    facts["memory_mib"] = memory
    compared = report.ratios(figures, redis=options.redis)
    path = options.output or RESULTS / f"{facts['at'][:19].replace(':', '')}.json"
    report.show(facts, figures, compared)
    report.write(path, facts, figures=figures, ratios=compared)


if __name__ == "__main__":
    main()
