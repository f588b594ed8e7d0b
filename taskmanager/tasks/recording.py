"""Writing down that a task was changed."""

from collections.abc import Mapping
from typing import Any

from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.tasks.models import Task
from taskmanager.tasks.state import KIND, action_of, state


async def record_change(
    journal: Journal, task: Task, before: Mapping[str, Any], project_before: str, action: str | None = None
) -> None:
    """Give a changed task its next version and write the journal; ``action`` is by default what the fields say."""
    old, new = changed(before, state(task))
    if not new:
        return
    task.version += 1
    task.updated_at = clock.now()
    await journal.write(
        KIND,
        task.id,
        action or action_of(old, new),
        before=old,
        after=new,
        project_before=project_before,
        project_after=task.project_id,
    )
