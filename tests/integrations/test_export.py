"""Files taken out through the API: who gets what, in which form."""

import csv as tables
import io
import json

import icalendar

from tests.factories import Api, add_project, add_task, share
from tests.integrations.files import all_tasks, by_title, comments_of, imported


async def test_an_export_is_a_file_to_keep(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "A")
    for kind, media_type, ending in (
        ("json", "application/json", "json"),
        ("csv", "text/csv; charset=utf-8", "csv"),
        ("ical", "text/calendar; charset=utf-8", "ics"),
    ):
        answer = await anna.get("/export", params={"format": kind})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="taskmanager-2')
        assert answer.headers["Content-Disposition"].endswith(f'.{ending}"')
        assert int(answer.headers["Content-Length"]) == len(answer.content)


async def test_everything_of_a_task_goes_out(api: Api) -> None:
    anna = await api.user("anna")
    home = await add_project(anna, "Home", color="#112233", description="Where we live")
    section = (await anna.post(f"/projects/{home['id']}/sections", json={"name": "Walls"})).json()
    task = await add_task(
        anna,
        "Paint",
        section_id=section["id"],
        project_id=home["id"],
        description="# All of it",
        priority=3,
        start={"date": "2026-12-01"},
        due={"datetime": "2026-12-02T09:00:00", "timezone": "Europe/Berlin"},
        deadline="2026-12-24",
        labels=["Red", "blue"],
        assignee_ids=[anna.user_id],
        estimate_minutes=90,
    )
    child = await add_task(anna, "Buy brushes", project_id=home["id"], parent_id=task["id"])
    await anna.post(f"/tasks/{task['id']}/comments", json={"body": "Soon"})
    await anna.post(f"/tasks/{child['id']}/complete")
    child = (await anna.get(f"/tasks/{child['id']}")).json()
    related = {"relations": [{"kind": "blocks", "task_id": child["id"]}]}
    assert (await anna.put(f"/tasks/{task['id']}/relations", json=related)).status_code == 200
    reminders = {"reminders": [{"at": "2030-01-01T01:00:00+01:00"}, {"minutes_before_due": 30}]}
    assert (await anna.put(f"/tasks/{task['id']}/reminders", json=reminders)).status_code == 200
    said = (await comments_of(anna, task))[0]
    document = (await anna.get("/export")).json()

    assert (document["format"], document["version"]) == ("taskmanager", 1)
    assert [(one["name"], one["is_inbox"]) for one in document["projects"]] == [("Home", False), ("Inbox", True)]
    assert document["projects"][0] == {
        "id": home["id"],
        "name": "Home",
        "description": "Where we live",
        "key": "HOME",
        "color": "#112233",
        "parent_id": None,
        "is_inbox": False,
        "created_at": home["created_at"],
        "updated_at": home["updated_at"],
    }
    fields = ("id", "project_id", "name", "position", "created_at", "updated_at")
    assert document["sections"] == [{name: section[name] for name in fields}]
    assert document["labels"] == [{"name": "blue", "color": None}, {"name": "Red", "color": None}]
    assert document["tasks"][0] == {
        **{name: task[name] for name in ("id", "parent_id", "title", "description", "status", "priority", "start")},
        **{name: task[name] for name in ("project_id", "key", "deadline", "labels", "position", "estimate_minutes")},
        **{name: task[name] for name in ("created_at", "updated_at", "completed_at")},
        "due": {"datetime": "2026-12-02T09:00:00", "timezone": "Europe/Berlin"},
        "assignees": ["anna"],
        "author": "anna",
        "comments": [
            {"body": "Soon", "author": "anna", "created_at": said["created_at"], "updated_at": said["updated_at"]}
        ],
        "recurrence": None,
        "occurrences": [],
        "section_id": section["id"],
        "relations": [{"kind": "blocks", "task_id": child["id"]}],
        "reminders": [
            {"minutes_before_due": 30, "at": None},
            {"minutes_before_due": None, "at": "2030-01-01T00:00:00Z"},
        ],
        "raw": "",
    }
    assert document["tasks"][1]["parent_id"] == task["id"]
    assert document["tasks"][1]["completed_at"] == child["completed_at"]


