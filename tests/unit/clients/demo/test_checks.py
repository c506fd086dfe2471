from __future__ import annotations

import pytest

from maskmesh.clients.demo.checks import ClipCheck
from maskmesh.clients.demo.sample import Passage
from maskmesh.clients.streaming.frames import FrameProblem
from maskmesh.clients.streaming.results import FrameResult, SeenFace


def test_agreement_is_counted_by_passage(frame, expression):
    check = ClipCheck([Passage(0, 9, 1, masked=False), Passage(10, 19, 2, masked=True)])

    def see(index, *mask_probabilities):
        seen = [SeenFace((0, 0, 9, 9), expression(mask=p)) for p in mask_probabilities]
        check.add(FrameResult(frame(index), tuple(seen)))

    see(0, 0.1)
    see(9)
    see(3, 0.5)
    see(10, 0.9, 0.2)
    see(19, 0.9)
    check.add(FrameProblem("clip", 11, 1.1, "broken"))
    held = SeenFace((0, 0, 9, 9), expression(mask=0.5), 1, "masked")
    check.add(FrameResult(frame(12), (held, held)))
    assert (check.frames, check.frames_with_all) == (6, 4)
    assert (check.faces, check.mask_right) == (7, 5)


def test_a_frame_outside_of_what_is_known_is_a_mistake(frame):
    with pytest.raises(LookupError, match="frame 5"):
        ClipCheck([Passage(0, 4, 1, masked=False)]).add(FrameResult(frame(5), ()))
