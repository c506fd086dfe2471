"""Landmarks of every face of a data set, predicted once and kept in a cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.confidence import fit_confidence
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.training.chunks import CHUNK, load_all, make_missing
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.saving import save_arrays

_PROBES = 16


@dataclass(frozen=True, slots=True)
class FaceFits:
    """Where the landmarks of each face lie, and how far they can be trusted.

    Attributes:
        landmarks: float32 [N, 68, 2], x and y in pixels of the 48x48 face.
        confidence: float32 [N], 0 to 1, `fit_confidence` of each.
    """

    landmarks: NDArray[np.float32]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FitChunk:
    """Faces whose landmarks are predicted in one go."""

    images: NDArray[np.uint8]
    file: Path

    def __len__(self) -> int:
        return len(self.images)

    def make(self) -> None:
        """Predict and write."""
        fits = predict_fits(self.images)
        save_arrays(self.file, landmarks=fits.landmarks, confidence=fits.confidence)


@cache
def predictor() -> LandmarkPredictor:
    """Return this process's landmark predictor."""
    return LandmarkPredictor()


def predict_fits(images: NDArray[np.uint8]) -> FaceFits:
    """Predict the landmarks of faces, uint8 [N, 48, 48]."""
    landmarks = predictor().predict_many([*images], [None] * len(images))
    confidence = [
        fit_confidence(image, points) for image, points in zip(images, landmarks, strict=True)
    ]
    return FaceFits(landmarks, np.array(confidence, np.float32))


def cached_fits(faces: LabelledFaces, cache: Path, workers: int) -> FaceFits:
    """Return the landmarks of a split's faces, from the cache where they are there already."""
    folder = cache / f"fits-{faces.split}-{faces.sha256[:12]}-{_fingerprint(faces.images)[:8]}"
    chunks = [
        FitChunk(faces.images[first : first + CHUNK], folder / f"{first:06d}.npz")
        for first in range(0, len(faces), CHUNK)
    ]
    make_missing(chunks, workers, f"landmarks of {faces.split}")
    return FaceFits(
        np.asarray(load_all(chunks, "landmarks"), np.float32),
        np.asarray(load_all(chunks, "confidence"), np.float32),
    )


def _fingerprint(images: NDArray[np.uint8]) -> str:
    """Hash what predictor and confidence say of the first faces, so that a change of them shows."""
    fits = predict_fits(images[:_PROBES])
    return hashlib.sha256(fits.landmarks.tobytes() + fits.confidence.tobytes()).hexdigest()
