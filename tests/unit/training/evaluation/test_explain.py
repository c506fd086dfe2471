from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.pictures import read_picture
from maskmesh.training.callbacks import STATE, WEIGHTS
from maskmesh.training.claims import DATA_FILE, RECIPE_FILE
from maskmesh.training.evaluation.explain import explain, look_at
from maskmesh.training.evaluation.explain_settings import ExplainSettings
from maskmesh.training.evaluation.grad_cam import last_activations
from maskmesh.training.fit import MONITOR
from maskmesh.training.labels import CLASSES
from maskmesh.training.models import build_model
from maskmesh.training.runs import float_model, load_run

from ..conftest import quick


@pytest.fixture(scope="module", params=["paper", "best"])
def run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The folder of a run of one epoch, as far as it is read, with weights by chance."""
    folder = tmp_path_factory.mktemp("run")
    recipe = quick(request.param)
    recipe.save(folder / RECIPE_FILE)
    (folder / DATA_FILE).write_text("{}")
    state = folder / "checkpoints" / "epoch-0001" / STATE
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"history": [{"epoch": 1.0, MONITOR: 0.2}]}))
    keras.utils.set_random_seed(1)
    model = build_model(recipe)
    head = model.get_layer("probabilities")
    chance = np.random.default_rng(0)
    head.set_weights([chance.normal(size=weight.shape) for weight in head.get_weights()])
    model.save_weights(folder / f"best.{WEIGHTS}")
    return folder


def test_one_face_of_each_class(run: Path, striped_zip: Path, tmp_path: Path) -> None:
    output = tmp_path / "looks.png"
    settings = ExplainSettings(run=run, data=striped_zip, output=output)
    assert explain(settings) == len(CLASSES)
    first = read_picture(output)
    assert first.shape[0] > 1000
    explain(settings)
    np.testing.assert_array_equal(read_picture(output), first)


def test_faces_of_photos(run: Path, faces: Path, tmp_path: Path) -> None:
    output = tmp_path / "looks.png"
    assert explain(ExplainSettings(run=run, photos=faces, output=output)) == 3
    assert output.is_file()


def test_maps_are_about_the_label_where_there_is_one(run: Path) -> None:
    model = float_model(load_run(run))
    layer = last_activations(model)
    images = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    said = [CLASSES.index(look.said.split()[0]) for look in look_at(model, images, None, layer)]
    own = look_at(model, images, np.array(said), layer)
    for free, named in zip(look_at(model, images, None, layer), own, strict=True):
        np.testing.assert_array_equal(free.where, named.where)
    other = look_at(model, images, (np.array(said) + 1) % 7, layer)
    assert [look.said for look in other] == [look.said for look in own]
    assert any((a.where != b.where).any() for a, b in zip(other, own, strict=True))


def test_output_folder_and_run_are_checked(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="make it first"):
        explain(ExplainSettings(run=tmp_path, output=tmp_path / "gone" / "looks.png"))
    with pytest.raises(NotFoundError, match="run maskmesh train first"):
        explain(ExplainSettings(run=tmp_path, output=tmp_path / "looks.png"))
