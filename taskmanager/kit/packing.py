"""Flat records as bytes for the cache."""

import json
import zlib
from dataclasses import fields
from operator import attrgetter
from typing import Any, Generic, TypeVar

Record = TypeVar("Record")


class Packing(Generic[Record]):
    """Turns a dataclass of plain values into JSON and back, and names the place where it is kept.

    The names of its fields are part of the place: versions of the program with other fields, which run side by side
    during an update, never read each other's entries.
    """

    def __init__(self, kind: type[Record], name: str) -> None:
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        self._kind = kind
        self._values = attrgetter(*names)
        self._prefix = f"tm:{name}:{zlib.crc32(','.join(names).encode()):08x}:"

    def place(self, key: str) -> str:
        return self._prefix + key

    def pack(self, record: Record) -> bytes:
        return json.dumps(self._values(record), separators=(",", ":")).encode()

    def unpack(self, content: bytes) -> Record:
        values: list[Any] = json.loads(content)
        return self._kind(*values)
