"""Bad paths, queries, headers, methods, hosts: a clear 4xx problem with security headers (Z7, Z8)."""

import re

import httpx

from tests.architecture.routes import ROUTES
from tests.factories import Api, Client, add_task
from tests.http.problems import HEADERS, concrete, problem

BAD_IDS = (
    "x", "1", "%00", "%2e%2e", "%2F", "%ff", "%ED%A0%80", "x" * 5000, "🦊", "'--", "null", "0" * 36,
    "01890a5d-ac96-774b-bcce-b302099a805", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}",
)  # fmt: skip


async def test_bad_ids(api: Api) -> None:
    chief = await api.user("chief", "admin")
    for route in [route for route in ROUTES if "{" in route]:
        method, _, path = route.partition(" ")
        for bad in BAD_IDS:
            target = concrete(f"{method} {path[: path.index('{')]}{bad}{path[path.index('}') + 1 :]}")[1]
            answer = await chief.request(method, target, json={} if method == "PATCH" else None)
            # An id with a slash is another path.
            problem(answer, 404, 405, 422)


async def test_ids_are_read_in_any_case(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    assert (await anna.get(f"/tasks/{task['id'].upper()}")).json() == task


async def test_bad_queries(api: Api) -> None:
    anna = await api.user()
    for query, code in (
        ("label=%00", "unclean_text"),
        ("label=a%00b", "unclean_text"),
        ("label=%ff", "unclean_text"),
        ("label=%ED%A0%80", "unclean_text"),
        ("%ff=1", "unclean_text"),
        ("%00=1", "unknown_parameter"),
        ("label[]=x", "unknown_parameter"),
        ("Label=x", "unknown_parameter"),
        ("limit=9223372036854775808", "less_than_equal"),
        ("limit=1e1", "int_parsing"),
        ("priority=NaN", "int_parsing"),
        ("limit", "int_parsing"),
        ("cursor=" + "x" * 3000, "string_too_long"),
    ):
        refused = problem(await anna.get(f"/tasks?{query}"), 422)
        assert refused["errors"][0]["code"] == code, query


async def test_unsupported_methods_name_those_that_are(api: Api) -> None:
    anna = await api.user()
    routes = [(method, path) for method, _, path in (route.partition(" ") for route in ROUTES)]
    for path in dict.fromkeys(path for _, path in routes):
        target = concrete(f"GET {path}")[1]
        # "batch" may also be meant as the id of a task.
        methods = {method for method, other in routes if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", other), target)}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"} - methods:
            refused = await anna.request(method, target)
            assert problem(refused, 405)["code"] == "method_not_allowed"
            assert set(refused.headers["Allow"].split(", ")) == methods, target


async def test_nowhere_is_a_problem_too(api: Api) -> None:
    anna = await api.user()
    for path in (
        "/nowhere",
        "/tasks/",
        "/tasks//",
        "/admin/nowhere",
        "/tasks/x/y/z",
        "/%00",
        "/🦊",
        "/api/v1",
    ):
        problem(await anna.get(path), 404)


async def test_odd_headers(api: Api) -> None:
    anna = await api.user()
    odd: list[list[tuple[bytes, bytes]]] = [
        [(b"X-Request-ID", b"a b")], [(b"X-Request-ID", b"\xff" * 10)], [(b"X-Request-ID", b"x" * 65)],
        [(b"Accept", b"text/html")], [(b"Accept-Language", b"\xff\xfe")], [(b"If-None-Match", b"\xff, ,,")],
        [(b"User-Agent", b"\xf0\x9f\xa6\x8a")], [(b"Content-Length", b"-1")], [(b"Content-Length", b"many")],
        [(b"Cookie", b"=;;=\xff; a=b=c")], [(b"Range", b"bytes=0-1")],
    ]  # fmt: skip
    for headers in odd:
        answer = await anna.get("/tasks", headers=headers)
        assert answer.status_code == 200, headers
        assert len(answer.headers["x-request-id"]) == 36
    assert (await anna.get("/tasks", headers={"X-Request-ID": "mine-1"})).headers["x-request-id"] == "mine-1"
    for headers in ([(b"If-Match", b"\xff")], [(b"If-Match", b",,,")]):
        task = await add_task(anna)
        problem(await anna.patch(f"/tasks/{task['id']}", json={"title": "y"}, headers=headers), 412)
    problem(await anna.patch(f"/tasks/{task['id']}", json={}, headers={"If-Match": "x" * 1001}), 422)


async def test_foreign_hosts_and_origins_are_refused(api: Api) -> None:
    anna = await api.user()
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "",
        "[",
        "[::1",
        "localhost:x:y",
        "127.0.0.1@evil.example",
        "🦊",
    ):
        refused = await anna.get("/tasks", headers=[(b"Host", host.encode())])
        assert problem(refused, 400)["code"] == "unknown_host", host
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        "http://127.0.0.1:5000.evil.example",
        "file://",
    ):
        refused = await anna.post("/tasks", json={"title": "x"}, headers={"Origin": origin})
        assert problem(refused, 403)["code"] == "cross_site_request", origin
    assert (await anna.get("/tasks", headers={"Origin": "http://127.0.0.1:5000"})).status_code == 200
    assert (await anna.get("/tasks", headers={"Host": "localhost:5000"})).status_code == 200


async def test_z8_security_headers_are_on_every_answer(api: Api) -> None:
    async def answers(client: Client) -> list[httpx.Response]:
        paths = ["/tasks", "/nowhere", "/health/live", "/openapi.json", "/", "/tasks/x", "/setup"]
        paths += ["/docs", "/redoc", "/app/", "/app/assets/none.js", "/.well-known/jwks.json"]
        return [await client.get(path) for path in paths]

    for answer in [*await answers(api.anonymous), *await answers(await api.user())]:
        for name in {*HEADERS} - {"content-security-policy"}:
            assert answer.headers[name] == HEADERS[name]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        for name in ("object-src", "base-uri", "frame-ancestors"):
            assert f"{name} 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["permissions-policy"]
        assert answer.headers["x-request-id"]
        assert "server" not in answer.headers
        assert answer.headers["cache-control"]
