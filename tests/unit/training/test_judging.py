from __future__ import annotations

import keras
import numpy as np
import pytest

from maskmesh.training.judging import Validation, ValidationFaces, judged


def test_judged() -> None:
    answers = np.full((4, 7), 0.05, np.float32)
    answers[[0, 1, 2, 3], [0, 1, 0, 3]] = 0.7
    found = judged(answers, np.array([0, 1, 1, 3]))
    assert found["accuracy"] == 0.75
    assert found["disgust_recall"] == 0.5
    assert found["loss"] == pytest.approx(-(3 * np.log(0.7) + np.log(0.05)) / 4, rel=1e-5)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, rel=1e-5)


def test_masked_and_unmasked_faces_are_judged_apart() -> None:
    """Black pictures are "angry" with a mask, white ones "surprise" without."""
    inputs = keras.Input((48, 48, 1), dtype="uint8", name="faces")
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(inputs))
    outputs = {
        "probabilities": keras.layers.Dense(7, activation="softmax", name="probabilities")(mean),
        "mask": keras.layers.Dense(1, activation="sigmoid", name="mask")(mean),
    }
    model = keras.Model({"faces": inputs}, outputs)
    kernel = np.zeros((1, 7))
    kernel[0, [0, 6]] = -9, 9
    model.get_layer("probabilities").set_weights([kernel, np.array([5, 0, 0, 0, 0, 0, 0])])
    model.get_layer("mask").set_weights([np.array([[-9]]), np.array([5])])
    black, white = (np.full((5, 48, 48), level, np.uint8) for level in (0, 255))
    worn = np.array([True, True, True, True, False])
    faces = ValidationFaces(white, black, worn, np.array([0, 0, 6, 6, 6]))
    validation = Validation(faces, batch=2)
    validation.set_model(model)
    logs = {"loss": 1.0}
    validation.on_epoch_end(0, logs)
    assert logs["loss"] == 1.0
    assert logs["val_probabilities_accuracy"] == 0.4
    assert logs["val_unmasked_accuracy"] == 0.6
    assert logs["val_mask_accuracy"] == 0.8
    assert logs["val_unmasked_mask_accuracy"] == 1.0
    assert logs["val_loss"] == logs["val_probabilities_loss"]
