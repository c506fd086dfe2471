from __future__ import annotations

import csv
import errno
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.batches import BatchMaker, TrainingFaces
from maskmesh.training.callbacks import RunState, newest_state
from maskmesh.training.epochs import EpochSeeds
from maskmesh.training.fit import fit
from maskmesh.training.judging import ValidationFaces
from maskmesh.training.losses import ExpressionLoss
from maskmesh.training.recipe import Recipe
from maskmesh.training.runs import float_model, load_run

from .conftest import PaintedMasks, quick, striped_faces

DATA = {"sha256": "0"}
Whole = tuple[Path, list[dict[str, float]]]


@pytest.fixture(scope="module")
def train() -> TrainingFaces:
    images, labels = striped_faces(6, seed=0)
    return TrainingFaces(images, labels, PaintedMasks(images))


@pytest.fixture(scope="module")
def validation() -> ValidationFaces:
    images, labels = striped_faces(2, seed=1)
    masked = images.copy()
    masked[:, 30:] = 220
    return ValidationFaces(images, masked, np.ones(len(images), bool), labels)


def run_fit(
    recipe: Recipe, train: TrainingFaces, validation: ValidationFaces, run: Path
) -> list[dict[str, float]]:
    return fit(recipe, train, validation, run, data=DATA, verbose=0)


class KilledError(BaseException):
    """Stands for a kill: nothing that runs may catch it."""


def kill_at_call(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, call: int) -> None:
    """Let the given call of a method die instead of doing its work."""
    real = getattr(owner, name)
    calls = iter(range(1, 10**6))

    def counted(self: object, *args: object, **kwargs: object) -> object:
        if next(calls) == call:
            raise KilledError
        return real(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, counted)


@pytest.fixture(scope="module", params=["paper", "best"])
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """Both ways to train, so short that every part of the state matters in the third epoch.

    The paper's learning rate falls then, but only if the plateau's best value of the first epoch
    and its count of the second are known.
    """
    if request.param == "paper":
        return quick("paper", plateau_patience=2, plateau_min_delta=0.9)
    return quick("best", warm_up_epochs=1.0, ema_momentum=0.9, erase_share=0.5, cutmix_alpha=1.0)


@pytest.fixture(scope="module")
def whole(
    recipe: Recipe,
    train: TrainingFaces,
    validation: ValidationFaces,
    tmp_path_factory: pytest.TempPathFactory,
) -> Whole:
    """A run that nothing interrupted: its folder and its history."""
    run = tmp_path_factory.mktemp("run") / "whole"
    return run, run_fit(recipe, train, validation, run)


