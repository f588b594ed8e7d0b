"""What is asked of every server: one conversation a connection for each kind of work."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from bench.dataset import PASSWORD
from bench.load import Answer, Conversation, Later, request, run


@dataclass
class Target:
    """A server with who is signed in there; position ``n`` in each list belongs to connection ``n``."""

    name: str
    port: int
    pid: int
    access: list[str] = field(default_factory=list)
    refresh: list[str] = field(default_factory=list)
    task_ids: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


def ask(target: Target, message: bytes) -> Answer:
    """Send one request and return its answer; raises for a refusal."""
    answers: list[Answer] = []

    def once() -> Conversation:
        answers.append((yield message))
        yield message

    run(target.port, {"once": [once()]}, seconds=0.0)
    if answers[0].status >= 300:
        refusal = f"{target.name} answered {answers[0].status}: {answers[0].body!r}"
        raise RuntimeError(refusal)
    return answers[0]


def sign_in(target: Target, users: list[str], connections: int) -> None:
    """Give every connection a session of its own and a task of its own to change."""
    for number in range(connections):
        user = users[number % len(users)]
        tokens = json.loads(ask(target, login_request(user)).body)
        target.users.append(user)
        target.access.append(tokens["access_token"])
        target.refresh.append(tokens["refresh_token"])
        items = json.loads(ask(target, request("GET", "/tasks", token=tokens["access_token"])).body)["items"]
        target.task_ids.append(items[number // len(users)]["id"])


def login_request(user: str) -> bytes:
    """Return one sign-in."""
    return request("POST", "/login", body=_json({"username": user, "password": PASSWORD}))


def create_request(token: str, number: int) -> bytes:
    """Return one new task."""
    body = {
        "title": f"Call the plumber, {number}",
        "description": "Ask when.",
        "priority": number % 5,
        "labels": ["home"],
    }
    return request("POST", "/tasks", token=token, body=_json(body))


def update_request(token: str, task_id: str, tag: str, number: int) -> bytes:
    """Return one change of a task, conditional on its version."""
    body = {"title": f"Call the plumber again, {number}", "priority": number % 5}
    return request("PATCH", f"/tasks/{task_id}", token=token, body=_json(body), If_Match=tag)


def refresh_request(token: str) -> bytes:
    """Return one rotation."""
    return request("POST", "/refresh", body=_json({"refresh_token": token}))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _list(target: Target, number: int) -> Conversation:
    message = request("GET", "/tasks", token=target.access[number])
    while True:
        yield message


def _one(target: Target, number: int) -> Conversation:
    message = request("GET", f"/tasks/{target.task_ids[number]}", token=target.access[number])
    while True:
        yield message


def _create(target: Target, number: int) -> Conversation:
    for count in itertools.count():
        yield create_request(target.access[number], count)


def _update(target: Target, number: int) -> Conversation:
    token, task_id = target.access[number], target.task_ids[number]
    answer = yield request("GET", f"/tasks/{task_id}", token=token)
    for count in itertools.count():
        tag = answer.header(b"etag") if b"\r\netag: " in answer.head else b'"1"'
        # The number must differ from the last one of an earlier run, else nothing changes.
        answer = yield update_request(token, task_id, tag.decode(), count + int(tag.strip(b'"')))


def _refresh(target: Target, number: int) -> Conversation:
    while True:
        answer = yield refresh_request(target.refresh[number])
        target.refresh[number] = json.loads(answer.body)["refresh_token"]


def _login(target: Target, number: int) -> Conversation:
    message = login_request(target.users[number])
    while True:
        yield message


def storm(target: Target, number: int) -> Conversation:
    """Sign in over and over, and come back when one was told to: most of five hundred at once are told."""
    message = login_request(target.users[number % len(target.users)])
    answer = yield message
    while True:
        busy = answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        answer = yield Later(float(answer.header(b"retry-after")), message) if busy else message


SCENARIOS: dict[str, Callable[[Target, int], Conversation]] = {
    "list": _list,
    "one": _one,
    "update": _update,
    "refresh": _refresh,
    "create": _create,
    "login": _login,
}
TITLES = {
    "list": "GET /tasks, 50 tasks",
    "one": "GET /tasks/{id}",
    "update": "PATCH /tasks/{id}, If-Match",
    "refresh": "POST /refresh",
    "create": "POST /tasks",
    "login": "POST /login",
}
