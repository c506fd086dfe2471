"""The dashboard asks only for what the services tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector

from maskmesh.services.runtime.observing.instruments import Instruments

DASHBOARD = Path(__file__).parents[5] / "deploy" / "grafana" / "maskmesh.json"
OF_PROMETHEUS = {"job", "instance", "process", "le"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def targets() -> Iterator[tuple[str, str, str]]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"], target["legendFormat"]


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """The labels of every series that a service has, by its name."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    instruments = Instruments("test", registry)
    labels = {
        metric._name: set(metric._labelnames)
        for metric in vars(instruments).values()
        if hasattr(metric, "_labelnames")
    }
    names = {}
    for metric in registry.collect():
        for suffix in SUFFIXES[metric.type]:
            names[metric.name + suffix] = labels.get(metric.name, set())
    names["maskmesh_build"] = {"service", "release"}
    return names


@pytest.mark.parametrize(("title", "query", "legend"), list(targets()))
def test_a_query_names_metrics_and_labels_that_exist(
    told: dict[str, set[str]], title: str, query: str, legend: str
) -> None:
    asked = set(re.findall(r"\b((?:maskmesh|process)_\w+)\s*[{\[]", query))
    assert asked
    assert asked <= set(told)
    known = OF_PROMETHEUS.union(*(told[name] for name in asked))
    grouped = [
        word
        for group in re.findall(r"(?:by|ignoring) \(([^)]*)\)", query)
        for word in re.split(r",\s*", group)
    ]
    matched = re.findall(r"[{,]\s*(\w+)(?:=~|!=|=)", query)
    assert set(grouped + matched) <= known
    assert set(re.findall(r"{{(\w+)}}", legend)) <= set(grouped)


@pytest.mark.parametrize(("title", "query", "legend"), list(targets()))
def test_a_query_is_closed(title: str, query: str, legend: str) -> None:
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)


def test_every_metric_of_the_services_is_shown(told: dict[str, set[str]]) -> None:
    queries = " ".join(query for _, query, _ in targets())
    families = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in told}
    own = {family for family in families if family.startswith("maskmesh_")}
    assert own == {family for family in own if family in queries}
    assert len(own) > 10
