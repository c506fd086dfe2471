"""What each part may import: the walls between algorithms, services, clients and extras."""

from __future__ import annotations

import subprocess
import sys

import pytest

# grpc itself imports the empty top of grpc_reflection where it is installed.
HEAVY = (
    "tensorflow",
    "keras",
    "dlib",
    "numba",
    "onnxruntime",
    "grpc_reflection.v1alpha",
    "scipy",
    "sklearn",
)

ALGORITHMS = [
    "maskmesh.services.face_location.detector",
    "maskmesh.services.face_location.tracking",
    "maskmesh.services.mask_synthesis.synthesizer",
    "maskmesh.services.classification.batching",
    "maskmesh.services.classification.classifier",
    "maskmesh.services.classification.shelf",
]
CLIENTS = [
    "maskmesh.clients.mesh",
    "maskmesh.clients.streaming.stream",
    "maskmesh.clients.annotate.annotate",
    "maskmesh.clients.demo.demo",
    "maskmesh.clients.web.web",
    "maskmesh.cli.clients",
]


def imported_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ALGORITHMS)
def test_algorithms_know_no_grpc(module: str) -> None:
    loaded = imported_by(module)
    assert not {name for name in loaded if name in ("grpc", "maskmesh.v1")}


@pytest.mark.parametrize("module", CLIENTS)
def test_clients_need_no_package_of_a_service(module: str) -> None:
    loaded = imported_by(module)
    assert not loaded.intersection(HEAVY)
    services = {name.split(".")[2] for name in loaded if name.startswith("maskmesh.services.")}
    assert services <= {"runtime"}


@pytest.mark.parametrize(
    ("service", "foreign"),
    [
        ("face_location", {"dlib", "lightgbm", "tensorflow"}),
        # Numba loads SciPy where it is installed, and does without elsewhere.
        ("mask_synthesis", {"dlib", "onnxruntime", "tensorflow"}),
        ("classification", {"dlib", "tensorflow", "scipy"}),
    ],
)
def test_a_service_loads_only_what_its_extra_brings(service: str, foreign: set[str]) -> None:
    loaded = imported_by(f"maskmesh.services.{service}.servicer")
    assert not loaded & foreign
