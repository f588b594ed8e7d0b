"""Files taken in through the API: what becomes of rows, what is refused, what a second time does."""

from tests.factories import Api, add_project, add_task, share
from tests.integrations.files import all_tasks, by_title, csv, imported, send

THREE = csv(
    "1,Feed the cat,open,2026-12-01,home,,,,",
    "2,Buy milk,in progress,2026-12-02T09:00:00,shop,,,,",
    "3,Old thing,done,,,,,,",
)


async def test_rows_become_tasks_of_the_inbox_in_their_order(api: Api) -> None:
    anna = await api.user()
    report = await imported(anna, THREE)

    assert report["counts"] == {"read": 3, "created": 3, "duplicates": 0, "problems": 0, "comments": 0}
    assert (report["format"], report["source"], report["accepted"]) == ("csv", "csv", True)
    tasks = await all_tasks(anna, sort="position")
    assert [(task["key"], task["title"], task["status"], task["labels"]) for task in tasks] == [
        ("INBOX-1", "Feed the cat", "todo", ["home"]),
        ("INBOX-2", "Buy milk", "in_progress", ["shop"]),
        ("INBOX-3", "Old thing", "done", []),
    ]
    assert [task["due"] for task in tasks] == [{"date": "2026-12-01"}, {"datetime": "2026-12-02T09:00:00"}, None]
    assert tasks[2]["completed_at"] is None  # when is not known, and not made up
    assert {label["name"] for label in (await anna.get("/labels")).json()["items"]} == {"home", "shop"}


async def test_what_was_there_keeps_its_place_before_what_comes(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "First")
    await imported(anna, THREE)
    await add_task(anna, "Last")

    assert [task["key"] for task in await all_tasks(anna, sort="position")] == [f"INBOX-{n}" for n in range(1, 6)]
    assert [task["title"] for task in await all_tasks(anna, sort="position")][::4] == ["First", "Last"]


async def test_a_dry_run_reports_and_writes_nothing(api: Api) -> None:
    anna = await api.user()
    report = await imported(anna, csv("1,Feed the cat,open,2026-12-01,home,Pets,,,"), dry_run=True)

    assert report["counts"]["created"] == 1
    assert report["operation_id"] is None
    assert report["mapping"]["title"] == "title"
    assert report["projects"] == [{"id": None, "name": "Pets", "created": True, "tasks": 1}]
    assert report["sample"][0]["title"] == "Feed the cat"
    assert report["sample"][0]["project"] == "Pets"
    assert await all_tasks(anna) == []
    assert [project["name"] for project in (await anna.get("/projects")).json()["items"]] == ["Inbox"]
    assert (await anna.get("/labels")).json()["items"] == []


async def test_the_mapping_in_force_can_be_given(api: Api) -> None:
    anna = await api.user()
    table = csv("Dog;3/14/2025 09:00", "Cat;3/15/2025 10:00", head="What;Created")
    report = await imported(anna, table, dry_run=True, timezone="America/New_York")
    again = await imported(anna, table, mapping=report["mapping"], timezone="America/New_York")

    assert again["mapping"] == report["mapping"]
    assert (await by_title(anna))["Dog"]["created_at"] == "2025-03-14T13:00:00Z"


async def test_projects_are_found_by_name_or_made(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna, "Home")
    report = await imported(anna, csv("1,A,,,,HOME,,,", "2,B,,,,Garden,,,", "3,C,,,,garden,,,", "4,D,,,,,,,"))

    assert [(one["name"], one["created"], one["tasks"]) for one in report["projects"]] == [
        ("Inbox", False, 1),
        ("Home", False, 1),
        ("Garden", True, 2),
    ]
    tasks = await by_title(anna)
    assert tasks["A"]["project_id"] == home["id"]
    assert tasks["B"]["project_id"] == tasks["C"]["project_id"] == report["projects"][2]["id"]
    assert [tasks[title]["key"] for title in "ABCD"] == ["HOME-1", "GARDEN-1", "GARDEN-2", "INBOX-1"]


