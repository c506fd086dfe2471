"""Squares that may be faces: from a lenient cascade of whole faces, and from pairs of eyes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.candidates import Candidate, boxes_of
from maskmesh.services.face_location.cascades import Cascade, CascadeName
from maskmesh.services.face_location.eyes import pair_eyes
from maskmesh.services.face_location.patches import scale_picture
from maskmesh.services.face_location.sizes import SearchSizes
from maskmesh.services.face_location.suppression import suppress

# Small windows are many, and most of them wrong: they have to pass more stages.
PROPOSING_CASCADES = {
    "propose large": CascadeName("frontalface_alt2", dropped=11),
    "propose small": CascadeName("frontalface_alt2", dropped=8),
}
EYE_CASCADES = {
    # OpenCV names eyes as their owner does: the right one is left in the picture.
    "eye left": CascadeName("righteye_2splits"),
    "eye right": CascadeName("lefteye_2splits"),
}
SMALL_FACE_SUPPORT = 2
MAX_ENLARGEMENT = 4.0


def propose_by_face(
    gray: NDArray[np.uint8], cascades: Mapping[str, Cascade], sizes: SearchSizes
) -> list[Candidate]:
    """Propose squares by a cascade of whole faces: large ones coarsely, small ones finely.

    Args:
        gray: uint8 H×W.
        cascades: Loaded for this thread, by the names in `PROPOSING_CASCADES`.
        sizes: Of the pictures and windows.

    Returns:
        Candidates in pixels of the picture; many are no faces, and several may be the same face.
    """
    coarse = scale_picture(gray, sizes.coarse_side, sizes.coarse_margin, MAX_ENLARGEMENT)
    windows: tuple[float, float] = sizes.smallest_window, max(coarse.pixels.shape)
    boxes, _ = cascades["propose large"].search(coarse.pixels, windows)
    found = [coarse.to_original(boxes)]
    fine = scale_picture(gray, sizes.fine_side, max_scale=MAX_ENLARGEMENT)
    windows = sizes.smallest_window, sizes.smallest_window * fine.scale / coarse.scale
    if windows[1] > windows[0]:
        small = cascades["propose small"]
        boxes, _ = small.search(fine.pixels, windows, support=SMALL_FACE_SUPPORT)
        found.append(fine.to_original(boxes))
    return [
        Candidate(x + side / 2, y + side / 2, side)
        for x, y, side, _ in np.concatenate(found).tolist()
    ]


def propose_by_eyes(
    gray: NDArray[np.uint8],
    cascades: Mapping[str, Cascade],
    sizes: SearchSizes,
    *,
    beside_faces: bool,
) -> list[Candidate]:
    """Propose the faces of every two eyes that could belong together.

    Args:
        gray: uint8 H×W.
        cascades: Loaded for this thread, by the names in `EYE_CASCADES`.
        sizes: Of the pictures and windows.
        beside_faces: Whether faces were found already, and a coarser look is enough.

    Returns:
        Candidates in pixels of the picture, the better supported first.
    """
    side = sizes.eyes_side_beside_faces if beside_faces else sizes.eyes_side
    picture = scale_picture(gray, side, sizes.eyes_margin, MAX_ENLARGEMENT)
    windows = sizes.smallest_eye, sizes.largest_eye * side
    found = [cascades[name].search(picture.pixels, windows) for name in EYE_CASCADES]
    eyes = picture.to_original(np.concatenate([boxes for boxes, _ in found]))
    pairs = pair_eyes(eyes, np.concatenate([counts for _, counts in found]))
    support = np.array([pair.weaker_eye for pair in pairs])
    return [pairs[index] for index in suppress(boxes_of(pairs), support, max_iou=0.6)]
