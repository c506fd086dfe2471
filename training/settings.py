"""Settings of the command train, and what it does."""

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
    run: Path | None = Field(
        None, description="Folder of the run's checkpoints and logs; default: runs/<recipe>"
    )
    cache: Path = Field(Path("runs/cache"), description="Folder of landmarks and masked faces")
    epochs: int | None = Field(None, ge=1, description="Replaces the recipe's number of epochs")
    train_split: str = Field("train", description="Split to train on")
    validation_split: str = Field("validation", description="Split to judge after every epoch")
    validation_share: float = Field(
        0.12,
        gt=0.0,
        lt=1.0,
        description="Share of the pictures to judge on, where data have class folders only",
    )
    per_class: int | None = Field(
        None, ge=1, description="Use only so many faces of each class, to try things out"
    )
    threads: int = Field(2, ge=1, description="Threads for training, and processes for masking")
    new_synthesis: bool = Field(
        False,
        description="Go on with a run although this version makes other masks than the one that "
        "began it",
    )
    input_processes: int = Field(
        0, ge=0, description="Processes that make the input; 0: a thread of the training process"
    )
    measure: int = Field(
        0,
        ge=0,
        description="Train nothing, but measure on so many batches how many pictures a second the "
        "input makes alone, and the training takes alone",
    )


def run_train(settings: TrainSettings) -> None:
    """Train as the settings say.

    Raises:
        MaskmeshError: The data, the recipe or the run folder cannot be used.
    """
    from maskmesh.training.run import train  # noqa: PLC0415 - loads TensorFlow

    train(settings)
