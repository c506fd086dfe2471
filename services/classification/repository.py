"""The model repository: `<root>/<name>/<version>/model.onnx`, versions being whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maskmesh.services.runtime.errors import NotFoundError

SHIPPED_MODELS = Path(__file__).parent / "models"
DEFAULT_MODEL = "expression"
MODEL_FILE = "model.onnx"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One version of one model in a repository."""

    name: str
    version: str
    path: Path


def find_versions(root: Path = SHIPPED_MODELS, name: str = DEFAULT_MODEL) -> list[ModelFile]:
    """List the versions of a model, the highest number first.

    Args:
        root: Folder of the repository.
        name: Name of the model: a folder in `root`.

    Raises:
        NotFoundError: The repository has no such model; the message names what it has.
    """
    if not root.is_dir():
        raise NotFoundError(f"no model repository at {root}: name a folder with --repository")
    found = [
        ModelFile(name, path.parent.name, path)
        for path in root.glob(f"{name}/*/{MODEL_FILE}")
        if path.parent.name.isdecimal()
    ]
    if not found:
        models = ", ".join(sorted(path.name for path in root.iterdir() if path.is_dir())) or "none"
        raise NotFoundError(
            f"no model {name!r} with a numbered version in {root} (models there: {models}): "
            "train and export one, or name another with --model"
        )
    return sorted(found, key=lambda model: int(model.version), reverse=True)


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
    available = find_versions(root, name)
    if version is None:
        return available[0]
    for model in available:
        if model.version == version:
            return model
    versions = ", ".join(model.version for model in reversed(available))
    raise NotFoundError(f"model {name!r} has no version {version!r}; it has {versions}")


def next_version(model: Path) -> str:
    """Return the number after the highest version in a model's folder, which need not exist."""
    taken = [int(path.name) for path in model.glob("*") if path.name.isdecimal()]
    return str(max(taken, default=0) + 1)
