"""Puts a mask on each located face of a frame, live, by the synthesis service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.mesh.client import SEEDS
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import Box, Face, KnownMasks, MaskedFace
from maskmesh.services.runtime.errors import NoFaceError, NotFoundError

# Of the face's side: what surrounds the face must be seen for the landmarks, and ears for the mask.
SURROUNDINGS = 0.5


class MaskMaker(Protocol):
    """What puts a mask on a face: a MeshClient, or the same in process."""

    def apply_mask(
        self, image: Picture, box: Box | None, style: str, colour: str, seed: int
    ) -> MaskedFace:
        """Put a mask on the face in the box; see MeshClient.apply_mask."""
        ...


@dataclass(frozen=True, slots=True)
class MaskWish:
    """Which mask to put on.

    Attributes:
        style: One of the service's styles, like "surgical", or empty: chosen by the seed.
        colour: One of the service's colours, like "white", or "#rrggbb", or empty: chosen by the
            seed.
        seed: Each track gets its own mask from seed + track id.
    """

    style: str = ""
    colour: str = ""
    seed: int = 0


def check_wish(wish: MaskWish, known: KnownMasks) -> None:
    """Hold a wish against what the synthesis service knows.

    Raises:
        NotFoundError: It knows no such style or colour.
    """
    for kind, named, names in (
        ("style", wish.style, known.styles),
        ("colour", wish.colour, known.colours),
    ):
        # Of colours in digits the service itself says what is wrong with them.
        in_digits = kind == "colour" and named.startswith("#")
        if named and named not in names and not in_digits:
            raise NotFoundError(f"no mask {kind} {named!r}: choose one of {', '.join(names)}")


class FrameMasker:
    """Puts masks on all faces of a frame."""

    def __init__(self, maker: MaskMaker, wish: MaskWish) -> None:
        self._maker = maker
        self._wish = wish

    def mask(
        self, bgr: NDArray[np.uint8], faces: tuple[Face, ...]
    ) -> tuple[NDArray[np.uint8], str | None]:
        """Return a copy of the frame with masks on, and a note if a face could not be masked.

        Only the surroundings of each face cross the wire.

        Raises:
            InvalidInputError: The service knows no such style or colour.
            UnavailableError: The synthesis service does not answer.
        """
        masked = bgr.copy()
        failures: list[str] = []
        for face in faces:
            area = _surroundings(face.box, bgr.shape[0], bgr.shape[1])
            left, top, width, height = area
            x, y, face_width, face_height = face.box
            part = masked[top : top + height, left : left + width]
            rgb = np.ascontiguousarray(part[:, :, ::-1])
            inner = (x - left, y - top, face_width, face_height)
            seed = (self._wish.seed + (face.track or 0)) % SEEDS
            try:
                answer = self._maker.apply_mask(
                    rgb, inner, self._wish.style, self._wish.colour, seed
                )
            except NoFaceError as error:
                failures.append(str(error))
                continue
            part[:] = answer.image[:, :, ::-1]
        if not failures:
            return masked, None
        return masked, f"{len(failures)} of {len(faces)} faces got no mask: {failures[0]}"


def _surroundings(box: Box, rows: int, columns: int) -> Box:
    x, y, width, height = box
    extra = round(max(width, height) * SURROUNDINGS)
    left, top = max(0, x - extra), max(0, y - extra)
    right, bottom = min(columns, x + width + extra), min(rows, y + height + extra)
    return left, top, right - left, bottom - top
