"""Hysteresis: what is shown changes only for a reason, so that it does not flicker.

Where two labels are about as probable, the most probable one changes with every breath of noise.
A Schmitt trigger (O. H. Schmitt, "A thermionic trigger", J. Sci. Instrum. 15, 1938) asks more of
a change than of staying: here a margin. What leads by less than that for long is shown all the
same, after a dwell time, as a switch is debounced, so that no small lead is ignored for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Chosen by measurement: docs/decisions/0004-label-hysteresis.md.
DEFAULT_MARGIN = 0.1
DEFAULT_DWELL_S = 0.8


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """The label that is shown for a face.

    Attributes:
        index: Of the label.
        behind_since_s: Time in seconds since which others are more probable; None: it leads.
    """

    index: int
    behind_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class LabelHysteresis:
    """When another label is shown than before.

    Attributes:
        margin: 0 to 1. A label whose probability is higher than the shown one's by at least this
            is shown at once.
        dwell_s: Seconds. After the shown label was not the most probable one for so long without
            a break, the most probable one is shown. 0 turns hysteresis off, as a margin of 0 does.
    """

    margin: float = DEFAULT_MARGIN
    dwell_s: float = DEFAULT_DWELL_S

    def follow(
        self, shown: ShownLabel | None, probabilities: NDArray[np.float64], time_s: float
    ) -> ShownLabel:
        """Return what is shown next.

        Args:
            shown: What was shown in the frame before; None: nothing was.
            probabilities: One for each label, 0 to 1.
            time_s: Time of the frame in seconds, not before that of the frame before.
        """
        best = int(np.argmax(probabilities))
        if shown is None or best == shown.index:
            return ShownLabel(best)
        since = time_s if shown.behind_since_s is None else shown.behind_since_s
        lead = float(probabilities[best] - probabilities[shown.index])
        if lead >= self.margin or time_s - since >= self.dwell_s:
            return ShownLabel(best)
        return ShownLabel(shown.index, since)
