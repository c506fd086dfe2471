"""Track ids that are never given twice on one connection."""

from __future__ import annotations

from dataclasses import replace

from maskmesh.clients.mesh.results import Face


class LastingTracks:
    """Counts track ids on over streams, each of which starts from 1."""

    def __init__(self) -> None:
        self._before = 0
        self._highest = 0

    def begin_stream(self) -> None:
        """Count on from the highest id so far."""
        self._before = self._highest

    def of(self, face: Face) -> Face:
        """Return a face of the current stream with its lasting track id."""
        if face.track is None:
            return face
        track = self._before + face.track
        self._highest = max(self._highest, track)
        return replace(face, track=track)
