"""Taking a file in: planned, held against what was asked for, then written as one operation or not at all."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.roles import Actor
from taskmanager.integrations.formats.drafts import MAX_LISTED, RowProblem
from taskmanager.integrations.importing import Importer
from taskmanager.integrations.planning import Plan, Planned, Planner
from taskmanager.integrations.preparing import Prepared
from taskmanager.integrations.repository import PlaceRepository
from taskmanager.integrations.schemas import (
    ImportCounts,
    ImportDuplicate,
    ImportProblem,
    ImportProject,
    ImportQuery,
    ImportReport,
    ImportSample,
)
from taskmanager.kit.errors import AppError, ConflictError

_SAMPLES = 10


class WrongRowsError(AppError):
    """Rows cannot be taken; the members of the report say which and why."""

    status = 422
    code = "import_invalid"
    title = "Some rows cannot be taken. Nothing was imported."


class DuplicatesError(ConflictError):
    """Rows are here already; the members of the report say which."""

    code = "import_duplicates"
    title = "Some tasks of this file are here already. Nothing was imported."


class ImportService:
    """Imports within one transaction, or only says what an import would do."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def run(
        self, query: ImportQuery, prepared: Prepared, progress: Callable[[int], None] = lambda _: None
    ) -> ImportReport:
        """Carry out an import, or with ``dry_run`` report on it (a session that cannot write will do then).

        Raises :class:`WrongRowsError` and :class:`DuplicatesError` as the query wants it; nothing is written then.
        """
        if not query.dry_run:
            await PlaceRepository(self._session, self._actor).hold()
        plan = await Planner(self._session, self._actor, query, prepared).plan()
        refusal = _refusal(plan, query)
        if not query.dry_run:
            if refusal is not None:
                raise refusal
            await Importer(self._session, self._actor).carry_out(plan, progress)
        report = _report(plan, query, accepted=refusal is None, operation_id=self._session.info.get("operation_id"))
        if not query.dry_run:
            imported, counts = audit.Event.DATA_IMPORTED, report.counts
            await audit.record(self._session, imported, actor=self._actor, format=report.format, tasks=counts.created)
        return report


def _refusal(plan: Plan, query: ImportQuery) -> AppError | None:
    if plan.problems and (query.on_invalid == "refuse" or plan.problems.whole_file):
        return WrongRowsError(_first(plan.problems.listed[0]), **_members(plan, query))
    if plan.known and query.on_duplicate == "refuse":
        draft, task = plan.known[0]
        detail = f"How many: {len(plan.known):,}. The first, {draft.place}, is {task.key}."
        return DuplicatesError(detail, **_members(plan, query))
    return None


def _first(problem: RowProblem) -> str:
    return ": ".join(part for part in (problem.place, problem.field, problem.message) if part)


def _members(plan: Plan, query: ImportQuery) -> dict[str, Any]:
    report = _report(plan, query, accepted=False, operation_id=None).model_dump(mode="json")
    report["counts"]["created"] = report["counts"]["comments"] = 0
    return {name: report[name] for name in ("counts", "mapping", "ignored", "notes", "duplicates", "problems")}


def _report(plan: Plan, query: ImportQuery, *, accepted: bool, operation_id: str | None) -> ImportReport:
    reading = plan.reading
    return ImportReport(
        format=reading.kind,
        source=plan.source,
        dry_run=query.dry_run,
        accepted=accepted,
        operation_id=operation_id,
        counts=ImportCounts(
            read=reading.rows,
            created=len(plan.new),
            duplicates=len(plan.known),
            problems=plan.problems.count,
            comments=sum(len(one.draft.comments) for one in plan.new),
        ),
        mapping=reading.mapping,
        ignored=list(reading.ignored),
        notes=plan.notes,
        projects=[
            ImportProject(
                id=None if query.dry_run and target.made is not None else target.id,
                name=target.name,
                created=target.made is not None,
                tasks=target.tasks,
            )
            for target in plan.targets.used
        ],
        duplicates=[
            ImportDuplicate(
                row=draft.row,
                place=draft.place,
                external_id=draft.external_id or "",
                task_id=task.id,
                key=task.key,
            )
            for draft, task in plan.known[:MAX_LISTED]
        ],
        problems=[_problem(problem) for problem in plan.problems.listed],
        sample=[_sample(one) for one in plan.new[:_SAMPLES]] if query.dry_run else [],
    )


def _problem(problem: RowProblem) -> ImportProblem:
    line = re.fullmatch(r"line (\d+)", problem.place)
    return ImportProblem(
        row=problem.row,
        line=int(line[1]) if line else None,
        place=problem.place,
        field=problem.field,
        code=problem.code,
        message=problem.message,
    )


def _sample(one: Planned) -> ImportSample:
    draft = one.draft
    return ImportSample(
        row=draft.row,
        title=draft.title,
        status=draft.status,
        priority=draft.priority,
        start=draft.start.as_json() if draft.start else None,
        due=draft.due.as_json() if draft.due else None,
        labels=list(draft.labels),
        assignees=list(draft.assignees),
        project=one.target.name,
        created_at=draft.created_at,
        completed_at=draft.completed_at,
        comments=len(draft.comments),
    )
