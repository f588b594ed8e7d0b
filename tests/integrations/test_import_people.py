"""Whose name stands where after an import: nobody is made to say or to have made anything."""

import json

from sqlalchemy import func, select

from taskmanager.integrations.models import ExternalId
from taskmanager.integrations.repository import purge
from tests.factories import Api, add_project, share
from tests.integrations.files import by_title, comments_of, csv, imported

DOCUMENT = {
    "items": [
        {
            "title": "A task",
            "created": "2026-01-01T10:00:00Z",
            "author": "ben",
            "comments": [
                {"body": "Second", "author": "ben", "created_at": "2026-01-03T10:00:00Z"},
                {"body": "First", "author": "Somebody Else", "created_at": "2026-01-02T10:00:00Z"},
            ],
        }
    ]
}


async def test_authors_are_words_even_if_an_account_has_that_name(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna, "Home")
    await share(anna, home["id"], ben, "editor")
    await imported(anna, json.dumps(DOCUMENT).encode(), "application/json", project_id=home["id"])
    task = (await by_title(ben))["A task"]

    assert task["created_by"] == anna.user_id
    assert task["created_at"] == "2026-01-01T10:00:00Z"
    comments = await comments_of(ben, task)
    assert [(one["body"], one["author"], one["author_id"]) for one in comments] == [
        ("First", "Somebody Else", None),
        ("Second", "ben", None),
    ]
    assert comments[0]["created_at"] == "2026-01-02T10:00:00Z"
    mine = await ben.patch(f"/tasks/{task['id']}/comments/{comments[1]['id']}", json={"body": "Forged"})
    assert mine.status_code == 403


async def test_assignees_are_those_who_see_the_project(api: Api) -> None:
    anna, ben, carl = await api.user("anna"), await api.user("ben"), await api.user("carl")
    home = await add_project(anna, "Home")
    await share(anna, home["id"], ben, "viewer")
    table = csv('1,A,,,,,,"Ben, carl, anna, Mrs. Smith",', "2,B,,,,,,,")
    await imported(anna, table, project_id=home["id"])

    assert (await by_title(anna))["A"]["assignee_ids"] == sorted([anna.user_id, ben.user_id])
    assert (await by_title(carl)) == {}
    exported = (await anna.get("/export")).json()["tasks"]
    assert exported[0]["assignees"] == ["Mrs. Smith", "anna", "ben", "carl"]


async def test_an_author_from_elsewhere_goes_out_again(api: Api) -> None:
    anna = await api.user("anna")
    await imported(anna, csv("1,A,,,,,,,Mrs. Smith", "2,B,,,,,,,anna", "3,C,,,,,,,"))
    exported = (await anna.get("/export")).json()["tasks"]

    assert [task["author"] for task in exported] == ["Mrs. Smith", "anna", "anna"]


async def test_what_is_deleted_for_good_is_forgotten(api: Api) -> None:
    anna = await api.user("anna")
    await imported(anna, csv("1,A,,,,,,,Mrs. Smith", "2,B,,,,,,,Mr. Jones"))
    task = (await by_title(anna))["A"]
    await anna.delete(f"/tasks/{task['id']}")
    await anna.delete(f"/tasks/{task['id']}", params={"permanent": True})
    async with api.database.write() as session:
        await purge(session)
    async with api.database.read() as session:
        left = (await session.execute(select(ExternalId.external_id, ExternalId.raw))).all()
        assert await session.scalar(select(func.count()).select_from(ExternalId)) == 1

    assert [(row[0], row[1]) for row in left] == [("2", {"author": "Mr. Jones"})]
