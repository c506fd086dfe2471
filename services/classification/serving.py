"""What a shelf holds: which versions answer calls, and what the repository has beside them."""

from __future__ import annotations

from dataclasses import dataclass

from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.loading import FileState


@dataclass(frozen=True, slots=True)
class Served:
    """A version that was loaded, and the file that it was loaded from."""

    state: FileState
    classifier: ExpressionClassifier

    @property
    def version(self) -> str:
        """Name of the version."""
        return self.classifier.model.version


@dataclass(frozen=True, slots=True)
class Serving:
    """What answers calls: exchanged as a whole, so that each call sees one state of it.

    Attributes:
        current: What answers calls, the canary's share aside; None: the model was unloaded.
        canary: The version on trial.
        percent: The canary's share of the calls, 0 to 100.
    """

    current: Served | None
    canary: Served | None = None
    percent: float = 0.0

    @property
    def classifiers(self) -> tuple[ExpressionClassifier, ...]:
        """All that answer calls, the current one first."""
        return tuple(each.classifier for each in (self.current, self.canary) if each)


@dataclass(frozen=True, slots=True)
class IndexedVersion:
    """A version in the repository.

    Attributes:
        version: Its name.
        is_served: Whether it answers calls.
        reason: Why it does not; empty if it does.
    """

    version: str
    is_served: bool
    reason: str
