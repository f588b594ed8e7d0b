"""Every query of projects, members and labels; all limited to what the actor may see."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import InvalidError, NotFoundError
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.kit.prepared import Prepared
from taskmanager.projects.access import ProjectRole, capped
from taskmanager.projects.models import Label, Project, ProjectAccess, ProjectMember, Section

BY_NAME = [SortKey(Project.name_key, lambda row: row[0].name_key), SortKey(Project.id, lambda row: row[0].id)]
BY_USERNAME = [SortKey(User.username, lambda row: row[0].username)]
BY_POSITION = [SortKey(Section.position, lambda row: row.position), SortKey(Section.id, lambda row: row.id)]
LABELS_BY_NAME = [SortKey(Label.name_key, lambda label: label.name_key)]

Seen = tuple[Project, ProjectRole]
"""A project and what the actor may do in it."""


class ProjectRepository:
    """Projects as one actor sees them."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    def _visible(self) -> Select[Project, str]:
        return (
            select(Project, ProjectAccess.role)
            .join(ProjectAccess, ProjectAccess.project_id == Project.id)
            .where(ProjectAccess.user_id == self._actor.user_id)
        )

    def _seen(self, row: tuple[Project, str]) -> Seen:
        return row[0], capped(row[1], self._actor)

    async def list(self, pager: Pager) -> Sequence[Seen]:
        rows = await self._session.execute(pager.apply(self._visible(), BY_NAME))
        return [self._seen(row) for row in rows]

    async def ids(self) -> frozenset[str]:
        """Return the ids of all projects that the actor sees."""
        statement = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)
        return frozenset((await self._session.execute(statement)).scalars())

    async def all(self, ids: Sequence[str] | None = None) -> Sequence[Seen]:
        """Return every project that the actor sees, or those among ``ids``."""
        statement = self._visible() if ids is None else self._visible().where(Project.id.in_(ids))
        return [self._seen(row) for row in await self._session.execute(statement.order_by(Project.id))]

    async def trashed_for_system(self, ids: Sequence[str]) -> dict[str, bool]:
        """Return whether each of some projects lies in the trash, whoever asks; what is gone for good is left out."""
        statement = select(Project.id, Project.deleted_at.is_not(None)).where(Project.id.in_(ids))
        return dict((await self._session.execute(statement)).all())

    async def get(self, project_id: str, *, lock: bool = False) -> Seen:
        """Return a project and the actor's role in it; with ``lock`` nobody else changes it meanwhile."""
        statement = self._visible().where(Project.id == project_id)
        if lock:
            statement = statement.with_for_update(of=Project, key_share=True)
        row = (await self._session.execute(statement)).one_or_none()
        if row is None:
            raise NotFoundError
        return self._seen(row)

    async def inbox(self) -> Project:
        """Return the actor's private project."""
        statement = select(Project).where(Project.inbox_of == self._actor.user_id)
        return (await self._session.execute(statement)).scalar_one()

    async def descendants(self, project_id: str) -> Sequence[Project]:
        """Return the live projects below one, which the actor was found to see."""
        below = select(Project.id).where(Project.id == project_id).cte("below", recursive=True)
        below = below.union(select(Project.id).where(Project.parent_id == below.c.id, Project.deleted_at.is_(None)))
        statement = select(Project).where(Project.id.in_(select(below.c.id)), Project.id != project_id)
        return (await self._session.execute(statement)).scalars().all()

    async def members(self, project_id: str, pager: Pager) -> Sequence[tuple[User, str, bool]]:
        """Return account, role, and whether it comes from a project above."""
        statement = (
            select(User, ProjectAccess.role, ProjectMember.role)
            .join(ProjectAccess, ProjectAccess.user_id == User.id)
            .outerjoin(ProjectMember, (ProjectMember.user_id == User.id) & (ProjectMember.project_id == project_id))
            .where(ProjectAccess.project_id == project_id)
        )
        rows = await self._session.execute(pager.apply(statement, BY_USERNAME))
        return [(user, role, own != role) for user, role, own in rows]

    async def find_member(self, project_id: str, user_id: str) -> ProjectMember | None:
        return await self._session.get(ProjectMember, (project_id, user_id))

    async def count_admins(self, project_id: str) -> int:
        """Return how many administrators a project has, locked against a change at the same time."""
        statement = (
            select(ProjectMember.user_id)
            .where(ProjectMember.project_id == project_id, ProjectMember.role == "admin")
            .order_by(ProjectMember.user_id)
            .with_for_update(key_share=True)
        )
        return len((await self._session.execute(statement)).all())

    async def readers(self, project_id: str, user_ids: Sequence[str]) -> set[str]:
        """Return which of the accounts may see the project."""
        statement = select(ProjectAccess.user_id).where(
            ProjectAccess.project_id == project_id, ProjectAccess.user_id.in_(user_ids)
        )
        return set((await self._session.execute(statement)).scalars())

    def add(self, row: Project | ProjectMember) -> None:
        self._session.add(row)


