from __future__ import annotations

import json

import pytest

from maskmesh.bench import tracking
from maskmesh.bench.clips import moving
from maskmesh.bench.people import load_people
from maskmesh.bench.tracking_report import report
from maskmesh.clients.demo.sample import sample_passages
from maskmesh.services.face_location.detector import Detection
from maskmesh.services.face_location.tracking import TrackedFace


class Knowing:
    """A detector that knows where the only face of a clip is."""

    def __init__(self, clip):
        self.known = clip.truth(0)[0].square

    def detect(self, gray, small_faces=True, cells=None):
        return [Detection(tuple(int(v) for v in self.known), 0.9, "face")]

    def find_near(self, gray, boxes):
        return self.detect(gray)


def test_a_clip_is_followed_and_judged_and_every_frame_is_timed(faces, capsys, tmp_path):
    clip = moving(load_people(faces)["obama"], 0.4)
    steps = []
    result = tracking.follow(tracking.draw(clip), Knowing(clip), lambda: steps.append(1))
    assert len(steps) == result.frames == 12
    # One to warm up, then one in a fifth of a second.
    assert result.searches == 2
    assert result.lookups == 10
    assert (result.switches, result.following.found) == (0, 1.0)
    assert result.following.mean_iou > 0.6
    assert 0 < result.own_seconds < sum(result.times.first)
    assert result.ratio == pytest.approx(sum(result.times.second) / sum(result.times.first))
    report([result], tmp_path / "new" / "numbers.json")
    shown = capsys.readouterr().out
    assert "| one person" in shown
    rows = json.loads((tmp_path / "new" / "numbers.json").read_text())
    assert rows["one person"]["searches"] == 2
    assert rows["one person"]["found"] == 1.0


def test_the_demo_is_read_with_its_times():
    footage = tracking.read_demo()
    assert len(footage.frames) == len(footage.times_s) == sample_passages()[-1].last + 1
    assert footage.times_s[20] == pytest.approx(1.0, abs=0.01)
    assert footage.frames[0].shape == (480, 640)


def test_ids_beyond_the_people_of_a_passage_are_counted():
    face = TrackedFace(1, Detection((0, 0, 9, 9), 0.9, "face"))
    other = TrackedFace(2, Detection((0, 0, 9, 9), 0.9, "face"))
    frames = [[face] for _ in range(sample_passages()[-1].last + 1)]
    assert tracking.surplus_ids(frames) == 0
    frames[3] = [other]
    assert tracking.surplus_ids(frames) == 1
