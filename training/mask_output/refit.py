"""Fits the mask output of a trained network anew, on the features that the network has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from maskmesh.training.finishing import both_views
from maskmesh.training.mask_output.samples import Faces
from maskmesh.training.mask_output.stored import LAYER

# Inverse strength of the penalty: of 1e-4 to 1e-2 the best on the half of the photos left out.
STRENGTH = 1e-2
AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Right:
    """Shares that a network tells rightly, at a probability of a half.

    Attributes:
        masked: Of the faces with a mask.
        bare: Of those without one.
        total: Of all.
    """

    masked: float
    bare: float
    total: float


def refit(model: keras.Model, groups: Sequence[Faces]) -> None:
    """Fit the mask output's weights by logistic regression; the rest of the network stays.

    Each group weighs the same, and in it masked and bare faces do. The mirror image of each face is
    learnt from too.

    Args:
        model: A network of `maskmesh.training.models`; changed in place.
        groups: Faces, e.g. real and synthetic ones.
    """
    features = keras.Model(model.input, model.get_layer(LAYER).input)
    seen, worn, weights = [], [], []
    for group in groups:
        for images in (group.images, group.images[:, :, ::-1]):
            seen.append(_predict(features, images))
            worn.append(group.worn)
            weights.append(_balanced(group.worn))
    scaler = StandardScaler()
    fitted = LogisticRegression(C=STRENGTH, max_iter=1000).fit(
        scaler.fit_transform(np.concatenate(seen)),
        np.concatenate(worn),
        np.concatenate(weights) * sum(map(len, groups)),
    )
    kernel = fitted.coef_.T / scaler.scale_[:, None]
    model.get_layer(LAYER).set_weights([kernel, fitted.intercept_ - scaler.mean_ @ kernel])


def judge_mask(model: keras.Model, faces: Faces) -> Right:
    """Tell how often the mask output is right, the mean over a face and its mirror image."""
    told = both_views(model, faces.images).answers(mirrored=True).mask >= 0.5
    right = told == faces.worn
    return Right(
        float(right[faces.worn].mean()), float(right[~faces.worn].mean()), float(right.mean())
    )


def _balanced(worn: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights that sum to 1, half of it for the masked faces."""
    masked = max(1, int(worn.sum()))
    bare = max(1, len(worn) - masked)
    return np.where(worn, 0.5 / masked, 0.5 / bare)


def _predict(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    features = model.predict({"faces": images[..., None]}, AT_ONCE, verbose=0)
    return np.asarray(features, np.float64)
