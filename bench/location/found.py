"""A box as a detector returned it."""

from __future__ import annotations

from typing import NamedTuple


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
