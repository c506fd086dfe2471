"""A service as a process of its own, or as several: from its settings to its end."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack

from maskmesh.services.runtime.event_loop import run_in_loop
from maskmesh.services.runtime.logging import configure_logging
from maskmesh.services.runtime.observing.endpoint import (
    count_into_shared_files,
    metrics_of_processes,
    metrics_of_this_process,
    shared_files,
)
from maskmesh.services.runtime.observing.tracing import start_tracing, stop_tracing
from maskmesh.services.runtime.parallel import ServingProcesses, wait_for_parent
from maskmesh.services.runtime.readiness import ready_line
from maskmesh.services.runtime.server import HostedService, ServerSettings, start_server


def run_server(settings: ServerSettings, build: Callable[[], HostedService]) -> None:
    """Build a service, serve it until SIGTERM or SIGINT, drain, and return.

    Once it serves, the line `ready NAME HOST:PORT` is the only thing written to standard output.

    Raises:
        SetupError: The service lacks something, or the address cannot be listened on.
    """
    configure_logging(settings.log_level, settings.log_format)
    if settings.processes > 1:
        _run_in_processes(settings, build)
        return
    hosted = build()
    until = _wait_for_stdin_end if settings.stop_with_stdin else None
    with ExitStack() as stack:
        if settings.metrics_port:
            stack.enter_context(
                metrics_of_this_process(hosted.name, settings.metrics_host, settings.metrics_port)
            )
        run_in_loop(
            _serve(settings, hosted, lambda port: _tell_ready(settings, hosted.name, port), until)
        )


def _run_in_processes(settings: ServerSettings, build: Callable[[], HostedService]) -> None:
    def serve(port: int, ready: Callable[[str], None]) -> None:
        own = settings.model_copy(update={"port": port})
        hosted = build()
        if settings.metrics_port:
            count_into_shared_files(hosted.name)
        run_in_loop(
            _serve(own, hosted, lambda _: ready(hosted.name), wait_for_parent, share_port=True)
        )

    with ExitStack() as stack:
        if settings.metrics_port:
            stack.enter_context(shared_files())
        group = stack.enter_context(
            ServingProcesses(
                settings.processes,
                settings.host,
                settings.port,
                serve,
                settings.drain_delay_s + settings.grace_s,
            )
        )
        if settings.metrics_port:
            stack.enter_context(
                metrics_of_processes(
                    group.process_ids, settings.metrics_host, settings.metrics_port
                )
            )
        _tell_ready(settings, group.name, group.port)
        if settings.stop_with_stdin:
            _call_after(_wait_for_stdin_end, group.stop)
        group.wait()


async def _serve(
    settings: ServerSettings,
    hosted: HostedService,
    ready: Callable[[int], None],
    until: Callable[[], None] | None,
    share_port: bool = False,
) -> None:
    """Serve until a signal comes or `until`, in a thread of its own, returns."""
    stop, stop_now = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(
            signal_number, lambda: stop_now.set() if stop.is_set() else stop.set()
        )
    if settings.traces_to is not None:
        start_tracing(hosted.name, settings.traces_to)
    running = await start_server(settings, hosted, share_port)
    if until is not None:
        _call_after(until, lambda: loop.call_soon_threadsafe(stop.set))
    ready(running.port)
    await stop.wait()
    draining = asyncio.create_task(running.drain(settings.grace_s, settings.drain_delay_s))
    hurrying = asyncio.create_task(stop_now.wait())
    await asyncio.wait((draining, hurrying), return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        await running.drain(0)
    hurrying.cancel()
    await draining
    await asyncio.to_thread(stop_tracing)


def _tell_ready(settings: ServerSettings, name: str, port: int) -> None:
    sys.stdout.write(ready_line(name, f"{settings.host}:{port}"))
    sys.stdout.flush()


def _call_after(wait: Callable[[], None], call: Callable[[], object]) -> None:
    def wait_and_call() -> None:
        wait()
        call()

    threading.Thread(target=wait_and_call, daemon=True).start()


def _wait_for_stdin_end() -> None:
    while sys.stdin.read(1):
        pass
