from __future__ import annotations

import importlib.util
from contextlib import ExitStack

import pytest
from PIL import Image

from maskmesh.clients.streaming import outputs
from maskmesh.clients.streaming.outputs import OutputSettings, check_outputs, open_sinks
from maskmesh.clients.streaming.sources import open_source
from maskmesh.services.runtime.errors import InvalidInputError, SetupError


def test_two_outputs_are_never_the_same_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError, match=r"--json and --csv both name"):
        check_outputs(OutputSettings(json="r", csv=tmp_path / "x" / ".." / "r"), "0")
    with pytest.raises(InvalidInputError, match=r"--json and --csv both name -"):
        check_outputs(OutputSettings(json="-", csv="-"), "0")
    check_outputs(OutputSettings(json="-", csv="r", output="r.mp4", plot="r.png"), "0")


def test_a_window_is_either_wanted_or_not():
    with pytest.raises(InvalidInputError, match="contradict"):
        check_outputs(OutputSettings(window=True, headless=True), "0")


def test_a_plot_without_its_packages_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"maskmesh\[report\]"):
        check_outputs(OutputSettings(plot="p.png"), "0")
    check_outputs(OutputSettings(), "0")


def test_a_plot_never_replaces_a_picture_of_the_source(tmp_path):
    picture = tmp_path / "a.png"
    Image.new("RGB", (40, 30)).save(picture)
    before = picture.read_bytes()
    source = open_source(str(tmp_path))
    with ExitStack() as stack, pytest.raises(InvalidInputError, match="a picture of the source"):
        open_sinks(OutputSettings(plot=picture), source, stack)
    assert picture.read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "desktop", "opens"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"headless": True}, True, False),
        ({"json": "r"}, True, False),
        ({"json": "r", "window": True}, True, True),
        # Asked for, so that the reason why there is none is told.
        ({"window": True}, False, True),
    ],
)
def test_a_window_opens_if_asked_for_or_if_nothing_is_written(
    monkeypatch, settings, desktop, opens
):
    monkeypatch.setattr(outputs, "has_desktop", lambda: desktop)
    assert OutputSettings(**settings).wants_window is opens
