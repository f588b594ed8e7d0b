"""What every refusal looks like (Z7, Z8)."""

from typing import Any

import httpx

from taskmanager.kit.ids import new_id

HEADERS = {
    "content-security-policy": "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """Return the problem that an answer must be."""
    assert answer.status_code in statuses, (answer.request.method, answer.request.url, answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "instance", "request_id"} <= set(body)
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    for place in body.get("errors", []):
        assert set(place) == {"pointer", "code", "message"}
        assert not place["pointer"] or place["pointer"].startswith("/")
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "no-store" in answer.headers["cache-control"]
    return body


def concrete(route: str) -> tuple[str, str]:
    """Return method and path of a route of the document, with ids that are nowhere."""
    method, _, path = route.partition(" ")
    while "{" in path:
        path = path[: path.index("{")] + new_id() + path[path.index("}") + 1 :]
    return method, path
