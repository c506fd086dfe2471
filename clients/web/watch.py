"""The mesh's absences: all browsers wait for its return together."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from maskmesh.services.runtime.errors import MaskmeshError, UnavailableError
from maskmesh.services.runtime.logging import get_logger

PAUSE_S = 0.5
"""Between an absence and the next look: a mesh that fails at once again must not be pelted."""

_log = get_logger("web")


class Waits(Protocol):
    """What can wait for the mesh: a MeshAccess."""

    def wait_until_back(
        self, error: UnavailableError, timeout_s: float, wanted: Callable[[], bool]
    ) -> None:
        """Return, in a thread, when the mesh is ready again."""
        ...


class MeshWatch:
    """Waits for a mesh that went away, once for all who ask.

    Args:
        access: What can wait for it.
    """

    def __init__(self, access: Waits) -> None:
        self._access = access
        self._waiting: asyncio.Task[None] | None = None
        self._wanted = True
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Holds the error of a mesh that will not come back."""

    async def until_back(self, error: UnavailableError) -> None:
        """Return when the mesh is ready again.

        Args:
            error: What its absence showed as.

        Raises:
            MaskmeshError: It will not come back.
        """
        if self._waiting is None or self._waiting.done():
            self._waiting = asyncio.create_task(self._wait(error))
        await asyncio.shield(self._waiting)

    async def close(self) -> None:
        """Wait no more."""
        self._wanted = False
        if self._waiting is not None:
            await asyncio.wait((self._waiting,))
            self._waiting.cancelled() or self._waiting.exception()
        self.lost.cancel()

    async def _wait(self, error: UnavailableError) -> None:
        _log.warning("the mesh does not answer", why=str(error))
        await asyncio.sleep(PAUSE_S)
        try:
            await asyncio.to_thread(
                self._access.wait_until_back, error, math.inf, lambda: self._wanted
            )
        except MaskmeshError as failure:
            if self._wanted and not self.lost.done():
                self.lost.set_exception(failure)
            raise
        _log.info("the mesh is back")
