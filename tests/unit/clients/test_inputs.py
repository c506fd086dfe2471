from __future__ import annotations

import os
import stat
import zipfile

import pytest

from maskmesh.clients.inputs import LeftOut, PictureInputs
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, TooLargeError

NAMES = ["b/2.jpg", "a.PNG", "b/10.jpg", "notes.txt", ".hidden.png", "__MACOSX/._a.png"]
EXPECTED = ["a.PNG", "b/10.jpg", "b/2.jpg"]


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "in"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in NAMES:
            archive.writestr(name, name.encode())
    return path


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_folders_and_zips_give_their_pictures_sorted(kind, request):
    with PictureInputs(request.getfixturevalue(kind)) as inputs:
        assert [picture.file for picture in inputs.pictures] == EXPECTED
        assert [picture.read().decode() for picture in inputs.pictures] == EXPECTED


def test_one_file_is_one_picture_whatever_its_suffix(tmp_path):
    (tmp_path / "face.dat").write_bytes(b"x")
    with PictureInputs(tmp_path / "face.dat") as inputs:
        assert [(picture.file, picture.read()) for picture in inputs.pictures] == [
            ("face.dat", b"x")
        ]


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="no file or folder"):
        PictureInputs(tmp_path / "missing")
    with pytest.raises(NotFoundError, match="no pictures in"):
        PictureInputs(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no zip at all", None])
def test_a_broken_zip_is_refused(archive, content):
    archive.write_bytes(archive.read_bytes()[:80] if content is None else content)
    with pytest.raises(InvalidInputError, match="no zip that can be read"):
        PictureInputs(archive)


def test_a_broken_member_is_its_own_problem(archive):
    data = bytearray(archive.read_bytes())
    position = data.index(b"b/2.jpg") + len(b"b/2.jpg")
    data[position : position + 3] = b"\xff\xff\xff"
    archive.write_bytes(data)
    with PictureInputs(archive) as inputs:
        by_name = {picture.file: picture for picture in inputs.pictures}
        with pytest.raises(InvalidInputError, match="cannot be read from the zip"):
            by_name["b/2.jpg"].read()
        assert by_name["a.PNG"].read() == b"a.PNG"


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(17 * 1024 * 1024))
    with PictureInputs(path) as inputs, pytest.raises(TooLargeError, match="limit"):
        inputs.pictures[0].read()


def test_a_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as stream:
        stream.truncate(17 * 1024 * 1024)
    with PictureInputs(path) as inputs, pytest.raises(TooLargeError, match="limit"):
        inputs.pictures[0].read()


def test_a_file_that_vanishes_is_its_own_problem(folder):
    with PictureInputs(folder) as inputs:
        (folder / "a.PNG").unlink()
        with pytest.raises(InvalidInputError, match="cannot be read"):
            inputs.pictures[0].read()


def test_files_that_are_no_pictures_by_name_are_told(tmp_path):
    for name in ("a.jpg", "b.jpg_large", ".hidden", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("sub/", b"")
        archive.writestr("sub/c.png_old", b"x")
        archive.writestr("d.png", b"x")
    with PictureInputs(tmp_path) as inputs:
        assert inputs.left_out == [
            LeftOut(".hidden", "a hidden file", is_hidden=True),
            LeftOut("all.zip", "no picture by its name"),
            LeftOut("b.jpg_large", "no picture by its name"),
            LeftOut("notes.txt", "no picture by its name"),
        ]
    with PictureInputs(tmp_path / "all.zip") as inputs:
        assert inputs.left_out == [LeftOut("sub/c.png_old", "no picture by its name")]


def test_what_is_packed_like_a_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(2 * 1024 * 1024))
        archive.writestr("fine.png", bytes(1024 * 1024))
    with PictureInputs(tmp_path / "bomb.zip") as inputs:
        bomb, fine = inputs.pictures
        with pytest.raises(TooLargeError, match="the limit is 200"):
            bomb.read()
        assert len(fine.read()) == 1024 * 1024


def test_links_are_told_and_linked_folders_not_entered(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.png").write_bytes(b"x")
    (folder / "folder.png").symlink_to(tmp_path / "elsewhere")
    (folder / "file.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (folder / "nowhere.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe.png")
    with PictureInputs(folder) as inputs:
        assert [picture.file for picture in inputs.pictures if picture.is_link] == ["file.png"]
        reasons = {entry.file: entry.reason for entry in inputs.left_out}
    assert "leads to no file" in reasons["folder.png"]
    assert "leads to no file" in reasons["nowhere.png"]
    assert reasons["pipe.png"] == "no regular file"


def test_links_in_zips_are_told(tmp_path):
    link = zipfile.ZipInfo("link.png")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with PictureInputs(tmp_path / "in.zip") as inputs:
        assert inputs.pictures[0].is_link


def test_folders_that_cannot_be_read_are_told(folder, monkeypatch):
    scan = os.scandir

    def refused(path):
        if path == folder / "b":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    with PictureInputs(folder) as inputs:
        assert "b" in [entry.file for entry in inputs.left_out]
        assert [picture.file for picture in inputs.pictures] == ["a.PNG"]


def test_stamps_change_with_the_content(folder):
    with PictureInputs(folder) as inputs:
        before = {picture.file: picture.stamp for picture in inputs.pictures}
    (folder / "a.PNG").write_bytes(b"another")
    with PictureInputs(folder) as inputs:
        changed = {p.file for p in inputs.pictures if p.stamp != before[p.file]}
    assert changed == {"a.PNG"}
