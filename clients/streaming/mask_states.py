"""The mask state in words, from a probability; for a face that is followed, without flicker."""

from __future__ import annotations

from typing import Literal

MaskState = Literal["masked", "unmasked", "unsure"]
MASKED_FROM = 0.6
UNMASKED_TO = 0.4


def mask_state(probability: float, before: MaskState | None = None) -> MaskState:
    """Return what a mask probability means: a Schmitt trigger.

    Between the two thresholds a face keeps its state; it is unsure if it has none yet.

    Args:
        probability: 0 to 1.
        before: What was shown for the same face before; None: nothing was.
    """
    if probability >= MASKED_FROM:
        return "masked"
    if probability <= UNMASKED_TO:
        return "unmasked"
    return before or "unsure"


def mask_words(state: MaskState, probability: float) -> str:
    """Return a state with the probability of just that state, e.g. "unmasked 97%".

    Args:
        state: What is shown.
        probability: That a mask is worn, 0 to 1.
    """
    if state == "unsure":
        return f"mask? {probability:.0%}"
    return f"{state} {probability if state == 'masked' else 1.0 - probability:.0%}"
