from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.training import chunks
from maskmesh.training.chunks import load_all, make_missing
from maskmesh.training.fits import FitChunk, predict_fits


def fit_chunks(folder: Path) -> list[FitChunk]:
    images = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)
    return [FitChunk(images[k : k + 2], folder / "made" / f"{k}.npz") for k in (0, 2, 4)]


@pytest.mark.parametrize("few", [6, 5], ids=["in this process", "in others"])
def test_missing_chunks_are_made_and_joined_in_order(
    few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "FEW", few)
    made_here = []
    real = FitChunk.make
    monkeypatch.setattr(FitChunk, "make", lambda self: made_here.append(self) or real(self))
    work = fit_chunks(tmp_path)
    make_missing(work, 2, "testing")
    assert len(made_here) == (3 if few == 6 else 0)
    images = np.concatenate([chunk.images for chunk in work])
    np.testing.assert_array_equal(load_all(work, "landmarks"), predict_fits(images).landmarks)
    left = sorted(file.name for file in (tmp_path / "made").iterdir())
    assert left == ["0.npz", "2.npz", "4.npz"]


def test_only_missing_chunks_are_made(tmp_path: Path) -> None:
    work = fit_chunks(tmp_path)
    make_missing(work, 1, "testing")
    times = [chunk.file.stat().st_mtime_ns for chunk in work]
    work[1].file.unlink()
    make_missing(work, 1, "testing")
    again = [chunk.file.stat().st_mtime_ns for chunk in work]
    assert [a == b for a, b in zip(times, again, strict=True)] == [True, False, True]