@pytest.mark.parametrize(
    "kill",
    [
        pytest.param((EpochSeeds, "on_train_batch_end", -1), id="inside the second epoch"),
        pytest.param((RunState, "_save", 2), id="best weights written, state not"),
    ],
)
def test_a_killed_run_goes_on_to_the_same_end(
    recipe: Recipe,
    train: TrainingFaces,
    validation: ValidationFaces,
    whole: Whole,
    kill: tuple[type, str, int],
) -> None:
    owner, name, call = kill
    if call < 0:
        call = len(BatchMaker(train, recipe)) + 2
    run = whole[0].parent / f"killed-{name}"
    with pytest.MonkeyPatch.context() as patch:
        kill_at_call(patch, owner, name, call)
        with pytest.raises(KilledError):
            run_fit(recipe, train, validation, run)
    assert newest_state(run) == run / "checkpoints" / "epoch-0001"
    assert run_fit(recipe, train, validation, run) == whole[1]
    last = Path("checkpoints") / "epoch-0003" / "model.weights.h5"
    for file in (last, Path("best.model.weights.h5")):
        for mine, theirs in zip(tensors(run / file), tensors(whole[0] / file), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def tensors(file: Path) -> list[np.ndarray]:
    """Return all that a weights file holds, optimiser and learning rate too."""
    found: list[np.ndarray] = []

    def visit(_: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found.append(item[()])

    with h5py.File(file) as stored:
        stored.visititems(visit)
    assert len(found) > 20
    return found


def test_files_of_a_run(recipe: Recipe, whole: Whole) -> None:
    run, history = whole
    with (run / "log.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(float(row["epoch"])) for row in rows] == [1, 2, 3]
    for row, logged in zip(history, rows, strict=True):
        assert row["val_probabilities_accuracy"] == float(logged["val_probabilities_accuracy"])
        assert 0.0 <= row["val_unmasked_accuracy"] <= 1.0
    assert read_picture(run / "history.png").shape[1] > 800
    assert Recipe.model_validate_json((run / "recipe.json").read_text()) == recipe
    states = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert states == ["epoch-0002", "epoch-0003"]


def test_best_weights_have_the_best_masked_accuracy(
    validation: ValidationFaces, whole: Whole
) -> None:
    """With averaged weights it is these that are judged and kept."""
    folder, history = whole
    model = float_model(load_run(folder))
    outputs = model.predict({"faces": validation.masked[..., None]}, verbose=0)
    accuracy = float((outputs["probabilities"].argmax(axis=1) == validation.labels).mean())
    assert accuracy == pytest.approx(max(row["val_probabilities_accuracy"] for row in history))


def test_training_learns(
    train: TrainingFaces, validation: ValidationFaces, tmp_path: Path, quick_recipe: Recipe
) -> None:
    still = {"flip": False, "shift_px": 0.0, "rotate_degrees": 0.0, "zoom": 0.0, "dropout": 0.0}
    steady = {"epochs": 9, "learning_rate": 0.02, "plateau_patience": 9}
    recipe = quick_recipe.model_copy(update={**still, **steady})
    history = run_fit(recipe, train, validation, tmp_path)
    assert history[-1]["probabilities_accuracy"] > 0.8
    assert history[-1]["probabilities_loss"] < 0.6 * history[0]["probabilities_loss"]


def test_more_epochs_prolong_a_run(
    train: TrainingFaces, validation: ValidationFaces, tmp_path: Path, quick_recipe: Recipe
) -> None:
    short = quick_recipe.model_copy(update={"epochs": 1})
    assert len(run_fit(short, train, validation, tmp_path)) == 1
    longer = quick_recipe.model_copy(update={"epochs": 2})
    assert len(run_fit(longer, train, validation, tmp_path)) == 2
    assert Recipe.model_validate_json((tmp_path / "recipe.json").read_text()).epochs == 2


def test_more_epochs_make_another_run_where_the_learning_rate_follows_from_them(
    train: TrainingFaces, validation: ValidationFaces, tmp_path: Path
) -> None:
    run_fit(quick("best", epochs=1, warm_up_epochs=0.0), train, validation, tmp_path)
    with pytest.raises(InvalidInputError, match="other values of epochs"):
        run_fit(quick("best", epochs=2, warm_up_epochs=0.0), train, validation, tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_epoch(
    train: TrainingFaces, validation: ValidationFaces, tmp_path: Path, quick_recipe: Recipe
) -> None:
    run_fit(quick_recipe.model_copy(update={"epochs": 1}), train, validation, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExpressionLoss, "call", lambda self, y_true, y_pred: y_pred[:, 0] / 0.0 * 0.0)
        with pytest.raises(SetupError, match=r"the loss is nan after step 1 .*learning_rate"):
            run_fit(quick_recipe, train, validation, tmp_path)
    assert newest_state(tmp_path) == tmp_path / "checkpoints" / "epoch-0001"
    assert len(run_fit(quick_recipe, train, validation, tmp_path)) == 3


@pytest.mark.parametrize("call", [1, 2], ids=["best weights", "checkpoint"])
def test_a_full_disk_is_told_and_the_run_goes_on_afterwards(
    train: TrainingFaces,
    validation: ValidationFaces,
    tmp_path: Path,
    quick_recipe: Recipe,
    call: int,
) -> None:
    short = quick_recipe.model_copy(update={"epochs": 1})
    real = keras.Model.save_weights
    calls = iter(range(1, 10))

    def full(self: keras.Model, file: Path, **options: object) -> None:
        real(self, file, **options)
        if next(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device", str(file))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "save_weights", full)
        with pytest.raises(SetupError, match=r"No space left.*free some space"):
            run_fit(short, train, validation, tmp_path)
    assert newest_state(tmp_path) is None
    assert len(run_fit(short, train, validation, tmp_path)) == 1


class TornMasks(PaintedMasks):
    """Stands for input that fails in the middle of an epoch."""

    def masked(self, face: int, epoch: int) -> tuple[np.ndarray, bool]:
        raise SetupError("no masks: get some")


def test_an_error_of_the_input_is_told_as_it_is(
    train: TrainingFaces, validation: ValidationFaces, tmp_path: Path, quick_recipe: Recipe
) -> None:
    torn = replace(train, wardrobe=TornMasks(train.plain))
    with pytest.raises(SetupError, match=r"^no masks: get some$"):
        run_fit(quick_recipe, torn, validation, tmp_path)


def test_a_run_begins_with_the_weights_of_another(
    recipe: Recipe, train: TrainingFaces, validation: ValidationFaces, whole: Whole, tmp_path: Path
) -> None:
    weights = whole[0] / "best.model.weights.h5"
    started = fit(
        recipe, train, validation, tmp_path / "second", data=DATA, initial=weights, verbose=0
    )
    assert started[0]["loss"] < whole[1][0]["loss"]


def test_weights_of_another_network_are_refused(
    train: TrainingFaces, validation: ValidationFaces, whole: Whole, tmp_path: Path
) -> None:
    other = quick("best", warm_up_epochs=1.0, widths=(4, 8, 8))
    weights = whole[0] / "best.model.weights.h5"
    with pytest.raises(InvalidInputError, match="start_from needs a run of the same model"):
        fit(other, train, validation, tmp_path / "run", data=DATA, initial=weights, verbose=0)
