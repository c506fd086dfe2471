"""Settings of the command export, and what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from maskmesh.services.runtime.settings import CommandSettings


class ExportSettings(CommandSettings, section="export"):
    """Turn a run's best weights into the ONNX artifact, checked against Keras, with its card."""

    run: Path = Field(Path("runs/paper"), description="Folder of the training run")
    version: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]*$",
        description="Version, a whole number; default: one more than the highest there is, which "
        "running servers then take up",
    )
    replace: bool = Field(False, description="Write over --version if it exists")
    mirrored: bool = Field(
        False,
        description="Answer the mean of a face and its mirror image, at 1.8 times the time; the "
        "card tells what it gains or would gain",
    )
    bits: int = Field(
        7,
        ge=6,
        le=8,
        description="Bits of a stored weight: fewer make a smaller file; with 8, --int8 is only "
        "exact on processors with VNNI or the like",
    )
    int8: bool = Field(
        True,
        description="Let the convolutions multiply 8-bit integers: less than half the time on "
        "processors with VNNI or the like, at a small loss that the card tells",
    )
    output: Path | None = Field(
        None, description="Model repository to write to; default: the one that ships"
    )
    data: Path | None = Field(
        None, description="The run's data; default: fer2013.zip in the data folder"
    )
    per_class: int | None = Field(None, ge=1, description="The run's --per-class, if it had one")
    cache: Path = Field(Path("runs/cache"), description="Folder of the masked faces")
    threads: int = Field(2, ge=1, description="Processes for masking")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.replace and self.version is None:
            raise ValueError("--replace needs the --version to write over")
        return self


def run_export(settings: ExportSettings) -> None:
    """Export as the settings say.

    Raises:
        MaskmeshError: The run cannot be used, or ONNX and Keras disagree.
    """
    from maskmesh.training.export import export  # noqa: PLC0415 - loads TensorFlow

    export(settings)
