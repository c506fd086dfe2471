from __future__ import annotations

import pytest
from PIL import Image

from maskmesh.clients.report.still import StillPlot
from maskmesh.services.runtime.errors import InvalidInputError, SetupError


@pytest.mark.parametrize("name", ["p.png", "p.svg", "p.pdf"])
def test_a_plot_is_written_when_the_run_ends_however_it_ends(tmp_path, frame_line, face, name):
    path = tmp_path / "new" / name
    with pytest.raises(KeyboardInterrupt), StillPlot(path) as plot:  # noqa: PT012
        for index in range(20):
            plot.write(frame_line(index, face(1), face(2)))
        raise KeyboardInterrupt
    if name == "p.png":
        with Image.open(path) as picture:
            assert picture.size == (1380, 1080)
    elif name == "p.svg":
        assert path.read_text().count("person") == 2
    else:
        assert path.read_bytes().startswith(b"%PDF")


def test_nobody_seen_is_told_in_words(tmp_path, frame_line):
    with StillPlot(tmp_path / "p.svg") as plot:
        plot.write(frame_line(0))
    assert "no face was found" in (tmp_path / "p.svg").read_text()


def test_what_cannot_be_written_is_told_at_once(tmp_path):
    with pytest.raises(InvalidInputError, match=r"use one of \.png"):
        StillPlot(tmp_path / "p.jpg")
    (tmp_path / "d.png").mkdir()
    with pytest.raises(SetupError, match=r"cannot write .*--plot"):
        StillPlot(tmp_path / "d.png")
