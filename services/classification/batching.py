"""Joins the faces of many callers into batches for the model."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from maskmesh.services.classification.admission import Admission, Place
from maskmesh.services.classification.classifier import Classified
from maskmesh.services.classification.joining import Classifier, Ran, run_joined
from maskmesh.services.classification.lanes import Lanes, Waiting
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.statistics import ServingStatistics
from maskmesh.services.runtime.errors import DeadlineError, InvalidInputError, UnavailableError
from maskmesh.services.runtime.observing import metrics

# gRPC takes up one call at a time, each over several turns of the event loop: after so many in
# which none has come up to here, none is on its way.
_TURNS = 8


class DynamicBatcher:
    """Runs the requests of many callers in batches; belongs to one event loop.

    A batch holds requests for one version only, in the order in which they came. A worker that is
    free takes its share of what waits, so that the others find work too.

    Args:
        policy: How requests are joined.
        statistics: Where is counted what was done.
    """

    def __init__(self, policy: BatchingPolicy, statistics: ServingStatistics) -> None:
        self._policy = policy
        self._preferred = policy.preferred_faces if policy.delay_s else 1
        self._statistics = statistics
        self._admission = Admission(policy.places, policy.workers)
        self._lanes: Lanes[Classifier] = Lanes()
        self._executor = ThreadPoolExecutor(policy.workers, thread_name_prefix="batches")
        self._idle = policy.workers
        self._timer: asyncio.TimerHandle | None = None
        self._looks_around = False
        self._turns = 0

    @property
    def places_taken(self) -> int:
        """Faces that are in the service now."""
        return self._admission.taken

    def admit(self, classifier: Classifier, faces: int, deadline: float | None = None) -> Place:
        """Take places for the faces of one request, until the end of its `with` block.

        To be asked before anything is done for the request, its decoding among it.

        Args:
            classifier: The version that is to answer; what is refused counts among its failures.
            faces: How many.
            deadline: When the answer must be there, by `time.monotonic`; None: whenever.

        Raises:
            InvalidInputError: There is no face.
            OverloadedError: The service is full.
            DeadlineError: The answer could not be there in time.
            UnavailableError: The service is being stopped.
        """
        try:
            return self._admission.admit(faces, deadline)
        except UnavailableError:
            self._statistics.of(classifier.model).fail.add(0.0)
            raise

    async def classify(
        self, classifier: Classifier, faces: NDArray[np.uint8], deadline: float | None = None
    ) -> Classified:
        """Classify the faces of an admitted request, as part of some batch.

        Cancelling this takes the request out of the queue at once.

        Args:
            classifier: The version that is to answer.
            faces: uint8 N × side × side × 1; side is the classifier's.
            deadline: As it was admitted with.

        Raises:
            InvalidInputError: The array is another.
            DeadlineError: The answer would be late; nothing was run.
        """
        side = classifier.side
        if faces.dtype != np.uint8 or faces.shape[1:] != (side, side, 1) or not len(faces):
            raise InvalidInputError(
                f"the faces are {faces.dtype} of shape {faces.shape}: "
                f"expected uint8 of N×{side}×{side}×1"
            )
        loop = asyncio.get_running_loop()
        waiting = Waiting(faces, deadline, time.monotonic(), loop.create_future())
        self._lanes.add(classifier, waiting)
        self._dispatch_soon(loop)
        try:
            result, times = await waiting.answer
        except asyncio.CancelledError:
            self._lanes.remove(classifier, waiting)
            if waiting.answer.cancelled():
                self._statistics.of(classifier.model).cancel.add(time.monotonic() - waiting.arrived)
            raise
        # Told here, where traces know which call this is.
        now = time.monotonic()
        metrics.observe_stage("queue", times.started - waiting.arrived, now - times.started)
        metrics.observe_stage("batch", times.joined - times.started, now - times.joined)
        metrics.observe_stage("compute", times.ended - times.joined, now - times.ended)
        return result

    async def drain(self) -> None:
        """Refuse what is new, finish what was admitted, and end the workers."""
        await self._admission.close()
        await asyncio.to_thread(self._executor.shutdown)

    def _dispatch_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Dispatch when all that has come is read, so that what came together is run together."""
        self._turns = _TURNS if self._policy.here_s else 0
        if not self._looks_around:
            self._looks_around = True
            loop.call_soon(self._look_around, loop)

    def _look_around(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._turns and self._idle and not self._is_batch_full():
            self._turns -= 1
            loop.call_soon(self._look_around, loop)
        else:
            self._looks_around = False
            self._dispatch()

    def _is_batch_full(self) -> bool:
        if not self._lanes:
            return False
        return self._lanes.faces(self._lanes.next()[0]) >= self._policy.max_faces

    def _dispatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while self._idle and self._lanes:
            classifier, first_arrived = self._lanes.next()
            now = time.monotonic()
            wait_s = first_arrived + self._policy.delay_s - now
            busy = self._idle < self._policy.workers
            if busy and wait_s > 0 and self._lanes.faces(classifier) < self._preferred:
                self._timer = loop.call_later(wait_s, self._dispatch)
                break
            batch = self._take(classifier, now)
            if batch:
                self._idle -= 1
                self._begin(classifier, batch, loop)
        metrics.observe_queue(len(self._lanes))

    def _begin(
        self, classifier: Classifier, batch: list[Waiting], loop: asyncio.AbstractEventLoop
    ) -> None:
        needed_s = self._admission.seconds_per_face * sum(len(each.faces) for each in batch)
        if 0 < needed_s <= self._policy.here_s:
            loop.call_soon(self._run_here, classifier, batch, loop)
        else:
            self._executor.submit(self._run_there, classifier, batch, loop)

    def _run_here(
        self, classifier: Classifier, batch: list[Waiting], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._settle(classifier, run_joined(classifier, batch))
        # Answers leave before the next batch is run.
        if self._lanes:
            self._dispatch_soon(loop)

    def _run_there(
        self, classifier: Classifier, batch: list[Waiting], loop: asyncio.AbstractEventLoop
    ) -> None:
        ran = run_joined(classifier, batch)
        loop.call_soon_threadsafe(self._finish, classifier, ran)

    def _finish(self, classifier: Classifier, ran: Ran) -> None:
        self._settle(classifier, ran)
        self._dispatch()

    def _take(self, classifier: Classifier, now: float) -> list[Waiting]:
        """Take the next batch of a lane; requests whose time is over are answered on the way."""
        share = -(-self._lanes.faces(classifier) // self._policy.workers)
        limit = min(self._policy.max_faces, max(share, self._preferred))
        batch: list[Waiting] = []
        faces = 0
        for waiting in self._lanes.of(classifier):
            if waiting.answer.cancelled():
                self._lanes.remove(classifier, waiting)
                continue
            if not self._has_time(classifier, waiting, now):
                continue
            faces += len(waiting.faces)
            ends = now + faces * self._admission.seconds_per_face
            late = any(ends > other.latest for other in (*batch, waiting))
            if batch and (faces > limit or late):
                break
            self._lanes.remove(classifier, waiting)
            batch.append(waiting)
        return batch

    def _has_time(self, classifier: Classifier, waiting: Waiting, now: float) -> bool:
        """Tell whether a request can still be answered in time; else answer it now."""
        try:
            self._admission.check_time(len(waiting.faces), waiting.deadline)
        except DeadlineError as error:
            self._lanes.remove(classifier, waiting)
            self._fail(classifier, waiting, error, now)
            return False
        return True

    def _settle(self, classifier: Classifier, ran: Ran) -> None:
        self._idle += 1
        if isinstance(ran.outcome, Exception):
            for waiting in ran.batch:
                self._fail(classifier, waiting, ran.outcome, ran.times.ended)
        else:
            self._count(classifier, ran, ran.outcome)
            self._answer(classifier, ran, ran.outcome)

    def _fail(self, classifier: Classifier, waiting: Waiting, error: Exception, now: float) -> None:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
            self._statistics.of(classifier.model).fail.add(now - waiting.arrived)

    def _answer(self, classifier: Classifier, ran: Ran, outcome: Classified) -> None:
        statistics = self._statistics.of(classifier.model)
        times = ran.times
        first = 0
        for waiting in ran.batch:
            part = slice(first, first + len(waiting.faces))
            first = part.stop
            if not waiting.answer.done():
                result = Classified(outcome.probabilities[part], outcome.mask[part])
                waiting.answer.set_result((result, times))
                statistics.queue.add(times.started - waiting.arrived)
                statistics.success.add(times.ended - waiting.arrived)

    def _count(self, classifier: Classifier, ran: Ran, outcome: Classified) -> None:
        model, times = classifier.model, ran.times
        faces = len(outcome.mask)
        join_s, compute_s = times.joined - times.started, times.ended - times.joined
        self._admission.measured(join_s + compute_s, faces)
        self._statistics.of(model).ran(len(ran.batch), faces, join_s, compute_s)
        metrics.observe_batch(faces)
        metrics.count_predictions(model.name, model.version, outcome.probabilities, outcome.mask)
