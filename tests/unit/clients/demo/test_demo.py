from __future__ import annotations

import contextlib
import json

import cv2
import pytest

from maskmesh.clients.demo import demo
from maskmesh.clients.demo.demo import DemoSettings, run_demo
from maskmesh.clients.mesh.results import Face, FrameFaces
from maskmesh.services.runtime.errors import SetupError


class OneFace:
    """Sees one face in every frame, the same one."""

    def send(self, picture, capture_time_s):
        pass

    def receive(self):
        return FrameFaces((Face((200, 100, 200, 200), 1.0, track=1),), None, 5.0)

    def close(self):
        pass


@pytest.fixture
def mesh(fake_mesh, expression, monkeypatch):
    class Access:
        client = fake_mesh

    @contextlib.contextmanager
    def give(address, log_file):
        assert address is None
        log_file.write_text("log")
        yield Access()

    fake_mesh.open_location_stream = OneFace
    fake_mesh.classify_with = lambda brightness: expression("happy", mask=0.1)
    monkeypatch.setattr(demo, "mesh_access", give)
    return fake_mesh


def test_the_demo_writes_its_files_and_tells_what_it_saw(mesh, tmp_path, capsys):
    folder = tmp_path / "demo"
    run_demo(DemoSettings(output=folder))
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(240))
    assert {line["file"] for line in lines} == {"sample.mp4"}
    capture = cv2.VideoCapture(str(folder / "annotated.mp4"))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 240
    assert cv2.imread(str(folder / "contact_sheet.png")).shape == (1184, 1960, 3)
    told = " ".join(capsys.readouterr().out.split())
    for words in ("annotated.mp4", "contact_sheet.png", "results.jsonl", "services.log"):
        assert words in told
    # One face a frame was seen, two are there in a quarter of the clip; half wear masks.
    assert "all faces found in 180 of 240 frames (75%)" in told
    assert "mask state right in 120 of 240 found faces (50%)" in told
    assert "labels given happy 240" in told
    assert "locate 5.0 ms" in told


def test_a_place_that_cannot_be_written_is_told(mesh, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="--output"):
        run_demo(DemoSettings(output=tmp_path / "file"))
