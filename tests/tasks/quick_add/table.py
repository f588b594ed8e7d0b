"""The table of cases: texts, and how each must be read. The web application tests its chips against the same one."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from taskmanager.projects.names import name_key
from taskmanager.tasks.quick_add.moments import Asked
from taskmanager.tasks.quick_add.names import INBOX, Names
from taskmanager.tasks.quick_add.reading import Reading, Token

TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("cases.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = TABLE["cases"]
ASKED = Asked(datetime.fromisoformat(TABLE["now"]), TABLE["timezone"])


def known(*, create_missing: bool = False) -> Names:
    """Return the names that the table knows."""
    projects = {name_key(name): name for name in TABLE["projects"]}
    people = {**{name: name for name in TABLE["people"]}, **dict.fromkeys(("me", TABLE["me"]), TABLE["me"])}
    return Names(
        projects=projects,
        sections={(name_key(p), name_key(s)): s for p, sections in TABLE["projects"].items() for s in sections},
        people={(key, name): meant for key in (INBOX, *projects) for name, meant in people.items()},
        create_missing=create_missing,
    )


def as_case(text: str, reading: Reading) -> dict[str, Any]:
    """Return a reading as the table writes it down."""
    plan = reading.plan
    told = {
        "due": plan.due.local if plan.due is not None else None,
        "rrule": plan.rule,
        "anchor": plan.anchor if plan.anchor != "due" else None,
        "unknown": _rows(reading.unknown) or None,
    }
    said = {"text": text, "title": reading.title, "tokens": _rows(reading.tokens)}
    return said | {name: value for name, value in told.items() if value is not None}


def _rows(tokens: tuple[Token, ...]) -> list[list[Any]]:
    return [[token.start, token.end, token.kind, token.value] for token in tokens]
