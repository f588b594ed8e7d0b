"""Texts of several lines: bullets, indentation, and where each line is in the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.quick_add.lines import lines_of

PASTED = """\
- [ ] Plan the party
    * Buy food
\t\tbread
    * Invite people
\r
• Clean up
  [ ]  After the party
plain - [ ] text
"""


def test_bullets_and_indentation() -> None:
    lines = lines_of(PASTED)
    assert [(line.text, line.parent, line.depth) for line in lines] == [
        ("Plan the party", None, 1),
        ("Buy food", 0, 2),
        ("bread", 1, 3),
        ("Invite people", 0, 2),
        ("Clean up", None, 1),
        ("After the party", 4, 2),
        ("plain - [ ] text", None, 1),
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\r\n \t\n", "- ", "- [ ] "])
def test_nothing_but_blanks(text: str) -> None:
    assert [line.text for line in lines_of(text)] in ([], ["-"], ["- [ ]"], ["[ ]"])


def test_a_first_line_may_be_indented_and_later_ones_less() -> None:
    lines = lines_of("    a\n  b\n   c\nd")
    assert [(line.text, line.parent) for line in lines] == [("a", None), ("b", None), ("c", 1), ("d", None)]


@given(st.text("ab -*[]\t\r\n•\u2028", max_size=60))
def test_lines_are_where_they_say(text: str) -> None:
    reached = 0
    for line in lines_of(text):
        assert line.start >= reached
        assert text[line.start : line.end] == line.text == line.text.strip()
        assert line.text
        reached = line.end
    assert reached <= len(text)
