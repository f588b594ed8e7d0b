"""The names that lines speak of, and which of them are known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from taskmanager.projects.names import name_key
from taskmanager.tasks.quick_add.marks import Mark

INBOX = ""
"""Stands for the project of lines that name none."""


@dataclass(frozen=True, slots=True)
class Names:
    """What may be meant, by keys as names compare. Sections and people belong to the key of a project."""

    projects: Mapping[str, str]
    sections: Mapping[tuple[str, str], str]
    people: Mapping[tuple[str, str], str]
    # Whether projects and sections that are not known are meant all the same.
    create_missing: bool = False

    def find(self, mark: Mark, project: str) -> str | None:
        """Return the name that a mark means for a task of a project, or None if there is none."""
        key = name_key(mark.value)
        match mark.kind:
            case "project":
                return self.projects.get(key) or self._new(mark)
            case "section":
                return self.sections.get((project, key)) or self._new(mark)
            case "assignee":
                return self.people.get((project, key))
            case _:
                return mark.value

    def _new(self, mark: Mark) -> str | None:
        # Issue #42 is no project that anybody wants; in quotes it is meant.
        return mark.value if self.create_missing and (mark.quoted or not mark.value.isdigit()) else None


@dataclass(frozen=True, slots=True)
class Mentions:
    """Keys of the names that stand in a text."""

    projects: frozenset[str]
    sections: frozenset[str]
    people: frozenset[str]


def mentioned(marks: Iterable[Mark]) -> Mentions:
    """Return what has to be looked up to read lines with these marks."""
    keys: dict[str, set[str]] = {"project": set(), "section": set(), "assignee": set()}
    for mark in marks:
        if mark.kind in keys:
            keys[mark.kind].add(name_key(mark.value))
    return Mentions(*(frozenset(found) for found in keys.values()))
