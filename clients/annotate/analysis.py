"""One independent picture: decoded, located, cropped, classified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.inputs import PictureInput
from maskmesh.clients.mesh.pictures import Picture
from maskmesh.clients.mesh.results import Expression, Face
from maskmesh.clients.streaming.crops import crop_faces
from maskmesh.clients.streaming.lines import face_objects
from maskmesh.clients.streaming.results import SeenFace
from maskmesh.services.runtime.errors import DeadlineError, MaskmeshError, UnavailableError
from maskmesh.services.runtime.observing.tracing import work_span
from maskmesh.services.runtime.pictures import DEFAULT_LIMITS, decode_picture


class Mesh(Protocol):
    """What analyses pictures: a MeshClient, or the same in process."""

    def locate(self, image: Picture) -> list[Face]:
        """Find the faces of one picture."""
        ...

    def classify(self, faces: Sequence[Picture]) -> list[Expression]:
        """Tell what 48×48 crops express, in order."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedPicture:
    """What came of one picture.

    Attributes:
        file: Its path relative to what the user named.
        rgb: uint8 H×W×3, upright; None if it could not be analysed, or was not asked for.
        size: Width and height in pixels; None if it could not be analysed.
        faces: Highest score first.
        error: Why it could not be analysed, in one line; None if it could.
    """

    file: str
    rgb: NDArray[np.uint8] | None = None
    size: tuple[int, int] | None = None
    faces: tuple[SeenFace, ...] = ()
    error: str | None = None

    @property
    def line(self) -> dict[str, Any]:
        """The picture's JSON line."""
        if self.size is None:
            return {"file": self.file, "error": self.error}
        width, height = self.size
        faces = face_objects(self.faces)
        return {"file": self.file, "width": width, "height": height, "faces": faces}


def analyse(picture: PictureInput, mesh: Mesh, keep_pixels: bool) -> AnalysedPicture:
    """Analyse one picture; one that cannot be is told in the result.

    Args:
        picture: The picture, still to be read.
        mesh: What locates and classifies.
        keep_pixels: Whether the result is to hold the picture's pixels.

    Raises:
        UnavailableError: The mesh is not there.
    """
    try:
        encoded = picture.read()
        rgb = decode_picture(encoded, "RGB")
        gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        with work_span("picture"):
            # Raw spares the service the decoding, but a large picture is over its limit of bytes.
            faces = mesh.locate(gray if gray.nbytes <= DEFAULT_LIMITS.max_bytes else encoded)
            crops = crop_faces(gray, [face.box for face in faces])
            expressions = mesh.classify(crops) if crops else []
    except DeadlineError as error:
        return AnalysedPicture(picture.file, error=str(error))
    except UnavailableError:
        raise
    except MaskmeshError as error:
        return AnalysedPicture(picture.file, error=str(error))
    seen = tuple(
        SeenFace(face.box, expression) for face, expression in zip(faces, expressions, strict=True)
    )
    height, width = gray.shape
    return AnalysedPicture(picture.file, rgb if keep_pixels else None, (width, height), seen)
