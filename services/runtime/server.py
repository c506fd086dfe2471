"""Start, health, reflection and drain of a service: the same for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from pydantic import Field

from maskmesh.services.runtime.interceptor import CallInterceptor, Guards
from maskmesh.services.runtime.limits import CallLimits, LimitSettings
from maskmesh.services.runtime.logging import LogFormat, LogLevel, get_logger
from maskmesh.services.runtime.observing.settings import ObservingSettings
from maskmesh.services.runtime.parallel import cannot_listen
from maskmesh.services.runtime.pictures import DEFAULT_LIMITS, PictureLimits
from maskmesh.services.runtime.security.binding import check_binding
from maskmesh.services.runtime.security.keys import Keys
from maskmesh.services.runtime.security.settings import SecuritySettings
from maskmesh.services.runtime.security.tls import server_credentials
from maskmesh.services.runtime.settings import CommandSettings

MEBIBYTE = 1024 * 1024

# gRPC ends as CANCELLED, which no client tries again, what it has not looked at when it stops.
# Therefore calls are refused by ourselves until for so long none came, or callers don't give up.
_QUIET_S = 0.05
_REFUSING_S = 1.0

_log = get_logger("server")


class BasicSettings(CommandSettings):
    """Where and how a service serves."""

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
        5.0,
        ge=0,
        description="seconds that calls in progress get to end after SIGTERM; a second SIGTERM "
        "ends them at once",
    )
    drain_delay_s: float = Field(
        0.0,
        ge=0,
        description="seconds between answering health checks with NOT_SERVING and refusing calls, "
        "for load balancers to take notice",
    )
    max_message_mib: int = Field(20, ge=1, le=1024, description="largest message taken, in MiB")
    max_picture_mib: int = Field(16, ge=1, le=1024, description="largest encoded picture, in MiB")
    max_megapixels: int = Field(50, ge=1, le=1000, description="largest picture, in megapixels")
    log_level: LogLevel = Field("info", description="least severe level that is logged")
    log_format: LogFormat = Field("auto", description="auto: lines at a terminal, else JSON")
    stop_with_stdin: bool = Field(
        False, description="stop when standard input closes, as it does when a parent process ends"
    )


# The last base comes first in the help.
class ServerSettings(ObservingSettings, SecuritySettings, LimitSettings, BasicSettings):
    """What every service can be told."""

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
        finish: Ends what the servicers use, once no call is under way any more; may be called
            again. None: there is nothing to end.
    """

    name: str
    full_names: Sequence[str]
    add_to: Callable[[grpc.aio.Server], None]
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None
    finish: Callable[[], Coroutine[Any, Any, None]] | None = None


class RunningServer:
    """A server that listens; made by `start_server`."""

    def __init__(
        self,
        server: grpc.aio.Server,
        health_servicer: health.aio.HealthServicer,
        hosted: HostedService,
        limits: CallLimits,
        port: int,
    ) -> None:
        self._server = server
        self._health = health_servicer
        self._hosted = hosted
        self._limits = limits
        self._beside = _start_beside(hosted)
        self.port = port

    async def drain(self, grace_s: float, delay_s: float = 0.0) -> None:
        """Answer health checks with NOT_SERVING, refuse new calls, let running ones end.

        Args:
            grace_s: Seconds that running calls get; a second call with fewer cuts them short.
            delay_s: Seconds before calls are refused, while health checks already say so.
        """
        _log.info("draining", service=self._hosted.name, grace_s=grace_s)
        if self._beside is not None:
            self._beside.cancel()
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(delay_s)
        self._limits.close()
        await self._refuse_until_quiet(min(_REFUSING_S, grace_s))
        await self._server.stop(grace_s)
        if self._hosted.finish is not None:
            await self._hosted.finish()
        _log.info("stopped", service=self._hosted.name)

    async def _refuse_until_quiet(self, limit_s: float) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + limit_s
        turned_away = -1
        while turned_away != self._limits.turned_away and clock() < end:
            turned_away = self._limits.turned_away
            await asyncio.sleep(_QUIET_S)


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
    credentials = server_credentials(settings)
    check_binding(settings.host, credentials is not None, settings.insecure_plaintext)
    limits = CallLimits(settings)
    server = _new_server(settings, limits, share_port)
    hosted.add_to(server)
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    reflection.enable_server_reflection(
        (*hosted.full_names, health.SERVICE_NAME, reflection.SERVICE_NAME), server
    )
    address = f"{settings.host}:{settings.port}"
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise cannot_listen(address) from error
    await server.start()
    for name in ("", *hosted.full_names):
        await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    _log.info(
        "serving",
        service=hosted.name,
        host=settings.host,
        port=port,
        tls=credentials is not None,
        keys=settings.keys_file is not None,
    )
    return RunningServer(server, health_servicer, hosted, limits, port)


def _new_server(settings: ServerSettings, limits: CallLimits, share_port: bool) -> grpc.aio.Server:
    guards = Guards(
        limits,
        settings.slow_reader_s,
        Keys(settings.keys_file) if settings.keys_file else None,
        settings.open_health,
    )
    return grpc.aio.server(
        interceptors=[CallInterceptor(guards)],
        options=[
            # Without this, a second server would share the port instead of being refused.
            ("grpc.so_reuseport", int(share_port)),
            ("grpc.max_receive_message_length", settings.max_message_mib * MEBIBYTE),
            ("grpc.max_send_message_length", -1),
            *settings.channel_options(),
        ],
    )


def _start_beside(hosted: HostedService) -> asyncio.Task[None] | None:
    if hosted.beside is None:
        return None

    def tell_failure(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            _log.error("work beside the server failed", exc_info=task.exception())

    task = asyncio.create_task(hosted.beside())
    task.add_done_callback(tell_failure)
    return task
