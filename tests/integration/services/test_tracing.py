"""Traces through client and service, and what never gets into traces, logs and metrics."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import grpc
import numpy as np
import pytest
import structlog
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest

from maskmesh.clients.mesh import MeshClient
from maskmesh.services.classification.servicer import build as build_classification
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.face_location.servicer import build as build_location
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.logging import configure_logging
from maskmesh.services.runtime.observing import metrics, tracing
from maskmesh.services.runtime.observing.instruments import Instruments
from maskmesh.services.runtime.observing.spans import Spans
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.services.runtime.readiness import address_in

ATTRIBUTES = {"rpc.system", "rpc.service", "rpc.method", "rpc.grpc.status_code"}


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracing.use_spans(Spans(provider))
    yield memory
    tracing.stop_tracing()


@pytest.fixture
async def mesh(host, brightness_repository: Path):
    """Location and classification as they are, the latter with the model of known arithmetic."""
    location, _ = await host(build_location(LocationSettings(port=0)), LocationSettings(port=0))
    settings = ClassificationSettings(port=0, repository=brightness_repository, reload_s=0)
    classification, _ = await host(build_classification(settings), settings)
    at = f"127.0.0.1:{location.port}"
    return MeshAddresses(at, at, f"127.0.0.1:{classification.port}")


async def all_ended(exporter: InMemorySpanExporter, calls: int) -> list[ReadableSpan]:
    """Wait for the spans of the server: a client may have its answer before they end."""
    while True:
        spans = list(exporter.get_finished_spans())
        if sum(span.kind.name == "SERVER" for span in spans) == calls:
            return spans
        await asyncio.sleep(0.01)


def named(spans: list[ReadableSpan], name: str, kind: str) -> ReadableSpan:
    (found,) = [span for span in spans if span.name.endswith(name) and span.kind.name == kind]
    return found


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent is not None else None


async def test_a_call_is_one_trace_from_the_picture_to_the_stages(
    exporter: InMemorySpanExporter, mesh: MeshAddresses, faces: Path
) -> None:
    def work() -> None:
        with MeshClient(mesh) as client, tracing.work_span("picture"):
            client.locate((faces / "biden.jpg").read_bytes())
            client.classify([np.full((48, 48), 90, np.uint8)])

    await asyncio.to_thread(work)
    spans = await all_ended(exporter, 2)
    picture = named(spans, "picture", "INTERNAL")
    for method, stages in (("/Locate", ("decode", "locate")), ("/Classify", ())):
        client, server = named(spans, method, "CLIENT"), named(spans, method, "SERVER")
        assert parent_of(client) == picture.context.span_id
        assert parent_of(server) == client.context.span_id
        for stage in stages:
            child = named(spans, stage, "INTERNAL")
            assert parent_of(child) == server.context.span_id
            assert server.start_time <= child.end_time <= server.end_time
    assert {span.context.trace_id for span in spans} == {picture.context.trace_id}


async def test_a_stream_is_one_span_on_each_side(
    exporter: InMemorySpanExporter, mesh: MeshAddresses, faces: Path
) -> None:
    def work() -> None:
        picture = (faces / "biden.jpg").read_bytes()
        with MeshClient(mesh) as client:
            for answer in client.locate_stream([picture, b"no picture"]):
                assert answer.problem is None or "picture" in answer.problem

    await asyncio.to_thread(work)
    spans = await all_ended(exporter, 1)
    client = named(spans, "/LocateStream", "CLIENT")
    server = named(spans, "/LocateStream", "SERVER")
    assert parent_of(server) == client.context.span_id
    assert client.end_time > client.start_time


async def test_a_failed_call_has_its_code_and_not_its_text(
    exporter: InMemorySpanExporter, mesh: MeshAddresses
) -> None:
    def work() -> None:
        with MeshClient(mesh) as client, pytest.raises(InvalidInputError):
            client.locate(b"no picture at all")

    await asyncio.to_thread(work)
    spans = await all_ended(exporter, 1)
    for kind in ("CLIENT", "SERVER"):
        span = named(spans, "/Locate", kind)
        assert span.attributes["rpc.grpc.status_code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        assert span.status.description == "INVALID_ARGUMENT"
        assert not span.events
        assert "no picture" not in span.to_json()


async def test_nothing_of_a_face_gets_into_spans_logs_or_metrics(
    exporter: InMemorySpanExporter,
    mesh: MeshAddresses,
    faces: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry = CollectorRegistry()
    metrics.listen(Instruments("test", registry))
    configure_logging("debug", "json")
    picture = (faces / "biden.jpg").read_bytes()
    try:

        def work() -> list[str]:
            with MeshClient(mesh) as client:
                (face, *_) = client.locate(picture)
                (told,) = client.classify([np.full((48, 48), 73, np.uint8)])
                list(client.locate_stream([picture]))
            numbers = (*told.probabilities, told.mask_probability, face.score)
            return [str(number)[:8] for number in numbers if 1e-4 < number < 1]

        secrets = await asyncio.to_thread(work)
        assert len(secrets) > 2
        spans = await all_ended(exporter, 3)
    finally:
        metrics.listen(None)
        structlog.reset_defaults()
    logged = capsys.readouterr().err
    told = logged + "".join(span.to_json() for span in spans) + generate_latest(registry).decode()
    # That something is told at all, of each kind, makes what follows mean something.
    assert "/maskmesh.v1.FaceLocationService/Locate" in logged
    assert "trace_id" in logged
    assert len(spans) > 6
    assert 'maskmesh_predictions_total{expression="fear"' in generate_latest(registry).decode()
    for secret in secrets:
        assert secret not in told
    pieces = [picture[at : at + 16] for at in range(0, len(picture) - 16, 997)]
    for piece in pieces:
        for form in (repr(piece)[2:-1], piece.hex(), piece.decode("latin-1")):
            assert form not in told
    for span in spans:
        assert set(span.attributes) <= ATTRIBUTES
        assert not span.events


async def test_log_lines_carry_the_ids_of_the_servers_span(
    exporter: InMemorySpanExporter, mesh: MeshAddresses, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", "json")

    def work() -> None:
        with MeshClient(mesh) as client, pytest.raises(InvalidInputError):
            client.locate(b"no picture")

    try:
        await asyncio.to_thread(work)
        spans = await all_ended(exporter, 1)
    finally:
        structlog.reset_defaults()
    server = named(spans, "/Locate", "SERVER")
    logged = capsys.readouterr().err
    assert f'"trace_id": "{server.context.trace_id:032x}"' in logged
    assert f'"span_id": "{server.context.span_id:016x}"' in logged


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Stands where an OpenTelemetry collector would."""

    def __init__(self) -> None:
        self.batches: SimpleQueue[trace_service_pb2.ExportTraceServiceRequest] = SimpleQueue()

    def Export(self, request, context):
        self.batches.put(request)
        return trace_service_pb2.ExportTraceServiceResponse()


