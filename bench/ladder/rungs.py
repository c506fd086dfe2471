"""The levers of training, each on top of those before it that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from maskmesh.training.recipe import Recipe, load_recipe

# The run of the rung below, as a field's value.
BELOW = "<the rung below>"

GROUND: MappingProxyType[str, Any] = MappingProxyType(
    {
        "widths": (16, 32, 64, 128),
        "blocks": "plain",
        "start_from": "",
        "masks": "cached",
        "mask_variants": 1,
        "positions": "proper",
        "retexture_share": 0.0,
        "masked_share_start": 0.5,
        "masked_share": 0.5,
        "flip": False,
        "shift_px": 0.0,
        "rotate_degrees": 0.0,
        "zoom": 0.0,
        "contrast": 0.0,
        "brightness": 0.0,
        "blur_px": 0.0,
        "noise": 0.0,
        "erase_share": 0.0,
        "mixup_alpha": 0.0,
        "cutmix_alpha": 0.0,
        "label_smoothing": 0.0,
        "class_balance": "none",
        "class_balance_strength": 0.0,
        "teacher": "",
        "soft_labels": "",
        "soft_label_weight": 0.0,
        "learning_rate": 1e-3,
        "ema_momentum": 0.0,
        "schedule": "plateau",
        # Never: the learning rate stays, so that the schedule is a lever of its own.
        "plateau_patience": 1000,
        "warm_up_epochs": 0.0,
    }
)
"""What the ground has instead of the levers; the rest is as in the recipe `best`."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A lever.

    Attributes:
        name: Also its run's folder.
        lever: What it does, in words.
        changes: Fields of the recipe that it changes.
        kept: Whether the rungs above stand on it.
    """

    name: str
    lever: str
    changes: MappingProxyType[str, Any]
    kept: bool = True


def _rung(name: str, lever: str, *, kept: bool = True, **changes: object) -> Rung:
    return Rung(name, lever, MappingProxyType(changes), kept)


RUNGS: tuple[Rung, ...] = (
    _rung("ground", "plain residual blocks, one mask a face, half of the faces masked"),
    _rung("fresh-masks", "a new random mask every epoch", masks="fresh"),
    _rung(
        "affine",
        "mirror, shift, turn, zoom",
        flip=True,
        shift_px=3.0,
        rotate_degrees=10.0,
        zoom=0.12,
    ),
    _rung("light", "contrast and brightness", contrast=0.25, brightness=20.0),
    _rung("erase", "a patch erased on a quarter of the faces", kept=False, erase_share=0.25),
    _rung(
        "cosine",
        "cosine schedule with warm-up, from twice the learning rate",
        schedule="cosine",
        warm_up_epochs=1.0,
        learning_rate=2e-3,
    ),
    _rung("ema", "moving average of the weights", ema_momentum=0.99),
    _rung("excited", "squeeze-and-excitation", blocks="excited"),
    _rung("separable", "depthwise-separable convolutions", kept=False, blocks="separable"),
    _rung("eyes", "pooling that begins at the eyes", kept=False, pooling="eyes"),
    _rung("mixup", "mixup", mixup_alpha=0.2),
    _rung("cutmix", "cutmix instead of mixup", kept=False, mixup_alpha=0.0, cutmix_alpha=1.0),
    _rung("smoothing", "label smoothing", label_smoothing=0.05),
    _rung("focal", "focal loss", kept=False, focal_gamma=2.0),
    _rung(
        "balance",
        "classes weigh by a power of 1/count",
        class_balance="inverse",
        class_balance_strength=0.3,
    ),
    _rung(
        "twin",
        "each face unmasked and masked in one step, the one teaching the other",
        teacher="twin",
    ),
    _rung(
        "votes",
        "the answers of the rung below in place of a crowd's votes",
        soft_labels=BELOW,
        soft_label_weight=0.4,
    ),
    _rung(
        "robust",
        "blur, noise, masks worn otherwise and with other looks",
        blur_px=1.0,
        noise=8.0,
        positions="random",
        retexture_share=0.5,
    ),
)


def below(name: str, rungs: Sequence[Rung] = RUNGS) -> Rung | None:
    """Return the rung that a rung stands on: the nearest before it that is kept."""
    place = [rung.name for rung in rungs].index(name)
    return next((rung for rung in reversed(rungs[:place]) if rung.kept), None)


def recipe_of(
    name: str, epochs: int, runs: str, rungs: Sequence[Rung] = RUNGS, **changes: object
) -> Recipe:
    """Return the recipe of a rung: the ground, the kept rungs below it, and its own changes.

    Args:
        name: Which rung.
        epochs: How long each trains.
        runs: Folder of all rungs' runs, where a rung finds that of the rung below.
        rungs: The ladder.
        changes: Fields that differ on all rungs.
    """
    rung = next(rung for rung in rungs if rung.name == name)
    fields: dict[str, Any] = {**GROUND}
    standing = [rung]
    while (under := below(standing[-1].name, rungs)) is not None:
        standing.append(under)
    for one in reversed(standing):
        under = below(one.name, rungs)
        fields |= {
            key: f"{runs}/{under.name}" if value == BELOW and under else value
            for key, value in one.changes.items()
        }
    return load_recipe("best", epochs=epochs, **{**fields, **changes})
