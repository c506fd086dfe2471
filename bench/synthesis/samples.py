"""Faces drawn by lot from a zip or a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.inputs import PictureInputs
from maskmesh.services.runtime.errors import MaskmeshError
from maskmesh.services.runtime.pictures import decode_picture


def sample(path: Path, count: int, seed: int, prefix: str = "") -> list[NDArray[np.uint8]]:
    """Draw pictures by lot; what cannot be read is passed over.

    Args:
        path: Zip or folder.
        count: How many, fewer if there are fewer.
        seed: Decides the lot.
        prefix: Of the files' paths; where none begins so, all are taken.

    Returns:
        uint8 H×W gray or H×W×3 RGB pictures.

    Raises:
        NotFoundError: There are no pictures.
    """
    faces: list[NDArray[np.uint8]] = []
    with PictureInputs(path) as inputs:
        named = [one for one in inputs.pictures if one.file.startswith(prefix)]
        pictures = named or inputs.pictures
        for index in np.random.default_rng(seed).permutation(len(pictures)):
            if len(faces) == count:
                break
            try:
                faces.append(decode_picture(pictures[index].read(), "keep"))
            except MaskmeshError:
                continue
    return faces
