"""68 facial landmarks by dlib's shape predictor, also on faces as small as 48×48 pixels.

Step 1 of section 3.1 of Çelik & Gören. The predictor is an ensemble of regression trees
(Kazemi & Sullivan, CVPR 2014) over the 68-point mark-up of iBUG 300-W: 0-16 jaw, 17-26 brows,
27-35 nose, 36-47 eyes, 48-67 mouth; "left" is the left of the picture. The file that
face_recognition_models ships was trained on 300-W, whose licence excludes commercial use: whoever
needs another licence names a file of their own.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import InvalidInputError, SetupError

LANDMARK_COUNT = 68
MODELS_PACKAGE = "face_recognition_models"
PREDICTOR_FILE = "shape_predictor_68_face_landmarks.dat"
OWN_FILE_HINT = "or name your own with --predictor-path or MASKMESH_SYNTHESIS_PREDICTOR_PATH"
# The predictor compares pixels around the landmarks: on a face smaller than this they collapse.
WORKING_SIDE = 200.0
# It also looks a little beyond the face's rectangle.
CONTEXT = 0.3
MAX_ASPECT = 4

Box = tuple[int, int, int, int]


class LandmarkPredictor:
    """Finds the 68 landmarks of one face. Safe to share between threads."""

    def __init__(self, predictor_path: Path | None = None) -> None:
        """Load the predictor (about 100 MB; a second or so).

        Args:
            predictor_path: A dlib 68-point predictor; None takes the one that
                face_recognition_models ships.

        Raises:
            SetupError: dlib or the predictor file is missing or unreadable.
        """
        path = predictor_path if predictor_path is not None else shipped_predictor_path()
        if not path.is_file():
            raise SetupError(
                f"no landmark predictor at {path}: run pip install 'maskmesh[synthesis]' "
                f"for the default file, {OWN_FILE_HINT}"
            )
        self._dlib = _import_dlib()
        try:
            self._predictor = self._dlib.shape_predictor(str(path))
        except RuntimeError as error:
            raise SetupError(
                f"{path} is no dlib landmark predictor ({error}): run pip install "
                f"'maskmesh[synthesis]' for the default file, {OWN_FILE_HINT}"
            ) from error

    def predict(self, image: NDArray[np.uint8], box: Box | None = None) -> NDArray[np.float32]:
        """Predict the landmarks of the face in `box`, or of a picture that is one face.

        A face whose shorter side is under 200 pixels is enlarged to it (cubic), and the result is
        mapped back.

        Args:
            image: uint8, H×W gray or H×W×3 RGB.
            box: x, y, width, height in pixels, inside the image. None: the picture is the face.

        Returns:
            float32 (68, 2): x, y in pixels of `image`; landmarks may lie outside of it.

        Raises:
            InvalidInputError: The image has another shape or dtype, or the box is empty, not inside
                the image, or no shape of a face.
        """
        check_image(image)
        x, y, width, height = _checked_box(image, box)
        left, top, patch = _cut_with_context(image, (x, y, width, height))
        scale = max(1.0, WORKING_SIDE / min(width, height))
        if scale > 1.0:
            patch = _enlarge(patch, scale)
        points = self._predictor(
            np.ascontiguousarray(patch),
            self._dlib.rectangle(
                round((x - left) * scale),
                round((y - top) * scale),
                round((x - left + width) * scale) - 1,
                round((y - top + height) * scale) - 1,
            ),
        )
        found = np.array([(point.x, point.y) for point in points.parts()], dtype=np.float32)
        if len(found) != LANDMARK_COUNT:
            raise SetupError(
                f"the predictor gives {len(found)} landmarks, {LANDMARK_COUNT} are needed: "
                f"run pip install 'maskmesh[synthesis]' for the default file, {OWN_FILE_HINT}"
            )
        # Pixel centres of the enlarged patch back to pixel centres of the image.
        mapped = (found + 0.5) / scale - 0.5 + np.array([left, top], dtype=np.float32)
        return mapped.astype(np.float32)


def shipped_predictor_path() -> Path:
    """Say where face_recognition_models keeps its predictor, without importing that package.

    Importing it needs pkg_resources, which new setuptools no longer has.

    Raises:
        SetupError: The package is not installed.
    """
    spec = importlib.util.find_spec(MODELS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(
            f"no landmark predictor: {MODELS_PACKAGE} is not installed; "
            f"run pip install 'maskmesh[synthesis]', {OWN_FILE_HINT}"
        )
    return Path(spec.submodule_search_locations[0]) / "models" / PREDICTOR_FILE


def check_image(image: NDArray[np.uint8]) -> None:
    """Raise InvalidInputError unless `image` is uint8, H×W or H×W×3, and not empty."""
    is_gray = image.ndim == 2
    is_colour = image.ndim == 3 and image.shape[-1] == 3
    if image.dtype != np.uint8 or not (is_gray or is_colour) or image.size == 0:
        raise InvalidInputError(
            f"the face is an array of {image.dtype} and shape {image.shape}: "
            "give uint8, H×W gray or H×W×3 RGB"
        )


def _import_dlib() -> Any:
    try:
        return importlib.import_module("dlib")
    except ImportError as error:
        raise SetupError(
            f"dlib cannot be imported ({error}): run pip install 'maskmesh[synthesis]'"
        ) from error


def _checked_box(image: NDArray[np.uint8], box: Box | None) -> Box:
    rows, columns = image.shape[:2]
    x, y, width, height = box if box is not None else (0, 0, columns, rows)
    inside = min(x, y) >= 0 and x + width <= columns and y + height <= rows
    if not inside or width < 1 or height < 1:
        raise InvalidInputError(
            f"the face box x={x}, y={y}, width={width}, height={height} is not inside the "
            f"{columns}×{rows} picture: give one with at least a pixel, wholly inside"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise InvalidInputError(
            f"{width}×{height} pixels are no shape of a face: give the face's box, one side at "
            f"most {MAX_ASPECT} times the other"
        )
    return x, y, width, height


def _cut_with_context(image: NDArray[np.uint8], box: Box) -> tuple[int, int, NDArray[np.uint8]]:
    x, y, width, height = box
    rows, columns = image.shape[:2]
    margin_x, margin_y = round(width * CONTEXT), round(height * CONTEXT)
    left, top = max(0, x - margin_x), max(0, y - margin_y)
    right, bottom = min(columns, x + width + margin_x), min(rows, y + height + margin_y)
    return left, top, image[top:bottom, left:right]


def _enlarge(patch: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    rows, columns = patch.shape[:2]
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
