"""The model that is served now: a newer version takes its place between two calls."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.repository import (
    DEFAULT_MODEL,
    SHIPPED_MODELS,
    ModelFile,
    find_model,
    find_versions,
)
from maskmesh.services.runtime.errors import MaskmeshError, NotFoundError, SetupError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.logging import get_logger

_log = get_logger("models")


@dataclass(frozen=True, slots=True)
class _State:
    """A version's file as it was when it was looked at: an overwritten file has another state."""

    model: ModelFile
    changed_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, model: ModelFile) -> _State:
        found = model.path.stat()
        return cls(model, found.st_mtime_ns, found.st_size, found.st_ino)


class ModelShelf:
    """Holds the highest version of a model that works, or one that was named.

    Whoever takes `current` keeps that classifier to the end of its call, whatever `refresh` does
    meanwhile. May be used from many threads at once.

    Args:
        root: Folder of the repository.
        name: Name of the model: a folder in `root`.
        version: Name of the version; None takes the highest that works.
        threads: Threads that one call may use.

    Raises:
        NotFoundError: The repository has no such model or version.
        SetupError: No version of it works.
    """

    def __init__(
        self,
        root: Path = SHIPPED_MODELS,
        name: str = DEFAULT_MODEL,
        version: str | None = None,
        threads: int = 1,
    ) -> None:
        self._root, self._name, self._version, self._threads = root, name, version, threads
        self._refreshing = threading.Lock()
        self._refused: dict[_State, str] = {}
        self._missed = ""
        self._served = self._first()

    @property
    def current(self) -> ExpressionClassifier:
        """The classifier that new calls are to use."""
        return self._served[1]

    def refresh(self) -> bool:
        """Look into the repository and take up what is better there.

        That is a higher version, another file of the same version, or, when the current version is
        gone, the highest of the others. What does not work is refused, with a line in the log, and
        not tried again until its file changes; the current model stays, as it does when the
        repository cannot be read.

        Returns:
            Whether `current` is another one now.
        """
        with self._refreshing:
            try:
                candidates = self._candidates()
            except (NotFoundError, OSError) as error:
                self._miss(str(error))
                return False
            self._missed = ""
            self._refused = {
                state: why for state, why in self._refused.items() if state in candidates
            }
            return self._take_better(candidates)

    def _first(self) -> tuple[_State, ExpressionClassifier]:
        for candidate in self._candidates():
            classifier = self._load(candidate, instead_of=None)
            if classifier is not None:
                return candidate, classifier
        raise SetupError("; ".join(self._refused.values()))

    def _take_better(self, candidates: list[_State]) -> bool:
        served, current = self._served
        for candidate in candidates:
            if candidate == served:
                return False
            if candidate not in self._refused:
                classifier = self._load(candidate, instead_of=current.model.version)
                if classifier is not None:
                    self._served = (candidate, classifier)
                    return True
            if candidate.model.version == current.model.version:
                return False  # overwritten by what does not work: what is in memory does
        return False

    def _candidates(self) -> list[_State]:
        if self._version is not None:
            return [_State.of(find_model(self._root, self._name, self._version))]
        return [_State.of(model) for model in find_versions(self._root, self._name)]

    def _load(self, candidate: _State, instead_of: str | None) -> ExpressionClassifier | None:
        model = candidate.model
        try:
            classifier = load_tried(model, self._threads)
        except MaskmeshError as error:
            self._refused[candidate] = str(error)
            _log.error(
                "model refused",
                model=model.name,
                version=model.version,
                kept=instead_of,
                why=str(error),
            )
            return None
        _log.info("model loaded", model=model.name, version=model.version, instead_of=instead_of)
        return classifier

    def _miss(self, why: str) -> None:
        if why != self._missed:
            _log.error("repository lost", kept=self.current.model.version, why=why)
        self._missed = why


def load_tried(model: ModelFile, threads: int = 1) -> ExpressionClassifier:
    """Load a model and let it answer once, which also warms it up.

    Raises:
        SetupError: It cannot be loaded, is none of ours, or does not answer with probabilities.
    """
    classifier = ExpressionClassifier(model, threads)
    face = np.full((classifier.side, classifier.side), 128, np.uint8)
    try:
        answer = classifier.classify([face, face])
    except Exception as error:  # onnxruntime raises a class of its own per failure
        raise SetupError(f"{model.path} fails on a gray face ({error}): export it again") from error
    rows, mask = answer.probabilities, answer.mask
    sums = rows.sum(axis=-1)
    fine = (
        rows.shape == (2, len(EXPRESSIONS))
        and mask.shape == (2,)
        and bool((np.abs(sums - 1) < 1e-3).all() and ((mask >= 0) & (mask <= 1)).all())
    )
    if not fine:
        raise SetupError(
            f"{model.path} does not answer with {len(EXPRESSIONS)} probabilities a face, of sum 1, "
            f"and one of a mask: it gave {rows.tolist()} and {mask.tolist()}; export it again"
        )
    return classifier
