from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from maskmesh.clients.streaming import clips
from maskmesh.clients.streaming.clips import CameraSource, ClipSource
from maskmesh.clients.streaming.frames import Frame, FrameProblem
from maskmesh.clients.streaming.sources import open_source
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError


def save(path, colour=(10, 20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), colour).save(path)


def test_a_folder_gives_its_pictures_by_name_and_goes_on_after_a_broken_one(tmp_path):
    save(tmp_path / "b.png")
    save(tmp_path / "A.JPG")
    (tmp_path / "c.jpg").write_bytes(b"\xff\xd8 no picture")
    save(tmp_path / "d.webp")
    (tmp_path / "notes.txt").write_text("no picture, and not meant to be one")
    source = open_source(str(tmp_path), picture_fps=4.0)
    assert (source.total, source.fps, source.live) == (4, 4.0, False)
    entries = list(source.entries())
    assert [entry.file for entry in entries] == ["A.JPG", "b.png", "c.jpg", "d.webp"]
    assert [entry.index for entry in entries] == [0, 1, 2, 3]
    assert [entry.time_s for entry in entries] == [0.0, 0.25, 0.5, 0.75]
    kinds = [type(entry) for entry in entries]
    assert kinds == [Frame, Frame, FrameProblem, Frame]
    assert "not a picture" in entries[2].message or "damaged" in entries[2].message


def test_pictures_come_as_bgr(tmp_path):
    save(tmp_path / "p.png", (10, 20, 30))
    (entry,) = open_source(str(tmp_path / "p.png")).entries()
    assert entry.file == "p.png"
    assert entry.bgr[0, 0].tolist() == [30, 20, 10]
    assert entry.bgr.shape == (30, 40, 3)


def test_a_picture_that_vanishes_on_the_way_is_a_problem(tmp_path):
    save(tmp_path / "p.png")
    source = open_source(str(tmp_path))
    (tmp_path / "p.png").unlink()
    (entry,) = source.entries()
    assert isinstance(entry, FrameProblem)


def test_a_pattern_gives_what_matches(tmp_path):
    for name in ("x/a.png", "x/b.txt.png", "y/c.jpg"):
        save(tmp_path / name)
    found = [entry.file for entry in open_source(f"{tmp_path}/*/*.png").entries()]
    assert [os.path.relpath(file, tmp_path) for file in found] == ["x/a.png", "x/b.txt.png"]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("{0}/missing.mp4", "no file or folder .*missing.mp4"),
        ("{0}/*.png", "no pictures match"),
        ("{0}", "no pictures in"),
        ("99", "no camera 99"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(tmp_path, named, words):
    with pytest.raises(NotFoundError, match=words) as caught:
        open_source(named.format(tmp_path))
    assert "\n" not in str(caught.value)


def test_an_empty_name_is_refused():
    with pytest.raises(InvalidInputError, match="--source"):
        open_source(" ")


def test_a_dead_address_is_unavailable():
    with pytest.raises(UnavailableError, match="check the address") as caught:
        open_source("rtsp://user:secret@127.0.0.1:1/none")
    assert "rtsp://127.0.0.1:1/none" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_address_of_known_length_is_a_clip_and_else_a_camera(monkeypatch):
    class Capture:
        def __init__(self, frames):
            self.frames = frames

        def get(self, what):
            return {cv2.CAP_PROP_FRAME_COUNT: self.frames, cv2.CAP_PROP_FPS: 25.0}.get(what, 0.0)

    monkeypatch.setattr(clips, "open_reader", lambda address: Capture(12))
    assert isinstance(open_source("https://host/clip.mp4"), ClipSource)
    monkeypatch.setattr(clips, "open_reader", lambda address: Capture(-1))
    camera = open_source("rtsp://user:p@ss@host:554/live?x=1")
    assert isinstance(camera, CameraSource)
    assert camera.name == "rtsp://host:554/live?x=1"


@pytest.mark.parametrize(("name", "codec"), [("c.mp4", "mp4v"), ("c.webm", "VP80")])
def test_a_clip_gives_every_frame_with_its_time(write_clip, name, codec):
    source = open_source(str(write_clip(name, codec)))
    entries = list(source.entries())
    source.close()
    assert source.note is None
    assert [entry.index for entry in entries] == list(range(10))
    np.testing.assert_allclose([entry.time_s for entry in entries], np.arange(10) / 10, atol=0.02)
    means = [entry.bgr.mean() for entry in entries]
    np.testing.assert_allclose(means, 20 + 10 * np.arange(10), atol=4)


def test_a_clip_that_is_cut_short_ends_early_with_a_note(write_clip):
    path = write_clip("c.avi", "MJPG", frames=40)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    source = open_source(str(path))
    count = len(list(source.entries()))
    assert 10 < count < 40
    assert source.note is not None
    assert f"ends at frame {count} of 40" in source.note


def test_a_clip_whose_index_is_cut_off_is_one_clear_error(write_clip, capfd):
    path = write_clip("c.mp4", "mp4v")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidInputError, match=r"neither a picture nor a clip.*cut short"):
        open_source(str(path))
    assert capfd.readouterr().err == ""


