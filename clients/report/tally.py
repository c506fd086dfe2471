"""What a run came to, gathered record by record in memory that does not grow with its length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.report.curves import Clock, Curve
from maskmesh.clients.report.records import FaceRecord, Record
from maskmesh.clients.streaming.mask_states import MaskState, mask_state
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.expressions import EXPRESSIONS

MOST_PEOPLE = 200
"""So many people are held one by one; beyond, those seen least become part of "others"."""
MOST_EXAMPLES = 200
"""So many pictures, and so many problems, are kept to be listed."""

PROBABILITIES = slice(0, 7)
MASK = 7
LABELS = slice(8, 15)
FACES = 15
FACE_VALUES = 16
FRAMES, DELAYS, DELAY_MS = range(3)
RUN_VALUES = 3


@dataclass(slots=True)
class Person:
    """One track.

    Attributes:
        track: Its number, from 1.
        curve: In each step: sums of the seven probabilities, of the mask probability, how often
            each label was shown, and the number of faces.
        first_s: When it was first seen, in seconds.
        last_s: When it was last seen.
        labels: How often each label was shown.
        masks: How often each mask state was.
        held_mask: The mask state that is held between the two thresholds.
    """

    track: int
    curve: Curve
    first_s: float
    last_s: float
    labels: Counter[str] = field(default_factory=Counter)
    masks: Counter[MaskState] = field(default_factory=Counter)
    held_mask: MaskState | None = None

    @property
    def faces(self) -> int:
        """In how many frames it was seen."""
        return self.labels.total()

    def add(self, time_s: float, face: FaceRecord) -> None:
        """Add the face of one frame."""
        self.curve.add(self.curve.clock.step_of(time_s), _values(face))
        self.last_s = time_s
        self.labels[face.label] += 1
        self.held_mask = mask_state(face.mask, self.held_mask)
        self.masks[self.held_mask] += 1


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """An independent picture, or a frame that could not be used, to be listed.

    Attributes:
        file: Its name; not safe to put into a page unescaped.
        frame: Number of the frame; None in pictures.
        text: What was found, or what is wrong.
    """

    file: str
    frame: int | None
    text: str


@dataclass(slots=True)
class Tally:
    """All that a report tells.

    Attributes:
        clock: The steps of time of the run; each person has its own, from when it was first seen.
        run: In each step: number of frames, how many had a delay, and the sum of delays in ms.
        people: The tracks held one by one, by number.
        other_people: How many tracks are no longer held one by one.
        files: The first two names of files, to tell what the run is of.
        frames: Frames or pictures that were answered.
        frames_with_faces: Those with at least one face.
        errors: Frames or pictures that could not be used.
        labels: How often each label was given.
        masks: How often each mask state was.
        pictures: The first pictures, if they are independent.
        problems: The first frames or pictures that could not be used.
    """

    clock: Clock = field(default_factory=Clock)
    run: Curve = field(init=False)
    people: dict[int, Person] = field(default_factory=dict)
    other_people: int = 0
    files: list[str] = field(default_factory=list)
    frames: int = 0
    frames_with_faces: int = 0
    errors: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    masks: Counter[MaskState] = field(default_factory=Counter)
    pictures: list[PictureEntry] = field(default_factory=list)
    problems: list[PictureEntry] = field(default_factory=list)
    _timed: bool | None = None

    def __post_init__(self) -> None:
        self.run = Curve(self.clock, RUN_VALUES)

    @property
    def is_timed(self) -> bool:
        """Whether the frames are of a stream; else they are independent pictures."""
        return bool(self._timed)

    @property
    def faces(self) -> int:
        """Faces over all frames."""
        return self.labels.total()

    def add(self, record: Record) -> None:
        """Add one record.

        Raises:
            InvalidInputError: It is of another run: time goes back, or pictures and frames mix.
        """
        if len(self.files) < 2 and record.file not in self.files:
            self.files.append(record.file)
        if record.error is not None:
            self.errors += 1
            _keep(self.problems, record, record.error)
            return
        if self._timed is None:
            self._timed = record.time_s is not None
        if self._timed != (record.time_s is not None):
            raise InvalidInputError(
                "frames of a stream and independent pictures are mixed: one report is of one run"
            )
        self.frames += 1
        self.frames_with_faces += bool(record.faces)
        self.labels.update(face.label for face in record.faces)
        if record.time_s is None:
            self.masks.update(mask_state(face.mask) for face in record.faces)
            _keep(self.pictures, record, _found(record.faces))
        else:
            self._add_frame(record, record.time_s)

    def most_seen(self, number: int) -> list[Person]:
        """Return the people who were seen in most frames, at most `number`, in order of track."""
        seen = sorted(self.people.values(), key=lambda person: (-person.faces, person.track))
        return sorted(seen[:number], key=lambda person: person.track)

    def _add_frame(self, record: Record, time_s: float) -> None:
        if time_s < self.clock.last_s:
            raise InvalidInputError(
                f"time goes back from {self.clock.last_s:g} to {time_s:g} s: results of several "
                "runs are mixed, one report is of one run"
            )
        step = self.clock.step_of(time_s)
        has_delay = record.delay_ms is not None
        self.run.add(step, np.array([1.0, has_delay, record.delay_ms or 0.0]))
        for face in record.faces:
            if face.track is None:
                self.masks[mask_state(face.mask)] += 1
                continue
            person = self._person(face.track, time_s)
            person.add(time_s, face)
            assert person.held_mask is not None  # noqa: S101 - it was just added to
            self.masks[person.held_mask] += 1

    def _person(self, track: int, time_s: float) -> Person:
        if track not in self.people:
            if len(self.people) >= MOST_PEOPLE:
                self._let_go()
            self.people[track] = Person(track, Curve(Clock(), FACE_VALUES), time_s, time_s)
        return self.people[track]

    def _let_go(self) -> None:
        # Of those not in view now, so that nobody is let go while being seen, if there is one.
        gone = [p for p in self.people.values() if p.last_s < self.clock.last_s - 1.0]
        least = min(gone or self.people.values(), key=lambda person: (person.faces, -person.track))
        del self.people[least.track]
        self.other_people += 1


def label_strip(sums: NDArray[np.float64]) -> list[str]:
    """Return the label shown most in each step of a person's curve, (N, FACE_VALUES)."""
    return [EXPRESSIONS[index] for index in np.argmax(sums[:, LABELS], axis=1)]


def mask_strip(sums: NDArray[np.float64]) -> list[MaskState]:
    """Return the mask state in each step of a person's curve, held between the thresholds."""
    states: list[MaskState] = []
    held: MaskState | None = None
    for total, faces in zip(sums[:, MASK], sums[:, FACES], strict=True):
        held = mask_state(float(total / faces), held)
        states.append(held)
    return states


def _values(face: FaceRecord) -> NDArray[np.float64]:
    values = np.zeros(FACE_VALUES)
    values[PROBABILITIES] = [face.probabilities[name] for name in EXPRESSIONS]
    values[MASK] = face.mask
    values[LABELS] = [face.label == name for name in EXPRESSIONS]
    values[FACES] = 1.0
    return values


def _keep(entries: list[PictureEntry], record: Record, text: str) -> None:
    if len(entries) < MOST_EXAMPLES:
        entries.append(PictureEntry(record.file, record.frame, text))


def _found(faces: Iterable[FaceRecord]) -> str:
    words = [
        f"{face.label} {face.probabilities[face.label]:.0%}, {mask_state(face.mask)}"
        for face in faces
    ]
    return "; ".join(words) or "no face"
