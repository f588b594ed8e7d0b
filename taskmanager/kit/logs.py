"""Log lines as text or JSON, one event a line whatever is in it (ASVS 16.4.1)."""

import json
import logging
import re
import sys
import time

from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text

# What starts a new line, steers a terminal, or turns the direction of writing.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_CONTINUED = "\n    "


def one_line(text: str) -> str:
    """Return ``text`` with everything visible that would act on a terminal or on who reads the log."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Text(logging.Formatter):
    """A line for people, in UTC: those of several machines come in one order (ASVS 16.2.2)."""

    _second, _shown = -1, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - of the base class
        second = int(record.created)
        if second != self._second:
            self._shown, self._second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)), second
        return f"{self._shown}.{int(record.msecs):03d}Z"

    def format(self, record: logging.LogRecord) -> str:
        head, *trace = super().format(record).split("\n") if _has_trace(record) else [super().format(record)]
        # Lines of a traceback are indented: none of them can pass for an event of its own.
        return _CONTINUED.join(one_line(line) for line in (head, *trace))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": instant_text(clock.now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True)


def _has_trace(record: logging.LogRecord) -> bool:
    return bool(record.exc_info or record.exc_text or record.stack_info)


def configure(log_format: str, level: str) -> None:
    """Send all log lines to standard error in the given form."""
    # No line shows them, and looking for them takes as long as writing the line (the logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Requests are logged by taskmanager.access, with their id.
    logging.getLogger("uvicorn.access").disabled = True
    # At level debug these tell every statement and every row, whatever is in it; of migrations we tell ourselves.
    for name in ("aiosqlite", "sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
