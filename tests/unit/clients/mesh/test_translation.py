from __future__ import annotations

import numpy as np
import pytest

from maskmesh.clients.mesh import translation
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.images import from_array
from maskmesh.v1 import classification_pb2, common_pb2, location_pb2, synthesis_pb2


def classified(index: int) -> classification_pb2.Classification:
    probabilities = [0.4 if k == index else 0.1 for k in range(7)]
    return classification_pb2.Classification(
        expression=index + 1, probabilities=probabilities, mask_probability=0.25
    )


def test_labels_follow_the_enum_of_the_contract():
    for index, label in enumerate(EXPRESSIONS):
        response = classification_pb2.ClassifyResponse(
            classifications=[classified(index)], model_name="m", model_version="2"
        )
        (result,) = translation.expressions_from(response, expected=1)
        assert result.label == label
        name = classification_pb2.Expression.Name(index + 1)
        assert name == f"EXPRESSION_{label.upper()}"
        assert result.by_label[label] == pytest.approx(0.4)
        assert result.confidence == pytest.approx(0.4)
        assert (result.model_name, result.model_version) == ("m", "2")
        assert result.mask_probability == pytest.approx(0.25)


def test_an_answer_for_another_number_of_faces_is_an_error():
    response = classification_pb2.ClassifyResponse(classifications=[classified(0)])
    with pytest.raises(MaskmeshError, match="1 faces of 2"):
        translation.expressions_from(response, expected=2)


@pytest.mark.parametrize(("expression", "count"), [(0, 7), (8, 7), (1, 6)])
def test_an_answer_outside_the_contract_is_an_error(expression, count):
    odd = classification_pb2.Classification(expression=expression, probabilities=[0.1] * count)
    response = classification_pb2.ClassifyResponse(classifications=[odd])
    with pytest.raises(MaskmeshError, match="same version"):
        translation.expressions_from(response, expected=1)


def test_a_face_keeps_box_source_and_track():
    message = location_pb2.Face(
        box=common_pb2.Box(x=1, y=2, width=3, height=4),
        score=0.5,
        source=location_pb2.FACE_SOURCE_TRACK,
    )
    face = translation.face_from(message, track=9)
    assert (face.box, face.score, face.source, face.track) == ((1, 2, 3, 4), 0.5, "track", 9)


def test_a_masked_face_has_pixels_and_points():
    pixels = np.arange(400, dtype=np.uint8).reshape(20, 20)
    response = synthesis_pb2.ApplyResponse(
        image=from_array(pixels, "png"),
        landmarks=[common_pb2.Point(x=i, y=-i) for i in range(68)],
        quad=[common_pb2.Point(x=i, y=i) for i in range(4)],
        confidence=0.75,
        style="cloth",
        colour="black",
    )
    masked = translation.masked_face_from(response)
    np.testing.assert_array_equal(masked.image, pixels)
    assert masked.landmarks.shape == (68, 2)
    assert masked.landmarks[5].tolist() == [5.0, -5.0]
    assert masked.quad.shape == (4, 2)
    assert (masked.confidence, masked.style, masked.colour) == (0.75, "cloth", "black")
