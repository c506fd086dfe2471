from __future__ import annotations

import keras
import numpy as np

from maskmesh.training.models import build_model
from maskmesh.training.recipe import load_recipe


def test_the_papers_network_has_its_size_and_two_outputs() -> None:
    model = build_model(load_recipe("paper"))
    mask_head = 512 + 1
    biases_before_norms = 64 + 128 + 512 + 512 + 256 + 512
    assert model.count_params() == 4_478_727 - biases_before_norms + mask_head
    kinds = [type(layer).__name__ for layer in model.layers[2:7]]
    assert kinds == ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Dropout"]
    outputs = model({"faces": np.zeros((3, 48, 48, 1), np.uint8)})
    assert outputs["probabilities"].shape == (3, 7)
    assert outputs["mask"].shape == (3, 1)
    np.testing.assert_allclose(np.asarray(outputs["probabilities"]).sum(axis=1), 1.0, atol=1e-5)


def test_outputs_and_weights_stay_float32_under_mixed_precision() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_model(load_recipe("paper"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert {output.dtype for output in model.output.values()} == {"float32"}
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    assert model.get_layer("block2_conv").compute_dtype == "bfloat16"
