from __future__ import annotations

import time
from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.masking import FrameMasker, MaskWish
from maskmesh.clients.streaming.pipeline import FramePipeline
from maskmesh.clients.streaming.results import FrameResult
from maskmesh.clients.streaming.smoothing import TrackSmoother
from maskmesh.services.runtime.errors import (
    InvalidInputError,
    MaskmeshError,
    UnavailableError,
)


class ListFeed:
    """Has everything ready; `slow` says that nothing is there unless one waits."""

    def __init__(self, entries, slow=False):
        self.entries = deque(entries)
        self.slow = slow

    def take(self, wait):
        if not self.entries or (self.slow and not wait):
            return None
        return self.entries.popleft()


def indices(outcomes):
    return [o.frame.index if isinstance(o, FrameResult) else o.index for o in outcomes]


def test_frames_come_out_in_order_with_what_is_in_them(fake_mesh, frame):
    pipeline = FramePipeline(fake_mesh, fake_mesh)
    frames = [frame(0, 90), frame(1, 0), frame(2, 200)]
    outcomes = list(pipeline.run(ListFeed(frames)))
    assert indices(outcomes) == [0, 1, 2]
    assert [[f.expression.label for f in o.faces] for o in outcomes] == [["fear"], [], ["sad"]]
    assert outcomes[0].faces[0].box == (30, 20, 60, 60)
    assert outcomes[0].faces[0].track == 1
    assert outcomes[0].times.locate == 5.0
    assert outcomes[0].times.classify >= 0
    assert outcomes[0].times.mask is None
    assert outcomes[1].times.classify is None


def test_all_faces_of_a_frame_are_classified_in_one_call(fake_mesh, frame, picture):
    bgr = picture((10, 10, 30, 90), (60, 20, 40, 200))
    entry = frame()
    entry = type(entry)(entry.file, 0, 0.0, bgr)
    (outcome,) = FramePipeline(fake_mesh, fake_mesh).run(ListFeed([entry]))
    assert fake_mesh.log.count("classify 2") == 1
    assert [(f.track, f.expression.label) for f in outcome.faces] == [(1, "fear"), (2, "sad")]


def test_the_next_frame_is_sent_before_this_one_is_classified(fake_mesh, frame):
    list(FramePipeline(fake_mesh, fake_mesh).run(ListFeed([frame(0), frame(1)])))
    assert fake_mesh.log == ["send", "receive", "send", "classify 1", "receive", "classify 1"]


def test_a_live_source_is_not_waited_for_before_this_frame_is_done(fake_mesh, frame):
    feed = ListFeed([frame(0), frame(1)], slow=True)
    assert indices(FramePipeline(fake_mesh, fake_mesh).run(feed)) == [0, 1]
    assert fake_mesh.log == ["send", "receive", "classify 1", "send", "receive", "classify 1"]


def test_frames_are_sent_with_the_time_they_were_taken_at(fake_mesh, frame):
    list(FramePipeline(fake_mesh, fake_mesh).run(ListFeed([frame(0), frame(1), frame(7)])))
    assert fake_mesh.capture_times == [0.0, 0.1, 0.7]


def test_problems_of_the_source_pass_in_their_place(fake_mesh, frame):
    broken = [FrameProblem("clip", i, 0.0, "broken") for i in range(6)]
    entries = [broken[0], frame(1), broken[2], broken[3], frame(4), broken[5]]
    for slow in (False, True):
        outcomes = list(FramePipeline(fake_mesh, fake_mesh).run(ListFeed(entries, slow)))
        assert indices(outcomes) == [0, 1, 2, 3, 4, 5]
        assert [isinstance(o, FrameProblem) for o in outcomes] == [1, 0, 1, 1, 0, 1]


