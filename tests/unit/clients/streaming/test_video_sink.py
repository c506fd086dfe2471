from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.clients.streaming.video_sink import VideoSink, fit_into
from maskmesh.services.runtime.errors import InvalidInputError, SetupError


def read_all(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        worked, bgr = capture.read()
        if not worked:
            return capture, frames
        frames.append(bgr)


def flat(value, size=(64, 48)):
    return np.full((size[1], size[0], 3), value, np.uint8)


@pytest.mark.parametrize("name", ["c.mp4", "c.MP4", "c.webm", "c.avi", "c.mkv"])
def test_every_kind_of_clip_holds_what_was_written(tmp_path, name):
    path = tmp_path / "new" / name
    with VideoSink(path, 10.0, keep_time=False) as sink:
        for index in range(8):
            sink.write(flat(40 + 20 * index), index / 10)
    capture, frames = read_all(path)
    assert sink.written == len(frames) == 8
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)
    np.testing.assert_allclose([f.mean() for f in frames], 40 + 20 * np.arange(8), atol=5)


def test_a_clip_is_finished_when_the_run_breaks_off(tmp_path):
    with pytest.raises(KeyboardInterrupt), VideoSink(tmp_path / "c.mp4", 10.0, False) as sink:  # noqa: PT012
        sink.write(flat(100), 0.0)
        raise KeyboardInterrupt
    assert len(read_all(tmp_path / "c.mp4")[1]) == 1


def test_frames_of_a_camera_are_repeated_and_left_out_to_keep_time(tmp_path):
    with VideoSink(tmp_path / "c.mp4", 10.0, keep_time=True) as sink:
        # At 10 frames a second: slots 0, 1, 1 (left out), 5 (three repeated), 6.
        for value, time_s in ((50, 7.0), (80, 7.1), (110, 7.12), (140, 7.5), (170, 7.6)):
            sink.write(flat(value), time_s)
    means = [frame.mean() for frame in read_all(tmp_path / "c.mp4")[1]]
    np.testing.assert_allclose(means, [50, 80, 140, 140, 140, 140, 170], atol=5)


def test_later_frames_are_fitted_to_the_first(tmp_path):
    with VideoSink(tmp_path / "c.mp4", 10.0, keep_time=False) as sink:
        sink.write(flat(100, (65, 49)), 0.0)
        sink.write(flat(200, (200, 50)), 0.1)
    frames = read_all(tmp_path / "c.mp4")[1]
    assert [frame.shape for frame in frames] == [(48, 64, 3), (48, 64, 3)]
    assert frames[1][24, 32].mean() > 180
    assert frames[1][4, 32].mean() < 30


def test_fitting_keeps_the_ratio_of_the_sides():
    fitted = fit_into(flat(255, (100, 50)), (80, 80))
    rows, columns = np.nonzero(fitted[..., 0])
    assert (columns.min(), columns.max()) == (0, 79)
    assert (rows.min(), rows.max()) == (20, 59)


def test_nothing_is_made_without_a_frame(tmp_path):
    with VideoSink(tmp_path / "c.mp4", 10.0, keep_time=False):
        pass
    assert not (tmp_path / "c.mp4").exists()


def test_an_unknown_kind_is_refused_at_once(tmp_path):
    with pytest.raises(InvalidInputError, match=r"use one of \.mp4"):
        VideoSink(tmp_path / "c.jpg", None, keep_time=False)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "c.mp4").mkdir()
    with (
        pytest.raises(SetupError, match=r"cannot write .*--output"),
        VideoSink(tmp_path / "c.mp4", 10.0, keep_time=False) as sink,
    ):
        sink.write(flat(1), 0.0)


def test_where_nothing_came_for_long_the_clip_shows_no_boxes(tmp_path):
    with VideoSink(tmp_path / "c.mp4", 10.0, keep_time=True) as sink:
        for time_s in (0.0, 0.4, 1.4):
            sink.write(flat(200), time_s, plain=flat(50))
    means = [frame.mean() for frame in read_all(tmp_path / "c.mp4")[1]]
    # Four slots are held; ten are not.
    np.testing.assert_allclose(means, [200] * 5 + [50] * 9 + [200], atol=5)
