"""Refusals around accounts: RFC 9457 problems with every security header, and no word too many."""

from typing import Any

import pytest
from httpx import Response

from taskmanager.kit.ids import new_id
from tests.auth.tokens import WEB, browser, code, start_session
from tests.factories import PASSWORD, Api

HEADERS = {
    "content-security-policy": "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
JSON = {"Content-Type": "application/json"}


async def _refusals(api: Api) -> list[tuple[int, str, Response]]:
    """Return expected status and code with an answer, one for each way in which this room says no."""
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    web = await browser(api, "anna", PASSWORD)
    ended = await start_session(api, "ended")
    anonymous = api.anonymous
    await anonymous.post("/logout", json={"refresh_token": ended.refresh_token})
    used = (await anonymous.post("/refresh", json={"refresh_token": anna.refresh_token})).status_code
    assert used == 200
    bearer = {"Authorization": f"Bearer {anna.access_token}"}
    change = {"current_password": "wrong", "new_password": "another long password"}
    return [
        (401, "not_authenticated", await anonymous.get("/me")),
        (401, "invalid_token", await anonymous.get("/me", headers={"Authorization": "Bearer x"})),
        (401, "session_ended", await anonymous.post("/refresh", json={"refresh_token": ended.refresh_token})),
        (401, "invalid_refresh_token", await anonymous.post("/refresh", json={"refresh_token": "x"})),
        (401, "refresh_token_used", await anonymous.post("/refresh", json={"refresh_token": anna.refresh_token})),
        (401, "invalid_credentials", await anonymous.post("/login", json={"username": "x", "password": "x"})),
        (401, "invalid_token", await anonymous.post("/logout")),
        (400, "ambiguous_credentials", await web.get("/me", headers=bearer)),
        (400, "malformed_json", await anonymous.post("/login", content=b"{", headers=JSON)),
        (400, "malformed_json", await anonymous.post("/login", content=b"[" * 4000, headers=JSON)),
        (400, "malformed_json", await anonymous.post("/login", content=b'{"a": 1, "a": 2}', headers=JSON)),
        (400, "malformed_json", await anonymous.post("/login", content=b'{"a": NaN}', headers=JSON)),
        (400, "malformed_json", await anonymous.post("/login", content=b"\xff", headers=JSON)),
        (400, "invalid_idempotency_key", await anonymous.post("/refresh", headers={"Idempotency-Key": "a b"})),
        (403, "cross_site_request", await web.post("/refresh", headers={"Sec-Fetch-Site": "cross-site"})),
        (403, "cross_site_request", await anonymous.get("/me", headers={"Origin": "https://evil.example"})),
        (403, "forbidden", await anna.get("/admin")),
        (403, "wrong_password", await anna.post("/me/password", json=change)),
        (403, "invalid_link", await anonymous.post("/reset", json={"reset_token": "x", "password": PASSWORD})),
        (403, "invitation_required", await anonymous.post("/register", json={"username": "bob", "password": PASSWORD})),
        (404, "not_found", await anna.delete(f"/sessions/{new_id()}")),
        (404, "not_found", await chief.get(f"/admin/users/{new_id()}")),
        (405, "method_not_allowed", await anonymous.put("/login", json={})),
        (409, "last_admin", await chief.patch(f"/admin/users/{chief.user_id}", json={"role": "user"})),
        (409, "username_taken", await chief.post("/admin/users", json={"username": "Anna"})),
        (413, "body_too_large", await anonymous.post("/login", content=b"x" * 5000, headers=JSON)),
        (415, "unsupported_media_type", await anonymous.post("/login", content=b"{}")),
        (422, "validation_failed", await anonymous.post("/login", json={"username": "anna"})),
        (422, "validation_failed", await anonymous.post("/login", json={"username": "a\0", "password": "x"})),
        (422, "validation_failed", await anonymous.post("/login", content=b'{"username": "\\ud800"}', headers=JSON)),
        (422, "validation_failed", await anonymous.get("/me?verbose=1")),
        (422, "validation_failed", await anna.delete("/sessions/not-an-id")),
    ]  # fmt: skip


async def test_Z7_Z8_every_refusal_is_a_problem_with_all_headers(api: Api) -> None:
    refusals = await _refusals(api)
    for status, expected, answer in refusals:
        place = f"{answer.request.method} {answer.request.url.path}: {answer.text}"
        assert code(answer) == (status, expected), place
        assert answer.headers["content-type"] == "application/problem+json", place
        problem = answer.json()
        assert {"type", "title", "status", "code", "instance", "request_id"} <= set(problem), place
        assert (problem["status"], problem["instance"]) == (status, answer.request.url.path)
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert problem["title"].endswith((".", "?"))
        assert ("errors" in problem) == (expected == "validation_failed"), place
        assert "Traceback" not in answer.text
        assert PASSWORD not in answer.text
        for name, value in HEADERS.items():
            assert answer.headers.get(name) == value, f"{name} of {place}"
        assert "server" not in answer.headers
        if status == 401:
            assert answer.headers["www-authenticate"].startswith('Bearer realm="taskmanager"'), place


async def test_Z8_answers_carry_the_headers_as_well(api: Api) -> None:
    anna = await api.user("anna")
    answers = [
        await api.anonymous.post("/login", json={"username": "anna", "password": PASSWORD}),
        await anna.get("/sessions"),
        await anna.post("/refresh", json={"refresh_token": anna.refresh_token}),
        await anna.post("/logout"),
    ]
    for answer in answers:
        assert answer.is_success
        for name, value in HEADERS.items():
            assert answer.headers.get(name) == value, name


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/login", {"username": "anna", "password": PASSWORD, "admin": True}, "/admin"),
        ("/login", {"username": 1, "password": PASSWORD}, "/username"),
        ("/login", {"username": "anna", "password": PASSWORD, "remember": "yes"}, "/remember"),
        ("/login", {"username": "anna", "password": PASSWORD, "label": "x" * 101}, "/label"),
        ("/refresh", {"refresh_token": "x", "session_id": "y"}, "/session_id"),
        ("/logout", {"all": True}, "/all"),
        ("/setup", {"setup_token": "x", "username": "anna", "password": PASSWORD, "role": "admin"}, "/role"),
        ("/register", {"username": "anna", "password": PASSWORD, "email": "nowhere"}, "/email"),
        ("/reset", {"reset_token": "x", "password": PASSWORD, "username": "anna"}, "/username"),
    ],
)
async def test_Z3_extra_and_wrong_fields_are_named(api: Api, path: str, body: dict[str, Any], pointer: str) -> None:
    answer = await api.anonymous.post(path, json=body)
    assert code(answer) == (422, "validation_failed")
    assert pointer in {place["pointer"] for place in answer.json()["errors"]}


async def test_Z3_nobody_changes_what_is_not_theirs_by_extra_fields(api: Api) -> None:
    anna = await api.user("anna")
    before = (await anna.get("/me")).json()
    for field, value in {"role": "admin", "id": new_id(), "username": "chief", "active": True, "auth_epoch": 9}.items():
        answer = await anna.patch("/me", json={"display_name": "Anna", field: value})
        assert code(answer) == (422, "validation_failed")
    assert (await anna.get("/me")).json() == before
    assert code(await anna.patch("/me", json={"display_name": None})) == (422, "validation_failed")
    assert (await anna.patch("/me", json={}, headers=WEB)).status_code == 200
