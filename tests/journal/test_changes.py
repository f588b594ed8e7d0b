"""What an operation did to a thing as a whole."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.journal.changes import UndoCollisionError, net_changes, refuse_collisions
from taskmanager.journal.models import Entry
from taskmanager.journal.service import changed

STATES = st.lists(st.fixed_dictionaries({name: st.integers(0, 2) for name in "abc"}), min_size=2, max_size=6)


def entry(action: str, before: dict[str, Any] | None, after: dict[str, Any] | None, thing: str = "t") -> Entry:
    return Entry(entity_id=thing, action=action, before=before, after=after)


@given(STATES)
def test_many_steps_fold_into_one(states: list[dict[str, int]]) -> None:
    steps = [entry("updated", *changed(one, other)) for one, other in pairwise(states)]
    (change,) = net_changes(steps)
    assert (change.before, change.after) == changed(states[0], states[-1])
    assert change.later(states[-1]) == []
    assert {**states[-1], **change.before} == states[0]


def test_what_was_made_was_deleted_before() -> None:
    (change,) = net_changes([entry("created", None, {"a": 1}), entry("updated", {"a": 1}, {"a": 2})])
    assert (change.before, change.after) == ({"deleted": True}, {"a": 2, "deleted": False})


def test_there_and_back_is_nothing() -> None:
    there, back = {"deleted": False}, {"deleted": True}
    (change,) = net_changes([entry("trashed", there, back), entry("restored", back, there)])
    assert (change.before, change.after) == ({}, {})


def test_things_are_kept_apart_in_the_order_of_their_first_change() -> None:
    changes = net_changes([entry("updated", {"a": 1}, {"a": 2}, thing) for thing in ("x", "y")] * 2)
    assert [change.entity_id for change in changes] == ["x", "y"]


def test_collisions_name_what_and_where() -> None:
    changes = net_changes([entry("updated", {"a": 1, "b": 1}, {"a": 2, "b": 2}, thing) for thing in ("x", "y")])
    refuse_collisions(changes, {"x": {"a": 2, "b": 2, "c": 9}, "y": {"a": 2, "b": 2}})
    with pytest.raises(UndoCollisionError) as refused:
        refuse_collisions(changes, {"x": {"a": 2, "b": 2}, "y": {"a": 3, "b": 2}})
    assert refused.value.extra["collisions"] == [{"id": "y", "fields": ["a"]}]
