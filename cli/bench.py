"""The commands that measure."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchMesh(CommandSettings, section="bench"):
    """Compare a frame's way through the mesh with the same calls in one process."""

    photo: Path = Field(
        Path("tests/fixtures/faces/astronaut.jpg"), description="photo with one clear face"
    )
    pairs: int = Field(100, ge=5, le=100_000, description="how many frames each way takes")
    json_file: Path | None = Field(None, description="write the numbers to this file")

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.mesh import measure, report  # noqa: PLC0415 - needs every extra

        report(measure(self.photo, self.pairs), self.json_file)


class BenchLocation(CommandSettings, section="bench_location"):
    """Compare face detectors on photos with known boxes, masked and unmasked faces apart."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    data: Path | None = Field(
        None, description="zip or folder of photos; default: the photo sets in the data folder"
    )
    reference: Path | None = Field(
        None,
        description="JSON file with the boxes of --data; without --data, the folder with those of "
        "the photo sets",
    )
    detectors: list[str] | None = Field(
        None, description="names, separated by commas; default: all but learned ones"
    )
    learned: bool = Field(False, description="compare learned detectors too, which are slow")
    learned_photos: int = Field(
        200, ge=1, description="how many of the photos, at most, a learned detector sees"
    )
    limit: int | None = Field(None, ge=1, description="take a sample of so many photos")
    timed_photos: int = Field(40, ge=0, description="photos to take times on; 0 takes none")
    cache: Path = Field(
        Path("out/bench/location"), description="folder that keeps what detectors found"
    )
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )
    plot: Path | None = Field(None, description="draw precision over recall into this PNG file")

    def cli_cmd(self) -> None:
        """Compare and report."""
        from maskmesh.bench.location.run import run  # noqa: PLC0415 - needs every extra

        run(**self.model_dump())
