r"""How the parts of a line are written. What the words mean stands beside them in ``days``, ``clocks``, ``repeats``.

Everything begins at the start of a word and ends with one. One mark of punctuation after it goes with it
(``tomorrow,``). Words are read in lower case, whatever blanks are between them.
"""

import re
from collections.abc import Callable
from functools import cached_property

_END = r"(?=[,;:.!?]?(?:\s|\Z))"

MARKS = re.compile(
    r"""(?<!\S)(?:
      (?P<note>//(?=\s|\Z))
    | (?P<quoted>"(?:\\.|[^"\\])*"(?!\w))
    | (?P<escaped>\\[^\s\\]\S*)
    | (?P<mark>[\#/@+])(?:"(?P<name>(?:\\.|[^"\\])*)"|(?P<word>[^\s"\#/@+\\]\S*?))END
    | \{(?P<deadline>[^{}]*)\}END
    | (?P<priority>[pP][1-4])END
    | (?P<urgency>!{1,4})(?=\s|\Z)
    )""".replace("END", _END),
    re.VERBOSE,
)
"""What is not made of plain words: names, literal text, the priority, the deadline, the beginning of the note."""

TRAILING = re.compile(r"[,;:.!?](?=\s|\Z)")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)

# What stands in a readable text for tokens that are found already, and for what is never read.
TOKEN, LITERAL = "\x00", "\x01"

# An apostrophe as typesetters have it is one.
_LOWER = {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | {0x2019: "'"}
_NAMES = re.compile(r"(?<!\S)(?!tom|tod)[tT][oO][mMdD](?!\w)")
# As ISO 8601 joins a day and a time.
_BETWEEN = re.compile(r"(?<=\d-\d\d)T(?=\d\d:\d\d(?![\w:]))")


def readable(text: str) -> str:
    """Return a text of the same length that patterns can read: lower case, blanks for white space.

    ``Tom`` and ``Tod`` are people; only ``tom`` is tomorrow and ``tod`` today. The T of
    ``2026-12-24T09:00`` is a blank too.
    """
    text = _BETWEEN.sub(" ", _NAMES.sub(LITERAL * 3, text))
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if c.isspace() else LITERAL if c < " " else c for c in text)
    return text.translate(_LOWER)


class Words:
    """A pattern that is compiled when it is first tried: a server's start need not wait for seventy of them."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def match(self) -> Callable[[str, int], re.Match[str] | None]:
        """As :meth:`re.Pattern.match`."""
        return re.compile(self.text, re.ASCII).match


def spelled(pattern: str, end: str = r"(?=[,;:.!?]?(?: |\Z))") -> Words:
    """Return a pattern in which each blank stands for any number of them, and which ends with a word."""
    return Words(f"(?:{pattern.replace(' ', ' +')}){end}")


def any_of(patterns: tuple[str, ...]) -> Words:
    """Return one pattern for all: where it does not match, none of them does, and they need not be tried."""
    return spelled("|".join(re.sub(r"\?P<\w+>", "?:", pattern) for pattern in patterns))


_AND = r"(?:,? and |,? & |, ?|/| )".replace(" ?", r"\x20*")


def listed(item: str) -> str:
    """Return the pattern of one or more items: ``mon, wed and fri``."""
    return rf"{item}(?:{_AND}{item})*"


ALONE = re.compile(
    r"[,;:.!?]|\s*\Z|\s+(?:\x00|(?:every|each|with|for|at|in|before|after|from|via|by|due|starting|until)(?: |\Z))"
)
"""What may follow words that could as well mean something else: nothing, or what such a word would not go with."""

WEEKDAY = r"(?:mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YEAR = r"2[01]\d\d"
ORDINAL = r"(?:\d{1,2}(?:st|nd|rd|th)|first)"
_NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
)  # fmt: skip
NUMBER = rf"(?:\d{{1,4}}|an?|{'|'.join(_NUMBERS)}|a couple of)"
_PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
PLACE = rf"(?:{'|'.join(_PLACES)}|[1-5](?:st|nd|rd|th))"


def number(text: str) -> int:
    """Return what :data:`NUMBER` means."""
    if text in {"a", "an"}:
        return 1
    if text.startswith("a "):
        return 2
    return _NUMBERS.index(text) + 1 if text in _NUMBERS else int(text)


def place(text: str) -> int:
    """Return what :data:`PLACE` or :data:`ORDINAL` means; the last one is -1."""
    return _PLACES.get(text) or int(re.sub(r"\D", "", text))


def weekday(text: str) -> int:
    return WEEKDAYS.index(text[:3])


def month(text: str) -> int:
    return MONTHS.index(text[:3]) + 1
