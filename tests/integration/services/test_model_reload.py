"""The classification service takes up versions while it is called."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from structlog.testing import capture_logs

from maskmesh.services.classification.servicer import build
from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.runtime.images import from_array
from maskmesh.v1 import classification_pb2 as pb
from maskmesh.v1 import classification_pb2_grpc

# The expression that a version gives a dark face.
ANSWERS = {"3": pb.EXPRESSION_ANGRY, "4": pb.EXPRESSION_SURPRISE}


@pytest.fixture
def repository(brightness_repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(brightness_repository, tmp_path / "models"))


def publish_reversed(repository: Path, version: str) -> None:
    """Put in a version that takes the classes in the other order."""
    model = onnx.load(repository / "expression" / "3" / "model.onnx")
    centres = next(t for t in model.graph.initializer if t.name == "centres")
    centres.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(centres)[::-1], "centres"))
    partial = repository / "partial"
    partial.mkdir()
    onnx.save(model, partial / "model.onnx")
    partial.rename(repository / "expression" / version)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def test_no_call_fails_while_versions_come_break_and_go(host, repository: Path) -> None:
    settings = ClassificationSettings(port=0, repository=repository, reload_s=0.01)
    _, channel = await host(build(settings), settings)
    stub = classification_pb2_grpc.ExpressionClassificationServiceStub(channel)
    request = pb.ClassifyRequest(faces=[from_array(np.full((48, 48), 18, np.uint8), "raw")])
    seen: Counter[str] = Counter()
    over = asyncio.Event()

    async def call() -> None:
        while not over.is_set():
            answer = await stub.Classify(request)
            version = answer.model_version
            assert answer.classifications[0].expression == ANSWERS[version]
            seen[version] += 1

    async def change() -> None:
        await until(lambda: seen["3"] >= 20)
        publish_reversed(repository, "4")
        await until(lambda: seen["4"] >= 20)
        broken = repository / "expression" / "5"
        broken.mkdir()
        with capture_logs() as lines:
            (broken / "model.onnx").write_bytes(b"half a model")
            await until(lambda: any(line["event"] == "model refused" for line in lines))
        before = Counter(seen)
        await until(lambda: seen["4"] >= before["4"] + 20)
        assert seen["3"] == before["3"]
        shutil.rmtree(repository / "expression" / "4")
        await until(lambda: seen["3"] >= before["3"] + 20)
        over.set()

    async with asyncio.TaskGroup() as tasks:
        for work in (change(), call(), call(), call()):
            tasks.create_task(work)


async def test_a_repository_is_left_alone_where_that_is_asked_for(host, repository: Path) -> None:
    settings = ClassificationSettings(port=0, repository=repository, reload_s=0)
    hosted = build(settings)
    assert hosted.beside is None
    publish_reversed(repository, "4")
    _, channel = await host(hosted, settings)
    stub = classification_pb2_grpc.ExpressionClassificationServiceStub(channel)
    request = pb.ClassifyRequest(faces=[from_array(np.full((48, 48), 18, np.uint8), "raw")])
    assert (await stub.Classify(request)).model_version == "3"
