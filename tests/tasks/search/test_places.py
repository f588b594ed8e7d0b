"""Where words stand: nowhere but where the index has them, and always there."""

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.search.places import MOST, fold, joins, places, spans
from taskmanager.tasks.search.words import MAX_WORD, Wanted, wanted, words

# Letters that fold to more, to others or together; marks, scripts without blanks, what is no part of a word.
ODD = "aAbßŉıİſée\u0301\u0345\u0323ﬁﬃ½㈱ﷺ´…ΐςΣ가ㅎㅏ한ｶﾞ東京都ภาษาหน้ำहिन्दी-'_ .\n\u00a0🎉1２"  # noqa: RUF001
TEXTS = st.text(
    st.one_of(
        st.sampled_from(ODD),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=30,
)


def marked(text: str, q: str) -> list[str]:
    return [text[begin:end] for begin, end in spans(places(text, wanted(q)))]


@pytest.mark.parametrize(
    ("text", "q", "found"),
    [
        ("Pay the Rent", "rent", ["Rent"]),
        ("Pay the rental, rent", "rent", ["rent", "rent"]),
        ("rental rent", "rent pay", ["rent"]),
        ("To Straßenbau GmbH", "STRASSEN", ["Straßen"]),
        ("To Straßenbau GmbH", "stras", ["Straß"]),
        ("the ﬁnal Ａ１…", "final a1", ["ﬁnal", "Ａ１"]),  # noqa: RUF001
        ("Cafe\u0301 noir", "café", ["Cafe\u0301"]),
        ("Cafe\u0301 noir", "cafe x", []),
        ("東京都の家", "東京都", ["東京都"]),
        ("iPhone東京", "iphone x", ["iPhone"]),
        ("東京都", "都", ["都"]),
        ("x" * 100, "x" * 90, ["x" * MAX_WORD]),
        ("don't <b>bold</b>", "bold t b", ["t", "b", "bold", "b"]),
        ("nothing", "!!!", []),
    ],
)
def test_words_are_marked_as_they_were_written(text: str, q: str, found: list[str]) -> None:
    assert marked(text, q) == found


@given(TEXTS)
def test_a_folded_text_is_what_the_index_folds(text: str) -> None:
    folded = fold(text)
    assert folded.text == unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    assert len(folded.text) == len(folded.begins) == len(folded.ends)
    assert list(folded.begins) == sorted(folded.begins)
    assert all(0 <= begin < end <= len(text) for begin, end in zip(folded.begins, folded.ends, strict=True))


def test_no_other_character_becomes_one_with_those_before_it() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        decomposed = unicodedata.decomposition(character).split()
        if len(decomposed) == 2 and not decomposed[0].startswith("<"):
            assert joins(chr(int(decomposed[1], 16))), hex(code)
        if not joins(character) and not 0xD800 <= code < 0xE000:
            assert not joins(unicodedata.normalize("NFKC", character.casefold())[0]), hex(code)


@given(TEXTS, TEXTS)
def test_a_word_has_a_place_where_the_index_has_it(text: str, q: str) -> None:
    asked = (*wanted(q), *(Wanted(word) for word in words(q)), *(Wanted(word[:2], begins=True) for word in words(text)))
    there = set(words(text))
    found = places(text, asked)
    for number, one in enumerate(asked):
        has = any(word.startswith(one.word) if one.begins else word == one.word for word in there)
        assert has == any(place.word == number for place in found), one
    for place in found:
        assert asked[place.word].word in fold(text[place.begin : place.end]).text
    joined = spans(found)
    assert all(last < first for (_, last), (first, _) in pairwise(joined))


def test_a_long_text_has_an_end() -> None:
    assert len(places("a " * 50_000, [Wanted("a")])) == MOST