def test_a_frame_the_service_cannot_use_is_a_problem_and_the_run_goes_on(fake_mesh, frame):
    fake_mesh.problem = lambda gray: "too small" if gray.max() == 200 else None
    outcomes = list(
        FramePipeline(fake_mesh, fake_mesh).run(ListFeed([frame(0), frame(1, 200), frame(2)]))
    )
    assert indices(outcomes) == [0, 1, 2]
    assert outcomes[1] == FrameProblem("clip", 1, 0.1, "too small")


@pytest.mark.parametrize("error", [InvalidInputError, MaskmeshError])
def test_a_frame_the_classifier_fails_on_is_a_problem(fake_mesh, frame, error):
    fake_mesh.failures["classify"] = [error("odd crop")]
    outcomes = list(FramePipeline(fake_mesh, fake_mesh).run(ListFeed([frame(0), frame(1)])))
    assert outcomes[0] == FrameProblem("clip", 0, 0.0, "odd crop")
    assert isinstance(outcomes[1], FrameResult)


def test_nothing_in_nothing_out(fake_mesh):
    assert list(FramePipeline(fake_mesh, fake_mesh).run(ListFeed([]))) == []


def test_a_mesh_that_goes_away_ends_the_run_if_nobody_waits_for_it(fake_mesh, frame):
    fake_mesh.failures["receive"] = [None, UnavailableError("gone")]
    run = FramePipeline(fake_mesh, fake_mesh).run(ListFeed([frame(0), frame(1)]))
    assert next(run).frame.index == 0
    with pytest.raises(UnavailableError, match="gone"):
        next(run)


@pytest.mark.parametrize("call", ["receive", "classify"])
def test_no_frame_is_lost_over_an_absence_of_the_mesh(fake_mesh, frame, call):
    fake_mesh.failures[call] = [None, None, UnavailableError("gone"), UnavailableError("gone")]
    absences = []
    pipeline = FramePipeline(
        fake_mesh, fake_mesh, recover=lambda error: absences.append(error) or True
    )
    outcomes = list(pipeline.run(ListFeed([frame(i) for i in range(6)])))
    assert indices(outcomes) == list(range(6))
    assert all(isinstance(outcome, FrameResult) for outcome in outcomes)
    assert len(absences) == 2
    assert fake_mesh.streams == 3


def test_track_ids_are_not_used_again_after_an_absence(fake_mesh, frame):
    fake_mesh.failures["receive"] = [None, UnavailableError("gone")]
    pipeline = FramePipeline(fake_mesh, fake_mesh, recover=lambda error: True)
    outcomes = list(pipeline.run(ListFeed([frame(i) for i in range(3)])))
    assert [o.faces[0].track for o in outcomes] == [1, 2, 2]


def test_a_frame_that_takes_the_mesh_down_is_given_up(fake_mesh, frame):
    gone = UnavailableError("gone")
    fake_mesh.failures["receive"] = [None, gone, gone, gone]
    pipeline = FramePipeline(fake_mesh, fake_mesh, recover=lambda error: True)
    outcomes = list(pipeline.run(ListFeed([frame(i) for i in range(4)])))
    assert indices(outcomes) == [0, 1, 2, 3]
    assert outcomes[1].message == "given up after 3 tries: gone"
    assert isinstance(outcomes[2], FrameResult)


def test_a_mesh_that_does_not_come_back_ends_the_run(fake_mesh, frame):
    def hopeless(error):
        raise UnavailableError("not back in 15 s")

    fake_mesh.failures["receive"] = [UnavailableError("gone")]
    pipeline = FramePipeline(fake_mesh, fake_mesh, recover=hopeless)
    with pytest.raises(UnavailableError, match="not back"):
        list(pipeline.run(ListFeed([frame(0)])))


