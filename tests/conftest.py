"""Fixtures that tests of all kinds share."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from maskmesh.services.runtime.expressions import EXPRESSIONS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def faces() -> Path:
    """The folder of licence-clean photos, one face in each."""
    return ROOT / "tests" / "fixtures" / "faces"


@pytest.fixture(scope="session")
def data_home() -> Path:
    """The folder of the data sets that are not part of the repository."""
    folder = Path(os.environ.get("MASKMESH_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data at {folder}: set MASKMESH_DATA to the folder of the data sets")
    return folder


@pytest.fixture(scope="session")
def brightness_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository whose model tells a face's mean brightness, by known arithmetic.

    Class k is most probable when the mean is near 36·k + 18; mask is the mean divided by 255.
    """
    root = tmp_path_factory.mktemp("repository")
    folder = root / "expression" / "3"
    folder.mkdir(parents=True)
    onnx.save(brightness_model(), folder / "model.onnx")
    return root


def brightness_model() -> onnx.ModelProto:
    """Build the model of `brightness_repository`."""
    centres = np.array([36.0 * k + 18.0 for k in range(len(EXPRESSIONS))], np.float32)
    nodes = [
        helper.make_node("Cast", ["faces"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["values", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Sub", ["column", "centres"], ["distance"]),
        helper.make_node("Abs", ["distance"], ["absolute"]),
        helper.make_node("Neg", ["absolute"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("Div", ["mean", "white"], ["mask"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([1, 2, 3], np.int64), "axes"),
        numpy_helper.from_array(np.array([1], np.int64), "last"),
        numpy_helper.from_array(centres, "centres"),
        numpy_helper.from_array(np.array(255.0, np.float32), "white"),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["N", 48, 48, 1])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 7]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["N"]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    entry = model.metadata_props.add()
    entry.key, entry.value = "labels", json.dumps(EXPRESSIONS)
    return model


def _encoded(picture: Image.Image, picture_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, picture_format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def refused_pictures() -> dict[str, bytes]:
    """Pictures that no service takes, by what is wrong with them."""
    noise = Image.effect_noise((64, 64), 80)
    whole = _encoded(noise, "JPEG")
    return {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "oversized": whole + bytes(16 * 1024 * 1024),
        "too-many-pixels": _encoded(Image.new("1", (10_000, 5_001)), "PNG"),
        "no-picture": b"this is text, not a picture",
        "animated": _encoded(noise, "GIF", save_all=True, append_images=[Image.new("L", (64, 64))]),
        "one-pixel": _encoded(Image.new("RGB", (1, 1)), "PNG"),
    }


@pytest.fixture(scope="session")
def unusual_pictures(faces: Path) -> dict[str, bytes]:
    """Pictures of one face in encodings that are rare but fine."""
    with Image.open(faces / "astronaut.jpg") as picture:
        colour = picture.convert("RGB")
    gray = np.asarray(colour.convert("L"), np.uint16)
    return {
        "cmyk": _encoded(colour.convert("CMYK"), "JPEG"),
        "sixteen-bit": _encoded(Image.fromarray(gray * 257), "PNG"),
        "transparent": _encoded(colour.convert("RGBA"), "PNG"),
        "palette": _encoded(colour.convert("P"), "PNG"),
    }
