"""The model repository: `<root>/<name>/<version>/model.onnx`, versions being whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maskmesh.services.runtime.errors import NotFoundError

SHIPPED_MODELS = Path(__file__).parent / "models"
DEFAULT_MODEL = "expression"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One version of one model in a repository."""

    name: str
    version: str
    path: Path


def find_model(
    root: Path = SHIPPED_MODELS, name: str = DEFAULT_MODEL, version: str | None = None
) -> ModelFile:
    """Find a model's file.

    Args:
        root: Folder of the repository.
        name: Name of the model: a folder in `root`.
        version: Name of the version: a folder in the model's; None takes the highest number.

    Raises:
        NotFoundError: The repository has no such model or version; the message names what it has.
    """
    if not root.is_dir():
        raise NotFoundError(f"no model repository at {root}: name a folder with --repository")
    available = sorted(
        (path.parent for path in root.glob(f"{name}/*/model.onnx") if path.parent.name.isdecimal()),
        key=lambda folder: int(folder.name),
    )
    if not available:
        models = ", ".join(sorted(path.name for path in root.iterdir() if path.is_dir())) or "none"
        raise NotFoundError(
            f"no model {name!r} with a numbered version in {root} (models there: {models}): "
            "train and export one, or name another with --model"
        )
    if version is None:
        chosen = available[-1]
    else:
        chosen = root / name / version
        if chosen not in available:
            versions = ", ".join(folder.name for folder in available)
            raise NotFoundError(f"model {name!r} has no version {version!r}; it has {versions}")
    return ModelFile(name, chosen.name, chosen / "model.onnx")
