"""The buffer between the thread that reads frames and the one that sends them."""

from __future__ import annotations

import threading
from collections import deque

from maskmesh.clients.streaming.frames import Entry

# Long enough not to cost anything, short enough that Ctrl-C is felt at once.
_WAKE_S = 0.1


class FrameBuffer:
    """Holds frames until they are taken; made for one thread that puts and one that takes.

    A live source gets one slot, and a newer frame replaces the one that nobody took: a longer
    queue would only add delay. Any other source waits while the buffer is full.
    """

    def __init__(self, capacity: int, replace_oldest: bool) -> None:
        """Make an empty buffer.

        Args:
            capacity: How many entries it holds, at least 1.
            replace_oldest: Whether an entry put into a full buffer replaces the oldest one.
        """
        self._entries: deque[Entry] = deque()
        self._capacity = capacity
        self._replace_oldest = replace_oldest
        self._changed = threading.Condition()
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many entries were replaced before anybody took them."""
        return self._dropped

    def put(self, entry: Entry) -> bool:
        """Add an entry, waiting for room if entries are not to be replaced.

        Returns:
            Whether the buffer still takes entries; False once it is closed.
        """
        with self._changed:
            while not self._closed and len(self._entries) >= self._capacity:
                if self._replace_oldest:
                    self._entries.popleft()
                    self._dropped += 1
                else:
                    self._changed.wait(_WAKE_S)
            if self._closed:
                return False
            self._entries.append(entry)
            self._changed.notify_all()
            return True

    def take(self, wait: bool) -> Entry | None:
        """Take the oldest entry.

        Args:
            wait: Whether to wait for one if there is none now.

        Returns:
            The entry; None if there is none now, or, after waiting, never will be.
        """
        with self._changed:
            while wait and not self._entries and not self._closed:
                self._changed.wait(_WAKE_S)
            if not self._entries:
                return None
            entry = self._entries.popleft()
            self._changed.notify_all()
            return entry

    def close(self, discard: bool = False) -> None:
        """Take no more entries; those inside can still be taken, unless they are discarded."""
        with self._changed:
            self._closed = True
            if discard:
                self._entries.clear()
            self._changed.notify_all()
