"""The words and tables of a report, in Markdown, from its numbers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from maskmesh.training.evaluation.intervals import RESAMPLES
from maskmesh.training.evaluation.paper_section import paper_section
from maskmesh.training.evaluation.tables import NOTHING, percent, plain, table
from maskmesh.training.metrics import ECE_BINS

Numbers = Mapping[str, Any]


def report_text(numbers: Numbers) -> str:
    """Write the report; its pictures lie beside it."""
    heads = {kind: numbers[kind] for kind in ("masked", "unmasked")}
    parts = [
        _about(numbers["about"], heads["masked"]),
        _headline(heads),
        *(_classes(kind, head) for kind, head in heads.items()),
        "## Calibration\n\n![Reliability](reliability.png)",
        _styles(numbers["styles"], heads["unmasked"]),
        _positions(numbers["positions"]),
        _corruptions(numbers["corruptions"], heads),
        paper_section(numbers["paper"], heads),
        _method(numbers["about"]),
    ]
    return "\n\n".join(parts) + "\n"


def _about(about: Numbers, masked: Numbers) -> str:
    model = about["model"]
    limit = about["at_most_per_class"]
    lines = [
        f"{about['n']:,} faces, the same with and without masks. {_seen(about['known_split'])}",
        _held_out(about["held_out_styles"]),
    ]
    if limit is not None:
        lines.append(f"Only the first {limit} faces of each class were taken: a trial.")
    if about["classes_without_faces"]:
        missing = ", ".join(about["classes_without_faces"])
        lines.append(f"There are no faces of {missing}; macro F1 is over the classes that occur.")
    unmasked = about["n"] - masked["mask"]["worn"]
    if unmasked:
        lines.append(f"On {unmasked:,} faces no mask could be put; they count as they are.")
    title = f"# {model['name']} {model['version']} on {about['data']}, split {about['split']}"
    return "\n\n".join([title, "\n".join(lines)])


def _seen(known_split: str | None) -> str:
    if known_split is None:
        return "They are none of the splits that the model was trained on or chosen by."
    return (
        f"They are the split {known_split!r} that the model was trained on or its epoch chosen by: "
        "the numbers are better than on faces that it never met."
    )


def _held_out(styles: Sequence[str] | None) -> str:
    if styles is None:
        return "The model does not tell which mask styles it was trained with."
    if not styles:
        return "No mask style was held out from training."
    return f"No training face wore a mask of the style {', '.join(styles)}."


def _headline(heads: Mapping[str, Numbers]) -> str:
    rows = [
        ["accuracy", *(percent(h["accuracy"], h["accuracy_ci95"]) for h in heads.values())],
        ["macro F1", *(plain(h["macro_f1"], h["macro_f1_ci95"]) for h in heads.values())],
        [
            f"calibration error, {ECE_BINS} bins",
            *(plain(h["ece"], h["ece_ci95"]) for h in heads.values()),
        ],
        [
            "mask worn or not, right",
            *(percent(h["mask"]["accuracy"], h["mask"]["accuracy_ci95"]) for h in heads.values()),
        ],
    ]
    return "## Overall\n\n" + table(["with 95 % interval", *heads], rows)


def _classes(kind: str, head: Numbers) -> str:
    rows = []
    for name, row in head["per_class"].items():
        given = row["precision_ci95"] is not None
        there = row["support"] > 0
        rows.append(
            [
                name,
                percent(row["precision"] if given else None, row["precision_ci95"]),
                percent(row["recall"] if there else None, row["recall_ci95"]),
                f"{row['f1']:.3f}" if there else NOTHING,
                f"{row['support']:,}",
            ]
        )
    return "\n\n".join(
        [
            f"## Classes, {kind}",
            table(["class", "precision", "recall", "F1", "faces"], rows),
            f"![Confusion matrix, {kind}](confusion_{kind}.png)",
        ]
    )


def _short(name: str, row: Numbers) -> list[str]:
    return [
        name,
        percent(row["accuracy"], row["accuracy_ci95"]),
        f"{row['macro_f1']:.3f}",
        percent(row["seen_as_masked"]),
    ]


def _styles(styles: Mapping[str, Numbers], unmasked: Numbers) -> str:
    words = {True: "held out", False: "seen", None: "unknown"}
    rows = [[*_short(name, row), words[row["held_out"]]] for name, row in styles.items()]
    headings = ["style", "accuracy", "macro F1", "seen as masked", "in training"]
    text = (
        "Every face wears each style once. Beside them: unmasked "
        f"{percent(unmasked['accuracy'], unmasked['accuracy_ci95'])}."
    )
    return "\n\n".join(
        ["## Mask styles", text, table(headings, rows), "![Accuracy by style](styles.png)"]
    )


def _positions(positions: Mapping[str, Numbers]) -> str:
    rows = [_short(name, row) for name, row in positions.items()]
    return "\n\n".join(
        [
            "## How the mask is worn",
            table(["position", "accuracy", "macro F1", "seen as masked"], rows),
            "![Accuracy by position](positions.png)",
        ]
    )


def _corruptions(corruptions: Mapping[str, Numbers], heads: Mapping[str, Numbers]) -> str:
    rows = [
        ["none", "", NOTHING, *(percent(h["accuracy"], h["accuracy_ci95"]) for h in heads.values())]
    ]
    for name, found in corruptions.items():
        for strength, level in enumerate(found["levels"]):
            cells = [found[kind][strength] for kind in heads]
            rows.append(
                [
                    name if strength == 0 else "",
                    found["unit"] if strength == 0 else "",
                    f"{level:g}",
                    *(percent(cell["accuracy"], cell["accuracy_ci95"]) for cell in cells),
                ]
            )
    return "\n\n".join(
        [
            "## Corrupted pictures",
            "![Accuracy over strength](corruptions.png)",
            table(["corruption", "what the level means", "level", *heads], rows, words=2),
        ]
    )


def _method(about: Numbers) -> str:
    return f"""## How it was measured

- Accuracy, precision and recall have Wilson's 95 % interval; macro F1 that of {RESAMPLES:,} draws
  of the faces (bootstrap). The calibration error's leans on the same draws and reaches to 0 where a
  calibrated model would measure as much by chance: with few faces every bin's noise adds to the
  error. Intervals tell of the choice of faces, not of another training run or another kind of face.
- All conditions are judged on the same faces, so their differences are surer than the overlap of
  their intervals looks.
- Masks are synthetic, put on by predicted landmarks. Corruptions come after the mask.
- Seed of masks, corruptions and draws: {about["seed"]}. Hash of the faces:
  `{about["data_sha256"]}`.
- All numbers: report.json."""
