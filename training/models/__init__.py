"""Networks that training can build, by the name a recipe gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    import keras

    from maskmesh.training.recipe import Recipe

MODELS = ("paper", "residual")
PAPER_KERNELS = (3, 5, 3, 3)


def build_model(recipe: Recipe) -> keras.Model:
    """Build the untrained network that a recipe names, under Keras's current dtype policy.

    Raises:
        NotFoundError: No network has that name.
        InvalidInputError: It cannot have the recipe's widths.
    """
    if recipe.model == "paper":
        from maskmesh.training.models.paper import build_paper_cnn  # noqa: PLC0415 - loads Keras

        if len(recipe.widths) > len(PAPER_KERNELS):
            raise InvalidInputError(
                f"the paper's network has at most {len(PAPER_KERNELS)} blocks, the recipe gives "
                f"{len(recipe.widths)} widths: leave some out"
            )
        convolutions = tuple(zip(recipe.widths, PAPER_KERNELS, strict=False))
        return build_paper_cnn(
            dropout=recipe.dropout, convolutions=convolutions, dense=recipe.dense
        )
    if recipe.model == "residual":
        from maskmesh.training.models.residual import build_residual  # noqa: PLC0415

        if len(recipe.widths) > 4 or recipe.dense:
            raise InvalidInputError(
                "the residual network has at most 4 stages and no dense blocks: "
                "shorten widths, and empty dense"
            )
        return build_residual(
            recipe.widths, dropout=recipe.dropout, blocks=recipe.blocks, pooling=recipe.pooling
        )
    raise NotFoundError(f"no model named {recipe.model!r}: choose one of {', '.join(MODELS)}")
