"""Annotated pictures as files, in the layout of what was read."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from maskmesh.clients.annotate.analysis import AnalysedPicture
from maskmesh.clients.annotate.enlarging import enlarged
from maskmesh.clients.streaming.drawing import annotated
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.pictures import encode_jpeg, encode_png

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg"})
JPEG_QUALITY = 92


class PictureFolder:
    """A folder that annotated pictures are written to."""

    def __init__(self, folder: Path) -> None:
        """Make the folder.

        Raises:
            SetupError: It cannot be made.
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(folder, error) from error

    def write(self, picture: AnalysedPicture) -> Path | None:
        """Write one annotated picture, as JPEG or PNG, a small one enlarged.

        Returns:
            Where it is; None if there is nothing to write.

        Raises:
            SetupError: It cannot be written.
        """
        if picture.rgb is None:
            return None
        path = self.path_of(picture.file)
        rgb, faces = enlarged(picture.rgb, picture.faces)
        bgr = np.ascontiguousarray(rgb[:, :, ::-1])
        drawn = np.ascontiguousarray(annotated(bgr, faces)[:, :, ::-1])
        is_jpeg = path.suffix.lower() in JPEG_SUFFIXES
        encoded = encode_jpeg(drawn, JPEG_QUALITY) if is_jpeg else encode_png(drawn)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded)
        except OSError as error:
            raise _cannot_write(path, error) from error
        return path

    def path_of(self, file: str) -> Path:
        """Return where the picture of a name goes: never outside of the folder.

        JPEG and PNG files keep their name; others get .png appended.
        """
        # A zip may hold names like ../../x or /x.
        parts = [part for part in PurePosixPath(file).parts if part not in {"..", "/", "."}]
        path = self._folder.joinpath(*parts)
        if path.suffix.lower() in JPEG_SUFFIXES | {".png"}:
            return path
        return path.with_name(f"{path.name}.png")


def _cannot_write(path: Path, error: OSError) -> SetupError:
    return SetupError(f"cannot write {path} ({error.strerror}): name another folder with --output")
