"""The strict JSON reader: what is JSON in its limits comes through, everything else is a refusal."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.kit.errors import InvalidError, MalformedError
from taskmanager.kit.http.body import BIGGEST, parse_json, unclean

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers(-BIGGEST - 1, BIGGEST) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_json_comes_through(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(
    st.binary() | st.text('[]{}":,0123456789.eE+-\\u tfn\x00\ud800').map(lambda t: t.encode("utf-8", "surrogatepass"))
)
def test_anything_else_is_a_refusal(body: bytes) -> None:
    with contextlib.suppress(MalformedError, InvalidError):
        parse_json(body)


@pytest.mark.parametrize("depth", [1, 32, 33, 900, 100_000])
def test_depth_is_limited(depth: int) -> None:
    body = b'{"a":' * depth + b"1" + b"}" * depth
    if depth <= 32:
        parse_json(body)
    else:
        with pytest.raises(MalformedError):
            parse_json(body)


def test_text_that_no_database_should_hold() -> None:
    assert unclean("plain 🦊 \u0301") is None
    assert unclean("a\0") is not None
    assert unclean("\ud83e") is not None
