from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.training.location.faces import Face, crop_faces
from maskmesh.training.location.samples import Jitter, sample_faces, vary

STILL = Jitter(share=1.0, shift=0.0, log_scale=0.0, roll=0.0, strength=0.0)
ROUGH = Jitter(share=1.0, shift=0.2, log_scale=0.25, roll=0.0, strength=0.0)


@pytest.fixture(scope="module")
def spot():
    """A face that is one bright spot, in a picture that reaches beyond it."""
    rows, columns = np.indices((200, 200))
    gray = (255 * np.exp(-((rows - 110) ** 2 + (columns - 90) ** 2) / 200)).astype(np.uint8)
    box = np.array([60.0, 80.0, 60.0, 60.0])
    return Face(Pyramid(gray), None, box, whole=True, frontal=True, covered=False)


def test_the_targets_lead_back_to_the_face(spot):
    samples = sample_faces([([spot], 1.0)], 200, (64, 1.5), ROUGH, seed=1)
    assert np.abs(samples.targets[:, :2]).max() > 0.1
    for patch, (across, down, log_scale) in zip(samples.patches, samples.targets, strict=True):
        total = patch.astype(np.float64) - patch.min()
        total[total < total.max() / 2] = 0
        rows, columns = np.indices(patch.shape)
        found = [(axis * total).sum() / total.sum() for axis in (columns, rows)]
        # The patch shows 1.5 windows on 64 pixels.
        expected = [31.5 + shift * 64 / 1.5 for shift in (across, down)]
        np.testing.assert_allclose(found, expected, atol=2.0)
        assert abs(log_scale) <= 0.26


def test_without_jitter_a_crop_comes_back_mirrored_or_not_but_for_its_brightness():
    crop = np.random.default_rng(2).integers(90, 130, (48, 48), dtype=np.uint8)
    faces = crop_faces(crop[None], None)
    samples = sample_faces([(faces, 1.0)], 30, (48, 1.0), STILL, seed=3)
    alike = [
        [np.corrcoef(patch.ravel(), other.ravel())[0, 1] > 0.99 for other in (crop, crop[:, ::-1])]
        for patch in samples.patches
        if patch.std() > 9  # neither blurred nor clipped
    ]
    assert all(any(pair) for pair in alike)
    assert all(any(column) for column in zip(*alike, strict=True))


def test_windows_on_crops_stay_within_them():
    faces = crop_faces(np.zeros((1, 48, 48), np.uint8), None)
    samples = sample_faces([(faces, 1.0)], 300, (32, 1.1), ROUGH, seed=3)
    window = 48 / np.exp(samples.targets[:, 2])
    middle = 24 - samples.targets[:, :2] * window[:, None]
    assert (middle - window[:, None] * 0.55).min() >= -1.5
    assert (middle + window[:, None] * 0.55).max() <= 49.5


def test_groups_are_drawn_by_their_shares(spot):
    dark = Face(Pyramid(np.zeros((60, 60), np.uint8)), None, np.array([0.0, 0, 60, 60]), False,
                True, False)  # fmt: skip
    samples = sample_faces([([spot], 0.75), ([dark], 0.25)], 400, (16, 1.0), STILL, seed=3)
    bright = (samples.patches.std(axis=(1, 2)) > 5).mean()
    assert 0.68 < bright < 0.82


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_varied_patches_stay_recognisable(strength):
    random = np.random.default_rng(7)
    patch = np.tile(np.linspace(40, 200, 32).astype(np.uint8), (32, 1))
    alike = [
        np.corrcoef(patch.ravel(), vary(patch, strength, random).ravel())[0, 1] for _ in range(80)
    ]
    assert min(alike) > (0.97 if strength == 0 else 0.4)
    assert max(alike) > 0.97
