"""A box as a detector returned it, and what returns such boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Found(NamedTuple):
    """A box, in pixels, framed as its detector frames faces.

    Attributes:
        x: Left border.
        y: Upper border.
        width: Of the box.
        height: Of the box.
        score: Higher is surer.
        part: Which part of the detector placed it, where parts frame faces in different ways.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    part: str = ""


GrayArray = NDArray[np.uint8]
Search = Callable[[GrayArray], list[Found]]


class Searches(NamedTuple):
    """A detector, loaded.

    Attributes:
        lenient: For the curve: returns boxes below the usual threshold too.
        usual: As one would call it; this is what is timed.
    """

    lenient: Search
    usual: Search
