"""The command that measures classification as a serving system."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from maskmesh.services.runtime.settings import CommandSettings


class BenchServing(CommandSettings, section="bench_serving"):
    """Measure classification as a serving system, beside ceilings and peers, and break it."""

    model_config = SettingsConfigDict(populate_by_name=True, env_prefix_target="all")

    parts: str = Field(
        "throughput,cost,latency,overload,reload,fuzz,kill,soak",
        description="what to measure, separated by commas",
    )
    quick: bool = Field(False, description="small counts, to see that all works")
    rounds: int | None = Field(None, ge=1, description="how often each is measured; default: 7")
    seconds: float | None = Field(
        None, gt=0, description="how long each is measured in each round; default: 2"
    )
    workers: int = Field(2, ge=1, le=256, description="threads that run the model, of all servers")
    processes: int = Field(
        2,
        ge=1,
        le=256,
        description="processes of our service, which share out its threads, where throughput, "
        "cost, latency and overload are measured",
    )
    mlserver_python: Path | None = Field(
        None, description="Python of an environment with mlserver and onnxruntime, to compare with"
    )
    triton_python: Path | None = Field(
        None,
        description="Python of an environment with nvidia-pytriton and onnxruntime, to compare "
        "with",
    )
    soak_minutes: float = Field(1.0, gt=0, description="how long memory is watched under load")
    photo: Path = Field(
        Path("tests/fixtures/faces/astronaut.jpg"), description="photo with one clear face"
    )
    scratch: Path = Field(Path("out/bench/serving"), description="folder for logs and models")
    json_file: Path | None = Field(
        None, validation_alias=AliasChoices("json"), description="write the numbers to this file"
    )

    def cli_cmd(self) -> None:
        """Measure and report."""
        from maskmesh.bench.serving import run  # noqa: PLC0415 - needs every extra

        counts = run.QUICK if self.quick else run.FULL
        counts = replace(
            counts, rounds=self.rounds or counts.rounds, seconds=self.seconds or counts.seconds
        )
        wanted = run.Wanted(
            parts=run.parts_of(self.parts),
            counts=counts,
            workers=self.workers,
            processes=self.processes,
            mlserver_python=self.mlserver_python,
            triton_python=self.triton_python,
            soak_minutes=self.soak_minutes,
            photo=self.photo,
            scratch=self.scratch,
        )
        run.run(wanted, self.json_file)
