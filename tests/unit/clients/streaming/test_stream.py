from __future__ import annotations

import contextlib
import json
import os
import signal
from collections import Counter

import cv2
import pytest
from PIL import Image
from pydantic_settings import CliApp

from maskmesh.clients.mesh import Security
from maskmesh.clients.streaming import stream
from maskmesh.clients.streaming.stream import StreamSettings, run_stream
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError


class FakeAccess:
    def __init__(self, client):
        self.client = client
        self.waited = []

    def wait_until_back(self, error, timeout_s, wanted):
        self.waited.append((str(error), timeout_s, wanted()))


@pytest.fixture
def access(fake_mesh, monkeypatch):
    access = FakeAccess(fake_mesh)
    access.asked = []

    @contextlib.contextmanager
    def give(address, services, log_file, security):
        access.asked.append((address, services, log_file))
        access.security = security
        yield access

    monkeypatch.setattr(stream, "mesh_access", give)
    return access


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, brightness in enumerate((90, 200, 0)):
        picture = Image.new("RGB", (160, 120), (10, 10, 10))
        if brightness:
            picture.paste((brightness,) * 3, (30, 20, 90, 80))
        picture.save(folder / f"{index}.png")
    (folder / "3.jpg").write_bytes(b"broken")
    return folder


def run(folder, tmp_path, **settings):
    files = {"output": tmp_path / "out.mp4", "json_file": tmp_path / "out.jsonl"}
    run_stream(StreamSettings(**{"source": str(folder), "lag_s": 0.0, **files, **settings}))
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def test_a_folder_becomes_lines_and_a_clip(access, folder, tmp_path, capsys):
    lines = run(folder, tmp_path)
    assert [line["file"] for line in lines] == ["0.png", "1.png", "2.png", "3.jpg"]
    labels = [[face["label"] for face in line.get("faces", [])] for line in lines]
    assert labels == [["fear"], ["sad"], [], []]
    assert "error" in lines[3]
    capture = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 3
    captured = capsys.readouterr()
    assert "3 frames, 2 faces" in captured.out
    assert "1 frame could not be used" in captured.out
    assert "3.jpg, frame 3:" in captured.err
    assert access.asked == [(None, ("location", "classification"), None)]


def test_the_shown_label_is_held_as_the_settings_say(access, folder, tmp_path):
    def labels(**settings):
        lines = run(folder, tmp_path, **settings)
        return [line["faces"][0]["label"] for line in lines[:2]]

    assert labels() == ["fear", "sad"]
    assert labels(label_margin=1.0) == ["fear", "fear"]
    assert labels(label_margin=1.0, label_dwell_s=0.0) == ["fear", "sad"]


def test_masks_are_asked_for_with_style_colour_and_seed(access, folder, tmp_path):
    lines = run(folder, tmp_path, mask=True, style="cloth", colour="black", seed=5, mesh="h:1")
    assert Counter(access.client.log)["mask cloth black 6"] == 2
    assert lines[0]["faces"][0]["mask"] == 1.0
    assert access.asked[0][:2] == ("h:1", ("location", "synthesis", "classification"))


def test_an_unknown_mask_is_told_once(access, folder, tmp_path):
    with pytest.raises(NotFoundError, match="no mask style"):
        run(folder, tmp_path, mask=True, style="nope")
    assert (tmp_path / "out.jsonl").read_text() == ""


def test_many_broken_pictures_do_not_flood_the_terminal(access, tmp_path, capsys):
    folder = tmp_path / "broken"
    folder.mkdir()
    for index in range(30):
        (folder / f"{index:02}.jpg").write_bytes(b"broken")
    assert len(run(folder, tmp_path)) == 30
    told = capsys.readouterr().err
    assert told.count("not a picture") == 10
    assert told.count("only counted here") == 1


def test_standard_output_holds_nothing_but_lines(access, folder, tmp_path, capsys):
    run_stream(StreamSettings(source=str(folder), json_file="-"))
    captured = capsys.readouterr()
    assert [json.loads(line)["frame"] for line in captured.out.splitlines()] == [0, 1, 2, 3]
    assert "3 frames" in captured.err


def test_a_mesh_that_goes_away_is_waited_for(access, folder, tmp_path, capsys):
    access.client.failures["receive"] = [None, UnavailableError("no service at h:1")]
    assert len(run(folder, tmp_path, reconnect_s=4.0)) == 4
    assert access.waited == [("no service at h:1", 4.0, True)]
    told = capsys.readouterr().err
    assert "no service at h:1; waiting up to 4 s" in told
    assert "the mesh is back" in told


