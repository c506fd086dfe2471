"""What an artifact's metadata tell about how it was trained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import onnx

from maskmesh.services.runtime.errors import SetupError


@dataclass(frozen=True, slots=True)
class ArtifactFacts:
    """What an artifact says of its training.

    Attributes:
        held_out_styles: Mask styles that no training face wore; None if it does not say.
        data_sha256: Hash of each split that it was trained on or chosen by, by the split's name.
    """

    held_out_styles: tuple[str, ...] | None
    data_sha256: dict[str, str]

    def known_split(self, sha256: str) -> str | None:
        """Return under which name it was trained on these data, or chosen by them; else None."""
        names = (name for name, known in self.data_sha256.items() if known == sha256)
        return next(names, None)


def read_facts(file: Path) -> ArtifactFacts:
    """Read the metadata of an ONNX file that `ExpressionClassifier` accepts.

    Raises:
        SetupError: What should be JSON there is none.
    """
    model = onnx.load(file, load_external_data=False)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    try:
        recipe = json.loads(metadata.get("recipe", "{}"))
        hashes = json.loads(metadata.get("data_sha256", "{}"))
    except json.JSONDecodeError as error:
        raise SetupError(f"{file} has damaged metadata ({error}): export it again") from error
    held_out = recipe.get("held_out_styles")
    return ArtifactFacts(None if held_out is None else tuple(held_out), dict(hashes))
