from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.face_location.artifacts import VERIFIER_FILE
from maskmesh.services.face_location.boxes import iou_matrix
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.verifier import FaceVerifier
from maskmesh.services.runtime.errors import SetupError


@pytest.fixture(scope="module")
def verifier():
    return FaceVerifier()


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_a_face_scores_high_and_is_framed_better(verifier, photos, true_boxes, name):
    x, y, width, height = true_boxes[name]
    side = (width + height) / 2
    rough = np.array([[x + 0.02 * side, y - 0.1 * side, 1.12 * side, 1.12 * side]])
    verified = verifier.verify(Pyramid(photos[name]), rough)
    assert verified.scores[0] > 0.8
    truth = np.array([true_boxes[name]], np.float64)
    assert iou_matrix(verified.boxes, truth)[0, 0] > iou_matrix(rough, truth)[0, 0]


def test_what_is_no_face_scores_low(verifier, photos):
    corners = np.array([[0.0, 0.0, 90.0, 90.0], [400.0, 420.0, 80.0, 80.0]])
    assert verifier.verify(Pyramid(photos["biden"]), corners).scores.max() < 0.3


def test_light_and_contrast_hardly_matter(verifier, photos, true_boxes):
    box = np.array([true_boxes["obama"]], np.float64)
    dark = (photos["obama"] * 0.3 + 10).astype(np.uint8)
    bright = verifier.verify(Pyramid(photos["obama"]), box)
    dim = verifier.verify(Pyramid(dark), box)
    assert abs(bright.scores[0] - dim.scores[0]) < 0.1
    np.testing.assert_allclose(dim.boxes, bright.boxes, atol=0.04 * box[0, 2])


def test_each_box_is_judged_alone(verifier, photos, true_boxes):
    boxes = np.array([*true_boxes.values(), (0, 0, 64, 64)], np.float64)
    pyramid = Pyramid(photos["obama"])
    together = verifier.verify(pyramid, boxes)
    for index, box in enumerate(boxes):
        alone = verifier.verify(pyramid, box[None])
        np.testing.assert_allclose(alone.scores[0], together.scores[index], atol=1e-5)
        np.testing.assert_allclose(alone.boxes[0], together.boxes[index], atol=1e-2)


def test_no_box_no_answer(verifier):
    verified = verifier.verify(Pyramid(np.zeros((50, 50), np.uint8)), np.zeros((0, 4)))
    assert verified.scores.shape == (0,)
    assert verified.boxes.shape == (0, 4)


def test_another_network_is_refused(tmp_path):
    import onnx
    from onnx import TensorProto, helper

    number = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    same = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [number], [same])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, tmp_path / VERIFIER_FILE)
    with pytest.raises(SetupError, match="no face verifier"):
        FaceVerifier(tmp_path)
