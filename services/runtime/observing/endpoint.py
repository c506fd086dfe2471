"""The HTTP port where Prometheus fetches the metrics of a service.

A service in several processes has one port, too: the processes write to files that they share with
the one that serves them (prometheus_client's multiprocess mode), so that the numbers are those of
all of them. Only the numbers of the processes themselves (memory, files, processor time) are told
apart, by the label `process`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.logging import get_logger
from maskmesh.services.runtime.observing import metrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

# What needs the package of an extra is imported when it is asked for.
# ruff: noqa: PLC0415

_SHARED_FILES = "PROMETHEUS_MULTIPROC_DIR"

_log = get_logger("metrics")


@contextmanager
def metrics_of_this_process(service: str, host: str, port: int) -> Iterator[int]:
    """Count what this process tells, and serve it, from `with` to its end.

    Args:
        service: Name of the service.
        host: Address to serve at.
        port: Port to serve at; 0 takes a free one.

    Yields:
        The port.

    Raises:
        SetupError: The package is not installed, or the address cannot be listened on.
    """
    _need_package()
    from prometheus_client import (
        CollectorRegistry,
        GCCollector,
        PlatformCollector,
        ProcessCollector,
    )

    from maskmesh.services.runtime.observing.instruments import Instruments

    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    with _served(registry, host, port) as served:
        metrics.listen(Instruments(service, registry))
        try:
            yield served
        finally:
            metrics.listen(None)


@contextmanager
def shared_files() -> Iterator[None]:
    """Keep the files by which processes share their metrics, from `with` to its end.

    To be entered before prometheus_client is imported and before the processes are forked.

    Raises:
        SetupError: The package is not installed, or has been imported already.
    """
    if "prometheus_client" in sys.modules:
        raise SetupError(
            "the metrics of several processes cannot be shared in a process that has used "
            "prometheus_client before: start the service by `maskmesh serve`"
        )
    with tempfile.TemporaryDirectory(prefix="maskmesh-metrics-") as folder:
        os.environ[_SHARED_FILES] = folder
        try:
            _need_package()
            yield
        finally:
            del os.environ[_SHARED_FILES]


def count_into_shared_files(service: str) -> None:
    """Let this process count what it tells into the files of `shared_files`."""
    from maskmesh.services.runtime.observing.instruments import Instruments

    metrics.listen(Instruments(service, None))


@contextmanager
def metrics_of_processes(processes: Sequence[int], host: str, port: int) -> Iterator[int]:
    """Serve what processes count into the files of `shared_files`, from `with` to its end.

    Args:
        processes: Their ids.
        host: Address to serve at.
        port: Port to serve at; 0 takes a free one.

    Yields:
        The port.

    Raises:
        SetupError: The address cannot be listened on.
    """
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_Processes(processes))
    with _served(registry, host, port) as served:
        yield served


class _Processes:
    """The numbers of several processes, told apart by their place among them, from 0."""

    def __init__(self, processes: Sequence[int]) -> None:
        from prometheus_client import ProcessCollector

        self._collectors = [
            ProcessCollector(registry=None, pid=partial(int, number)) for number in processes
        ]

    def collect(self) -> Iterable[Metric]:
        merged: dict[str, Metric] = {}
        for place, collector in enumerate(self._collectors):
            for metric in collector.collect():
                into = merged.setdefault(metric.name, metric)
                labelled = [
                    sample._replace(labels={**sample.labels, "process": str(place)})
                    for sample in metric.samples
                ]
                into.samples = labelled if into is metric else into.samples + labelled
        return merged.values()


@contextmanager
def _served(registry: CollectorRegistry, host: str, port: int) -> Iterator[int]:
    from prometheus_client import start_http_server

    with ExitStack() as stack:
        try:
            server, thread = start_http_server(port, host, registry)
        except OSError as error:
            raise SetupError(
                f"metrics cannot be served at {host}:{port} ({error.strerror}): choose another "
                "with --metrics-port or --metrics-host"
            ) from error
        stack.callback(thread.join)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        _log.info("metrics", host=host, port=server.server_port)
        yield server.server_port


def _need_package() -> None:
    try:
        import prometheus_client  # noqa: F401
    except ModuleNotFoundError as error:
        raise SetupError(
            f"metrics need the package {error.name}: pip install 'maskmesh[observing]'"
        ) from error