async def test_only_what_one_sees_goes_out(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben", "guest")
    shared, own = await add_project(anna, "Shared"), await add_project(anna, "Own")
    await share(anna, shared["id"], ben, "viewer")
    await add_task(anna, "Seen", project_id=shared["id"], labels=["hers"])
    await add_task(anna, "Unseen", project_id=own["id"])
    await add_task(anna, "In her Inbox")
    document = (await ben.get("/export")).json()

    assert [task["title"] for task in document["tasks"]] == ["Seen"]
    assert sorted(project["name"] for project in document["projects"]) == ["Inbox", "Shared"]
    assert document["labels"] == []
    assert (await ben.get("/export", params={"project_id": own["id"]})).status_code == 404
    assert (await api.anonymous.get("/export")).status_code == 401


async def test_one_project_goes_out_alone(api: Api) -> None:
    anna = await api.user()
    top = await add_project(anna, "Top")
    child = await add_project(anna, "Child", parent_id=top["id"])
    await add_task(anna, "Above", project_id=top["id"])
    await add_task(anna, "Inside", project_id=child["id"])
    document = (await anna.get("/export", params={"project_id": child["id"]})).json()

    assert [task["title"] for task in document["tasks"]] == ["Inside"]
    assert [(one["name"], one["parent_id"]) for one in document["projects"]] == [("Child", None)]
    assert (await imported(anna, json.dumps(document).encode(), "application/json"))["counts"]["duplicates"] == 1


async def test_the_trash_stays(api: Api) -> None:
    anna = await api.user()
    gone, kept = await add_task(anna, "Gone"), await add_task(anna, "Kept")
    await anna.delete(f"/tasks/{gone['id']}")
    home = await add_project(anna, "Home")
    await add_task(anna, "Gone with it", project_id=home["id"])
    await anna.delete(f"/projects/{home['id']}")
    said = (await anna.post(f"/tasks/{kept['id']}/comments", json={"body": "Gone"})).json()
    await anna.delete(f"/tasks/{kept['id']}/comments/{said['id']}")
    document = (await anna.get("/export")).json()

    assert [(task["title"], task["comments"]) for task in document["tasks"]] == [("Kept", [])]
    assert [project["name"] for project in document["projects"]] == ["Inbox"]


async def test_a_table_starts_no_formula_and_comes_back(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    dangerous = '=HYPERLINK("http://evil.example")'
    await add_task(anna, dangerous, description="-1+1", labels=["@x", "a,b"])
    exported = (await anna.get("/export", params={"format": "csv"})).content
    rows = list(tables.DictReader(io.StringIO(exported.decode("utf-8-sig"))))

    assert rows[0]["title"] == "'" + dangerous
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in rows[0].values())
    assert (await imported(anna, exported))["counts"]["duplicates"] == 1
    await imported(ben, exported)
    task = (await all_tasks(ben))[0]
    assert (task["title"], task["description"], task["labels"]) == (dangerous, "-1+1", ["@x", "a,b"])


async def test_a_calendar_is_one_that_others_read(api: Api) -> None:
    anna = await api.user()
    parent = await add_task(
        anna, "Paint; all, of it", due={"datetime": "2026-12-02T09:00:00", "timezone": "Europe/Berlin"}
    )
    await add_task(anna, "Brushes", parent_id=parent["id"], due={"date": "2026-12-01"}, labels=["shop"])
    exported = (await anna.get("/export", params={"format": "ical"})).content
    calendar = icalendar.Calendar.from_ical(exported)
    todos = list(calendar.walk("VTODO"))

    assert [str(todo["SUMMARY"]) for todo in todos] == ["Paint; all, of it", "Brushes"]
    assert todos[0].decoded("DUE").isoformat() == "2026-12-02T09:00:00+01:00"
    assert str(todos[1]["RELATED-TO"]) == str(todos[0]["UID"]) == parent["id"]
    assert (await imported(anna, exported, "text/calendar"))["counts"]["duplicates"] == 2


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Other//EN
BEGIN:VTODO
UID:series@example.org
DTSTAMP:20260101T000000Z
SUMMARY:Water the plants
DUE;VALUE=DATE:20261201
RRULE:FREQ=WEEKLY
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
END:VALARM
END:VTODO
BEGIN:VTODO
UID:series@example.org
RECURRENCE-ID;VALUE=DATE:20261208
DTSTAMP:20260101T000000Z
SUMMARY:Water only the cactus
END:VTODO
BEGIN:VTODO
UID:child@example.org
DTSTAMP:20260101T000000Z
SUMMARY:Fill the can
RELATED-TO:series@example.org
END:VTODO
END:VCALENDAR
""".replace("\n", "\r\n").encode()


async def test_a_calendar_from_elsewhere_keeps_its_identity_and_what_no_field_holds(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await imported(anna, CALENDAR, "text/calendar")
    tasks = await by_title(anna)
    assert tasks["Fill the can"]["parent_id"] == tasks["Water the plants"]["id"]
    moved = (await anna.get("/export")).content
    await imported(ben, moved, "application/json")
    for client in (anna, ben):
        exported = (await client.get("/export", params={"format": "ical"})).content
        todos = {str(todo["SUMMARY"]): todo for todo in icalendar.Calendar.from_ical(exported).walk("VTODO")}
        assert str(todos["Water the plants"]["UID"]) == "series@example.org"
        assert todos["Water the plants"]["RRULE"].to_ical() == b"FREQ=WEEKLY"
        assert len(todos["Water the plants"].walk("VALARM")) == 1
        assert str(todos["Water only the cactus"]["UID"]) == "series@example.org"
        assert str(todos["Fill the can"]["RELATED-TO"]) == "series@example.org"
        assert b"X-TASKMANAGER-UID" not in exported
    assert (await imported(anna, exported, "text/calendar"))["counts"]["duplicates"] == 3


async def test_bad_requests_are_told_what_is_wrong(api: Api) -> None:
    anna = await api.user()
    for query in ({"format": "xml"}, {"project_id": "nope"}, {"projectid": "x"}):
        assert (await anna.get("/export", params=query)).status_code == 422
