"""The limits of the readers are those of the API: what a file may hold, a request may, and nothing more."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from taskmanager.integrations.formats import values
from taskmanager.integrations.formats.values import BadValueError
from taskmanager.tasks.schemas import CommentBody, TaskCreate


@pytest.mark.parametrize(
    ("check", "model", "field", "longest"),
    [
        (lambda text: values.check_line(text, values.TITLE_LENGTH), TaskCreate, "title", "x" * values.TITLE_LENGTH),
        (values.check_text, TaskCreate, "description", "x" * values.TEXT_LENGTH),
        (values.check_comment, CommentBody, "body", "x" * values.COMMENT_LENGTH),
        (
            lambda text: values.check_names([text], values.LABEL_LENGTH, 1),
            TaskCreate,
            "labels",
            "x" * values.LABEL_LENGTH,
        ),
    ],
)
def test_lengths(check: Any, model: type[BaseModel], field: str, longest: str) -> None:
    def body(text: str) -> dict[str, Any]:
        return {"title": "A", field: [text] if field == "labels" else text} if model is TaskCreate else {field: text}

    check(longest)
    model.model_validate(body(longest))
    with pytest.raises(BadValueError):
        check(longest + "x")
    with pytest.raises(ValidationError):
        model.model_validate(body(longest + "x"))


def test_minutes() -> None:
    assert values.check_minutes(str(values.MOST_MINUTES)) == values.MOST_MINUTES
    TaskCreate(title="A", estimate_minutes=values.MOST_MINUTES)
    with pytest.raises(BadValueError):
        values.check_minutes(str(values.MOST_MINUTES + 1))
    with pytest.raises(ValidationError):
        TaskCreate(title="A", estimate_minutes=values.MOST_MINUTES + 1)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("1h 30m", 90), ("2h", 120), ("45 min", 45), ("PT1H30M", 90), ("P1DT1H", 1500), ("0", None)],
)
def test_spans(text: str, minutes: int | None) -> None:
    assert values.check_minutes(text) == minutes
