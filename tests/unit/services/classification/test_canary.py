from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from maskmesh.services.classification.canary import CanaryPlan, Route, Shares
from maskmesh.services.classification.serving import IndexedVersion
from maskmesh.services.classification.shelf import ModelShelf
from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError, UnavailableError

from .conftest import Publish

DARK = np.full((48, 48), 18, np.uint8)


def picked(shelf: ModelShelf, calls: int = 100) -> Counter[str]:
    return Counter(shelf.pick().model.version for _ in range(calls))


@pytest.mark.parametrize("percent", [0, 1, 12.5, 50, 100])
def test_shares_are_met_exactly(percent: float) -> None:
    shares = Shares()
    assert sum(shares.is_due(percent) for _ in range(800)) == 8 * percent


@pytest.mark.parametrize("percent", [-1, 100.5, float("nan")])
def test_shares_that_are_none_are_refused(percent: float) -> None:
    with pytest.raises(InvalidInputError, match="give 0 to 100"):
        CanaryPlan("2", percent)


def test_a_canary_answers_its_share_and_who_asks_for_it(publish: Publish, tmp_path: Path) -> None:
    publish("1", shift=1)
    publish("2", shift=2)
    shelf = ModelShelf(tmp_path, canary=CanaryPlan("2", 25))
    assert picked(shelf) == {"1": 75, "2": 25}
    assert shelf.pick(Route.CANARY).model.version == "2"
    assert shelf.pick(Route.STEADY).model.version == "1"
    assert shelf.pick(version="2").classify([DARK]).probabilities[0].argmax() == 2
    assert [each.model.version for each in shelf.served] == ["1", "2"]
    with pytest.raises(NotFoundError, match=r"version '9' .* served: 1 and 2"):
        shelf.pick(version="9")


def test_the_canary_is_never_taken_up_by_itself(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    publish("3", shift=3)
    shelf = ModelShelf(tmp_path, canary=CanaryPlan("3", 10))
    assert not shelf.refresh()
    publish("2", shift=2)
    assert shelf.refresh()
    assert picked(shelf) == {"2": 90, "3": 10}


def test_a_canary_comes_changes_and_goes(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path, canary=CanaryPlan("2", 50))
    assert picked(shelf) == {"1": 100}
    folder = publish("2", content=b"broken")
    with capture_logs() as lines:
        assert not shelf.refresh()
        assert not shelf.refresh()
    assert [line["event"] for line in lines] == ["model refused"]
    publish("2", shift=2)
    assert shelf.refresh()
    assert picked(shelf) == {"1": 50, "2": 50}
    publish("2", shift=3)
    assert shelf.refresh()
    assert shelf.pick(Route.CANARY).classify([DARK]).probabilities[0].argmax() == 3
    shutil.rmtree(folder)
    with capture_logs() as lines:
        assert shelf.refresh()
        assert not shelf.refresh()
    assert [line["event"] for line in lines] == ["canary lost"]
    assert picked(shelf) == {"1": 100}


def test_a_canary_is_loaded_and_promoted_without_loading_it_again(
    publish: Publish, tmp_path: Path
) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path, version="1")
    publish("2", shift=2)
    shelf.load("2", canary_percent=20)
    assert picked(shelf) == {"1": 80, "2": 20}
    on_trial = shelf.pick(Route.CANARY)
    shelf.load("2", canary_percent=60)
    assert picked(shelf) == {"1": 40, "2": 60}
    shelf.load("2")
    assert shelf.current is on_trial
    assert picked(shelf) == {"2": 100}
    assert not shelf.refresh()


def test_a_load_stays_with_what_it_names(publish: Publish, tmp_path: Path) -> None:
    publish("1", shift=1)
    publish("2", shift=2)
    shelf = ModelShelf(tmp_path)
    shelf.load("1")
    assert not shelf.refresh()
    assert picked(shelf) == {"1": 100}
    shelf.load()
    assert picked(shelf) == {"2": 100}
    publish("3")
    assert shelf.refresh()  # the highest again, and higher ones when they come


def test_what_cannot_be_loaded_leaves_all_as_it_was(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    publish("2", shift=2)
    shelf.load("2", canary_percent=10)
    publish("3", content=b"half a model")
    for version in (None, "3"):
        with pytest.raises(InvalidInputError, match=r"version 3 is refused, 1 is kept: .* cannot"):
            shelf.load(version)
    with pytest.raises(InvalidInputError, match="version 3 is refused"):
        shelf.load("3", canary_percent=10)
    with pytest.raises(NotFoundError, match="has no version '7'"):
        shelf.load("7")
    with pytest.raises(InvalidInputError, match="cannot be its own canary"):
        shelf.load("1", canary_percent=10)
    assert picked(shelf) == {"1": 90, "2": 10}


def test_what_is_unloaded_stays_so_until_it_is_loaded(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    shelf = ModelShelf(tmp_path)
    shelf.unload()
    publish("2")
    assert not shelf.refresh()
    assert shelf.served == ()
    for ask in (shelf.pick, lambda: shelf.pick(version="1"), lambda: shelf.current):
        with pytest.raises(UnavailableError, match="load it with RepositoryModelLoad"):
            ask()  # type: ignore[operator]
    with pytest.raises(UnavailableError):
        shelf.load("2", canary_percent=10)
    shelf.load("1")
    assert picked(shelf) == {"1": 100}


def test_the_index_tells_what_is_served_and_why_others_are_not(
    publish: Publish, tmp_path: Path
) -> None:
    for version in ("1", "2", "10"):
        publish(version)
    publish("11", content=b"broken")
    shelf = ModelShelf(tmp_path, canary=CanaryPlan("2", 5))
    listed = shelf.index()
    assert [(each.version, each.is_served) for each in listed] == [
        ("11", False),
        ("10", True),
        ("2", True),
        ("1", False),
    ]
    assert "cannot be loaded" in listed[0].reason
    assert listed[1:] == [
        IndexedVersion("10", True, ""),
        IndexedVersion("2", True, ""),
        IndexedVersion("1", False, "not loaded"),
    ]
    shutil.rmtree(tmp_path / "expression")
    assert [(each.version, each.is_served) for each in shelf.index()] == [("10", True), ("2", True)]


def test_a_version_cannot_be_its_own_canary(publish: Publish, tmp_path: Path) -> None:
    publish("1")
    with pytest.raises(InvalidInputError, match="name another version"):
        ModelShelf(tmp_path, version="1", canary=CanaryPlan("1", 5))
    with pytest.raises(NotFoundError, match="no version beside the canary 1"):
        ModelShelf(tmp_path, canary=CanaryPlan("1", 5))
