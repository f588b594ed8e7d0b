"""A closed-loop HTTP/1.1 load client: raw sockets on one epoll, cheap enough never to be what is measured.

Each connection runs a conversation: a generator that yields the next request and is sent the answer to it, so that a
rotation can use the token it was just given. What it measures is checked from outside by its own share of a core:
as long as that stays clearly under one, the server was the limit.
"""

import heapq
import math
import select
import socket
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

READ_BYTES = 262_144
END_OF_HEAD = b"\r\n\r\n"
STALL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """One complete answer; ``head`` holds the status line and headers, in small letters."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Return the value of a header that is known to be there."""
        return self.head.split(b"\r\n" + name + b": ", 1)[1].split(b"\r\n", 1)[0]


@dataclass(frozen=True, slots=True)
class Later:
    """A request to send after a while, as a client does that was told when to come back."""

    seconds: float
    request: bytes


Conversation = Generator[bytes | Later, Answer, None]
PutOff = list[tuple[float, int, bytes]]
"""A heap: when, on which connection, what."""


@dataclass
class Measured:
    """What ``seconds`` of load came to; latencies are in seconds.

    ``client_cpu`` is the client's share of its core, ``server_cpu`` the server's processor time, where it is measured.
    """

    seconds: float = 0.0
    client_cpu: float = 0.0
    server_cpu: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency that ``share`` of the requests did not exceed (nearest rank)."""
        ordered = sorted(self.latencies)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class _Connection:
    """One socket and its conversation."""

    def __init__(self, group: str, port: int, conversation: Conversation) -> None:
        self.group = group
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=STALL_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._conversation = conversation
        self._received = b""
        self._sent_at = 0.0

    def begin(self) -> None:
        first = next(self._conversation)
        assert isinstance(first, bytes), "a conversation begins at once"
        self.send(first)

    def send(self, request: bytes) -> None:
        self._sent_at = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> tuple[Answer, float] | None:
        """Take what has arrived; return the answer and its latency once it is complete."""
        chunk = self.socket.recv(READ_BYTES)
        if not chunk:
            message = f"the server closed the connection after {self._received[:200]!r}"
            raise ConnectionError(message)
        self._received = data = self._received + chunk if self._received else chunk
        end = data.find(END_OF_HEAD)
        if end < 0:
            return None
        head = data[: end + 2].lower()
        at = head.find(b"\r\ncontent-length: ")
        length = int(head[at + 18 : head.index(b"\r\n", at + 18)]) if at >= 0 else 0
        if len(data) < end + 4 + length:
            return None
        self._received = b""
        return Answer(int(head[9:12]), head, data[end + 4 :]), time.perf_counter() - self._sent_at

    def go_on(self, answer: Answer, put_off: PutOff) -> None:
        following = self._conversation.send(answer)
        if isinstance(following, Later):
            due = time.perf_counter() + following.seconds
            heapq.heappush(put_off, (due, self.socket.fileno(), following.request))
        else:
            self.send(following)

    def end(self, answer: Answer) -> None:
        """Give the last answer to the conversation, and send nothing more."""
        self._conversation.send(answer)
        self._conversation.close()


def run(
    port: int, groups: Mapping[str, Sequence[Conversation]], seconds: float, warm_up: float = 0.0
) -> dict[str, Measured]:
    """Keep every conversation going, one connection each; measure ``seconds`` after ``warm_up`` of them, by group.

    At the end the answers under way are awaited and given to their conversations, but not counted.
    """
    connections = {}
    poll = select.epoll()
    try:
        for name, conversations in groups.items():
            for conversation in conversations:
                connection = _Connection(name, port, conversation)
                connections[connection.socket.fileno()] = connection
                poll.register(connection.socket, select.EPOLLIN)
        for connection in connections.values():
            connection.begin()
        put_off: PutOff = []
        if warm_up:
            _drive(poll, connections, put_off, warm_up)
        measured = _drive(poll, connections, put_off, seconds)
        _drain(poll, connections, put_off)
        return measured
    finally:
        poll.close()
        for connection in connections.values():
            connection.socket.close()


def _answered(
    poll: select.epoll, connections: dict[int, _Connection], put_off: PutOff
) -> Iterator[tuple[_Connection, Answer, float]]:
    """Wait once, for an answer or until something is due; yield the answers that are complete."""
    ready = poll.poll(max(0.0, put_off[0][0] - time.perf_counter()) if put_off else STALL_SECONDS)
    if not ready and not put_off:
        message = f"no answer within {STALL_SECONDS} s"
        raise TimeoutError(message)
    while put_off and put_off[0][0] <= time.perf_counter():
        _, number, request_bytes = heapq.heappop(put_off)
        connections[number].send(request_bytes)
    for descriptor, _ in ready:
        connection = connections[descriptor]
        if (complete := connection.read()) is not None:
            yield connection, *complete


def _drive(
    poll: select.epoll, connections: dict[int, _Connection], put_off: PutOff, seconds: float
) -> dict[str, Measured]:
    measured = {connection.group: Measured() for connection in connections.values()}
    begun, cpu = time.perf_counter(), time.process_time()
    until = begun + seconds
    while (now := time.perf_counter()) < until:
        for connection, answer, latency in _answered(poll, connections, put_off):
            group = measured[connection.group]
            group.latencies.append(latency)
            group.statuses[answer.status] = group.statuses.get(answer.status, 0) + 1
            connection.go_on(answer, put_off)
    share = (time.process_time() - cpu) / (now - begun) if seconds else 0.0
    for group in measured.values():
        group.seconds, group.client_cpu = now - begun, share
    return measured


def _drain(poll: select.epoll, connections: dict[int, _Connection], put_off: PutOff) -> None:
    waiting = set(connections) - {number for _, number, _ in put_off}
    while waiting:
        for connection, answer, _ in _answered(poll, connections, []):
            waiting.discard(connection.socket.fileno())
            connection.end(answer)


def request(method: str, path: str, *, token: str = "", body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of one request; header names are given with underscores."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + END_OF_HEAD + body
