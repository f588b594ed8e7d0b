"""Bodies and answers of what is done to tasks beyond changing their fields: placing, relating, batches."""

from typing import Annotated, Any, Literal

from pydantic import Field

from taskmanager.kit.limits import UNSET, IdText, Input, Output
from taskmanager.projects.schemas import Place
from taskmanager.tasks.schemas import TaskOut

BatchOp = Literal["create", "update", "delete", "complete", "reopen", "restore", "move"]
RelationKind = Literal["blocks", "blocked_by", "relates", "duplicates", "duplicated_by", "precedes", "follows"]


class TaskMove(Place):
    """Where a task goes; the place is one in the order of its project. What is not named stays."""

    project_id: IdText = UNSET
    section_id: IdText | None = None
    parent_id: IdText | None = None


class Relation(Input):
    """What a task is to another one."""

    kind: RelationKind
    task_id: IdText


class Relations(Input):
    relations: Annotated[list[Relation], Field(max_length=100)]


class RelationOut(Output):
    kind: RelationKind
    task_id: str


class RelationsOut(Output):
    relations: list[RelationOut]


class BatchOperation(Input):
    """One write of a batch; ``body`` is what the single route takes, ``if_match`` the ETag it takes."""

    op: BatchOp
    id: IdText | None = None
    if_match: Annotated[str | None, Field(max_length=1000)] = None
    body: dict[str, Any] | None = None


class Batch(Input):
    atomic: bool
    operations: Annotated[list[BatchOperation], Field(min_length=1, max_length=200)]


class BatchResult(Output):
    """What became of one write: the status that its own route would have answered, and its task or problem."""

    status: int
    task: TaskOut | None
    problem: dict[str, Any] | None


class BatchOut(Output):
    results: list[BatchResult]
