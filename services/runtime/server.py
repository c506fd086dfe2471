"""Start, health, reflection and drain of a service: the same for all of them."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from pydantic import Field

from maskmesh.services.runtime.logging import LogFormat, LogLevel, configure_logging, get_logger
from maskmesh.services.runtime.parallel import (
    ServingProcesses,
    cannot_listen,
    wait_for_parent,
)
from maskmesh.services.runtime.pictures import DEFAULT_LIMITS, PictureLimits
from maskmesh.services.runtime.readiness import ready_line
from maskmesh.services.runtime.settings import CommandSettings
from maskmesh.services.runtime.status import StatusInterceptor

MEBIBYTE = 1024 * 1024

_log = get_logger("server")


class ServerSettings(CommandSettings):
    """What every service can be told."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(0, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    workers: int = Field(2, ge=1, le=256, description="threads that compute, in each process")
    processes: int = Field(
        1,
        ge=1,
        le=256,
        description="processes that serve side by side at the port; the system gives each "
        "connection to one of them",
    )
    grace_s: float = Field(
        5.0, ge=0, description="seconds that calls in progress get to end after SIGTERM"
    )
    max_message_mib: int = Field(20, ge=1, le=1024, description="largest message taken, in MiB")
    max_picture_mib: int = Field(16, ge=1, le=1024, description="largest encoded picture, in MiB")
    max_megapixels: int = Field(50, ge=1, le=1000, description="largest picture, in megapixels")
    log_level: LogLevel = Field("info", description="least severe level that is logged")
    log_format: LogFormat = Field("auto", description="auto: lines at a terminal, else JSON")
    stop_with_stdin: bool = Field(
        False, description="stop when standard input closes, as it does when a parent process ends"
    )

    @property
    def picture_limits(self) -> PictureLimits:
        """Bounds that pictures in requests are held against."""
        return PictureLimits(
            max_bytes=self.max_picture_mib * MEBIBYTE,
            max_pixels=self.max_megapixels * 1_000_000,
            min_side=DEFAULT_LIMITS.min_side,
        )


@dataclass(frozen=True, slots=True)
class HostedService:
    """What a service gives to the runtime.

    Attributes:
        name: As in `maskmesh serve NAME`.
        full_names: gRPC names of its services, for health and reflection.
        add_to: Registers the servicers with a server.
        beside: Work that runs in the server's event loop until the server drains, when it is
            cancelled; None: there is none.
    """

    name: str
    full_names: Sequence[str]
    add_to: Callable[[grpc.aio.Server], None]
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None


class RunningServer:
    """A server that listens; made by `start_server`."""

    def __init__(
        self,
        server: grpc.aio.Server,
        health_servicer: health.aio.HealthServicer,
        hosted: HostedService,
        port: int,
    ) -> None:
        self._server = server
        self._health = health_servicer
        self._hosted = hosted
        self._beside = _start_beside(hosted)
        self.port = port

    async def drain(self, grace_s: float) -> None:
        """Answer health checks with NOT_SERVING, refuse new calls, let running ones end."""
        _log.info("draining", service=self._hosted.name, grace_s=grace_s)
        if self._beside is not None:
            self._beside.cancel()
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)
        _log.info("stopped", service=self._hosted.name)


async def start_server(
    settings: ServerSettings, hosted: HostedService, share_port: bool = False
) -> RunningServer:
    """Listen and serve; every service answers grpc.health.v1 and reflection.

    Args:
        settings: Where and how.
        hosted: What is served.
        share_port: Whether other processes may serve at the same port.

    Raises:
        SetupError: The address cannot be listened on.
    """
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(settings.workers, thread_name_prefix=hosted.name)
    )
    message_bytes = settings.max_message_mib * MEBIBYTE
    server = grpc.aio.server(
        interceptors=[StatusInterceptor()],
        options=[
            # Without this, a second server would share the port instead of being refused.
            ("grpc.so_reuseport", int(share_port)),
            ("grpc.max_receive_message_length", message_bytes),
            ("grpc.max_send_message_length", -1),
        ],
    )
    hosted.add_to(server)
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    reflection.enable_server_reflection(
        (*hosted.full_names, health.SERVICE_NAME, reflection.SERVICE_NAME), server
    )
    address = f"{settings.host}:{settings.port}"
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise cannot_listen(address) from error
    await server.start()
    for name in ("", *hosted.full_names):
        await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    _log.info("serving", service=hosted.name, host=settings.host, port=port)
    return RunningServer(server, health_servicer, hosted, port)


def _start_beside(hosted: HostedService) -> asyncio.Task[None] | None:
    if hosted.beside is None:
        return None

    def tell_failure(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            _log.error("work beside the server failed", exc_info=task.exception())

    task = asyncio.create_task(hosted.beside())
    task.add_done_callback(tell_failure)
    return task


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
    asyncio.run(
        _serve(settings, hosted, lambda port: _tell_ready(settings, hosted.name, port), until)
    )


def _run_in_processes(settings: ServerSettings, build: Callable[[], HostedService]) -> None:
    def serve(port: int, ready: Callable[[str], None]) -> None:
        own = settings.model_copy(update={"port": port})
        hosted = build()
        asyncio.run(
            _serve(own, hosted, lambda _: ready(hosted.name), wait_for_parent, share_port=True)
        )

    with ServingProcesses(
        settings.processes, settings.host, settings.port, serve, settings.grace_s
    ) as group:
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
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    running = await start_server(settings, hosted, share_port)
    if until is not None:
        _call_after(until, lambda: loop.call_soon_threadsafe(stop.set))
    ready(running.port)
    await stop.wait()
    await running.drain(settings.grace_s)


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
