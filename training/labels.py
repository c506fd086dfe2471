"""The classes and the picture size that training works with, and how else classes are written."""

from __future__ import annotations

from maskmesh.services.runtime.expressions import EXPRESSIONS

CLASSES = EXPRESSIONS
FACE_SIZE = 48
# As other data sets call their class folders, in small letters.
OTHER_SPELLINGS = {
    "anger": "angry",
    "disgusted": "disgust",
    "disgusting": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "scared": "fear",
    "happiness": "happy",
    "joy": "happy",
    "neutrality": "neutral",
    "sadness": "sad",
    "surprised": "surprise",
    "suprise": "surprise",
}


def class_of(folder: str) -> str | None:
    """Return the class that a folder's name means, or None: "Angry" and "anger" are angry."""
    name = folder.strip().lower()
    name = OTHER_SPELLINGS.get(name, name)
    return name if name in CLASSES else None
