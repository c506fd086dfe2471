"""Settings of the commands train, evaluate and export, and what each command does."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class TrainSettings(CommandSettings, section="train"):
    """Train the expression model on masked faces; an interrupted run goes on where it stopped."""

    data: Path | None = Field(
        None,
        description="Zip or folder with <split>/<class>/*; default: fer2013.zip in the data folder",
    )
    recipe: str = Field("paper", description="Name of a shipped recipe, or a TOML file")
    run: Path = Field(Path("runs/paper"), description="Folder of the run's checkpoints and logs")
    cache: Path = Field(Path("runs/cache"), description="Folder of the masked faces")
    epochs: int | None = Field(None, ge=1, description="Replaces the recipe's number of epochs")
    train_split: str = Field("train", description="Split to train on")
    validation_split: str = Field("validation", description="Split to judge after every epoch")
    per_class: int | None = Field(
        None, ge=1, description="Use only so many faces of each class, to try things out"
    )
    threads: int = Field(2, ge=1, description="Threads for training, and processes for masking")


def run_train(settings: TrainSettings) -> None:
    """Train as the settings say.

    Raises:
        MaskmeshError: The data, the recipe or the run folder cannot be used.
    """
    from maskmesh.training.run import train  # noqa: PLC0415 - loads TensorFlow

    train(settings)
