"""What a finished run's network says of the unmasked faces, to teach one that sees the masked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from maskmesh.training.dataset import LabelledFaces
from maskmesh.training.runs import float_model, load_run
from maskmesh.training.saving import save_arrays, sha256_of

JUDGED_AT_ONCE = 256
log = structlog.get_logger(__name__)


def teacher_answers(folder: Path, faces: LabelledFaces, cache: Path) -> NDArray[np.float32]:
    """Return the mean of a run's answers to each face and to its mirror image, float32 [N, 7].

    They are kept in the cache, so that a run that goes on learns from the very same.

    Raises:
        NotFoundError: The folder holds no run, or no epoch of it is done.
    """
    run = load_run(folder)
    key = f"{faces.split}-{faces.sha256[:12]}-{sha256_of(run.weights)[:12]}"
    file = cache / f"teacher-{key}.npz"
    if not file.exists():
        log.info("teacher", run=str(folder), faces=len(faces))
        model = float_model(run)
        views = (faces.images, faces.images[:, :, ::-1])
        answers = [
            model.predict({"faces": view[..., None]}, batch_size=JUDGED_AT_ONCE, verbose=0)
            for view in views
        ]
        cache.mkdir(parents=True, exist_ok=True)
        save_arrays(file, answers=np.mean([answer["probabilities"] for answer in answers], axis=0))
    with np.load(file) as stored:
        return np.asarray(stored["answers"], np.float32)
