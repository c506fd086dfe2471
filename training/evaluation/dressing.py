"""Puts one named style, or one wearing position, of mask on all faces of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.choices import RANDOM
from maskmesh.services.mask_synthesis.positions import PROPER
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.chunks import CHUNK, load_all, make_missing
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.fits import cached_fits
from maskmesh.training.masking import mask_seed, synthesizer
from maskmesh.training.saving import save_arrays


@dataclass(frozen=True, slots=True)
class Outfit:
    """Which mask all faces wear, and how; the rest is left to chance, as masks are worn."""

    style: str = RANDOM
    position: str = PROPER


@dataclass(frozen=True, slots=True)
class DressedFaces:
    """The faces of a split in one outfit.

    Attributes:
        images: uint8 [N, 48, 48].
        worn: bool [N]; False where there was no place for a mask and the face stayed as it was.
    """

    images: NDArray[np.uint8]
    worn: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OutfitChunk:
    """Faces that are dressed in one go."""

    images: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    first: int
    outfit: Outfit
    seed: int
    file: Path

    def __len__(self) -> int:
        return len(self.images)

    def make(self) -> None:
        """Put masks on the faces and write them."""
        images = self.images.copy()
        worn = np.zeros(len(images), bool)
        for row, (image, landmarks) in enumerate(zip(self.images, self.landmarks, strict=True)):
            try:
                masked = synthesizer().apply(
                    image,
                    style=self.outfit.style,
                    position=self.outfit.position,
                    seed=mask_seed(self.seed, self.first + row, 0),
                    landmarks=landmarks,
                )
            except NoFaceError:
                continue  # counted by its `worn`, which stays False
            images[row] = masked.image
            worn[row] = True
        save_arrays(self.file, images=images, worn=worn)


def dress(
    faces: LabelledFaces, outfits: Sequence[Outfit], *, seed: int, cache: Path, workers: int
) -> dict[Outfit, DressedFaces]:
    """Put every outfit on every face; what is left open, the same chance decides in all of them.

    In `Outfit()` a face wears the mask that `mask_faces` gives it with the same seed.

    Args:
        faces: Unmasked faces.
        outfits: What to put on.
        seed: Seed of whatever is left to chance.
        cache: Folder for landmarks and dressed faces; of this command alone, as it tells no
            version of the synthesis from another.
        workers: Processes that share the work.

    Returns:
        The faces in each outfit, always in the same order.
    """
    fits = cached_fits(faces, cache, workers)
    by_outfit = {
        outfit: [
            OutfitChunk(
                faces.images[first : first + CHUNK],
                fits.landmarks[first : first + CHUNK],
                first,
                outfit,
                seed,
                cache / f"{outfit.style}-{outfit.position}" / f"{first:06d}.npz",
            )
            for first in range(0, len(faces), CHUNK)
        ]
        for outfit in outfits
    }
    make_missing([chunk for chunks in by_outfit.values() for chunk in chunks], workers, "masking")
    return {
        outfit: DressedFaces(
            np.asarray(load_all(chunks, "images"), np.uint8),
            np.asarray(load_all(chunks, "worn"), np.bool_),
        )
        for outfit, chunks in by_outfit.items()
    }