async def test_one_project_can_take_everything(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna, "Home")
    await imported(anna, csv("1,A,,,,Garden,,,", "2,B,,,,,,,"), project_id=home["id"])

    assert {task["project_id"] for task in await all_tasks(anna)} == {home["id"]}


async def test_one_wrong_row_keeps_everything_out(api: Api) -> None:
    anna = await api.user()
    table = csv("1,A,,,,New,,,", "2,,,,,,,,", "3,C,nonsense,,,,,,")
    answer = await send(anna, table)

    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "import_invalid"
    assert "line 3" in problem["detail"]
    assert problem["counts"] == {"read": 3, "created": 0, "duplicates": 0, "problems": 2, "comments": 0}
    assert [(one["row"], one["line"], one["field"], one["code"]) for one in problem["problems"]] == [
        (2, 3, "title", "missing"),
        (3, 4, "status", "unknown_value"),
    ]
    assert await all_tasks(anna) == []
    assert len((await anna.get("/projects")).json()["items"]) == 1
    dry = await imported(anna, table, dry_run=True)
    assert (dry["accepted"], dry["counts"]["created"], len(dry["problems"])) == (False, 1, 2)


async def test_wrong_rows_can_be_left_out(api: Api) -> None:
    anna = await api.user()
    report = await imported(anna, csv("1,A,,,,,,,", "2,,,,,,,,", "3,C,,,,,2,,"), on_invalid="skip")

    assert report["counts"]["created"] == 2
    assert report["counts"]["problems"] == 1
    assert report["notes"][0].endswith("stand by themselves: 1.")
    assert (await by_title(anna))["C"]["parent_id"] is None


async def test_what_concerns_the_whole_file_is_never_left_out(api: Api) -> None:
    anna = await api.user()
    ambiguous = csv("A,03/04/2025", head="title,due")
    answer = await send(anna, ambiguous, on_invalid="skip")

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["code"] == "ambiguous_date"


async def test_a_row_becomes_what_a_request_would_have_made(api: Api) -> None:
    anna = await api.user()
    asked = await add_task(
        anna,
        "Asked",
        status="in_progress",
        priority=3,
        due={"datetime": "2026-12-02T09:00:00", "timezone": "Europe/Berlin"},
        deadline="2026-12-24",
        labels=["red", "Blue"],
        assignee_ids=[anna.user_id],
        estimate_minutes=90,
    )
    head = "title,status,priority,due,deadline,labels,assignee,estimate"
    row = 'Read,in progress,high,2026-12-02T09:00:00[Europe/Berlin],2026-12-24,"red,Blue",anna,90'
    await imported(anna, csv(row, head=head))
    read = (await by_title(anna))["Read"]

    apart = {"id", "key", "title", "position", "created_at", "updated_at"}
    assert {**read, **{name: asked[name] for name in apart}} == asked
    changes = [
        (await anna.get(f"/tasks/{task['id']}/activity")).json()["items"][0]["changes"] for task in (asked, read)
    ]
    assert {**changes[1], **{name: changes[0][name] for name in ("key", "title", "position")}} == changes[0]


async def test_activity_tells_of_each_task(api: Api) -> None:
    anna = await api.user()
    report = await imported(anna, THREE)
    task = (await by_title(anna))["Buy milk"]
    items = (await anna.get(f"/tasks/{task['id']}/activity")).json()["items"]

    assert [(one["action"], one["operation_id"]) for one in items] == [("created", report["operation_id"])]
    assert items[0]["changes"]["title"]["after"] == "Buy milk"


async def test_a_sent_again_request_is_answered_again(api: Api) -> None:
    anna = await api.user()
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "once"}
    first = await anna.post("/import", content=THREE, headers=headers)
    second = await anna.post("/import", content=THREE, headers=headers)

    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first.json()
    assert second.json()["counts"]["created"] == 3


