"""The recipe of a training run: every number that shapes the result, checked when it is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError

RECIPES = Path(__file__).parent / "recipes"
TWIN = "twin"


class Recipe(BaseModel):
    """How to train; the defaults live in the TOML files of training/recipes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="Name of the network, see maskmesh.training.models")
    widths: tuple[int, ...] = Field(
        min_length=2, description="Filters of the network's stages, from the picture on"
    )
    dense: tuple[int, ...] = Field(description="Units of the dense blocks of the paper's network")
    blocks: Literal["plain", "excited", "separable"] = Field(
        description="Blocks of the residual network, see maskmesh.training.models.residual"
    )
    pooling: Literal["mean", "eyes"] = Field(
        description="How it sums up its last features over the places of the face"
    )
    start_from: str = Field(
        description='Folder of the run whose weights training begins with; "" for random ones'
    )
    seed: int = Field(ge=0, description="Seed of weights, order, masks, distortions and dropout")
    epochs: int = Field(ge=1, description="Epochs to train at most")
    batch_size: int = Field(ge=2, description="Pictures a step")
    dtype_policy: Literal["float32", "mixed_bfloat16", "mixed_float16"] = Field(
        description="Keras dtype policy while training; weights are float32 under all of them"
    )

    masks: Literal["cached", "fresh"] = Field(
        description="Take the masks in turn that were made once, or make new ones every epoch"
    )
    mask_variants: int = Field(ge=1, description="Masks made for every face, where they are cached")
    positions: Literal["proper", "random"] = Field(
        description="How masks are worn in training: properly, or as they are seen to be worn"
    )
    retexture_share: float = Field(
        ge=0.0, le=1.0, description="Share of fresh masks that get other grays and a faint pattern"
    )
    held_out_styles: tuple[str, ...] = Field(
        description="Styles no training face wears, to judge the model on unseen ones"
    )
    min_fit: float = Field(
        ge=0.0, le=1.0, description="Faces whose fit confidence is below stay unmasked in training"
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

    flip: bool = Field(description="Mirror half of the faces")
    shift_px: float = Field(ge=0.0, le=16.0, description="Largest shift along an axis, in pixels")
    rotate_degrees: float = Field(ge=0.0, le=45.0, description="Largest turn, in degrees")
    zoom: float = Field(ge=0.0, le=0.5, description="Largest change of scale, as a share")
    contrast: float = Field(
        ge=0.0, le=1.0, description="Largest change of contrast, logarithm of the factor"
    )
    brightness: float = Field(
        ge=0.0, le=128.0, description="Largest change of brightness, in gray levels"
    )
    blur_px: float = Field(
        ge=0.0, le=5.0, description="Largest deviation of a Gaussian blur, on half the faces"
    )
    noise: float = Field(
        ge=0.0, le=64.0, description="Largest deviation of noise, in gray levels, on half the faces"
    )
    erase_share: float = Field(ge=0.0, le=1.0, description="Share of faces with a patch erased")
    mixup_alpha: float = Field(
        ge=0.0, description="Shape of mixup's beta distribution; 0: pictures are not mixed"
    )
    cutmix_alpha: float = Field(
        ge=0.0, description="Shape of cutmix's; with mixup each batch takes one of them by chance"
    )

    dropout: float = Field(ge=0.0, lt=1.0, description="Share of values dropped after a block")
    label_smoothing: float = Field(ge=0.0, lt=1.0, description="Share moved to the other classes")
    class_balance: Literal["none", "inverse", "effective_number"] = Field(
        description="How rare classes weigh more: by a power of 1/count, or Cui et al. 2019"
    )
    class_balance_strength: float = Field(
        ge=0.0, le=1.0, description="The power (0.5: inverse square root), or Cui's beta"
    )
    focal_gamma: float = Field(ge=0.0, description="Focal loss's exponent; 0: cross-entropy")
    mask_loss_weight: float = Field(ge=0.0, description="Weight of the mask output's loss")
    teacher: str = Field(
        description='Who shows what the unmasked face tells: "" nobody, "twin" the network itself '
        "on the same face unmasked, else the folder of a training run"
    )
    distillation_weight: float = Field(ge=0.0, description="Weight of the loss against the teacher")
    temperature: float = Field(gt=0.0, description="Softening of both answers in that loss")
    soft_labels: str = Field(
        description="CSV file with the votes of a crowd for each picture, or the folder of a run "
        'whose answers to the unmasked face stand for them; "" for none'
    )
    soft_label_weight: float = Field(
        ge=0.0, le=1.0, description="Share of the votes in the target, the label has the rest"
    )

    optimizer: Literal["adam", "adamw"] = Field(description="Which one")
    learning_rate: float = Field(gt=0.0, description="Learning rate at the start, after warm-up")
    weight_decay: float = Field(ge=0.0, description="AdamW's decay of kernels")
    clip_norm: float = Field(ge=0.0, description="Largest norm of all gradients; 0: any")
    ema_momentum: float = Field(
        ge=0.0, lt=1.0, description="Momentum of the weights' moving average; 0: none is kept"
    )
    schedule: Literal["plateau", "cosine"] = Field(description="How the learning rate falls")
    warm_up_epochs: float = Field(ge=0.0, description="Epochs over which it rises, with cosine")
    min_learning_rate: float = Field(ge=0.0, description="Where it stops")
    plateau_patience: int = Field(ge=0, description="Epochs without progress before it is reduced")
    plateau_factor: float = Field(gt=0.0, lt=1.0, description="What it is multiplied with then")
    plateau_min_delta: float = Field(ge=0.0, description="Gain in accuracy that counts as progress")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        unknown = sorted(set(self.held_out_styles) - set(MASK_STYLES))
        if unknown or len(set(self.held_out_styles)) == len(MASK_STYLES):
            raise ValueError(
                f"held_out_styles: choose some, not all, of {', '.join(MASK_STYLES)}, "
                f"not {', '.join(unknown) or 'all'}"
            )
        if self.is_paired and self.batch_size % 2:
            raise ValueError("batch_size: must be even, as faces are shown in twins")
        if self.masks == "cached" and (self.positions != "proper" or self.retexture_share):
            raise ValueError('positions, retexture_share: these need masks = "fresh"')
        if self.schedule == "cosine" and self.warm_up_epochs >= self.epochs:
            raise ValueError("warm_up_epochs: must be fewer than the epochs")
        if self.optimizer == "adam" and self.weight_decay:
            raise ValueError("weight_decay: only adamw decays weights, set it to 0 for adam")
        return self

    @property
    def is_paired(self) -> bool:
        """Whether each face is shown unmasked and masked in the same step."""
        return self.teacher == TWIN

    @property
    def has_teacher_run(self) -> bool:
        """Whether another run's network teaches."""
        return self.teacher not in ("", TWIN)

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
        name: "paper", "best", or the path of a TOML file.
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
        raise InvalidInputError(f"recipe {name!r} does not hold: {faults_of(error)}") from error


def saved_recipe(file: Path) -> Recipe:
    """Read the recipe that a run was made with.

    Raises:
        InvalidInputError: It has other fields: another version of the trainer wrote it.
    """
    try:
        return Recipe.model_validate_json(file.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise InvalidInputError(
            f"{file} was written by another version of maskmesh ({faults_of(error)}): "
            "train a new run"
        ) from error


def faults_of(error: ValidationError) -> str:
    """Say in one line which fields do not hold, and why."""
    faults = [
        f"{fault['loc'][0]}: {fault['msg']}" if fault["loc"] else str(fault["msg"])
        for fault in error.errors()
    ]
    return "; ".join(faults)
