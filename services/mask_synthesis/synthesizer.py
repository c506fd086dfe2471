"""A face in, the same face with a mask out: section 3.1 of Çelik & Gören from end to end."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis import drawing, geometry
from maskmesh.services.mask_synthesis.confidence import fit_confidence
from maskmesh.services.mask_synthesis.drawing import MASK_COLOURS, MASK_STYLES
from maskmesh.services.mask_synthesis.landmarks import Box, LandmarkPredictor, check_image
from maskmesh.services.mask_synthesis.lighting import face_lighting
from maskmesh.services.mask_synthesis.overlay import (
    lit,
    overlay,
    supersampling_for,
    top_width,
    warp_mask,
)
from maskmesh.services.runtime.errors import InvalidInputError

RANDOM = "random"


@dataclass(frozen=True, slots=True)
class MaskedFace:
    """A face that wears a mask now.

    Attributes:
        image: uint8, same shape as the input.
        landmarks: float32 (68, 2): x, y in pixels of the input.
        quad: float32 (4, 2): the pivots top-left, top-right, bottom-right, bottom-left.
        confidence: 0 to 1: how much landmarks and picture look like a face; see `fit_confidence`.
        style: One of MASK_STYLES.
        colour: One of MASK_COLOURS.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    quad: NDArray[np.float32]
    confidence: float
    style: str
    colour: str


class MaskSynthesizer:
    """Puts masks on faces. Safe to share between threads; same inputs and seed, same bytes."""

    def __init__(self, predictor: LandmarkPredictor | None = None) -> None:
        """Keep a landmark predictor.

        Args:
            predictor: None loads the shipped one when it is first needed.
        """
        self._predictor = predictor
        self._loading = threading.Lock()

    def apply(
        self,
        image: NDArray[np.uint8],
        *,
        style: str = RANDOM,
        colour: str = RANDOM,
        seed: int = 0,
        box: Box | None = None,
        landmarks: NDArray[np.float32] | None = None,
    ) -> MaskedFace:
        """Put a mask on the face in `box`, or on a picture that is one face.

        Args:
            image: uint8, H×W gray or H×W×3 RGB; not changed.
            style: One of MASK_STYLES, or "random": chosen by the seed.
            colour: One of MASK_COLOURS, or "random": chosen by the seed.
            seed: Any integer; also gives a slight change of the mask's brightness.
            box: x, y, width, height of the face in pixels; None: the picture is the face.
            landmarks: (68, 2) x, y in pixels, if known; then nothing is predicted.

        Returns:
            The masked face, and how it was made.

        Raises:
            InvalidInputError: Image, box or landmarks have a wrong shape, dtype or place, or
                there is no such style or colour.
            NoFaceError: The landmarks leave no area for a mask, or it lies outside the picture.
            SetupError: Landmarks are needed, and dlib or its predictor file is missing.
        """
        check_image(image)
        _check_choice("style", style, MASK_STYLES)
        _check_choice("colour", colour, MASK_COLOURS)
        if landmarks is None:
            landmarks = self._loaded_predictor().predict(image, box)
        points = np.asarray(landmarks, dtype=np.float32)
        geometry.check_landmarks(points)
        random = np.random.default_rng(seed % 2**64)
        any_style, any_colour = random.choice(MASK_STYLES), random.choice(MASK_COLOURS)
        style = str(any_style) if style == RANDOM else style
        colour = str(any_colour) if colour == RANDOM else colour
        quad = geometry.mask_pivots(points)
        lighting = face_lighting(image, points, jitter=float(random.uniform(0.90, 1.08)))
        mask = warp_mask(mask_for(points, quad, style, colour), quad, image.shape[:2])
        return MaskedFace(
            image=overlay(image, lit(mask, lighting)),
            landmarks=points,
            quad=quad,
            confidence=fit_confidence(image, points),
            style=style,
            colour=colour,
        )

    def _loaded_predictor(self) -> LandmarkPredictor:
        with self._loading:
            if self._predictor is None:
                self._predictor = LandmarkPredictor()
            return self._predictor


def mask_for(
    points: NDArray[np.float32], quad: NDArray[np.float32], style: str, colour: str
) -> drawing.DrawnMask:
    """Choose the drawing for a face: its size for sharpness, its turn for perspective."""
    width = top_width(quad)
    places = geometry.between_pivots(points, quad)
    turn = drawing.turn_for(geometry.middle_line_position(places), geometry.covered_extent(places))
    # A drawing a third coarser than the samples looks the same: its lines are wider than that.
    size = drawing.size_for(width * supersampling_for(width) / 1.5)
    return drawing.drawn_mask(style, colour, turn, size)


def _check_choice(kind: str, choice: str, choices: tuple[str, ...]) -> None:
    if choice not in (*choices, RANDOM):
        raise InvalidInputError(
            f"no mask {kind} {choice!r}: choose one of {', '.join(choices)}, or {RANDOM}"
        )
