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
        eyes_side: Longer side of the picture in which eyes are looked for, where no face was found.
        eyes_side_beside_faces: The same, where faces were found and others may be missing.
        eyes_margin: Of that picture.
        smallest_eye: Width of the smallest eye in that picture.
        largest_eye: Width of the largest eye, as a share of the picture's longer side.
        detail_side: Longer side to which a larger picture is reduced before anything else.
    """

    coarse_side: int = 200
    coarse_margin: float = 0.2
    fine_side: int = 320
    smallest_window: int = 24
    eyes_side: int = 384
    eyes_side_beside_faces: int = 256
    eyes_margin: float = 0.08
    smallest_eye: int = 18
    largest_eye: float = 0.35
    detail_side: int = 1024
