"""Members: roles, inheritance, the last administrator, leaving."""

from typing import Any

from tests.factories import Api, Client, add_project, add_task, pages, share


async def roles(client: Client, project_id: str) -> dict[str, tuple[str, bool]]:
    members = await pages(client, f"/projects/{project_id}/members", limit=1)
    return {member["username"]: (member["role"], member["inherited"]) for member in members}


async def role_of(client: Client, project_id: str) -> Any:
    answer = await client.get(f"/projects/{project_id}")
    return answer.json()["role"] if answer.status_code == 200 else answer.status_code


async def test_a_project_is_shared_changed_and_left(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    path = f"/projects/{home['id']}/members"
    added = await anna.post(path, json={"username": " BEN ", "role": "viewer"})
    assert added.json() == {
        "user_id": ben.user_id, "username": "ben", "display_name": "ben", "role": "viewer", "inherited": False,
    }  # fmt: skip
    assert await roles(ben, home["id"]) == {"anna": ("admin", False), "ben": ("viewer", False)}
    again = await anna.post(path, json={"username": "ben", "role": "viewer"})
    assert (again.status_code, again.json()["code"]) == (409, "already_member")
    changed = await anna.patch(f"{path}/{ben.user_id}", json={"role": "editor"})
    assert (changed.json()["role"], await role_of(ben, home["id"])) == ("editor", "editor")
    assert (await ben.delete(f"{path}/{ben.user_id}")).status_code == 204
    assert await role_of(ben, home["id"]) == 404
    assert await roles(anna, home["id"]) == {"anna": ("admin", False)}


async def test_only_administrators_share(api: Api) -> None:
    anna, carl = await api.user("anna"), await api.user("carl")
    home = await add_project(anna)
    path = f"/projects/{home['id']}/members"
    for role in ("viewer", "commenter", "editor"):
        member = await api.user(f"{role}1")
        await share(anna, home["id"], member, role)
        assert (await member.get(path)).status_code == 200
        for refused in (
            await member.post(path, json={"username": "carl", "role": "viewer"}),
            await member.patch(f"{path}/{member.user_id}", json={"role": "admin"}),
            await member.delete(f"{path}/{anna.user_id}"),
        ):
            assert refused.status_code == 403
    for missing in (
        await carl.get(path),
        await carl.post(path, json={"username": "carl", "role": "admin"}),
        await carl.patch(f"{path}/{carl.user_id}", json={"role": "admin"}),
        await carl.delete(f"{path}/{carl.user_id}"),
        await anna.patch(f"{path}/{carl.user_id}", json={"role": "admin"}),
        await anna.delete(f"{path}/{carl.user_id}"),
    ):
        assert missing.status_code == 404
    unknown = await anna.post(path, json={"username": "nobody", "role": "viewer"})
    assert unknown.json()["errors"] == [
        {"pointer": "/username", "code": "unknown_user", "message": "There is no account of that name."}
    ]
    assert (await anna.post(path, json={"username": "carl", "role": "owner"})).status_code == 422


async def test_a_project_keeps_an_administrator(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    mine = f"/projects/{home['id']}/members/{anna.user_id}"
    await share(anna, home["id"], ben, "editor")
    for refused in (await anna.delete(mine), await anna.patch(mine, json={"role": "viewer"})):
        assert (refused.status_code, refused.json()["code"]) == (409, "last_project_admin")
    assert (await anna.patch(mine, json={"role": "admin"})).status_code == 200
    await anna.patch(f"/projects/{home['id']}/members/{ben.user_id}", json={"role": "admin"})
    assert (await anna.delete(mine)).status_code == 204
    assert (await ben.delete(f"/projects/{home['id']}/members/{ben.user_id}")).json()["code"] == "last_project_admin"


async def test_roles_are_inherited_and_the_highest_wins(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    top = await add_project(anna, "Top")
    middle = await add_project(anna, "Middle", parent_id=top["id"])
    low = await add_project(anna, "Low", parent_id=middle["id"])
    await share(anna, low["id"], ben, "commenter")

    async def seen() -> list[Any]:
        return [await role_of(ben, project["id"]) for project in (top, middle, low)]

    assert await seen() == [404, 404, "commenter"]
    await share(anna, top["id"], ben, "viewer")
    assert await seen() == ["viewer", "viewer", "commenter"]
    await share(anna, middle["id"], ben, "editor")
    assert await seen() == ["viewer", "editor", "editor"]
    assert await roles(anna, low["id"]) == {"anna": ("admin", False), "ben": ("editor", True)}
    assert await roles(anna, middle["id"]) == {"anna": ("admin", False), "ben": ("editor", False)}
    await anna.delete(f"/projects/{middle['id']}/members/{ben.user_id}")
    assert await seen() == ["viewer", "viewer", "commenter"]
    # Access follows a project that moves.
    await anna.patch(f"/projects/{middle['id']}", json={"parent_id": None})
    assert await seen() == ["viewer", 404, "commenter"]
    await anna.patch(f"/projects/{middle['id']}", json={"parent_id": top["id"]})
    assert await seen() == ["viewer", "viewer", "commenter"]


async def test_losing_access_is_losing_sight(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    task = await add_task(ben, project_id=home["id"])
    mine = await ben.patch(f"/tasks/{task['id']}", json={"priority": 2})
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    assert await pages(ben, "/tasks") == []
    for answer in (
        await ben.get(f"/tasks/{task['id']}"),
        await ben.patch(f"/tasks/{task['id']}", json={"priority": 1}),
        await ben.get(f"/tasks/{task['id']}/activity"),
        await ben.get(f"/tasks/{task['id']}/comments"),
    ):
        assert answer.status_code == 404
    # The operation was his, what it changed is not his to see any more.
    assert (await ben.post(f"/undo/{mine.headers['X-Operation-ID']}")).status_code == 409
    assert (await anna.get(f"/tasks/{task['id']}")).json()["priority"] == 2


async def test_memberships_are_not_undone(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    added = await anna.post(f"/projects/{home['id']}/members", json={"username": "ben", "role": "admin"})
    refused = await anna.post(f"/undo/{added.headers['X-Operation-ID']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_undoable")
    assert await role_of(ben, home["id"]) == "admin"


async def test_an_administrator_of_the_instance_reads_nobody_s_tasks(api: Api) -> None:
    anna, chief = await api.user("anna"), await api.user("chief", "admin")
    home = await add_project(anna)
    task = await add_task(anna, project_id=home["id"])
    assert await pages(chief, "/tasks") == []
    assert (await chief.get(f"/tasks/{task['id']}")).status_code == 404
    assert (await chief.get(f"/projects/{home['id']}")).status_code == 404
