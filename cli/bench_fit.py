"""The commands `bench fit` and `bench fit-score`."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchFit(CommandSettings, section="bench_fit"):
    """Measure how well masks sit: corners against marked landmarks, coverage, fit score."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    truth: Path | None = Field(
        None,
        description="folder of photos with 68 marked landmarks: .pts files beside them, or dlib's "
        "*_with_face_landmarks.xml",
    )
    data: list[Path] | None = Field(
        None,
        description="zips or folders of faces; default: fer2013.zip and portraits_350px.zip of the "
        "data folder",
    )
    count: int = Field(400, ge=1, description="how many faces of each")
    scored: int = Field(200, ge=0, description="hold the scores of so many of them to the test")
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.synthesis.fit import run  # noqa: PLC0415 - needs every extra
        from maskmesh.bench.synthesis.fit_report import report  # noqa: PLC0415
        from maskmesh.training.data_home import default_data  # noqa: PLC0415

        data = self.data or [default_data(), default_data("portraits_350px.zip")]
        report(run(self.truth, data, self.count, self.scored), self.json_file)


class BenchFitScore(CommandSettings, section="bench_fit_score"):
    """Learn the weights of the fit score anew."""

    data: Path | None = Field(
        None, description="zip or folder of faces; default: fer2013.zip of the data folder"
    )
    count: int = Field(7000, ge=100, description="how many faces to learn from")
    output: Path = Field(
        Path("services/mask_synthesis/fit_weights.py"), description="Python module to write"
    )

    def cli_cmd(self) -> None:
        """Learn and write."""
        from maskmesh.bench.synthesis.fit_score import run  # noqa: PLC0415 - needs every extra

        run(**self.model_dump())
