"""68 facial landmarks by a dlib shape predictor, also on faces as small as 48×48 pixels.

Step 1 of section 3.1 of Çelik & Gören. The predictor is an ensemble of regression trees
(Kazemi & Sullivan, CVPR 2014) over the 68-point mark-up of iBUG 300-W: 0-16 jaw, 17-26 brows,
27-35 nose, 36-47 eyes, 48-67 mouth; "left" is the left of the picture. The file that
face_recognition_models ships was trained on 300-W, whose licence excludes commercial use: whoever
needs another licence names a file of their own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.predictor_file import read_ensemble
from maskmesh.services.mask_synthesis.regression_trees import evaluate
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
# More at a time is no faster, and takes memory.
BATCH_FACES = 64
BATCH_BYTES = 16 * 1024 * 1024

Box = tuple[int, int, int, int]


class LandmarkPredictor:
    """Finds the 68 landmarks of faces. Safe to share between threads."""

    def __init__(self, predictor_path: Path | None = None) -> None:
        """Load the predictor (100 MB, half a second).

        Args:
            predictor_path: A dlib 68-point predictor; None takes the one that
                face_recognition_models ships.

        Raises:
            SetupError: The predictor file is missing, unreadable or another one.
        """
        path = predictor_path if predictor_path is not None else shipped_predictor_path()
        if not path.is_file():
            raise SetupError(
                f"no landmark predictor at {path}: run pip install 'maskmesh[synthesis]' "
                f"for the default file, {OWN_FILE_HINT}"
            )
        try:
            self._ensemble = read_ensemble(path)
        except (OSError, ValueError) as error:
            raise SetupError(
                f"{path} is no dlib landmark predictor ({error}): run pip install "
                f"'maskmesh[synthesis]' for the default file, {OWN_FILE_HINT}"
            ) from error
        if len(self._ensemble.initial) != LANDMARK_COUNT:
            raise SetupError(
                f"the predictor gives {len(self._ensemble.initial)} landmarks, {LANDMARK_COUNT} "
                "are needed: run pip install 'maskmesh[synthesis]' for the default file, "
                f"{OWN_FILE_HINT}"
            )
        # Compiles, which is not to keep the first face waiting.
        evaluate(self._ensemble, [np.zeros((1, 1), np.uint8)], np.array([[0.0, 0.0, 1.0, 1.0]]))

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
        return np.asarray(self.predict_many([image], [box])[0])

    def predict_many(
        self, images: Sequence[NDArray[np.uint8]], boxes: Sequence[Box | None]
    ) -> NDArray[np.float32]:
        """Predict the landmarks of many faces, each as `predict` would, but faster.

        Args:
            images: N pictures; the same one again for each of its faces.
            boxes: N boxes, or None where the picture is the face.

        Returns:
            float32 (N, 68, 2): x, y in pixels of each picture.

        Raises:
            InvalidInputError: As `predict`, for any of them; see `check_face`.
        """
        found = [np.zeros((0, LANDMARK_COUNT, 2), np.float32)]
        batch: list[_Patch] = []
        size = 0
        for image, box in zip(images, boxes, strict=True):
            check_image(image)
            batch.append(_patch(image, _checked_box(image, box)))
            size += batch[-1].pixels.size
            if len(batch) == BATCH_FACES or size >= BATCH_BYTES:
                found.append(self._evaluate(batch))
                batch, size = [], 0
        if batch:
            found.append(self._evaluate(batch))
        return np.concatenate(found)

    def _evaluate(self, batch: Sequence[_Patch]) -> NDArray[np.float32]:
        rectangles = np.array([patch.rectangle for patch in batch], np.float64)
        shapes = evaluate(self._ensemble, [patch.pixels for patch in batch], rectangles)
        scales = np.array([patch.scale for patch in batch])[:, None, None]
        origins = np.array([patch.origin for patch in batch], np.float64)[:, None]
        # Pixel centres of the enlarged patch back to pixel centres of the image.
        return np.asarray((shapes + 0.5) / scales - 0.5 + origins, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """A face cut out and enlarged: its rectangle in the patch, where it comes from, and how."""

    pixels: NDArray[np.uint8]
    rectangle: tuple[int, int, int, int]
    origin: tuple[int, int]
    scale: float


def _patch(image: NDArray[np.uint8], box: Box) -> _Patch:
    x, y, width, height = box
    left, top, pixels = _cut_with_context(image, box)
    scale = max(1.0, WORKING_SIDE / min(width, height))
    if scale > 1.0:
        pixels = _enlarge(pixels, scale)
    rectangle = (
        round((x - left) * scale),
        round((y - top) * scale),
        round((x - left + width) * scale) - 1,
        round((y - top + height) * scale) - 1,
    )
    return _Patch(pixels, rectangle, (left, top), scale)


def check_face(image: NDArray[np.uint8], box: Box | None) -> None:
    """Raise InvalidInputError unless landmarks can be predicted for this face."""
    check_image(image)
    _checked_box(image, box)


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
