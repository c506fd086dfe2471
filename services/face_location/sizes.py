"""Sizes of the pictures and windows that the detector searches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchSizes:
    """Sizes of pictures and windows in the searches, in pixels; margins as shares of a side.

    Attributes:
        coarse_side: Longer side of the picture in which large faces are looked for.
        coarse_margin: Of that picture.
        fine_side: Longer side of the picture in which small faces are looked for.
        smallest_window: Side of the smallest face in either picture.
        eyes_side: Longer side of the picture in which eyes are looked for.
        eyes_margin: Of that picture.
        eye_windows: Smallest and largest width of an eye there.
        detail_side: Longer side to which a larger picture is reduced before anything else.
    """

    coarse_side: int = 160
    coarse_margin: float = 0.25
    fine_side: int = 320
    smallest_window: int = 24
    eyes_side: int = 256
    eyes_margin: float = 0.08
    eye_windows: tuple[int, int] = (18, 90)
    detail_side: int = 1024
