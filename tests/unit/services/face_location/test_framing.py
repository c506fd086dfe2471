from __future__ import annotations

import cv2
import numpy as np
import pytest

from maskmesh.services.face_location.candidates import Candidate
from maskmesh.services.face_location.cascades import CascadesOfThread
from maskmesh.services.face_location.framing import frame_face
from maskmesh.services.face_location.verification import VERIFICATION_CASCADES


@pytest.fixture(scope="module")
def cascades():
    return CascadesOfThread(VERIFICATION_CASCADES).get()


@pytest.fixture(params=["astronaut", "obama", "biden"])
def true_box(request, true_boxes):
    return request.param, true_boxes[request.param]


@pytest.mark.parametrize(
    "loosely",
    [(0.75, 0.1, -0.1), (0.75, -0.12, 0.1), (1.3, 0.1, -0.1), (1.3, -0.12, 0.1)],
    ids=str,
)
def test_a_loosely_placed_square_moves_onto_the_face(cascades, photos, true_box, iou, loosely):
    name, (x, y, width, height) = true_box
    size, right, down = loosely
    loose = Candidate(
        x + width * (0.5 + right), y + height * (0.5 + down), width * size, source="eyes"
    )
    framed = frame_face(photos[name], loose, cascades)
    assert iou(tuple(framed.box()), true_box[1]) > 0.65
    assert iou(tuple(framed.box()), true_box[1]) > iou(tuple(loose.box()), true_box[1])
    assert framed.source == "eyes"


def test_where_no_cascade_sees_a_face_the_square_stays(cascades):
    candidate = Candidate(200, 150, 90)
    assert frame_face(np.full((300, 400), 130, np.uint8), candidate, cascades) == candidate


def test_a_tilted_square_is_moved_along_its_own_axes(cascades, photos, true_boxes, iou):
    turn = cv2.getRotationMatrix2D((256, 320), -20, 1.0)
    tilted = cv2.warpAffine(photos["obama"], turn, (512, 640), borderMode=cv2.BORDER_REPLICATE)
    x, y, width, height = true_boxes["obama"]
    centre = turn @ [x + width * 0.6, y + height * 0.6, 1]
    framed = frame_face(tilted, Candidate(*centre, width, np.deg2rad(20)), cascades)
    expected = turn @ [x + width / 2, y + height / 2, 1]
    assert np.hypot(framed.x - expected[0], framed.y - expected[1]) < 0.1 * width
