"""The seed paper's figures, its equation, and ours beside them.

Çelik & Gören 2023, "Facial Expression Recognition with Quarantine Face Masks Using a Synthetic
Dataset Generator", SciTePress, paper 119925. What could be read of it is the text of its abstract;
the other figures below are cited second-hand, and the cells of its tables 3, 4 and 5 are not known
here. So nothing is filled in for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from maskmesh.training.labels import CLASSES

# Overall accuracies. The abstract has 70.1 % on the validation batch, other citations 70.8 %.
PAPER_TRAINING = 0.79
PAPER_VALIDATION = 0.708
PAPER_VALIDATION_IN_ABSTRACT = 0.701
PAPER_REAL_PEOPLE = 0.456
# Of its table 4, of real people in masks.
PAPER_RECALL = MappingProxyType({"disgust": 0.17, "surprise": 0.25})


def accuracy_over_positives(true_positives: int, true_negatives: int, positives: int) -> float:
    """Return the paper's equation 2 for one class, (TP + TN) / P.

    P is taken as the faces of the class. Then it is no share: true negatives are counted above the
    line but the negatives not below, so that a class of one face in seven that is always right has
    7.0 and not 1. `accuracy_over_all` divides by all faces, P + N, and lies between 0 and 1. If P
    is read as all that was predicted, the two are the same.

    Args:
        true_positives: Faces of the class that are given it.
        true_negatives: Faces of other classes that are not given it.
        positives: Faces of the class, at least 1.
    """
    return (true_positives + true_negatives) / positives


def accuracy_over_all(true_positives: int, true_negatives: int, faces: int) -> float:
    """Return our accuracy of one class against the rest, (TP + TN) / (P + N), 0 to 1."""
    return (true_positives + true_negatives) / faces


def by_the_papers_equation(confusion: Sequence[Sequence[int]]) -> dict[str, dict[str, float]]:
    """Return both accuracies of every class that has faces.

    Args:
        confusion: [7][7], the true class by row.
    """
    counts = np.asarray(confusion)
    faces = int(counts.sum())
    found = {}
    for k, name in enumerate(CLASSES):
        positives = int(counts[k].sum())
        right = int(counts[k, k])
        negatives = faces - positives - int(counts[:, k].sum()) + right
        if positives:
            found[name] = {
                "equation_2": accuracy_over_positives(right, negatives, positives),
                "over_all_faces": accuracy_over_all(right, negatives, faces),
            }
    return found
