"""OpenCV's stock Haar cascades, whole or made lenient, loaded once a thread.

Viola and Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001: a
window is a face when it passes every stage. The later stages tell faces from things that resemble
them, and they do it mostly by mouth and nose, which a mask covers: without them the cascade
proposes masked faces too, and something else must tell those from the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import cv2
import cv2.data
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray
from maskmesh.services.runtime.errors import SetupError


class CascadeName(NamedTuple):
    """One of OpenCV's cascade files and how much of it is used.

    Attributes:
        name: Of the file, without "haarcascade_" and ".xml".
        dropped: How many of the last stages are left out.
    """

    name: str
    dropped: int = 0


class Cascade:
    """A loaded cascade. Not for use by two threads at a time, as OpenCV's classifier is not."""

    def __init__(self, name: CascadeName, folder: Path | None = None) -> None:
        """Load a cascade.

        Args:
            name: Which one.
            folder: Where the files are; None: those that OpenCV ships.

        Raises:
            SetupError: The file is missing, no cascade, or has too few stages.
        """
        self._classifier = _load(name, folder or Path(cv2.data.haarcascades))

    def search(
        self,
        gray: NDArray[np.uint8],
        sizes: tuple[float, float],
        step: float = 1.1,
        support: int = 1,
    ) -> tuple[FloatArray, FloatArray]:
        """Return the windows of a picture that pass, grouped where they overlap.

        Args:
            gray: uint8 H×W.
            sizes: Smallest and largest width of a window, in pixels.
            step: Ratio between one window size and the next, above 1.
            support: Fewest overlapping windows that make a group.

        Returns:
            float64 N×4 boxes, x, y, width, height, and float64 N, the windows in each group.
        """
        smallest, largest = int(sizes[0]), int(sizes[1])
        if smallest > largest or smallest > min(gray.shape):
            return np.zeros((0, 4)), np.zeros(0)
        boxes, counts = self._classifier.detectMultiScale2(
            gray, step, support, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
        return np.array(boxes, np.float64).reshape(-1, 4), np.array(counts, np.float64).reshape(-1)


class CascadesOfThread:
    """Named cascades, loaded for each thread that asks for them."""

    def __init__(self, names: Mapping[str, CascadeName], folder: Path | None = None) -> None:
        """Load the cascades for this thread.

        Args:
            names: What each is called by its users.
            folder: Where the files are; None: those that OpenCV ships.

        Raises:
            SetupError: A cascade cannot be loaded.
        """
        self._names = names
        self._folder = folder
        self._local = threading.local()
        self.get()

    def get(self) -> Mapping[str, Cascade]:
        """Return this thread's cascades."""
        loaded: Mapping[str, Cascade] | None = getattr(self._local, "loaded", None)
        if loaded is None:
            loaded = {key: Cascade(name, self._folder) for key, name in self._names.items()}
            self._local.loaded = loaded
        return loaded


def _load(name: CascadeName, folder: Path) -> cv2.CascadeClassifier:
    path = folder / f"haarcascade_{name.name}.xml"
    if not path.is_file():
        raise SetupError(
            f"OpenCV's cascade file is missing at {path}: install opencv-python-headless>=4.14,<5"
        )
    classifier = cv2.CascadeClassifier()
    try:
        storage = cv2.FileStorage(
            _without_last_stages(path, name.dropped),
            cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY,
        )
        loaded = classifier.read(storage.getFirstTopLevelNode())
    except (cv2.error, SystemError, ElementTree.ParseError) as error:
        raise SetupError(_damaged(path)) from error
    if not loaded:
        raise SetupError(_damaged(path))
    return classifier


def _without_last_stages(path: Path, dropped: int) -> str:
    text = path.read_text(encoding="utf-8")
    if not dropped:
        return text
    root = ElementTree.fromstring(text)  # noqa: S314 - OpenCV's own file
    cascade = root.find("cascade")
    stages = None if cascade is None else cascade.find("stages")
    number = None if cascade is None else cascade.find("stageNum")
    if stages is None or number is None or dropped >= len(stages):
        raise SetupError(f"{path} has not more than {dropped} stages: reinstall OpenCV")
    for stage in list(stages)[-dropped:]:
        stages.remove(stage)
    number.text = str(len(stages))
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _damaged(path: Path) -> str:
    return f"{path} is no cascade that OpenCV can read: reinstall opencv-python-headless>=4.14,<5"
