"""The command that measures tracking."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchTracking(CommandSettings, section="bench_tracking"):
    """Follow faces through clips, against OpenCV's stock detector on every frame."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    photos: Path = Field(
        Path("tests/fixtures/faces"), description="folder of the photos that clips are made of"
    )
    seconds: float = Field(8.0, ge=4, le=600, description="length of each clip that is drawn")
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.tracking import measure  # noqa: PLC0415 - needs every extra
        from maskmesh.bench.tracking_report import report  # noqa: PLC0415

        report(measure(self.photos, self.seconds), self.json_file)
