"""Settings of the command export, and what it does."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class ExportSettings(CommandSettings, section="export"):
    """Turn a run's best weights into the ONNX artifact, checked against Keras, with its card."""

    run: Path = Field(Path("runs/paper"), description="Folder of the training run")
    version: str = Field("1", pattern=r"^[1-9][0-9]*$", description="Version, a whole number")
    output: Path | None = Field(
        None, description="Model repository to write to; default: the one that ships"
    )
    data: Path | None = Field(
        None, description="The run's data; default: fer2013.zip in the data folder"
    )
    per_class: int | None = Field(None, ge=1, description="The run's --per-class, if it had one")
    cache: Path = Field(Path("runs/cache"), description="Folder of the masked faces")
    threads: int = Field(2, ge=1, description="Processes for masking")


def run_export(settings: ExportSettings) -> None:
    """Export as the settings say.

    Raises:
        MaskmeshError: The run cannot be used, or ONNX and Keras disagree.
    """
    from maskmesh.training.export import export  # noqa: PLC0415 - loads TensorFlow

    export(settings)
