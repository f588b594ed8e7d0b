"""The words of a text, the same ones whichever database keeps them.

A text is normalised (NFKC, case-folded) and cut where Unicode has no letter, mark or digit. Scripts without blanks
between words are cut into pairs of characters, each beginning at one of them. No word has a character that any
database could take for an operator, so a list of words joined by blanks is a document as it stands: FTS5 cuts it at the
blanks, PostgreSQL reads it as a tsvector.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_WORD = 60
"""Characters of a word that count."""
MAX_BYTES = 400_000
"""Of one document; PostgreSQL keeps at most a megabyte of words. What comes after is not found."""

PROJECT = "#"
TITLE = "="
"""Marks before what stands in a document beside its words: its project, and each word of its title once more."""

# Han, kana, bopomofo; Thai, Lao, Burmese, Khmer.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")


class _Separators(dict[int, int]):
    """A table for ``str.translate`` that leaves letters, marks and digits and turns all else into blanks."""

    def __missing__(self, code: int) -> int:
        kept = unicodedata.category(chr(code))[0] in "LMN"
        self[code] = code if kept else ord(" ")
        return self[code]


_SEPARATORS = _Separators()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word that a search asks for; with ``begins`` any word that begins so."""

    word: str
    begins: bool = False


def is_unspaced(text: str) -> bool:
    """Tell whether a text begins with a character of a script without blanks."""
    return _ANY_UNSPACED.match(text) is not None


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the words of a text in order, uncut, and whether each is of an unspaced script."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    words = text.translate(_SEPARATORS).split()
    if not _ANY_UNSPACED.search(text):
        yield from ((word, False) for word in words)
        return
    for word in words:
        for piece in _PIECES.findall(word):
            yield piece, is_unspaced(piece)


def words(text: str) -> Iterator[str]:
    """Yield the words under which a text is found."""
    for piece, unspaced in _pieces(text):
        if unspaced:
            yield from (piece[at : at + 2] for at in range(len(piece)))
        else:
            yield piece[:MAX_WORD]


def wanted(text: str) -> tuple[Wanted, ...]:
    """Return what a search for a text asks for, each once; its last word may go on."""
    pieces = list(_pieces(text))
    found: dict[Wanted, None] = {}
    for number, (piece, unspaced) in enumerate(pieces, start=1):
        if not unspaced:
            found[Wanted(piece[:MAX_WORD], begins=number == len(pieces))] = None
        elif len(piece) == 1:
            found[Wanted(piece, begins=True)] = None
        else:
            found.update((Wanted(piece[at : at + 2]), None) for at in range(len(piece) - 1))
    return tuple(found)


def document(project_id: str, title: str, texts: Iterable[str]) -> str:
    """Return what the index keeps of a task: its project and its words, each once, joined by blanks."""
    marked: dict[str, None] = {project_token(project_id): None}
    in_title = dict.fromkeys(words(title))
    marked.update((TITLE + word, None) for word in in_title)
    marked.update(in_title)
    left = MAX_BYTES
    for text in texts:
        for word in words(text):
            if word not in marked:
                left -= len(word.encode()) + 1
                if left < 0:
                    return " ".join(marked)
                marked[word] = None
    return " ".join(marked)


def project_token(project_id: str) -> str:
    """Return the word that stands for a project in a document."""
    return PROJECT + project_id.replace("-", "")
