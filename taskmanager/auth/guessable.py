"""Passwords that a guesser tries first: one common word, or the words around an account (NIST SP 800-63B-4, 3.1.1.2).

Several different words in a row are what people should use, however common each is; only one alone, or the same again
and again, is refused. Digits and punctuation at the ends add nothing.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Literal

Weakness = Literal["password_too_common", "password_contains_name"]

LEAST_OWN = 4
"""What must be left of a password without the names in it, in letters."""
_LEAST_WORD = 3
_WORD = re.compile(r"[^\W\d_]+")


@cache
def common_words() -> frozenset[str]:
    """Return the passwords, words and names that people use most; the first call takes tens of milliseconds."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - most commands never need these megabytes

    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words)


def weakness_of(password: str, names: Iterable[str]) -> Weakness | None:
    """Return why a password is easily guessed, for an account with these names; None where it is not."""
    text = _plain(password)
    rest = text
    for name in sorted(_words(names), key=len, reverse=True):
        rest = rest.replace(name, "")
    if rest != text and (len(_core(rest)[0]) < LEAST_OWN or _is_common(rest)):
        return "password_contains_name"
    return "password_too_common" if _is_common(text) else None


def _words(names: Iterable[str]) -> set[str]:
    texts = [_plain(name) for name in names]
    return {word for text in texts for word in (text, *_WORD.findall(text)) if len(word) >= _LEAST_WORD}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _core(text: str) -> tuple[str, set[str]]:
    """Return a text without the digits and punctuation at its ends, and the words in it."""
    words = list(_WORD.finditer(text))
    return (text[words[0].start() : words[-1].end()] if words else ""), {word.group() for word in words}


def _is_common(text: str) -> bool:
    core, words = _core(text)
    if text in common_words() or _is_pattern(text):
        return True
    # Fewer letters than this among many digits say nothing.
    if len(core) < LEAST_OWN:
        return False
    return core in common_words() or (len(words) == 1 and words <= common_words()) or _is_pattern(core)


def _is_pattern(text: str) -> bool:
    """Tell whether a text only counts up or down, or repeats one common word or up to three characters."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        return True
    for size in range(1, len(text)):
        unit = text[:size]
        if (size <= _LEAST_WORD or unit in common_words()) and (unit * (len(text) // size + 1)).startswith(text):
            return True
    return False
