"""Inputs whose reading takes longer than another thread takes to take over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.preparation import prepare_faces
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.observing.metrics import timed
from maskmesh.services.runtime.pictures import PictureLimits, decode_picture


@dataclass(frozen=True, slots=True)
class Pictures:
    """Encoded pictures of faces, one a face."""

    encoded: list[bytes]

    def __len__(self) -> int:
        """How many faces."""
        return len(self.encoded)

    def read(self, side: int, limits: PictureLimits) -> NDArray[np.uint8]:
        """Decode them to an array N × side × side × 1.

        Raises:
            InvalidInputError: One is no picture, or over the limits; the message says which.
        """
        with timed("decode"):
            return prepare_faces([self._decoded(index, limits) for index in range(len(self))], side)

    def _decoded(self, index: int, limits: PictureLimits) -> NDArray[np.uint8]:
        try:
            return decode_picture(self.encoded[index], "L", limits)
        except InvalidInputError as error:
            raise type(error)(f"element {index} of input 'image': {error}") from error


@dataclass(frozen=True, slots=True)
class ListedFaces:
    """Faces whose pixels are listed one by one.

    Attributes:
        values: Whole numbers, 0 or more, as many as `shape` asks for.
        shape: N, side, side, 1.
    """

    values: Sequence[int]
    shape: tuple[int, ...]

    def __len__(self) -> int:
        """How many faces."""
        return self.shape[0]

    def read(self, side: int, limits: PictureLimits) -> NDArray[np.uint8]:  # noqa: ARG002 - as Pictures
        """Return them as an array N × side × side × 1.

        Raises:
            InvalidInputError: A number is over 255.
        """
        values = np.fromiter(self.values, np.int64, len(self.values))
        if values.max() > 255:
            raise InvalidInputError(f"input 'faces' has the value {values.max()}: send 0 to 255")
        return values.astype(np.uint8).reshape(self.shape)
