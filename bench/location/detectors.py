"""The detectors that are compared, all behind one interface.

Each is built for the curve, so lenient that its boxes reach below its usual threshold. For cascades
the score is the count of neighbouring windows (`detectMultiScale2`, at least 2): it orders boxes
slightly better than the weights of the last stage (`detectMultiScale3`), and the boxes with 4 or
more are exactly those of the usual call with minNeighbors=3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

import maskmesh.services.face_location
from maskmesh.bench.location import fusion
from maskmesh.bench.location.cascades import StockCascade, cascade_file
from maskmesh.bench.location.found import Found
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.mask_synthesis.landmarks import shipped_predictor_path
from maskmesh.services.runtime.errors import NotFoundError, SetupError

GrayArray = NDArray[np.uint8]
Search = Callable[[GrayArray], list[Found]]

# Windows that must agree; the usual minNeighbors=3 drops clusters of 3 and fewer.
USUAL_NEIGHBOURS, LENIENT_NEIGHBOURS = 3, 1
_HOG_LENIENT = -0.5
_OWN_LENIENT, _OWN_USUAL = 0.05, 0.5
_CNN_FILE = "mmod_human_face_detector.dat"


class Searches(NamedTuple):
    """A detector, loaded: `lenient` for the curve, `usual` as one would call it, to be timed."""

    lenient: Search
    usual: Search


@dataclass(frozen=True, slots=True)
class Detector:
    """A way to find faces.

    Attributes:
        name: What the user calls it.
        title: What tables and plots call it.
        threshold: Boxes that its usual call returns have at least this score.
        load: Builds it; raises SetupError where something that it needs is missing.
        sources: Files whose contents decide what it finds.
        is_foreign: Whether it frames faces in a way of its own, which is to be corrected.
        is_learned: Whether it is a neural network, too slow for every run.
    """

    name: str
    title: str
    threshold: float
    load: Callable[[], Searches]
    sources: Callable[[], Iterable[Path]]
    is_foreign: bool = True
    is_learned: bool = False

    def version(self) -> str:
        """Return a hash of all that decides what it finds, 16 hexadecimal digits."""
        digest = hashlib.sha256(f"{self.name} {cv2.__version__} {version('dlib-bin')}".encode())
        code = [Path(str(module)) for module in (__file__, fusion.__file__)]
        for file in [*code, *sorted(self.sources())]:
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:16]


def choose_detectors(names: list[str] | None, learned: bool) -> list[Detector]:
    """Return the detectors of these names; None takes all, the learned one only if wanted.

    Raises:
        NotFoundError: There is no detector of a name.
    """
    if names is None:
        return [one for one in DETECTORS.values() if learned or not one.is_learned]
    unknown = [name for name in names if name not in DETECTORS]
    if unknown:
        raise NotFoundError(f"no detector {', '.join(unknown)}: choose from {', '.join(DETECTORS)}")
    return [DETECTORS[name] for name in dict.fromkeys(names)]


def _load_cascade(name: str) -> Searches:
    cascade = StockCascade(name)
    return Searches(
        lenient=lambda gray: cascade.search(gray, LENIENT_NEIGHBOURS),
        usual=lambda gray: cascade.search(gray, USUAL_NEIGHBOURS),
    )


def _load_fused() -> Searches:
    cascades = [StockCascade(name) for name in fusion.MEMBERS]
    return Searches(
        lenient=lambda gray: fusion.search(gray, cascades, LENIENT_NEIGHBOURS),
        usual=lambda gray: fusion.search(gray, cascades, USUAL_NEIGHBOURS),
    )


def _load_hog(upsampled: int) -> Searches:
    detector = dlib.get_frontal_face_detector()

    def search(gray: GrayArray, threshold: float) -> list[Found]:
        boxes, scores, _ = detector.run(gray, upsampled, threshold)
        return [_from_dlib(box, score) for box, score in zip(boxes, scores, strict=True)]

    return Searches(lambda gray: search(gray, _HOG_LENIENT), lambda gray: search(gray, 0.0))


def _cnn_file() -> Path:
    return shipped_predictor_path().with_name(_CNN_FILE)


def _load_cnn() -> Searches:
    if not _cnn_file().is_file():
        raise SetupError(f"no {_cnn_file()}: install face_recognition_models again")
    detector = dlib.cnn_face_detection_model_v1(str(_cnn_file()))

    def search(gray: GrayArray) -> list[Found]:
        # It takes no gray pictures, and sees faces of 80 pixels; enlarged once, of 40.
        found = detector(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), 1)
        return [_from_dlib(one.rect, one.confidence) for one in found]

    return Searches(search, search)


def _from_dlib(box: dlib.rectangle, score: float) -> Found:
    return Found(
        float(box.left()), float(box.top()), float(box.width()), float(box.height()), float(score)
    )


def _load_own() -> Searches:
    def searcher(min_score: float) -> Search:
        detector = HaarFaceDetector(min_score=min_score)
        return lambda gray: [
            Found(*map(float, one.box), one.score) for one in detector.detect(gray)
        ]

    return Searches(lenient=searcher(_OWN_LENIENT), usual=searcher(_OWN_USUAL))


def _own_files() -> Iterable[Path]:
    folder = Path(maskmesh.services.face_location.__path__[0])
    return (
        file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    )


def _stock(name: str, title: str) -> Detector:
    return Detector(
        name=name,
        title=title,
        threshold=USUAL_NEIGHBOURS + 1,
        load=lambda: _load_cascade(name),
        sources=lambda: [cascade_file(name)],
    )


def _hog(name: str, title: str, upsampled: int) -> Detector:
    return Detector(
        name=name, title=title, threshold=0.0, load=lambda: _load_hog(upsampled), sources=lambda: []
    )


DETECTORS: dict[str, Detector] = {
    one.name: one
    for one in (
        _stock("frontalface_default", "frontalface_default"),
        _stock("frontalface_alt", "frontalface_alt"),
        _stock("frontalface_alt2", "frontalface_alt2"),
        _stock("frontalface_alt_tree", "frontalface_alt_tree"),
        _stock("profileface", "profileface, both ways"),
        Detector(
            name="fused",
            title="cascades fused, ±15°",
            threshold=USUAL_NEIGHBOURS + 1,
            load=_load_fused,
            sources=lambda: [cascade_file(name) for name in fusion.MEMBERS],
        ),
        _hog("dlib_hog", "dlib HOG", 0),
        _hog("dlib_hog_up1", "dlib HOG, enlarged 2×", 1),
        Detector(
            name="dlib_cnn",
            title="dlib CNN, enlarged 2×",
            threshold=0.0,
            load=_load_cnn,
            sources=lambda: [_cnn_file()],
            is_learned=True,
        ),
        Detector(
            name="maskmesh",
            title="maskmesh",
            threshold=_OWN_USUAL,
            load=_load_own,
            sources=_own_files,
            is_foreign=False,
        ),
    )
}
