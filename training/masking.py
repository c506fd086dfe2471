"""The masked data set: every face with several synthetic masks, made once and kept in a cache."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.mask_synthesis.synthesizer import MaskSynthesizer
from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.dataset import LabelledFaces

CHUNK = 1000
GOOD_FIT = 0.5
_PROBES = 16
_worker: list[tuple[LandmarkPredictor, MaskSynthesizer]] = []


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
        """How many faces have a variant whose mask fits badly (confidence under 0.5)."""
        return int((self.confidence < GOOD_FIT).any(axis=1).sum())

    @property
    def unmasked(self) -> int:
        """How many faces have a variant on which no mask could be put."""
        return int((~self.worn).any(axis=1).sum())


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of work that travels to a worker process."""

    images: NDArray[np.uint8]
    first: int
    variants: int
    seed: int
    landmarks_file: Path
    file: Path


def mask_faces(
    faces: LabelledFaces, *, variants: int, seed: int, cache: Path, workers: int = 2
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
    """
    synthesis = synthesis_fingerprint(faces)
    key = f"{faces.split}-{faces.sha256[:12]}-{synthesis[:8]}"
    folder = cache / f"masks-{key}-v{variants}-s{seed}"
    landmarks_folder = cache / f"landmarks-{key}"
    for made in (folder, landmarks_folder):
        made.mkdir(parents=True, exist_ok=True)
    chunks = [
        Chunk(
            faces.images[first : first + CHUNK],
            first,
            variants,
            seed,
            landmarks_folder / f"{first:06d}.npy",
            folder / f"{first:06d}.npz",
        )
        for first in range(0, len(faces), CHUNK)
    ]
    _make_missing(chunks, workers, f"masking {faces.split}")
    loaded = [np.load(chunk.file) for chunk in chunks]
    images = np.concatenate([part["images"] for part in loaded])
    worn = np.concatenate([part["worn"] for part in loaded])
    confidence = np.concatenate([part["confidence"] for part in loaded])
    return MaskedFaces(images, worn, confidence, synthesis)


def synthesis_fingerprint(faces: LabelledFaces) -> str:
    """Hash what the synthesis does to the first faces, so that a change of it shows."""
    synthesizer = MaskSynthesizer(LandmarkPredictor())
    digest = hashlib.sha256()
    for seed, image in enumerate(faces.images[:_PROBES]):
        try:
            masked = synthesizer.apply(image, seed=seed)
        except NoFaceError:
            continue
        digest.update(masked.image.tobytes())
        digest.update(np.float32(masked.confidence).tobytes())
    return digest.hexdigest()


def mask_seed(seed: int, face: int, variant: int) -> int:
    """Return the seed of one mask: a 32-bit number mixed from its three parts."""
    return int(np.random.SeedSequence([seed, face, variant]).generate_state(1)[0])


def _make_missing(chunks: list[Chunk], workers: int, title: str) -> None:
    missing = [chunk for chunk in chunks if not chunk.file.exists()]
    if not missing:
        return
    with Progress() as progress:
        task = progress.add_task(title, total=sum(len(chunk.images) for chunk in missing))
        for made in _made(missing, workers):
            progress.advance(task, made)


def _made(chunks: list[Chunk], workers: int) -> Iterator[int]:
    # Forked children of a process that has loaded TensorFlow can hang, so they are spawned.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        futures: list[Future[int]] = [pool.submit(_make_chunk, chunk) for chunk in chunks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start_worker() -> None:
    cv2.setNumThreads(1)
    predictor = LandmarkPredictor()
    _worker.append((predictor, MaskSynthesizer(predictor)))


def _make_chunk(chunk: Chunk) -> int:
    return make_chunk(chunk, *_worker[0])


def make_chunk(chunk: Chunk, predictor: LandmarkPredictor, synthesizer: MaskSynthesizer) -> int:
    """Put masks on the faces of a chunk and write its file; return the number of faces."""
    landmarks = _landmarks(chunk, predictor)
    shape = (len(chunk.images), chunk.variants)
    images = np.repeat(chunk.images[:, None], chunk.variants, axis=1)
    worn = np.zeros(shape, bool)
    confidence = np.zeros(shape, np.float32)
    for row, (image, points) in enumerate(zip(chunk.images, landmarks, strict=True)):
        for variant in range(chunk.variants):
            seed = mask_seed(chunk.seed, chunk.first + row, variant)
            try:
                masked = synthesizer.apply(image, seed=seed, landmarks=points)
            except NoFaceError:
                continue  # counted by its `worn`, which stays False
            images[row, variant] = masked.image
            worn[row, variant] = True
            confidence[row, variant] = masked.confidence
    partial = chunk.file.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as stream:
        np.savez_compressed(stream, images=images, worn=worn, confidence=confidence)
    partial.replace(chunk.file)
    return len(chunk.images)


def _landmarks(chunk: Chunk, predictor: LandmarkPredictor) -> NDArray[np.float32]:
    if chunk.landmarks_file.exists():
        return np.asarray(np.load(chunk.landmarks_file), np.float32)
    landmarks = np.stack([predictor.predict(image) for image in chunk.images])
    partial = chunk.landmarks_file.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as stream:
        np.save(stream, landmarks)
    partial.replace(chunk.landmarks_file)
    return landmarks
