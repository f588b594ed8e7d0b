"""The command line: `taskmanager` or `python3 app.py`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table
from sqlalchemy.exc import DBAPIError

import taskmanager
from taskmanager import backup_commands, key_commands, serving, task_commands, transfer, worker
from taskmanager.audit_commands import audit
from taskmanager.auth.accounts import Accounts
from taskmanager.auth.links import NewLink
from taskmanager.auth.master import KeyProblem
from taskmanager.auth.models import User
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.roles import Role
from taskmanager.auth.schemas import UserCreate, UserUpdate
from taskmanager.doctor.command import doctor_command
from taskmanager.kit import migrate
from taskmanager.kit.copies import CopyProblem
from taskmanager.kit.errors import AppError
from taskmanager.kit.settings import PREFIX, Settings
from taskmanager.kit.settings_text import as_environment, as_help, as_markdown
from taskmanager.main import create_app
from taskmanager.terminal import UsageProblem, err, out, read_settings, run

app = typer.Typer(
    name="taskmanager",
    help="A self-hosted task manager. Settings are environment variables such as "
    f"{PREFIX}DATA_DIR; `taskmanager settings` prints them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
users = typer.Typer(
    help="Accounts: list, add, change roles, hand out links to choose a password.", no_args_is_help=True
)
app.add_typer(users, name="users")
app.add_typer(key_commands.keys, name="keys")
_TOLD = (
    UsageProblem,
    KeyProblem,
    CopyProblem,
    migrate.RevisionUnknown,
    migrate.ForeignKeysBroken,
    serving.StartProblem,
)
Username = Annotated[str, typer.Argument(help="The user name.")]


@app.command(epilog=f"Settings, each an environment variable:\n\n{as_help().replace(chr(10), chr(10) * 2)}")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; more than one needs Redis.")] = None,
    socket_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    leash_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Bring the database up to date and serve the API, its documentation and the web application."""
    settings = read_settings(host=host, port=port, workers=workers)
    if socket_fd is not None and leash_fd is not None:
        serving.serve_beside_others(settings, socket_fd, leash_fd)
    else:
        serving.serve(settings)


@app.command("worker")
def worker_command() -> None:
    """Run jobs and nothing else, beside servers with TASKMANAGER_RUN_JOBS=off: mail, reminders, upkeep."""
    worker.work(read_settings())


@app.command("migrate")
def migrate_command(
    revision: Annotated[str, typer.Argument(help="Where to go; the newest unless said.")] = "head",
) -> None:
    """Bring the database to the newest revision (serving does this by itself)."""
    migrate.upgrade(read_settings(), revision)
    out.print("The database is up to date.")


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Print the OpenAPI document of the API."""
    text = json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


@app.command()
def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="As the page docs/settings.md.")] = False,
    env: Annotated[bool, typer.Option("--env", help="As the file .env.example.")] = False,
) -> None:
    """Print every setting with its default."""
    text = as_markdown() if markdown else as_environment() if env else as_help() + "\n"
    sys.stdout.write(text)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(taskmanager.__version__)


app.command("add")(task_commands.add_command)
app.command("import")(transfer.import_command)
app.command("export")(transfer.export_command)
app.command("backup")(backup_commands.backup_command)
app.command("doctor")(doctor_command)
app.command("restore")(backup_commands.restore_command)
app.add_typer(audit, name="audit")


@users.command("list")
def list_users() -> None:
    """List all accounts."""

    async def work(session: Any) -> Sequence[User]:
        return await AccountRepository(session).all_for_system()

    table = Table(box=None, pad_edge=False)
    for heading in ("NAME", "ROLE", "ACTIVE", "SINCE"):
        table.add_column(heading)
    for user in run(work):
        table.add_row(user.username, user.role, "yes" if user.active else "no", f"{user.created_at:%Y-%m-%d}")
    out.print(table)


@users.command("add")
def add_user(
    name: Username,
    role: Annotated[Role, typer.Option(help="guest reads, user works, admin administers too.")] = "user",
    email: Annotated[str | None, typer.Option(help="The e-mail address.")] = None,
) -> None:
    """Make an account and print the one-time link by which its owner chooses a password."""

    async def work(session: Any) -> NewLink:
        data = UserCreate(username=name, role=role, email=email)
        return (await Accounts(session).create(data, None))[1]

    _print_link(run(work))


@users.command("set-role")
def set_role(name: Username, role: Annotated[Role, typer.Argument(help="guest, user or admin.")]) -> None:
    """Change a role; it bites on that account's next request."""

    async def work(session: Any) -> User:
        user = await _named(session, name)
        return await Accounts(session).update(user.id, UserUpdate(role=role), None)

    user = run(work)
    out.print(f"{user.username} is {user.role} now.")


@users.command("reset-link")
def reset_link(name: Username) -> None:
    """Print a one-time link by which the owner chooses a new password; it lives for an hour."""

    async def work(session: Any) -> NewLink:
        user = await _named(session, name)
        return await Accounts(session).start_reset(user.id, None)

    _print_link(run(work))


async def _named(session: Any, name: str) -> User:
    user = await AccountRepository(session).find_by_username(name.lower())
    if user is None:
        message = f"There is no account named {name}; `taskmanager users list` shows all."
        raise UsageProblem(message)
    return user


def _print_link(link: NewLink) -> None:
    settings = read_settings()
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    out.print("Hand this link to its owner, by a way that you trust. It works once, for an hour:")
    out.print(f"  {link.url(base)}")


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 misused, 130 interrupted."""
    try:
        app(args=argv, prog_name="taskmanager")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except (*_TOLD, AppError, ValidationError, DBAPIError, OSError) as error:
        for line in _said(error):
            err.print(f"taskmanager: {line}", markup=False)
        return 2 if isinstance(error, ValidationError) else 1
    except KeyboardInterrupt:
        return 130
    return 0


def _said(error: Exception) -> list[str]:
    """Return what to tell a user whose mistake, or whose database, stopped a command."""
    if isinstance(error, ValidationError):
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    if isinstance(error, AppError):
        return [error.detail or error.title, *(place["message"] for place in error.extra.get("errors", []))]
    if isinstance(error, DBAPIError | OSError):
        return [f"the database cannot be used: {getattr(error, 'orig', None) or error}"]
    return [str(error)]


if __name__ == "__main__":
    sys.exit(main())
