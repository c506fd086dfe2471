from __future__ import annotations

import cv2
import numpy as np
import pytest
from rich.console import Console

from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.proposals import WINDOW
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.search import search_windows
from maskmesh.training.location.boosting import StageGoal
from maskmesh.training.location.cascade import CascadePlan, load_stages, passes, train_cascade
from maskmesh.training.location.faces import photo_faces

PLAN = CascadePlan(
    goals=(StageGoal(0.99, 0.02, 3), StageGoal(0.99, 0.02, 5), StageGoal(0.99, 0.02, 8)),
    faces=500,
    others=600,
    features=700,
    most_pictures=150,
    threads=1,
)


@pytest.fixture(scope="module")
def trained(ring_photos, tmp_path_factory):
    run = tmp_path_factory.mktemp("cascade")
    groups = [(photo_faces(ring_photos), 1.0)]
    return train_cascade(groups, ring_photos, PLAN, run, Console(quiet=True)), run


def test_opencv_runs_the_file_and_finds_what_was_learnt(trained, ring_photos):
    path, _ = trained
    cascade = cv2.CascadeClassifier(str(path))
    counted, near = 0, 0
    for photo in ring_photos:
        found = search_windows(Pyramid(photo.gray), cascade, WINDOW, (WINDOW, 160), step=1.2)
        overlaps = iou_matrix(photo.faces, found)
        near += bool((overlaps > 0.5).any())
        counted += len(found)
    assert near >= 0.8 * len(ring_photos)
    # Of some 4,000 windows a photo.
    assert counted / len(ring_photos) < 400


def test_opencv_lets_the_windows_pass_that_the_stages_let_pass(trained, ring_photos):
    path, run = trained
    cascade, stages = cv2.CascadeClassifier(str(path)), load_stages(run)
    random = np.random.default_rng(4)
    patches = np.concatenate(
        [
            Pyramid(photo.gray).patches(
                photo.faces + random.normal(0, 5, (40, 4)) * [1, 1, 0, 0], WINDOW
            )
            for photo in ring_photos
        ]
    )
    by_opencv = [
        len(cascade.detectMultiScale(patch, 1.1, 0, minSize=(24, 24), maxSize=(24, 24))) > 0
        for patch in patches
    ]
    ours = passes(patches, stages)
    assert 5 < ours.sum() < len(patches)
    assert (ours == by_opencv).mean() > 0.995  # but for rounding at a threshold


def test_a_run_that_was_stopped_goes_on_to_the_same_cascade(trained, ring_photos, tmp_path):
    path, run = trained
    groups = [(photo_faces(ring_photos), 1.0)]
    for name in ("stage_00.json", "stage_01.json"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    resumed = train_cascade(groups, ring_photos, PLAN, tmp_path, Console(quiet=True))
    assert resumed.read_text() == path.read_text()
