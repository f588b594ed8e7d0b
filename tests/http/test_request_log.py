"""The log of requests: one line each, which says from where, what came of it and why (ASVS 16.2.1, 16.3.3)."""

import re

import pytest

from tests.factories import Api

LINE = re.compile(r"(\S+) (\S+) (\S+) (\d{3}) (\S+) \d+\.\d ms (\S+)")


async def test_z9_each_request_is_one_line_with_the_reason_of_its_refusal(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await api.user()
    caplog.clear()
    caplog.set_level("INFO", "taskmanager.access")
    answers = [
        (await anna.get("/tasks?label=secret"), ("/tasks", "200", "-")),
        (await api.anonymous.get("/me"), ("/me", "401", "not_authenticated")),
        (await anna.get("/admin"), ("/admin", "403", "forbidden")),
        (await anna.post("/tasks", json={"titel": "x"}), ("/tasks", "422", "validation_failed")),
        (await anna.post("/tasks", headers={"Origin": "null"}), ("/tasks", "403", "cross_site_request")),
        (await anna.get("/tasks", headers={"Host": "evil.example"}), ("/tasks", "400", "unknown_host")),
        (await anna.get("/x 200 - 0.1 ms%0Ay"), (r"/x\x20200\x20-\x200.1\x20ms\ny", "404", "not_found")),
    ]
    lines = [record.getMessage() for record in caplog.records if record.name == "taskmanager.access"]
    assert len(lines) == len(answers)
    for line, (answer, (path, status, code)) in zip(lines, answers, strict=True):
        found = LINE.fullmatch(line)
        assert found is not None, line
        method = answer.request.method
        assert found.groups() == ("127.0.0.1", method, path, status, code, answer.headers["x-request-id"]), line
