"""The same file again: duplicates, sources, and what undo gave back."""

import asyncio

from tests.factories import Api, add_task
from tests.integrations.files import all_tasks, by_title, csv, imported, send

THREE = csv(
    "1,Feed the cat,open,2026-12-01,home,,,,",
    "2,Buy milk,in progress,2026-12-02T09:00:00,shop,,,,",
    "3,Old thing,done,,,,,,",
)


async def test_the_same_file_again_meets_the_same_tasks(api: Api) -> None:
    anna = await api.user()
    await imported(anna, THREE)
    again = await imported(anna, THREE)

    assert again["counts"] == {"read": 3, "created": 0, "duplicates": 3, "problems": 0, "comments": 0}
    assert again["operation_id"] is None
    assert [(one["place"], one["key"]) for one in again["duplicates"]] == [
        ("line 2", "INBOX-1"),
        ("line 3", "INBOX-2"),
        ("line 4", "INBOX-3"),
    ]
    assert len(await all_tasks(anna)) == 3


async def test_duplicates_can_be_refused_by_name(api: Api) -> None:
    anna = await api.user()
    await imported(anna, THREE)
    answer = await send(anna, csv("3,Old thing,done,,,,,,", "4,New,,,,,,,"), on_duplicate="refuse")

    assert answer.status_code == 409
    assert answer.json()["code"] == "import_duplicates"
    assert [one["external_id"] for one in answer.json()["duplicates"]] == ["3"]
    assert len(await all_tasks(anna)) == 3


async def test_rows_without_an_id_are_known_by_their_words(api: Api) -> None:
    anna = await api.user()
    table = csv("Buy milk,shop", "Buy milk,shop", "Call,home", head="title,labels")
    assert (await imported(anna, table))["counts"]["created"] == 3
    longer = csv("Buy milk,shop", "Buy milk,shop", "Buy milk,shop", head="title,labels")
    again = await imported(anna, longer)

    assert (again["counts"]["created"], again["counts"]["duplicates"]) == (1, 2)


async def test_sources_keep_ids_apart(api: Api) -> None:
    anna = await api.user()
    await imported(anna, THREE, source="office")
    other = await imported(anna, csv("1,Another,,,,,,,"), source="home")

    assert other["counts"]["created"] == 1


async def test_accounts_keep_ids_apart(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await imported(anna, THREE)

    assert (await imported(ben, THREE))["counts"]["created"] == 3
    assert len(await all_tasks(ben)) == 3


async def test_two_at_once_make_each_task_once(api: Api) -> None:
    anna = await api.user()
    reports = await asyncio.gather(*(imported(anna, THREE) for _ in range(3)))

    assert sorted(report["counts"]["created"] for report in reports) == [0, 0, 3]
    assert len(await all_tasks(anna)) == 3


async def test_an_import_is_one_operation_that_undo_takes_back(api: Api) -> None:
    anna = await api.user()
    kept = await add_task(anna, "Kept")
    table = csv("1,A,,,red,New,,,", "2,B,,,,New,1,,", "3,C,,,,,,,")
    answer = await send(anna, table)
    operation_id = answer.json()["operation_id"]
    assert answer.headers["X-Operation-ID"] == operation_id
    assert (await by_title(anna))["B"]["parent_id"] == (await by_title(anna))["A"]["id"]

    undone = await anna.post(f"/undo/{operation_id}")
    assert undone.status_code == 200, undone.text
    assert [task["id"] for task in await all_tasks(anna)] == [kept["id"]]
    assert len((await anna.get("/projects")).json()["items"]) == 1

    redone = await anna.post(f"/undo/{undone.json()['operation_id']}")
    assert redone.status_code == 200, redone.text
    assert set(await by_title(anna)) == {"Kept", "A", "B", "C"}


async def test_what_was_undone_can_be_imported_again(api: Api) -> None:
    anna = await api.user()
    table = csv("1,A,,,,New,,,", "2,B,,,,,,,")
    first = await imported(anna, table)
    await anna.post(f"/undo/{first['operation_id']}")
    again = await imported(anna, table)

    assert again["counts"]["created"] == 2
    assert len(await all_tasks(anna)) == 2
    assert (await imported(anna, table))["counts"]["duplicates"] == 2
