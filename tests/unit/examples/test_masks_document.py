"""The Python code and the JSON of docs/masks.md are run as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.pictures import read_picture

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "masks.md").read_text(encoding="utf-8")
OWN, PLAIN = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def names(faces, monkeypatch):
    monkeypatch.chdir(ROOT)
    photo = read_picture(faces / "biden.jpg")
    return {"face": np.ascontiguousarray(photo[95:305, 195:405])}


@pytest.mark.parametrize("code", [OWN, PLAIN])
def test_code_puts_a_mask_on(code, names):
    exec(code, names)
    masked = names["masked"]
    assert (masked.image[150:190, 60:150] != names["face"][150:190, 60:150]).mean() > 0.8
    assert masked.confidence > 0.5
    assert masked.style == "grin" or code is PLAIN


def test_the_json_is_that_of_the_example():
    (shown,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert json.loads(shown) == json.loads((ROOT / "examples/masks/grin.json").read_text())


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
