"""A face in, the same face with a mask out: section 3.1 of Çelik & Gören from end to end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis import drawing, geometry
from maskmesh.services.mask_synthesis.choices import RANDOM, choose
from maskmesh.services.mask_synthesis.colouring import coloured
from maskmesh.services.mask_synthesis.colours import hex_colour
from maskmesh.services.mask_synthesis.confidence import fit_confidence
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

POSITIONS: tuple[str, ...] = ("proper",)


@dataclass(frozen=True, slots=True)
class MaskedFace:
    """A face that wears a mask now.

    Attributes:
        image: uint8, same shape as the input.
        landmarks: float32 (68, 2): x, y in pixels of the input.
        quad: float32 (4, 2): the pivots top-left, top-right, bottom-right, bottom-left.
        confidence: 0 to 1: how much landmarks and picture look like a face; see `fit_confidence`.
        style: One of MASK_STYLES.
        colour: #rrggbb, of the fabric in full light.
        pattern: One of MASK_PATTERNS.
        position: How it is worn, one of POSITIONS.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    quad: NDArray[np.float32]
    confidence: float
    style: str
    colour: str
    pattern: str
    position: str


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
        pattern: str = RANDOM,
        position: str = "proper",
        seed: int = 0,
        box: Box | None = None,
        landmarks: NDArray[np.float32] | None = None,
    ) -> MaskedFace:
        """Put a mask on the face in `box`, or on a picture that is one face.

        Args:
            image: uint8, H×W gray or H×W×3 RGB; not changed.
            style: One of MASK_STYLES, or "random": chosen by the seed.
            colour: One of MASK_COLOURS, #rrggbb, or "random": chosen by the seed as such masks
                are worn.
            pattern: One of MASK_PATTERNS, or "random": chosen by the seed, mostly plain.
            position: How it is worn, one of POSITIONS.
            seed: Any integer; also gives a slight change of the mask's brightness.
            box: x, y, width, height of the face in pixels; None: the picture is the face.
            landmarks: (68, 2) x, y in pixels, if known; then nothing is predicted.

        Returns:
            The masked face, and how it was made.

        Raises:
            InvalidInputError: Image, box or landmarks have a wrong shape, dtype or place, or
                there is no such style, colour, pattern or position.
            NoFaceError: The landmarks leave no area for a mask, or it lies outside the picture.
            SetupError: Landmarks are needed, and dlib or its predictor file is missing.
        """
        check_image(image)
        if position not in POSITIONS:
            raise InvalidInputError(
                f"no mask position {position!r}: choose one of {', '.join(POSITIONS)}"
            )
        random = np.random.default_rng(seed % 2**64)
        choice = choose(style, colour, pattern, random)
        if landmarks is None:
            landmarks = self._loaded_predictor().predict(image, box)
        points = np.asarray(landmarks, dtype=np.float32)
        geometry.check_landmarks(points)
        quad = geometry.mask_pivots(points)
        lighting = face_lighting(image, points, jitter=float(random.uniform(0.90, 1.08)))
        drawn = mask_for(points, quad, choice.style, choice.pattern)
        warped = warp_mask(drawn, quad, image.shape[:2])
        mask = replace(warped, pixels=coloured(warped.pixels, choice.paint))
        return MaskedFace(
            image=overlay(image, lit(mask, lighting)),
            landmarks=points,
            quad=quad,
            confidence=fit_confidence(image, points),
            style=choice.style,
            colour=hex_colour(choice.paint.first),
            pattern=choice.pattern,
            position=position,
        )

    def _loaded_predictor(self) -> LandmarkPredictor:
        with self._loading:
            if self._predictor is None:
                self._predictor = LandmarkPredictor()
            return self._predictor


def mask_for(
    points: NDArray[np.float32], quad: NDArray[np.float32], style: str, pattern: str
) -> drawing.DrawnMask:
    """Choose the drawing for a face: its size for sharpness, its turn for perspective."""
    width = top_width(quad)
    places = geometry.between_pivots(points, quad)
    turn = drawing.turn_for(geometry.middle_line_position(places), geometry.covered_extent(places))
    # A drawing coarser than the samples looks the same: its lines are wider than that.
    size = drawing.size_for(width * min(supersampling_for(width) / 1.5, 1.25))
    return drawing.drawn_mask(style, pattern, turn, size)
