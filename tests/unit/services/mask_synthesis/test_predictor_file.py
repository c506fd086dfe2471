from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.mask_synthesis.landmarks import shipped_predictor_path
from maskmesh.services.mask_synthesis.predictor_file import read_ensemble


def test_the_shipped_predictor_is_read_whole():
    ensemble = read_ensemble(shipped_predictor_path())
    assert ensemble.initial.shape == (68, 2)
    assert ensemble.leaves.shape == (15, 500, 16, 136)
    assert ensemble.splits.shape == (15, 500, 15, 2)
    assert ensemble.anchors.shape == ensemble.deltas.shape[:2]
    # The mean face fills its rectangle, and each tree adds little.
    assert 0 < ensemble.initial.min() < ensemble.initial.max() < 1.1
    assert np.abs(ensemble.leaves).max() < 0.5
    assert np.isfinite(ensemble.thresholds).all()


@pytest.mark.parametrize("share", [0.0, 1e-6, 1e-5, 0.01, 0.5, 0.999_999])
def test_a_file_that_is_cut_short_is_refused(tmp_path, share):
    data = shipped_predictor_path().read_bytes()
    (tmp_path / "cut.dat").write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=r"predictor|cut short"):
        read_ensemble(tmp_path / "cut.dat")


@pytest.mark.parametrize("seed", range(20))
def test_anything_else_is_refused(tmp_path, seed):
    random = np.random.default_rng(seed)
    (tmp_path / "x.dat").write_bytes(random.integers(0, 256, 5000, np.uint8).tobytes())
    with pytest.raises(ValueError, match="predictor"):
        read_ensemble(tmp_path / "x.dat")


def test_what_follows_the_predictor_is_refused(tmp_path):
    (tmp_path / "long.dat").write_bytes(shipped_predictor_path().read_bytes() + b"\x01\x01")
    with pytest.raises(ValueError, match="something follows it"):
        read_ensemble(tmp_path / "long.dat")
