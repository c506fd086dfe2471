"""What `maskmesh synthesize` can be told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from maskmesh.clients.mesh.settings import LineSettings
from maskmesh.clients.synthesize.recipe import (
    DEFAULT_MIN_FIT,
    OWN_MASKS,
    FacesChoice,
    FormatChoice,
    Recipe,
)
from maskmesh.services.runtime.errors import InvalidInputError

Mode = Literal["local", "mesh", "ray"]

# Told in the help without the packages that draw them.
STYLES = ("surgical", "cloth", "n95", "kn95", "bandana", "gaiter", "clear")
COLOURS = (
    "white",
    "black",
    "gray",
    "blue",
    "navy",
    "green",
    "teal",
    "olive",
    "yellow",
    "orange",
    "red",
    "wine",
    "pink",
    "purple",
    "beige",
    "brown",
)
PATTERNS = ("plain", "stripes", "dots", "checks", "floral", "camouflage")
POSITIONS = ("proper", "below_nose", "on_chin")


class SynthesizeSettings(LineSettings, section="synthesize"):
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
        description="HOST:PORT of a running mesh's location service, as for the other commands, "
        "which implies --mode mesh; may be repeated: then they share the work; default: mode mesh "
        "starts one for this run",
    )
    style: str = Field(
        "random",
        description=f"{', '.join(STYLES)}, the name of a mask of your own, or random; default: "
        "random, with --mask one of your own",
    )
    colour: str = Field("random", description=f"{', '.join(COLOURS)}, #rrggbb, or random")
    pattern: str = Field("random", description=f"{', '.join(PATTERNS)}, or random")
    position: str = Field("proper", description=f"{', '.join(POSITIONS)}, or random")
    mask: list[Path] = Field(
        [],
        description="PNG of a mask of your own, with its JSON beside it; may be repeated: then "
        "each face gets one of them",
    )
    faces: FacesChoice = Field(
        "auto",
        description="image: each picture is one face; each or largest: faces are located; auto: "
        "image for pictures of at most 128 pixels, else largest",
    )
    variants: int = Field(1, ge=1, le=1000, description="masked pictures made of each")
    min_fit: float = Field(
        DEFAULT_MIN_FIT,
        ge=0,
        le=1,
        description="fit score below which a face is left out, with its reason: below 0.3 most "
        "masks sit badly, above 0.5 hardly any; 0 keeps all",
    )
    format: FormatChoice = Field(
        "png", description="png, jpeg, or keep: JPEG from JPEG, PNG from all else"
    )
    jpeg_quality: int = Field(95, ge=1, le=100, description="quality of JPEG")
    predictor_path: Path | None = Field(
        None, description="a dlib 68-point shape predictor of your own (modes local and ray)"
    )
    overwrite: bool = Field(
        False,
        description="replace what another run made, never files of yours, or give up what it "
        "left unfinished",
    )
    log_file: Path | None = Field(
        None, description="where a mesh of our own logs; default: a temporary file"
    )

    @property
    def working_mode(self) -> Mode:
        """The mode; naming a mesh implies its.

        Raises:
            InvalidInputError: A mesh is named, and another mode.
        """
        if not self.mesh:
            return self.mode
        if "mode" in self.model_fields_set and self.mode != "mesh":
            raise InvalidInputError(
                f"--mesh does nothing with --mode {self.mode}: leave out one of them"
            )
        return "mesh"

    @property
    def recipe(self) -> Recipe:
        """All that decides the pixels."""
        own_only = self.mask and "style" not in self.model_fields_set
        return Recipe(
            seed=self.seed,
            style=OWN_MASKS if own_only else self.style,
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
