from __future__ import annotations

from typing import Any

from maskmesh.training.evaluation.markdown import report_text


def test_headlines_stand_with_their_intervals(numbers: dict[str, Any]) -> None:
    text = report_text(numbers)
    assert "| accuracy | 60.0 % (31.3 to 83.2) | 80.0 % (49.0 to 94.3) |" in text
    assert "| macro F1 | 0.500 (0.300 to 0.700) | 0.750 (0.550 to 0.900) |" in text
    assert "| calibration error, 15 bins | 0.100 (0.020 to 0.200) |" in text


def test_styles_say_which_was_held_out(numbers: dict[str, Any]) -> None:
    text = report_text(numbers)
    assert "No training face wore a mask of the style bandana." in text
    assert "| bandana | 40.0 % (16.8 to 68.7) | 0.400 | 90.0 % | held out |" in text
    assert "| surgical | 60.0 % (31.3 to 83.2) | 0.500 | 100.0 % | seen |" in text


def test_what_the_model_does_not_tell_is_unknown(numbers: dict[str, Any]) -> None:
    about = {**numbers["about"], "held_out_styles": None}
    styles = {name: {**row, "held_out": None} for name, row in numbers["styles"].items()}
    text = report_text({**numbers, "about": about, "styles": styles})
    assert "does not tell which mask styles" in text
    assert "| 90.0 % | unknown |" in text


def test_faces_that_the_model_was_chosen_by_are_said(numbers: dict[str, Any]) -> None:
    assert "none of the splits that the model was trained on" in report_text(numbers)
    known = {**numbers, "about": {**numbers["about"], "known_split": "validation"}}
    assert "the split 'validation' that the model was trained on" in report_text(known)


def test_a_trial_and_faces_without_masks_are_said(numbers: dict[str, Any]) -> None:
    text = report_text(numbers)
    assert "a trial" not in text
    assert "no mask could be put" not in text
    about = {**numbers["about"], "at_most_per_class": 5}
    masked = {**numbers["masked"], "mask": {**numbers["masked"]["mask"], "worn": 8}}
    text = report_text({**numbers, "about": about, "masked": masked})
    assert "Only the first 5 faces of each class were taken: a trial." in text
    assert "On 2 faces no mask could be put" in text


def test_corruptions_say_what_a_level_means(numbers: dict[str, Any]) -> None:
    text = report_text(numbers)
    assert "| none |  | – | 60.0 % (31.3 to 83.2) | 80.0 % (49.0 to 94.3) |" in text
    assert "| blur | sigma, in pixels | 0.5 | 60.0 % (31.3 to 83.2) |" in text
    assert "|  |  | 2 | 40.0 % (16.8 to 68.7) |" in text


def test_only_known_figures_of_the_paper_are_quoted(numbers: dict[str, Any]) -> None:
    text = report_text(numbers)
    assert "| disgust | 17.0 % | – |" in text
    assert "| angry | – | 50.0 % (18.8 to 81.2) |" in text
    assert "| on real people in masks | 45.6 % | – |" in text
    assert "| angry | 2.000 | 0.800 | 2.000 | 0.800 |" in text
