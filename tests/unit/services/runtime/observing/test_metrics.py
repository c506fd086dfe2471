from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from maskmesh.services.runtime.observing import metrics
from maskmesh.services.runtime.observing.instruments import Instruments


@pytest.fixture
def registry() -> Iterator[CollectorRegistry]:
    own = CollectorRegistry()
    metrics.listen(Instruments("test", own))
    yield own
    metrics.listen(None)


def test_nothing_is_imported_or_kept_while_nobody_listens() -> None:
    script = (
        "import sys, numpy as np\n"
        "from maskmesh.services.runtime.observing import metrics as m\n"
        "m.observe_stage('decode', 0.1); m.observe_batch(3); m.count_refusal('key')\n"
        "m.show_model('m', '1'); m.observe_queue(2)\n"
        "m.count_predictions('m', '1', np.eye(7, dtype=np.float32), np.ones(7, np.float32))\n"
        "with m.timed('decode'): pass\n"
        "assert m.listening() is None\n"
        "assert not [n for n in sys.modules if n.startswith(('prometheus', 'opentelemetry'))]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_stages_and_batches_are_observed(registry: CollectorRegistry) -> None:
    metrics.observe_stage("decode", 0.003)
    metrics.observe_stage("decode", 0.3)
    with pytest.raises(ValueError, match="bug"), metrics.timed("compute"):
        raise ValueError("bug")
    metrics.observe_batch(5)
    metrics.observe_queue(4)
    value = registry.get_sample_value
    assert value("maskmesh_stage_seconds_count", {"stage": "decode"}) == 2
    assert value("maskmesh_stage_seconds_bucket", {"stage": "decode", "le": "0.005"}) == 1
    assert value("maskmesh_stage_seconds_sum", {"stage": "decode"}) == pytest.approx(0.303)
    assert value("maskmesh_stage_seconds_count", {"stage": "compute"}) == 1
    assert value("maskmesh_batch_faces_sum") == 5
    assert value("maskmesh_queued") == 4


def test_predictions_are_counted_by_class_and_version(registry: CollectorRegistry) -> None:
    rows = np.eye(7, dtype=np.float32)[[3, 3, 5]]
    metrics.count_predictions("expression", "4", rows, np.array([0.9, 0.1, 0.5], np.float32))
    metrics.count_predictions("expression", "5", rows[:1], np.array([0.2], np.float32))

    def predicted(version: str, expression: str) -> float | None:
        labels = {"model": "expression", "version": version, "expression": expression}
        return registry.get_sample_value("maskmesh_predictions_total", labels)

    assert (predicted("4", "happy"), predicted("4", "sad"), predicted("5", "happy")) == (2, 1, 1)
    assert predicted("5", "sad") is None
    worn = {"model": "expression", "version": "4"}
    assert registry.get_sample_value("maskmesh_masks_worn_total", worn) == 2


def test_a_served_version_takes_the_place_of_the_one_before(registry: CollectorRegistry) -> None:
    metrics.show_model("expression", "4")
    metrics.show_model("expression", "5")
    served = {
        version: registry.get_sample_value(
            "maskmesh_model_processes", {"model": "expression", "version": version}
        )
        for version in ("4", "5")
    }
    assert served == {"4": 0, "5": 1}


def test_calls_are_counted_by_method_and_code(registry: CollectorRegistry) -> None:
    instruments = metrics.listening()
    assert instruments is not None
    calls = instruments.method("/a.B/C")
    assert instruments.method("/a.B/C") is calls
    calls.ended("OK")
    calls.ended("OK")
    calls.ended("NOT_FOUND")
    metrics.count_refusal("key")
    value = registry.get_sample_value
    assert value("maskmesh_calls_total", {"method": "/a.B/C", "code": "OK"}) == 2
    assert value("maskmesh_calls_total", {"method": "/a.B/C", "code": "NOT_FOUND"}) == 1
    assert value("maskmesh_refusals_total", {"reason": "key"}) == 1