def test_a_process_sends_its_spans_to_a_collector(tmp_path: Path) -> None:
    collector = Collector()
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        command = [sys.executable, "-m", "maskmesh.cli.main", "serve", "location", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--traces-to", f"http://127.0.0.1:{port}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            address = address_in(process.stdout.readline(), "location")
            assert address is not None
            with grpc.insecure_channel(address) as channel:
                check = channel.unary_unary("/grpc.health.v1.Health/Check")
                parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
                check(b"", metadata=(("traceparent", parent),), timeout=10)
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.communicate()
        batch = collector.batches.get(timeout=10)
        server.stop(None).wait()
    (resource,) = batch.resource_spans
    names = {entry.key: entry.value.string_value for entry in resource.resource.attributes}
    assert names["service.name"] == "maskmesh-location"
    (span,) = resource.scope_spans[0].spans
    assert (span.name, span.trace_id.hex()) == ("grpc.health.v1.Health/Check", "ab" * 16)
    assert span.parent_span_id.hex() == "cd" * 8


def test_nothing_is_sent_or_imported_when_off() -> None:
    script = (
        "import sys, grpc\n"
        "from maskmesh.clients.mesh import MeshClient\n"
        "from maskmesh.services.runtime.observing import tracing\n"
        "from maskmesh.services.runtime import run\n"
        "MeshClient.connect('127.0.0.1:1').close()\n"
        "assert tracing.current_ids() == {}\n"
        "with tracing.work_span('picture'), tracing.traced('x', None): pass\n"
        "loaded = [n for n in sys.modules if n.startswith(('opentelemetry', 'prometheus'))]\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
