"""Holds what the mesh said of the sample clip against what is known to be in it."""

from __future__ import annotations

from dataclasses import dataclass

from maskmesh.clients.demo.sample import Passage
from maskmesh.clients.streaming.results import FrameResult, Outcome


@dataclass(slots=True)
class ClipCheck:
    """Counts of agreement with the known passages.

    Attributes:
        passages: What is known, in order.
        frames: Frames that were answered.
        frames_with_all: Frames in which at least as many faces were found as there are.
        faces: Faces that were found.
        mask_right: Faces whose mask state was the known one; "unsure" is not.
    """

    passages: list[Passage]
    frames: int = 0
    frames_with_all: int = 0
    faces: int = 0
    mask_right: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome.

        Raises:
            LookupError: The frame lies in no passage.
        """
        if not isinstance(outcome, FrameResult):
            return
        passage = self.passage_of(outcome.frame.index)
        known = "masked" if passage.masked else "unmasked"
        self.frames += 1
        self.frames_with_all += len(outcome.faces) >= passage.faces
        self.faces += len(outcome.faces)
        self.mask_right += sum(face.mask_state == known for face in outcome.faces)

    def passage_of(self, frame: int) -> Passage:
        """Return the passage that a frame lies in."""
        for passage in self.passages:
            if passage.first <= frame <= passage.last:
                return passage
        raise LookupError(f"frame {frame} lies in no passage of the sample clip")
