"""Locates and puts masks on over the mesh, many faces in a message."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from maskmesh.clients.mesh.channels import open_channel
from maskmesh.clients.mesh.failures import translated_errors
from maskmesh.clients.mesh.security import PLAIN, Security
from maskmesh.clients.synthesize.making import Answer, Applied, Apply, Locate, Refused, Wish
from maskmesh.clients.synthesize.recipe import Recipe
from maskmesh.services.runtime.errors import (
    DeadlineError,
    MaskmeshError,
    SetupError,
    UnavailableError,
)
from maskmesh.services.runtime.processes import MeshAddresses
from maskmesh.v1 import (
    common_pb2,
    location_pb2,
    location_pb2_grpc,
    synthesis_pb2,
    synthesis_pb2_grpc,
)

MOST_FACES_A_MESSAGE = 64
MOST_BYTES_A_MESSAGE = 4 * 1024 * 1024
TIMEOUT_S = 60.0
TRIES = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0

Result = TypeVar("Result")


class MeshHands:
    """Answers wishes by calls; another endpoint is tried when one is gone. For one thread."""

    def __init__(
        self,
        endpoints: Sequence[MeshAddresses],
        recipe: Recipe,
        first: int,
        security: Security = PLAIN,
    ) -> None:
        """Open channels of this thread's own.

        Args:
            endpoints: Where meshes run.
            recipe: How masks are put on.
            first: Index of the endpoint to begin with.
            security: How the lines are protected, and the key that the services know us by.
        """
        self._recipe = recipe
        turned = [*endpoints[first % len(endpoints) :], *endpoints[: first % len(endpoints)]]
        self._endpoints = [_Endpoint(addresses, security) for addresses in turned]
        self._current = 0

    def answer(self, wishes: Sequence[Wish]) -> list[Answer]:
        """Answer wishes, in their order.

        Raises:
            UnavailableError: No endpoint answers, tried again and again.
        """
        applies = [wish for wish in wishes if isinstance(wish, Apply)]
        applied = iter(self._again(lambda endpoint: endpoint.apply(applies, self._recipe)))
        answers: list[Answer] = []
        for wish in wishes:
            if isinstance(wish, Locate):
                answers.append(self._locate(wish))
            else:
                answers.append(next(applied))
        return answers

    def close(self) -> None:
        """Close the channels."""
        for endpoint in self._endpoints:
            endpoint.close()

    def _locate(self, wish: Locate) -> Answer:
        try:
            return self._again(lambda endpoint: endpoint.locate(wish))
        except (UnavailableError, SetupError):
            raise
        except MaskmeshError as error:
            return Refused(str(error))

    def _again(self, call: Callable[[_Endpoint], Result]) -> Result:
        """Call until an endpoint answers: the same call has the same answer anywhere."""
        pause_s = FIRST_PAUSE_S
        for trial in itertools.count(1):
            try:
                return call(self._endpoints[self._current])
            except (UnavailableError, DeadlineError) as error:
                if trial == TRIES * len(self._endpoints):
                    raise UnavailableError(
                        f"{error}; tried {trial} times: run the same command again to go on "
                        "where it ended"
                    ) from error
            self._current = (self._current + 1) % len(self._endpoints)
            if trial % len(self._endpoints) == 0:
                time.sleep(pause_s * random.uniform(0.5, 1.0))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        raise AssertionError("itertools.count has no end")


class _Endpoint:
    def __init__(self, addresses: MeshAddresses, security: Security) -> None:
        self._addresses = addresses
        self._channels = [
            open_channel(address, security) for address in (addresses.location, addresses.synthesis)
        ]
        self._location = location_pb2_grpc.FaceLocationServiceStub(self._channels[0])
        self._synthesis = synthesis_pb2_grpc.MaskSynthesisServiceStub(self._channels[1])

    def close(self) -> None:
        for channel in self._channels:
            channel.close()

    def locate(self, wish: Locate) -> tuple[tuple[int, int, int, int], ...]:
        request = location_pb2.LocateRequest(image=common_pb2.Image(encoded=wish.picture))
        with translated_errors(self._addresses.location):
            response = self._location.Locate(request, timeout=TIMEOUT_S)
        boxes = [face.box for face in response.faces]
        return tuple((box.x, box.y, box.width, box.height) for box in boxes)

    def apply(self, wishes: Sequence[Apply], recipe: Recipe) -> list[Applied | Refused]:
        if not wishes:
            return []
        requests = [_request(wish, recipe) for wish in wishes]
        answers: list[Applied | Refused] = []
        with translated_errors(self._addresses.synthesis):
            for response in self._synthesis.ApplyStream(_messages(requests), timeout=TIMEOUT_S):
                answers.extend(map(_answer, (response, *response.more)))
        if len(answers) != len(wishes):
            raise UnavailableError(f"the service at {self._addresses.synthesis} ended the stream")
        return answers


def _request(wish: Apply, recipe: Recipe) -> synthesis_pb2.ApplyStreamRequest:
    box = None if wish.box is None else common_pb2.Box(**dict(zip(_BOX, wish.box, strict=True)))
    apply = synthesis_pb2.ApplyRequest(
        image=common_pb2.Image(encoded=wish.picture),
        face_box=box,
        style=recipe.style,
        colour=recipe.colour,
        pattern=recipe.pattern,
        position=recipe.position,
        seed=wish.seed,
        jpeg_quality=wish.jpeg_quality,
    )
    return synthesis_pb2.ApplyStreamRequest(apply=apply)


_BOX = ("x", "y", "width", "height")


def _messages(
    requests: Sequence[synthesis_pb2.ApplyStreamRequest],
) -> Iterator[synthesis_pb2.ApplyStreamRequest]:
    """Pack requests into messages: the first of each carries the others as its `more`."""
    message: synthesis_pb2.ApplyStreamRequest | None = None
    size = 0
    for request in requests:
        length = request.ByteSize()
        full = message is not None and len(message.more) + 1 == MOST_FACES_A_MESSAGE
        if message is None or full or size + length > MOST_BYTES_A_MESSAGE:
            if message is not None:
                yield message
            message, size = request, length
        else:
            message.more.append(request)
            size += length
    if message is not None:
        yield message


def _answer(response: synthesis_pb2.ApplyStreamResponse) -> Applied | Refused:
    if response.WhichOneof("outcome") == "problem":
        return Refused(response.problem.message)
    applied = response.applied
    return Applied(
        picture=applied.image.encoded,
        landmarks=np.array([(p.x, p.y) for p in applied.landmarks], np.float32),
        quad=np.array([(p.x, p.y) for p in applied.quad], np.float32),
        fit=applied.confidence,
        style=applied.style,
        colour=applied.colour,
        pattern=applied.pattern,
        position=applied.position,
    )
