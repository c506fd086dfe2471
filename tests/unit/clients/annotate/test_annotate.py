from __future__ import annotations

import contextlib
import json
import threading
import time

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from pydantic_settings import CliApp

from maskmesh.clients.annotate import annotate
from maskmesh.clients.annotate.annotate import AnnotateSettings, analyse_all, run_annotate
from maskmesh.clients.inputs import PictureInput
from maskmesh.clients.mesh import Security
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError
from maskmesh.services.runtime.pictures import encode_png


@pytest.fixture
def asked(fake_mesh, monkeypatch):
    asked = []

    class Access:
        client = fake_mesh

    @contextlib.contextmanager
    def give(address, services, log_file, security):
        assert security == Security(tls=address is not None)
        asked.append((address, services))
        yield Access()

    monkeypatch.setattr(annotate, "mesh_access", give)
    return asked


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for name, brightness in (("b.png", 90), ("sub/a.jpg", 200)):
        picture = Image.new("RGB", (160, 120), (10, 10, 10))
        picture.paste((brightness,) * 3, (30, 20, 90, 80))
        picture.save(folder / name, quality=95)
    (folder / "broken.jpg").write_bytes(b"broken")
    return folder


def test_a_folder_becomes_lines_and_pictures(asked, folder, tmp_path, capsys):
    settings = AnnotateSettings(
        src=folder, json_file=tmp_path / "r.jsonl", output=tmp_path / "out", mesh="h:1", tls=True
    )
    counts = run_annotate(settings)
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [line["file"] for line in lines] == ["b.png", "broken.jpg", "sub/a.jpg"]
    assert [line.get("faces", [{}])[0].get("label") for line in lines] == ["fear", None, "sad"]
    assert "error" in lines[1]
    written = sorted(p.relative_to(tmp_path / "out").as_posix() for p in tmp_path.rglob("out/**/*"))
    assert [name for name in written if "." in name] == ["b.png", "sub/a.jpg"]
    assert str(counts) == "3 pictures, 2 faces, 1 error"
    assert capsys.readouterr().out == "3 pictures, 2 faces, 1 error\n"
    assert asked == [("h:1", ("location", "classification"))]


def test_standard_output_holds_nothing_but_lines(asked, folder, capsys):
    run_annotate(AnnotateSettings(src=folder, json_file="-"))
    captured = capsys.readouterr()
    assert len([json.loads(line) for line in captured.out.splitlines()]) == 3
    assert "3 pictures, 2 faces, 1 error" in captured.err


def test_a_source_that_is_not_there_is_told_before_a_mesh_is_started(asked, tmp_path):
    with pytest.raises(NotFoundError):
        run_annotate(AnnotateSettings(src=tmp_path / "x", json_file=tmp_path / "r.jsonl"))
    assert asked == []
    assert not (tmp_path / "r.jsonl").exists()


@pytest.mark.parametrize("output", ["in", "in/sub/out"])
def test_the_source_is_never_written_to(asked, folder, tmp_path, output):
    settings = AnnotateSettings(
        src=folder, json_file=tmp_path / "r.jsonl", output=tmp_path / output
    )
    with pytest.raises(InvalidInputError, match="--output"):
        run_annotate(settings)
    with pytest.raises(InvalidInputError, match="source itself"):
        run_annotate(AnnotateSettings(src=folder / "b.png", json_file=folder / "b.png"))


def numbered_pictures(count):
    for index in range(count):
        rgb = np.full((20, 20, 3), index + 1, np.uint8)
        yield PictureInput(str(index), lambda rgb=rgb: encode_png(rgb))


def test_results_keep_the_order_and_only_so_many_are_under_way(fake_mesh):
    under_way = 0
    most = 0
    lock = threading.Lock()

    def locate(image):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        # Early pictures take longest: order must not come from speed.
        time.sleep(0.02 if image[0, 0] % 3 == 1 else 0.0)
        with lock:
            under_way -= 1
        return []

    fake_mesh.locate = locate
    results = analyse_all(list(numbered_pictures(12)), fake_mesh, 3, keep_pixels=False)
    assert [result.file for result in results] == [str(i) for i in range(12)]
    assert 1 < most <= 3


def test_an_absent_mesh_ends_the_run_and_leaves_whole_lines(asked, folder, fake_mesh, tmp_path):
    fake_mesh.failures["locate"] = [None, UnavailableError("gone")]
    settings = AnnotateSettings(src=folder, json_file=tmp_path / "r.jsonl", in_flight=1)
    with pytest.raises(UnavailableError):
        run_annotate(settings)
    lines = (tmp_path / "r.jsonl").read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["b.png", "broken.jpg"]


def test_settings_are_read_from_the_command_line(monkeypatch):
    monkeypatch.setattr(AnnotateSettings, "cli_cmd", lambda self: None, raising=False)
    settings = CliApp.run(AnnotateSettings, cli_args=["pictures", "--json", "r.jsonl"])
    assert (str(settings.src), str(settings.json_file)) == ("pictures", "r.jsonl")
    assert str(CliApp.run(AnnotateSettings, cli_args=["pictures"]).json_file) == "-"
    with pytest.raises((ValidationError, SystemExit)):
        CliApp.run(AnnotateSettings, cli_args=[])
