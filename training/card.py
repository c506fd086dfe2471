"""The model card: what an artifact was made from, how good it is, and what it must not be used for.

Its sections follow Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskmesh.services.mask_synthesis.confidence import BAD_FIT
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.synthesizer import POSITIONS
from maskmesh.training.export_settings import ExportSettings
from maskmesh.training.labels import CLASSES
from maskmesh.training.mask_output.stored import mask_output_of
from maskmesh.training.recipe import Recipe
from maskmesh.training.runs import Run

# Hash of the validation split that the project's own models are judged on.
FER2013 = "810fccd99d4b3ce21e7f06d7d88de37bb08a93534f190ca2655b9595a1fa9b6b"
PREDICTOR_TERMS = "masks placed by a landmark predictor trained on iBUG 300-W (no commercial use)"
NETWORKS = {
    "paper": "The seed paper's network: convolution blocks, then dense blocks.",
    "residual": "A residual network with squeeze-and-excitation whose stem halves the picture.",
}
WORN = {
    "proper": "over nose and mouth",
    "below_nose": "under the nose",
    "on_chin": "on the chin",
}
Report = Mapping[str, Any]


def licence(data: Mapping[str, Any]) -> str:
    """Return the terms of a model that was trained on these data, as a run folder tells them."""
    if _is_fer2013(data):
        return f"research use only: trained on FER2013 (research use) with {PREDICTOR_TERMS}"
    return f"as the terms of its training data allow; {PREDICTOR_TERMS}"


def model_card(
    *,
    version: str,
    run: Run,
    settings: ExportSettings,
    temperature: float,
    reports: Mapping[str, Report],
    metrics: Mapping[str, Any],
    bad_fits: int,
) -> str:
    """Write the card, in Markdown, from what was measured."""
    masked, unmasked = reports["masked"], reports["unmasked"]
    parity = metrics["parity"]
    recipe, terms = run.recipe, licence(run.data)
    epochs, best = len(run.history), int(run.best["epoch"])
    recipe_rows = "\n".join(f"| {key} | {value} |" for key, value in recipe.model_dump().items())
    weakest = sorted(CLASSES, key=lambda name: masked["per_class"][name]["recall"])[:3]
    weak = ", ".join(f"{name} ({masked['per_class'][name]['recall']:.0%})" for name in weakest)
    return f"""# expression, version {version}

Tells which of seven expressions a face shows, with or without a face mask, and whether a mask is
worn. Input: `faces` uint8 [N, 48, 48, 1], gray. Outputs: `probabilities` float32 [N, 7] in the
order {", ".join(CLASSES)};
`mask` float32 [N], the probability that a mask is worn. Scaling of the pixels is inside the graph\
{", and so is the mean with the mirror image" if settings.mirrored else ""}.

## Terms

{terms[0].upper()}{terms[1:]}. The code that made it is under the MIT licence.

## Data

{_data(run.data)}

Masks were put on by maskmesh's own synthesis: {", ".join(MASK_STYLES)}; colours and patterns as
they are worn, mostly plain; worn {_worn_how()}. {_training_masks(recipe)} Every validation
face wears one, of any style. On
{bad_fits:,} of the {masked["n"]:,} validation faces the mask fits badly (fit confidence under
{BAD_FIT:g}); they are counted in all numbers below.

## Training

{NETWORKS[recipe.model]} A second output tells of the mask{_mask_output(run)}.
{_teaching(recipe)}{epochs} epochs had been trained when this was exported; the weights are
those of epoch {best}, chosen by masked validation accuracy, so that the validation
numbers are slightly optimistic.

| setting | value |
| --- | --- |
{recipe_rows}

## How good it is (validation)

| | masked | unmasked |
| --- | --- | --- |
{_row("accuracy", masked, unmasked)}
{_row("macro_f1", masked, unmasked)}
{_row("mask_accuracy", masked, unmasked)}
{_metric_row("ece", "ece_cross_fitted", metrics)}
{_metric_row("ece before calibration", "ece_before_calibration", metrics)}

95 % interval of the accuracy: masked {_interval(masked)}, unmasked {_interval(unmasked)}.
For comparison: the seed paper reports 45.6 % overall on real people in masks and 70.8 % on its own
masked validation faces, which are neither the same faces nor the same masks as here.

{_table("Masked", masked)}

{_table("Unmasked", unmasked)}

Confusion matrices: `confusion_masked.png`, `confusion_unmasked.png`.

{_calibration(temperature, metrics)}

{_mirroring(settings.mirrored, metrics["mirroring"])}

{_arithmetic(settings, metrics)}
In float32 arithmetic, ONNX Runtime against Keras with the same weights on {parity["faces"]:,}
masked faces: another class on {parity["other_class"]}, probabilities at most
{parity["max_difference"]:.1e} apart.

## Weaknesses

- Weakest under a mask, by recall: {weak}. A mask hides the mouth, and with it much of what tells
  these classes apart.
{_data_weaknesses(run.data)}
- Masks were placed by predicted landmarks on 48-pixel faces; where the landmarks are wrong, as on
  faces in profile, the mask covers the wrong part, in training and in the numbers above.
- Expressions were learnt under synthetic masks only. Real masks have prints, folds and shadows, and
  sit lower or higher; the accuracy of expressions under them was not measured here.
- The probabilities are calibrated for faces like the validation faces, masked and unmasked in equal
  numbers, and for shares of classes as there; elsewhere they may be too sure or not sure enough.

## Intended use

