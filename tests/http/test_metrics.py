"""Z10: what the process tells of itself, by outcome, to whom it may, without a name or an id."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from taskmanager.kit.metrics import Metrics
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import refresh, start_session
from tests.factories import BASE_URL, PASSWORD, Api, add_task

TOKEN = "a-token-of-the-metrics"
BUDGET_SECONDS = 10e-6
Numbers = dict[tuple[str, tuple[str, ...]], float]


def numbers(text: str) -> Numbers:
    """Return every number by its name and the values of its labels, in the order of the labels' names."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def read(api: Api) -> Numbers:
    answer = await api.anonymous.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return numbers(answer.text)


async def test_z10_requests_are_counted_by_route_and_class_of_status(api: Api) -> None:
    anna = await api.user("anna")
    task = await add_task(anna)
    for path in (f"/tasks/{task['id']}", f"/tasks/{anna.user_id}", "/nowhere/1", "/nowhere/2", "/app/x"):
        await anna.get(path)
    await anna.request("BREW", "/tasks")
    told = await read(api)

    def requests(method: str, route: str, status: str) -> float:
        return told.get(("taskmanager_http_requests_total", (method, route, status)), 0)

    assert requests("POST", "/tasks", "2xx") == 1
    assert requests("GET", "/tasks/{task_id}", "2xx") == 1
    assert requests("GET", "/tasks/{task_id}", "4xx") == 1
    assert requests("GET", "none", "4xx") == 2
    assert sum(value for (name, labels), value in told.items() if "requests_total" in name and "other" in labels) == 1
    assert told["taskmanager_http_request_duration_seconds_count", ("GET", "/tasks/{task_id}")] == 2
    assert told["taskmanager_http_request_duration_seconds_bucket", ("+Inf", "GET", "/tasks/{task_id}")] == 2


async def test_z10_sign_ins_refreshes_and_revocations_are_counted_by_outcome(api: Api) -> None:
    start = await read(api)
    grant = await start_session(api)
    for password in (PASSWORD, "a wrong password", "another wrong one"):
        await api.anonymous.post("/login", json={"username": "anna", "password": password})
    second = (await refresh(api.anonymous, grant.refresh_token, "key")).json()["refresh_token"]
    await refresh(api.anonymous, grant.refresh_token, "key")
    await refresh(api.anonymous, grant.refresh_token)
    await refresh(api.anonymous, "tmr_x")
    await refresh(api.anonymous, second)
    await refresh(api.anonymous, grant.refresh_token)
    await refresh(api.anonymous, second)
    told = await read(api)

    def counted(name: str, label: str) -> float:
        return told[name, (label,)] - start[name, (label,)]

    logins = {word: counted("taskmanager_logins_total", word) for word in ("success", "refused", "throttled")}
    assert logins == {"success": 1, "refused": 2, "throttled": 0}
    words = ("rotated", "recovered", "concurrent", "reused", "invalid", "ended", "ahead")
    refreshes = {word: counted("taskmanager_refreshes_total", word) for word in words}
    assert refreshes == {
        "rotated": 2, "recovered": 1, "concurrent": 1, "reused": 1, "invalid": 1, "ended": 1, "ahead": 0,
    }  # fmt: skip
    assert counted("taskmanager_revocations_total", "session") == 1


@pytest.mark.with_jobs
async def test_z10_the_parts_are_told(api: Api) -> None:
    told = await read(api)
    assert told["taskmanager_database_up", ()] == 1
    assert told["taskmanager_cache_up", ()] == 1
    assert told["taskmanager_hash_queue", ()] == 0
    assert told["taskmanager_audit_unsealed", ()] >= 0
    assert [labels for name, labels in told if name == "taskmanager_info"]
    assert told["process_resident_memory_bytes", ()] > 1_000_000
    end = time.monotonic() + 20
    while not any(name == "taskmanager_jobs_total" and "done" in labels for name, labels in told):
        assert time.monotonic() < end
        told = await read(api)


async def test_z10_no_label_is_a_name_or_an_id(api: Api) -> None:
    anna = await api.user("anna")
    task = await add_task(anna, "a secret title")
    for path in ("/me", f"/tasks/{task['id']}", "/tasks?filter=anna", "/anna", f"/{anna.access_token}"):
        await anna.get(path)
    text = (await api.anonymous.get("/metrics")).text
    for hidden in ("anna", anna.user_id, anna.session_id, task["id"], "secret title", "127.0.0.1", anna.access_token):
        assert hidden not in text


LOCAL = {"127.0.0.1", "::1", "127.8.9.1"}


@pytest.mark.parametrize("peer", [*sorted(LOCAL), "203.0.113.9", "2001:db8::1", "10.0.0.1", "", "testclient"])
async def test_z10_metrics_are_told_to_loopback_only(api: Api, peer: str) -> None:
    transport = httpx.ASGITransport(api.app, client=(peer, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        answer = await client.get("/metrics")
        assert answer.status_code == (200 if peer in LOCAL else 403)
        if peer not in LOCAL:
            assert answer.json()["code"] == "metrics_refused"
            # An administrator's token is not the token of the metrics.
            chief = await api.user("chief", "admin")
            refused = await client.get("/metrics", headers={"Authorization": chief.headers["Authorization"]})
            assert refused.status_code == 403


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP"],
)
async def test_z10_a_proxy_on_this_machine_is_not_this_machine(api: Api, header: str) -> None:
    answer = await api.anonymous.get("/metrics", headers={header: "127.0.0.1"})
    assert answer.status_code == 403


@pytest.mark.parametrize("by_file", [False, True])
async def test_z10_the_token_opens_from_anywhere(settings: Settings, tmp_path: Path, *, by_file: bool) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    given: dict[str, Any] = (
        {"metrics_token_file": tmp_path / "token"} if by_file else {"metrics_token": SecretStr(TOKEN)}
    )
    app = create_app(settings.model_copy(update=given))
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 50_000))
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:

        async def status(*headers: tuple[str, str]) -> int:
            return (await client.get("/metrics", headers=list(headers))).status_code

        assert await status(("Authorization", f"Bearer {TOKEN}"), ("X-Forwarded-For", "203.0.113.9")) == 200
        assert await status(("Authorization", f"bearer {TOKEN}")) == 200
        for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ", "Bearer", TOKEN, f"Basic {TOKEN}", ""):
            assert await status(("Authorization", wrong)) == 403
        assert await status(*2 * [("Authorization", f"Bearer {TOKEN}")]) == 403
        assert await status() == 403


def test_z10_a_request_costs_less_than_ten_microseconds() -> None:
    metrics, count = Metrics("sample"), 20_000
    best = float("inf")
    for _ in range(5):
        begun = time.process_time()
        for _ in range(count):
            metrics.answered("GET", "/tasks/{task_id}", 200, 0.003)
        best = min(best, (time.process_time() - begun) / count)
    assert best < BUDGET_SECONDS


def test_z10_odd_methods_make_no_labels() -> None:
    metrics = Metrics("sample")
    for number in range(100):
        metrics.answered(f"ODD{number}", "none", 405, 0.001)
    assert len(metrics._answers) == 1


def test_z10_two_applications_do_not_mix() -> None:
    one, other = Metrics("sample"), Metrics("sample")
    one.tally("things", "Things.", "kind", ("a",)).add("a")
    other.tally("things", "Things.", "kind", ("a",))
    assert numbers(one.text().decode())["sample_things_total", ("a",)] == 1
    assert numbers(other.text().decode())["sample_things_total", ("a",)] == 0
