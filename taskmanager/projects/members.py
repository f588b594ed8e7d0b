"""Who works in a project: every change of a membership."""

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.roles import Actor
from taskmanager.journal.service import Journal
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.projects.access import ProjectRole, rebuild_access, require
from taskmanager.projects.models import ProjectMember
from taskmanager.projects.repository import ProjectRepository
from taskmanager.projects.schemas import MemberCreate, MemberOut
from taskmanager.projects.tree import InboxFixedError, hold_tree

KIND = "member"


class AlreadyMemberError(ConflictError):
    code = "already_member"
    title = "This account is a member already."


class LastProjectAdminError(ConflictError):
    code = "last_project_admin"
    title = "A project keeps at least one administrator."


def member_out(row: tuple[User, str, bool]) -> MemberOut:
    """Return a member as the API shows it."""
    user, role, inherited = row
    return MemberOut(
        user_id=user.id, username=user.username, display_name=user.display_name, role=role, inherited=inherited
    )


class MemberService:
    """Changes of memberships within one transaction. They are recorded but not undoable."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._repository = ProjectRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def add(self, project_id: str, data: MemberCreate) -> MemberOut:
        """Share a project with an account."""
        await hold_tree(self._session)
        project, role = await self._repository.get(project_id, lock=True)
        require(role, "admin")
        if project.inbox_of is not None:
            raise InboxFixedError
        user = await AccountRepository(self._session).find_by_username(data.username.lower())
        if user is None or not user.active:
            raise InvalidError.at("/username", "unknown_user", "There is no account of that name.")
        if await self._repository.find_member(project_id, user.id) is not None:
            raise AlreadyMemberError
        member = ProjectMember(project_id=project_id, user_id=user.id, role=data.role, created_at=clock.now())
        self._repository.add(member)
        await self._changed(project_id, user.id, None, data.role)
        return member_out((user, data.role, False))

    async def change(self, project_id: str, user_id: str, role: ProjectRole) -> MemberOut:
        """Give a member another role."""
        await hold_tree(self._session)
        _, mine = await self._repository.get(project_id, lock=True)
        require(mine, "admin")
        member = await self._get(project_id, user_id)
        old = member.role
        if old == "admin" and role != "admin":
            await self._keep_an_admin(project_id)
        member.role = role
        await self._changed(project_id, user_id, old, role)
        return member_out((await AccountRepository(self._session).get(user_id), role, False))

    async def remove(self, project_id: str, user_id: str) -> None:
        """Take a member out; everyone may leave by themselves."""
        await hold_tree(self._session)
        _, mine = await self._repository.get(project_id, lock=True)
        if user_id != self._actor.user_id:
            require(mine, "admin")
        member = await self._get(project_id, user_id)
        if member.role == "admin":
            await self._keep_an_admin(project_id)
        await self._session.delete(member)
        await self._changed(project_id, user_id, member.role, None)

    async def _get(self, project_id: str, user_id: str) -> ProjectMember:
        member = await self._repository.find_member(project_id, user_id)
        if member is None:
            raise NotFoundError
        return member

    async def _keep_an_admin(self, project_id: str) -> None:
        if await self._repository.count_admins(project_id) <= 1:
            raise LastProjectAdminError

    async def _changed(self, project_id: str, user_id: str, old: str | None, new: str | None) -> None:
        await rebuild_access(self._session, project_id, self._journal)
        await self._journal.write(
            KIND,
            user_id,
            "updated",
            before={"role": old},
            after={"role": new},
            project_before=project_id,
            project_after=project_id,
        )
