"""`maskmesh synthesize --mode ray`: the bytes of the other modes, also when a worker is killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from maskmesh.bench.synthesis.commands import synthesize_words
from maskmesh.bench.synthesis.kills import differences, fingerprints
from maskmesh.bench.synthesis.memory import family
from maskmesh.services.runtime.pictures import encode_png, read_picture

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="Ray is not installed: pip install 'maskmesh[ray]'",
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="workers are found by /proc"),
]
PICTURES = 900


@pytest.fixture(scope="module")
def source(faces, tmp_path_factory):
    """Small gray faces, and a file that is no picture, in class folders."""
    folder = tmp_path_factory.mktemp("source")
    crops = []
    for name, (x, y, side) in {"biden": (216, 114, 170), "obama": (193, 57, 166)}.items():
        gray = read_picture(faces / f"{name}.jpg", "L")
        crops.append(cv2.resize(gray[y : y + side, x : x + side], (48, 48)))
    for index in range(PICTURES):
        (folder / f"class{index % 3}").mkdir(exist_ok=True)
        shade = 0.7 + 0.3 * index / PICTURES
        picture = (crops[index % 2] * shade).astype("uint8")
        (folder / f"class{index % 3}" / f"{index}.png").write_bytes(encode_png(picture))
    (folder / "class0" / "broken.png").write_bytes(b"no picture")
    return folder


def kill_a_worker(pid: int) -> bool:
    """Kill -9 one of a run's Ray workers that is putting masks on, if there is one now."""
    for child in family(pid):
        try:
            title = Path(f"/proc/{child}/cmdline").read_bytes()
            if title.startswith(b"ray::Map"):
                os.kill(child, signal.SIGKILL)
                return True
        except (OSError, ProcessLookupError):
            continue
    return False


def test_the_bytes_are_those_of_local_mode_though_a_worker_is_killed(source, tmp_path):
    options = ("--seed", "5", "--workers", "2", "--position", "random")
    local = subprocess.run(
        synthesize_words(source, tmp_path / "local", *options),
        capture_output=True,
        text=True,
        check=False,
    )
    assert local.returncode == 0, local.stderr
    with (tmp_path / "log").open("w") as log:
        ray = subprocess.Popen(
            synthesize_words(source, tmp_path / "ray", *options, "--mode", "ray"),
            stdout=log,
            stderr=log,
        )
        killed = False
        while ray.poll() is None:
            killed = killed or kill_a_worker(ray.pid)
            time.sleep(0.02)
    assert ray.returncode == 0, (tmp_path / "log").read_text()
    assert killed
    found = fingerprints(tmp_path / "ray")
    assert sum(name.endswith(".png") for name in found) >= PICTURES
    assert differences(fingerprints(tmp_path / "local"), found) == ()
