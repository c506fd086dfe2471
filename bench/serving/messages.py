"""The requests that servers are loaded with: gray faces, the same for all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.inference import open_inference_pb2
from maskmesh.services.runtime.images import from_array
from maskmesh.v1 import classification_pb2

MODEL = "expression"
INFER = "/inference.GRPCInferenceService/ModelInfer"
CLASSIFY = "/maskmesh.v1.ExpressionClassificationService/Classify"
SIDE = 48


def gray_faces(count: int) -> NDArray[np.uint8]:
    """Return faces that differ, uint8 count × 48 × 48 × 1."""
    return np.random.default_rng(7).integers(0, 256, (count, SIDE, SIDE, 1), np.uint8)


def infer_request(count: int = 1) -> bytes:
    """Return a ModelInfer request of the Open Inference Protocol with so many faces, raw."""
    request = open_inference_pb2.ModelInferRequest(model_name=MODEL)
    request.inputs.add(name="faces", datatype="UINT8", shape=[count, SIDE, SIDE, 1])
    request.raw_input_contents.append(gray_faces(count).tobytes())
    return request.SerializeToString()


def classify_request(count: int = 1) -> bytes:
    """Return a Classify request of the project's own contract with so many faces."""
    faces = [from_array(face[:, :, 0], "raw") for face in gray_faces(count)]
    return classification_pb2.ClassifyRequest(faces=faces).SerializeToString()
