"""Settings of the command explain, and what it does."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class ExplainSettings(CommandSettings, section="explain"):
    """Draw where a run's network looks (Grad-CAM), at the same faces without and with a mask."""

    run: Path = Field(Path("runs/paper"), description="Folder of the training run")
    output: Path = Field(Path("grad_cam.png"), description="PNG file to write")
    data: Path | None = Field(
        None,
        description="Zip or folder with <split>/<class>/*, of which one face a class is shown; "
        "default: fer2013.zip in the data folder",
    )
    split: str = Field("validation", description='Its split; "." for class folders on top')
    per_class: int = Field(
        100, ge=1, description="Choose among the first so many faces of each class"
    )
    photos: Path | None = Field(
        None, description="Show the faces of the photos in this folder instead"
    )
    layer: str | None = Field(
        None, description="Layer whose maps are drawn; default: the last rectified ones"
    )
    style: str = Field("random", description="Style of the masks")
    seed: int = Field(21, ge=0, description="Seed of the masks")


def run_explain(settings: ExplainSettings) -> None:
    """Explain as the settings say.

    Raises:
        MaskmeshError: The run, the faces or the output place cannot be used.
    """
    from rich.console import Console  # noqa: PLC0415

    from maskmesh.training.evaluation.explain import explain  # noqa: PLC0415 - loads TensorFlow

    shown = explain(settings)
    Console().print(f"{shown} faces: {settings.output}")
