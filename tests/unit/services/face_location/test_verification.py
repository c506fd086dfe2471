from __future__ import annotations

import numpy as np
import pytest

from maskmesh.services.face_location.candidates import Candidate
from maskmesh.services.face_location.cascades import CascadesOfThread
from maskmesh.services.face_location.verification import (
    EVIDENCE,
    VERIFICATION_CASCADES,
    gather_evidence,
    score_evidence,
)


@pytest.fixture(scope="module")
def cascades():
    return CascadesOfThread(VERIFICATION_CASCADES).get()


@pytest.mark.parametrize("name", ["astronaut", "obama", "biden"])
def test_the_face_convinces_and_the_rest_of_the_photo_does_not(cascades, photos, true_boxes, name):
    x, y, width, height = true_boxes[name]
    face = Candidate(x + width / 2, y + height / 2, width)
    chest = Candidate(x + width / 2, y + 2.2 * height, width)
    assert score_evidence(gather_evidence(photos[name], face, cascades)) > 0.9
    assert score_evidence(gather_evidence(photos[name], chest, cascades)) < 0.3


def test_evidence_names_what_was_seen(cascades, photos, true_boxes):
    x, y, width, height = true_boxes["obama"]
    pair = Candidate(x + width / 2, y + height / 2, width, 0.0, "eyes", 3, 7)
    evidence = dict(zip(EVIDENCE, gather_evidence(photos["obama"], pair, cascades), strict=True))
    assert evidence["face strict"] > 0
    assert evidence["face lenient"] > 0
    assert evidence["pair weaker"] == pytest.approx(np.log(4))
    assert evidence["pair stronger"] == pytest.approx(np.log(8))
    assert evidence["pair"] == 1


@pytest.mark.parametrize("index", range(len(EVIDENCE)))
def test_more_evidence_makes_it_surer(index):
    some = np.full(len(EVIDENCE), 0.4)
    more = some.copy()
    more[index] += 1
    assert 0 < score_evidence(some) < score_evidence(more) < 1


def test_no_evidence_is_no_face():
    assert score_evidence(np.zeros(len(EVIDENCE))) < 0.05
