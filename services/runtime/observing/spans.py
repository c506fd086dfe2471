"""Spans by OpenTelemetry. Importing this needs the extra `observing`.

They are made here and not by opentelemetry-instrumentation-grpc, because that one writes the text
and the traceback of every error into its span.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import grpc
import grpc.aio
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from contextvars import Token

_SECOND_NS = 1_000_000_000
_PROPAGATOR = TraceContextTextMapPropagator()
_PARENT_HEADERS = ("traceparent", "tracestate")

Metadata = Iterable[tuple[str, str | bytes]]
AsyncCall = TypeVar("AsyncCall", bound="grpc.aio.Call")


class CallSpan:
    """The span of a call that a server answers, current in the call's context until its end."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span, token: Token[otel_context.Context]) -> None:
        self._span, self._token = span, token

    def end(self, code: str) -> None:
        """End it.

        Args:
            code: Name of the call's status.
        """
        _end_span(self._span, grpc.StatusCode[code])
        otel_context.detach(self._token)


class Spans:
    """Makes the spans of a process.

    Args:
        provider: Where they go.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("maskmesh")
        self._ending: set[asyncio.Task[None]] = set()

    def begin_call(self, method: str, metadata: Metadata | None) -> CallSpan:
        """Begin the span of a call that a server answers, a child of the client's."""
        carrier = {
            key: value
            for key, value in metadata or ()
            if key in _PARENT_HEADERS and isinstance(value, str)
        }
        span = self._start(method, trace.SpanKind.SERVER, _PROPAGATOR.extract(carrier))
        return CallSpan(span, otel_context.attach(trace.set_span_in_context(span)))

    def begin_client_call(self, method: str) -> tuple[trace.Span, tuple[tuple[str, str], ...]]:
        """Begin the span of a call that a client makes; return it and the metadata that tell it."""
        span = self._start(method, trace.SpanKind.CLIENT, None)
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
        return span, tuple(carrier.items())

    def _start(
        self, method: str, kind: trace.SpanKind, parent: otel_context.Context | None
    ) -> trace.Span:
        service, _, name = method.lstrip("/").partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        return self._tracer.start_span(method.lstrip("/"), parent, kind, attributes)

    @contextmanager
    def work(self, name: str) -> Iterator[None]:
        """Put a span around the calls that belong together."""
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ):
            yield

    def stage(self, stage: str, seconds: float, ago_s: float) -> None:
        """Add a span of a stage that ended a moment ago to the current one."""
        if trace.get_current_span().is_recording():
            end = time.time_ns() - round(ago_s * _SECOND_NS)
            started = end - round(seconds * _SECOND_NS)
            self._tracer.start_span(stage, start_time=started).end(end)

    def current_ids(self) -> dict[str, str]:
        """Return the ids of the current span, in hex; nothing outside of spans."""
        current = trace.get_current_span().get_span_context()
        if not current.is_valid:
            return {}
        return {
            "trace_id": trace.format_trace_id(current.trace_id),
            "span_id": trace.format_span_id(current.span_id),
        }

    def traced_channel(self, channel: grpc.Channel) -> grpc.Channel:
        """Return a channel whose calls get client spans."""
        return grpc.intercept_channel(channel, TracedCalls(self))

    def traced_async_call(
        self, method: str, start: Callable[[tuple[tuple[str, str], ...]], AsyncCall]
    ) -> AsyncCall:
        """Start a call of asyncio with a client span; see `tracing.traced_async_call`.

        It is no interceptor: a stream under an interceptor of grpc.aio is another kind of call,
        whose frames wait in one more queue.
        """
        span, told = self.begin_client_call(method)
        call = start(told)
        ending = asyncio.get_running_loop().create_task(_end_with(call, span))
        self._ending.add(ending)  # the loop itself holds it only weakly
        ending.add_done_callback(self._ending.discard)
        return call

    def close(self) -> None:
        """Send what is left and end."""
        self._provider.shutdown()


def exporting_to(service: str, endpoint: str) -> TracerProvider:
    """Return a provider whose spans go to a collector; see `tracing.start_tracing`."""
    named = "OTEL_SERVICE_NAME" in os.environ
    resource = Resource.create({} if named else {SERVICE_NAME: f"maskmesh-{service}"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...] | None
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class TracedCalls(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Makes a span of every call of a channel, from its start to its last answer.

    Args:
        spans: Makes the spans.
    """

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Trace a call with one answer."""
        return self._traced(continuation, client_call_details, request)

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Trace a stream."""
        return self._traced(continuation, client_call_details, request_iterator)

    def _traced(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        span, told_metadata = self._spans.begin_client_call(details.method)
        told = _Details(
            details.method,
            details.timeout,
            (*(details.metadata or ()), *told_metadata),
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )
        call = continuation(told, request)
        call.add_done_callback(lambda ended: _end_span(span, ended.code()))
        return call


async def _end_with(call: grpc.aio.Call, span: trace.Span) -> None:
    code = grpc.StatusCode.CANCELLED  # unless it lives to see another: the loop may end before
    try:
        code = await call.code()
    finally:
        _end_span(span, code)


def _end_span(span: trace.Span, code: grpc.StatusCode) -> None:
    if span.is_recording():
        span.set_attribute("rpc.grpc.status_code", code.value[0])
        if code is not grpc.StatusCode.OK:
            span.set_status(trace.StatusCode.ERROR, code.name)
    span.end()
