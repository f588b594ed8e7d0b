"""OpenTelemetry: a span for each request, and one for each statement in it. Imported only where TASKMANAGER_OTEL is on.

Where spans go, and how many are kept, is said by OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT``,
``OTEL_TRACES_SAMPLER`` and so on). Paths are those of routes, statements are without values: no id, name or text
leaves by this way.
"""

import time
from functools import cache

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.textmap import DefaultGetter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import taskmanager

LEAST_FAULT = 500
_propagator, _getter = TraceContextTextMapPropagator(), DefaultGetter()


@cache
def _tracer() -> Tracer:
    """Return the one tracer of this process; what it has gathered is sent when the process ends."""
    resource = Resource.create({"service.name": "taskmanager", "service.version": taskmanager.__version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("taskmanager", taskmanager.__version__)


class Traced:
    """Wraps each request in a span, a child of the caller's if it sends ``traceparent`` (W3C Trace Context)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tracer = _tracer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = _propagator.extract(Headers(scope=scope), getter=_getter)
        span = self._tracer.start_span(scope["method"], context, SpanKind.SERVER)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= LEAST_FAULT:
                    span.set_status(Status(StatusCode.ERROR))
            await send(message)

        try:
            with use_span(span, record_exception=False, set_status_on_exception=False):
                await self._app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", None)
            if route is not None:
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("taskmanager.request_id", scope.get("request_id", ""))
            span.end()


def trace_statement(sql: str, seconds: float) -> None:
    """Add a span for a statement that has just ended to the request under way."""
    end = time.time_ns()
    span = _tracer().start_span(
        sql.split(maxsplit=1)[0][:16], kind=SpanKind.CLIENT, start_time=end - int(seconds * 1e9)
    )
    span.set_attribute("db.query.text", " ".join(sql.split())[:2000])
    span.end(end)
