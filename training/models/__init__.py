"""Networks that training can build, by the name a recipe gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maskmesh.services.runtime.errors import NotFoundError

if TYPE_CHECKING:
    import keras

MODELS = ("paper",)


def build_model(name: str, *, dropout: float) -> keras.Model:
    """Build an untrained network by its name.

    Raises:
        NotFoundError: No network has that name.
    """
    if name == "paper":
        from maskmesh.training.models.paper import build_paper_cnn  # noqa: PLC0415 - loads Keras

        return build_paper_cnn(dropout=dropout)
    raise NotFoundError(f"no model named {name!r}: choose one of {', '.join(MODELS)}")
