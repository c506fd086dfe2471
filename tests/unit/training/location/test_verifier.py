from __future__ import annotations

import shutil

import numpy as np
import pytest
from rich.console import Console

from maskmesh.services.face_location.artifacts import VERIFIER_FILE
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.verifier import MARGIN, PATCH_SIDE, FaceVerifier
from maskmesh.training.location.faces import photo_faces
from maskmesh.training.location.negatives import Mining, backgrounds, mine
from maskmesh.training.location.network import write_onnx
from maskmesh.training.location.verifier import VerifierPlan, train_verifier

PLAN = VerifierPlan(epochs=3, faces=1500, others=1500, seed=2)


@pytest.fixture(scope="module")
def others(ring_photos):
    wanted = Mining(24, 1.0, 1500, seed=3, patch=(PATCH_SIDE, MARGIN))
    return mine(backgrounds(ring_photos, 2), None, wanted)[0]


@pytest.fixture(scope="module")
def trained(ring_photos, others, tmp_path_factory):
    run = tmp_path_factory.mktemp("verifier")
    groups = [(photo_faces(ring_photos), 1.0)]
    return train_verifier(groups, others, PLAN, run, Console(quiet=True)), run


def test_the_network_learns_to_tell_and_to_frame_and_onnx_answers_alike(
    trained, ring_photos, tmp_path
):
    model, _ = trained
    write_onnx(model, tmp_path / VERIFIER_FILE, {"licence": "MIT"})
    verifier = FaceVerifier(tmp_path)
    before, after, scores = [], [], []
    for photo in ring_photos:
        side = photo.faces[:, 2:3]
        rough = np.hstack([photo.faces[:, :2] + 0.12 * side, 1.1 * side, 1.1 * side])
        verified = verifier.verify(Pyramid(photo.gray), rough)
        scores.append(verified.scores[0])
        before.append(iou_matrix(rough, photo.faces)[0, 0])
        after.append(iou_matrix(verified.boxes, photo.faces)[0, 0])
    assert np.median(scores) > 0.6
    assert np.mean(after) > np.mean(before)
    patches = np.random.default_rng(1).integers(0, 256, (5, PATCH_SIDE, PATCH_SIDE), np.uint8)
    by_keras = model.predict(patches, verbose=0)
    by_onnx = verifier._session.run(["score", "correction"], {"patches": patches})
    np.testing.assert_allclose(by_onnx[0], by_keras["score"][:, 0], atol=1e-5)
    np.testing.assert_allclose(by_onnx[1], by_keras["correction"], atol=1e-4)


def test_a_run_that_was_stopped_goes_on_to_exactly_the_same_weights(
    trained, ring_photos, others, tmp_path
):
    model, run = trained
    shutil.copyfile(run / "epoch_002.keras", tmp_path / "epoch_002.keras")
    groups = [(photo_faces(ring_photos), 1.0)]
    resumed = train_verifier(groups, others, PLAN, tmp_path, Console(quiet=True))
    for ours, theirs in zip(resumed.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "epoch_002.keras",
        "epoch_003.keras",
    ]