async def test_only_places_that_the_actor_may_edit_take_tasks(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    shown, hidden, open_one = [await add_project(anna, name) for name in ("Shown", "Hidden", "Open")]
    await share(anna, shown["id"], ben, "viewer")
    await share(anna, open_one["id"], ben, "editor")

    assert (await send(ben, THREE, project_id=shown["id"])).status_code == 403
    missing = await send(ben, THREE, project_id=hidden["id"])
    assert missing.status_code == 422
    assert missing.json()["errors"][0]["pointer"] == "/query/project_id"
    # A name that may only be read does not count: the file's project is a new one of the actor's own.
    report = await imported(ben, csv("1,A,,,,Shown,,,", "2,B,,,,Hidden,,,", "3,C,,,,Open,,,"))
    assert [(one["name"], one["created"]) for one in report["projects"]] == [
        ("Open", False),
        ("Shown", True),
        ("Hidden", True),
    ]
    assert await all_tasks(anna, project_id=shown["id"]) == []
    assert [task["title"] for task in await all_tasks(anna)] == ["C"]


async def test_a_guest_imports_nothing(api: Api) -> None:
    guest = await api.user("guest", "guest")

    assert (await send(guest, THREE)).status_code == 403
    assert (await send(guest, THREE, dry_run=True)).status_code == 403
    assert (await send(api.anonymous, THREE)).status_code == 401


async def test_bad_requests_are_told_what_is_wrong(api: Api) -> None:
    anna = await api.user()
    for content, kind, query, status, code in (
        (THREE, "text/plain", {}, 415, "unsupported_media_type"),
        (THREE, "text/csv; charset=windows-1252", {}, 415, "unsupported_media_type"),
        (b"", "text/csv", {}, 422, "unreadable_file"),
        (b'{"tasks": [', "application/json", {}, 422, "unreadable_file"),
        (b"title\n\xff\xfe\xff", "text/csv", {}, 422, "unreadable_file"),
        (b"BEGIN:VEVENT", "text/calendar", {}, 422, "unreadable_file"),
        (THREE, "text/csv", {"mapping": "{"}, 422, "validation_failed"),
        (THREE, "text/csv", {"mapping": "[]"}, 422, "validation_failed"),
        (THREE, "text/csv", {"mapping": '{"title": "Nope"}'}, 422, "mapping_invalid"),
        (THREE, "text/csv", {"timezone": "Mars/Olympus"}, 422, "validation_failed"),
        (THREE, "text/csv", {"on_duplicate": "maybe"}, 422, "validation_failed"),
        (THREE, "text/csv", {"dryrun": "true"}, 422, "validation_failed"),
        (THREE, "text/csv", {"source": "x" * 65}, 422, "validation_failed"),
        (THREE, "text/csv", {"project_id": "nope"}, 422, "validation_failed"),
    ):
        answer = await send(anna, content, kind, **query)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (kind, query, answer.text)
    assert (await send(anna, THREE, mapping='{"title": "Nope"}')).json()["errors"][0]["pointer"] == (
        "/query/mapping/title"
    )
    assert await all_tasks(anna) == []


async def test_a_file_that_is_too_large_is_refused(api: Api) -> None:
    anna = await api.user()

    assert (await send(anna, b"title\n" + b"x" * (33 * 1024 * 1024))).status_code == 413


async def test_thousands_of_rows_go_in_page_through_and_come_back_out(api: Api) -> None:
    anna = await api.user()
    rows = [
        f"{n},Task {n},{'done' if n % 3 else 'open'},2026-12-{n % 28 + 1:02},tag{n % 7},,{n - 1 if n % 5 else ''},,"
        for n in range(1, 3001)
    ]
    report = await imported(anna, csv(*rows))
    tasks = await all_tasks(anna)

    assert report["counts"]["created"] == 3000
    assert len({task["id"] for task in tasks}) == len(tasks) == 3000
    undone = await anna.post(f"/undo/{report['operation_id']}")
    assert undone.status_code == 200, undone.text
    assert await all_tasks(anna) == []
