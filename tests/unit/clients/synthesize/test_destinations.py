from __future__ import annotations

import zipfile

import pytest

from maskmesh.clients.synthesize.destinations import check_destination, check_place
from maskmesh.clients.synthesize.reports import MANIFEST
from maskmesh.services.runtime.errors import InvalidInputError

from .conftest import RUN, put_result

OTHER = {**RUN, "seed": 2}


@pytest.fixture
def out(tmp_path):
    return put_result(tmp_path / "out")


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_no_run_made_is_never_replaced(tmp_path, overwrite):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.png").write_bytes(b"dear")
    (tmp_path / "mine.zip").write_bytes(b"dear")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("mine", "mine.zip", "link"):
        with pytest.raises(InvalidInputError, match="not even --overwrite"):
            check_destination(tmp_path / name, RUN, overwrite)
    (tmp_path / "empty").mkdir()
    assert check_destination(tmp_path / "empty", RUN, overwrite) is None


def test_another_runs_result_is_replaced_only_when_told_and_it_is_said_what_differs(out):
    with pytest.raises(InvalidInputError, match=r"with --seed 1 \(now 2\): .*--overwrite"):
        check_destination(out, OTHER, overwrite=False)
    assert check_destination(out, OTHER, overwrite=True) is None
    with pytest.raises(InvalidInputError, match="another source, or pictures of it changed"):
        check_destination(out, {**RUN, "source": "b"}, overwrite=False)


@pytest.mark.parametrize("kind", ["file", "link", "zip"])
def test_files_of_the_users_own_are_never_removed_with_a_result(out, kind):
    if kind == "file":
        (out / "a" / "notes.txt").write_text("dear")
    elif kind == "link":
        (out / "a" / "notes.txt").symlink_to("elsewhere")
    else:
        packed = out.with_suffix(".zip")
        with zipfile.ZipFile(packed, "w") as archive:
            for file in (file for file in out.rglob("*") if file.is_file()):
                archive.write(file, file.relative_to(out).as_posix())
            archive.writestr("a/notes.txt", "dear")
        out = packed
    with pytest.raises(InvalidInputError, match=r"1 file that maskmesh did not make.*a/notes\.txt"):
        check_destination(out, OTHER, overwrite=True)
    # They do not hinder anything else.
    assert check_destination(out, RUN, overwrite=False)["run"] == RUN


def test_what_file_managers_leave_does_not_count(out):
    (out / "a" / ".DS_Store").write_bytes(b"")
    assert check_destination(out, OTHER, overwrite=True) is None


def test_a_result_that_lost_files_is_not_complete(out):
    (out / "a" / "1.png").unlink()
    with pytest.raises(InvalidInputError, match=r"1 file of it is missing.*a/1\.png: --overwrite"):
        check_destination(out, RUN, overwrite=False)
    assert check_destination(out, RUN, overwrite=True) is None


def test_without_its_manifest_nothing_is_known_to_be_maskmeshs(out):
    (out / MANIFEST).unlink()
    with pytest.raises(InvalidInputError, match=rf"{MANIFEST}: remove the rest"):
        check_destination(out, RUN, overwrite=False)
    with pytest.raises(InvalidInputError, match="remove it yourself"):
        check_destination(out, RUN, overwrite=True)


def test_a_result_without_a_single_mask_may_be_replaced(tmp_path):
    out = put_result(tmp_path / "out", masked=0)
    assert check_destination(out, OTHER, overwrite=False) is None
    assert check_destination(out, RUN, overwrite=False)["faces"] == {"skipped": 1}
    (out / "notes.txt").write_text("dear")
    with pytest.raises(InvalidInputError, match="did not make"):
        check_destination(out, OTHER, overwrite=False)


def test_source_and_destination_must_lie_apart(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    cases = [
        (source, "is the source itself"),
        (source / ".." / "source", "is the source itself"),
        (source / "out", "lies in the source"),
        (tmp_path, "holds the source"),
    ]
    for destination, told in cases:
        with pytest.raises(InvalidInputError, match=told):
            check_place(source, destination)
    check_place(source, tmp_path / "new" / "out")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("file.txt/deep/out", r"file\.txt is a file"),
        ("out.tar.gz", r"only \.zip can: name one, or a folder"),
        ("out.7z", r"out\.7z cannot be made"),
        ("out.PNG", r"called as in the source"),
        ("folder.zip", r"called like a zip"),
    ],
)
def test_places_where_nothing_can_be_made(tmp_path, name, told):
    (tmp_path / "file.txt").write_text("")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(InvalidInputError, match=told):
        check_place(tmp_path / "source", tmp_path / name)


def test_folders_may_be_called_like_versions(tmp_path):
    (tmp_path / "v1.tar").mkdir()
    for name in ("v1.2", "v1.tar", "a.zip"):
        check_place(tmp_path / "source", tmp_path / name)
