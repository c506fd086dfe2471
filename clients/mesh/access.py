"""A mesh to work with: the one that the user names, or one of our own for as long as we run."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from maskmesh.clients.mesh.client import ALL_SERVICES, MeshClient, Service
from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.services.runtime.errors import InvalidInputError, OverloadedError, UnavailableError
from maskmesh.services.runtime.processes import LocalMesh, MeshAddresses

READY_TIMEOUT_S = 10.0
# A process that breaks its connections takes a moment to end.
_ENDING_S = 0.2


class MeshAccess:
    """A client whose mesh is ready, and the knowledge of how to wait for it again."""

    def __init__(
        self, client: MeshClient, local: LocalMesh | None, services: Sequence[Service]
    ) -> None:
        self.client = client
        self._local = local
        self._services = services

    def wait_until_back(
        self,
        error: UnavailableError,
        timeout_s: float,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Return when the mesh is ready again.

        Args:
            error: What the mesh's absence showed as.
            timeout_s: How long to wait for each service, in seconds.
            wanted: Asked between tries whether to go on waiting.

        Raises:
            UnavailableError: It is not back in time, is not wanted any more, or was our own and
                one of its processes has ended.
        """

        def still_hoping() -> None:
            if self._local is not None:
                self._local.check()
            if not wanted():
                raise error

        still_hoping()
        if isinstance(error, OverloadedError):
            time.sleep(error.retry_after_s)
        self.client.wait_until_ready(timeout_s, self._services, still_hoping)


@contextmanager
def mesh_access(
    address: str | None,
    services: Sequence[Service] = ALL_SERVICES,
    log_file: Path | None = None,
    ready_timeout_s: float = READY_TIMEOUT_S,
    security: Security = PLAIN,
) -> Iterator[MeshAccess]:
    """Give access to a mesh that is ready, from `with` to its end.

    Args:
        address: host:port of a running mesh; None starts one on free ports, as child processes.
        services: Which services must be ready.
        log_file: Where the log of a mesh of our own goes; None: a temporary file, which is kept
            if the block ends in an error.
        ready_timeout_s: How long to wait for a running mesh, in seconds.
        security: How the lines to a running mesh are protected, and the key it knows us by.

    Raises:
        InvalidInputError: The address is not host:port, or there is none for the security.
        AccessError: The mesh does not know our key.
        UnavailableError: No mesh is ready at the address; or the block ended in this error, and
            a process of our own mesh has ended.
        SetupError: A mesh of our own does not start.
    """
    if address is not None:
        with MeshClient(MeshAddresses.at(address), security=security) as client:
            client.wait_until_ready(ready_timeout_s, services)
            yield MeshAccess(client, None, services)
        return
    if security != PLAIN:
        raise InvalidInputError("TLS and keys are for a running mesh: name it with --mesh")
    log = log_file or _temporary_log()
    with LocalMesh(log_file=log) as local, MeshClient(local.addresses) as client:
        client.wait_until_ready(ready_timeout_s, services, local.check)
        try:
            yield MeshAccess(client, local, services)
        except UnavailableError:
            # Which process ended, and where its log is, says more than that nobody answers.
            time.sleep(_ENDING_S)
            local.check()
            raise
    if log_file is None:
        log.unlink(missing_ok=True)


def _temporary_log() -> Path:
    handle, name = tempfile.mkstemp(prefix="maskmesh-", suffix=".log")
    os.close(handle)
    return Path(name)