def test_a_renamed_text_is_no_clip(tmp_path):
    (tmp_path / "c.mp4").write_text("hello")
    with pytest.raises(InvalidInputError, match="neither a picture nor a clip"):
        open_source(str(tmp_path / "c.mp4"))


def test_an_animated_gif_is_a_clip(tmp_path):
    frames = [Image.new("RGB", (40, 30), (v, v, v)) for v in (20, 120, 220)]
    path = tmp_path / "g.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    means = [entry.bgr.mean() for entry in open_source(str(path)).entries()]
    np.testing.assert_allclose(means, [20, 120, 220], atol=3)


class Capture:
    """A camera that gives some frames, whose brightness counts from 1, and then none."""

    def __init__(self, frames: int) -> None:
        self.given = 0
        self.frames = frames
        self.released = False

    def get(self, what):
        return 90_000.0

    def read(self):
        assert not self.released
        self.given += 1
        if self.given > self.frames:
            return False, None
        return True, np.full((48, 64, 3), self.given, np.uint8)

    def release(self):
        self.released = True


def test_a_camera_that_stops_ends_with_a_note():
    source = CameraSource("camera 0", Capture(2), lambda: None, patience_s=0.0)
    entries = list(source.entries())
    assert [entry.index for entry in entries] == [0, 1]
    assert all(entry.taken_at is not None for entry in entries)
    assert source.fps is None
    assert source.note == "camera 0 gives no more frames, after 2"


def test_a_camera_that_comes_back_goes_on(monkeypatch):
    monkeypatch.setattr(clips, "BETWEEN_TRIES_S", 0.0)
    # Not there, there without a picture, there.
    later = [None, Capture(0), Capture(2)]
    first = Capture(2)
    source = CameraSource("camera 0", first, lambda: later.pop(0), patience_s=60.0)
    told = []
    source.tell = told.append
    entries = source.entries()
    frames = [next(entries) for _ in range(4)]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [frame.bgr[0, 0, 0] for frame in frames] == [1, 2, 1, 2]
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)
    assert first.released
    assert told == [
        "camera 0 gives no more frames; trying again for up to 60 s",
        "camera 0 is back",
    ]


def test_a_camera_that_stays_away_is_an_error(monkeypatch):
    monkeypatch.setattr(clips, "BETWEEN_TRIES_S", 0.0)
    source = CameraSource("camera 0", Capture(1), lambda: None, patience_s=1e-9)
    entries = source.entries()
    next(entries)
    with pytest.raises(UnavailableError, match=r"not back after 1e-09 s.*--source-reconnect-s"):
        next(entries)


def test_a_camera_is_not_waited_for_once_stopped():
    source = CameraSource("camera 0", Capture(1), lambda: None, patience_s=1e9)
    entries = source.entries()
    next(entries)
    source.tell = lambda message: source.stop()
    assert list(entries) == []


PIPED = """
import sys
from maskmesh.clients.streaming.sources import open_source
from maskmesh.services.runtime.errors import MaskmeshError
try:
    source = open_source("-")
    print(source.name, source.live, [round(e.bgr.mean() / 10) for e in source.entries()])
except MaskmeshError as error:
    sys.exit(str(error))
"""


def run_piped(data):
    return subprocess.run(
        [sys.executable, "-c", PIPED], input=data, capture_output=True, check=False
    )


@pytest.mark.parametrize(("name", "codec"), [("c.webm", "VP80"), ("c.avi", "MJPG")])
def test_a_video_is_read_from_standard_input(write_clip, name, codec):
    done = run_piped(write_clip(name, codec).read_bytes())
    assert done.stdout.decode().strip() == "standard input False [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"


def test_pictures_in_jpeg_one_after_the_other_are_read_from_standard_input():
    pictures = [np.full((48, 64, 3), value, np.uint8) for value in (20, 120, 220)]
    done = run_piped(b"".join(cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures))
    assert done.stdout.decode().strip() == "standard input False [2, 12, 22]"


@pytest.mark.parametrize("data", [b"", b"hello", bytes(range(256)) * 400])
def test_what_is_no_video_on_standard_input_is_one_clear_error(data):
    done = run_piped(data)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("standard input holds no video")
    assert done.stderr.decode().count("\n") == 1


def test_a_terminal_as_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(InvalidInputError, match="pipe one in"):
        open_source("-")


def test_noise_that_is_named_as_a_clip_is_refused(tmp_path, capfd):
    noise = np.random.default_rng(1).integers(0, 256, 2_000_000, np.uint8)
    (tmp_path / "c.mp4").write_bytes(noise.tobytes())
    with pytest.raises(InvalidInputError, match="neither a picture nor a clip"):
        open_source(str(tmp_path / "c.mp4"))
    assert capfd.readouterr().err == ""
