"""Locates and puts masks on in this process; needs the extra "synthesis", and "location" to locate.

Loaded once by the server that worker processes are forked from, so that they share its pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    making,
)
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.mask_synthesis.mean_shape import MEAN_SHAPE
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.mask_synthesis.user_masks import read_user_mask
from maskmesh.services.runtime.errors import MaskmeshError, SetupError
from maskmesh.services.runtime.logging import get_logger
from maskmesh.services.runtime.pictures import decode_picture, encode_jpeg, encode_png

if TYPE_CHECKING:
    from maskmesh.services.face_location.detector import HaarFaceDetector

_log = get_logger("synthesize")


class Maker:
    """Does tasks in this process. For one thread."""

    def __init__(self, recipe: Recipe) -> None:
        """Load the landmark predictor and the user's masks.

        Args:
            recipe: How masks are put on.

        Raises:
            SetupError: dlib or the predictor file is missing.
            InvalidInputError: A mask of the user's own cannot be used.
        """
        # A process is one of many that share the cores.
        cv2.setNumThreads(1)
        self._recipe = recipe
        predictor = LandmarkPredictor(recipe.predictor_path)
        masks = [read_user_mask(path) for path in recipe.masks]
        self._synthesizer = MaskSynthesizer(predictor, masks)
        self._detector: HaarFaceDetector | None = None
        self._decoded: tuple[bytes, NDArray[np.uint8]] | None = None

    def make(self, task: Task) -> Outcome:
        """Do one task.

        Raises:
            SetupError: This installation lacks something, whatever the task.
        """
        steps = making(task, self._recipe)
        try:
            wish = next(steps)
            while True:
                wish = steps.send(self._answer(wish))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        finally:
            self._decoded = None

    def _answer(self, wish: Wish) -> Answer:
        try:
            return self._locate(wish) if isinstance(wish, Locate) else self._apply(wish)
        except (SetupError, MemoryError):
            raise
        except MaskmeshError as error:
            return Refused(str(error))
        except Exception as error:  # noqa: BLE001 - listed with its picture; the others go on
            _log.error("internal error", exc_info=error)
            return Refused(INTERNAL)

    def _locate(self, wish: Locate) -> tuple[Box, ...]:
        if self._detector is None:
            from maskmesh.services.face_location.detector import (  # noqa: PLC0415 - an extra
                HaarFaceDetector,
            )

            self._detector = HaarFaceDetector()
        detections = self._detector.detect(decode_picture(wish.picture, "L"))
        return tuple(detection.box for detection in detections)

    def _apply(self, wish: Apply) -> Applied:
        recipe = self._recipe
        masked = self._synthesizer.apply(
            self._pixels(wish.picture),
            style=recipe.style,
            colour=recipe.colour,
            pattern=recipe.pattern,
            position=recipe.position,
            seed=wish.seed,
            box=wish.box,
        )
        quality = wish.jpeg_quality
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

    def _pixels(self, picture: bytes) -> NDArray[np.uint8]:
        if self._decoded is None or self._decoded[0] is not picture:
            self._decoded = (picture, decode_picture(picture, "keep"))
        return self._decoded[1]


def check_recipe(recipe: Recipe) -> None:
    """Return if the recipe can be followed here.

    Raises:
        InvalidInputError: There is no such style, colour, pattern or position, or a mask of the
            user's own cannot be used.
        NotFoundError: A file of a mask does not exist.
    """
    synthesizer = MaskSynthesizer(masks=[read_user_mask(path) for path in recipe.masks])
    landmarks = (MEAN_SHAPE * 20 + 32).astype(np.float32)
    synthesizer.apply(
        np.full((96, 96), 128, dtype=np.uint8),
        style=recipe.style,
        colour=recipe.colour,
        pattern=recipe.pattern,
        position=recipe.position,
        landmarks=landmarks,
    )
