"""The command `bench framing`."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchFraming(CommandSettings, section="bench_framing"):
    """Measure a model against shift and scale of the crop, on masked and unmasked faces."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    model: Path | None = Field(None, description="ONNX model; default: the one that ships")
    faces: Path | None = Field(
        None,
        description="zip or folder of <split>/<class>/*, cut as FER2013 is; default: FER2013 in "
        "the data folder",
    )
    split: str = Field("validation", description="which split of --faces")
    limit: int = Field(1000, ge=2, description="take a sample of so many of --faces")
    portraits: Path | None = Field(
        None,
        description="zip or folder of <class>/* photos; default: portraits_350px, same folder",
    )
    reference: Path | None = Field(None, description="JSON file with the boxes of --portraits")
    seed: int = Field(7, ge=0, description="chooses masks and the sample")
    threads: int = Field(1, ge=1, le=64, description="threads that the model may use")
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )
    plot: Path | None = Field(None, description="draw accuracy over shift and scale into this PNG")

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.framing import run  # noqa: PLC0415 - needs every extra

        run(**self.model_dump())
