from __future__ import annotations

import pytest

from maskmesh.clients.report import tally as tallies
from maskmesh.clients.report.records import Record
from maskmesh.clients.report.tally import Tally, label_strip, mask_strip
from maskmesh.services.runtime.errors import InvalidInputError


def tally_of(*lines):
    tally = Tally()
    for line in lines:
        tally.add(Record.model_validate(line))
    return tally


def test_frames_faces_labels_and_masks_are_counted(frame_line, face):
    tally = tally_of(
        frame_line(0, face(1, "happy", 0.9), face(2, "sad", 0.1)),
        frame_line(1, face(1, "sad", 0.5)),
        frame_line(2),
        {"file": "clip.mp4", "frame": 3, "error": "damaged"},
    )
    assert (tally.frames, tally.frames_with_faces, tally.faces, tally.errors) == (3, 2, 3, 1)
    assert tally.labels == {"happy": 1, "sad": 2}
    # 0.5 lies between the thresholds: the state before is held.
    assert tally.masks == {"masked": 2, "unmasked": 1}
    assert tally.people[1].labels == {"happy": 1, "sad": 1}
    assert (tally.people[2].first_s, tally.people[2].last_s) == (0.0, 0.0)
    assert tally.problems[0].text == "damaged"


def test_strips_tell_what_was_shown_and_worn(frame_line, face):
    kinds = [("happy", 0.9), ("sad", 0.5), ("sad", 0.1)]
    tally = tally_of(*(frame_line(10 * i, face(1, *kind)) for i, kind in enumerate(kinds)))
    sums = tally.people[1].curve.sums()
    assert label_strip(sums) == ["happy", "sad", "sad"]
    assert mask_strip(sums) == ["masked", "masked", "unmasked"]


def test_independent_pictures_have_no_people_and_are_listed(face):
    picture = {"file": "a.jpg", "faces": [face(None, "fear", 0.5)]}
    tally = tally_of(picture, {"file": "b.jpg", "faces": []})
    assert not tally.is_timed
    assert not tally.people
    assert [entry.text for entry in tally.pictures] == ["fear 70%, unsure", "no face"]


def test_results_of_two_runs_are_not_mixed(frame_line):
    with pytest.raises(InvalidInputError, match=r"time goes back from 0\.5 to 0"):
        tally_of(frame_line(5), frame_line(0))
    with pytest.raises(InvalidInputError, match="are mixed"):
        tally_of(frame_line(0), {"file": "a.jpg", "faces": []})


def test_memory_is_bounded_by_letting_go_of_those_seen_least(frame_line, face, monkeypatch):
    monkeypatch.setattr(tallies, "MOST_PEOPLE", 3)
    lines = [frame_line(index, face(1), face(2)) for index in range(3)]
    lines += [frame_line(20 * index, face(index)) for index in range(3, 30)]
    tally = tally_of(*lines)
    assert len(tally.people) == 3
    assert tally.other_people == 26
    assert {1, 2, 29} == set(tally.people)
    assert tally.faces == 6 + 27


def test_the_most_seen_are_named_in_order_of_their_numbers(frame_line, face):
    lines = [frame_line(i, *(face(t) for t in (1, 2, 3, 4) if i < t)) for i in range(4)]
    assert [person.track for person in tally_of(*lines).most_seen(2)] == [3, 4]
