"""Where masked faces come from: a cache of several a face, or made as they are needed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.positions import PROPER
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.fits import FaceFits
from maskmesh.training.masking import MaskedFaces, mask_seed, random_style, synthesizer
from maskmesh.training.retexture import retexture

Worn = tuple[NDArray[np.uint8], bool]


class Wardrobe(Protocol):
    """Gives a face its mask of an epoch."""

    def masked(self, face: int, epoch: int) -> Worn:
        """Return the face, uint8 [48, 48], and whether it really wears a mask now.

        The same face and epoch give the same mask, whatever was asked before.
        """


@dataclass(frozen=True, slots=True)
class CachedMasks:
    """Masks that were made once; a face begins with one of its own and takes the next every epoch.

    Attributes:
        images: uint8 [N, variants, 48, 48].
        worn: bool [N, variants].
        first: int64 [N], the variant of epoch 0.
    """

    images: NDArray[np.uint8]
    worn: NDArray[np.bool_]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, masked: MaskedFaces, seed: int, min_fit: float = 0.0) -> CachedMasks:
        """Take the masked faces; those that fit worse than `min_fit` count as unmasked."""
        count, variants = masked.worn.shape
        worn = masked.worn & (masked.confidence >= min_fit)
        first = np.random.default_rng([seed, 0]).integers(variants, size=count)
        return cls(masked.images, worn, np.asarray(first, np.int64))

    def masked(self, face: int, epoch: int) -> Worn:
        """Return the next variant."""
        variant = int(self.first[face] + epoch) % self.images.shape[1]
        return self.images[face, variant], bool(self.worn[face, variant])


@dataclass(frozen=True, slots=True)
class FreshMasks:
    """A new mask for every face and epoch, put on by landmarks that are known.

    Attributes:
        plain: uint8 [N, 48, 48].
        fits: Landmarks of the faces.
        seed: Seed of all masks.
        min_fit: Faces with a lower confidence get no mask.
        held_out: Styles that are never worn.
        position: How they are worn, "proper" or "random".
        retexture_share: Share of masks that get other grays and a faint pattern.
    """

    plain: NDArray[np.uint8]
    fits: FaceFits
    seed: int
    min_fit: float = 0.0
    held_out: Collection[str] = ()
    position: str = PROPER
    retexture_share: float = 0.0

    def masked(self, face: int, epoch: int) -> Worn:
        """Put on a mask; a face without a place for one stays as it is."""
        image = self.plain[face]
        if self.fits.confidence[face] < self.min_fit:
            return image, False
        seed = mask_seed(self.seed, face, epoch)
        try:
            masked = synthesizer().apply(
                image,
                style=random_style(seed, self.held_out),
                position=self.position,
                seed=seed,
                landmarks=self.fits.landmarks[face],
            )
        except NoFaceError:
            return image, False
        if not self.retexture_share:
            return masked.image, True
        random = np.random.default_rng([seed, 6])
        if random.random() >= self.retexture_share:
            return masked.image, True
        return retexture(masked.image, image, random), True