def test_what_was_written_stays_when_the_mesh_is_gone_for_good(access, folder, tmp_path):
    access.client.failures["receive"] = [None, UnavailableError("gone")]

    def hopeless(error, timeout_s, wanted):
        raise UnavailableError("not back")

    access.wait_until_back = hopeless
    with pytest.raises(UnavailableError, match="not back"):
        run(folder, tmp_path)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 1
    capture = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert capture.read()[0]


def test_a_signal_ends_the_run_in_order(access, folder, tmp_path):
    classify = access.client.classify

    def interrupted(faces):
        # Once: a second signal would end the process at once, as it should.
        access.client.classify = classify
        os.kill(os.getpid(), signal.SIGTERM)
        return classify(faces)

    access.client.classify = interrupted
    lines = run(folder, tmp_path)
    # The frame that was under way when the signal came, and the one already sent.
    assert 1 <= len(lines) <= 2
    assert cv2.VideoCapture(str(tmp_path / "out.mp4")).read()[0]


def test_a_source_that_is_not_there_is_told_before_a_mesh_is_started(access, tmp_path):
    with pytest.raises(NotFoundError):
        run(tmp_path / "missing", tmp_path)
    assert access.asked == []


def test_the_source_is_never_overwritten(access, tmp_path, write_clip):
    clip = write_clip("c.mp4", "mp4v")
    with pytest.raises(InvalidInputError, match="is the source itself"):
        run_stream(StreamSettings(source=str(clip), output=clip))
    assert cv2.VideoCapture(str(clip)).read()[0]


def test_without_outputs_a_hint_is_given(access, folder, capsys):
    run_stream(StreamSettings(source=str(folder), headless=True))
    assert "only counted" in capsys.readouterr().err


def test_settings_are_read_from_flags_over_environment(monkeypatch):
    monkeypatch.setenv("MASKMESH_STREAM_SEED", "4")
    monkeypatch.setenv("MASKMESH_STREAM_MESH", "h:7")
    monkeypatch.setattr(StreamSettings, "cli_cmd", lambda self: None, raising=False)
    arguments = ["--source", "x.mp4", "--json", "r.jsonl", "--mask", "--seed", "9"]
    settings = CliApp.run(StreamSettings, cli_args=arguments)
    assert (settings.source, str(settings.json_file), settings.mask) == ("x.mp4", "r.jsonl", True)
    assert (settings.seed, settings.mesh) == (9, "h:7")


def test_the_line_to_the_mesh_is_as_the_settings_say(access, folder, tmp_path):
    (tmp_path / "token").write_text("a-key-for-this-test\n")
    settings = {"tls_ca": tmp_path / "ca.pem", "token_file": tmp_path / "token"}
    run(folder, tmp_path, mesh="h:1", **settings)
    assert access.security == Security(ca=tmp_path / "ca.pem", token="a-key-for-this-test")


def test_csv_and_plot_are_written_beside_the_rest(access, folder, tmp_path):
    run(folder, tmp_path, csv_file=tmp_path / "out.csv", plot=tmp_path / "out.svg")
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["file", "0.png", "1.png", "2.png", "3.jpg"]
    assert "person 1" in (tmp_path / "out.svg").read_text()


class FakeWindow:
    is_open = True

    def __init__(self, title, closed):
        self.log = []
        self.closed = closed
        FakeWindow.latest = self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.log.append("destroyed")

    def show(self, picture, plain):
        self.log.append("boxes" if (picture != plain).any() else "plain")

    def say(self, notice):
        self.log.append(notice)

    def refresh(self):
        self.log.append("refreshed")


def test_a_window_shows_frames_and_no_stale_box_while_the_mesh_is_away(
    access, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(stream, "Window", FakeWindow)
    access.client.failures["receive"] = [None, UnavailableError("no service at h:1")]
    run(folder, tmp_path, window=True)
    log = FakeWindow.latest.log
    assert log == ["boxes", "waiting for the mesh", "refreshed", "boxes", "plain", "destroyed"]


def test_closing_the_window_ends_the_run(access, folder, tmp_path, monkeypatch):
    class Closing(FakeWindow):
        def show(self, picture, plain):
            self.closed()

    monkeypatch.setattr(stream, "Window", Closing)
    assert 1 <= len(run(folder, tmp_path, window=True)) <= 2


@pytest.mark.parametrize("by", ["signal", "window"])
def test_a_run_that_is_stopped_while_the_mesh_is_away_ends_in_order(
    access, folder, tmp_path, monkeypatch, by
):
    monkeypatch.setattr(stream, "Window", FakeWindow)
    access.client.failures["receive"] = [None, UnavailableError("gone")]

    def stopped(error, timeout_s, wanted):
        if by == "signal":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            monkeypatch.setattr(FakeWindow.latest, "is_open", False)
        assert not wanted()
        raise error

    access.wait_until_back = stopped
    assert len(run(folder, tmp_path, window=True)) == 1
