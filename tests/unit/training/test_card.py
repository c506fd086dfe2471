from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskmesh.training.card import FER2013, licence, model_card
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.metrics import classification_report
from maskmesh.training.recipe import load_recipe
from maskmesh.training.runs import Run

METRICS: dict[str, Any] = {
    "masked_accuracy": 0.6012,
    "masked_accuracy_float_weights": 0.6034,
    "masked_ece_cross_fitted": 0.0211,
    "masked_ece_before_calibration": 0.0822,
    "unmasked_ece_cross_fitted": 0.0233,
    "unmasked_ece_before_calibration": 0.0644,
    "temperature_of_halves": [0.811, 0.833],
    "mirroring": {
        "masked": {"one_view": 0.6012, "both_views": 0.6101, "gain_ci95": [0.002, 0.0158]},
        "unmasked": {"one_view": 0.6501, "both_views": 0.6522, "gain_ci95": [-0.003, 0.0072]},
    },
    "parity": {"faces": 1000, "other_class": 0, "max_difference": 3e-7},
}


def card(sha256: str = FER2013, **settings: object) -> str:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(7), 70).astype(np.float32)
    report = {
        **classification_report(rows, np.repeat(np.arange(7), 10)),
        "mask_accuracy": 0.991,
    }
    data = {
        "counts": {"train": 10, "validation": 70},
        "sha256": {"train": "a", "validation": sha256},
    }
    history = [{"epoch": 1.0, "val_probabilities_accuracy": 0.5}]
    return model_card(
        version="2",
        run=Run(Path("runs/x"), load_recipe("best"), data, history),
        settings=ExportSettings(**settings),
        temperature=0.8222,
        reports={"masked": report, "unmasked": report},
        metrics=METRICS,
        bad_fits=3,
    )


def test_calibration_is_told_as_it_was_judged() -> None:
    told = card()
    assert "| ece | 0.0211 | 0.0233 |" in told
    assert "| ece before calibration | 0.0822 | 0.0644 |" in told
    assert "one temperature, 0.822" in told
    assert "temperature of the other half, 0.811 and 0.833" in told


@pytest.mark.parametrize("mirrored", [False, True])
def test_mirroring_is_told_with_its_gain_either_way(mirrored: bool) -> None:
    told = card(mirrored=mirrored)
    assert ("answers the mean of a face and its mirror image" in told) == mirrored
    assert ("looks at a face once" in told) == (not mirrored)
    assert "masked 60.12% and 61.01%, the difference being +0.20% to +1.58% (95 %)" in told
    assert "unmasked 65.01% and 65.22%, the difference being -0.30% to +0.72% (95 %)" in told


def test_kernels_are_told() -> None:
    assert "stored as 6-bit numbers" in card(bits=6, int8=False)
    assert "8-bit integers" not in card(int8=False)
    assert "multiply 8-bit integers by weights of 8 bits" in card(bits=8, int8=True)
    assert "float weights: 60.34%;\nas shipped: 60.12%" in card()


def test_data_that_the_project_does_not_know_are_not_called_fer2013() -> None:
    assert "FER2013 (Goodfellow et al. 2013): 10 train, 70 validation faces" in card()
    assert "Research use only: trained on FER2013" in card()
    own = card("other")
    assert "10 train, 70 validation faces of a data set that is known by its hashes only" in own
    assert "- validation: `other`" in own
    assert "As the terms of its training data allow" in own
    for words in ("research use only", "fer2013", "privatetest"):
        assert words not in own.lower()
    assert licence({"sha256": {"x": "other"}}) != licence({"sha256": {"x": FER2013}})
