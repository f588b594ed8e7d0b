"""People who edit the same task at the same time lose nothing that they were told is done.

More than a few examples by TASKMANAGER_TEST_EXAMPLES.
"""

import asyncio
import os
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories import Api, Client, add_project, add_task, pages, share
from tests.sync.copies import Copy, bootstrap

EXAMPLES = int(os.environ.get("TASKMANAGER_TEST_EXAMPLES", "5"))
VALUES: dict[str, list[Any]] = {
    "title": ["one", "two", "three"],
    "description": ["", "a", "b"],
    "priority": [0, 1, 2],
    "labels": [[], ["x"], ["y", "x"]],
    "deadline": [None, "2026-12-01", "2026-12-24"],
}
PATCHES = st.dictionaries(st.sampled_from(sorted(VALUES)), st.integers(0, 2), min_size=1, max_size=3)
# Each edit: what it writes, and whether only upon the version that was seen last.
EDITS = st.lists(st.tuples(PATCHES, st.booleans()), min_size=2, max_size=5)


async def edit(client: Client, task: dict[str, Any], edits: Any) -> list[dict[str, Any]]:
    """Make one person's edits, one after the other; return the answers to those that were done."""
    done, tag = [], f'"{task["version"]}"'
    for picked, careful in edits:
        patch = {name: VALUES[name][number] for name, number in picked.items()}
        headers = {"If-Match": tag} if careful else {}
        answer = await client.patch(f"/tasks/{task['id']}", json=patch, headers=headers)
        assert answer.status_code in ({200, 412} if careful else {200}), answer.text
        if answer.status_code == 200:
            assert {name: answer.json()[name] for name in patch} == patch
            assert not careful or answer.json()["version"] in {int(tag.strip('"')), int(tag.strip('"')) + 1}
            done.append({**answer.json(), "patch": patch})
        else:
            assert answer.json()["current"]["version"] > int(tag.strip('"'))
        tag = answer.headers["ETag"] if answer.status_code == 200 else f'"{answer.json()["current"]["version"]}"'
    return done


async def test_concurrent_edits_are_one_after_the_other(api: Api) -> None:
    loop = asyncio.get_running_loop()
    people = [await api.user(name) for name in ("anna", "ben", "carl")]
    home = (await add_project(people[0]))["id"]
    for other in people[1:]:
        await share(people[0], home, other, "editor")

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(EDITS, EDITS, EDITS))
    def check(edits: Any) -> None:
        asyncio.run_coroutine_threadsafe(play(edits), loop).result(120)

    async def play(edits: Any) -> None:
        task = await add_task(people[0], "one", project_id=home)
        copies = [Copy(await bootstrap(person)) for person in people]
        given_ = zip(people, edits, strict=True)
        answers = await asyncio.gather(*(edit(person, task, own) for person, own in given_))
        now = (await people[0].get(f"/tasks/{task['id']}")).json()
        # Every version is one change, told to one person; each began with what the one before it left.
        history = (await pages(people[0], f"/tasks/{task['id']}/activity"))[::-1]
        assert now["version"] == len(history)
        state: dict[str, Any] = {}
        for entry in history:
            assert all(state.get(name) == change["before"] for name, change in entry["changes"].items())
            state.update((name, change["after"]) for name, change in entry["changes"].items())
        assert {name: state.get(name, now[name]) for name in VALUES} == {name: now[name] for name in VALUES}
        # What was done is there unless somebody wrote the same field later.
        done = sorted((one for person in answers for one in person), key=lambda one: one["version"])
        for number, one in enumerate(done):
            later = {name for other in done[number + 1 :] for name in other["patch"]}
            left = {name: value for name, value in one["patch"].items() if name not in later}
            assert left == {name: now[name] for name in left}
        assert all(one["version"] <= other["version"] for person in answers for one, other in pairwise(person))
        for person, copy in zip(people, copies, strict=True):
            await copy.follow(person)
            assert copy.things["tasks"][task["id"]] == now

    await asyncio.to_thread(check)
