"""`maskmesh web`: from its settings to its end."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager

from aiohttp import web
from rich.console import Console

from maskmesh.clients.mesh.access import MeshAccess, mesh_access
from maskmesh.clients.mesh.async_client import AsyncMeshClient
from maskmesh.clients.mesh.calls import ALL_SERVICES
from maskmesh.clients.web.gateway import Doors, Gateway
from maskmesh.clients.web.session import Shared
from maskmesh.clients.web.settings import WebSettings
from maskmesh.clients.web.watch import MeshWatch
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.event_loop import run_in_loop
from maskmesh.services.runtime.logging import configure_logging
from maskmesh.services.runtime.observing.tracing import traced
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.services.runtime.readiness import ready_line

SHUTDOWN_S = 2.0


def run_web(settings: WebSettings) -> None:
    """Serve the page until Ctrl-C or SIGTERM.

    Raises:
        MaskmeshError: The settings do not fit together, the address cannot be listened on, no mesh
            is there, or our own mesh ended.
    """
    configure_logging()
    doors, https = settings.doors, settings.https()
    notices = Console(stderr=True)
    with ExitStack() as stack:
        stack.enter_context(traced("web", settings.traces_to))
        with notices.status("waiting for the mesh" if settings.mesh else "starting a mesh"):
            access = stack.enter_context(
                mesh_access(
                    settings.mesh, ALL_SERVICES, settings.log_file, security=settings.security
                )
            )
        run_in_loop(_serve(settings, access, doors, https))


async def _serve(
    settings: WebSettings, access: MeshAccess, doors: Doors, https: ssl.SSLContext | None
) -> None:
    """Serve until a signal comes or our own mesh has ended."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    watch = MeshWatch(access)
    addresses = MeshAddresses(**{name: access.client.address(name) for name in ALL_SERVICES})
    pool = ThreadPoolExecutor(settings.frames_at_once, thread_name_prefix="frames")
    try:
        async with AsyncMeshClient(addresses, security=settings.security) as mesh:
            shared = Shared(
                mesh=mesh,
                watch=watch,
                pool=pool,
                turns=asyncio.Semaphore(settings.frames_at_once),
                known=await mesh.list_masks(),
                max_frame_bytes=settings.max_frame_bytes,
            )
            async with _listening(settings, Gateway(shared, doors), https):
                stopping = asyncio.create_task(stop.wait())
                await asyncio.wait((stopping, watch.lost), return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if watch.lost.done():
                    watch.lost.result()
    finally:
        await watch.close()
        pool.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def _listening(
    settings: WebSettings, gateway: Gateway, https: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """Listen within the block, and say where."""
    runner = web.AppRunner(
        gateway.application(), access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port, ssl_context=https).start()
        except OSError as error:
            raise SetupError(
                f"cannot listen on {settings.host}:{settings.port} "
                f"({error.strerror or error}): choose another with --port"
            ) from error
        _tell_where(settings.host, runner.addresses[0][1], https is not None)
        yield
    finally:
        await runner.cleanup()


def _tell_where(host: str, port: int, is_https: bool) -> None:
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if is_https else "http"
    sys.stdout.write(ready_line("web", f"{shown}:{port}"))
    sys.stdout.write(f"open {scheme}://{shown}:{port}/ in a browser; Ctrl-C stops\n")
    sys.stdout.flush()
