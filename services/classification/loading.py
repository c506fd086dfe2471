"""Loads versions of a model, and lets them answer before any caller does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from maskmesh.services.classification.classifier import Classified, ExpressionClassifier
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.runtime.errors import MaskmeshError, NotFoundError, SetupError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.logging import get_logger

_log = get_logger("models")

_WARMED_UP = (1, 2, 8)


@dataclass(frozen=True, slots=True)
class FileState:
    """A version's file as it was when it was looked at: an overwritten file has another state."""

    model: ModelFile
    changed_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, model: ModelFile) -> Self:
        """Look at a file.

        Raises:
            NotFoundError: It is gone, or cannot be read.
        """
        try:
            found = model.path.stat()
        except OSError as error:
            raise NotFoundError(
                f"{model.path} cannot be read ({error.strerror}): put the version there again"
            ) from error
        return cls(model, found.st_mtime_ns, found.st_size, found.st_ino)


class Loader:
    """Loads versions, and remembers which files did not work: they are not tried again.

    Args:
        threads: Threads that one call may use.

    Attributes:
        refused: Why files were refused.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self.refused: dict[FileState, str] = {}

    def load(self, state: FileState, instead_of: str | None) -> ExpressionClassifier | None:
        """Load a version; None, with a line in the log: it does not work.

        Args:
            state: The file.
            instead_of: The version that it is to replace, for the log.
        """
        model = state.model
        try:
            classifier = load_tried(model, self._threads)
        except MaskmeshError as error:
            self._refuse(state, str(error), instead_of)
            return None
        _log.info("model loaded", model=model.name, version=model.version, instead_of=instead_of)
        return classifier

    def _refuse(self, refused: FileState, why: str, kept: str | None) -> None:
        # Of each version, only the file that was seen last counts.
        others = self.refused.items()
        model = refused.model
        self.refused = {state: text for state, text in others if state.model != model}
        self.refused[refused] = why
        _log.error("model refused", model=model.name, version=model.version, kept=kept, why=why)


def load_tried(model: ModelFile, threads: int = 1) -> ExpressionClassifier:
    """Load a model and let it answer batches of some sizes, which also warms it up.

    Raises:
        SetupError: It cannot be loaded, is none of ours, or does not answer with probabilities.
    """
    classifier = ExpressionClassifier(model, threads)
    face = np.full((classifier.side, classifier.side), 128, np.uint8)
    for count in _WARMED_UP:
        try:
            answer = classifier.classify([face] * count)
        except Exception as error:  # onnxruntime raises a class of its own per failure
            raise SetupError(
                f"{model.path} fails on a gray face ({error}): export it again"
            ) from error
        _check_answer(model, answer, count)
    return classifier


def _check_answer(model: ModelFile, answer: Classified, count: int) -> None:
    rows, mask = answer.probabilities, answer.mask
    sums = rows.sum(axis=-1)
    fine = (
        rows.shape == (count, len(EXPRESSIONS))
        and mask.shape == (count,)
        and bool((np.abs(sums - 1) < 1e-3).all() and ((mask >= 0) & (mask <= 1)).all())
    )
    if not fine:
        raise SetupError(
            f"{model.path} does not answer with {len(EXPRESSIONS)} probabilities a face, of sum 1, "
            f"and one of a mask: it gave {rows.tolist()} and {mask.tolist()}; export it again"
        )
