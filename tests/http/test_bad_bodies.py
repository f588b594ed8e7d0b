"""Bad bodies of every kind on every route: a clear 4xx problem, never a 500 (Z7, L10)."""

import json
from typing import Any

from tests.architecture.routes import ROUTES
from tests.factories import Api, add_task
from tests.http.problems import JSON, concrete, problem

WITH_BODY = [route for route, line in ROUTES.items() if not route.startswith("GET") and line.content is None]
BAD_BODIES: dict[str, bytes] = {
    "nothing that ends": b'{"title": ',
    "no JSON": b"title=x",
    "single quotes": b"{'title': 'x'}",
    "comma at the end": b'{"title": "x",}',
    "comment": b'{"title": "x"} // x',
    "two values": b"{}{}",
    "no UTF-8": b'{"title": "\xff"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"title": "x"}',
    "NaN": b'{"priority": NaN}',
    "Infinity": b'{"priority": -Infinity}',
    "float too great": b'{"priority": 1e999}',
    "2^63": b'{"priority": 9223372036854775808}',
    "-2^63-1": b'{"priority": -9223372036854775809}',
    "5,000 digits": b'{"priority": ' + b"9" * 5000 + b"}",
    "twice": b'{"title": "x", "title": "y"}',
    "deep": b"[" * 50_000,
    "deep and closed": b'{"labels": ' + b"[" * 200 + b"]" * 200 + b"}",
    "NUL": b'{"title": "a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000b": 1}',
    "lone surrogate": b'{"title": "\\ud800"}',
    "lone surrogate in a name": b'{"\\udfff": 1}',
    "lone surrogate in depth": b'{"due": {"timezone": ["\\udc00"]}}',
    "raw control character": b'{"title": "a\x01b"}',
    "no object": b'["title"]',
    "null": b"null",
    "a word": b'"title"',
    "a number": b"5",
}


async def test_z7_every_bad_body_on_every_route(api: Api) -> None:
    """Bad bodies are refused before the caller is known, and before anything is locked."""
    chief = await api.user("chief", "admin")
    for route in WITH_BODY:
        method, path = concrete(route)
        for what, body in BAD_BODIES.items():
            if what == "null" and path in {"/refresh", "/logout"}:
                # There a body is optional.
                continue
            answer = await chief.request(method, path, content=body, headers=JSON)
            told = problem(answer, 400, 413, 422)
            assert told["code"] in {"malformed_json", "validation_failed", "body_too_large"}, (route, what, told)


async def test_what_is_wrong_is_told_with_its_place(api: Api) -> None:
    anna = await api.user()
    for body, status, code, pointer in (
        ({"title": 5}, 422, "string_type", "/title"),
        ({"title": ["x"]}, 422, "string_type", "/title"),
        ({"title": ""}, 422, "string_too_short", "/title"),
        ({"title": " \t "}, 422, "string_too_short", "/title"),
        ({"title": "x" * 501}, 422, "string_too_long", "/title"),
        ({"title": "x", "priority": "2"}, 422, "int_type", "/priority"),
        ({"title": "x", "priority": 2.0}, 422, "int_type", "/priority"),
        ({"title": "x", "priority": True}, 422, "int_type", "/priority"),
        ({"title": "x", "priority": 5}, 422, "less_than_equal", "/priority"),
        ({"title": "x", "priority": 2**63 - 1}, 422, "less_than_equal", "/priority"),
        ({"title": "x", "priority": -1}, 422, "greater_than_equal", "/priority"),
        ({"title": "x", "estimate_minutes": 0}, 422, "greater_than_equal", "/estimate_minutes"),
        ({"title": "x", "status": "open"}, 422, "literal_error", "/status"),
        ({"title": "x", "labels": "a"}, 422, "list_type", "/labels"),
        ({"title": "x", "labels": ["a", 5]}, 422, "string_type", "/labels/1"),
        ({"title": "x", "project_id": "home"}, 422, "value_error", "/project_id"),
        ({"title": "x", "parent_id": 5}, 422, "string_type", "/parent_id"),
        ({"title": "x", "recurrence": {"rrule": "FREQ=DAILY"}}, 422, "needs_due", "/recurrence"),
        ({"title": "x", "recurrence": {"rrule": "FREQ=SECONDLY"}}, 422, "value_error", "/recurrence/rrule"),
        ({"title": "x", "description": "x" * 100_001}, 422, "string_too_long", "/description"),
        ({"title": "x", "a/b~c": 1}, 422, "extra_forbidden", "/a~1b~0c"),
        ({"title": "a\0b"}, 422, "unclean_text", "/title"),
        ({"title": "x", "labels": ["a", "\0"]}, 422, "unclean_text", "/labels/1"),
        ({"title": "x", "due": {"da/te\0": 1}}, 422, "unclean_text", "/due"),
        ({}, 422, "missing", "/title"),
        ([], 422, "model_attributes_type", ""),
    ):
        place = problem(await anna.post("/tasks", json=body), status)["errors"][0]
        assert (place["code"], place["pointer"]) == (code, pointer), body
        assert not place["message"].startswith("Value error")
    missing = problem(await anna.post("/tasks", headers=JSON), 422)["errors"]
    assert missing == [{"pointer": "", "code": "missing", "message": "Field required"}]
    assert (await anna.get("/tasks")).json()["items"] == []


async def test_bodies_have_limits(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    two = json.dumps({"title": "x" * (2 << 20)}).encode()
    for route in WITH_BODY:
        method, path = concrete(route)
        assert problem(await anna.request(method, path, content=two, headers=JSON), 413)["code"] == "body_too_large"
    five = json.dumps({"username": "x" * 5000, "password": "x"}).encode()
    for path in ("/login", "/refresh", "/logout", "/setup", "/register", "/reset"):
        problem(await anna.post(path, content=five, headers=JSON), 413)

    async def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 65536

    # Of unknown length, it is refused as soon as it is too long.
    problem(await anna.post("/tasks", content=pieces(), headers=JSON), 413)
    # A body that is only announced has done nothing when it is refused.
    announced = {"Content-Length": str(2 << 20), **JSON}
    problem(await anna.post(f"/tasks/{task['id']}/complete", headers=announced), 413)
    assert (await anna.get(f"/tasks/{task['id']}")).json()["status"] == "todo"
    almost = {"title": "x", "description": "é" * 100_000, "labels": ["x" * 60] * 50}
    assert (await anna.post("/tasks", json=almost)).status_code == 201


async def test_only_json_is_read(api: Api) -> None:
    anna = await api.user()
    body = b'{"title": "x"}'
    for kind in (
        "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json",
        "application/json; charset=latin-1", "application/jsonp", "application/json, text/plain", "application/xml",
        "application/merge-patch+json",
    ):  # fmt: skip
        refused = await anna.post("/tasks", content=body, headers={"Content-Type": kind})
        assert problem(refused, 415)["code"] == "unsupported_media_type", kind
    problem(await anna.post("/tasks", content=body), 415)
    for kind in ("application/json", "APPLICATION/JSON; charset=UTF-8", 'application/json;charset="utf-8"'):
        assert (await anna.post("/tasks", content=body, headers={"Content-Type": kind})).status_code == 201


async def test_routes_without_a_body_take_none(api: Api) -> None:
    anna = await api.user()
    path = f"/tasks/{(await add_task(anna))['id']}/complete"
    refused = problem(await anna.post(path, json={"status": "cancelled"}), 422)
    assert refused["errors"][0]["code"] == "unexpected_body"
    assert (await anna.post(path, json={})).status_code == 200
