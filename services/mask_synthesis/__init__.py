"""Masks on faces: landmarks, pivots, drawn masks, perspective overlay.

from maskmesh.services.mask_synthesis import MaskSynthesizer
synthesizer = MaskSynthesizer()
masked = synthesizer.apply(face, style="surgical", colour="white", seed=1)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maskmesh.services.mask_synthesis.synthesizer import MaskedFace, MaskSynthesizer

__all__ = ["MaskSynthesizer", "MaskedFace"]


def __getattr__(name: str) -> Any:
    """Load the algorithm when it is first asked for: this package's settings need no OpenCV."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from maskmesh.services.mask_synthesis import synthesizer  # noqa: PLC0415

    return getattr(synthesizer, name)
