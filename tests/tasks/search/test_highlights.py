"""What a search shows of why a task was found, to whom, and how much of it."""

from typing import Any

from taskmanager.tasks.search.highlights import FRAGMENT, MAX_COMMENTS
from tests.factories import Api, Client, add_project, add_task, share


async def shown(client: Client, q: str, **query: Any) -> dict[str, list[dict[str, Any]]]:
    answer = await client.get("/tasks", params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert list(body["highlights"]) == [task["id"] for task in body["items"]]
    found: dict[str, list[dict[str, Any]]] = body["highlights"]
    return found


def marked(one: dict[str, Any]) -> list[str]:
    return [one["text"][span["start"] : span["end"]] for span in one["spans"]]


async def say(client: Client, task: dict[str, Any], body: str) -> str:
    answer = await client.post(f"/tasks/{task['id']}/comments", json={"body": body})
    assert answer.status_code == 201, answer.text
    comment_id: str = answer.json()["id"]
    return comment_id


async def test_title_description_and_comments_show_the_words(api: Api) -> None:
    anna = await api.user()
    rent = await add_task(anna, "Pay the Rent", description="To **Straßenbau** GmbH <script>rent</script>")
    comment = await say(anna, rent, "Ask the landlord's friend")
    other = await add_task(anna, "Rental car")
    assert await shown(anna, "rent") == {
        rent["id"]: [
            {
                "field": "title", "comment_id": None, "text": "Pay the Rent",
                "cut_before": False, "cut_after": False, "spans": [{"start": 8, "end": 12}],
            },
            {
                "field": "description", "comment_id": None,
                "text": "To **Straßenbau** GmbH <script>rent</script>",
                "cut_before": False, "cut_after": False, "spans": [{"start": 31, "end": 35}],
            },
        ],
        other["id"]: [
            {
                "field": "title", "comment_id": None, "text": "Rental car",
                "cut_before": False, "cut_after": False, "spans": [{"start": 0, "end": 4}],
            }
        ],
    }  # fmt: skip
    found = (await shown(anna, "strassenbau rent landlo"))[rent["id"]]
    assert [(one["field"], one["comment_id"], marked(one)) for one in found] == [
        ("title", None, ["Rent"]),
        ("description", None, ["Straßenbau", "rent"]),
        ("comment", comment, ["landlo"]),
    ]


async def test_lists_without_words_show_none(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "Rent")
    for query in ({}, {"filter": "search: rent"}):
        assert set((await anna.get("/tasks", params=query)).json()) == {"items", "next_cursor"}
    assert await shown(anna, "none") == {}
    assert len(await shown(anna, "rent", filter="no date", sort="title", limit=1)) == 1


async def test_pages_show_their_own_tasks(api: Api) -> None:
    anna = await api.user()
    for number in range(3):
        await add_task(anna, f"word {number}")
    first = (await anna.get("/tasks", params={"q": "word", "limit": 2})).json()
    second = (await anna.get("/tasks", params={"q": "word", "limit": 2, "cursor": first["next_cursor"]})).json()
    assert [len(page["highlights"]) for page in (first, second)] == [2, 1]


async def test_of_long_texts_the_part_with_most_words(api: Api) -> None:
    anna = await api.user()
    filler = "lorem ipsum dolor sit amet " * 40
    text = f"{filler}alpha {filler}alpha and beta {filler}"
    task = await add_task(anna, "A title", description=text)
    (one,) = (await shown(anna, "alpha beta"))[task["id"]]
    assert (marked(one), one["cut_before"], one["cut_after"]) == (["alpha", "beta"], True, True)
    assert one["text"] in text
    assert len(one["text"]) <= FRAGMENT
    # Words are not cut, unless there is nothing but one.
    assert f" {one['text']} " in text
    unspaced = await add_task(anna, "An address", description=f"{'x' * 5000}/gamma/{'y' * 5000}")
    (one,) = (await shown(anna, "gamma"))[unspaced["id"]]
    assert (marked(one), len(one["text"]) <= FRAGMENT) == (["gamma"], True)
    edges = await add_task(anna, "Edges", description=f"delta {filler} epsilon")
    for q in ("delta", "epsilon"):
        (one,) = (await shown(anna, q))[edges["id"]]
        assert (marked(one), one["cut_before"], one["cut_after"]) == ([q], q == "epsilon", q == "delta")


async def test_of_comments_the_newest_that_have_what_the_task_has_not(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "alpha")
    said = [await say(anna, task, f"beta {number}") for number in range(MAX_COMMENTS + 1)]
    await say(anna, task, "alpha once more")
    removed = await say(anna, task, "beta, taken back")
    await anna.delete(f"/tasks/{task['id']}/comments/{removed}")
    title, *comments = (await shown(anna, "alpha beta"))[task["id"]]
    assert title["field"] == "title"
    assert [one["comment_id"] for one in comments] == said[:0:-1]
    assert len((await shown(anna, "alpha"))[task["id"]]) == 1


async def test_nothing_hidden_is_shown(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    hidden = await add_task(anna, "secret plan")
    open_ = await add_task(anna, "open plan", project_id=home["id"])
    await say(anna, hidden, "whisper")
    await say(anna, open_, "whisper")
    assert await shown(ben, "plan whisper") == {}
    await share(anna, home["id"], ben, "viewer")
    found = await shown(ben, "plan whisper")
    assert list(found) == [open_["id"]]
    assert [one["field"] for one in found[open_["id"]]] == ["title", "comment"]
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    assert await shown(ben, "plan whisper") == {}
    await anna.delete(f"/tasks/{hidden['id']}")
    assert list(await shown(anna, "whisper")) == [open_["id"]]
    assert list(await shown(anna, "whisper", deleted="true")) == [hidden["id"]]
