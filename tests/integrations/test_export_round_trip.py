"""JSON out and into an empty account, and out again: the same but for ids and the time of the export."""

import itertools
import json
from collections import defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from taskmanager.integrations.formats.drafts import OccurrenceDraft
from taskmanager.integrations.formats.own_json import write_json
from taskmanager.kit.ids import new_id
from taskmanager.projects.names import name_key
from taskmanager.tasks.schemas import STATUSES
from tests.factories import Api, Client
from tests.integrations.drafts_of import (
    LINES,
    TEXTS,
    drafts,
    instants,
    names,
    occurrences,
    recurrences,
    related,
    reminders,
)
from tests.integrations.drafts_of import comments as comment_lists
from tests.integrations.files import imported

NUMBERS = itertools.count()
TIMES = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2021-01-01T00:00:00.000001Z"}
NO_TIMES = {"created_at": None, "updated_at": None}
# In the order of an export: a child may come before its parent.
PROJECTS: list[dict[str, Any]] = [
    {"id": "inbox", "name": "Eingang", "description": "", "key": "INBOX", "color": "#000000", "parent_id": None,
     "is_inbox": True, **NO_TIMES},
    {"id": "garden", "name": "Garden", "description": "Outside", "key": "GROW", "color": None, "parent_id": "home",
     "is_inbox": False, **TIMES},
    {"id": "home", "name": "Home", "description": "", "key": "HOME", "color": "#4F46D8", "parent_id": None,
     "is_inbox": False, **TIMES},
]  # fmt: skip
# In the order of an export: by project, then by position.
SECTIONS: list[dict[str, Any]] = [
    {"id": "in", "project_id": "inbox", "name": "In", "position": "a1V", **TIMES},
    {"id": "beds", "project_id": "garden", "name": "Beds", "position": "Zz", **TIMES},
    {"id": "trees", "project_id": "garden", "name": "Trees", "position": "a0", **TIMES},
    {"id": "empty", "project_id": "home", "name": "in", "position": "a0V", **TIMES},
]
KEYS = {"garden": "GROW", "home": "HOME", "inbox": "INBOX"}
POSITIONS = st.lists(st.sampled_from("aZ09Vz"), max_size=3).map(lambda found: "a1" + "".join(found) + "V")


def _by_others(past: tuple[OccurrenceDraft, ...]) -> tuple[OccurrenceDraft, ...]:
    return tuple(replace(one, author=f"Mx {one.author}"[:200]) for one in past)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Return a document with everything that our own format can say."""
    found = draw(
        drafts(
            status=st.sampled_from(STATUSES),
            assignees=names(200).map(lambda given: tuple(sorted(f"Mx {name}"[:200] for name in given))),
            project_id=st.sampled_from(sorted(KEYS)),
            author=LINES.map("Mx ".__add__),
            position=POSITIONS,
            parent=st.none(),
            created_at=instants(),
            updated_at=instants(),
            comments=comment_lists(),
            recurrence=recurrences(),
            occurrences=occurrences().map(_by_others),
            reminders=reminders(),
            raw=TEXTS,
            external_id=st.builds(new_id) | LINES.map("id ".__add__),
        ).flatmap(related)
    )
    document: dict[str, Any] = json.loads(b"".join(write_json(found)))
    for number, task in enumerate(document["tasks"], start=1):
        task["key"] = f"{KEYS[task['project_id']]}-{number * 3}"
        before = [one["id"] for one in document["tasks"][: number - 1] if one["project_id"] == task["project_id"]]
        task["parent_id"] = draw(st.sampled_from([None, *before]))
        sections = [one["id"] for one in SECTIONS if one["project_id"] == task["project_id"] and one["id"] != "empty"]
        task["section_id"] = draw(st.sampled_from([None, *sections]))
        for said in task["comments"]:
            said["created_at"] = said["created_at"] or task["created_at"]
            said["updated_at"] = said["updated_at"] or said["created_at"]
        task["comments"].sort(key=lambda said: said["created_at"].replace("Z", "+").split(".")[0])
    used = {name_key(name): name for task in reversed(document["tasks"]) for name in reversed(task["labels"])}
    colours = st.none() | st.sampled_from(["#112233", "#AABBCC"])
    document["labels"] = [{"name": used[key], "color": draw(colours)} for key in sorted(used)]
    return {**document, "projects": PROJECTS, "sections": SECTIONS}


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with numbers in place of ids."""
    places = {one["id"]: f"project {number}" for number, one in enumerate(document["projects"])}
    order = {project_id: number for number, project_id in enumerate(places)}
    tasks = sorted(document["tasks"], key=lambda one: (order[one["project_id"]], int(one["key"].rpartition("-")[2])))
    ids = {one["id"]: f"task {number}" for number, one in enumerate(tasks)}

    sections = {one["id"]: f"section {number}" for number, one in enumerate(document["sections"])}

    # Which of two tasks says that they are related goes by their ids, and so does the order.
    related: dict[str, list[Any]] = defaultdict(list)
    for task in tasks:
        for one in task["relations"]:
            pair = [ids[task["id"]], ids[one["task_id"]]]
            first, other = sorted(pair) if one["kind"] == "relates" else pair
            related[first].append((one["kind"], other))

    def of_task(task: dict[str, Any]) -> dict[str, Any]:
        plain = without_ids(task, ids)
        section = sections[task["section_id"]] if task["section_id"] else None
        return {**plain, "section_id": section, "relations": sorted(related[plain["id"]])}

    def without_ids(one: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
        changed = {"id": known[one["id"]], "parent_id": known.get(one["parent_id"])}
        return {**one, **changed, **({"project_id": places[one["project_id"]]} if "project_id" in one else {})}

    return {
        **{name: value for name, value in document.items() if name != "exported_at"},
        "projects": [without_ids(one, places) for one in document["projects"]],
        "sections": [
            {**one, "id": sections[one["id"]], "project_id": places[one["project_id"]]} for one in document["sections"]
        ],
        "tasks": [of_task(one) for one in tasks],
    }


async def exported(client: Client) -> dict[str, Any]:
    document: dict[str, Any] = (await client.get("/export")).json()
    return document


# All examples meet the same installation, each with accounts of its own; made smaller they would take minutes.
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(documents())
async def test_out_and_in_again_is_the_same(api: Api, document: dict[str, Any]) -> None:
    first, second = [await api.user(f"user{next(NUMBERS)}") for _ in range(2)]
    report = await imported(first, json.dumps(document).encode(), "application/json")
    out = await exported(first)
    await imported(second, json.dumps(out).encode(), "application/json")
    again = await exported(second)

    assert report["notes"] == []
    assert plain(out) == plain(document)
    assert plain(again) == plain(out)
