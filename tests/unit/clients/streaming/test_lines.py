from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.lines import STANDARD_OUTPUT, JsonLines, frame_line
from maskmesh.clients.streaming.results import FrameResult, SeenFace
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.expressions import EXPRESSIONS


def test_the_line_of_a_frame_is_as_the_design_says(frame, expression):
    face = SeenFace((1, 2, 3, 4), expression("happy", 0.7, mask=0.123456789), track=5)
    line = frame_line(FrameResult(frame(12), (face,)))
    assert list(line) == ["file", "frame", "time_s", "width", "height", "faces"]
    assert (line["file"], line["frame"], line["time_s"]) == ("clip", 12, 1.2)
    assert (line["width"], line["height"]) == (160, 120)
    (drawn,) = line["faces"]
    assert list(drawn) == ["box", "track", "label", "probabilities", "mask"]
    assert (drawn["box"], drawn["track"], drawn["label"]) == ([1, 2, 3, 4], 5, "happy")
    assert list(drawn["probabilities"]) == list(EXPRESSIONS)
    assert drawn["probabilities"]["happy"] == 0.7
    assert drawn["mask"] == 0.12346


def test_the_line_of_a_problem_names_it():
    line = frame_line(FrameProblem("a.jpg", 3, 0.3, "damaged"))
    assert line == {"file": "a.jpg", "frame": 3, "error": "damaged"}


def test_lines_can_be_read_while_the_file_is_open(tmp_path):
    path = tmp_path / "new" / "r.jsonl"
    with JsonLines(path) as lines:
        lines.write({"file": "ä\udcff\n", "n": 1})
        lines.write({"n": 2})
        read = [json.loads(line) for line in path.read_text().splitlines()]
    assert read == [{"file": "ä\udcff\n", "n": 1}, {"n": 2}]


def test_standard_output_is_written_and_left_open(capsys):
    with JsonLines(STANDARD_OUTPUT) as lines:
        lines.write({"n": 1})
    sys.stdout.write("still open\n")
    assert capsys.readouterr().out == '{"n": 1}\nstill open\n'


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(SetupError, match=r"cannot write .*--json"):
        JsonLines(tmp_path)


def test_numpy_values_do_not_break_the_line(frame, expression):
    face = SeenFace((1, 2, 3, 4), expression("sad", float(np.float32(0.3))))
    json.dumps(frame_line(FrameResult(frame(0), (face,))))
