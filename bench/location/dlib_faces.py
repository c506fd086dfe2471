"""dlib's face detectors: HOG with a linear classifier, and the CNN of its max-margin training."""

from __future__ import annotations

from pathlib import Path

import cv2
import dlib

from maskmesh.bench.location.found import Found, GrayArray, Searches
from maskmesh.services.mask_synthesis.landmarks import shipped_predictor_path
from maskmesh.services.runtime.errors import SetupError

USUAL_SCORE = 0.0
_LENIENT_SCORE = -1.0
_CNN_FILE = "mmod_human_face_detector.dat"


def load_hog(doublings: int) -> Searches:
    """Load the HOG detector; it sees faces of 80 pixels, halved by each doubling of the picture."""
    detector = dlib.get_frontal_face_detector()

    def search(gray: GrayArray, lowest: float) -> list[Found]:
        boxes, scores, _ = detector.run(gray, doublings, lowest)
        return [_from_dlib(box, score) for box, score in zip(boxes, scores, strict=True)]

    return Searches(
        lenient=lambda gray: search(gray, _LENIENT_SCORE),
        usual=lambda gray: search(gray, USUAL_SCORE),
    )


def load_cnn() -> Searches:
    """Load the CNN, which returns nothing below its usual score; pictures are doubled for it.

    Raises:
        SetupError: Its file, which face_recognition_models brings, is missing.
    """
    if not cnn_file().is_file():
        raise SetupError(f"no {cnn_file()}: install face_recognition_models again")
    detector = dlib.cnn_face_detection_model_v1(str(cnn_file()))

    def search(gray: GrayArray) -> list[Found]:
        # It takes no gray pictures.
        found = detector(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), 1)
        return [_from_dlib(one.rect, one.confidence) for one in found]

    return Searches(search, search)


def cnn_file() -> Path:
    """Return where the CNN's file lies.

    Raises:
        SetupError: face_recognition_models is not installed.
    """
    return shipped_predictor_path().with_name(_CNN_FILE)


def _from_dlib(box: dlib.rectangle, score: float) -> Found:
    left, top = float(box.left()), float(box.top())
    return Found(left, top, float(box.width()), float(box.height()), float(score))
