"""When the whole picture is searched."""

from __future__ import annotations

HURRIED_INTERVAL_S = 0.1


class SearchSchedule:
    """Decides on full searches, by the stream's time.

    Searches come regularly, to find new faces. They come sooner if there is a reason, such as a
    face that was lost, but even then not more often than every tenth of a second.
    """

    def __init__(self, interval_s: float) -> None:
        """Start with a search due.

        Args:
            interval_s: Seconds between regular searches.
        """
        self._interval_s = interval_s
        self._searched_s: float | None = None

    def is_due(self, now_s: float, frame_s: float, hurry: bool) -> bool:
        """Tell whether this frame is to be searched.

        Args:
            now_s: The frame's time in seconds.
            frame_s: Seconds between frames: a search takes the frame nearest to its time.
            hurry: Whether there is a reason to search soon.
        """
        if self._searched_s is None:
            return True
        wait_s = min(self._interval_s, HURRIED_INTERVAL_S) if hurry else self._interval_s
        return now_s - self._searched_s >= wait_s - frame_s / 2

    def searched(self, now_s: float) -> None:
        """Take notice of a search at this time."""
        self._searched_s = now_s
