"""The seven expressions, in the order of every array, file and answer of maskmesh."""

from __future__ import annotations

EXPRESSIONS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