class SectionRepository:
    """Sections of the projects that one actor sees."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    def _visible(self) -> Select[Section]:
        mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)
        return select(Section).where(Section.project_id.in_(mine))

    async def list(self, project_id: str, pager: Pager) -> Sequence[Section]:
        """Return one page of a project's sections in their order."""
        statement = self._visible().where(Section.project_id == project_id, Section.deleted_at.is_(None))
        return (await self._session.execute(pager.apply(statement, BY_POSITION))).scalars().all()

    async def all(self, ids: Sequence[str] | None = None, *, of: str | None = None) -> Sequence[Section]:
        """Return every live section that the actor sees, or those among ``ids``, or those of one project."""
        statement = self._visible().where(Section.deleted_at.is_(None)).order_by(Section.id)
        if ids is not None:
            statement = statement.where(Section.id.in_(ids))
        if of is not None:
            statement = statement.where(Section.project_id == of)
        return (await self._session.execute(statement)).scalars().all()

    async def get(
        self, section_id: str, project_id: str | None = None, *, trashed: bool | None = False, hold: bool = False
    ) -> Section:
        """Return one section; ``project_id`` must be its project's if given, ``trashed`` None takes either.

        With ``hold`` nobody else changes it until the transaction ends, but others may hold it too.
        """
        statement = self._visible().where(Section.id == section_id)
        if project_id is not None:
            statement = statement.where(Section.project_id == project_id)
        if trashed is not None:
            statement = statement.where(Section.deleted_at.is_not(None) if trashed else Section.deleted_at.is_(None))
        if hold:
            statement = statement.with_for_update(read=True, of=Section)
        section = (await self._session.execute(statement)).scalar_one_or_none()
        if section is None:
            raise NotFoundError
        return section

    async def neighbours(self, project_id: str, after: str | None, before: str | None) -> tuple[str | None, str | None]:
        """Return the positions between which a section comes that lies right after or before another, else last."""
        statement = select(func.max(Section.position)).where(Section.project_id == project_id)
        if after is None and before is None:
            return await self._session.scalar(statement), None
        try:
            anchor = (await self.get(after or before or "", project_id)).position
        except NotFoundError as error:
            pointer = "/after" if after else "/before"
            raise InvalidError.at(pointer, "unknown_section", "There is no such section here.") from error
        if after is not None:
            following = select(func.min(Section.position)).where(Section.project_id == project_id)
            return anchor, await self._session.scalar(following.where(Section.position > anchor))
        return await self._session.scalar(statement.where(Section.position < anchor)), anchor

    def add(self, section: Section) -> None:
        self._session.add(section)


@lru_cache(64)
def _labels_among(count: int) -> Prepared:
    keys: list[Any] = [bindparam(f"key_{number}") for number in range(count)]
    return Prepared(
        select(Label.name_key, Label.id).where(Label.user_id == bindparam("user_id"), Label.name_key.in_(keys))
    )


class LabelRepository:
    """The actor's own labels."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def list(self, pager: Pager) -> Sequence[Label]:
        statement = select(Label).where(Label.user_id == self._actor.user_id)
        return (await self._session.execute(pager.apply(statement, LABELS_BY_NAME))).scalars().all()

    async def all(self, ids: Sequence[str] | None = None) -> Sequence[Label]:
        """Return every label of the actor's, or those among ``ids``."""
        statement = select(Label).where(Label.user_id == self._actor.user_id).order_by(Label.id)
        if ids is not None:
            statement = statement.where(Label.id.in_(ids))
        return (await self._session.execute(statement)).scalars().all()

    async def get(self, label_id: str) -> Label:
        statement = select(Label).where(Label.id == label_id, Label.user_id == self._actor.user_id)
        label = (await self._session.execute(statement.with_for_update(key_share=True))).scalar_one_or_none()
        if label is None:
            raise NotFoundError
        return label

    async def known(self, keys: Sequence[str]) -> dict[str, str]:
        """Return which of these name keys the actor has already, and the ids of the labels."""
        parameters = {f"key_{number}": key for number, key in enumerate(keys)}
        found = await _labels_among(len(keys)).run(self._session, user_id=self._actor.user_id, **parameters)
        return dict(found.rows)

    async def add_unless_known(self, labels: Sequence[Label]) -> None:
        """Add labels; a name that another request added meanwhile stays as that one made it."""
        columns = [column.key for column in Label.__table__.columns]
        rows = [{name: getattr(label, name) for name in columns} for label in labels]
        insert: Any = sqlite.insert if self._session.get_bind().dialect.name == "sqlite" else postgresql.insert
        await self._session.execute(insert(Label).on_conflict_do_nothing(), rows)

    def add(self, label: Label) -> None:
        self._session.add(label)

    async def remove(self, label: Label) -> None:
        await self._session.delete(label)
