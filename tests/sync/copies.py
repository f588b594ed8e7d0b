"""A client's own copy of what it may see, kept true by the feed alone."""

from typing import Any

from tests.factories import Client

KINDS = ("projects", "sections", "labels", "filters", "tasks")
_KIND = {kind.removesuffix("s"): kind for kind in (*KINDS, "comments")}


async def bootstrap(client: Client) -> dict[str, Any]:
    answer = await client.get("/bootstrap")
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def changes(client: Client, since: str, **query: Any) -> dict[str, Any]:
    answer = await client.get("/changes", params={"since": since, **query})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


class Copy:
    """What ``docs/sync.md`` tells a client to do."""

    def __init__(self, start: dict[str, Any]) -> None:
        self.account = start["account"]
        self.sequence = start["sequence"]
        self.things: dict[str, dict[str, Any]] = {kind: _by_id(start[kind]) for kind in KINDS} | {"comments": {}}
        self.relations: dict[str, list[dict[str, str]]] = {}
        self.opened: set[str] = set()

    def state(self) -> dict[str, Any]:
        return {"account": self.account, **{kind: self.things[kind] for kind in KINDS}}

    async def open(self, client: Client, task_id: str) -> None:
        """Read what the bootstrap leaves out of a task: its comments and relations."""
        comments = (await client.get(f"/tasks/{task_id}/comments", params={"limit": 200})).json()["items"]
        self.things["comments"].update(_by_id(comments))
        self.relations[task_id] = (await client.get(f"/tasks/{task_id}/relations")).json()["relations"]
        self.opened.add(task_id)

    async def follow(self, client: Client, limit: int | None = None) -> None:
        """Apply all pages there are."""
        more = True
        while more:
            page = await changes(client, self.sequence, **({"limit": limit} if limit else {}))
            more = page["more"]
            self.apply(page)

    def apply(self, page: dict[str, Any]) -> None:
        assert not page["reset"]
        for deletion in page["deletions"]:
            self._forget(_KIND[deletion["kind"]], deletion["id"])
        upserts = page["upserts"]
        self.account = upserts["account"] or self.account
        for kind in self.things:
            self.things[kind].update(_by_id(upserts[kind]))
        for one in upserts["relations"]:
            self.relations[one["task_id"]] = one["relations"]
        self.sequence = page["sequence"]

    def _forget(self, kind: str, thing_id: str) -> None:
        """Forget a thing with what lies in it or refers to it."""
        self.things[kind].pop(thing_id, None)
        if kind == "projects":
            for inner in ("sections", "tasks"):
                for one in [one for one in self.things[inner].values() if one["project_id"] == thing_id]:
                    self._forget(inner, one["id"])
        elif kind == "tasks":
            self.opened.discard(thing_id)
            self.relations.pop(thing_id, None)
            comments = self.things["comments"]
            self.things["comments"] = {key: one for key, one in comments.items() if one["task_id"] != thing_id}
            self.relations = {
                task_id: [one for one in relations if one["task_id"] != thing_id]
                for task_id, relations in self.relations.items()
            }


def _by_id(things: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {thing["id"]: thing for thing in things}
