"""How names compare and which prefix a project's tasks get."""

import re
import unicodedata

MAX_KEY = 200


def name_key(name: str) -> str:
    """Return the form in which names are compared and sorted: compatibility-normalised, case-folded."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)[:MAX_KEY]


def task_prefix(name: str) -> str:
    """Return the prefix of task keys such as ``HOME-12``: up to ten ASCII letters and digits of the name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    letters = re.sub(r"[^A-Z0-9]", "", plain).lstrip("0123456789")[:10]
    return letters or "TASK"
