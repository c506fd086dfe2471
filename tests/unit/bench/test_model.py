from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from maskmesh.bench.graph_cost import GraphCost
from maskmesh.bench.model import Comparison, export_untrained, measure, numbers, report
from maskmesh.bench.pairs import PairedTimes
from maskmesh.cli.bench_model import BenchModel
from maskmesh.services.runtime.errors import NotFoundError
from maskmesh.training.recipe import load_recipe


@pytest.fixture
def artifact(brightness_repository: Path) -> Path:
    return brightness_repository / "expression" / "3" / "model.onnx"


def test_two_files_are_timed_and_told(artifact: Path, tmp_path: Path, capsys) -> None:
    BenchModel(
        model=artifact, against=artifact, pairs=5, burst=2, json=tmp_path / "out.json"
    ).cli_cmd()
    told = json.loads((tmp_path / "out.json").read_text())
    assert [row["name"] for row in told["models"]] == ["expression/3"] * 2
    assert told["models"][0]["bytes"] == artifact.stat().st_size
    assert (told["pairs"], told["burst"]) == (5, 2)
    low, high = told["speed_ratio_5_95"]
    assert 0 < low <= told["speed_ratio"] <= high
    assert "times as fast" in capsys.readouterr().out


def test_numbers_are_those_of_the_pairs() -> None:
    cost = GraphCost(10, 20, 30)
    times = PairedTimes(first=(0.001, 0.002, 0.001), second=(0.004, 0.006, 0.005))
    told = numbers(Comparison(("ours", "theirs"), (cost, cost), times, 10))
    assert told["speed_ratio"] == 4
    assert [row["p50_ms"] for row in told["models"]] == [1, 5]
    assert told["models"][1]["p95_ms"] == pytest.approx(5.9)


def test_a_missing_file_is_named(artifact: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no model at .*gone.onnx"):
        measure(tmp_path / "gone.onnx", artifact, 5, 1)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_untrained_network_is_exported_as_an_artifact_is(tmp_path: Path) -> None:
    recipe = load_recipe("paper", widths=(16, 32), dense=(16,))
    file = export_untrained(recipe, tmp_path / "paper.onnx")
    kinds = {tensor.data_type for tensor in onnx.load(file).graph.initializer}
    assert onnx.TensorProto.INT8 in kinds
    result = measure(file, file, 5, 1)
    report(result, None)
    dense = (12 * 12 * 32) * 16 + 16 * (7 + 1)
    assert result.costs[0].macs == 48 * 48 * 16 * 9 + 24 * 24 * 32 * 16 * 25 + dense
