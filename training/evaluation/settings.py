"""Settings of the command evaluate, and what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class EvaluateSettings(CommandSettings, section="evaluate"):
    """Judge a model on labelled faces, as they are or with synthetic masks put on."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    data: Path | None = Field(
        None,
        description="Zip or folder with <split>/<class>/*; default: fer2013.zip in the data folder",
    )
    split: str = Field("validation", description='Split to judge on; "." for class folders on top')
    per_class: int | None = Field(
        None, ge=1, description="Judge only so many faces of each class, to try things out"
    )
    model: Path | None = Field(None, description="ONNX file; default: the one that ships")
    mask: Literal["none", "synthetic"] = Field(
        "none", description="Take the faces as they are, or put synthetic masks on"
    )
    json_file: Path | None = Field(
        None,
        validation_alias=AliasChoices("json"),
        description="Write all numbers to this file",
    )
    plot: Path | None = Field(None, description="Write the confusion matrix to this PNG file")
    report: Path | None = Field(
        None,
        description="Write a whole report to this folder: unmasked and masked, every mask style "
        "and position, corrupted pictures, calibration, and the seed paper's figures",
    )
    seed: int = Field(21, ge=0, description="Seed of masks, corruptions and resampling")
    threads: int = Field(2, ge=1, description="Threads for the model, and processes for masking")


def run_evaluate(settings: EvaluateSettings) -> None:
    """Evaluate as the settings say, and show the main numbers.

    Raises:
        MaskmeshError: The data, the model or the output place cannot be used.
    """
    from rich.console import Console  # noqa: PLC0415

    from maskmesh.training.evaluation.evaluate import (  # noqa: PLC0415 - loads scikit-learn
        evaluate,
        summary,
    )

    console = Console()
    console.print(summary(evaluate(settings)))
    if settings.report is not None:
        console.print(f"report: {settings.report / 'report.md'}")
