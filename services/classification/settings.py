"""Settings of the classification service."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.classification.repository import DEFAULT_MODEL, SHIPPED_MODELS
from maskmesh.services.runtime.server import ServerSettings


class ClassificationSettings(ServerSettings, section="classification"):
    """Tells what faces express."""

    port: int = Field(50053, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    repository: Path = Field(
        SHIPPED_MODELS, description="folder of models: <name>/<version>/model.onnx"
    )
    model: str = Field(DEFAULT_MODEL, description="name of the model in the repository")
    version: str | None = Field(
        None, description="version of the model; default: the highest that works"
    )
    reload_s: float = Field(
        5.0,
        ge=0,
        le=86_400,
        description="seconds between looks for a newer version in the repository, which is taken "
        "up without a restart; 0: never look",
    )
    threads: int = Field(1, ge=1, description="threads that one call may use")
    max_faces: int = Field(64, ge=1, le=4096, description="most faces in one call")
