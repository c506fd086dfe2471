"""Settings of `maskmesh train location`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class TrainLocationSettings(CommandSettings, section="train_location"):
    """Train what finds faces: a Haar cascade that proposes, and a network that verifies."""

    references: Path = Field(
        Path("bench/reference"), description="Folder with the boxes of the faces on the photos"
    )
    run: Path = Field(Path("runs/location"), description="Folder of stages and checkpoints")
    cache: Path = Field(Path("runs/cache"), description="Folder of the masked faces")
    output: Path = Field(
        Path("runs/location/models"), description="Folder that gets the two finished files"
    )
    cascade: Path | None = Field(
        None, description="Train only the verifier, on what this cascade file lets pass"
    )
    without_half: int | None = Field(
        None, ge=0, le=1, description="Leave this half of the photos out, 0 or 1, to judge on it"
    )
    seed: int = Field(1, ge=0, description="Seed of everything that is drawn")
    threads: int = Field(2, ge=1, description="Threads for training, and processes for masking")


def run_train_location(settings: TrainLocationSettings) -> None:
    """Train as the settings say.

    Raises:
        MaskmeshError: The data or the run folder cannot be used.
    """
    from rich.console import Console  # noqa: PLC0415

    from maskmesh.training.location.run import train_location  # noqa: PLC0415 - loads LightGBM

    train_location(settings, Console())
