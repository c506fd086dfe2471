"""The masked data set: every face with several synthetic masks, made once and kept in a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache as kept
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.mask_synthesis.choices import RANDOM, WORN_STYLES
from maskmesh.services.mask_synthesis.colours import by_share
from maskmesh.services.mask_synthesis.confidence import BAD_FIT
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.chunks import CHUNK, load_all, make_missing
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.fits import cached_fits, predictor
from maskmesh.training.saving import save_arrays

_PROBES = 16


@dataclass(frozen=True, slots=True)
class MaskedFaces:
    """Masked versions of the faces of one split, in the same order.

    Attributes:
        images: uint8 [N, variants, 48, 48].
        worn: bool [N, variants]; False where the synthesis found no place for a mask and the
            face was left as it is.
        confidence: float32 [N, variants], how well the mask fits, 0 to 1; 0 where none is worn.
        synthesis: Fingerprint of the synthesis that made them.
    """

    images: NDArray[np.uint8]
    worn: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    synthesis: str

    @property
    def bad_fits(self) -> int:
        """How many faces have a variant whose mask fits badly (confidence under `BAD_FIT`)."""
        return int((self.confidence < BAD_FIT).any(axis=1).sum())

    @property
    def unmasked(self) -> int:
        """How many faces have a variant on which no mask could be put."""
        return int((~self.worn).any(axis=1).sum())


@dataclass(frozen=True, slots=True)
class MaskChunk:
    """Faces that get their masks in one go."""

    images: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    first: int
    variants: int
    seed: int
    held_out: tuple[str, ...]
    file: Path

    def __len__(self) -> int:
        return len(self.images)

    def make(self) -> None:
        """Put masks on the faces and write them."""
        shape = (len(self.images), self.variants)
        images = np.repeat(self.images[:, None], self.variants, axis=1)
        worn = np.zeros(shape, bool)
        confidence = np.zeros(shape, np.float32)
        for row, variant in np.ndindex(shape):
            seed = mask_seed(self.seed, self.first + row, variant)
            try:
                masked = synthesizer().apply(
                    self.images[row],
                    style=random_style(seed, self.held_out),
                    seed=seed,
                    landmarks=self.landmarks[row],
                )
            except NoFaceError:
                continue  # counted by its `worn`, which stays False
            images[row, variant] = masked.image
            worn[row, variant] = True
            confidence[row, variant] = masked.confidence
        save_arrays(self.file, images=images, worn=worn, confidence=confidence)


@kept
def synthesizer() -> MaskSynthesizer:
    """Return this process's mask synthesizer."""
    return MaskSynthesizer(predictor())


def mask_faces(
    faces: LabelledFaces,
    *,
    variants: int,
    seed: int,
    cache: Path,
    workers: int = 2,
    held_out: Collection[str] = (),
) -> MaskedFaces:
    """Put `variants` synthetic masks on every face, each of random style and colour.

    Deterministic in the faces, the seed and the synthesis. Work is kept in the cache in chunks,
    each written whole or not at all, so that an interrupted call goes on where it stopped.

    Args:
        faces: Unmasked faces.
        variants: Masks a face, at least 1.
        seed: Seed of styles, colours and jitter.
        cache: Folder of all caches.
        workers: Processes that share the work.
        held_out: Styles that no face gets.
    """
    synthesis = synthesis_fingerprint(faces)
    without = "".join(f"-no-{style}" for style in sorted(held_out))
    key = f"{faces.split}-{faces.sha256[:12]}-{synthesis[:8]}-v{variants}-s{seed}{without}"
    fits = cached_fits(faces, cache, workers)
    chunks = [
        MaskChunk(
            faces.images[first : first + CHUNK],
            fits.landmarks[first : first + CHUNK],
            first,
            variants,
            seed,
            tuple(held_out),
            cache / f"masks-{key}" / f"{first:06d}.npz",
        )
        for first in range(0, len(faces), CHUNK)
    ]
    make_missing(chunks, workers, f"masking {faces.split}")
    return MaskedFaces(
        np.asarray(load_all(chunks, "images"), np.uint8),
        np.asarray(load_all(chunks, "worn"), np.bool_),
        np.asarray(load_all(chunks, "confidence"), np.float32),
        synthesis,
    )


def synthesis_fingerprint(faces: LabelledFaces) -> str:
    """Hash what the synthesis does to the first faces, so that a change of it shows."""
    digest = hashlib.sha256()
    for seed, image in enumerate(faces.images[:_PROBES]):
        try:
            masked = synthesizer().apply(image, seed=seed)
        except NoFaceError:
            continue
        digest.update(masked.image.tobytes())
        digest.update(np.float32(masked.confidence).tobytes())
    return digest.hexdigest()


def mask_seed(seed: int, face: int, variant: int) -> int:
    """Return the seed of one mask: a 32-bit number mixed from its three parts."""
    return int(np.random.SeedSequence([seed, face, variant]).generate_state(1)[0])


def random_style(seed: int, held_out: Collection[str]) -> str:
    """Choose a style as often as it is worn, but none that is held out.

    With nothing held out the choice is left to the synthesis.
    """
    if not held_out:
        return RANDOM
    allowed = {style: share for style, share in WORN_STYLES.items() if style not in held_out}
    return by_share(float(np.random.default_rng([seed, 1]).random()), allowed)
