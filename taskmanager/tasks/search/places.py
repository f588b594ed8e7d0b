"""Where the words of a search stand in a text, as its author wrote it.

Words compare in the form that ``words.py`` gives them, which may be longer or shorter than what was written ("Straße",
"ﬁn"). So a text is folded with the place that each of its characters came from.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from taskmanager.tasks.search.words import MAX_WORD, Wanted, is_unspaced

MOST = 30
"""Places of each word that are told; who looks for "e" in a long text has seen enough."""

# All that could change its length: ASCII never does, but for the letter that takes the mark behind it.
_ODD = re.compile("[\\x00-\\x7f]?[^\\x00-\\x7f]+")
# Jamo, which become syllables together, the half-width marks of kana, and vowels that begin with a mark.
_JOINING = re.compile("[\u0e33\u0eb3\u1160-\u11ff\u3131-\u318e\uff9e-\uff9f\uffa0-\uffdc]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in the form in which words compare; character ``n`` was written from ``begins[n]`` to ``ends[n]``."""

    text: str
    begins: Sequence[int]
    ends: Sequence[int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word stands, in code points of the text; ``word`` is its number among those asked for."""

    begin: int
    end: int
    word: int


def places(text: str, asked: Sequence[Wanted]) -> list[Place]:
    """Return where the words asked for stand in a text, in order; of a longer word only the part that was asked for."""
    folded = fold(text)
    found = [
        Place(folded.begins[begin], folded.ends[end - 1], number)
        for number, one in enumerate(asked)
        for begin, end in _of_word(folded.text, one)
    ]
    return sorted(found, key=lambda place: (place.begin, place.end))


def spans(found: Iterable[Place]) -> list[tuple[int, int]]:
    """Return places in order as spans that neither overlap nor touch."""
    joined: list[tuple[int, int]] = []
    for place in found:
        if joined and place.begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], place.end)
        else:
            joined.append((place.begin, place.end))
    return joined


def fold(text: str) -> Folded:
    """Return a text in the form in which words compare, with where its characters came from."""
    whole = _in_place(text)
    if whole is not None:
        return Folded(whole, range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    begins: list[int] = []
    ends: list[int] = []

    def add(folded: str, begin: int, end: int) -> None:
        pieces.append(folded)
        begins.extend([begin] * len(folded))
        ends.extend([end] * len(folded))

    def add_in_place(folded: str, begin: int) -> None:
        pieces.append(folded)
        begins.extend(range(begin, begin + len(folded)))
        ends.extend(range(begin + 1, begin + len(folded) + 1))

    at = 0
    for odd in _ODD.finditer(text):
        add_in_place(text[at : odd.start()].lower(), at)
        same, at = _in_place(odd[0]), odd.end()
        if same is not None:
            add_in_place(same, odd.start())
            continue
        for begin, end in _clusters(odd[0]):
            add(_fold(odd[0][begin:end]), odd.start() + begin, odd.start() + end)
    add_in_place(text[at:].lower(), at)
    return Folded("".join(pieces), begins, ends)


def joins(character: str) -> bool:
    """Tell whether a character may become one with those before it."""
    return unicodedata.category(character)[0] == "M" or _JOINING.match(character) is not None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _in_place(text: str) -> str | None:
    """Return the folded text if each character stayed where it was; mostly it did, and asking is quick."""
    folded = text.casefold()
    same = len(folded) == len(text) and all(unicodedata.is_normalized("NFKC", one) for one in (text, folded))
    return folded if same else None


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text that are folded without regard to each other."""
    begin = 0
    for at, character in enumerate(text):
        if at and not joins(character):
            yield begin, at
            begin = at
    yield begin, len(text)


def _of_word(text: str, one: Wanted) -> Iterator[tuple[int, int]]:
    word, anywhere = one.word, is_unspaced(one.word)
    goes_on = one.begins or len(word) == MAX_WORD
    at, found = text.find(word), 0
    while at >= 0 and found < MOST:
        end = at + len(word)
        if anywhere or (_border(text, at - 1) and (goes_on or _border(text, end))):
            found += 1
            yield at, end
        at = text.find(word, at + 1)


def _border(text: str, at: int) -> bool:
    """Tell whether no word goes on at a character."""
    if not 0 <= at < len(text):
        return True
    return unicodedata.category(text[at])[0] not in "LMN" or is_unspaced(text[at])
