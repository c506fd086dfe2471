"""The steps of section 3.1 of Çelik & Gören on one face, each kept so that it can be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis import geometry, pivots
from maskmesh.services.mask_synthesis.choices import choose
from maskmesh.services.mask_synthesis.colouring import coloured
from maskmesh.services.mask_synthesis.lighting import face_lighting, lit
from maskmesh.services.mask_synthesis.overlay import WarpedMask, overlay, warp_mask
from maskmesh.services.mask_synthesis.patterns import PLAIN
from maskmesh.services.mask_synthesis.synthesizer import mask_for

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Steps:
    """What the algorithm has after each step.

    Attributes:
        picture: uint8 H×W×3 RGB: the face.
        landmarks: float32 (68, 2): x, y in pixels.
        ratios: Yaw, pitch and roll from distances between landmarks.
        quad: float32 (4, 2): the pivots.
        without_homography: The mask pasted into the pivots' rectangle: wrong perspective.
        with_homography: The same mask, warped to the pivots: right perspective, before the light.
        crop: uint8 h×w×4 RGBA, not multiplied by alpha: the warped mask, cut to what is seen of it.
        masked: The final overlay, lit as the face is.
    """

    picture: Picture
    landmarks: NDArray[np.float32]
    ratios: geometry.FaceRatios
    quad: NDArray[np.float32]
    without_homography: Picture
    with_homography: Picture
    crop: Picture
    masked: Picture


def take_steps(picture: Picture, landmarks: NDArray[np.float32], style: str, colour: str) -> Steps:
    """Put a mask on a face, step by step.

    Args:
        picture: uint8 H×W×3 RGB.
        landmarks: (68, 2) x, y in pixels.
        style: One of MASK_STYLES.
        colour: One of MASK_COLOURS.
    """
    quad = pivots.mask_pivots(landmarks)
    choice = choose(style, colour, PLAIN, np.random.default_rng(0), {})
    drawn = mask_for(landmarks, quad, choice)

    def warped_to(corners: NDArray[np.float32]) -> WarpedMask:
        warped = warp_mask(drawn, corners, picture.shape[:2])
        return replace(warped, pixels=coloured(warped.pixels, choice.paint))

    warped = warped_to(quad)
    return Steps(
        picture=picture,
        landmarks=landmarks,
        ratios=geometry.face_ratios(landmarks),
        quad=quad,
        without_homography=overlay(picture, warped_to(_rectangle_around(quad))),
        with_homography=overlay(picture, warped),
        crop=_straight(warped),
        masked=overlay(picture, lit(warped, face_lighting(picture, landmarks))),
    )


def _rectangle_around(quad: NDArray[np.float32]) -> NDArray[np.float32]:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return np.array(corners, dtype=np.float32)


def _straight(mask: WarpedMask) -> Picture:
    """Undo the multiplication by alpha."""
    alpha = mask.pixels[..., 3:].astype(np.float32)
    colour = np.clip(mask.pixels[..., :3] * 255.0 / np.maximum(alpha, 1.0), 0, 255)
    return np.concatenate([colour, alpha], axis=2).round().astype(np.uint8)
