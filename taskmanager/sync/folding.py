"""What entries of the journal mean to one reader: which things to look up again, and which to forget.

A reader hears of entries in the projects that it sees now, and in those that it has lost since. What it gets is never
what an entry says but the thing as it is at the moment of reading, so the order of entries does not matter to it, only
that none is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from taskmanager.journal.feed import Line
from taskmanager.journal.models import ACCESS
from taskmanager.projects.labels import KIND as LABEL
from taskmanager.projects.sections import KIND as SECTION
from taskmanager.projects.service import KIND as PROJECT
from taskmanager.tasks.filters.service import KIND as FILTER
from taskmanager.tasks.relations import KIND as RELATION
from taskmanager.tasks.state import COMMENT
from taskmanager.tasks.state import KIND as TASK

SHARED = frozenset({TASK, COMMENT, PROJECT, SECTION})
"""Kinds that lie in projects."""
PERSONAL = frozenset({LABEL, FILTER})
"""Kinds that belong to one account, which alone changes them."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader sees, and when that changed since the place from which it goes on."""

    seen: frozenset[str]
    lost: frozenset[str]
    gained: Mapping[str, Line]

    @classmethod
    def of(cls, seen: frozenset[str], changes: Sequence[Line]) -> "Access":
        lost = frozenset(line.project_before for line in changes if line.action == "lost" and line.project_before)
        gained = {line.project_after: line for line in changes if line.action == "gained" and line.project_after}
        return cls(seen, lost, gained)

    def told(self, line: Line, project_id: str | None) -> bool:
        """Tell whether the reader may have seen in a project what the entry takes away from there."""
        if project_id not in self.seen:
            return False
        gain = self.gained.get(project_id or "")
        if gain is None:
            return True
        if line.xid == gain.xid == 0:
            return line.seq > gain.seq
        return line.xid >= int((gain.detail or {}).get("settled") or 0)


@dataclass(slots=True)
class Touch:
    """What happened to one thing.

    ``told``: the reader may know of it; ``left``: it was out of sight meanwhile; ``came``: it may be new to the reader.
    """

    told: bool = False
    left: bool = False
    came: bool = False


@dataclass(slots=True)
class Folded:
    """The entries of one page, as things of one reader."""

    user_id: str
    access: Access
    touched: dict[str, dict[str, Touch]] = field(default_factory=dict)
    lost: dict[str, None] = field(default_factory=dict)
    related: dict[str, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self.touched.values())) + len(self.lost) + len(self.related)

    def of(self, kind: str) -> dict[str, Touch]:
        """Return what happened to the things of a kind, by id."""
        return self.touched.get(kind, {})

    def touch(self, kind: str, thing_id: str) -> Touch:
        return self.touched.setdefault(kind, {}).setdefault(thing_id, Touch())

    def add(self, line: Line) -> str | None:
        """Take an entry in; return the project that came into sight with it, if one did and is there still."""
        if line.kind == ACCESS:
            return self._add_access(line) if line.entity_id == self.user_id else None
        if line.kind in PERSONAL:
            if line.actor_id == self.user_id:
                self.touch(line.kind, line.entity_id).told = True
            return None
        if self._knew(line.project_before) or self._knew(line.project_after):
            self._add_shared(line)
        return None

    def _knew(self, project_id: str | None) -> bool:
        return project_id in self.access.seen or project_id in self.access.lost

    def _add_shared(self, line: Line) -> None:
        if line.kind == RELATION:
            detail = line.detail or {}
            self.related.update(dict.fromkeys(detail[end] for end in ("task_id", "other_id") if end in detail))
        elif line.kind in SHARED:
            before, after = line.project_before, line.project_after
            touch = self.touch(line.kind, line.entity_id)
            touch.told |= self.access.told(line, before) or self.access.told(line, after)
            touch.left |= self._knew(before) and after is not None and after not in self.access.seen
            touch.came |= before != after or line.action in {"created", "restored"}

    def _add_access(self, line: Line) -> str | None:
        if line.action == "lost" and line.project_before is not None:
            self.lost[line.project_before] = None
        elif line.project_after in self.access.seen:
            if line.action == "gained":
                return line.project_after
            self.touch(PROJECT, line.project_after or "")
        return None
