"""The versions that are served now: others take their places between two calls."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from maskmesh.services.classification.canary import CanaryPlan, Route, Shares
from maskmesh.services.classification.classifier import ExpressionClassifier
from maskmesh.services.classification.loading import FileState, Loader
from maskmesh.services.classification.repository import (
    DEFAULT_MODEL,
    SHIPPED_MODELS,
    find_model,
    find_versions,
)
from maskmesh.services.classification.serving import IndexedVersion, Served, Serving
from maskmesh.services.runtime.errors import (
    InvalidInputError,
    NotFoundError,
    SetupError,
    UnavailableError,
)
from maskmesh.services.runtime.logging import get_logger
from maskmesh.services.runtime.observing import metrics

_log = get_logger("models")


class ModelShelf:
    """Holds the highest version of a model that works, or one that was named, and maybe a canary.

    Whoever takes a classifier keeps it to the end of its call, whatever happens here meanwhile.
    May be used from many threads at once.

    Args:
        root: Folder of the repository.
        name: Name of the model: a folder in `root`.
        version: Name of the version; None takes the highest that works, the canary aside.
        threads: Threads that one call may use.
        canary: Which version is on trial; None: there is none.

    Raises:
        NotFoundError: The repository has no such model or version.
        SetupError: No version of it works.
        InvalidInputError: The version is its own canary.
    """

    def __init__(
        self,
        root: Path = SHIPPED_MODELS,
        name: str = DEFAULT_MODEL,
        version: str | None = None,
        threads: int = 1,
        canary: CanaryPlan | None = None,
    ) -> None:
        if canary is not None and canary.version == version:
            raise _own_canary(canary.version)
        self.name = name
        self._root, self._version = root, version
        self._plan = canary
        self._refreshing = threading.Lock()
        self._loader = Loader(threads)
        self._missed = ""
        self._shares = Shares()
        self._serving = Serving(self._first())
        self._refresh_canary()

    @property
    def current(self) -> ExpressionClassifier:
        """The classifier that new calls are to use, the canary's share aside.

        Raises:
            UnavailableError: The model was unloaded.
        """
        return self._current(self._serving)

    @property
    def served(self) -> tuple[ExpressionClassifier, ...]:
        """All classifiers that answer calls: the current one first; none after `unload`."""
        return self._serving.classifiers

    @property
    def canary_percent(self) -> float:
        """The canary's share of the calls, 0 to 100."""
        return self._serving.percent

    def pick(self, route: Route = Route.BY_SHARE, version: str = "") -> ExpressionClassifier:
        """Return the classifier that is to answer a call.

        Args:
            route: Whether the canary is to answer; without a canary, the current version does.
            version: Name of a version that is served; empty: the route decides.

        Raises:
            NotFoundError: The version is not served; the message names those that are.
            UnavailableError: The model was unloaded.
        """
        serving = self._serving
        current = self._current(serving)
        if version:
            for classifier in serving.classifiers:
                if classifier.model.version == version:
                    return classifier
            names = " and ".join(each.model.version for each in serving.classifiers)
            raise NotFoundError(
                f"version {version!r} of model {self.name!r} is not served; served: {names}"
            )
        canary = serving.canary
        if canary is None or route is Route.STEADY:
            return current
        if route is Route.CANARY or self._shares.is_due(serving.percent):
            return canary.classifier
        return current

    def refresh(self) -> bool:
        """Look into the repository and take up what is better there.

        That is a higher version, another file of the same version, or, when the current version is
        gone, the highest of the others. What does not work is refused, with a line in the log, and
        not tried again until its file changes; the current model stays, as it does when the
        repository cannot be read. After `unload`, nothing is taken up.

        Returns:
            Whether `current` or the canary is another one now.
        """
        with self._refreshing:
            if self._serving.current is None:
                return False
            try:
                candidates = self._candidates()
            except (NotFoundError, OSError) as error:
                self._miss(str(error))
                return False
            self._missed = ""
            changed = self._take_better(self._serving.current, candidates)
            return self._refresh_canary() or changed

    def load(self, version: str | None = None, canary_percent: float | None = None) -> None:
        """Take up a version now, and stay with it.

        Args:
            version: Name of the version; None takes the highest, and higher ones when they come.
            canary_percent: Its share of the calls, as a canary beside the current version; None:
                it answers all, and no canary is left.

        Raises:
            NotFoundError: The repository has no such version.
            InvalidInputError: The version does not work, or is its own canary; what was served is
                kept.
            UnavailableError: A canary is to be loaded, but nothing else is.
        """
        with self._refreshing:
            state = FileState.of(find_model(self._root, self.name, version))
            if canary_percent is None:
                self._serve(self._obtain(state))
                self._version, self._plan = version, None
                return
            plan = CanaryPlan(state.model.version, canary_percent)
            if self.current.model.version == plan.version:
                raise _own_canary(plan.version)
            self._put_canary(self._obtain(state), plan)

    def unload(self) -> None:
        """Serve nothing until `load`."""
        with self._refreshing:
            self._serving, self._plan = Serving(None), None
        _log.info("model unloaded", model=self.name)

    def index(self) -> list[IndexedVersion]:
        """List the versions in the repository and those that are served, the highest first."""
        served = {each.model.version for each in self.served}
        try:
            found = [FileState.of(model) for model in find_versions(self._root, self.name)]
        except (NotFoundError, OSError):
            found = []
        reasons = {
            state.model.version: self._loader.refused.get(state, "not loaded") for state in found
        }
        return [
            IndexedVersion(
                version, version in served, "" if version in served else reasons[version]
            )
            for version in sorted(served | set(reasons), key=int, reverse=True)
        ]

    def _current(self, serving: Serving) -> ExpressionClassifier:
        if serving.current is None:
            raise UnavailableError(
                f"model {self.name!r} is unloaded: load it with RepositoryModelLoad"
            )
        return serving.current.classifier

    def _first(self) -> Served:
        for candidate in self._candidates():
            classifier = self._loader.load(candidate, instead_of=None)
            if classifier is not None:
                metrics.show_model(self.name, candidate.model.version)
                return Served(candidate, classifier)
        raise SetupError("; ".join(self._loader.refused.values()))

    def _take_better(self, served: Served, candidates: list[FileState]) -> bool:
        for candidate in candidates:
            if candidate == served.state:
                return False
            if candidate not in self._loader.refused:
                classifier = self._loader.load(candidate, instead_of=served.version)
                if classifier is not None:
                    self._serve(Served(candidate, classifier), self._serving.canary)
                    return True
            if candidate.model.version == served.version:
                return False  # overwritten by what does not work: what is in memory does
        return False

    def _refresh_canary(self) -> bool:
        plan, canary = self._plan, self._serving.canary
        if plan is None:
            return False
        try:
            state = FileState.of(find_model(self._root, self.name, plan.version))
        except (NotFoundError, OSError) as error:
            if canary is not None:
                _log.error("canary lost", model=self.name, version=plan.version, why=str(error))
                self._serving = replace(self._serving, canary=None, percent=0.0)
            return canary is not None
        if state in self._loader.refused or (canary is not None and canary.state == state):
            return False
        classifier = self._loader.load(state, instead_of=canary.version if canary else None)
        if classifier is not None:
            self._put_canary(Served(state, classifier), plan)
        return classifier is not None

    def _serve(self, served: Served, canary: Served | None = None) -> None:
        self._serving = Serving(served, canary, self._serving.percent if canary else 0.0)
        metrics.show_model(self.name, served.version)

    def _put_canary(self, canary: Served, plan: CanaryPlan) -> None:
        self._plan = plan
        self._serving = replace(self._serving, canary=canary, percent=plan.percent)
        _log.info("canary", model=self.name, version=plan.version, percent=plan.percent)

    def _obtain(self, state: FileState) -> Served:
        """Return what is loaded of this file, or load it.

        Raises:
            InvalidInputError: It does not work.
        """
        for served in (self._serving.current, self._serving.canary):
            if served is not None and served.state == state:
                return served
        kept = self._serving.current.version if self._serving.current else None
        classifier = self._loader.load(state, instead_of=kept)
        if classifier is None:
            raise InvalidInputError(
                f"version {state.model.version} is refused, "
                f"{f'{kept} is kept' if kept else 'none is served'}: {self._loader.refused[state]}"
            )
        return Served(state, classifier)

    def _candidates(self) -> list[FileState]:
        if self._version is not None:
            return [FileState.of(find_model(self._root, self.name, self._version))]
        on_trial = self._plan.version if self._plan else None
        found = find_versions(self._root, self.name)
        steady = [FileState.of(model) for model in found if model.version != on_trial]
        if not steady:
            raise NotFoundError(
                f"model {self.name!r} has no version beside the canary {on_trial}: export another, "
                "or serve without a canary"
            )
        return steady

    def _miss(self, why: str) -> None:
        if why != self._missed:
            current = self._serving.current
            _log.error("repository lost", kept=current.version if current else None, why=why)
        self._missed = why


def _own_canary(version: str) -> InvalidInputError:
    return InvalidInputError(
        f"version {version} answers all calls: it cannot be its own canary; name another version"
    )
