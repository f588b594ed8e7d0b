"""Who is named in a text: ``@name`` where a word could begin, outside of code.

``anna@example.org`` names nobody, neither does ``@anna/package`` nor an address such as ``https://example.org/@anna``.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

MOST = 50
"""People whom one text can name; whoever calls everybody calls nobody."""

# A name may end like a sentence does; then both readings count. The group never gives back what it took.
_NAME = re.compile(
    r"(?:(?<![\w.+\-@/\\=&%~#$])|(?<=\W[_~])|(?<=\W__))@((?>[a-z0-9][a-z0-9._-]*))(?![\w@/])", re.IGNORECASE
)
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}(?=[^`]*$)|~{3,})")
_PARAGRAPHS = re.compile(r"\n[ \t>]*\n")
_TICKS = re.compile(r"`+")


def mentioned(text: str) -> list[str]:
    """Return the user names that a Markdown text may name, in small letters, each once, in their order."""
    if "@" not in text:
        return []
    names: dict[str, None] = {}
    for paragraph in _PARAGRAPHS.split("\n".join(_outside_fences(text))):
        for match in _NAME.finditer(" " + _outside_spans(paragraph)):
            name = match[1].lower()
            names |= dict.fromkeys((name, name.rstrip("._-")))
    return list(names)[: 2 * MOST]


def _outside_fences(text: str) -> Iterator[str]:
    """Yield the lines that are in no fenced block (CommonMark, 4.5), with empty ones in place of the others."""
    fence: str | None = None
    for line in text.splitlines():
        if fence is None:
            opening = _FENCE.match(line)
            fence = opening[1] if opening else None
            yield "" if opening else line
        else:
            closing = line.strip(" \t>")
            if closing.startswith(fence) and not closing.strip(fence[0]):
                fence = None
            yield ""


def _outside_spans(text: str) -> str:
    """Return a paragraph with blanks in place of its code spans (CommonMark, 6.1): equally many ticks on both sides."""
    runs = [match.span() for match in _TICKS.finditer(text)]
    starts: dict[int, list[int]] = defaultdict(list)
    for start, end in runs:
        starts[end - start].append(start)
    kept, done = [], 0
    for start, end in runs:
        if start < done or text[start - 1 : start] == "\\":
            continue
        same = starts[end - start]
        place = bisect_right(same, start)
        if place < len(same):
            kept += [text[done:start], " "]
            done = same[place] + end - start
    return "".join([*kept, text[done:]])
