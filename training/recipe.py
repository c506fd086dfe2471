"""The recipe of a training run: every number that shapes the result, checked when it is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError

RECIPES = Path(__file__).parent / "recipes"


class Recipe(BaseModel):
    """How to train; the defaults live in the TOML files of training/recipes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="Name of the network, see maskmesh.training.models")
    seed: int = Field(ge=0, description="Seed of weights, order, masks, distortions and dropout")
    epochs: int = Field(ge=1, description="Epochs to train at most")
    batch_size: int = Field(ge=1, description="Faces a step")
    dtype_policy: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field(
        description="Keras dtype policy while training; weights are float32 under all of them"
    )
    masked_share_start: float = Field(
        ge=0.0, le=1.0, description="Share of training faces masked in the first epoch"
    )
    masked_share: float = Field(
        ge=0.0, le=1.0, description="Share of training faces masked after the ramp"
    )
    masked_share_ramp_epochs: int = Field(
        ge=0, description="Epochs over which the share moves from the first to the second"
    )
    mask_variants: int = Field(ge=1, description="Masks made for every training face")
    flip: bool = Field(description="Mirror half of the faces")
    shift_px: float = Field(ge=0.0, le=16.0, description="Largest shift along an axis, in pixels")
    rotate_degrees: float = Field(ge=0.0, le=45.0, description="Largest turn, in degrees")
    zoom: float = Field(ge=0.0, le=0.5, description="Largest change of scale, as a share")
    dropout: float = Field(ge=0.0, lt=1.0, description="Share of values dropped after a block")
    label_smoothing: float = Field(ge=0.0, lt=1.0, description="Share moved to the other classes")
    mask_loss_weight: float = Field(ge=0.0, description="Weight of the mask output's loss")
    learning_rate: float = Field(gt=0.0, description="Adam's learning rate at the start")
    plateau_patience: int = Field(ge=0, description="Epochs without progress before it is reduced")
    plateau_factor: float = Field(gt=0.0, lt=1.0, description="What it is multiplied with then")
    plateau_min_delta: float = Field(ge=0.0, description="Gain in accuracy that counts as progress")
    min_learning_rate: float = Field(ge=0.0, description="Where the reduction stops")

    def masked_share_of(self, epoch: int) -> float:
        """Return the share of training faces that are masked in an epoch, counted from 0."""
        if epoch >= self.masked_share_ramp_epochs:
            return self.masked_share
        done = epoch / self.masked_share_ramp_epochs
        return self.masked_share_start + done * (self.masked_share - self.masked_share_start)

    def save(self, file: Path) -> None:
        """Write the resolved recipe as JSON."""
        file.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def load_recipe(name: str, **overrides: object) -> Recipe:
    """Read a recipe by its name in training/recipes, or from a TOML file, and check it.

    Args:
        name: "paper", or the path of a TOML file.
        overrides: Fields that replace those of the file; None leaves the file's value.

    Raises:
        NotFoundError: No such recipe.
        InvalidInputError: No TOML, an unknown or missing field, or a value out of range.
    """
    file = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
        raise NotFoundError(f"no recipe {name!r}: give a TOML file or one of {known}")
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Recipe.model_validate({**tomllib.loads(file.read_text(encoding="utf-8")), **given})
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(f"{file} is not valid TOML ({error}): correct it") from error
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise InvalidInputError(f"recipe {name!r} does not hold: {faults}") from error
