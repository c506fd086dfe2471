"""The detectors that are compared, all behind one interface."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cv2

import maskmesh.services.face_location
from maskmesh.bench.location import cascades, dlib_faces, fusion
from maskmesh.bench.location.cascades import USUAL_COUNT, cascade_file, load_cascade
from maskmesh.bench.location.found import Found, GrayArray, Search, Searches
from maskmesh.services.face_location.detector import HaarFaceDetector
from maskmesh.services.runtime.errors import NotFoundError

_OWN_LENIENT, _OWN_USUAL = 0.05, 0.5
_BESIDE_THE_DETECTOR = {"tracking", "servicer.py", "settings.py", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Detector:
    """A way to find faces.

    Attributes:
        name: What the user calls it.
        title: What tables and plots call it.
        threshold: Boxes that its usual call returns have at least this score.
        load: Builds it; raises SetupError where something that it needs is missing.
        sources: Files whose contents decide what it finds, code and models.
        is_foreign: Whether it frames faces in a way of its own, which is to be corrected.
        is_learned: Whether it is a large neural network, too slow for every run.
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
        libraries = f"{cv2.__version__} {version('dlib-bin')} {_OWN_LENIENT}"
        digest = hashlib.sha256(f"{self.name} {libraries}".encode())
        for file in sorted(self.sources()):
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:16]


def choose_detectors(names: list[str] | None, learned: bool) -> list[Detector]:
    """Return the detectors of these names; None takes all, learned ones only if wanted.

    Raises:
        NotFoundError: There is no detector of a name.
    """
    if names is None:
        return [one for one in DETECTORS.values() if learned or not one.is_learned]
    unknown = [name for name in names if name not in DETECTORS]
    if unknown:
        raise NotFoundError(f"no detector {', '.join(unknown)}: choose from {', '.join(DETECTORS)}")
    return [DETECTORS[name] for name in dict.fromkeys(names)]


def _load_own() -> Searches:
    def searcher(min_score: float) -> Search:
        detector = HaarFaceDetector(min_score=min_score)

        def search(gray: GrayArray) -> list[Found]:
            found = []
            for one in detector.detect(gray):
                x, y, width, height = map(float, one.box)
                found.append(Found(x, y, width, height, one.score))
            return found

        return search

    return Searches(lenient=searcher(_OWN_LENIENT), usual=searcher(_OWN_USUAL))


def _own_files() -> Iterable[Path]:
    folder = Path(maskmesh.services.face_location.__path__[0])
    files = (file for file in folder.rglob("*") if file.is_file())
    return (file for file in files if not _BESIDE_THE_DETECTOR & set(file.parts))


def _stock(name: str, title: str) -> Detector:
    return Detector(
        name,
        title,
        USUAL_COUNT,
        load=lambda: load_cascade(name),
        sources=lambda: [Path(cascades.__file__), cascade_file(name)],
    )


def _fused() -> Detector:
    code = [Path(cascades.__file__), Path(fusion.__file__)]
    return Detector(
        "fused",
        "cascades fused, ±15°",
        USUAL_COUNT,
        load=fusion.load_fused,
        sources=lambda: code + [cascade_file(name) for name in fusion.MEMBERS],
    )


def _hog(name: str, title: str, doublings: int) -> Detector:
    return Detector(
        name,
        title,
        dlib_faces.USUAL_SCORE,
        load=lambda: dlib_faces.load_hog(doublings),
        sources=lambda: [Path(dlib_faces.__file__)],
    )


def _cnn() -> Detector:
    return Detector(
        "dlib_cnn",
        "dlib CNN, enlarged 2×",
        dlib_faces.USUAL_SCORE,
        load=dlib_faces.load_cnn,
        sources=lambda: [Path(dlib_faces.__file__), dlib_faces.cnn_file()],
        is_learned=True,
    )


def _own() -> Detector:
    return Detector("maskmesh", "maskmesh", _OWN_USUAL, _load_own, _own_files, is_foreign=False)


DETECTORS: dict[str, Detector] = {
    one.name: one
    for one in (
        _stock("frontalface_default", "frontalface_default"),
        _stock("frontalface_alt", "frontalface_alt"),
        _stock("frontalface_alt2", "frontalface_alt2"),
        _stock("frontalface_alt_tree", "frontalface_alt_tree"),
        _stock("profileface", "profileface, both ways"),
        _fused(),
        _hog("dlib_hog", "dlib HOG", 0),
        _hog("dlib_hog_up1", "dlib HOG, enlarged 2×", 1),
        _cnn(),
        _own(),
    )
}
