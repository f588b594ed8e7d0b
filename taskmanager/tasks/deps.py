"""What the routes of this room ask for."""

from typing import Annotated

from fastapi import Depends

from taskmanager.auth.deps import ActorDep, WriterDep
from taskmanager.kit.db import LaggingReaderDep, ReaderDep, SessionDep
from taskmanager.tasks.activity import Activity
from taskmanager.tasks.comments import CommentRepository, CommentService
from taskmanager.tasks.completing import CompletingService
from taskmanager.tasks.listing import TaskListing
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.service import TaskService
from taskmanager.tasks.upcoming import Upcoming


async def get_listing(actor: ActorDep, session: LaggingReaderDep) -> TaskListing:
    return TaskListing(session, actor)


async def get_tasks(actor: ActorDep, session: ReaderDep) -> TaskRepository:
    return TaskRepository(session, actor)


async def get_task_service(actor: WriterDep, session: SessionDep) -> TaskService:
    return TaskService(session, actor)


async def get_completing(actor: WriterDep, session: SessionDep) -> CompletingService:
    return CompletingService(session, actor)


async def get_upcoming(actor: ActorDep, session: ReaderDep) -> Upcoming:
    return Upcoming(session, actor)


async def get_activity(actor: ActorDep, session: LaggingReaderDep) -> Activity:
    return Activity(session, actor)


async def get_comments(actor: ActorDep, session: ReaderDep) -> CommentRepository:
    return CommentRepository(session, actor)


async def get_comment_service(actor: WriterDep, session: SessionDep) -> CommentService:
    return CommentService(session, actor)


ListingDep = Annotated[TaskListing, Depends(get_listing)]
TasksDep = Annotated[TaskRepository, Depends(get_tasks)]
TaskServiceDep = Annotated[TaskService, Depends(get_task_service)]
CompletingDep = Annotated[CompletingService, Depends(get_completing)]
UpcomingDep = Annotated[Upcoming, Depends(get_upcoming)]
ActivityDep = Annotated[Activity, Depends(get_activity)]
CommentsDep = Annotated[CommentRepository, Depends(get_comments)]
CommentServiceDep = Annotated[CommentService, Depends(get_comment_service)]
