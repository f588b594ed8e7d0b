"""What a check finds: a level, what is so, and what to do."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's. ``advice`` is empty where all is well."""

    check: str
    level: Level
    found: str
    advice: str = ""


class Findings:
    """Makes findings of one check."""

    def __init__(self, check: str) -> None:
        self._check = check

    def ok(self, found: str) -> Finding:
        return Finding(self._check, "ok", found)

    def warn(self, found: str, advice: str) -> Finding:
        return Finding(self._check, "warn", found, advice)

    def fail(self, found: str, advice: str) -> Finding:
        return Finding(self._check, "fail", found, advice)
