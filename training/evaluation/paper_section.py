"""The part of a report that lays the seed paper's figures beside the model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskmesh.training.evaluation.paper import (
    PAPER_REAL_PEOPLE,
    PAPER_RECALL,
    PAPER_TRAINING,
    PAPER_VALIDATION,
    PAPER_VALIDATION_IN_ABSTRACT,
)
from maskmesh.training.evaluation.tables import NOTHING, percent, table

Numbers = Mapping[str, Any]
INTRODUCTION = """## Beside the seed paper

Çelik & Gören 2023, cited second-hand but for its abstract. A dash is a number that is not known, or
was not measured here. Its people and masks are not these, so columns cannot be subtracted."""
EQUATION = """Its equation 2 divides by P: (TP + TN) / P. With P, the faces of the class, that is no
share but a number above 1, the rarer the class the larger. The accuracy used here, one class
against the rest, divides by all faces, P + N."""


def paper_section(equations: Mapping[str, Numbers], heads: Mapping[str, Numbers]) -> str:
    """Write the section.

    Args:
        equations: By kind, what `by_the_papers_equation` returns.
        heads: By kind ("masked", "unmasked"), what `headline` returns.
    """
    masked = heads["masked"]
    classes = [
        [name, *(f"{cell:.3f}" for kind in heads for cell in equations[kind][name].values())]
        for name in equations["masked"]
    ]
    headings = [f"{kind}, {what}" for kind in heads for what in ("equation 2", "over all faces")]
    ours = "this model, these masked faces"
    return "\n\n".join(
        [
            INTRODUCTION,
            table(["accuracy", "paper", ours], _overall(masked)),
            table(["recall", "paper, real people", ours], _recalls(masked["per_class"])),
            EQUATION,
            table(["class", *headings], classes),
        ]
    )


def _overall(masked: Numbers) -> list[list[str]]:
    validation = percent(PAPER_VALIDATION)
    in_abstract = percent(PAPER_VALIDATION_IN_ABSTRACT)
    measured = percent(masked["accuracy"], masked["accuracy_ci95"])
    return [
        ["on what it was trained on", percent(PAPER_TRAINING), NOTHING],
        ["on masked validation faces", f"{validation}, in its abstract {in_abstract}", measured],
        ["on real people in masks", percent(PAPER_REAL_PEOPLE), NOTHING],
    ]


def _recalls(classes: Mapping[str, Numbers]) -> list[list[str]]:
    return [
        [
            name,
            percent(PAPER_RECALL.get(name)),
            percent(row["recall"] if row["support"] else None, row["recall_ci95"]),
        ]
        for name, row in classes.items()
    ]
