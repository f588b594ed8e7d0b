"""What one operation did to each thing as a whole: what undo takes back, and what is in its way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from taskmanager.journal.models import Entry
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError

DELETED = "deleted"
"""The field that tells of the trash. What an operation made was "deleted" before it, and is so again once undone."""
TRASHED_BY = "trashed_by"
"""The operation that put a thing into the trash: what went there together comes back together."""


class UndoCollisionError(ConflictError):
    """A later edit would be lost by the undo; ``collisions`` names it."""

    code = "undo_collision"
    title = "Later edits are in the way."


@dataclass
class NetChange:
    """The fields of one thing that an operation changed, as they were before all of it and as it left them."""

    entity_id: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    made: bool = False

    def add(self, entry: Entry) -> None:
        """Add the next entry of the same operation."""
        before, after = dict(entry.before or {}), dict(entry.after or {})
        if self.made:
            # Its fields were nothing before.
            before = {}
        if entry.action == "created":
            self.made = True
            before, after[DELETED] = {DELETED: True}, False
        elif entry.action == "removed":
            before[DELETED], after = False, {DELETED: True}
        self.before = {**before, **self.before}
        self.after.update(after)
        for name in [name for name, value in self.after.items() if name in self.before and self.before[name] == value]:
            del self.before[name], self.after[name]

    def later(self, now: Mapping[str, Any]) -> list[str]:
        """Return the fields that do not have the value any more that the operation gave them."""
        return sorted(name for name, value in self.after.items() if now.get(name) != value)


def net_changes(entries: Iterable[Entry]) -> list[NetChange]:
    """Fold the entries of one operation and kind, first to last, into one change for each thing."""
    changes: dict[str, NetChange] = {}
    for entry in entries:
        changes.setdefault(entry.entity_id, NetChange(entry.entity_id)).add(entry)
    return list(changes.values())


def refuse_collisions(changes: Iterable[NetChange], states: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise :class:`UndoCollisionError` if something was changed after the operation; ``states`` has all as it is."""
    collisions = [{"id": change.entity_id, "fields": change.later(states[change.entity_id])} for change in changes]
    collisions = [collision for collision in collisions if collision["fields"]]
    if collisions:
        fields = sorted({name for collision in collisions for name in collision["fields"]})
        raise UndoCollisionError(f"Changed since: {', '.join(fields)}.", collisions=collisions[:100])


def trash_state(thing: Any) -> dict[str, Any]:
    """Return the fields of a task or project that tell whether, and by which operation, it went to the trash."""
    return {DELETED: thing.deleted_at is not None, TRASHED_BY: thing.deleted_operation}


def put_trash(thing: Any, values: Mapping[str, Any], operation_id: str) -> None:
    """Put a task or project into the trash or take it out, if ``values`` say so; the default is this operation."""
    if DELETED in values:
        thing.deleted_at = clock.now() if values[DELETED] else None
        thing.deleted_operation = values.get(TRASHED_BY, operation_id) if values[DELETED] else None
