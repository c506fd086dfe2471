"""Mode "mesh": the work done by running services, over streams."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from maskmesh.clients.mesh.access import mesh_access
from maskmesh.clients.mesh.client import ALL_SERVICES, Service
from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.clients.synthesize.chunks import chunks
from maskmesh.clients.synthesize.making import make_together
from maskmesh.clients.synthesize.mesh_hands import MeshHands
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.clients.synthesize.tasks import Outcome, Task
from maskmesh.services.runtime.processes import MeshAddresses

NEEDED: tuple[Service, ...] = ("location", "synthesis")


def run_mesh(
    tasks: Iterable[Task],
    recipe: Recipe,
    workers: int,
    meshes: Sequence[str],
    log_file: Path | None = None,
    *,
    security: Security = PLAIN,
) -> Generator[Outcome, None, None]:
    """Do tasks over the mesh.

    Args:
        tasks: Taken a few chunks ahead of the work.
        recipe: How masks are put on; without masks or a predictor of the user's own.
        workers: How many streams are open at a time.
        meshes: HOST:PORT of each; none starts a mesh of our own.
        log_file: Where that logs; None: a temporary file.
        security: How the lines to running meshes are protected, and the key they know us by.

    Yields:
        One outcome a task, in about the order of the tasks.

    Raises:
        InvalidInputError: An address is not host:port, or there is none for the security.
        AccessError: A mesh does not know our key.
        UnavailableError: No mesh answers.
        SetupError: A mesh of our own does not start.
    """
    with ExitStack() as stack:
        addresses: Sequence[str | None] = meshes or [None]
        clients = [
            stack.enter_context(mesh_access(address, NEEDED, log_file, security=security)).client
            for address in addresses
        ]
        endpoints = [MeshAddresses(*map(client.address, ALL_SERVICES)) for client in clients]
        hands: SimpleQueue[MeshHands] = SimpleQueue()
        for index in range(workers):
            one = MeshHands(endpoints, recipe, first=index, security=security)
            stack.callback(one.close)
            hands.put(one)
        yield from _run(chunks(tasks), recipe, workers, hands)


def _run(
    waiting: Iterator[list[Task]], recipe: Recipe, workers: int, hands: SimpleQueue[MeshHands]
) -> Iterator[Outcome]:
    with ThreadPoolExecutor(workers, thread_name_prefix="synthesize") as pool:
        under_way: set[Future[list[Outcome]]] = set()
        try:
            while True:
                while len(under_way) < 2 * workers and (chunk := next(waiting, None)):
                    under_way.add(pool.submit(_make, chunk, recipe, hands))
                if not under_way:
                    return
                finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield from future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _make(chunk: list[Task], recipe: Recipe, hands: SimpleQueue[MeshHands]) -> list[Outcome]:
    own = hands.get()
    try:
        return make_together(chunk, recipe, own.answer)
    finally:
        hands.put(own)
