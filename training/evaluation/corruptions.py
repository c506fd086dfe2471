"""What happens to pictures on their way: blur, noise, bad light, JPEG, and crops that sit badly.

Each at three strengths, as Hendrycks & Dietterich 2019, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", have five; their levels are for larger pictures, these for
faces of 48 pixels. A picture is corrupted after the mask is put on, as a camera would do it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.pictures import decode_picture, encode_jpeg

Face = NDArray[np.uint8]
Corrupt = Callable[[Face, float, np.random.Generator], Face]
STRENGTHS = (1, 2, 3)
# Of display encoding: light is the gray level to this power.
GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way in which pictures get worse.

    Attributes:
        name: What it is called in reports.
        unit: What a level means.
        levels: The level of strength 1, 2 and 3.
        apply: Makes a new face of a face, uint8 [H, W], a level, and what decides by chance.
    """

    name: str
    unit: str
    levels: tuple[float, float, float]
    apply: Corrupt


def corrupted(
    faces: NDArray[np.uint8], corruption: Corruption, level: float, seed: int
) -> NDArray[np.uint8]:
    """Corrupt faces, each by a chance of its own.

    The same seed and row give the same noise and the same direction at every level, on masked and
    on unmasked faces, so that only what is compared differs.

    Args:
        faces: uint8 [N, H, W]; not changed.
        corruption: One of CORRUPTIONS.
        level: In the corruption's unit.
        seed: Of all chances.

    Returns:
        uint8 [N, H, W].
    """
    out = np.empty_like(faces)
    for row, face in enumerate(faces):
        out[row] = corruption.apply(face, level, np.random.default_rng([seed, row]))
    return out


def _blurred(face: Face, sigma: float, _: np.random.Generator) -> Face:
    return _as_face(cv2.GaussianBlur(face, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def _noisy(face: Face, sigma: float, random: np.random.Generator) -> Face:
    return _rounded(face + sigma * random.standard_normal(face.shape))


def _exposed(face: Face, stops: float, _: np.random.Generator) -> Face:
    return _rounded(face * 2.0 ** (stops / GAMMA))


def _darkened(face: Face, stops: float, random: np.random.Generator) -> Face:
    return _exposed(face, -stops, random)


def _flattened(face: Face, share: float, _: np.random.Generator) -> Face:
    middle = float(face.mean())
    return _rounded(middle + (face - middle) * share)


def _compressed(face: Face, quality: float, _: np.random.Generator) -> Face:
    return decode_picture(encode_jpeg(face, int(quality)), "L")


def _shifted(face: Face, share: float, random: np.random.Generator) -> Face:
    direction = random.uniform(0.0, 2 * np.pi)
    side = face.shape[0]
    return _cropped(face, 1.0, side * share * np.cos(direction), side * share * np.sin(direction))


def _scaled(face: Face, share: float, random: np.random.Generator) -> Face:
    return _cropped(face, 1.0 + share * random.choice((-1, 1)), 0.0, 0.0)


def _cropped(face: Face, scale: float, right: float, down: float) -> Face:
    """Cut a crop of `scale` times the side, moved by pixels; edges repeat beyond the picture."""
    middle = (face.shape[0] - 1) / 2
    start = middle - scale * middle
    matrix = np.array([[scale, 0.0, start + right], [0.0, scale, start + down]])
    return _as_face(
        cv2.warpAffine(
            face,
            matrix,
            face.shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _rounded(values: NDArray[np.floating]) -> Face:
    return _as_face(np.clip(np.rint(values), 0, 255))


def _as_face(pixels: NDArray[np.generic]) -> Face:
    return np.asarray(pixels, np.uint8)


CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption("blur", "sigma of a Gaussian, in pixels", (0.8, 1.4, 2.2), _blurred),
    Corruption("noise", "sigma of Gaussian noise, in gray levels of 255", (8, 16, 32), _noisy),
    Corruption("darker", "stops less light", (1, 2, 3), _darkened),
    Corruption("brighter", "stops more light, cut at white", (0.5, 1, 1.5), _exposed),
    Corruption("low contrast", "share of the contrast that is left", (0.6, 0.4, 0.2), _flattened),
    Corruption("JPEG", "quality of 100", (40, 20, 10), _compressed),
    Corruption(
        "crop shift", "share of the side, in a random direction", (0.05, 0.1, 0.15), _shifted
    ),
    Corruption("crop scale", "share larger or smaller, by chance", (0.1, 0.2, 0.3), _scaled),
)
