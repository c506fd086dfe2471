from __future__ import annotations

import json
import zipfile

import pytest

from maskmesh.clients.inputs import PictureInputs
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.sources import (
    KEEP_ALIKE,
    LINK,
    RENAME_ALIKE,
    RESERVED,
    TWICE,
    UNSAFE,
    fingerprint,
    is_safe,
    output_names,
    plan,
    tasks,
)
from maskmesh.clients.synthesize.tasks import Task


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("happy/1.png", True),
        ("a b/ü.png", True),
        ("1..2.png", True),
        ("../1.png", False),
        ("a/../../1.png", False),
        ("/etc/1.png", False),
        ("C:/1.png", False),
        ("a\\..\\1.png", False),
        ("a//1.png", False),
        ("./1.png", False),
    ],
)
def test_names_that_lead_out_of_the_destination_are_known(name, safe):
    assert is_safe(name) is safe


@pytest.mark.parametrize(
    ("source", "recipe", "names"),
    [
        ("a/1.jpg", Recipe(), ("a/1.png",)),
        ("a/1.PNG", Recipe(), ("a/1.PNG",)),
        ("a/1.jpeg", Recipe(picture_format="keep"), ("a/1.jpeg",)),
        ("a/1.bmp", Recipe(picture_format="keep"), ("a/1.png",)),
        ("a/1.bmp", Recipe(picture_format="jpeg"), ("a/1.jpg",)),
        ("1.x.jpg", Recipe(variants=2), ("1.x_0.png", "1.x_1.png")),
    ],
)
def test_outputs_are_named_as_the_source(source, recipe, names):
    assert output_names(source, recipe) == names


def test_every_entry_of_a_zip_becomes_work_or_a_line_with_a_reason(tmp_path):
    link = zipfile.ZipInfo("b/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("a/1.jpg", b"x")
        archive.writestr("a/1.png", b"x")
        archive.writestr("a/notes.txt", b"x")
        archive.writestr("../out.png", b"x")
        archive.writestr(link, "/etc/passwd")
    with PictureInputs(tmp_path / "faces.zip") as inputs:
        planned = plan(inputs, Recipe())
    told = {entry.source: entry.line and json.loads(entry.line)["reason"] for entry in planned}
    assert told == {
        "../out.png": UNSAFE,
        "a/1.jpg": "",
        "a/1.png": KEEP_ALIKE,
        "a/notes.txt": "no picture by its name",
        "b/link.png": LINK,
    }
    assert [entry.source for entry in planned] == sorted(told)


@pytest.mark.parametrize(
    ("names", "recipe", "reason"),
    [
        (("1.jpg", "1.png"), Recipe(), KEEP_ALIKE),
        (("1.jpg", "1.png"), Recipe(picture_format="keep"), ""),
        (("1.bmp", "1.png"), Recipe(), RENAME_ALIKE),
        (("1.bmp", "1.png"), Recipe(picture_format="keep"), RENAME_ALIKE),
        (("1.png", "1.png"), Recipe(), TWICE),
        (("0.png", "contact_sheet.a.png"), Recipe(), RESERVED),
        (("0.png", "Contact_Sheet.jpg"), Recipe(), RESERVED),
        (("0.png", "contact_sheet.jpg"), Recipe(picture_format="keep"), ""),
        (("0.png", "manifest.jsonl/a.png"), Recipe(), RESERVED),
        (("0.png", "a/contact_sheet.png"), Recipe(), ""),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_outputs_that_would_collide_are_told(tmp_path, names, recipe, reason):
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    with PictureInputs(tmp_path / "faces.zip") as inputs:
        lines = [entry.line for entry in plan(inputs, recipe)]
    assert [line and json.loads(line)["reason"] for line in sorted(lines)] == ["", reason]


def test_pictures_are_read_one_by_one_and_those_that_cannot_be_are_told(tmp_path):
    for name in ("1.png", "2.png", "3.png"):
        (tmp_path / name).write_bytes(name.encode())
    with PictureInputs(tmp_path) as inputs:
        planned = plan(inputs, Recipe())
        (tmp_path / "2.png").unlink()
        first, second, third = tasks(planned, frozenset())
        assert first == Task(0, "1.png", ("1.png",), b"1.png")
        index, line = second
        assert index == 1
        assert "cannot be read" in json.loads(line)["reason"]
        assert [task.index for task in tasks(planned, frozenset({0, 1}))] == [2] == [third.index]


def test_the_fingerprint_changes_with_the_source(tmp_path):
    def hashed():
        with PictureInputs(tmp_path) as inputs:
            return fingerprint(inputs)

    (tmp_path / "1.png").write_bytes(b"x")
    first = hashed()
    assert hashed() == first
    (tmp_path / "1.png").write_bytes(b"xy")
    second = hashed()
    (tmp_path / "1.png").rename(tmp_path / "2.png")
    assert len({first, second, hashed()}) == 3
