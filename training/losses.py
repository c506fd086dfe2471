"""The loss of the expression output: labels, focal weighting, and what a teacher says."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from maskmesh.training.labels import CLASSES

LEAST = 1e-7
COUNT = len(CLASSES)


@keras.saving.register_keras_serializable("maskmesh")
class ExpressionLoss(keras.losses.Loss):
    """Cross-entropy with soft targets, plus the divergence from a teacher's answer.

    Targets are float32 [N, 7]; or [N, 14] with the teacher's answers, softened already, behind
    them. A row of the first seven sums to the weight of its face.

    With `twins` the first half of a batch shows the same faces unmasked as the second half shows
    masked, and the first half's answers, as constants, teach the second half.

    Source: focal loss Lin et al. 2017; distillation Hinton et al. 2015.
    """

    def __init__(
        self,
        *,
        focal_gamma: float = 0.0,
        distillation_weight: float = 0.0,
        temperature: float = 1.0,
        twins: bool = False,
        name: str = "expression_loss",
        **options: Any,
    ) -> None:
        super().__init__(name=name, **options)
        self.focal_gamma = focal_gamma
        self.distillation_weight = distillation_weight
        self.temperature = temperature
        self.twins = twins

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each face, [N]."""
        logs = ops.log(ops.clip(y_pred, LEAST, 1.0))
        terms = y_true[:, :COUNT] * logs
        if self.focal_gamma:
            terms = terms * ops.power(1.0 - ops.clip(y_pred, LEAST, 1.0 - LEAST), self.focal_gamma)
        loss = -ops.sum(terms, axis=-1)
        weight = self.distillation_weight * self.temperature**2
        if not weight:
            return loss
        logs = ops.log_softmax(logs / self.temperature, axis=-1)
        if self.twins:
            plain, masked = ops.split(logs, 2, axis=0)
            plain = ops.stop_gradient(plain)
            apart = _divergence(ops.exp(plain), plain, masked)
            # Twice, as the mean is taken over both halves.
            return loss + 2.0 * weight * ops.concatenate([ops.zeros_like(apart), apart])
        teacher = y_true[:, COUNT:]
        return loss + weight * _divergence(teacher, ops.log(ops.maximum(teacher, LEAST)), logs)

    def get_config(self) -> dict[str, Any]:
        """Return what `__init__` needs to make the same loss again."""
        return {
            **super().get_config(),
            "focal_gamma": self.focal_gamma,
            "distillation_weight": self.distillation_weight,
            "temperature": self.temperature,
            "twins": self.twins,
        }


@keras.saving.register_keras_serializable("maskmesh")
def expression_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return for each face whether the likeliest class is the target's largest."""
    right = ops.equal(ops.argmax(y_true[:, :COUNT], axis=-1), ops.argmax(y_pred, axis=-1))
    return ops.cast(right, "float32")


def _divergence(wanted: Any, log_wanted: Any, log_given: Any) -> Any:
    return ops.sum(wanted * (log_wanted - log_given), axis=-1)