Research and demonstrations on how much of an expression is visible above a mask, and as a
benchmark for services that run such models.

## Not for

Decisions about people: hiring, policing, teaching, insurance, health, or access to anything. An
expression in a picture is not a feeling, and the model is wrong about it more often than a
reader may expect. In the European Union, emotion inference at work and in education is
prohibited with few exceptions (Regulation (EU) 2024/1689, article 5(1)(f)). Tell people before you
point it at them.
"""


def _mask_output(run: Run) -> str:
    told = mask_output_of(run.weights)
    if told is None:
        return ""
    return (
        f"; its weights were fitted last, the others as they were, on {told.photos:,} faces of\n"
        f"photos with and without real masks and {told.synthetic:,} training faces with and "
        "without synthetic ones"
    )


def _data(data: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in data["counts"].items())
    hashes = "\n".join(f"- {split}: `{sha256}`" for split, sha256 in data["sha256"].items())
    what = f"{counts} faces of a data set that is known by its hashes only"
    if _is_fer2013(data):
        what = (
            f"FER2013 (Goodfellow et al. 2013): {counts} faces,\nthe official Training and "
            "PublicTest usages without\nnear-duplicates of later splits. The official PrivateTest "
            "usage was not touched"
        )
    return f"{what}. Hashes:\n\n{hashes}"


def _data_weaknesses(data: Mapping[str, Any]) -> str:
    if not _is_fer2013(data):
        return "- What the labels of its data are worth, and whom they show, is not known here."
    return """- The labels of FER2013 are noisy: its authors measured people at about 65 % on them.
- Its faces are 48x48 gray crops, mostly frontal, found by web search; people of some ages, skin
  tones and cultures are rarer in it than in the world. Accuracy by group was not measured."""


def _is_fer2013(data: Mapping[str, Any]) -> bool:
    return FER2013 in data["sha256"].values()


def _worn_how() -> str:
    return " or ".join(WORN.get(name, name) for name in POSITIONS)


def _training_masks(recipe: Recipe) -> str:
    made = (
        "Each training face wears a new one every epoch"
        if recipe.masks == "fresh"
        else f"Each training face wears {recipe.mask_variants} in turn"
    )
    held_out = ", ".join(recipe.held_out_styles)
    without = f"; none wears {held_out}, which was held out" if held_out else ""
    unfit = (
        f"; faces whose fit confidence is under {recipe.min_fit:g} stay unmasked"
        if recipe.min_fit
        else ""
    )
    return f"{made}{without}{unfit}."


def _teaching(recipe: Recipe) -> str:
    if recipe.is_paired:
        return (
            "Each face was shown unmasked and masked in the same step, and the answer to the "
            "unmasked one taught the other.\n"
        )
    if recipe.has_teacher_run:
        return "A network that saw the unmasked faces taught it.\n"
    return ""


def _row(key: str, masked: Report, unmasked: Report) -> str:
    return f"| {key} | {masked[key]:.4f} | {unmasked[key]:.4f} |"


def _metric_row(title: str, key: str, metrics: Mapping[str, Any]) -> str:
    return f"| {title} | {metrics[f'masked_{key}']:.4f} | {metrics[f'unmasked_{key}']:.4f} |"


def _calibration(temperature: float, metrics: Mapping[str, Any]) -> str:
    first, second = metrics["temperature_of_halves"]
    return f"""Probabilities are calibrated by one temperature, {temperature:.3f}, for masked and
unmasked faces alike (Guo et al. 2017), which is part of the graph and changes no class. It was
fitted on all validation faces. The row `ece` (15 bins) is honest about that: each half of the faces
was judged with the temperature of the other half, {first:.3f} and {second:.3f}."""


def _arithmetic(settings: ExportSettings, metrics: Mapping[str, Any]) -> str:
    how = f"""Kernels are stored as {settings.bits}-bit numbers with a scale for each output
channel and multiplied out to float32 at loading."""
    if settings.int8:
        how = f"""Convolutions multiply 8-bit integers by weights of {settings.bits} bits, with a
scale for each output channel; ranges were taken from training faces, masked and not. The
temperature was fitted in float32 arithmetic."""
    return (
        f"{how} Masked accuracy with the float weights: "
        f"{metrics['masked_accuracy_float_weights']:.2%};\n"
        f"as shipped: {metrics['masked_accuracy']:.2%}."
    )


def _mirroring(mirrored: bool, gains: Mapping[str, Mapping[str, Any]]) -> str:
    told = "; ".join(
        f"{name} {gain['one_view']:.2%} and {gain['both_views']:.2%}, the difference being "
        f"{gain['gain_ci95'][0]:+.2%} to {gain['gain_ci95'][1]:+.2%} (95 %)"
        for name, gain in gains.items()
    )
    how = (
        "The graph answers the mean of a face and its mirror image, which doubles the time."
        if mirrored
        else "The graph looks at a face once. The mean with its mirror image would double the time."
    )
    return f"{how}\nAccuracy of one view and of the mean: {told}."


def _interval(report: Report) -> str:
    low, high = report["accuracy_ci95"]
    return f"{low:.1%} to {high:.1%}"


def _table(title: str, report: Report) -> str:
    lines = [
        f"| {title} | precision | recall | f1 | accuracy, one against the rest | faces |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in report["per_class"].items():
        numbers = " | ".join(f"{row[key]:.3f}" for key in ("precision", "recall", "f1", "accuracy"))
        lines.append(f"| {name} | {numbers} | {row['support']} |")
    return "\n".join(lines)
