"""How a masked picture is made: the same steps in every mode, whoever locates and puts masks on.

`making` is a generator that asks for what it needs and gets the answers: in process from
`local_hands.Maker`, over the mesh from the services. So all modes give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from maskmesh.clients.synthesize.lines import FaceLine, skipped_line
from maskmesh.clients.synthesize.recipe import SMALL_FACE_SIDE, Recipe
from maskmesh.clients.synthesize.tasks import MadePicture, Outcome, Task
from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.services.runtime.pictures import (
    DEFAULT_LIMITS,
    decode_picture,
    encode_jpeg,
    picture_size,
)

Box = tuple[int, int, int, int]
JPEG_SUFFIXES = frozenset({".jpg", ".jpeg"})
INTERNAL = "an internal error on this picture: the log says more"
NO_FACE = "no face was found: with --faces image, the whole picture is taken as one"


@dataclass(frozen=True, slots=True)
class Locate:
    """Asks where the faces of an encoded picture are; answered by boxes, or `Refused`."""

    picture: bytes


@dataclass(frozen=True, slots=True)
class Apply:
    """Asks for a mask on one face; answered by `Applied` or `Refused`.

    Attributes:
        picture: The encoded picture.
        seed: The face's seed.
        box: Where the face is; None: the picture is the face.
        jpeg_quality: 1 to 100 for a JPEG; 0: a PNG.
    """

    picture: bytes
    seed: int
    box: Box | None
    jpeg_quality: int


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """A masked face.

    Attributes:
        picture: The encoded picture.
        landmarks: float32 (68, 2), x, y in pixels.
        quad: float32 (4, 2), x, y in pixels.
        fit: 0 to 1.
        style: The style that was used; colour, pattern and position likewise.
    """

    picture: bytes
    landmarks: NDArray[np.float32]
    quad: NDArray[np.float32]
    fit: float
    style: str
    colour: str
    pattern: str
    position: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked for cannot be done for this picture, and why."""

    reason: str


Wish = Locate | Apply
Answer = tuple[Box, ...] | Applied | Refused
Making = Generator[Wish, Answer, Outcome]


def making(task: Task, recipe: Recipe) -> Making:
    """Make all variants of one picture.

    Args:
        task: The picture.
        recipe: How masks are put on.

    Yields:
        What is needed next; to be sent the answer.

    Returns:
        The outcome: what a picture's variants could not be made of is told in its lines.
    """
    faces = yield from _faces(task.data, recipe)
    if isinstance(faces, Refused):
        return skipped(task, faces.reason)
    pictures: list[MadePicture] = []
    lines: list[str] = []
    for variant in range(len(task.outputs)):
        made = yield from _variant(task, recipe, variant, faces, lines)
        if made is not None:
            pictures.append(made)
    return Outcome(task.index, tuple(pictures), tuple(lines))


def make_together(
    tasks: Sequence[Task], recipe: Recipe, answer: Callable[[Sequence[Wish]], Sequence[Answer]]
) -> list[Outcome]:
    """Do tasks side by side, so that all that they need next is asked for at once.

    Args:
        tasks: Any.
        recipe: How masks are put on.
        answer: Answers wishes, in their order.

    Returns:
        One outcome a task, in their order.
    """
    makings = [making(task, recipe) for task in tasks]
    outcomes: dict[int, Outcome] = {}
    answers: dict[int, Answer | None] = dict.fromkeys(range(len(makings)))
    while answers:
        wishes: dict[int, Wish] = {}
        for index, given in answers.items():
            try:
                # What was not begun yet takes None.
                wishes[index] = makings[index].send(given)  # type: ignore[arg-type]
            except StopIteration as end:
                outcomes[index] = end.value
        answers = dict(zip(wishes, answer(list(wishes.values())), strict=True)) if wishes else {}
    return [outcomes[index] for index in range(len(makings))]


def skipped(task: Task, reason: str) -> Outcome:
    """Return the outcome of a picture that nothing can be made of."""
    return Outcome(task.index, (), (skipped_line(task.source, reason),))


def _faces(
    picture: bytes, recipe: Recipe
) -> Generator[Wish, Answer, Sequence[Box | None] | Refused]:
    choice = recipe.faces
    if choice == "auto":
        try:
            small = max(picture_size(picture)) <= SMALL_FACE_SIDE
        except InvalidInputError as error:
            return Refused(str(error))
        choice = "image" if small else "largest"
    if choice == "image":
        return [None]
    boxes = yield Locate(picture)
    if isinstance(boxes, Refused):
        return boxes
    assert isinstance(boxes, tuple)  # noqa: S101 - what Locate is answered by
    if not boxes:
        return Refused(NO_FACE)
    if choice == "largest":
        return [max(boxes, key=lambda box: (box[2] * box[3], box))]
    return sorted(boxes)


def _variant(
    task: Task, recipe: Recipe, variant: int, faces: Sequence[Box | None], lines: list[str]
) -> Generator[Wish, Answer, MadePicture | None]:
    output = task.outputs[variant]
    quality = recipe.jpeg_quality if is_jpeg(output) else 0
    picture, masked = task.data, False
    for number, box in enumerate(faces):
        line = FaceLine(
            task.source,
            output,
            variant,
            number,
            box,
            seed=recipe.face_seed(task.source, variant, number),
        )
        # Several faces are masked one after the other, without loss in between.
        wish = Apply(picture, line.seed, box, quality if len(faces) == 1 else 0)
        answer = yield from _apply(wish)
        if isinstance(answer, Refused):
            lines.append(line.skipped(answer.reason))
        elif round(answer.fit, FaceLine.FIT_DIGITS) < recipe.min_fit:
            lines.append(line.badly_fitting(answer, recipe.min_fit))
        else:
            lines.append(line.written(answer))
            picture, masked = answer.picture, True
    if not masked:
        return None
    if quality and len(faces) > 1:
        picture = encode_jpeg(decode_picture(picture, "keep"), quality)
    return MadePicture(output, picture)


def _apply(wish: Apply) -> Generator[Wish, Answer, Applied | Refused]:
    # The services refuse pictures of more bytes, so all modes do.
    if len(wish.picture) > DEFAULT_LIMITS.max_bytes:
        return Refused(
            f"the picture has {len(wish.picture):,} bytes, the limit is "
            f"{DEFAULT_LIMITS.max_bytes:,}: make it smaller"
        )
    answer = yield wish
    assert not isinstance(answer, tuple)  # noqa: S101 - what Apply is answered by
    return answer


def is_jpeg(output: str) -> bool:
    """Tell by a picture's name whether it is a JPEG."""
    return PurePosixPath(output).suffix.lower() in JPEG_SUFFIXES
