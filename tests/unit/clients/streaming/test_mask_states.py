from __future__ import annotations

from itertools import pairwise

import pytest

from maskmesh.clients.streaming.mask_states import mask_state, mask_words


@pytest.mark.parametrize(
    ("probability", "state", "words"),
    [
        (0.97, "masked", "masked 97%"),
        (0.03, "unmasked", "unmasked 97%"),
        (0.52, "unsure", "mask? 52%"),
        (0.6, "masked", "masked 60%"),
        (0.4, "unmasked", "unmasked 60%"),
    ],
)
def test_without_a_past_the_probability_decides(probability, state, words):
    assert mask_state(probability) == state
    assert mask_words(state, probability) == words


def test_a_state_that_is_held_tells_its_own_probability():
    assert mask_words("masked", 0.48) == "masked 48%"
    assert mask_words("unmasked", 0.48) == "unmasked 52%"


def walk(probabilities):
    states, state = [], None
    for probability in probabilities:
        state = mask_state(probability, state)
        states.append(state)
    return states


@pytest.mark.parametrize("middle", [0.6, 0.4])
def test_a_probability_that_trembles_at_a_threshold_changes_the_state_once_at_most(middle):
    trembling = [middle + (0.05 if step % 2 else -0.05) for step in range(20)]
    states = walk(trembling)
    assert sum(a != b for a, b in pairwise(states)) <= 1
    plain = [mask_state(probability) for probability in trembling]
    assert sum(a != b for a, b in pairwise(plain)) == 19


def test_between_the_thresholds_a_state_is_kept_until_the_other_is_sure():
    assert walk([0.7, 0.41, 0.59, 0.4, 0.59, 0.6]) == [
        *["masked"] * 3,
        *["unmasked"] * 2,
        "masked",
    ]


def test_a_face_is_unsure_until_it_is_sure_for_the_first_time():
    assert walk([0.5, 0.59, 0.6, 0.5]) == ["unsure", "unsure", "masked", "masked"]


def test_a_mask_put_on_or_off_shows_at_once():
    assert walk([0.02, 0.98, 0.03]) == ["unmasked", "masked", "unmasked"]


def test_a_smooth_change_passes_through_no_third_state():
    assert walk([step / 40 for step in range(41)]) == ["unmasked"] * 24 + ["masked"] * 17
