from __future__ import annotations

import keras
import numpy as np

from maskmesh.training.models import build_model
from maskmesh.training.models.residual import build_residual
from maskmesh.training.recipe import load_recipe


def test_the_best_recipes_network_is_small_and_has_two_outputs() -> None:
    model = build_model(load_recipe("best"))
    assert model.count_params() < 2_000_000
    outputs = model({"faces": np.zeros((3, 48, 48, 1), np.uint8)})
    assert outputs["probabilities"].shape == (3, 7)
    assert outputs["mask"].shape == (3, 1)
    np.testing.assert_allclose(np.asarray(outputs["probabilities"]).sum(axis=1), 1.0, atol=1e-5)


def test_each_stage_halves_the_picture() -> None:
    model = build_residual((4, 6, 8), dropout=0.1)
    sides = [model.get_layer(f"stage{k}_block1_relu").output.shape[1:] for k in (1, 2, 3)]
    assert sides == [(24, 24, 4), (12, 12, 6), (6, 6, 8)]


def test_outputs_and_weights_stay_float32_under_mixed_precision() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_residual((4, 6), dropout=0.1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {output.dtype for output in model.output.values()} == {"float32"}
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    assert model.get_layer("stem_conv").compute_dtype == "bfloat16"


def test_channels_are_scaled_by_what_their_means_tell() -> None:
    model = build_residual((4, 6), dropout=0.0)
    name = "stage1_block1"
    excite = model.get_layer(f"{name}_excite_b")
    excite.set_weights([np.zeros(excite.kernel.shape), np.full(4, -50.0)])
    shut = keras.Model(model.input, model.get_layer(f"{name}_excited").output)
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 1), dtype=np.uint8)
    assert np.abs(np.asarray(shut({"faces": faces}))).max() < 1e-6
    excite.set_weights([np.zeros(excite.kernel.shape), np.full(4, 50.0)])
    assert np.abs(np.asarray(shut({"faces": faces}))).max() > 0.1


def test_plain_blocks_scale_no_channels() -> None:
    names = {layer.name for layer in build_residual((4, 6), dropout=0.0, blocks="plain").layers}
    assert not {name for name in names if name.endswith("_excited")}


def test_separable_blocks_need_a_fraction_of_the_weights() -> None:
    whole, parted = (
        build_residual((16, 32, 64), dropout=0.0, blocks=blocks)
        for blocks in ("excited", "separable")
    )
    assert parted.count_params() < whole.count_params() / 3
    assert parted.output["probabilities"].shape == whole.output["probabilities"].shape


def test_pooling_begins_at_the_eyes_and_is_a_mean() -> None:
    model = build_residual((4, 6, 8), dropout=0.0, pooling="eyes")
    places = keras.Model(
        model.input,
        [
            model.get_layer("eyes_places").output,
            model.get_layer("eyes_flat").output,
            model.get_layer("pool").output,
        ],
    )
    faces = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 1), dtype=np.uint8)
    weights, flat, pooled = (np.asarray(answer) for answer in places({"faces": faces}))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    by_row = weights[0].reshape(6, 6).sum(axis=1)
    assert by_row.argmax() in (1, 2)
    assert by_row[-1] < by_row[1] / 5
    np.testing.assert_allclose(pooled, (weights[..., None] * flat).sum(axis=1), atol=1e-5)
