"""The command `bench ladder`."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict
from rich.console import Console

from maskmesh.services.runtime.settings import CommandSettings


class BenchLadder(CommandSettings, section="bench_ladder"):
    """Measure what each lever of training gains; an interrupted ladder goes on where it stopped."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    data: Path | None = Field(
        None, description="zip or folder of faces; default: fer2013.zip in the data folder"
    )
    nth: int = Field(3, ge=1, description="train on every nth face")
    epochs: int = Field(12, ge=1, description="how long each rung trains")
    runs: Path = Field(Path("runs/ladder"), description="folder of the rungs' runs")
    cache: Path = Field(Path("runs/cache"), description="folder of landmarks and masked faces")
    threads: int = Field(2, ge=1, description="threads for training, and processes for masking")
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )
    markdown: Path | None = Field(None, description="write the table to this file")

    def cli_cmd(self) -> None:
        """Climb and report."""
        from maskmesh.bench.ladder.climb import (  # noqa: PLC0415 - needs every extra
            Ground,
            climb,
            every_nth,
        )
        from maskmesh.bench.ladder.page import as_markdown, save_numbers  # noqa: PLC0415
        from maskmesh.training.data_home import default_data  # noqa: PLC0415
        from maskmesh.training.preparation import Workplace  # noqa: PLC0415

        train, validation = every_nth(self.data or default_data(), self.nth)
        place = Workplace(self.cache, self.threads)
        steps = list(climb(Ground(train, validation, self.epochs, self.runs, place)))
        if self.json_file:
            save_numbers(steps, self.json_file)
        table = as_markdown(steps)
        if self.markdown:
            self.markdown.write_text(table, encoding="utf-8")
        Console().print(table, soft_wrap=True, highlight=False)
