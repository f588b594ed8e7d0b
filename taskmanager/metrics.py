"""`GET /metrics`: the numbers of this process, for whoever holds the token or sits on this machine."""

import hmac
import ipaddress
import math

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import taskmanager
from taskmanager.auth import audit_chain
from taskmanager.kit.errors import ForbiddenError
from taskmanager.kit.http.answers import Responses, refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.metrics import CONTENT_TYPE, Metrics

operations = router(tags=["operations"])

# What proxies add. One on this machine makes every client look like loopback.
_FORWARDED = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"}
)
_ANSWERS: Responses = {
    200: {"description": "The numbers.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    **refusals(403, 422),
}


class MetricsRefusedError(ForbiddenError):
    code = "metrics_refused"
    title = "Metrics are told to this machine itself, or for the bearer token of the setting METRICS_TOKEN."


class Numbers:
    """What is not counted where it happens, but looked up when somebody asks."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        metrics.info("Which program this is.", version=taskmanager.__version__)
        self._hashing = metrics.gauge("hash_queue", "Passwords being hashed or waiting for it.")
        self._cache = metrics.gauge("cache_up", "1 while the cache answers.")
        self._database = metrics.gauge("database_up", "1 while the database answers.")
        self._unsealed = metrics.gauge("audit_unsealed", "Records of the audit trail that are not sealed yet.")
        self._jobs = metrics.counter("jobs", "Jobs run, by kind and outcome.", ("kind", "outcome"))

    def job_ended(self, kind: str, done: bool) -> None:
        """Count a job that was run."""
        self._jobs.labels(kind, "done" if done else "failed").inc()

    async def text(self, request: Request) -> bytes:
        """Look up what is only known now, and return everything."""
        state = request.app.state
        self._hashing.set(state.auth.passwords.busy)
        self._cache.set(await state.cache.healthy())
        try:
            async with state.database.read() as session:
                self._unsealed.set(await audit_chain.count_unsealed(session))
            self._database.set(1)
        except (SQLAlchemyError, OSError):
            self._unsealed.set(math.nan)
            self._database.set(0)
        return self._metrics.text()


@operations.get("/metrics", response_class=PlainTextResponse, responses=_ANSWERS)
async def read_metrics(request: Request) -> Response:
    """Tell the numbers of this process as Prometheus reads them."""
    if not (_has_token(request) or _is_local(request)):
        raise MetricsRefusedError
    numbers: Numbers = request.app.state.numbers
    return Response(await numbers.text(request), media_type=CONTENT_TYPE)


def _has_token(request: Request) -> bool:
    wanted: str = request.app.state.metrics_token
    headers = request.headers.getlist("authorization")
    scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    given = token.encode("utf-8", "surrogatepass")
    return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(given, wanted.encode())


def _is_local(request: Request) -> bool:
    if any(name in _FORWARDED or name.startswith("x-forwarded") for name in request.headers):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
