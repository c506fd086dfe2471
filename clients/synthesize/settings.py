"""What `maskmesh synthesize` can be told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from maskmesh.clients.synthesize.recipe import FacesChoice, FormatChoice, Recipe
from maskmesh.services.runtime.settings import CommandSettings

Mode = Literal["local", "mesh", "ray"]


class SynthesizeSettings(CommandSettings, section="synthesize"):
    """Put masks on all faces of a data set: the same folders out, and a line on every face."""

    src: CliPositionalArg[Path] = Field(
        description="folder (of class folders, or any), zip, or picture"
    )
    dst: CliPositionalArg[Path] = Field(description="folder or .zip to make")
    seed: int = Field(0, ge=0, description="decides all that is random: same seed, same bytes")
    workers: int = Field(
        os.cpu_count() or 1, ge=1, le=1024, description="processes, or streams over the mesh"
    )
    mode: Mode = Field(
        "local",
        description="local: processes of this machine; mesh: running synthesis services; ray: Ray "
        "Data, on this machine or the cluster that RAY_ADDRESS names",
    )
    mesh: list[str] = Field(
        [],
        description="HOST:PORT of a running mesh's location service, as for the other commands; "
        "several are shared by the work; default: start one for this run",
    )
    style: str = Field("random", description="a style, the name of a mask of your own, or random")
    colour: str = Field("random", description="a colour, #rrggbb, or random")
    pattern: str = Field("random", description="a pattern, or random")
    position: str = Field("proper", description="a wearing position, or random")
    mask: list[Path] = Field(
        [], description="PNG of a mask of your own, with its JSON beside it; may be repeated"
    )
    faces: FacesChoice = Field(
        "auto",
        description="image: each picture is one face; each or largest: faces are located; auto: "
        "image for pictures of at most 128 pixels, else largest",
    )
    variants: int = Field(1, ge=1, le=1000, description="masked pictures made of each")
    min_fit: float = Field(
        0.0, ge=0, le=1, description="fit score below which a face is left out, with its reason"
    )
    format: FormatChoice = Field(
        "png", description="png, jpeg, or keep: JPEG from JPEG, PNG from all else"
    )
    jpeg_quality: int = Field(95, ge=1, le=100, description="quality of JPEG")
    predictor_path: Path | None = Field(
        None, description="a dlib 68-point shape predictor of your own (modes local and ray)"
    )
    overwrite: bool = Field(
        False, description="replace what an earlier run made, or give up what it left unfinished"
    )
    log_file: Path | None = Field(
        None, description="where a mesh of our own logs; default: a temporary file"
    )

    @property
    def recipe(self) -> Recipe:
        """All that decides the pixels."""
        return Recipe(
            seed=self.seed,
            style=self.style,
            colour=self.colour,
            pattern=self.pattern,
            position=self.position,
            faces=self.faces,
            variants=self.variants,
            min_fit=self.min_fit,
            picture_format=self.format,
            jpeg_quality=self.jpeg_quality,
            masks=tuple(self.mask),
            predictor_path=self.predictor_path,
        )
