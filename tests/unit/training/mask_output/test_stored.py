from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.mask_output.stored import (
    MaskOutput,
    load_mask_output,
    mask_output_of,
    save_mask_output,
)
from maskmesh.training.models.residual import build_residual


def test_what_was_fitted_comes_back_with_what_is_told_of_it(tmp_path: Path) -> None:
    weights = tmp_path / "best.model.weights.h5"
    weights.write_bytes(b"weights")
    model, other = (build_residual((4, 6), dropout=0.0) for _ in range(2))
    assert load_mask_output(other, weights) is None
    assert mask_output_of(weights) is None
    model.get_layer("mask").set_weights([np.full((6, 1), 0.25), np.array([-2.0])])
    save_mask_output(model, weights, MaskOutput(photos=12, synthetic=30))
    assert load_mask_output(other, weights) == MaskOutput(12, 30)
    kernel, bias = other.get_layer("mask").get_weights()
    assert kernel.tolist() == [[0.25]] * 6
    assert bias.tolist() == [-2.0]


def test_it_is_not_taken_for_other_weights(tmp_path: Path) -> None:
    weights = tmp_path / "best.model.weights.h5"
    weights.write_bytes(b"weights")
    model = build_residual((4, 6), dropout=0.0)
    save_mask_output(model, weights, MaskOutput(1, 1))
    weights.write_bytes(b"later weights")
    with pytest.raises(InvalidInputError, match="run maskmesh train mask again"):
        load_mask_output(model, weights)
