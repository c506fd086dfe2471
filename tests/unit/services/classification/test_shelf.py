from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from structlog.testing import capture_logs

from maskmesh.services.classification.loading import load_tried
from maskmesh.services.classification.repository import ModelFile
from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.runtime.errors import NotFoundError, SetupError

from .conftest import Publish

DARK = np.full((48, 48), 18, np.uint8)


def answer(shelf: ModelShelf) -> tuple[str, int]:
    """The version that is served, and the class that it gives a dark face."""
    classifier = shelf.current
    return classifier.model.version, int(classifier.classify([DARK]).probabilities[0].argmax())


def test_a_higher_version_takes_the_place(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    assert not shelf.refresh()
    kept = shelf.current
    publish("2", shift=2)
    publish("10", shift=3)
    with capture_logs() as lines:
        assert shelf.refresh()
    assert answer(shelf) == ("10", 3)
    assert [(line["event"], line["version"], line["instead_of"]) for line in lines] == [
        ("model loaded", "10", "1")
    ]
    # A call that took the classifier before goes on with it.
    assert kept.classify([DARK]).probabilities[0].argmax() == 0
    assert not shelf.refresh()


def test_another_file_of_the_same_version_is_taken_up(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    publish("1", shift=4)
    assert shelf.refresh()
    assert answer(shelf) == ("1", 4)


def test_what_does_not_work_is_refused_once_and_tried_again_when_it_changes(
    publish: Publish, tmp_path: Path
) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    publish("2", content=b"half a model")
    with capture_logs() as lines:
        assert not shelf.refresh()
        assert not shelf.refresh()
    assert [(line["event"], line["log_level"], line["kept"]) for line in lines] == [
        ("model refused", "error", "1")
    ]
    assert "cannot be loaded as an ONNX model" in lines[0]["why"]
    assert answer(shelf) == ("1", 0)
    publish("2", shift=1)
    assert shelf.refresh()
    assert answer(shelf) == ("2", 1)


def test_the_served_version_overwritten_by_a_broken_one_stays_in_memory(
    publish: Publish, tmp_path: Path
) -> None:
    publish("1", shift=1)
    publish("2", shift=2)
    shelf = ModelShelf(tmp_path)
    publish("2", content=b"")
    assert not shelf.refresh()
    assert answer(shelf) == ("2", 2)


def test_a_version_taken_away_gives_way_to_the_one_before(publish: Publish, tmp_path: Path) -> None:
    publish("1", shift=1)
    folder = publish("2", shift=2)
    publish("3", content=b"broken")
    shelf = ModelShelf(tmp_path)
    assert answer(shelf) == ("2", 2)
    shutil.rmtree(folder)
    assert shelf.refresh()
    assert answer(shelf) == ("1", 1)


def test_a_repository_that_is_gone_is_told_once_and_outlived(
    publish: Publish, tmp_path: Path
) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    shutil.rmtree(tmp_path / "expression")
    with capture_logs() as lines:
        assert not shelf.refresh()
        assert not shelf.refresh()
    assert [line["event"] for line in lines] == ["repository lost"]
    assert answer(shelf) == ("1", 0)
    publish("2", shift=1)
    assert shelf.refresh()


def test_a_named_version_stays(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path, version="1")
    publish("2", shift=2)
    assert not shelf.refresh()
    publish("1", shift=5)
    assert shelf.refresh()
    assert answer(shelf) == ("1", 5)


def test_start_takes_the_highest_that_works_and_fails_if_none_does(
    publish: Publish, tmp_path: Path
) -> None:
    with pytest.raises(NotFoundError, match="no model 'expression'"):
        ModelShelf(tmp_path)
    publish("2", content=b"broken")
    with pytest.raises(SetupError, match="cannot be loaded"):
        ModelShelf(tmp_path)
    publish("1", shift=1)
    assert answer(ModelShelf(tmp_path)) == ("1", 1)
    with pytest.raises(SetupError, match="cannot be loaded"):
        ModelShelf(tmp_path, version="2")


def test_calls_go_on_while_versions_change(publish: Publish, tmp_path: Path) -> None:
    publish("1", shift=1)
    shelf = ModelShelf(tmp_path)
    over = threading.Event()

    def call() -> set[tuple[str, int]]:
        seen = set()
        while not over.is_set():
            seen.add(answer(shelf))
        return seen

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call) for _ in range(4)]
        for version in range(2, 7):
            publish(str(version), shift=version)
            assert shelf.refresh()
        over.set()
        seen = set().union(*(call.result() for call in calls))
    # Each answer is that of the version it names.
    assert seen <= {(str(version), version) for version in range(1, 7)}


@pytest.mark.parametrize(
    ("replaced", "operation", "says"),
    [
        ("probabilities", "Sigmoid", "does not answer with 7 probabilities"),
        ("mask", "Neg", "and one of a mask"),
        ("mask", "Log", "and one of a mask"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(
    publish: Publish, replaced: str, operation: str, says: str
) -> None:
    path = publish("1") / "model.onnx"
    model = onnx.load(path)
    node = next(node for node in model.graph.node if node.output[0] == replaced)
    single = onnx.helper.make_node(operation, node.input[:1], [replaced])
    node.CopyFrom(single)
    onnx.save(model, path)
    with pytest.raises(SetupError, match=says):
        load_tried(ModelFile("expression", "1", path))


def test_a_model_that_fails_when_it_runs_is_refused(publish: Publish) -> None:
    path = publish("1") / "model.onnx"
    model = onnx.load(path)
    # Fine for the checker, since N may be 1, but no batch of two can be answered.
    target = onnx.numpy_helper.from_array(np.array([1], np.int64), "target")
    model.graph.initializer.append(target)
    node = next(node for node in model.graph.node if node.output[0] == "mask")
    node.output[0] = "masks"
    model.graph.node.append(onnx.helper.make_node("Reshape", ["masks", "target"], ["mask"]))
    onnx.save(model, path)
    with pytest.raises(SetupError, match="fails on a gray face"):
        load_tried(ModelFile("expression", "1", path))
