"""What the pipeline says of one frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from maskmesh.clients.mesh.results import Box, Expression
from maskmesh.clients.streaming.frames import Frame, FrameProblem
from maskmesh.clients.streaming.mask_states import MaskState, mask_state


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face in a frame, and what it expresses.

    Attributes:
        box: x, y, width, height in pixels of the frame.
        expression: Where the face has a track and answers are smoothed: the probabilities smoothed
            over the track, and the label that is shown, which for a moment may not be the most
            probable one (`maskmesh.clients.streaming.hysteresis`).
        track: Track id from 1; None for independent pictures.
        shown_mask: The mask state that is shown over the track; None: nothing is held.
    """

    box: Box
    expression: Expression
    track: int | None = None
    shown_mask: MaskState | None = None

    @property
    def mask_state(self) -> MaskState:
        """Whether a mask is worn, in words."""
        return self.shown_mask or mask_state(self.expression.mask_probability)


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How long the client waited for each stage, in milliseconds; None where it was not called.

    Attributes:
        locate: From sending the frame to receiving the boxes.
        mask: All calls that put masks on.
        classify: The call that classified all faces of the frame.
    """

    locate: float | None = None
    mask: float | None = None
    classify: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """What the mesh says of one frame.

    Attributes:
        frame: The frame; with --mask, with the masks on it.
        faces: Its faces, lowest track first.
        times: How long each stage took.
        note: What went wrong without spoiling the frame, in one line.
        delay_ms: From when the camera gave the frame to the answer; None: the source is not live.
    """

    frame: Frame
    faces: tuple[SeenFace, ...]
    times: StageTimes = field(default_factory=StageTimes)
    note: str | None = None
    delay_ms: float | None = None


Outcome = FrameResult | FrameProblem
