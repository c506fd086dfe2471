"""The command `bench model`."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchModel(CommandSettings, section="bench_model"):
    """Time an artifact beside the seed paper's network: one thread, one face a call."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    model: Path | None = Field(None, description="ONNX model; default: the one that ships")
    against: Path | None = Field(
        None,
        description="another one to compare with; default: the seed paper's network, exported in "
        "the same way, with random weights",
    )
    pairs: int = Field(100, ge=5, le=100_000, description="how many bursts of each, in turn")
    burst: int = Field(
        10,
        ge=1,
        le=10_000,
        description="calls in a row; with 1, each finds the processor's caches as the other model "
        "has left them",
    )
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.model import measure, report  # noqa: PLC0415 - needs every extra

        report(measure(self.model, self.against, self.pairs, self.burst), self.json_file)
