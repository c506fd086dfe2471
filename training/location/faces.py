"""Faces to learn from: FER2013's, and those of the photos, bare and with synthetic masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.face_location.boxes import FloatArray, clip_box
from maskmesh.services.face_location.pyramid import Pyramid
from maskmesh.services.mask_synthesis.confidence import BAD_FIT
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.location.photos import Photo


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face to cut samples from.

    Attributes:
        picture: The picture it is in.
        bare: The same picture without the synthetic mask, or None where no such mask is worn.
        box: float64, x, y, width, height, framed as FER2013 frames.
        whole: Whether the picture reaches beyond the face.
        frontal: Frontal to three-quarter.
        covered: Whether a mask is worn, real or not.
    """

    picture: Pyramid
    bare: Pyramid | None
    box: FloatArray
    whole: bool
    frontal: bool
    covered: bool


def crop_faces(crops: NDArray[np.uint8], masked: NDArray[np.uint8] | None) -> list[Face]:
    """Return faces that fill their pictures.

    Args:
        crops: uint8 N×S×S.
        masked: The same with masks on, or None.
    """
    side = float(crops.shape[1])
    box = np.array([0.0, 0.0, side, side])
    faces = []
    for index, crop in enumerate(crops):
        bare = Pyramid(crop)
        picture = bare if masked is None else Pyramid(masked[index])
        worn = None if masked is None else bare
        faces.append(Face(picture, worn, box, False, True, covered=worn is not None))
    return faces


def photo_faces(photos: Sequence[Photo]) -> list[Face]:
    """Return the faces of photos as they are."""
    faces = []
    for photo in photos:
        pyramid = Pyramid(photo.gray)
        for box, covered, frontal in zip(photo.faces, photo.covered, photo.frontal, strict=True):
            faces.append(Face(pyramid, None, box, True, bool(frontal), bool(covered)))
    return faces


def masked_photo_faces(photos: Sequence[Photo], variants: int, seed: int) -> list[Face]:
    """Return the bare frontal faces of photos with synthetic masks on.

    Args:
        photos: Any; faces that wear a mask already are left out.
        variants: Masks a face.
        seed: Of their styles and colours.
    """
    predictor = LandmarkPredictor()
    synthesizer = MaskSynthesizer(predictor)
    faces = []
    for number, photo in enumerate(photos):
        for box, covered, frontal in zip(photo.faces, photo.covered, photo.frontal, strict=True):
            seen = clip_box(box, photo.gray.shape[1], photo.gray.shape[0])
            if covered or not frontal or seen is None:
                continue
            landmarks = predictor.predict(photo.gray, seen)
            bare = Pyramid(photo.gray)
            for variant in range(variants):
                try:
                    masked = synthesizer.apply(
                        photo.gray, seed=seed + number * variants + variant, landmarks=landmarks
                    )
                except NoFaceError:
                    continue
                if masked.confidence >= BAD_FIT:
                    pyramid = Pyramid(masked.image)
                    faces.append(Face(pyramid, bare, box, True, True, covered=True))
    return faces
