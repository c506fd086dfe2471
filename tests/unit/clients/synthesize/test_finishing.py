from __future__ import annotations

import json
import os
import zipfile

import pytest

from maskmesh.clients.synthesize.finishing import check_destination, finished_run, publish
from maskmesh.clients.synthesize.reports import SUMMARY
from maskmesh.services.runtime.errors import InvalidInputError

RUN = {"seed": 1}


def made(tmp_path, run=RUN):
    folder = tmp_path / "out.unfinished" / "made"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.png").write_bytes(b"one")
    (folder / SUMMARY).write_text(json.dumps({"run": run}))
    return folder


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_what_was_made_becomes_the_destination_and_is_known_again(tmp_path, source, name):
    destination = tmp_path / name
    assert check_destination(source, destination, RUN, overwrite=False) is None
    publish(made(tmp_path), destination)
    assert finished_run(destination) == {"run": RUN}
    assert check_destination(source, destination, RUN, overwrite=False) == {"run": RUN}
    assert check_destination(source, destination, RUN, overwrite=True) is None
    with pytest.raises(InvalidInputError, match="--overwrite"):
        check_destination(source, destination, {"seed": 2}, overwrite=False)
    assert check_destination(source, destination, {"seed": 2}, overwrite=True) is None


def test_the_same_files_give_the_same_zip_whatever_their_times(tmp_path):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    folder = made(tmp_path)
    publish(folder, first)
    os.utime(folder / "a" / "1.png", (1, 1))
    publish(folder, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["a/1.png", SUMMARY]
        assert archive.testzip() is None


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_no_run_made_is_never_replaced(tmp_path, source, overwrite):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.png").write_bytes(b"dear")
    (tmp_path / "mine.zip").write_bytes(b"dear")
    for name in ("mine", "mine.zip"):
        with pytest.raises(InvalidInputError, match="name another"):
            check_destination(source, tmp_path / name, RUN, overwrite)
    (tmp_path / "empty").mkdir()
    assert check_destination(source, tmp_path / "empty", RUN, overwrite) is None


def test_source_and_destination_must_lie_apart(tmp_path, source):
    for destination in (source, source / "out", tmp_path, source / ".." / "source"):
        with pytest.raises(InvalidInputError, match="lie in each other"):
            check_destination(source, destination, RUN, overwrite=True)
