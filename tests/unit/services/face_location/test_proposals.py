from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.face_location.artifacts import SHIPPED_MODELS
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.proposals import MOST_PROPOSALS, CascadeProposer


@pytest.fixture(scope="module")
def proposer():
    return CascadeProposer(416, SHIPPED_MODELS)


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_the_face_is_among_the_proposals(proposer, photos, true_boxes, name):
    proposed = proposer.propose(photos[name])
    best = iou_matrix(np.array([true_boxes[name]], np.float64), proposed).max()
    assert best > 0.5


def test_proposals_are_square_and_no_two_are_the_same(proposer, photos):
    proposed = proposer.propose(photos["astronaut"])
    np.testing.assert_array_equal(proposed[:, 2], proposed[:, 3])
    overlaps = iou_matrix(proposed, proposed)
    np.fill_diagonal(overlaps, 0)
    assert overlaps.max() <= 0.5


def test_a_picture_of_nothing_but_texture_costs_no_more_than_agreed(proposer):
    noise = np.random.default_rng(5).integers(0, 256, (240, 320), dtype=np.uint8)
    texture = np.kron(noise, np.ones((4, 4), np.uint8))
    assert len(proposer.propose(texture)) <= MOST_PROPOSALS


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (23, 23), (2, 9000)])
def test_odd_shapes_are_searched_without_a_proposal(proposer, shape):
    assert proposer.propose(np.full(shape, 90, np.uint8)).shape == (0, 4)
