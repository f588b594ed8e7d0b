"""Comments: who may say, change and take back what."""

from sqlalchemy import update

from taskmanager.kit.ids import new_id
from taskmanager.tasks.models import Comment
from tests.factories import Api, Client, add_project, add_task, pages, share


async def say(client: Client, task_id: str, body: str = "Hello") -> dict[str, str]:
    answer = await client.post(f"/tasks/{task_id}/comments", json={"body": body})
    assert answer.status_code == 201, answer.text
    comment: dict[str, str] = answer.json()
    return comment


async def test_a_conversation(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "commenter")
    task = await add_task(anna, project_id=home["id"])
    for number in range(3):
        await say(ben if number % 2 else anna, task["id"], f"  {number} ")
    said = await pages(ben, f"/tasks/{task['id']}/comments", limit=2)
    assert [(one["author"], one["body"]) for one in said] == [("anna", "0"), ("ben", "1"), ("anna", "2")]
    assert said[1]["author_id"] == ben.user_id
    assert {one["task_id"] for one in said} == {task["id"]}


async def test_an_author_changes_what_was_said(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    made = await anna.post(f"/tasks/{task['id']}/comments", json={"body": "Helo"})
    path = f"/tasks/{task['id']}/comments/{made.json()['id']}"
    assert made.headers["ETag"] == '"1"'
    stale = await anna.patch(path, json={"body": "x"}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert stale.json()["current"] == made.json()
    better = await anna.patch(path, json={"body": "Hello"}, headers={"If-Match": '"1"'})
    assert (better.json()["body"], better.json()["version"], better.headers["ETag"]) == ("Hello", 2, '"2"')
    assert (await anna.delete(path, headers={"If-Match": '"1"'})).status_code == 412
    assert (await anna.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert await pages(anna, f"/tasks/{task['id']}/comments") == []
    assert (await anna.delete(path)).status_code == 404
    assert (await anna.patch(path, json={"body": "x"})).status_code == 404


async def test_who_may_do_what(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    task = await add_task(anna, project_id=home["id"])
    members = {}
    for role in ("viewer", "commenter", "editor", "admin"):
        members[role] = await api.user(f"{role}1")
        await share(anna, home["id"], members[role], role)
    path = f"/tasks/{task['id']}/comments"
    assert (await members["viewer"].get(path)).status_code == 200
    assert (await members["viewer"].post(path, json={"body": "x"})).status_code == 403
    for role in ("commenter", "editor", "admin"):
        mine = await say(members[role], task["id"])
        assert (await members[role].patch(f"{path}/{mine['id']}", json={"body": "own"})).status_code == 200
    theirs = await say(members["commenter"], task["id"])
    for role, change, remove in (("viewer", 403, 403), ("editor", 403, 403), ("admin", 403, 204)):
        assert (await members[role].patch(f"{path}/{theirs['id']}", json={"body": "x"})).status_code == change
        assert (await members[role].delete(f"{path}/{theirs['id']}")).status_code == remove
    # What one said oneself is out of reach with the role.
    kept = await say(members["commenter"], task["id"])
    await anna.patch(f"/projects/{home['id']}/members/{members['commenter'].user_id}", json={"role": "viewer"})
    assert (await members["commenter"].patch(f"{path}/{kept['id']}", json={"body": "x"})).status_code == 403


async def test_a_comment_is_found_under_its_own_task_only(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    task, other, foreign = await add_task(anna), await add_task(anna), await add_task(ben)
    said, theirs = await say(anna, task["id"]), await say(ben, foreign["id"])
    for task_id, comment_id in (
        (other["id"], said["id"]),
        (task["id"], theirs["id"]),
        (foreign["id"], theirs["id"]),
        (foreign["id"], said["id"]),
        (task["id"], new_id()),
    ):
        path = f"/tasks/{task_id}/comments/{comment_id}"
        assert (await anna.patch(path, json={"body": "x"})).status_code == 404
        assert (await anna.delete(path)).status_code == 404
    assert (await anna.get(f"/tasks/{foreign['id']}/comments")).status_code == 404
    assert [one["body"] for one in await pages(ben, f"/tasks/{foreign['id']}/comments")] == ["Hello"]


async def test_what_was_said_elsewhere_keeps_its_author_as_text(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    said = await say(anna, task["id"])
    async with api.database.write() as session:
        await session.execute(update(Comment).values(author_id=None, author_text="mnot"))
    shown = (await pages(anna, f"/tasks/{task['id']}/comments"))[0]
    assert (shown["author"], shown["author_id"]) == ("mnot", None)
    assert (await anna.patch(f"/tasks/{task['id']}/comments/{said['id']}", json={"body": "x"})).status_code == 403
    # The Inbox is anna's to tidy.
    assert (await anna.delete(f"/tasks/{task['id']}/comments/{said['id']}")).status_code == 204


async def test_comments_are_undone(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "commenter")
    task = await add_task(anna, project_id=home["id"])
    path = f"/tasks/{task['id']}/comments"
    made = await ben.post(path, json={"body": "one"})
    own = f"{path}/{made.json()['id']}"
    changed = await ben.patch(own, json={"body": "two"})

    async def undo(client: Client, operation: str) -> tuple[int, str]:
        answer = await client.post(f"/undo/{operation}")
        return answer.status_code, answer.headers.get("X-Operation-ID", "")

    async def bodies() -> list[str]:
        return [one["body"] for one in await pages(anna, path)]

    assert (await undo(ben, made.headers["X-Operation-ID"]))[0] == 409
    assert (await undo(anna, changed.headers["X-Operation-ID"]))[0] == 403
    status, redo = await undo(ben, changed.headers["X-Operation-ID"])
    assert (status, await bodies()) == (200, ["one"])
    assert ((await undo(ben, redo))[0], await bodies()) == (200, ["two"])
    removed = await anna.delete(own)
    assert ((await undo(anna, removed.headers["X-Operation-ID"]))[0], await bodies()) == (200, ["two"])
    # An operation of somebody else's that anna may see as project admin, and a stranger may not.
    again = await ben.delete(own)
    carl = await api.user("carl")
    assert (await undo(carl, again.headers["X-Operation-ID"]))[0] == 404
    assert ((await undo(anna, again.headers["X-Operation-ID"]))[0], await bodies()) == (200, ["two"])


async def test_a_comment_has_limits(api: Api) -> None:
    anna = await api.user()
    path = f"/tasks/{(await add_task(anna))['id']}/comments"
    for body in ("", "  \n ", "x" * 20_001, None, 5):
        refused = await anna.post(path, json={"body": body})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/body")
    assert (await anna.post(path, json={"body": "x" * 20_000})).status_code == 201
