from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from maskmesh.bench.answers import SECONDS_EACH, clip_answers, switching_answers
from maskmesh.clients.mesh.results import Expression, Face, FrameFaces, MaskedFace
from maskmesh.services.classification.classifier import Classified
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.dataset import LabelledFaces

FPS = 4.0


class BrightnessClassifier:
    """Bright faces are happy, dark ones sad; the mask is worn as likely as the crop is bright."""

    def __init__(self):
        self.crops = []

    def classify(self, faces):
        self.crops += faces
        bright = np.array([face.mean() > 128 for face in faces])
        probabilities = np.full((len(faces), 7), 0.05, np.float32)
        probabilities[np.arange(len(faces)), np.where(bright, 3, 5)] = 0.7
        return Classified(probabilities, np.array([f.mean() / 255 for f in faces], np.float32))


@pytest.fixture
def labelled(faces):
    gray = read_picture(faces / "astronaut.jpg", "L")[58:178, 165:285][::2, ::2][:48, :48]
    bright, dark = np.clip(gray * 0.3 + 160, 0, 255), gray * 0.3
    images = np.stack([bright, dark, bright, dark]).astype(np.uint8)
    labels = np.array([3, 5, 3, 5])
    return LabelledFaces("validation", images, labels, tuple("abcd"), "0")


def test_faces_of_other_classes_follow_each_other_every_second_with_a_mask(labelled):
    classifier = BrightnessClassifier()
    answers, passages = switching_answers(labelled, classifier, seed=1, count=4, fps=FPS)
    each = round(SECONDS_EACH * FPS)
    assert len(passages) >= 2
    assert len(answers) == each * len(passages) == len(classifier.crops)
    assert [answer.time_s for answer in answers] == [k / FPS for k in range(len(answers))]
    assert [passage.masked for passage in passages] == [k % 2 == 1 for k in range(len(passages))]
    for before, after in pairwise(passages):
        assert before.end_s == after.start_s
        assert before.settled != after.settled
    assert {passage.settled for passage in passages} == {"happy", "sad"}


def test_the_clip_trembles_and_is_the_same_for_the_same_seed(labelled):
    def crops(seed):
        classifier = BrightnessClassifier()
        switching_answers(labelled, classifier, seed, 2, FPS)
        return np.stack(classifier.crops).astype(int)

    first = crops(1)
    assert (first == crops(1)).all()
    assert (first != crops(2)).any()
    # Frames of one face differ, but less than faces do.
    within = np.abs(first[0] - first[1]).mean()
    assert 1 < within < np.abs(first[0] - first[-1]).mean()


class OneFaceMesh:
    """A mesh that finds the whole picture to be one face, and remembers what it was shown."""

    problem = None

    def __init__(self):
        self.crops = []
        self.masks = 0
        self.frames = 0

    def open_location_stream(self):
        return self

    def send(self, picture, capture_time_s=None):
        self.frames += 1

    def receive(self):
        faces = () if self.problem else (Face((0, 0, 64, 48), 1.0, track=1),)
        return FrameFaces(faces, self.problem, 1.0)

    def close(self):
        pass

    def classify(self, faces):
        self.crops += faces
        return [Expression("happy", (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0), 0.5) for _ in faces]

    def apply_mask(self, image, box, style, colour, seed):
        self.masks += 1
        empty = np.zeros((0, 2), np.float32)
        return MaskedFace(image, empty, empty, 1.0, "surgical", "white", "plain", "proper")


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize("masked", [False, True])
def test_a_clip_is_taken_through_a_mesh_as_changed(clip, masked):
    mesh = OneFaceMesh()
    answers = clip_answers(mesh, clip, lambda bgr: np.full_like(bgr, 200), masked)
    assert [answer.track for answer in answers] == [1, 1, 1]
    assert [answer.time_s for answer in answers] == pytest.approx([0.0, 0.1, 0.2])
    assert answers[0].expression.label == "happy"
    assert [int(crop.mean()) for crop in mesh.crops] == [200, 200, 200]
    assert mesh.masks == (3 if masked else 0)


def test_a_frame_that_fails_is_not_passed_over(clip):
    mesh = OneFaceMesh()
    mesh.problem = "internal error"
    with pytest.raises(MaskmeshError, match="frame 0 could not be used: internal error"):
        clip_answers(mesh, clip, lambda bgr: bgr, masked=False)
