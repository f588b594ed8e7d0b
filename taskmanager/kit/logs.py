"""Log lines as text or JSON, one event a line whatever is in it (ASVS 16.4.1)."""

import json
import logging
import sys

from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.exc_info or record.exc_text:
            return text
        return text.replace("\r", "\\r").replace("\n", "\\n")


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


def configure(log_format: str, level: str) -> None:
    """Send all log lines to standard error in the given form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Requests are logged by taskmanager.access, with their id.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    # Its first two lines of each start tell nothing; each step of an upgrade is told below.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
