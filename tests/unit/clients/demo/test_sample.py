"""The clip that ships holds what sample.json says."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from maskmesh.clients.demo import sample
from maskmesh.clients.demo.make_clip import COLLINS, FPS, HALF, SCENES, SIZE, view
from maskmesh.clients.streaming.sources import open_source
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.pictures import read_picture


def test_the_clip_has_the_frames_that_its_facts_tell_of():
    passages = sample.sample_passages()
    source = open_source(str(sample.SAMPLE_CLIP))
    entries = list(source.entries())
    assert source.note is None
    assert source.fps == pytest.approx(FPS)
    assert {entry.bgr.shape for entry in entries} == {(480, 640, 3)}
    assert len(entries) == passages[-1].last + 1
    assert passages[0].first == 0
    assert all(a.last + 1 == b.first for a, b in itertools.pairwise(passages))


def test_the_facts_are_those_of_the_script():
    passages = sample.sample_passages()
    assert [(p.faces, p.masked) for p in passages] == [
        (len(scene.people), bool(scene.masks)) for scene in SCENES
    ]
    assert {p.masked for p in passages} == {True, False}
    assert max(p.faces for p in passages) == 2


def test_the_clip_is_small_enough_to_ship():
    assert sample.SAMPLE_CLIP.stat().st_size <= 1_000_000


def test_a_missing_clip_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(sample, "SAMPLE_CLIP", tmp_path / "none.mp4")
    with pytest.raises(SetupError, match="install maskmesh again"):
        sample.sample_passages()


@pytest.mark.parametrize("size", [SIZE, HALF])
def test_the_camera_moves_and_never_sees_beyond_the_photo(faces, size):
    rgb = read_picture(faces / COLLINS.file)
    # A frame of pure green around the photo would show where the view left it.
    marked = cv2.copyMakeBorder(rgb[2:-2, 2:-2], 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(0, 255, 0))
    views = [view(marked, COLLINS.face, size, t / FPS, 0.0) for t in range(0, 240, 12)]
    for seen in views:
        assert seen.shape == (size[1], size[0], 3)
        edge = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]]).astype(int)
        green = (edge[:, 1] > 200) & (edge[:, 0] < 60) & (edge[:, 2] < 60)
        assert not green.any()
    assert all((a != b).any() for a, b in itertools.pairwise(views))
