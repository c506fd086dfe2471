"""The commands that measure mask synthesis, and show what it makes."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchSynthesis(CommandSettings, section="bench_synthesis"):
    """Measure mask synthesis: beside MaskTheFace, rates, memory, and kills.

    Only the parts whose numbers are given are measured.
    """

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    mask_the_face: Path | None = Field(
        None, description="checkout of MaskTheFace to compare with; its packages on PYTHONPATH"
    )
    portraits: Path | None = Field(
        None, description="zip or folder of portraits; default: portraits_350px.zip of the data"
    )
    portrait_count: int = Field(200, ge=1, description="how many portraits")
    data: Path | None = Field(
        None, description="zip or folder of small faces; default: fer2013.zip of the data folder"
    )
    rate_faces: int = Field(
        0, ge=0, description="time so many faces, in-process and over the mesh; 0: leave out"
    )
    repeats: int = Field(3, ge=1, le=100, description="how often each of them is timed")
    memory_faces: int = Field(
        0, ge=0, description="watch the memory of a run of so many faces; 0: leave out"
    )
    kills: int = Field(0, ge=0, description="kill -9 so many runs and resume; 0: leave out")
    kill_faces: int = Field(1000, ge=1, description="faces of a run that is killed")
    workers: int = Field(2, ge=1, le=256, description="processes that do the work")
    scratch: Path = Field(Path("out/bench/synthesis"), description="folder for what is made")
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.synthesis.report import report  # noqa: PLC0415 - needs every extra
        from maskmesh.bench.synthesis.run import run  # noqa: PLC0415

        report(run(**self.model_dump(exclude={"json_file"})), self.json_file)


class BenchFigures(CommandSettings, section="bench_figures"):
    """Draw the pictures of docs/masks.md from what this version makes."""

    photos: Path = Field(
        Path("tests/fixtures/faces"), description="folder of photos with one clear face each"
    )
    own_mask: Path = Field(
        Path("examples/masks/grin.png"), description="PNG of a mask of one's own, beside its JSON"
    )
    output: Path = Field(Path("docs/pictures"), description="folder that gets the pictures")

    def cli_cmd(self) -> None:
        """Draw them."""
        from maskmesh.bench.synthesis.figures import draw_all  # noqa: PLC0415 - needs every extra

        draw_all(self.photos, self.own_mask, self.output)


class BenchLook(CommandSettings, section="bench_look"):
    """Lay out random outputs with numbers, for somebody who counts the bad fits."""

    data: Path | None = Field(
        None, description="zip or folder of faces; default: fer2013.zip of the data folder"
    )
    output: Path = Field(
        Path("out/look"), description="folder that gets sheet.png, and key.jsonl to read afterwards"
    )
    count: int = Field(100, ge=1, le=1000, description="how many outputs")
    seed: int = Field(0, ge=0, description="decides which pictures, and their masks")
    min_fit: float = Field(0.0, ge=0, le=1, description="fit score below which a face is skipped")
    position: str = Field("proper", description='how masks are worn; "random": in all ways')

    def cli_cmd(self) -> None:
        """Draw the sheet and say where it is."""
        from maskmesh.bench.synthesis.blind_look import run  # noqa: PLC0415 - needs every extra

        run(**self.model_dump())
