"""A face in, the same face with a mask out: section 3.1 of Çelik & Gören from end to end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis import drawing, pivots
from maskmesh.services.mask_synthesis.choices import RANDOM, Choice, choose
from maskmesh.services.mask_synthesis.colouring import coloured, is_colourless
from maskmesh.services.mask_synthesis.colours import hex_colour
from maskmesh.services.mask_synthesis.confidence import fit_confidence
from maskmesh.services.mask_synthesis.geometry import check_landmarks
from maskmesh.services.mask_synthesis.landmarks import Box, LandmarkPredictor, check_image
from maskmesh.services.mask_synthesis.lighting import face_lighting, lit
from maskmesh.services.mask_synthesis.overlay import (
    overlay,
    top_width,
    warp_mask,
)
from maskmesh.services.mask_synthesis.picture_drawing import drawn_picture
from maskmesh.services.mask_synthesis.positions import (
    POSITIONS,
    PROPER,
    check_position,
    choose_position,
)
from maskmesh.services.mask_synthesis.user_masks import UserMask
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.observing.metrics import timed

__all__ = ["POSITIONS", "MaskSynthesizer", "MaskedFace", "mask_for"]

# Widths of masks up to which a drawing has at least so many pixels for each of the mask's.
DRAWN_PER_PIXEL = ((64.0, 1.25), (128.0, 1.0))
DRAWN_PER_PIXEL_BEYOND = 0.8


@dataclass(frozen=True, slots=True)
class MaskedFace:
    """A face that wears a mask now.

    Attributes:
        image: uint8, same shape as the input.
        landmarks: float32 (68, 2): x, y in pixels of the input.
        quad: float32 (4, 2): the pivots top-left, top-right, bottom-right, bottom-left.
        confidence: 0 to 1: how much landmarks and picture look like a face; see `fit_confidence`.
        style: One of MASK_STYLES, or the name of a user's mask.
        colour: #rrggbb, of the fabric in full light; of a user's mask the mean of its picture.
        pattern: One of MASK_PATTERNS; of a user's mask "picture".
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

    def __init__(
        self, predictor: LandmarkPredictor | None = None, masks: Sequence[UserMask] = ()
    ) -> None:
        """Keep a landmark predictor and masks.

        Args:
            predictor: None loads the shipped one when it is first needed.
            masks: Masks of the user's own, which become styles; see `read_user_mask`.

        Raises:
            InvalidInputError: Two masks have the same name.
        """
        self._own = {mask.name: mask for mask in masks}
        if len(self._own) < len(masks):
            raise InvalidInputError(
                f"two of the masks {', '.join(mask.name for mask in masks)} have the same name: "
                'set another "name" in the JSON of one'
            )
        self._predictor = predictor
        self._loading = threading.Lock()

    def apply(
        self,
        image: NDArray[np.uint8],
        *,
        style: str = RANDOM,
        colour: str = RANDOM,
        pattern: str = RANDOM,
        position: str = PROPER,
        seed: int = 0,
        box: Box | None = None,
        landmarks: NDArray[np.float32] | None = None,
    ) -> MaskedFace:
        """Put a mask on the face in `box`, or on a picture that is one face.

        Args:
            image: uint8, H×W gray or H×W×3 RGB; not changed.
            style: One of MASK_STYLES, the name of a user's mask, or "random": one of MASK_STYLES,
                chosen by the seed.
            colour: One of MASK_COLOURS, #rrggbb, or "random": chosen by the seed as such masks
                are worn. A gray picture, RGB or not, gets a gray mask.
            pattern: One of MASK_PATTERNS, or "random": chosen by the seed, mostly plain.
            position: How it is worn, one of POSITIONS, or "random": chosen by the seed, mostly
                properly.
            seed: Any integer; also gives a slight change of the mask's brightness.
            box: x, y, width, height of the face in pixels; None: the picture is the face.
            landmarks: (68, 2) x, y in pixels, if known; then nothing is predicted.

        Returns:
            The masked face, and how it was made.

        Raises:
            InvalidInputError: Image, box or landmarks have a wrong shape, dtype or place, or
                there is no such style, colour, pattern or position, or a user's mask is to have a
                colour or a pattern.
            NoFaceError: The landmarks leave no area for a mask, or it lies outside the picture.
            SetupError: Landmarks are needed, and the predictor file is missing.
        """
        check_image(image)
        check_position(position)
        random = np.random.default_rng(seed % 2**64)
        choice = choose(style, colour, pattern, random, self._own)
        if landmarks is None:
            predictor = self._loaded_predictor()
            with timed("landmarks"):
                landmarks = predictor.predict(image, box)
        points = np.asarray(landmarks, dtype=np.float32)
        check_landmarks(points)
        jitter = float(random.uniform(0.90, 1.08))
        worn = choose_position(position, float(random.random()))
        with timed("draw"):
            quad = pivots.mask_pivots(points, worn)
            lighting = face_lighting(image, points, jitter)
            drawn = mask_for(points, quad, choice, worn)
            warped = warp_mask(drawn, quad, image.shape[:2])
            pixels = coloured(warped.pixels, choice.paint, is_colourless(image))
            masked = overlay(image, lit(replace(warped, pixels=pixels), lighting))
        return MaskedFace(
            image=masked,
            landmarks=points,
            quad=quad,
            confidence=fit_confidence(image, points),
            style=choice.style,
            colour=hex_colour(choice.colour),
            pattern=choice.pattern,
            position=worn,
        )

    def find_landmarks(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Box | None]
    ) -> NDArray[np.float32]:
        """Predict the landmarks of many faces at a time; see `LandmarkPredictor.predict_many`.

        Args:
            images: N pictures.
            boxes: N boxes, or None where the picture is the face.

        Returns:
            float32 (N, 68, 2), to be handed to `apply`.

        Raises:
            InvalidInputError: An image or a box cannot be used; see `check_face`.
            SetupError: The predictor file is missing.
        """
        predictor = self._loaded_predictor()
        with timed("landmarks"):
            return predictor.predict_many(images, boxes)

    def _loaded_predictor(self) -> LandmarkPredictor:
        with self._loading:
            if self._predictor is None:
                self._predictor = LandmarkPredictor()
            return self._predictor


def mask_for(
    points: NDArray[np.float32], quad: NDArray[np.float32], choice: Choice, position: str = PROPER
) -> drawing.DrawnMask:
    """Choose the drawing for a face: its size for sharpness, its turn for perspective."""
    width = top_width(quad)
    places = pivots.between_pivots(points, quad)
    middle = pivots.middle_line_position(places, position)
    turn = drawing.turn_for(middle, pivots.covered_extent(places, position))
    finer = (share for limit, share in DRAWN_PER_PIXEL if width <= limit)
    size = drawing.size_for(width * next(finer, DRAWN_PER_PIXEL_BEYOND))
    if choice.own is not None:
        return drawn_picture(choice.own, turn, size)
    return drawing.drawn_mask(choice.style, choice.pattern, turn, size, position)
