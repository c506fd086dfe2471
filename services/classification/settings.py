"""Settings of the classification service."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.classification.canary import CanaryPlan
from maskmesh.services.classification.policy import BatchingPolicy
from maskmesh.services.classification.repository import DEFAULT_MODEL, SHIPPED_MODELS
from maskmesh.services.runtime.server import ServerSettings

# So long may any thread of Python hold up the others.
_RUN_HERE_S = 0.005


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
    canary_version: str | None = Field(
        None,
        description="version on trial: it answers a share of the calls, and those whose metadata "
        "says maskmesh-canary: always",
    )
    canary_percent: float = Field(
        10.0, ge=0, le=100, description="share of the calls that the version on trial answers"
    )
    model_control: bool = Field(True, description="whether callers may load and unload versions")
    threads: int = Field(1, ge=1, description="threads that one call may use")
    max_faces: int = Field(64, ge=1, le=4096, description="most faces in one call")
    batch_faces: int = Field(
        8,
        ge=1,
        le=4096,
        description="most faces of several calls that are run at once; more pays on accelerators",
    )
    preferred_batch_faces: int = Field(
        8, ge=1, le=4096, description="faces that are run at once without waiting for more"
    )
    batch_delay_ms: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="milliseconds that fewer faces wait for more while others are run; pays on "
        "accelerators, hardly on CPUs",
    )
    queue_faces: int = Field(
        256,
        ge=1,
        le=1_000_000,
        description="most faces in the service at once; calls over that are told to come later",
    )

    @property
    def batching(self) -> BatchingPolicy:
        """How calls are joined."""
        return BatchingPolicy(
            max_faces=self.batch_faces,
            preferred_faces=self.preferred_batch_faces,
            delay_s=self.batch_delay_ms / 1000,
            places=self.queue_faces,
            workers=self.workers,
            # What comes meanwhile would wait for the worker anyway.
            here_s=_RUN_HERE_S if self.workers == 1 else 0.0,
        )

    @property
    def canary(self) -> CanaryPlan | None:
        """What is on trial."""
        if self.canary_version is None:
            return None
        return CanaryPlan(self.canary_version, self.canary_percent)

    @property
    def control_refused(self) -> str:
        """Why callers may not load and unload; empty: they may."""
        if not self.model_control:
            return "this service takes no commands: start it with --model-control"
        if self.processes > 1:
            return (
                f"this service runs in {self.processes} processes, and a command would reach one: "
                "put the version into the repository, where each finds it"
            )
        return ""
