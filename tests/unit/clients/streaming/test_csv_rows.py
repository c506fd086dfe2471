from __future__ import annotations

import csv
import sys

from maskmesh.clients.streaming.csv_rows import CsvRows
from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.lines import STANDARD_OUTPUT, frame_line
from maskmesh.clients.streaming.results import FrameResult, SeenFace
from maskmesh.services.runtime.expressions import EXPRESSIONS


def test_each_face_is_a_row_and_a_frame_without_one_too(tmp_path, frame, expression):
    faces = tuple(SeenFace((t, 2, 3, 4), expression("sad", 0.7), track=t) for t in (1, 2))
    path = tmp_path / "new" / "r.csv"
    with CsvRows(path) as rows:
        rows.write(frame_line(FrameResult(frame(0), faces, delay_ms=12.34)))
        rows.write(frame_line(FrameResult(frame(1), ())))
        rows.write(frame_line(FrameProblem('a "name", so\nto say', 2, 0.2, "damaged")))
        # What is written can be read while the run goes on.
        with path.open(newline="") as written:
            read = list(csv.DictReader(written))
    assert [row["frame"] for row in read] == ["0", "0", "1", "2"]
    assert [row["track"] for row in read] == ["1", "2", "", ""]
    assert [read[1][name] for name in ("x", "y", "width", "height")] == ["2", "2", "3", "4"]
    assert (read[0]["label"], read[0]["sad"], read[0]["delay_ms"]) == ("sad", "0.7", "12.3")
    assert [read[2][name] for name in (*EXPRESSIONS, "mask", "width", "error")] == [""] * 10
    assert (read[3]["file"], read[3]["error"]) == ('a "name", so\nto say', "damaged")


def test_standard_output_is_written_and_left_open(capsys):
    with CsvRows(STANDARD_OUTPUT):
        pass
    sys.stdout.write("still open\n")
    written = capsys.readouterr().out.splitlines()
    assert written[0].startswith("file,frame,time_s,")
    assert written[1] == "still open"
