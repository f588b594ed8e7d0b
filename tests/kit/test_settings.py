"""Settings: addresses with passwords may lie in files, and what is wrong is told without what it holds."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from taskmanager.kit.settings import Settings

DATABASE, REDIS = "postgresql+asyncpg://tm:s3cret@db/tm?ssl=verify-full", "rediss://:s3cret@cache:6379/0"


def test_addresses_of_database_and_cache_may_lie_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, address in (("DATABASE_URL", DATABASE), ("REDIS_URL", REDIS)):
        path = tmp_path / name
        path.write_text(f"{address}\n")
        monkeypatch.setenv(f"TASKMANAGER_{name}_FILE", str(path))
    settings = Settings()
    assert (settings.database, settings.redis_url) == (DATABASE, REDIS)


@pytest.mark.parametrize("name", ["database_url", "replica_url", "redis_url"])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    given = {f"{name}_file": tmp_path / "missing"}
    with pytest.raises(ValidationError, match=f"cannot read TASKMANAGER_{name.upper()}_FILE: No such file"):
        Settings(**given)  # type: ignore[arg-type]


def test_a_wrong_address_is_refused_without_telling_its_password(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text("mysql://tm:s3cret@db/tm")
    with pytest.raises(ValidationError, match="must begin with postgresql") as caught:
        Settings(database_url_file=path)
    assert "s3cret" not in str(caught.value)


def test_a_replica_needs_postgresql_and_redis() -> None:
    one = "postgresql+asyncpg://db/tm"
    assert Settings(database_url=one, replica_url=one, redis_url="redis://cache").replica_url == one
    for given in (
        {"database_url": one, "replica_url": one},
        {"replica_url": one, "redis_url": "redis://cache"},
        {"database_url": one, "replica_url": "postgresql://db/tm", "redis_url": "redis://cache"},
    ):
        with pytest.raises(ValidationError, match="TASKMANAGER_REPLICA_URL"):
            Settings(**given)  # type: ignore[arg-type]
