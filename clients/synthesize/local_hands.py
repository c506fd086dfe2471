"""Locates and puts masks on in this process; needs the extra "synthesis", and "location" to locate.

Loaded once by every worker process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.synthesize.making import (
    INTERNAL,
    Answer,
    Applied,
    Apply,
    Box,
    Locate,
    Refused,
    Wish,
    make_together,
)
from maskmesh.clients.synthesize.recipe import OWN_MASKS, Recipe
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.services.mask_synthesis.compiling import code_is_kept
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor, check_face
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.mask_synthesis.user_masks import UserMask, read_user_mask
from maskmesh.services.runtime.errors import MaskmeshError, SetupError
from maskmesh.services.runtime.logging import get_logger
from maskmesh.services.runtime.pictures import decode_picture, encode_jpeg, encode_png

if TYPE_CHECKING:
    from maskmesh.services.face_location.detector import HaarFaceDetector

_log = get_logger("synthesize")

Result = TypeVar("Result")


class Maker:
    """Does tasks in this process. For one thread."""

    def __init__(self, recipe: Recipe) -> None:
        """Load the landmark predictor and the user's masks.

        Args:
            recipe: How masks are put on.

        Raises:
            SetupError: The predictor file is missing.
            InvalidInputError: A mask of the user's own cannot be used.
        """
        # A process is one of many that share the cores.
        cv2.setNumThreads(1)
        self._recipe = recipe
        self._predictor = LandmarkPredictor(recipe.predictor_path)
        masks = [read_user_mask(path) for path in recipe.masks]
        self._styles = _styles(recipe, masks)
        self._synthesizer = MaskSynthesizer(self._predictor, masks)
        self._detector: HaarFaceDetector | None = None

    def make(self, task: Task) -> Outcome:
        """Do one task.

        Raises:
            SetupError: This installation lacks something, whatever the task.
        """
        return self.make_many([task])[0]

    def make_many(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Do tasks, which is quicker than one by one, and gives the same.

        Raises:
            SetupError: As `make`.
        """
        return make_together(tasks, self._recipe, self._answer)

    def _answer(self, wishes: Sequence[Wish]) -> list[Answer]:
        answers: list[Answer | None] = [None] * len(wishes)
        faces: list[_Face] = []
        for index, wish in enumerate(wishes):
            if isinstance(wish, Locate):
                answers[index] = _attempted(partial(self._locate, wish))
                continue
            face = _attempted(partial(_decoded, wish, index))
            if isinstance(face, Refused):
                answers[index] = face
            else:
                faces.append(face)
        landmarks = self._predictor.predict_many(
            [face.pixels for face in faces], [face.wish.box for face in faces]
        )
        for face, points in zip(faces, landmarks, strict=True):
            answers[face.index] = _attempted(partial(self._apply, face, points))
        return [answer for answer in answers if answer is not None]

    def _locate(self, wish: Locate) -> tuple[Box, ...]:
        if self._detector is None:
            from maskmesh.services.face_location.detector import (  # noqa: PLC0415 - an extra
                HaarFaceDetector,
            )

            self._detector = HaarFaceDetector()
        detections = self._detector.detect(decode_picture(wish.picture, "L"))
        return tuple(detection.box for detection in detections)

    def _apply(self, face: _Face, landmarks: NDArray[np.float32]) -> Applied:
        recipe = self._recipe
        masked = self._synthesizer.apply(
            face.pixels,
            style=self._styles[face.wish.seed % len(self._styles)],
            colour=recipe.colour,
            pattern=recipe.pattern,
            position=recipe.position,
            seed=face.wish.seed,
            box=face.wish.box,
            landmarks=landmarks,
        )
        quality = face.wish.jpeg_quality
        return Applied(
            picture=encode_jpeg(masked.image, quality) if quality else encode_png(masked.image),
            landmarks=masked.landmarks,
            quad=masked.quad,
            # As it comes over the mesh.
            fit=float(np.float32(masked.confidence)),
            style=masked.style,
            colour=masked.colour,
            pattern=masked.pattern,
            position=masked.position,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Face:
    """A face that gets a mask, and the index of the wish for it."""

    pixels: NDArray[np.uint8]
    wish: Apply
    index: int


def _decoded(wish: Apply, index: int) -> _Face:
    pixels = decode_picture(wish.picture, "keep")
    check_face(pixels, wish.box)
    return _Face(pixels, wish, index)


def _attempted(work: Callable[[], Result]) -> Result | Refused:
    """Do something for one picture; what fails is told, and spares the others.

    Raises:
        SetupError: It would fail for every picture.
    """
    try:
        return work()
    except (SetupError, MemoryError):
        raise
    except MaskmeshError as error:
        return Refused(str(error))
    except Exception as error:  # noqa: BLE001 - listed with its picture; the others go on
        _log.error("internal error", exc_info=error)
        return Refused(INTERNAL)


def check_recipe(recipe: Recipe) -> None:
    """Return if the recipe can be followed here.

    Raises:
        InvalidInputError: There is no such style, colour, pattern or position, or a mask of the
            user's own cannot be used.
        NotFoundError: A file of a mask does not exist.
    """
    masks = [read_user_mask(path) for path in recipe.masks]
    synthesizer = MaskSynthesizer(masks=masks)
    landmarks = (MEAN_SHAPE * 20 + 32).astype(np.float32)
    for style in _styles(recipe, masks):
        synthesizer.apply(
            np.full((96, 96), 128, dtype=np.uint8),
            style=style,
            colour=recipe.colour,
            pattern=recipe.pattern,
            position=recipe.position,
            landmarks=landmarks,
        )


def will_compile() -> bool:
    """Tell whether code has to be compiled first, which takes some seconds."""
    return not code_is_kept()


def _styles(recipe: Recipe, masks: Sequence[UserMask]) -> list[str]:
    """Return what a face's seed chooses from."""
    return [mask.name for mask in masks] if recipe.style == OWN_MASKS else [recipe.style]
