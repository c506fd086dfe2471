from __future__ import annotations

import keras
import numpy as np
import pytest

from maskmesh.training.losses import ExpressionLoss, expression_accuracy


@pytest.fixture
def answers() -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(7), 6).astype(np.float32)


@pytest.fixture
def targets() -> np.ndarray:
    return np.eye(7, dtype=np.float32)[[0, 1, 6, 3, 3, 2]] * 0.9 + 0.1 / 7


def value(loss: ExpressionLoss, targets: np.ndarray, answers: np.ndarray) -> float:
    return float(loss(targets, answers))


def divergence(wanted: np.ndarray, given: np.ndarray) -> np.ndarray:
    return (wanted * np.log(wanted / given)).sum(axis=1)


def cooled(answers: np.ndarray, temperature: float) -> np.ndarray:
    powers = answers ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def test_plain_it_is_categorical_crossentropy(targets: np.ndarray, answers: np.ndarray) -> None:
    wanted = float(keras.losses.CategoricalCrossentropy()(targets, answers))
    assert value(ExpressionLoss(), targets, answers) == pytest.approx(wanted, rel=1e-5)


def test_focal_is_kerass_own(targets: np.ndarray, answers: np.ndarray) -> None:
    wanted = float(keras.losses.CategoricalFocalCrossentropy(1.0, 2.0)(targets, answers))
    assert value(ExpressionLoss(focal_gamma=2.0), targets, answers) == pytest.approx(wanted, 1e-5)


def test_weights_of_faces_are_the_sums_of_their_targets(
    targets: np.ndarray, answers: np.ndarray
) -> None:
    weights = np.array([1, 2, 0, 0.5, 1, 3], np.float32)
    each = -(targets * np.log(answers)).sum(axis=1)
    found = value(ExpressionLoss(), targets * weights[:, None], answers)
    assert found == pytest.approx(float((each * weights).mean()), rel=1e-5)


def test_a_teacher_pulls_to_its_softened_answers(targets: np.ndarray, answers: np.ndarray) -> None:
    teacher = np.random.default_rng(1).dirichlet(np.ones(7), 6).astype(np.float32)
    loss = ExpressionLoss(distillation_weight=0.7, temperature=2.0)
    both = np.concatenate([targets, cooled(teacher, 2.0)], axis=1).astype(np.float32)
    apart = divergence(cooled(teacher, 2.0), cooled(answers, 2.0)).mean()
    wanted = value(ExpressionLoss(), targets, answers) + 0.7 * 4 * apart
    assert value(loss, both, answers) == pytest.approx(wanted, rel=1e-4)
    perfect = np.concatenate([targets, cooled(answers, 2.0)], axis=1).astype(np.float32)
    alone = value(ExpressionLoss(), targets, answers)
    assert value(loss, perfect, answers) == pytest.approx(alone, rel=1e-4)


def test_twins_the_unmasked_half_teaches_the_masked_one(
    targets: np.ndarray, answers: np.ndarray
) -> None:
    loss = ExpressionLoss(distillation_weight=0.7, twins=True)
    apart = divergence(answers[:3], answers[3:]).mean()
    wanted = value(ExpressionLoss(), targets, answers) + 0.7 * apart
    assert value(loss, targets, answers) == pytest.approx(wanted, rel=1e-4)


def test_the_teaching_half_learns_nothing_from_it(targets: np.ndarray, answers: np.ndarray) -> None:
    import tensorflow as tf

    logits = tf.Variable(np.log(answers))

    def gradient(loss: ExpressionLoss) -> np.ndarray:
        with tf.GradientTape() as tape:
            outcome = loss(targets, tf.nn.softmax(logits))
        return tape.gradient(outcome, logits).numpy()

    alone = gradient(ExpressionLoss())
    taught = gradient(ExpressionLoss(distillation_weight=1.0, twins=True))
    np.testing.assert_allclose(taught[:3], alone[:3], atol=1e-6)
    assert np.abs(taught[3:] - alone[3:]).max() > 1e-3


def test_certain_answers_give_finite_losses(targets: np.ndarray) -> None:
    certain = np.eye(7, dtype=np.float32)[[1, 1, 1, 1, 1, 1]]
    twins = ExpressionLoss(distillation_weight=1.0, twins=True, focal_gamma=2.0)
    assert np.isfinite(value(twins, targets, certain))


def test_it_survives_saving() -> None:
    loss = ExpressionLoss(focal_gamma=1.5, distillation_weight=0.4, temperature=3.0, twins=True)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    assert again.temperature == 3.0


def test_accuracy_reads_the_first_seven_targets(answers: np.ndarray) -> None:
    own = np.eye(7, dtype=np.float32)[answers.argmax(axis=1)]
    other = np.eye(7, dtype=np.float32)[(answers.argmax(axis=1) + 1) % 7]
    targets = np.concatenate([own, 9 * other], axis=1)
    assert np.asarray(expression_accuracy(targets, answers)).tolist() == [1.0] * 6
    assert np.asarray(expression_accuracy(other, answers)).tolist() == [0.0] * 6
