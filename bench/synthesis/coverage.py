"""Which landmarks a mask covers: nose and mouth it has to, eyes never."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.choices import choose
from maskmesh.services.mask_synthesis.confidence import BAD_FIT, fit_confidence
from maskmesh.services.mask_synthesis.geometry import EYES, NOSE_AND_MOUTH, interocular_distance
from maskmesh.services.mask_synthesis.overlay import warp_mask
from maskmesh.services.mask_synthesis.pivots import mask_pivots
from maskmesh.services.mask_synthesis.synthesizer import mask_for
from maskmesh.services.runtime.errors import NoFaceError

Points = NDArray[np.float32]

# Every face is enlarged or shrunk to this distance between the eyes, so that a landmark is a pixel.
INTEROCULAR = 90.0
BORDER = 120
EVERY = range(68)
# Alpha from which skin counts as covered, and from which an eye counts as touched.
OPAQUE, TOUCHED = 128, 26
# A window lets most light through, but sends some of no colour back, which a shadow does not.
FILM = 4


@dataclass(frozen=True, slots=True)
class Coverage:
    """What masks of one style cover, as shares of landmarks.

    Attributes:
        faces: How many faces.
        nose_and_mouth: Share of the landmarks of nose and mouth that are covered; behind a clear
            window, too.
        eyes: Share of the landmarks of the eyes that a mask touches.
    """

    faces: int
    nose_and_mouth: float
    eyes: float


def covered(
    landmarks: Points, style: str, position: str = "proper", marked: Points | None = None
) -> NDArray[np.bool_]:
    """Tell for each of the 68 landmarks whether a mask covers it; of the eyes, touches it.

    Args:
        landmarks: The mask is hung on them.
        style: One of MASK_STYLES.
        position: How it is worn.
        marked: Where the landmarks really are; None: they are right.

    Raises:
        NoFaceError: The landmarks leave no area for a mask.
    """
    scale = INTEROCULAR / max(interocular_distance(landmarks), 1e-3)
    judged = landmarks if marked is None else marked
    corner = np.minimum(landmarks.min(axis=0), judged.min(axis=0))
    points, judged = (
        ((one - corner) * scale + BORDER).astype(np.float32) for one in (landmarks, judged)
    )
    columns, rows = (
        (np.ceil(np.maximum(points.max(axis=0), judged.max(axis=0))) + BORDER).astype(int).tolist()
    )
    quad = mask_pivots(points, position)
    choice = choose(style, "white", "plain", np.random.default_rng(0))
    warped = warp_mask(mask_for(points, quad, choice, position), quad, (rows, columns))
    layers = np.zeros((rows, columns, 4), np.uint8)
    height, width = warped.pixels.shape[:2]
    layers[warped.top : warped.top + height, warped.left : warped.left + width] = warped.pixels
    x, y = np.rint(judged).astype(int).T
    *_, film, alpha = layers[y, x].astype(int).T
    result = (alpha >= OPAQUE) | ((alpha >= FILM) & (2 * film > alpha))
    result[EYES] = alpha[EYES] >= TOUCHED
    return np.asarray(result)


def coverage(
    faces: Sequence[Points],
    styles: Sequence[str],
    position: str = "proper",
    marked: Sequence[Points] | None = None,
) -> dict[str, Coverage]:
    """Measure every style on all faces that have room for a mask.

    Args:
        faces: (68, 2) landmarks that masks are hung on.
        styles: Some of MASK_STYLES.
        position: How they are worn.
        marked: Where the landmarks really are; None: `faces` are right.
    """
    judged: Sequence[Points | None] = [None] * len(faces) if marked is None else marked
    pairs = list(zip(faces, judged, strict=True))
    return {style: _of_style(pairs, style, position) for style in styles}


def _of_style(pairs: Sequence[tuple[Points, Points | None]], style: str, position: str) -> Coverage:
    rows = []
    for landmarks, marked in pairs:
        with suppress(NoFaceError):
            rows.append(covered(landmarks, style, position, marked))
    told = np.array(rows).reshape(-1, len(EVERY))
    share = told.mean(axis=0) if len(told) else np.zeros(len(EVERY))
    return Coverage(len(told), float(share[NOSE_AND_MOUTH].mean()), float(share[EYES].mean()))


def well_fitting(images: Sequence[NDArray[np.uint8]], faces: Sequence[Points]) -> list[Points]:
    """Leave out faces of a bad fit."""
    pairs = zip(images, faces, strict=True)
    return [points for image, points in pairs if fit_confidence(image, points) >= BAD_FIT]
