from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, SetupError
from maskmesh.training.evaluation.grad_cam import class_activation_maps, last_activations
from maskmesh.training.models import build_model

from ..conftest import quick

PATCH = (slice(8, 20), slice(28, 40))
ANGRY, DISGUST, FEAR, HAPPY = range(4)


def light_or_dark(pool: int = 1) -> keras.Model:
    """A network whose score of angry is the light in a face, and of disgust the dark.

    Fear has nothing to go by, and light speaks against happy.
    """
    faces = keras.Input((48, 48, 1), dtype="uint8", name="faces")
    x = layers.Rescaling(1 / 255)(faces)
    x = layers.AveragePooling2D(pool)(x)
    x = layers.ReLU(name="light_and_dark")(layers.Conv2D(2, 1, name="sign")(x))
    x = layers.GlobalAveragePooling2D()(x)
    outputs = {"probabilities": layers.Dense(7, activation="softmax", name="probabilities")(x)}
    model = keras.Model({"faces": faces}, outputs)
    model.get_layer("sign").set_weights([np.array([[[[1.0, -1.0]]]]), np.array([0.0, 1.0])])
    kernel = np.zeros((2, 7))
    kernel[0, ANGRY], kernel[1, DISGUST], kernel[0, HAPPY] = 5.0, 5.0, -5.0
    model.get_layer("probabilities").set_weights([kernel, np.zeros(7)])
    return model


@pytest.fixture(scope="module")
def lit_faces() -> np.ndarray:
    """Four dark faces with one light patch."""
    faces = np.zeros((4, 48, 48), np.uint8)
    faces[:, PATCH[0], PATCH[1]] = 255
    return faces


def test_maps_show_what_speaks_for_each_class(lit_faces: np.ndarray) -> None:
    classes = np.array([ANGRY, DISGUST, FEAR, HAPPY])
    maps = class_activation_maps(light_or_dark(), lit_faces, classes)
    patch = np.zeros((48, 48))
    patch[PATCH] = 1.0
    np.testing.assert_allclose(maps[0], patch, atol=1e-6)
    np.testing.assert_allclose(maps[1], 1 - patch, atol=1e-6)
    assert maps[2:].max() == 0.0
    assert (maps.dtype, maps.shape) == (np.float32, (4, 48, 48))


def test_small_maps_are_enlarged_in_place(lit_faces: np.ndarray) -> None:
    maps = class_activation_maps(light_or_dark(pool=4), lit_faces[:1], np.array([ANGRY]))
    assert maps[0, 9:19, 29:39].min() > 0.5
    assert maps[0, PATCH[0], PATCH[1]].sum() > 0.75 * maps[0].sum()
    y, x = np.mgrid[:48, :48]
    centre = [(maps[0] * axis).sum() / maps[0].sum() for axis in (y, x)]
    assert centre == pytest.approx([13.5, 33.5], abs=1e-3)


def test_a_sure_answer_does_not_fade_the_map(lit_faces: np.ndarray) -> None:
    """The score before the softmax counts: a probability of 1 has no gradient left."""
    model = light_or_dark()
    kernel, bias = model.get_layer("probabilities").get_weights()
    bias[ANGRY] = 500.0
    model.get_layer("probabilities").set_weights([kernel, bias])
    said = np.asarray(model({"faces": lit_faces[:1, ..., None]})["probabilities"])
    assert said[0, ANGRY] == 1.0
    maps = class_activation_maps(model, lit_faces[:1], np.array([ANGRY]))
    assert maps[0][PATCH].min() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("recipe", "layer"), [("paper", "block2_relu"), ("best", "stage2_block1_relu")]
)
def test_both_networks(recipe: str, layer: str) -> None:
    model = build_model(quick(recipe))
    assert last_activations(model) == layer
    # The class output starts from zero weights, which speak for nothing.
    head = model.get_layer("probabilities")
    head.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in head.get_weights()])
    faces = np.random.default_rng(1).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    maps = class_activation_maps(model, faces, np.arange(5))
    assert maps.shape == (5, 48, 48)
    assert maps.min() >= 0.0
    assert maps.max() == pytest.approx(1.0)
    other = class_activation_maps(model, faces, np.arange(5) + 2)
    assert (maps != other).any()


def test_layers_that_cannot_be_shown() -> None:
    model = build_model(quick("paper"))
    face, label = np.zeros((1, 48, 48), np.uint8), np.array([0])
    with pytest.raises(NotFoundError, match="no layer 'block9'"):
        class_activation_maps(model, face, label, "block9")
    with pytest.raises(InvalidInputError, match="no maps"):
        class_activation_maps(model, face, label, "dense1")
    flat = keras.Sequential([keras.Input((4,)), layers.Dense(7, name="probabilities")])
    with pytest.raises(InvalidInputError, match="no maps to look at"):
        last_activations(flat)


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = light_or_dark()
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(SetupError, match="TensorFlow"):
        class_activation_maps(model, np.zeros((1, 48, 48), np.uint8), np.array([0]))
