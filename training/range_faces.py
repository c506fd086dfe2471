"""Faces from which the ranges of 8-bit arithmetic are taken: training faces, every other masked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.runtime.errors import NoFaceError
from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.masking import mask_seed, random_style, synthesizer
from maskmesh.training.recipe import Recipe

COUNT = 512


def range_faces(faces: LabelledFaces, recipe: Recipe, count: int = COUNT) -> NDArray[np.uint8]:
    """Draw faces and put masks on every other one, as the recipe's training does.

    Returns:
        uint8 [count or fewer, 48, 48].
    """
    rows = np.random.default_rng(recipe.seed).permutation(len(faces))[:count]
    images = faces.images[rows]
    for index in range(0, len(images), 2):
        seed = mask_seed(recipe.seed, int(rows[index]), 0)
        style = random_style(seed, recipe.held_out_styles)
        try:
            images[index] = synthesizer().apply(images[index], style=style, seed=seed).image
        except NoFaceError:
            continue  # stays unmasked, as in training
    return images
