"""What the mesh answers, as plain Python values without gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.expressions import EXPRESSIONS

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture; x and y from 0 at the top left."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that was located.

    Attributes:
        box: From the middle of the forehead to the chin, wholly inside the picture.
        score: Above 0 to 1; comparable between faces, not a calibrated probability.
        source: "face" if a search of the whole picture found it, "track" if it was found where a
            face known from the frames before was expected.
        track: From 1, the same for the same face through one stream; None outside of streams.
    """

    box: Box
    score: float
    source: Literal["face", "track"] = "face"
    track: int | None = None


@dataclass(frozen=True, slots=True)
class FrameFaces:
    """The answer to one frame of a stream.

    Attributes:
        faces: Lowest track first; empty if there is none, or if there is a problem.
        problem: Why this frame could not be used, in one line; None if it could.
        milliseconds: From sending the frame to receiving the answer.
    """

    faces: tuple[Face, ...]
    problem: str | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Expression:
    """What one face expresses.

    Attributes:
        label: The most probable of EXPRESSIONS.
        probabilities: Seven, each 0 to 1, summing to 1, in the order of EXPRESSIONS.
        mask_probability: 0 to 1: how probable it is that the face wears a mask.
        model_name: Name of the model that answered.
        model_version: Version of the model that answered.
    """

    label: str
    probabilities: tuple[float, ...]
    mask_probability: float
    model_name: str = ""
    model_version: str = ""

    @property
    def by_label(self) -> dict[str, float]:
        """The probabilities by class label, in the order of EXPRESSIONS."""
        return dict(zip(EXPRESSIONS, self.probabilities, strict=True))

    @property
    def confidence(self) -> float:
        """The probability of the label."""
        return self.probabilities[EXPRESSIONS.index(self.label)]


@dataclass(frozen=True, slots=True)
class KnownMasks:
    """Which masks the synthesis service can put on.

    Attributes:
        styles: Names of styles.
        colours: Names of colours; any other is given as "#rrggbb".
        patterns: Names of patterns.
        positions: Names of wearing positions.
    """

    styles: tuple[str, ...]
    colours: tuple[str, ...]
    patterns: tuple[str, ...]
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaskedFace:
    """A picture whose face wears a mask now.

    Attributes:
        image: uint8, of the size of the picture that was sent; H×W if that was gray, else H×W×3
            in R, G, B order.
        landmarks: float32 (68, 2): x, y in pixels, iBUG 300-W order.
        quad: float32 (4, 2): the pivots top left, top right, bottom right, bottom left.
        confidence: 0 to 1; below 0.5 the fit is doubtful.
        style: Which style was used.
        colour: Which colour was used, "#rrggbb".
        pattern: Which pattern was used.
        position: How it is worn.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    quad: NDArray[np.float32]
    confidence: float
    style: str
    colour: str
    pattern: str
    position: str
