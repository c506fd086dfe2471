"""The commands that measure mask synthesis, and show what it makes."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class BenchFigures(CommandSettings, section="bench_figures"):
    """Draw the pictures of docs/masks.md from what this version makes."""

    photos: Path = Field(
        Path("tests/fixtures/faces"), description="folder of photos with one clear face each"
    )
    output: Path = Field(Path("docs/pictures"), description="folder that gets the pictures")

    def cli_cmd(self) -> None:
        """Draw them."""
        from maskmesh.bench.synthesis.figures import draw_all  # noqa: PLC0415 - needs every extra

        draw_all(self.photos, self.output)


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

    def cli_cmd(self) -> None:
        """Draw the sheet and say where it is."""
        from maskmesh.bench.synthesis.blind_look import run  # noqa: PLC0415 - needs every extra

        run(self.data, self.output, self.count, self.seed)
