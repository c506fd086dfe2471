"""The files that face location runs on, made by `training/location`."""

from __future__ import annotations

from pathlib import Path

SHIPPED_MODELS = Path(__file__).parent / "models"
CASCADE_FILE = "masked_faces.xml"
VERIFIER_FILE = "face_verifier.onnx"
