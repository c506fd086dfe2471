"""The mask state in words, from a probability; for a face that is followed, without flicker."""

from __future__ import annotations

from typing import Literal

MaskState = Literal["masked", "unmasked", "unsure"]
MASKED_FROM = 0.6
UNMASKED_TO = 0.4
# A state once shown is kept until the probability is this far behind the threshold it was won at.
HYSTERESIS = 0.15


def mask_state(probability: float, before: MaskState | None = None) -> MaskState:
    """Return what a mask probability means: two Schmitt triggers with a deadband of HYSTERESIS.

    Args:
        probability: 0 to 1.
        before: What was shown for the same face before; None: nothing was.
    """
    if before == "masked" and probability > MASKED_FROM - HYSTERESIS:
        return "masked"
    if before == "unmasked" and probability < UNMASKED_TO + HYSTERESIS:
        return "unmasked"
    if probability >= MASKED_FROM:
        return "masked"
    return "unmasked" if probability <= UNMASKED_TO else "unsure"


def mask_words(state: MaskState, probability: float) -> str:
    """Return a state with the probability of just that state, e.g. "unmasked 97%".

    Args:
        state: What is shown.
        probability: That a mask is worn, 0 to 1.
    """
    if state == "unsure":
        return f"mask? {probability:.0%}"
    return f"{state} {probability if state == 'masked' else 1.0 - probability:.0%}"
