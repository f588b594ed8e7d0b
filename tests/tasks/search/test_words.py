"""The words of a text, and what a search asks for."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from taskmanager.tasks.search.words import MAX_BYTES, MAX_WORD, Wanted, document, wanted, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pay the RENT!", ["pay", "the", "rent"]),
        ("Straße ﬁg \uff21\uff11", ["strasse", "fig", "a1"]),
        ("e-mail don't snake_case", ["e", "mail", "don", "t", "snake", "case"]),
        ("Äpfel ÉTÉ", ["äpfel", "été"]),
        ("हिन्दी कार्य", ["हिन्दी", "कार्य"]),
        ("東京都", ["東京", "京都", "都"]),
        ("iPhone東京", ["iphone", "東京", "京"]),
        ("カタカナ ภาษา", ["カタ", "タカ", "カナ", "ナ", "ภา", "าษ", "ษา", "า"]),
        ("x" * 100, ["x" * MAX_WORD]),
        ("!!! 🎉 …", []),
        ("", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert list(words(text)) == found


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("pay re", [Wanted("pay"), Wanted("re", begins=True)]),
        ("pay pay", [Wanted("pay"), Wanted("pay", begins=True)]),
        ("東京", [Wanted("東京")]),
        ("京 x", [Wanted("京", begins=True), Wanted("x", begins=True)]),
        ('"pay" AND NOT re*', [Wanted("pay"), Wanted("and"), Wanted("not"), Wanted("re", begins=True)]),
        ("!!!", []),
    ],
)
def test_what_a_search_asks_for(text: str, asked: list[Wanted]) -> None:
    assert list(wanted(text)) == asked


@given(st.text(), st.integers(0, 20), st.integers(1, 20))
def test_a_piece_of_an_unspaced_text_is_found(text: str, begin: int, length: int) -> None:
    """Whatever words a text has, it is found by all of itself; a text without blanks by any piece of it."""

    def finds(asked: str, there: list[str]) -> bool:
        return all(
            any(word.startswith(one.word) if one.begins else word == one.word for word in there)
            for one in wanted(asked)
        )

    assert finds(text, list(words(text)))
    unspaced = "東京都渋谷区神南一丁目の家"
    assert finds(unspaced[begin : begin + length], list(words(unspaced)))


@given(st.text())
def test_no_word_has_an_operator(text: str) -> None:
    for word in words(text):
        assert all(unicodedata.category(character)[0] in "LMN" for character in word)


def test_a_document_has_an_end() -> None:
    many = document("p", "title", (f"word{number} " * 3 for number in range(100_000)))
    assert len(many.encode()) < MAX_BYTES + 1000
    assert many.startswith("#p =title title word0 word1 ")


async def test_postgresql_cuts_a_document_where_we_do(postgresql_url: str) -> None:
    """Every character that a word may have, as a word of its own."""
    every = [chr(code) for code in range(1, sys.maxunicode + 1) if unicodedata.category(chr(code))[0] in "LMN"]
    engine = create_async_engine(postgresql_url)
    async with engine.connect() as connection:
        for begin in range(0, len(every), 20_000):
            some = every[begin : begin + 20_000]
            statement = sql("SELECT tsvector_to_array(CAST(:words AS tsvector))")
            assert set(await connection.scalar(statement, {"words": " ".join(some)})) == set(some)
    await engine.dispose()
