from __future__ import annotations

import re
from pathlib import Path

from maskmesh.inference import open_inference_pb2 as pb
from maskmesh.services.classification.open_inference.control import LoadOrder, read_load_order

DOCUMENT = Path(__file__).parents[4] / "docs" / "serving.md"


def order(config: str) -> LoadOrder:
    return read_load_order({"config": pb.ModelRepositoryParameter(string_param=config)})


def test_the_config_in_the_document_puts_a_version_on_trial() -> None:
    (config,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert order(config) == LoadOrder("4", 10.0)


def test_nothing_named_is_the_highest_version() -> None:
    for config in ("{}", '{"version_policy": {"latest": {"num_versions": 1}}}'):
        assert order(config) == LoadOrder()
    assert read_load_order({}) == LoadOrder()


def test_a_config_that_a_client_got_may_be_sent_back() -> None:
    assert (
        order('{"name": "expression", "maxBatchSize": 64, "ensembleScheduling": {}}') == LoadOrder()
    )
    assert order('{"versionPolicy": {"specific": {"versions": ["7"]}}}') == LoadOrder("7")
