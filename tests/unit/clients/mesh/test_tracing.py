"""The spans of both clients' calls, and what they tell the services."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from maskmesh.clients.mesh import Hedging, Retries, Security
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.observing import tracing
from maskmesh.services.runtime.observing.spans import Spans

from .both import KINDS, Failing, SlowFirst, ask, gray

pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracing.use_spans(Spans(provider))
    yield memory
    tracing.stop_tracing()


@pytest.fixture
def told(running) -> list[dict[str, str]]:
    """What the services are told of each call or frame, in order."""
    heads: list[dict[str, str]] = []
    running.services.before_answer = lambda context: heads.append(
        dict(context.invocation_metadata())
    )
    return heads


def client_spans(exporter: InMemorySpanExporter, count: int) -> list[ReadableSpan]:
    """Wait for the spans of calls: threads of gRPC may end them after the caller goes on."""
    while True:
        spans = [span for span in exporter.get_finished_spans() if span.kind.name == "CLIENT"]
        if len(spans) == count:
            return spans
        time.sleep(0.01)


def parent_told_by(span: ReadableSpan) -> str:
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}"


@pytest.mark.parametrize(
    ("method", "sent", "name"),
    [
        ("locate", gray(1), "FaceLocationService/Locate"),
        ("locate_stream", [gray(1), gray(2)], "FaceLocationService/LocateStream"),
        ("apply_mask", gray(1), "MaskSynthesisService/Apply"),
        ("classify", [gray(1)], "ExpressionClassificationService/Classify"),
    ],
)
def test_a_call_is_a_span_within_its_work_and_tells_it(  # noqa: PLR0917 - three are fixtures
    kind, running, exporter, told, method, sent, name
) -> None:
    with tracing.work_span("picture"):
        picture = tracing.current_ids()
        ask(kind, running.addresses, method, sent, security=Security(token="abc"))
    (call,) = client_spans(exporter, 1)
    assert call.name == f"maskmesh.v1.{name}"
    assert f"{call.parent.span_id:016x}" == picture["span_id"]
    assert {head["traceparent"][:52] for head in told} == {parent_told_by(call)}
    assert {head["authorization"] for head in told} == {"Bearer abc"}


def test_a_failed_call_has_its_code_and_not_its_text(kind, running, exporter) -> None:
    running.services.before_answer = Failing(1, grpc.StatusCode.INVALID_ARGUMENT)
    with pytest.raises(InvalidInputError, match="not now"):
        ask(kind, running.addresses, "locate", gray(1))
    (call,) = client_spans(exporter, 1)
    assert call.attributes["rpc.grpc.status_code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert call.status.description == "INVALID_ARGUMENT"
    assert not call.events
    assert "not now" not in call.to_json()


def test_each_attempt_of_a_hedged_call_is_a_span(kind, running, exporter) -> None:
    running.services.before_answer = slow = SlowFirst()
    try:
        options = {"retries": Retries(attempts=1), "hedging": Hedging(delay_s=0.02)}
        ask(kind, running.addresses, "locate", gray(1), **options)
    finally:
        slow.release.set()
    ended = {call.attributes["rpc.grpc.status_code"] for call in client_spans(exporter, 2)}
    assert ended == {grpc.StatusCode.OK.value[0], grpc.StatusCode.CANCELLED.value[0]}


def test_nothing_is_told_while_nothing_is_traced(kind, running, told) -> None:
    ask(kind, running.addresses, "locate", gray(1))
    assert "traceparent" not in told[0]
