"""The seven classes, in the order that every array, file and answer of maskmesh uses."""

from __future__ import annotations

CLASSES: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
FACE_SIZE = 48
