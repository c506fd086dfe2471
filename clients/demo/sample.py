"""The demo's clip, and what is known to be in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from maskmesh.services.runtime.errors import SetupError

SAMPLE_CLIP = Path(__file__).with_name("sample.mp4")
SAMPLE_FACTS = Path(__file__).with_name("sample.json")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the clip in which nothing changes but the camera's place.

    Attributes:
        first: Its first frame, from 0.
        last: Its last frame.
        faces: How many faces are to be seen.
        masked: Whether all of them wear masks; otherwise none does.
    """

    first: int
    last: int
    faces: int
    masked: bool

    def as_dict(self) -> dict[str, int | bool]:
        """The passage as it stands in sample.json."""
        return asdict(self)


def sample_passages() -> list[Passage]:
    """Return the passages of the clip, in order.

    Raises:
        SetupError: This installation lacks the clip or its facts.
    """
    for file in (SAMPLE_CLIP, SAMPLE_FACTS):
        if not file.is_file():
            raise SetupError(f"{file} is missing: install maskmesh again")
    facts = json.loads(SAMPLE_FACTS.read_text(encoding="utf-8"))
    return [Passage(**passage) for passage in facts["passages"]]
