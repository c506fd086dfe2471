"""The commands that measure."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

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
