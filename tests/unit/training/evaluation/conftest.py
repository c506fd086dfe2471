"""Small sets of faces and models to be judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from maskmesh.services.runtime.pictures import encode_png
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.evaluation.intervals import wilson_interval
from maskmesh.training.labels import CLASSES


@pytest.fixture(scope="session")
def drawn_faces() -> LabelledFaces:
    """Three drawn faces: dlib puts landmarks on any picture that is said to be one."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:48, :48]
    head = ((x - 24) / 17) ** 2 + ((y - 24) / 22) ** 2 < 1
    eyes = ((np.abs(x - 24) - 8) ** 2 + (y - 19) ** 2) < 9
    drawn = np.where(eyes, 40, np.where(head, 190, 70))
    images = np.clip(drawn + rng.normal(0, 6, (3, 48, 48)), 0, 255).astype(np.uint8)
    names = tuple(f"test/happy/{k}.png" for k in range(3))
    return LabelledFaces("test", images, np.full(3, 3), names, "a" * 64)


@pytest.fixture(scope="session")
def gray_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders, "Fear" and "Happiness" only, of pictures that the brightness model tells.

    Fear is of gray 90 twice (right), and 30 (which is told as angry); happy 126 four times.
    """
    folder = tmp_path_factory.mktemp("gray")
    for name, levels in (("Fear", (90, 90, 30)), ("Happiness", (126, 126, 126, 126))):
        (folder / name).mkdir()
        for k, level in enumerate(levels):
            picture = np.full((60, 60), level, np.uint8)
            (folder / name / f"{k}.png").write_bytes(encode_png(picture))
    return folder


@pytest.fixture(scope="session")
def brightness_artifact(
    brightness_repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The brightness model, which says that bandanas were held out from its training."""
    model = onnx.load(brightness_repository / "expression" / "3" / "model.onnx")
    metadata = {
        "model_name": "brightness",
        "version": "3",
        "recipe": json.dumps({"held_out_styles": ["bandana"]}),
        "data_sha256": json.dumps({"train": "a" * 64}),
    }
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    file = tmp_path_factory.mktemp("artifact") / "model.onnx"
    onnx.save(model, file)
    return file


def condition(right: int, macro_f1: float, masked: float) -> dict[str, Any]:
    """The numbers of one condition, of ten faces."""
    return {
        "accuracy": right / 10,
        "accuracy_ci95": wilson_interval(right, 10),
        "macro_f1": macro_f1,
        "seen_as_masked": masked,
    }


def head(right: int, macro_f1: float, low: float, high: float) -> dict[str, Any]:
    """The numbers of a set of ten faces, six angry and four happy, of which three angry right."""
    none = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
    nothing = {**none, "recall_ci95": None, "precision_ci95": None}
    there = {"precision": 0.75, "recall": 0.5, "f1": 0.6, "support": 6}
    intervals = {"recall_ci95": wilson_interval(3, 6), "precision_ci95": wilson_interval(3, 4)}
    filled = [None] * 14
    return {
        **condition(right, macro_f1, 1.0),
        "macro_f1_ci95": (low, high),
        "per_class": {**dict.fromkeys(CLASSES, nothing), "angry": {**there, **intervals}},
        "confusion": [[right] + [0] * 6] + [[0] * 7] * 2 + [[10 - right] + [0] * 6] + [[0] * 7] * 3,
        "ece": 0.1,
        "ece_ci95": (0.02, 0.2),
        "reliability": {
            "faces": [0] * 14 + [10],
            "confidence": [*filled, 0.95],
            "accuracy": [*filled, right / 10],
        },
        "mask": {"worn": 10, "accuracy": 1.0, "accuracy_ci95": wilson_interval(10, 10)},
    }


@pytest.fixture
def numbers() -> dict[str, Any]:
    """What a report is written from, with few conditions."""
    levels = [condition(6, 0.5, 1.0), condition(5, 0.45, 1.0), condition(4, 0.4, 1.0)]
    equations = {"angry": {"equation_2": 2.0, "over_all_faces": 0.8}}
    return {
        "about": {
            "model": {"name": "expression", "version": "2"},
            "data": "faces.zip",
            "split": "test",
            "n": 10,
            "at_most_per_class": None,
            "classes_without_faces": [],
            "data_sha256": "c" * 64,
            "known_split": None,
            "held_out_styles": ["bandana"],
            "seed": 21,
        },
        "masked": head(6, 0.5, 0.3, 0.7),
        "unmasked": head(8, 0.75, 0.55, 0.9),
        "styles": {
            "surgical": {**condition(6, 0.5, 1.0), "held_out": False},
            "bandana": {**condition(4, 0.4, 0.9), "held_out": True},
        },
        "positions": {"proper": condition(6, 0.5, 1.0), "on_chin": condition(7, 0.6, 0.6)},
        "corruptions": {
            name: {
                "unit": "sigma, in pixels",
                "levels": [0.5, 1, 2],
                "masked": levels,
                "unmasked": levels,
            }
            for name in ("blur", "noise", "darker", "JPEG", "crop shift")
        },
        "paper": {"masked": equations, "unmasked": equations},
    }
