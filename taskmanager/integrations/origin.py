"""What an imported task keeps of where it came from, beside its own fields."""

from dataclasses import dataclass
from typing import Any

from taskmanager.integrations.formats.drafts import TaskDraft

_UID = "X-TASKMANAGER-UID:"


@dataclass(frozen=True, slots=True)
class Origin:
    """Words of another program: people who have no account here, a parent that did not come along, content lines.

    An iCalendar task keeps its UID as the first line, so that other calendars know it again.
    """

    author: str | None = None
    assignees: tuple[str, ...] = ()
    parent: str | None = None
    lines: str = ""

    @classmethod
    def parse(cls, raw: dict[str, Any] | None) -> "Origin":
        """Return what :meth:`as_json` gave."""
        raw = raw or {}
        return cls(raw.get("author"), tuple(raw.get("assignees", ())), raw.get("parent"), raw.get("lines", ""))

    def as_json(self) -> dict[str, Any] | None:
        """Return only what there is, or None."""
        all_of_it = {
            "author": self.author,
            "assignees": list(self.assignees),
            "parent": self.parent,
            "lines": self.lines,
        }
        return {name: value for name, value in all_of_it.items() if value} or None

    @property
    def uid(self) -> str | None:
        """The UID in the calendar that the task came from."""
        first = self.lines.partition("\n")[0]
        return first.removeprefix(_UID) if first.startswith(_UID) else None

    @property
    def content_lines(self) -> str:
        """The iCalendar content lines that no field holds."""
        return self.lines.partition("\n")[2] if self.uid is not None else self.lines


def lines_of(draft: TaskDraft, kind: str) -> str:
    """Return the lines to keep of a draft that was read from a file of this kind."""
    if kind != "icalendar" or draft.external_id is None:
        return draft.raw
    changed_occurrence = any(line.upper().startswith("RECURRENCE-ID") for line in draft.raw.split("\n"))
    uid = draft.external_id.rpartition("#")[0] if changed_occurrence else draft.external_id
    return f"{_UID}{uid}\n{draft.raw}"