def test_masks_are_put_on_before_classification_and_shown(fake_mesh, frame):
    masker = FrameMasker(fake_mesh, MaskWish("cloth", "black", 1))
    original = frame(0, 90)
    (outcome,) = FramePipeline(fake_mesh, fake_mesh, masker).run(ListFeed([original]))
    # The fake mask's luma is about 209, which the fake classifier calls sad and masked.
    assert outcome.faces[0].expression.label == "sad"
    assert outcome.faces[0].expression.mask_probability == 1.0
    assert (outcome.frame.bgr[30, 40] == (220, 210, 200)).all()
    assert (original.bgr[30, 40] == 90).all()
    assert outcome.times.mask >= 0
    assert outcome.note is None


def test_a_mask_that_cannot_be_put_on_is_a_note(fake_mesh, frame):
    masker = FrameMasker(fake_mesh, MaskWish("impossible"))
    (outcome,) = FramePipeline(fake_mesh, fake_mesh, masker).run(ListFeed([frame(0, 90)]))
    assert outcome.faces[0].expression.label == "fear"
    assert "got no mask" in outcome.note


def test_answers_are_smoothed_over_a_track(fake_mesh, frame):
    smoother = TrackSmoother(10.0)
    pipeline = FramePipeline(fake_mesh, fake_mesh, smoother=smoother)
    outcomes = list(pipeline.run(ListFeed([frame(0, 90), frame(1, 200)])))
    assert [o.faces[0].expression.label for o in outcomes] == ["fear", "fear"]
    sad = outcomes[1].faces[0].expression.by_label["sad"]
    assert sad == pytest.approx(0.01 + 0.93 * (1 - np.exp(-0.01)))


def test_the_mask_state_of_a_track_is_held(fake_mesh, frame, expression):
    # Brightness 90 and 100: a mask probability of 0.7, then 0.5.
    fake_mesh.classify_with = lambda brightness: expression(mask=0.7 if brightness < 95 else 0.5)
    feed = [frame(0, 90), frame(1, 100)]
    smoothed = FramePipeline(fake_mesh, fake_mesh, smoother=TrackSmoother(0.0)).run(ListFeed(feed))
    assert [o.faces[0].mask_state for o in smoothed] == ["masked", "masked"]
    as_is = FramePipeline(fake_mesh, fake_mesh).run(ListFeed(feed))
    assert [o.faces[0].mask_state for o in as_is] == ["masked", "unsure"]


def test_a_run_starts_without_what_the_run_before_left(fake_mesh, frame):
    pipeline = FramePipeline(fake_mesh, fake_mesh, smoother=TrackSmoother(1000.0))
    list(pipeline.run(ListFeed([frame(0, 90)])))
    (outcome,) = pipeline.run(ListFeed([frame(1, 200)]))
    assert outcome.faces[0].expression.by_label["sad"] == pytest.approx(0.94)


def test_the_delay_of_a_live_source_is_measured(fake_mesh, frame):
    live = replace(frame(0), taken_at=time.perf_counter() - 1.0)
    results = list(FramePipeline(fake_mesh, fake_mesh).run(ListFeed([live, frame(1)])))
    assert 1000.0 <= results[0].delay_ms < 60_000.0
    assert results[1].delay_ms is None


def test_a_source_that_is_gone_is_not_taken_for_a_mesh_that_may_come_back(fake_mesh, frame):
    class Gone(ListFeed):
        def take(self, wait):
            if not self.entries and wait:
                raise UnavailableError("the camera is gone")
            return super().take(wait)

    recovered = []
    pipeline = FramePipeline(fake_mesh, fake_mesh, recover=recovered.append)
    outcomes = pipeline.run(Gone([frame(0)]))
    assert next(outcomes).frame.index == 0
    with pytest.raises(UnavailableError, match="the camera is gone"):
        next(outcomes)
    assert recovered == []


def test_a_run_ends_in_order_when_nobody_waits_for_the_mesh_any_more(fake_mesh, frame):
    fake_mesh.failures["receive"] = [None, UnavailableError("gone")]
    pipeline = FramePipeline(fake_mesh, fake_mesh, recover=lambda error: False)
    assert indices(pipeline.run(ListFeed([frame(0), frame(1)]))) == [0]
