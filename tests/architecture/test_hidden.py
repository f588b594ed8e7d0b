"""What one may not see is told by no answer: lists, relations, activity, notices, searches, reports, refusals."""

import json
from collections.abc import Iterator
from typing import Any

import httpx

from tests.factories import Api, Client, add_project, add_task, share

WORD = "zanzibar"
"""Stands in whatever is hidden: titles, texts, comments, names."""
Call = tuple[str, str, Any]


class Secret:
    """What anna keeps to herself, tied in every way to what she shares with ben."""

    def __init__(self, anna: Client, ben: Client) -> None:
        self.anna, self.ben = anna, ben
        self.ids: dict[str, str] = {}
        self.before: dict[str, Any] = {}

    async def settle(self) -> None:
        anna, ben, ids = self.anna, self.ben, self.ids
        ids["shared"] = (await add_project(anna, "Shared"))["id"]
        await share(anna, ids["shared"], ben, "editor")
        ids["hidden"] = (await add_project(anna, WORD))["id"]
        section = await anna.post(f"/projects/{ids['hidden']}/sections", json={"name": WORD})
        ids["section"] = section.json()["id"]
        self.before = (await ben.get("/bootstrap")).json()
        told = {"description": f"{WORD} @ben", "labels": [WORD], "project_id": ids["hidden"]}
        ids["secret"] = (await add_task(anna, WORD, section_id=ids["section"], **told))["id"]
        ids["child"] = (await add_task(anna, WORD, parent_id=ids["secret"], project_id=ids["hidden"]))["id"]
        ids["task"] = (await add_task(anna, "open", project_id=ids["shared"]))["id"]
        said = await anna.post(f"/tasks/{ids['secret']}/comments", json={"body": f"{WORD} @ben"})
        ids["comment"] = said.json()["id"]
        related = {"relations": [{"kind": "blocked_by", "task_id": ids["secret"]}]}
        assert (await anna.put(f"/tasks/{ids['task']}/relations", json=related)).status_code == 200
        await self._lose()
        ids["operation"] = (await add_task(anna, WORD, project_id=ids["hidden"]))["id"]

    async def _lose(self) -> None:
        """Take a task of ben's, of which he was told, out of his sight; then write the word into it."""
        made = await self.ben.post("/tasks", json={"title": "mine", "project_id": self.ids["shared"]})
        self.ids["lost"], self.ids["making"] = made.json()["id"], made.headers["X-Operation-ID"]
        path = f"/tasks/{self.ids['lost']}"
        await self.anna.patch(path, json={"assignee_ids": [self.ben.user_id]})
        await self.anna.post(f"{path}/comments", json={"body": "see here @ben"})
        assert len((await self.ben.get("/notifications")).json()["items"]) == 2
        await self.ben.put(f"{path}/reminders", json={"reminders": [{"at": "2030-01-01T00:00:00Z"}]})
        await self.anna.patch(path, json={"project_id": self.ids["hidden"]})
        await self.anna.patch(path, json={"title": WORD})

    def asks(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what may be asked without naming anything hidden."""
        yield from ((path, {}) for path in ("/bootstrap", "/projects", "/labels", "/notifications", "/export"))
        yield "/changes", {"since": self.before["sequence"]}
        yield from (("/export", {"format": kind}) for kind in ("csv", "ical"))
        task = f"/tasks/{self.ids['task']}"
        yield from ((f"{task}/{part}", {}) for part in ("relations", "activity", "comments", "reminders"))
        filters = (f"#{WORD}", f"##{WORD}", f"/{WORD}", f"@{WORD[:3]}*", f"search: {WORD}", "blocked", "p1 | !p1")
        yield from (("/tasks", query) for text in filters for query in ({"filter": text}, {"filter": f"!({text})"}))
        yield from (("/tasks", query) for query in ({"q": WORD[:4]}, {"q": "open"}, {"deleted": "true"}, {}))

    def writes(self) -> Iterator[Call]:
        """Yield what names hidden things, found out or guessed, where it could be let in."""
        ids, task = self.ids, f"/tasks/{self.ids['task']}"
        for key in ("secret", "child", "lost"):
            yield "GET", f"/tasks/{ids[key]}", None
            yield "PUT", f"{task}/relations", {"relations": [{"kind": "relates", "task_id": ids[key]}]}
            yield "PATCH", task, {"parent_id": ids[key]}
            yield "PATCH", f"/tasks/{ids[key]}", {"parent_id": None}
            yield "POST", f"{task}/move", {"after": ids[key]}
            yield "POST", "/tasks", {"title": "x", "id": ids[key]}
            yield "POST", f"/tasks/{ids[key]}/duplicate", None
            batch = [{"op": "complete", "id": ids[key]}, {"op": "update", "id": ids[key], "body": {"priority": 1}}]
            yield "POST", "/tasks/batch", {"atomic": False, "operations": batch}
        yield from (
            ("PATCH", task, {name: ids[key]}) for name, key in (("project_id", "hidden"), ("section_id", "section"))
        )
        yield from (("GET", f"/projects/{ids['hidden']}/{part}", None) for part in ("members", "sections"))
        yield "PATCH", f"{task}/comments/{ids['comment']}", {"body": "x"}
        yield "POST", f"/undo/{ids['making']}", None
        yield "POST", "/quick-add", {"text": f"x #{WORD}", "dry_run": True}
        yield "POST", "/filters/validate", {"query": f"#{WORD}"}


def told(answer: httpx.Response) -> str:
    """Return an answer without what was asked."""
    if answer.headers["Content-Type"].startswith("application/problem"):
        return json.dumps({**answer.json(), "instance": ""}).lower()
    return answer.text.lower()


async def test_nothing_hidden_is_told(api: Api) -> None:
    secret = Secret(await api.user("anna"), await api.user("ben"))
    await secret.settle()
    seen = 0
    for path, query in secret.asks():
        answer = await secret.ben.get(path, params=query)
        assert answer.status_code == 200, (path, query, answer.text)
        assert WORD not in told(answer), (path, query)
        assert not {secret.ids[key] for key in ("hidden", "section", "secret", "child")} & set(told(answer).split('"'))
        if path != "/changes":
            seen += WORD in told(await secret.anna.get(path, params=query))
    # Whoever may see it is told by nearly all of them; so one that told too much would be noticed.
    assert seen >= 15
    before = (await secret.anna.get("/export")).json()["tasks"]
    for method, path, body in secret.writes():
        answer = await secret.ben.request(method, path, json=body)
        if not path.startswith(("/tasks/batch", "/quick-add", "/filters")):
            assert answer.status_code in {404, 409, 422}, (method, path, body, answer.text)
        if path == "/tasks/batch":
            assert [one["status"] for one in answer.json()["results"]] == [404, 404]
        assert WORD not in told(answer).replace(json.dumps(body or {}).lower(), "") or "quick" in path or "filt" in path
    assert (await secret.anna.get("/export")).json()["tasks"] == before


async def test_an_import_tells_and_takes_nothing_that_is_hidden(api: Api) -> None:
    secret = Secret(await api.user("anna"), await api.user("ben"))
    await secret.settle()
    ids = secret.ids
    rows = [{"id": ids["secret"], "title": "x"}, {"id": ids["lost"], "title": "y", "project_id": ids["hidden"]}]
    document = {"format": "taskmanager", "version": 1, "projects": [{"id": ids["hidden"], "name": "z"}], "tasks": rows}
    before = (await secret.anna.get("/export")).json()["tasks"]
    for query in ({"dry_run": "true"}, {}):
        answer = await secret.ben.post(
            "/import", content=json.dumps(document), headers={"Content-Type": "application/json"}, params=query
        )
        assert answer.is_success, answer.text
        assert answer.json()["counts"]["created"] == 2
        assert WORD not in told(answer)
    assert (await secret.anna.get("/export")).json()["tasks"] == before


async def test_the_path_says_what_is_changed_and_no_body_says_otherwise(api: Api) -> None:
    anna = await api.user()
    one, other = await add_task(anna, "one"), await add_task(anna, "other")
    said = (await anna.post(f"/tasks/{one['id']}/comments", json={"body": "one"})).json()
    home = await add_project(anna)
    kept = (await anna.post("/filters", json={"name": "one", "query": "today"})).json()
    calls: list[Call] = [
        ("PATCH", f"/tasks/{one['id']}", {"title": "x"}),
        ("PATCH", f"/tasks/{one['id']}/comments/{said['id']}", {"body": "x"}),
        ("PATCH", f"/projects/{home['id']}", {"name": "x"}),
        ("PATCH", f"/filters/{kept['id']}", {"name": "x"}),
        ("POST", f"/tasks/{one['id']}/move", {"project_id": home["id"]}),
    ]
    for method, path, body in calls:
        for name in ("id", "task_id"):
            refused = await anna.request(method, path, json={**body, name: other["id"]})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}"), path
    batch = {
        "atomic": True,
        "operations": [{"op": "update", "id": one["id"], "body": {"title": "x", "id": other["id"]}}],
    }
    assert (await anna.post("/tasks/batch", json=batch)).status_code == 422
    assert (await anna.get(f"/tasks/{one['id']}")).json() == one
    assert (await anna.get(f"/tasks/{other['id']}")).json() == other
    for method, path, body in calls:
        assert (await anna.request(method, path, json=body)).status_code == 200


async def test_a_reader_detaches_and_moves_nothing(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = (await add_project(anna))["id"]
    await share(anna, home, ben, "commenter")
    parent = await add_task(anna, "parent", project_id=home)
    child = await add_task(anna, "child", project_id=home, parent_id=parent["id"])
    mine = await add_task(ben, "mine")
    path = f"/tasks/{child['id']}"
    for method, url, body in (
        ("PATCH", path, {"parent_id": None}),
        ("POST", f"{path}/move", {"parent_id": None, "project_id": home}),
        ("POST", f"{path}/move", {"project_id": mine["project_id"]}),
        ("DELETE", f"/tasks/{parent['id']}", None),
    ):
        assert (await ben.request(method, url, json=body)).status_code == 403, (method, url)
    assert (await ben.patch(path, json={"parent_id": mine["id"]})).status_code in {403, 422}
    operations = [{"op": "update", "id": child["id"], "body": {"parent_id": None}}]
    refused = await ben.post("/tasks/batch", json={"atomic": True, "operations": operations})
    assert refused.status_code == 403
    assert (await anna.get(path)).json()["parent_id"] == parent["id"]
    assert (await anna.patch(path, json={"parent_id": None})).status_code == 200
