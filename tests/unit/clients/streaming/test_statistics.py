from __future__ import annotations

import io

from rich.console import Console

from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.results import FrameResult, SeenFace, StageTimes
from maskmesh.clients.streaming.statistics import RunStatistics
from maskmesh.clients.streaming.status import StatusLine


def outcomes(frame, expression):
    happy, sad = (SeenFace((0, 0, 9, 9), expression(label)) for label in ("happy", "sad"))
    return [
        FrameResult(frame(0), (happy, sad), StageTimes(10.0, None, 4.0)),
        FrameProblem("clip", 1, 0.1, "broken"),
        FrameResult(frame(2), (), StageTimes(30.0, None, None)),
        FrameResult(frame(3), (happy,), StageTimes(20.0, None, 8.0), note="no mask"),
    ]


def test_counts_and_medians(frame, expression):
    statistics = RunStatistics()
    statistics.start()
    for outcome in outcomes(frame, expression):
        statistics.add(outcome)
    assert (statistics.frames, statistics.problems, statistics.notes) == (3, 1, 1)
    assert (statistics.faces, statistics.frames_with_faces) == (3, 2)
    assert statistics.labels == {"happy": 2, "sad": 1}
    assert statistics.stage_medians() == {"locate": 20.0, "classify": 6.0}
    assert statistics.seconds > 0
    assert statistics.fps == 3 / statistics.seconds
    summary = statistics.summary()
    for words in ("3 frames", "3 faces", "locate 20.0 ms", "1 frame could not be used", "mask"):
        assert words in summary


def test_nothing_measured_nothing_told():
    statistics = RunStatistics()
    statistics.start()
    assert statistics.fps == 0.0
    assert statistics.summary() == "0 frames, 0 faces, 0.0 frames/s"


def test_the_status_line_shows_progress_and_stages(frame, expression):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=160)
    with StatusLine(console, total=4) as status:
        for outcome in outcomes(frame, expression):
            status.update(outcome, dropped=7)
        status.say("the mesh is back")
    shown = screen.getvalue()
    for words in ("4/4", "7 dropped", "locate 20 ms", "classify 6 ms", "the mesh is back"):
        assert words in shown


def test_a_source_of_unknown_length_has_no_end(frame, expression):
    screen = io.StringIO()
    with StatusLine(Console(file=screen, force_terminal=True, width=160), None) as status:
        status.update(outcomes(frame, expression)[0], dropped=0)
    assert "1/?" in screen.getvalue()


def test_the_delay_is_told_where_it_was_measured(frame):
    statistics = RunStatistics()
    for delay_ms in (10.0, 20.0, 90.0):
        statistics.add(FrameResult(frame(0), (), delay_ms=delay_ms))
    assert "delay 20.0 ms" in statistics.summary()
