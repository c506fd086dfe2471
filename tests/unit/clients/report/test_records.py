from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from maskmesh.clients.report.records import RecordFile
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError


def test_lines_of_streams_and_of_pictures_are_read(write_lines, frame_line, face):
    picture = {"file": "a.jpg", "width": 4, "height": 4, "faces": [face(track=None)]}
    problem = {"file": "b.jpg", "frame": 3, "error": "damaged"}
    lines = write_lines(frame_line(0, face(), delay_ms=12.5), picture, problem, after=b"\n  \n")
    (first, frame), (_, still), (last, broken) = RecordFile(lines)
    assert (first, frame.time_s, frame.delay_ms, frame.faces[0].track) == (1, 0.0, 12.5, 1)
    assert (still.time_s, still.faces[0].track) == (None, None)
    assert (last, broken.error) == (3, "damaged")


@pytest.mark.parametrize("end", [b'{"file": "clip.mp4", "fra', b"{", b'{"file": "\xc3'])
def test_a_last_line_that_is_cut_off_is_left_out_and_told(write_lines, frame_line, end):
    lines = RecordFile(write_lines(frame_line(0), after=end))
    assert [number for number, _ in lines] == [1]
    assert lines.cut_off


def test_a_last_line_that_only_lacks_its_newline_counts(write_lines, frame_line):
    path = write_lines(frame_line(0), frame_line(1))
    path.write_bytes(path.read_bytes().rstrip())
    lines = RecordFile(path)
    assert [number for number, _ in lines] == [1, 2]
    assert not lines.cut_off


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"not JSON\n", "line 2 is no JSON"),
        (b"[1, 2]\n", "line 2 is no result"),
        (b'{"frame": 1}\n', r"line 2 is no result \(file: "),
        (b'{"file": "x", "frame": 1, "time_s": NaN}\n', "time_s"),
        (b'{"file": "x", "frame": 1, "time_s": -1}\n', "time_s"),
        (b"[" * 100_000 + b"\n", "line 2 is no JSON"),
    ],
)
def test_a_broken_line_is_one_clear_error_with_its_number(write_lines, frame_line, line, words):
    path = write_lines(frame_line(0), after=line)
    path.write_bytes(path.read_bytes() + b'{"file": "x", "error": "y"}\n')
    with pytest.raises(InvalidInputError, match=words) as caught:
        list(RecordFile(path))
    assert "\n" not in str(caught.value)
    assert "maskmesh stream --json" in str(caught.value)


def test_a_face_needs_all_seven_probabilities(write_lines, frame_line, face):
    lame = face()
    del lame["probabilities"]["sad"]
    with pytest.raises(InvalidInputError, match=r"faces\.0.*probabilities of angry"):
        list(RecordFile(write_lines(frame_line(0, lame))))


def test_a_file_that_is_cut_off_in_its_first_line_holds_no_result(write_lines):
    with pytest.raises(InvalidInputError, match="line 1 is no JSON"):
        list(RecordFile(write_lines(after=b'{"file": "cl')))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(NotFoundError, match="no file"):
        RecordFile(tmp_path / "none.jsonl")


def test_standard_input_is_read(monkeypatch):
    text = io.TextIOWrapper(io.BytesIO(b'{"file": "a", "error": "b"}\n'))
    monkeypatch.setattr(sys, "stdin", text)
    lines = RecordFile(Path("-"))
    assert [record.file for _, record in lines] == ["a"]
    assert lines.name == "standard input"


def test_names_that_are_no_utf8_can_be_shown(write_lines):
    ((_, record),) = RecordFile(write_lines({"file": "a\udcff.jpg", "error": "x"}))
    assert record.file.encode() == b"a\\udcff.jpg"
