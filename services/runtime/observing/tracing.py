"""Traces through client and services, by OpenTelemetry and W3C's traceparent.

A span says which method was called, how long it and its stages took, and how it ended. What was
sent or answered never gets into one, nor does the text of an error: it could hold either.
Nothing of OpenTelemetry is imported until `start_tracing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.observing.metrics import listen_to_stages

if TYPE_CHECKING:
    import grpc
    import grpc.aio

    from maskmesh.services.runtime.observing.spans import AsyncCall, CallSpan, Spans

# What needs the packages of an extra is imported when it is asked for.
# ruff: noqa: PLC0415


class _Tracer:
    """What makes spans in this process: nothing, until tracing starts."""

    spans: Spans | None = None


def begin_call(method: str, context: grpc.aio.ServicerContext[Any, Any]) -> CallSpan | None:
    """Begin the span of a call that a server answers; None: nothing is traced."""
    spans = _Tracer.spans
    return None if spans is None else spans.begin_call(method, context.invocation_metadata())


def work_span(name: str) -> AbstractContextManager[object]:
    """Return a block whose calls belong together: a picture, a frame; nothing while not tracing.

    Args:
        name: One word of a small fixed set.
    """
    spans = _Tracer.spans
    return nullcontext() if spans is None else spans.work(name)


def current_ids() -> dict[str, str]:
    """Return the ids `trace_id` and `span_id` of the current span, in hex; none: nothing."""
    spans = _Tracer.spans
    return {} if spans is None else spans.current_ids()


def start_tracing(service: str, endpoint: str) -> None:
    """Send spans of this process to a collector from now on.

    The standard variables of OpenTelemetry (OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES,
    OTEL_EXPORTER_OTLP_HEADERS …) apply.

    Args:
        service: Name that the spans carry, unless OTEL_SERVICE_NAME gives another.
        endpoint: Where a collector takes OTLP over gRPC: "http://HOST:4317", or https.

    Raises:
        SetupError: OpenTelemetry is not installed.
    """
    try:
        from maskmesh.services.runtime.observing.spans import Spans, exporting_to
    except ModuleNotFoundError as error:
        raise SetupError(
            f"traces need the package {error.name}: pip install 'maskmesh[observing]'"
        ) from error
    use_spans(Spans(exporting_to(service, endpoint)))


def use_spans(spans: Spans | None) -> None:
    """Let this process make its spans so; None: nothing is traced."""
    _Tracer.spans = spans
    listen_to_stages(None if spans is None else spans.stage)


def stop_tracing() -> None:
    """Send what is left, within a few seconds, and trace nothing more."""
    spans = _Tracer.spans
    use_spans(None)
    if spans is not None:
        spans.close()


@contextmanager
def traced(service: str, endpoint: str | None) -> Iterator[None]:
    """Trace from `with` to its end, if there is somewhere to send it; see `start_tracing`."""
    if endpoint is None:
        yield
        return
    start_tracing(service, endpoint)
    try:
        yield
    finally:
        stop_tracing()


def traced_channel(channel: grpc.Channel) -> grpc.Channel:
    """Return a channel whose calls get client spans and tell them to the service.

    It is the channel itself while nothing is traced.
    """
    spans = _Tracer.spans
    return channel if spans is None else spans.traced_channel(channel)


def traced_async_call(
    method: str, start: Callable[[tuple[tuple[str, str], ...]], AsyncCall]
) -> AsyncCall:
    """Start a call of asyncio; while something is traced, with a client span until its end.

    Args:
        method: Full name, "/package.Service/Method".
        start: Starts the call and returns it; takes the metadata that tell the service of the
            span, to be sent beside its own.
    """
    spans = _Tracer.spans
    return start(()) if spans is None else spans.traced_async_call(method, start)
