"""Laws of the source text; each is also shown to fail where it should."""

from tests.architecture.source import (
    CATCHERS,
    COMMITTERS,
    PYTHON_LINES,
    ROOT,
    START_LINES,
    VAGUE,
    WEB_LINES,
    broad_handlers,
    commits,
    environment_reads,
    python_files,
    too_long,
    web_files,
)

ALL = ("taskmanager", "tests", "bootstrap", "scripts", "bench")


def test_files_can_be_read_in_one_sitting() -> None:
    long = [path for path, text in python_files(*ALL) if too_long(text, PYTHON_LINES)]
    long += [path for path, text in web_files() if too_long(text, WEB_LINES)]
    assert not long
    assert not too_long((ROOT / "app.py").read_text(encoding="utf-8"), START_LINES)
    assert too_long("x\n" * (PYTHON_LINES + 1), PYTHON_LINES)


def test_there_is_one_commit() -> None:
    found = {path for path, text in python_files("taskmanager") if commits(text)}
    # Migrations have a connection of their own, and their own COMMIT.
    assert found == COMMITTERS | {"taskmanager/kit/migrate.py"}
    assert commits("async def f(session):\n    await session.commit()") == [2]
    assert commits("connection.execute('commit')") == [1]
    assert commits("with session.begin():\n    pass") == [1]


def test_nothing_swallows_every_error() -> None:
    found = {path for path, text in python_files("taskmanager", "migrations") if broad_handlers(text)}
    assert found <= CATCHERS, found - CATCHERS
    for sample in ("except Exception:\n    pass", "except:\n    pass", "except BaseException as e:\n    print(e)"):
        assert broad_handlers(f"try:\n    f()\n{sample}") == [3]
    assert broad_handlers("try:\n    f()\nexcept BaseException:\n    close()\n    raise") == []


def test_nothing_reads_the_environment_but_the_settings() -> None:
    assert [path for path, text in python_files("taskmanager") if environment_reads(text)] == []
    assert environment_reads("import os\nprint(os.environ['HOME'])") == [2]


def test_modules_are_named_after_what_they_hold() -> None:
    names = {path.rpartition("/")[2].removesuffix(".py") for path, _ in python_files(*ALL)}
    assert names & VAGUE == set()
