"""What the process counts about itself, in the form that Prometheus reads.

The registry belongs to one application: two in one process, as in tests, do not mix. Labels hold words of the program
only, never what a client wrote, so their number is bounded. Children of labels are made once and kept: counting a
request is two look-ups and a few additions.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
# Half a millisecond to ten seconds: what a request may take, with the goals (5, 25, 100 ms) as bounds.
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Tally:
    """A counter with one label, whose values are known: each is there from the start, at 0."""

    def __init__(self, counter: Counter, label: str, values: Iterable[str]) -> None:
        self._counter, self._label = counter, label
        self._add = {value: counter.labels(**{label: value}).inc for value in values}

    def add(self, value: str) -> None:
        """Count one; raises KeyError for a value that was not declared."""
        self._add[value]()

    def totals(self) -> dict[str, int]:
        """Return how many of each value were counted since the start."""
        samples = (sample for metric in self._counter.collect() for sample in metric.samples)
        return {sample.labels[self._label]: int(sample.value) for sample in samples if sample.name.endswith("_total")}


class Metrics:
    """The numbers of one application."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        words = ("method", "route", "status")
        self._requests = Counter("http_requests", "Requests by outcome.", words, namespace, registry=self._registry)
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            ("method", "route"),
            namespace,
            registry=self._registry,
            buckets=BUCKETS,
        )
        self._answers: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request by method, route template and class of status."""
        key = (method if method in METHODS else "other", route, status // 100)
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self._children(*key)
        found[0]()
        found[1](seconds)

    def _children(self, method: str, route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
        requests = self._requests.labels(method, route, f"{status}xx")
        return requests.inc, self._seconds.labels(method, route).observe

    def answers(self) -> dict[int, int]:
        """Return how many requests were answered since the start, by the first digit of the status."""
        found: dict[int, int] = {}
        for metric in self._requests.collect():
            for sample in metric.samples:
                if sample.name.endswith("_total"):
                    digit = int(sample.labels["status"][0])
                    found[digit] = found.get(digit, 0) + int(sample.value)
        return found

    def tally(self, name: str, words: str, label: str, values: Iterable[str]) -> Tally:
        """Return a counter by one label of known values."""
        return Tally(Counter(name, words, (label,), self._namespace, registry=self._registry), label, values)

    def counter(self, name: str, words: str, labels: tuple[str, ...]) -> Counter:
        """Return a counter whose label values come as they come; they must be words of the program."""
        return Counter(name, words, labels, self._namespace, registry=self._registry)

    def gauge(self, name: str, words: str) -> Gauge:
        """Return a number that goes up and down."""
        return Gauge(name, words, namespace=self._namespace, registry=self._registry)

    def info(self, words: str, **labels: str) -> None:
        """Tell something that does not change while the process runs."""
        gauge = Gauge("info", words, tuple(labels), self._namespace, registry=self._registry)
        gauge.labels(**labels).set(1)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)
