"""All that decides which pixels come out, apart from the pictures themselves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

FacesChoice = Literal["auto", "image", "each", "largest"]
FormatChoice = Literal["png", "jpeg", "keep"]

SMALL_FACE_SIDE = 128
OWN_MASKS = "own masks"
"""As a style: one of the user's own masks, by the face's seed. No mask can be called so."""
DEFAULT_MIN_FIT = 0.3
SEED_BYTES = 6
"""Seeds of faces have 48 bits: every reader of JSON keeps them exact."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How masks are put on; can be sent to other processes and machines.

    Attributes:
        seed: The run's seed; the seed of every face derives from it, see `face_seed`.
        style: Name of a style or of a user's mask, "random", or `OWN_MASKS`.
        colour: Name of a colour, "#rrggbb", or "random".
        pattern: Name of a pattern, or "random".
        position: Name of a wearing position, or "random".
        faces: "image": the picture is one face; "each" or "largest": faces are located; "auto":
            "image" for pictures whose longer side has at most `SMALL_FACE_SIDE` pixels, else
            "largest".
        variants: How many masked pictures are made of one.
        min_fit: Fit score, 0 to 1, below which a face is left as it is.
        picture_format: "png" or "jpeg", or "keep": JPEG from JPEG, PNG from all else.
        jpeg_quality: 1 to 100.
        masks: PNG files of the user's own masks, each with a JSON file beside it.
        predictor_path: The user's own landmark predictor; None: the one that ships.
    """

    seed: int = 0
    style: str = "random"
    colour: str = "random"
    pattern: str = "random"
    position: str = "proper"
    faces: FacesChoice = "auto"
    variants: int = 1
    min_fit: float = DEFAULT_MIN_FIT
    picture_format: FormatChoice = "png"
    jpeg_quality: int = 95
    masks: tuple[Path, ...] = ()
    predictor_path: Path | None = None

    def face_seed(self, source: str, variant: int, face: int) -> int:
        """Derive the seed of one face, the same on every machine and in every order of work.

        Args:
            source: The picture's path relative to the source.
            variant: From 0.
            face: From 0 in the picture.
        """
        text = json.dumps([self.seed, source, variant, face], ensure_ascii=True)
        digest = hashlib.blake2b(text.encode("ascii"), digest_size=SEED_BYTES).digest()
        return int.from_bytes(digest, "big")

    def described(self) -> dict[str, object]:
        """Return what decides the pixels as plain values; files by the hash of their content.

        Raises:
            OSError: A mask's or the predictor's file cannot be read.
        """
        described = asdict(self)
        described["masks"] = [
            _digest(file) for path in self.masks for file in (path, path.with_suffix(".json"))
        ]
        described["predictor_path"] = self.predictor_path and _digest(self.predictor_path)
        return described


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
