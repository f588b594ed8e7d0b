"""Bodies and answers of reminders."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from taskmanager.kit.limits import Input, InstantText, Output
from taskmanager.tasks.reminders.times import MOST_MINUTES

MOST_REMINDERS = 10
MinutesBefore = Annotated[int, Field(ge=0, le=MOST_MINUTES)]


class ReminderBeforeDue(Input):
    """So long before the task is due. It sleeps while the task has no due date."""

    minutes_before_due: MinutesBefore


class ReminderAt(Input):
    """At an instant, whatever becomes of the due date; where a recurring task goes on, it goes along."""

    at: InstantText


def _kind_of(value: Any) -> str:
    timed = "at" in value if isinstance(value, dict) else isinstance(value, ReminderAt)
    return "at" if timed else "before_due"


ReminderIn = Annotated[
    Annotated[ReminderBeforeDue, Tag("before_due")] | Annotated[ReminderAt, Tag("at")], Discriminator(_kind_of)
]


class Reminders(Input):
    reminders: Annotated[list[ReminderIn], Field(max_length=MOST_REMINDERS)]


class ReminderOut(Output):
    """Exactly one of the first two is set; ``fires_at`` is null while the reminder sleeps."""

    minutes_before_due: int | None
    at: datetime | None
    fires_at: datetime | None


class RemindersOut(Output):
    reminders: list[ReminderOut]
