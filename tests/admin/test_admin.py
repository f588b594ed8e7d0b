"""The administrators' view: numbers, accounts by name, and nobody's tasks."""

import taskmanager
from tests.factories import Api, add_project, add_task, pages


async def test_the_overview_tells_how_the_installation_is(api: Api, backend: str) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    gast = await api.user("gast", "guest")
    await add_task(anna, "a secret")
    gone = await add_task(anna)
    await anna.delete(f"/tasks/{gone['id']}")
    home = await add_project(anna, "A secret")
    await anna.delete(f"/projects/{home['id']}")
    await chief.patch(f"/admin/users/{gast.user_id}", json={"active": False})
    answer = await chief.get("/admin")
    told = answer.json()
    assert told["counts"] == {"users": 3, "active_users": 2, "live_sessions": 2, "projects": 3, "tasks": 1}
    assert told["database"] == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[backend]
    assert told["cache"] == {"sqlite": "in-process", "postgresql": "redis"}[backend]
    assert told["cache_healthy"] is True
    assert told["version"] == taskmanager.__version__
    assert told["uptime_seconds"] >= 0
    assert "secret" not in answer.text
    for path in told["links"].values():
        assert (await chief.get(path)).status_code == 200


async def test_accounts_are_listed_and_found(api: Api) -> None:
    chief = await api.user("chief", "admin")
    for name in ("anna", "ben", "hanna", "per_cent", "percent"):
        await chief.post("/admin/users", json={"username": name, "email": f"{name}@example.org"})

    async def found(**query: str) -> list[str]:
        return [user["username"] for user in await pages(chief, "/admin/users", limit=2, **query)]

    assert await found() == ["anna", "ben", "chief", "hanna", "per_cent", "percent"]
    assert await found(search="NNA") == ["anna", "hanna"]
    assert await found(search="hanna@") == ["hanna"]
    assert await found(search="per_") == ["per_cent"]
    assert await found(search="%") == []
    assert await found(search="\\") == []
    cursor = (await chief.get("/admin/users", params={"limit": 1, "search": "a"})).json()["next_cursor"]
    assert (await chief.get("/admin/users", params={"cursor": cursor})).json()["code"] == "cursor_mismatch"


async def test_an_account_is_shown_without_its_secrets(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    shown = (await chief.get(f"/admin/users/{anna.user_id}")).json()
    assert set(shown) == {
        "id", "username", "email", "display_name", "role", "timezone", "locale", "created_at", "active", "has_password",
            "email_verified",
    }  # fmt: skip
    assert (shown["username"], shown["role"], shown["active"], shown["has_password"]) == ("anna", "user", True, True)


async def test_a_role_bites_on_the_next_request(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    path = f"/admin/users/{anna.user_id}"
    for role, admin, write in (("admin", 200, 201), ("guest", 403, 403), ("user", 403, 201)):
        assert (await chief.patch(path, json={"role": role})).json()["role"] == role
        assert (await anna.get("/admin")).status_code == admin
        assert (await anna.post("/tasks", json={"title": "x"})).status_code == write


async def test_disabling_and_ending_sessions_bite_at_once(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    second = await api.enter(anna.user_id)
    path = f"/admin/users/{anna.user_id}"
    assert (await chief.delete(f"{path}/sessions")).status_code == 204
    assert [(await client.get("/me")).status_code for client in (anna, second)] == [401, 401]
    third = await api.enter(anna.user_id)
    assert (await chief.patch(path, json={"active": False})).json()["active"] is False
    assert (await third.get("/me")).json()["code"] == "session_ended"
    assert (await chief.patch(path, json={"active": True})).status_code == 200
    assert (await third.get("/me")).status_code == 401
    assert (await (await api.enter(anna.user_id)).get("/me")).status_code == 200


async def test_invitations_are_listed_and_withdrawn(api: Api) -> None:
    chief = await api.user("chief", "admin")
    made = [(await chief.post("/admin/invitations", json={"role": role})).json() for role in ("user", "guest", "user")]
    listed = await pages(chief, "/admin/invitations", limit=2)
    assert [one["id"] for one in listed] == [one["id"] for one in reversed(made)]
    assert [one["role"] for one in listed] == ["user", "guest", "user"]
    assert "url" not in listed[0]
    assert (await chief.delete(f"/admin/invitations/{made[0]['id']}")).status_code == 204
    assert (await chief.delete(f"/admin/invitations/{made[0]['id']}")).status_code == 404
    assert len(await pages(chief, "/admin/invitations")) == 2
