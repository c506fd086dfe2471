"""Masks on faces: landmarks, pivots, drawn masks, perspective overlay.

from maskmesh.services.mask_synthesis import MaskSynthesizer
synthesizer = MaskSynthesizer()
masked = synthesizer.apply(face, style="surgical", colour="white", seed=1)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maskmesh.services.mask_synthesis.colours import MASK_COLOURS
    from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
    from maskmesh.services.mask_synthesis.patterns import MASK_PATTERNS
    from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer
    from maskmesh.services.mask_synthesis.user_masks import UserMask, read_user_mask

_MODULES = {
    "MASK_COLOURS": "colours",
    "MASK_PATTERNS": "patterns",
    "MASK_STYLES": "drawing",
    "MaskSynthesizer": "synthesizer",
    "MaskedFace": "synthesizer",
    "UserMask": "user_masks",
    "read_user_mask": "user_masks",
}

__all__ = [
    "MASK_COLOURS",
    "MASK_PATTERNS",
    "MASK_STYLES",
    "MaskSynthesizer",
    "MaskedFace",
    "UserMask",
    "read_user_mask",
]


def __getattr__(name: str) -> Any:
    """Load the algorithm when it is first asked for: this package's settings need no OpenCV."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
