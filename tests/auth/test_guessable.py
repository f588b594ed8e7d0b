"""L5: new passwords are not those that a guesser tries first, wherever one is chosen."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from taskmanager.auth.guessable import common_words, weakness_of
from taskmanager.auth.passwords import Passwords
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import code
from tests.factories import PASSWORD, Api

NAMES = ("anna", "Anna Schmidt", "anna.schmidt@example.org", "TaskManager", "tasks.example.org")
COMMON = "password password"


def place(answer: httpx.Response) -> tuple[str, str]:
    assert code(answer) == (422, "validation_failed")
    (found,) = answer.json()["errors"]
    return found["pointer"], found["code"]


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PassWord1234567!",
        "123 password ...",
        "password password password",
        "Dragon-dragon-DRAGON",
        "passwordpasswo",
        "qwertyuiopqwertyuiop",
        "1234567890123456",
        "abcdefghijklmnop",
        "zyxwvutsrqponmlk",
        "aaaaaaaaaaaaaaaa",
        "ab" * 9,
        "\uff50\uff41\uff53\uff53word 2024 2024",  # PASS in full width
        "baseball!!!!!!!!!!!!",
    ],
)
def test_L5_common_passwords_are_refused_in_any_case_and_with_anything_at_their_ends(password: str) -> None:
    assert weakness_of(password, NAMES) == "password_too_common"


@pytest.mark.parametrize(
    "password",
    [
        "annaannaannaanna",
        "Anna.Schmidt-2024!!",
        "schmidt schmidt 1",
        "SchmidtAnna1234567",
        "anna.schmidt@example.org",
        "taskmanager12345",
        "My TaskManager!!!",
        "tasks.example.org",
        "anna password 123",
    ],
)
def test_L5_what_is_hardly_more_than_names_is_refused(password: str) -> None:
    assert weakness_of(password, NAMES) == "password_contains_name"
    others = weakness_of(password, ("berta", "Berta B"))
    assert others in {None, "password_too_common"}


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery staple",
        "fifteen letters",
        "anna likes blue cheese",
        "the tasks that a manager forgets",
        "8371629401726455",
        "837162940ab1726455",
        "kX9-q2!Lw0zR7#mT",
        "ünïcödé ist gut",
    ],
)
def test_L5_words_in_a_row_and_random_characters_are_fine(password: str) -> None:
    assert weakness_of(password, NAMES) is None


def test_L5_the_list_holds_thousands_of_passwords_that_the_rules_would_let_through() -> None:
    # ASVS 6.2.4 wants 3,000 of those.
    assert sum(len(word) >= 8 for word in common_words()) > 10_000
    assert weakness_of("x" * 511 + "é" * 512 + "1", [PASSWORD * 20]) is None


async def test_L5_the_name_of_the_host_counts(tmp_path: Path) -> None:
    named, unnamed = (
        Passwords(Settings(data_dir=tmp_path, public_url=url)) for url in ("https://gartenverein.example.org", "")
    )
    with pytest.raises(InvalidError) as refused:
        await named.refuse_weak("Gartenverein 2024", "/password", "anna", None)
    assert refused.value.extra["errors"][0]["code"] == "password_contains_name"
    await unnamed.refuse_weak("Gartenverein 2024", "/password", "anna", None)
    for pool in (named, unnamed):
        pool.stop()


async def test_L5_wherever_a_password_is_chosen(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"registration": "open"}))
    async with app.router.lifespan_context(app), Api(app) as api:
        own = "Hildegard 1234567"
        body: dict[str, Any] = {"username": "hildegard", "display_name": "Hilde", "email": "h@example.org"}

        async def register(password: str) -> httpx.Response:
            return await api.anonymous.post("/register", json={**body, "password": password})

        assert place(await register(COMMON)) == ("/password", "password_too_common")
        assert place(await register(own)) == ("/password", "password_contains_name")
        assert (await register(PASSWORD)).status_code == 201

        client = await api.sign_in("hildegard")
        for password, reason in ((COMMON, "password_too_common"), (own, "password_contains_name")):
            change = {"current_password": PASSWORD, "new_password": password}
            assert place(await client.post("/me/password", json=change)) == ("/new_password", reason)
        change = {"current_password": PASSWORD, "new_password": "another long password"}
        assert (await client.post("/me/password", json=change)).status_code == 204

        admin = await api.user("chief", "admin")
        answer = await admin.post(f"/admin/users/{client.user_id}/reset")
        reset = {"reset_token": answer.json()["url"].rpartition("=")[2]}
        for password, reason in ((COMMON, "password_too_common"), (own, "password_contains_name")):
            answer = await api.anonymous.post("/reset", json={**reset, "password": password})
            assert place(answer) == ("/password", reason)
        assert (await api.anonymous.post("/reset", json={**reset, "password": PASSWORD})).status_code == 204


async def test_L5_the_first_administrator_too(api: Api) -> None:
    from taskmanager.auth.links import Links

    async with api.database.write() as session:
        token = (await Links(session).replace_setup()).token
    body = {"setup_token": token, "username": "hildegard"}
    for password, reason in ((COMMON, "password_too_common"), ("hildegard.hildegard", "password_contains_name")):
        answer = await api.anonymous.post("/setup", json={**body, "password": password})
        assert place(answer) == ("/password", reason)
    assert (await api.anonymous.post("/setup", json={**body, "password": PASSWORD})).status_code == 201
