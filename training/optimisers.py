"""The optimiser of a recipe, with its schedule and the moving average of the weights."""

from __future__ import annotations

import keras

from maskmesh.training.recipe import Recipe

# Normalisation's and bias's own scale means something: it is not decayed.
NOT_DECAYED = ("bias", "gamma", "beta")


def build_optimiser(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """Make the optimiser of a recipe for epochs of so many steps."""
    options = {
        "learning_rate": _learning_rate(recipe, steps),
        "global_clipnorm": recipe.clip_norm or None,
        "use_ema": recipe.ema_momentum > 0,
        "ema_momentum": recipe.ema_momentum or 0.99,
    }
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(**options)
    optimiser = keras.optimizers.AdamW(weight_decay=recipe.weight_decay, **options)
    optimiser.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    return optimiser


def _learning_rate(
    recipe: Recipe, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if recipe.schedule == "plateau":
        return recipe.learning_rate
    warm_up = round(recipe.warm_up_epochs * steps)
    # Source: Loshchilov & Hutter 2017, one cycle without restarts.
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warm_up else recipe.learning_rate,
        decay_steps=recipe.epochs * steps - warm_up,
        alpha=min(1.0, recipe.min_learning_rate / recipe.learning_rate),
        warmup_target=recipe.learning_rate if warm_up else None,
        warmup_steps=warm_up,
    )
