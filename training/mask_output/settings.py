"""Settings of `maskmesh train mask`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class TrainMaskSettings(CommandSettings, section="train_mask"):
    """Fit the mask output of a finished run anew, on photos of real masks beside synthetic ones."""

    run: Path = Field(Path("runs/best"), description="Folder of the training run")
    data: Path | None = Field(
        None,
        description="Zip or folder that the run was trained on; default: fer2013.zip in the data "
        "folder",
    )
    references: Path = Field(
        Path("bench/reference"), description="Folder with the boxes of the faces on the photos"
    )
    without_half: int | None = Field(
        None,
        ge=0,
        le=1,
        description="Leave this half of the photos out, 0 or 1, to judge on it; nothing is written",
    )
    synthetic: int = Field(6000, ge=2, description="How many of the training faces to fit on")
    cache: Path = Field(Path("runs/cache"), description="Folder of landmarks")
    seed: int = Field(1, ge=0, description="Seed of what is drawn")
    threads: int = Field(2, ge=1, description="Threads, and processes that find landmarks")


def run_train_mask(settings: TrainMaskSettings) -> None:
    """Fit as the settings say.

    Raises:
        MaskmeshError: The run or the data cannot be used.
    """
    from rich.console import Console  # noqa: PLC0415

    from maskmesh.training.mask_output.run import train_mask  # noqa: PLC0415 - loads TensorFlow

    train_mask(settings, Console())
