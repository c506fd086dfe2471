from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.training import fits
from maskmesh.training.dataset import LabelledFaces


def test_landmarks_are_predicted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    names = tuple(map(str, range(5)))
    faces = LabelledFaces("train", images, np.zeros(5, int), names, "b" * 64)
    monkeypatch.setattr(fits, "CHUNK", 2)
    first = fits.cached_fits(faces, tmp_path, workers=1)
    assert first.landmarks.shape == (5, 68, 2)
    assert first.confidence.shape == (5,)
    np.testing.assert_array_equal(first.landmarks[4], LandmarkPredictor().predict(images[4]))
    files = sorted(tmp_path.glob("fits-train-*/*"))
    assert [file.name for file in files] == ["000000.npz", "000002.npz", "000004.npz"]
    made = [file.stat().st_mtime_ns for file in files]
    again = fits.cached_fits(faces, tmp_path, workers=1)
    np.testing.assert_array_equal(again.landmarks, first.landmarks)
    np.testing.assert_array_equal(again.confidence, first.confidence)
    assert [file.stat().st_mtime_ns for file in files] == made
