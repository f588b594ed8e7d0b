"""The mappings of docs/import.md are mappings."""

import json
import re
from pathlib import Path

import pytest

from taskmanager.integrations.formats.mapping import FIELDS, parse_mapping

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
MAPPINGS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", MAPPINGS)
def test_each_can_be_given(text: str) -> None:
    given = json.loads(text)

    assert set(parse_mapping(given).describe()) == set(given)


def test_every_field_is_told() -> None:
    told = re.search(r"Fields: `(.*?)`", PAGE, re.DOTALL)

    assert len(MAPPINGS) == 3
    assert told is not None
    assert set(told[1].split()) == {*FIELDS, "comments"}
