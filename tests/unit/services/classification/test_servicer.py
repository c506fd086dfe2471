from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maskmesh.inference import open_inference_pb2
from maskmesh.services.classification.batching import DynamicBatcher
from maskmesh.services.classification.canary import Route
from maskmesh.services.classification.open_inference.servicer import OpenInferenceServicer, Rules
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.requests import deadline_of, route_of
from maskmesh.services.classification.servicer import (
    ExpressionClassificationServicer,
    is_quickly_read,
)
from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.classification.statistics import ServingStatistics
from maskmesh.services.runtime.errors import DeadlineError, InvalidInputError
from maskmesh.services.runtime.images import from_array
from maskmesh.services.runtime.pictures import DEFAULT_LIMITS
from maskmesh.v1 import classification_pb2

FACE = np.zeros((48, 48), np.uint8)


def context(left_s: float | None = None, **metadata: str) -> Any:
    """What a servicer sees of a call."""
    pairs = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
    return SimpleNamespace(time_remaining=lambda: left_s, invocation_metadata=lambda: pairs)


async def test_a_call_whose_time_is_over_is_not_run(brightness_repository: Path) -> None:
    shelf = ModelShelf(brightness_repository)
    statistics = ServingStatistics()
    batcher = DynamicBatcher(BatchingPolicy(), statistics)
    typed = ExpressionClassificationServicer(shelf, batcher, DEFAULT_LIMITS, 8)
    rules = Rules(DEFAULT_LIMITS, 8, BatchingPolicy())
    by_tensors = OpenInferenceServicer(shelf, batcher, statistics, rules)
    request = open_inference_pb2.ModelInferRequest(model_name="expression")
    request.inputs.add(name="faces", datatype="UINT8", shape=[1, 48, 48, 1])
    request.raw_input_contents.append(FACE.tobytes())
    faces = classification_pb2.ClassifyRequest(faces=[from_array(FACE)])
    for call in (
        typed.Classify(faces, context(left_s=0.0)),
        by_tensors.ModelInfer(request, context(left_s=0.0)),
    ):
        with pytest.raises(DeadlineError):
            await call
    assert statistics.of(shelf.current.model).runs == 0
    assert (await typed.Classify(faces, context(left_s=60.0))).model_version == "3"
    assert (await by_tensors.ModelInfer(request, context())).model_version == "3"
    assert batcher.places_taken == 0


async def test_deadlines_are_by_the_clock_of_the_event_loop() -> None:
    now = asyncio.get_running_loop().time()
    deadline = deadline_of(context(left_s=5.0))
    assert deadline is not None
    assert now + 5 <= deadline < now + 30
    assert deadline_of(context()) is None


def test_the_route_is_in_the_metadata() -> None:
    assert route_of(context(user_agent="some")) is Route.BY_SHARE
    assert route_of(context(maskmesh_canary="always")) is Route.CANARY
    assert route_of(context(maskmesh_canary="never")) is Route.STEADY
    with pytest.raises(InvalidInputError, match="is 'yes': send"):
        route_of(context(maskmesh_canary="yes"))


def test_small_raw_faces_are_read_at_once_and_others_by_another_thread() -> None:
    assert is_quickly_read([from_array(FACE)] * 20)
    assert not is_quickly_read([from_array(FACE)] * 40)
    assert not is_quickly_read([from_array(FACE), from_array(FACE, "png")])
    assert not is_quickly_read([from_array(np.zeros((400, 400), np.uint8))])
