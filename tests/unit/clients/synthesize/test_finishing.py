from __future__ import annotations

import os
import zipfile

import pytest

from maskmesh.clients.synthesize.destinations import check_destination, finished_run
from maskmesh.clients.synthesize.finishing import publish
from maskmesh.clients.synthesize.reports import MANIFEST, SUMMARY
from maskmesh.services.runtime.errors import InvalidInputError

from .conftest import RUN, put_result


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_what_was_made_becomes_the_destination_and_is_known_again(tmp_path, made, name):
    destination = tmp_path / name
    assert check_destination(destination, RUN, overwrite=False) is None
    publish(made, destination)
    found = finished_run(destination)
    assert (found.summary["run"], found.missing, found.foreign) == (RUN, (), ())
    assert check_destination(destination, RUN, overwrite=False) == found.summary
    assert check_destination(destination, RUN, overwrite=True) is None


def test_an_earlier_result_is_replaced_and_kept_aside_until_all_is_done(tmp_path, made):
    publish(made, tmp_path / "out")
    put_result(made, {"seed": 2})
    publish(made, tmp_path / "out")
    assert finished_run(tmp_path / "out").summary["run"] == {"seed": 2}
    assert finished_run(made.with_name("replaced")).summary["run"] == RUN


def test_what_was_put_there_while_the_run_was_at_work_is_not_replaced(tmp_path, made):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("dear")
    with pytest.raises(InvalidInputError, match="did not make"):
        publish(made, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "dear"
    assert (made / SUMMARY).is_file()


def test_the_same_files_give_the_same_zip_whatever_their_times(tmp_path, made):
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    publish(made, first)
    os.utime(made / "a" / "1.png", (1, 1))
    publish(made, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["a/1.png", "contact_sheet.a.png", MANIFEST, SUMMARY]
        assert archive.testzip() is None
