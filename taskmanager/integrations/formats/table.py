"""The cells of a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One record; ``line`` is the line of the file on which it begins, from 1."""

    line: int
    cells: list[str]

    def texts(self, places: Sequence[int]) -> list[str]:
        """Return the texts at some places, without empty ones; a short row is empty to its right."""
        return [text for place in places if place < len(self.cells) and (text := self.cells[place].strip())]


@dataclass(frozen=True, slots=True)
class Table:
    """Records under their column names; a name may stand over several columns (as Jira writes labels)."""

    columns: list[str]
    delimiter: str
    rows: list[Row]

    def places(self, column: str) -> list[int]:
        """Return where a name stands."""
        return [place for place, name in enumerate(self.columns) if name == column]

    def texts(self, column: str) -> Iterator[str]:
        """Yield the texts under a name, without empty ones."""
        places = self.places(column)
        for row in self.rows:
            yield from row.texts(places)
