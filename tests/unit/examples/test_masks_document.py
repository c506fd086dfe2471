"""The Python code and the JSON of docs/masks.md are run as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from maskmesh.services.runtime.pictures import read_picture

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "masks.md").read_text(encoding="utf-8")
OWN, PLAIN = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with the repository's files, that code may write to."""
    for name in ("tests", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "photo", "saved", "box"),
    [
        (OWN, "biden", "grinning", (216, 114, 170, 170)),
        (PLAIN, "obama", "masked", (193, 57, 166, 166)),
    ],
)
def test_code_puts_a_mask_on(code, photo, saved, box, folder):
    names: dict[str, object] = {}
    exec(code, names)
    before = read_picture(folder / "tests" / "fixtures" / "faces" / f"{photo}.jpg")
    after = read_picture(folder / f"{saved}.png")
    changed = (before != after).any(axis=2)
    x, y, width, height = box
    lower = changed[y + height * 2 // 3 : y + height * 9 // 10, x + width // 4 : x + width * 3 // 4]
    assert lower.mean() > 0.9
    # A mask, and no more: it is as large as the face.
    assert changed.sum() < width * height
    assert names["masked"].confidence > 0.5
    assert names["masked"].style == "grin" or code is PLAIN


def test_the_json_is_that_of_the_example():
    (shown,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert json.loads(shown) == json.loads((ROOT / "examples/masks/grin.json").read_text())


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
