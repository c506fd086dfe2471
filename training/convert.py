"""Keras to ONNX, and the proof that both answer the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray

from maskmesh.services.classification.classifier import Classified, ExpressionClassifier
from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.inference import BATCH, open_classifier
from maskmesh.training.labels import FACE_SIZE
from maskmesh.training.saving import whole_file

OPSET = 18
MAX_DIFFERENCE = 1e-5
_OUTPUTS = ("probabilities", "mask")


@dataclass(frozen=True, slots=True)
class Parity:
    """How far ONNX and Keras are apart.

    Attributes:
        faces: How many faces were compared.
        other_class: How many of them got another class.
        max_difference: Largest difference of any probability, 0 to 1.
    """

    faces: int
    other_class: int
    max_difference: float


def to_onnx(model: keras.Model) -> onnx.ModelProto:
    """Convert a model from "faces" to {"probabilities", "mask"} into the contract's graph.

    tf2onnx's `from_keras` fails with Keras 3; a traced function works.

    Returns:
        Graph from "faces" uint8 [N, 48, 48, 1] to "probabilities" float32 [N, 7] and
        "mask" float32 [N].

    Raises:
        SetupError: Keras does not run on TensorFlow here, which tf2onnx needs.
    """
    if keras.backend.backend() != "tensorflow":
        raise SetupError("export needs Keras on TensorFlow: unset KERAS_BACKEND")
    import tensorflow as tf  # noqa: PLC0415 - only conversion needs it by name
    import tf2onnx  # noqa: PLC0415

    signature = [tf.TensorSpec((None, FACE_SIZE, FACE_SIZE, 1), tf.uint8, name="faces")]

    @tf.function(input_signature=signature)
    def answer(faces: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model({"faces": faces}, training=False)
        return {
            "probabilities": tf.identity(outputs["probabilities"]),
            "mask": tf.squeeze(outputs["mask"], axis=1),
        }

    converted, _ = tf2onnx.convert.from_function(answer, input_signature=signature, opset=OPSET)
    _name_batch(converted)
    return converted


def shorten_names(model: onnx.ModelProto) -> None:
    """Give the tensors inside a graph short names, in place: tf2onnx's take tens of kilobytes.

    Inputs and outputs of the graph keep theirs.
    """
    graph = model.graph
    kept = {"", *(put.name for put in [*graph.input, *graph.output])}
    short: dict[str, str] = {}

    def shortened(name: str) -> str:
        return name if name in kept else short.setdefault(name, f"t{len(short)}")

    for tensor in graph.initializer:
        tensor.name = shortened(tensor.name)
    for node in graph.node:
        node.name = ""
        for names in (node.input, node.output):
            names[:] = [shortened(name) for name in names]
    del graph.value_info[:]


def keras_answers(model: keras.Model, faces: NDArray[np.uint8]) -> Classified:
    """Classify faces, uint8 [N, 48, 48], with Keras."""
    outputs = model.predict({"faces": faces[..., None]}, batch_size=BATCH, verbose=0)
    return Classified(outputs["probabilities"], outputs["mask"][:, 0])


def check_parity(reference: Classified, answers: Classified) -> Parity:
    """Compare ONNX's answers with Keras's on the same faces.

    Raises:
        SetupError: A class differs, or a probability by more than 1e-5.
    """
    other = (reference.probabilities.argmax(axis=1) != answers.probabilities.argmax(axis=1)).sum()
    apart = max(
        float(np.abs(reference.probabilities - answers.probabilities).max()),
        float(np.abs(reference.mask - answers.mask).max()),
    )
    if other or apart > MAX_DIFFERENCE:
        raise SetupError(
            f"ONNX and Keras disagree: another class on {other} of {len(answers.mask)} faces, "
            f"probabilities up to {apart:.2g} apart (limit {MAX_DIFFERENCE:g}); nothing was written"
        )
    return Parity(len(answers.mask), int(other), apart)


def save_checked(
    model: onnx.ModelProto, metadata: dict[str, str], file: Path
) -> ExpressionClassifier:
    """Write a graph with its metadata in one step, checked, and open it."""
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as partial:
        onnx.save(model, partial)
    return open_classifier(file)


def _name_batch(model: onnx.ModelProto) -> None:
    """Order the outputs as the contract has them, and call the first dimension N."""
    by_name = {output.name: output for output in model.graph.output}
    ordered = [by_name[name] for name in _OUTPUTS]
    del model.graph.output[:]
    model.graph.output.extend(ordered)
    for put in [*model.graph.input, *model.graph.output]:
        put.type.tensor_type.shape.dim[0].dim_param = "N"
