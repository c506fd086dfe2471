"""Settings of the mask synthesis service."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.server import ServerSettings


class SynthesisSettings(ServerSettings, section="synthesis"):
    """Puts masks on faces."""

    port: int = Field(50052, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    predictor_path: Path | None = Field(
        None,
        description="a dlib 68-point shape predictor of your own; default: the one that "
        "face_recognition_models ships, whose training data exclude commercial use",
    )
