from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskmesh.clients.mesh.results import Expression
from maskmesh.clients.streaming.drawing import MOST_PANELS, annotated
from maskmesh.clients.streaming.palette import EXPRESSION_COLOURS
from maskmesh.clients.streaming.results import SeenFace
from maskmesh.services.runtime.expressions import EXPRESSIONS


def count_colour(picture, colour):
    return int((picture == np.array(colour, np.uint8)).all(axis=2).sum())


@pytest.mark.parametrize("label", EXPRESSIONS)
def test_the_frame_has_the_colour_of_the_expression(expression, label):
    before = np.full((480, 640, 3), 128, np.uint8)
    face = SeenFace((200, 150, 120, 120), expression(label, 0.9), track=2)
    after = annotated(before, [face])
    assert (before == 128).all()
    for x, y in ((200, 210), (319, 210), (260, 150), (260, 269)):
        assert after[y, x].tolist() == list(EXPRESSION_COLOURS[label])
    # The face itself stays visible.
    assert (after[160:260, 210:310] == 128).all()


def test_bars_are_as_long_as_the_probabilities(expression):
    before = np.zeros((480, 640, 3), np.uint8)

    def area(probability: float) -> int:
        face = SeenFace((200, 150, 120, 120), expression("happy", probability), track=2)
        drawn = annotated(before, [face])
        # To the right of the face: the panel, without frame and tags.
        return count_colour(drawn[:, 330:], EXPRESSION_COLOURS["happy"])

    assert area(0.5) / area(1.0) == pytest.approx(0.5, abs=0.1)
    rest = annotated(before, [SeenFace((200, 150, 120, 120), expression("happy", 0.4))])
    for label in EXPRESSIONS:
        assert count_colour(rest[:, 330:], EXPRESSION_COLOURS[label]) > 0


def test_colours_differ_from_each_other_and_from_the_panel():
    colours = [np.array(colour, float) for colour in EXPRESSION_COLOURS.values()]
    for i, first in enumerate(colours):
        assert all(np.abs(first - other).max() > 40 for other in colours[:i])


def test_the_mask_state_that_is_held_is_drawn(expression):
    before = np.zeros((480, 640, 3), np.uint8)

    def draw(shown_mask):
        face = SeenFace((200, 150, 120, 120), expression(mask=0.5), 1, shown_mask)
        return annotated(before, [face])

    assert (draw(None) == draw("unsure")).all()
    assert (draw("masked") != draw("unsure")).any()
    assert (draw("masked") != draw("unmasked")).any()


def test_a_label_that_is_held_is_drawn_with_its_own_probability(expression):
    before = np.zeros((480, 640, 3), np.uint8)
    probabilities = expression("sad", 0.4).probabilities
    held = Expression("happy", probabilities, 0.1)
    drawn = annotated(before, [SeenFace((200, 150, 120, 120), held, 1)])
    assert drawn[150, 210].tolist() == list(EXPRESSION_COLOURS["happy"])
    assert held.confidence == pytest.approx(0.1)


def test_a_crowd_gets_frames_and_labels_but_no_bars(expression):
    before = np.zeros((480, 640, 3), np.uint8)
    faces = [
        SeenFace((20 + 110 * i, 200, 60, 60), expression("happy", 0.9))
        for i in range(MOST_PANELS + 1)
    ]
    drawn = annotated(before, faces)
    # The gray behind the bars.
    few = count_colour(drawn, (90, 90, 90))
    assert count_colour(annotated(before, faces[:1]), (90, 90, 90)) > 100 * max(few, 1)


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(16, 300), st.integers(16, 300)),
    corner=st.tuples(st.integers(-10, 310), st.integers(-10, 310)),
    side=st.integers(1, 300),
)
def test_any_face_can_be_drawn_on_any_picture(size, corner, side):
    picture = np.full((size[1], size[0], 3), 77, np.uint8)
    values = tuple(1 / 7 for _ in range(7))
    face = SeenFace((*corner, side, side), Expression("fear", values, 0.5), track=12345)
    assert annotated(picture, [face, face]).shape == picture.shape
