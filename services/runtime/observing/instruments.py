"""The Prometheus metrics of one process. Importing this needs the extra `observing`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version as version_of

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from maskmesh.services.runtime.expressions import EXPRESSIONS

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_FACES = (1, 2, 4, 8, 16, 32, 64, 128)


class CallInstruments:
    """What is counted of the calls of one method; looked up once, not with every call."""

    def __init__(self, instruments: Instruments, method: str) -> None:
        self._all, self._method = instruments, method
        self._by_code: dict[str, Counter] = {}
        self.in_flight = instruments.calls_in_flight.labels(method)

    @cached_property
    def seconds(self) -> Histogram:
        """How long calls of one answer took."""
        return self._all.call_seconds.labels(self._method)

    @cached_property
    def answers(self) -> Counter:
        """How many answers were sent on streams."""
        return self._all.stream_answers.labels(self._method)

    def ended(self, code: str) -> None:
        """Count a call that ended with a status code."""
        counter = self._by_code.get(code)
        if counter is None:
            counter = self._by_code[code] = self._all.calls.labels(self._method, code)
        counter.inc()


class Instruments:
    """All metrics of a service.

    Args:
        service: Name of the service, as in `maskmesh serve NAME`.
        registry: Where they are registered; None where the processes of a service share files
            (see `maskmesh.services.runtime.observing.endpoint`).
    """

    def __init__(self, service: str, registry: CollectorRegistry | None) -> None:
        self._methods: dict[str, CallInstruments] = {}
        self._served: dict[str, str] = {}
        self._register_calls(registry)
        self._register_work(registry)
        self._register_models(registry)
        build = Gauge(
            "maskmesh_build",
            "1; the labels say what runs",
            ("service", "release"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        build.labels(service, version_of("maskmesh")).set(1)

    def method(self, name: str) -> CallInstruments:
        """Return what is counted of a method's calls.

        Args:
            name: A method that the server has; names that callers make up must not get here.
        """
        found = self._methods.get(name)
        if found is None:
            found = self._methods[name] = CallInstruments(self, name)
        return found

    def stage(self, stage: str, seconds: float) -> None:
        """Take the time of a stage."""
        self.stage_seconds.labels(stage).observe(seconds)

    def predictions(self, model: str, version: str, faces: Sequence[int], worn: int) -> None:
        """Take how many faces fell into each class, and how many of all wore a mask."""
        for expression, count in zip(EXPRESSIONS, faces, strict=True):
            if count:
                self.predicted.labels(model, version, expression).inc(count)
        self.masks_worn.labels(model, version).inc(worn)

    def served_model(self, model: str, version: str) -> None:
        """Take which version of a model is served now."""
        before = self._served.get(model)
        if before is not None:
            self.model_processes.labels(model, before).set(0)
        self._served[model] = version
        self.model_processes.labels(model, version).set(1)

    def _register_calls(self, registry: CollectorRegistry | None) -> None:
        self.calls = Counter(
            "maskmesh_calls",
            "Calls that have ended, by their status",
            ("method", "code"),
            registry=registry,
        )
        self.call_seconds = Histogram(
            "maskmesh_call_seconds",
            "Seconds that calls of one request took in the service; streams are not in here",
            ("method",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.calls_in_flight = Gauge(
            "maskmesh_calls_in_flight",
            "Calls and streams that are being answered",
            ("method",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.stream_answers = Counter(
            "maskmesh_stream_answers",
            "Answers sent on streams",
            ("method",),
            registry=registry,
        )
        self.refusals = Counter(
            "maskmesh_refusals",
            "Calls refused before any work on them",
            ("reason",),
            registry=registry,
        )

    def _register_work(self, registry: CollectorRegistry | None) -> None:
        self.stage_seconds = Histogram(
            "maskmesh_stage_seconds",
            "Seconds that stages of calls took",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_faces = Histogram(
            "maskmesh_batch_faces",
            "Faces run through a model at once",
            buckets=_FACES,
            registry=registry,
        )
        self.queued = Gauge(
            "maskmesh_queued",
            "Requests that wait to be run",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def _register_models(self, registry: CollectorRegistry | None) -> None:
        self.predicted = Counter(
            "maskmesh_predictions",
            "Faces by the class that was predicted",
            ("model", "version", "expression"),
            registry=registry,
        )
        self.masks_worn = Counter(
            "maskmesh_masks_worn",
            "Faces that were predicted to wear a mask",
            ("model", "version"),
            registry=registry,
        )
        self.model_processes = Gauge(
            "maskmesh_model_processes",
            "Processes that serve a version of a model",
            ("model", "version"),
            registry=registry,
            multiprocess_mode="livesum",
        )
