"""Windows without a face that a cascade lets pass, found in photos around the faces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray, grow_boxes, iou_matrix
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.face_location.search import search_windows
from maskmesh.training.location.photos import Photo

LARGEST_SIDE = 480
MAX_FACE_IOU = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A picture and where in it no negative may be taken."""

    gray: NDArray[np.uint8]
    taboo: FloatArray


def backgrounds(photos: Sequence[Photo], seed: int) -> Iterator[Background]:
    """Yield photos without end: scaled, mirrored, turned by quarters, in random order."""
    random = np.random.default_rng(seed)
    while True:
        for index in random.permutation(len(photos)):
            photo = photos[index]
            scale = LARGEST_SIDE * random.uniform(0.35, 1.0) / max(photo.gray.shape)
            size = (
                max(24, round(photo.gray.shape[1] * scale)),
                max(24, round(photo.gray.shape[0] * scale)),
            )
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            gray = np.asarray(cv2.resize(photo.gray, size, interpolation=method))
            taboo = np.concatenate([photo.faces, photo.ignored]) * scale
            if random.random() < 0.5:
                gray = gray[:, ::-1]
                taboo = taboo.copy()
                taboo[:, 0] = gray.shape[1] - taboo[:, 0] - taboo[:, 2]
            # A face that is turned far enough is none that should be found.
            turns = int(random.choice(4, p=[0.55, 0.15, 0.15, 0.15]))
            for _ in range(turns):
                taboo = _quarter_turn(taboo, gray.shape[1])
                gray = np.rot90(gray)
            yield Background(np.ascontiguousarray(gray), taboo)


@dataclass(frozen=True, slots=True)
class Mining:
    """What windows are wanted.

    Attributes:
        window: Side of the windows in pixels.
        share: Side of a window ÷ side of a face.
        count: How many.
        most_pictures: Where to stop all the same.
        seed: Of the choice among a picture's windows.
        patch: Side of the patches to cut in pixels, and side of what they show ÷ side of the
            window; None: the windows themselves.
    """

    window: int
    share: float
    count: int
    most_pictures: int = 6_000
    seed: int = 0
    patch: tuple[int, float] | None = None


def mine(
    source: Iterator[Background], cascade: cv2.CascadeClassifier | None, wanted: Mining
) -> tuple[NDArray[np.uint8], float]:
    """Collect windows without a face that a cascade lets pass.

    Args:
        source: Backgrounds.
        cascade: What the windows have to pass; None: nothing.
        wanted: How many, and how they are cut.

    Returns:
        uint8 N×S×S, N up to the count wanted, and the windows a picture.
    """
    size, grow = wanted.patch or (wanted.window, 1.0)
    random = np.random.default_rng(wanted.seed)
    found: list[NDArray[np.uint8]] = []
    total, seen, taken = 0, 0, 0
    most_of_one = max(4, wanted.count // 300)
    for background in source:
        boxes = _windows(background, cascade, wanted.window, random)
        boxes = boxes[_far_from_faces(boxes, background.taboo, wanted.share)]
        total, seen = total + len(boxes), seen + 1
        if len(boxes) > most_of_one:
            boxes = boxes[random.choice(len(boxes), most_of_one, replace=False)]
        found.append(Pyramid(background.gray).patches(grow_boxes(boxes, grow), size))
        taken += len(boxes)
        if taken >= wanted.count or seen >= wanted.most_pictures:
            break
    return np.concatenate(found)[: wanted.count], total / seen


def _windows(
    background: Background,
    cascade: cv2.CascadeClassifier | None,
    window: int,
    random: np.random.Generator,
) -> FloatArray:
    height, width = background.gray.shape
    if cascade is not None:
        return search_windows(Pyramid(background.gray), cascade, window, (window, width))
    sides = np.exp(random.uniform(np.log(window), np.log(min(height, width)), 200))
    x, y = random.uniform(0, width - sides), random.uniform(0, height - sides)
    return np.stack([x, y, sides, sides], axis=1)


def _far_from_faces(boxes: FloatArray, faces: FloatArray, share: float) -> NDArray[np.bool_]:
    shrunk = grow_boxes(faces, share)
    return np.asarray(iou_matrix(boxes, shrunk).max(axis=1, initial=0.0) < MAX_FACE_IOU)


def _quarter_turn(boxes: FloatArray, width: int) -> FloatArray:
    # Counterclockwise, as numpy's rot90: what was right is on top.
    x, y, box_width, box_height = boxes.T
    return np.stack([y, width - x - box_width, box_height, box_width], axis=1)
