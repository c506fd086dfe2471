"""The classes and the picture size that training works with."""

from __future__ import annotations

from maskmesh.services.runtime.expressions import EXPRESSIONS

CLASSES = EXPRESSIONS
FACE_SIZE = 48
