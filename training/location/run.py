"""From photos and faces to the two files that face location runs on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from maskmesh.services.face_location.artifacts import CASCADE_FILE, VERIFIER_FILE
from maskmesh.services.face_location.proposals import WINDOW, WINDOW_SHARE, load_cascade
from maskmesh.services.face_location.verifier import MARGIN, PATCH_SIDE
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import load_splits
from maskmesh.training.location.cascade import CascadePlan, train_cascade
from maskmesh.training.location.faces import Face, crop_faces, masked_photo_faces, photo_faces
from maskmesh.training.location.negatives import Mining, backgrounds, mine
from maskmesh.training.location.photos import Photo, photos_with_faces
from maskmesh.training.location.settings import TrainLocationSettings
from maskmesh.training.location.verifier import VerifierPlan, train_verifier
from maskmesh.training.masking import mask_faces

CROPS_BARE, CROPS_MASKED = 4_000, 12_000
MASKS_A_PHOTO_FACE = 2
MINED, DRAWN = 140_000, 10_000

Groups = list[tuple[list[Face], float]]


@dataclass(frozen=True, slots=True)
class LearningMaterial:
    """Faces by where they come from, and the photos around them."""

    bare_crops: list[Face]
    masked_crops: list[Face]
    bare: list[Face]
    masked: list[Face]
    masked_by_synthesis: list[Face]
    photos: list[Photo]

    def for_cascade(self) -> Groups:
        """Return what the cascade has to let pass: frontal to three-quarter faces."""
        return [
            (self.bare_crops, 0.1),
            (self.masked_crops, 0.18),
            ([face for face in self.masked if face.frontal], 0.37),
            ([face for face in self.bare if face.frontal], 0.15),
            (self.masked_by_synthesis, 0.2),
        ]

    def for_verifier(self) -> Groups:
        """Return what the verifier has to call a face: faces turned further, too."""
        return [
            (self.bare_crops, 0.12),
            (self.masked_crops, 0.2),
            (self.masked, 0.34),
            (self.bare, 0.14),
            (self.masked_by_synthesis, 0.2),
        ]


def train_location(settings: TrainLocationSettings, console: Console) -> None:
    """Train the cascade, then the verifier on what the cascade lets pass, and write both.

    A run that was stopped goes on after its last stage or epoch.

    Raises:
        MaskmeshError: The data or the run folder cannot be used.
    """
    # Loads TensorFlow, which the cascade does without.
    from maskmesh.training.location.network import write_onnx  # noqa: PLC0415

    cv2.setNumThreads(1)
    material = gather(settings)
    run = settings.run
    run.mkdir(parents=True, exist_ok=True)
    cascade = settings.cascade or train_cascade(
        material.for_cascade(),
        material.photos,
        CascadePlan(seed=settings.seed, threads=settings.threads),
        run / "cascade",
        console,
    )
    others = _others(run / "others.npy", cascade, material.photos, settings.seed)
    verifier = VerifierPlan(seed=settings.seed)
    model = train_verifier(material.for_verifier(), others, verifier, run / "verifier", console)
    settings.output.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(cascade, settings.output / CASCADE_FILE)
    write_onnx(model, settings.output / VERIFIER_FILE, {"maskmesh": "face verifier"})
    console.print(f"{CASCADE_FILE} and {VERIFIER_FILE} are in {settings.output}")


def gather(settings: TrainLocationSettings) -> LearningMaterial:
    """Read faces and photos, and put masks on.

    Raises:
        MaskmeshError: Something is missing or damaged.
    """
    crops = load_splits(default_data(), ["train"])["train"]
    masked = mask_faces(crops, variants=3, seed=20, cache=settings.cache, workers=settings.threads)
    random = np.random.default_rng(settings.seed)
    chosen = random.choice(len(crops), min(len(crops), CROPS_MASKED), replace=False)
    chosen = chosen[masked.worn[chosen, 0]]
    photos = [
        photo
        for photo in photos_with_faces(settings.references)
        if settings.without_half is None or photo.half != settings.without_half
    ]
    faces = photo_faces(photos)
    return LearningMaterial(
        bare_crops=crop_faces(crops.images[chosen[:CROPS_BARE]], None),
        masked_crops=crop_faces(crops.images[chosen], masked.images[chosen, 0]),
        bare=[face for face in faces if not face.covered],
        masked=[face for face in faces if face.covered],
        masked_by_synthesis=masked_photo_faces(photos, MASKS_A_PHOTO_FACE, settings.seed),
        photos=photos,
    )


def _others(path: Path, cascade: Path, photos: list[Photo], seed: int) -> NDArray[np.uint8]:
    if not path.exists():
        patch = PATCH_SIDE, MARGIN / WINDOW_SHARE
        mined = Mining(WINDOW, WINDOW_SHARE, MINED, patch=patch, seed=seed)
        drawn = Mining(WINDOW, WINDOW_SHARE, DRAWN, patch=patch, seed=seed + 1)
        found = [
            mine(backgrounds(photos, seed), load_cascade(cascade), mined)[0],
            mine(backgrounds(photos, seed + 1), None, drawn)[0],
        ]
        partial = path.with_suffix(".partial.npy")
        np.save(partial, np.concatenate(found))
        partial.replace(path)
    return np.asarray(np.load(path), np.uint8)
