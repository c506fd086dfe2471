"""Reads a source in a thread of its own, so that decoding and waiting cost the sender nothing."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from maskmesh.clients.streaming.frames import Entry, Source
from maskmesh.clients.streaming.slot import FrameBuffer

# Decoded frames that lie ready for the sender when the source is not live.
READ_AHEAD = 4


class FrameReader:
    """Takes a source's frames as they come; a context manager that closes the source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._buffer = (
            FrameBuffer(1, replace_oldest=True)
            if source.live
            else FrameBuffer(READ_AHEAD, replace_oldest=False)
        )
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="read-frames", daemon=True)

    @property
    def dropped(self) -> int:
        """How many frames of a live source were replaced by newer ones before being taken."""
        return self._buffer.dropped

    def take(self, wait: bool) -> Entry | None:
        """Take the next entry.

        Args:
            wait: Whether to wait for one if none is there yet.

        Returns:
            The entry; None if there is none now, or, after waiting, the source has ended.

        Raises:
            MaskmeshError: The source failed, and all that came before has been taken.
        """
        entry = self._buffer.take(wait)
        if entry is None and wait and self._failure is not None:
            raise self._failure
        return entry

    def stop(self) -> None:
        """End as if the source had ended; entries that nobody took are given up."""
        self._source.stop()
        self._buffer.close(discard=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        # A camera that hangs in read must not keep the program from ending.
        self._thread.join(timeout=2.0)
        if not self._thread.is_alive():
            self._source.close()

    def _read(self) -> None:
        try:
            for entry in self._source.entries():
                if not self._buffer.put(entry):
                    return
        except Exception as failure:  # noqa: BLE001 - raised again in take, in the other thread
            self._failure = failure
        finally:
            self._buffer.close()
