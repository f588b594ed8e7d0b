"""Who changed what, and never more than the asker may read."""

from tests.factories import Api, add_project, add_task, pages, share


async def test_activity_tells_who_changed_what(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    task = await add_task(anna, "old", project_id=home["id"])
    changed = await ben.patch(f"/tasks/{task['id']}", json={"title": "new", "priority": 2})
    await ben.post(f"/tasks/{task['id']}/complete")
    await ben.post(f"/tasks/{task['id']}/reopen")
    await anna.patch(f"/tasks/{task['id']}", json={"status": "in_progress"})
    await anna.patch(f"/tasks/{task['id']}", json={"status": "todo"})
    await anna.delete(f"/tasks/{task['id']}")
    await anna.post(f"/tasks/{task['id']}/restore")
    items = await pages(ben, f"/tasks/{task['id']}/activity", limit=3)
    assert [(item["actor"], item["action"]) for item in reversed(items)] == [
        ("anna", "created"), ("ben", "updated"), ("ben", "completed"), ("ben", "reopened"), ("anna", "updated"),
        ("anna", "updated"), ("anna", "trashed"), ("anna", "restored"),
    ]  # fmt: skip
    update = items[-2]
    assert update["changes"] == {
        "title": {"before": "old", "after": "new"},
        "priority": {"before": 0, "after": 2},
    }
    assert update["operation_id"] == changed.headers["X-Operation-ID"]
    assert items[-1]["changes"]["title"] == {"before": None, "after": "old"}


async def test_what_happened_out_of_sight_is_not_told(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    secret, shared = await add_project(anna, "Secret"), await add_project(anna, "Shared")
    await share(anna, shared["id"], ben, "viewer")
    parent = await add_task(anna, project_id=secret["id"])
    task = await add_task(anna, "secret plan", project_id=secret["id"], parent_id=parent["id"])
    await anna.patch(f"/tasks/{task['id']}", json={"title": "Picnic"})
    await anna.patch(f"/tasks/{task['id']}", json={"project_id": shared["id"]})
    await anna.patch(f"/tasks/{task['id']}", json={"priority": 1})
    path = f"/tasks/{task['id']}/activity"
    assert [item["action"] for item in await pages(anna, path)] == ["updated", "updated", "updated", "created"]
    seen = await pages(ben, path)
    assert [set(item["changes"]) for item in seen] == [{"priority"}, {"project_id", "parent_id", "key", "position"}]
    for hidden in (secret["id"], parent["id"], "secret plan", "SECRET-"):
        assert hidden not in repr(seen)
    stranger = await api.user("carl")
    assert (await stranger.get(path)).status_code == 404
