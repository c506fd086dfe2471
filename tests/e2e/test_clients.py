"""The clients as processes, against a mesh of processes."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from maskmesh.clients import demo
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.expressions import EXPRESSIONS
from maskmesh.services.runtime.processes import LocalMesh

SAMPLE = Path(demo.__file__).parent / "sample.mp4"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """HOST:PORT of a mesh on three ports in a row, as `--mesh` wants it."""
    log = tmp_path_factory.mktemp("mesh") / "log"
    for port in range(52_311, 52_411, 10):
        try:
            with LocalMesh(port=port, log_file=log) as running:
                yield running.addresses.location
        except SetupError:
            continue
        return
    pytest.fail("no three free ports in a row from 52311 to 52403")


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def strange(refused_pictures: dict[str, bytes], unusual_pictures: dict[str, bytes]) -> dict:
    return refused_pictures | unusual_pictures


def test_annotate_tells_every_picture(
    maskmesh, base: str, faces: Path, tmp_path: Path, strange: dict[str, bytes]
) -> None:
    source = tmp_path / "source"
    shutil.copytree(faces, source / "faces", ignore=shutil.ignore_patterns("*.md"))
    for name, data in strange.items():
        (source / f"{name}.png").write_bytes(data)
    result = maskmesh(
        "annotate", source, "--json", tmp_path / "all.jsonl", "--output", tmp_path / "out",
        "--mesh", base,
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    told = {line["file"]: line for line in lines_of(tmp_path / "all.jsonl")}
    assert len(told) == 3 + len(strange)
    refused = {name for name, line in told.items() if "error" in line}
    assert len(refused) == 7
    assert all(set(told[name]) == {"file", "error"} for name in refused)
    for name in set(told) - refused:
        face, *_ = told[name]["faces"]  # surest first
        assert tuple(face["probabilities"]) == EXPRESSIONS
        assert sum(face["probabilities"].values()) == pytest.approx(1, abs=0.01)
        assert face["label"] == max(face["probabilities"], key=face["probabilities"].get)
        assert 0 <= face["mask"] < 0.5
    assert (tmp_path / "out" / "faces" / "obama.jpg").is_file()


def test_stream_finishes_its_files_on_ctrl_c(start, base: str, tmp_path: Path) -> None:
    clip, lines = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    process = start("stream", "--source", SAMPLE, "--mesh", base, "--output", clip, "--json", lines)
    end = time.monotonic() + 60
    while time.monotonic() < end and not (lines.exists() and lines.read_text().count("\n") > 10):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    told = lines_of(lines)
    capture = cv2.VideoCapture(str(clip))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == len(told)
    assert {"file", "frame", "time_s", "width", "height", "faces"} <= set(told[0])
    assert told[0]["faces"][0]["track"] == 1


def test_a_clip_that_ends_in_the_middle_is_annotated_as_far(
    maskmesh, base: str, tmp_path: Path
) -> None:
    whole = SAMPLE.read_bytes()
    cut = tmp_path / "cut.avi"
    capture, frames = cv2.VideoCapture(str(SAMPLE)), 12
    writer = cv2.VideoWriter(str(cut), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    for _ in range(frames):
        writer.write(capture.read()[1])
    writer.release()
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    result = maskmesh("stream", "--source", cut, "--mesh", base, "--json", tmp_path / "out.jsonl")
    assert "Traceback" not in result.stderr
    assert 0 < len(lines_of(tmp_path / "out.jsonl")) < frames


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["stream", "--source", "/nowhere.mp4"], "/nowhere.mp4"),
        (["annotate", "/nowhere", "--json", "/dev/null"], "/nowhere"),
        (["stream", "--source", str(SAMPLE), "--seed", str(2**64)], "--seed"),
        (["stream", "--source", str(SAMPLE), "--log-file", "/proc/x/y"], "/proc/x/y"),
        (["up", "--bogus"], "maskmesh up: error"),
        (["evaluate", "--data", "/nowhere.zip"], "/nowhere.zip"),
        (["stream", "--source", str(SAMPLE), "--mesh", "127.0.0.1:9"], "127.0.0.1:9"),
        (["stream", "--source", str(SAMPLE), "--mesh", "nonsense"], "nonsense"),
    ],
)
def test_errors_of_clients_are_one_line(maskmesh, arguments: list[str], says: str) -> None:
    result = maskmesh(*arguments)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert says in result.stderr


def test_demo_makes_what_it_says(maskmesh, tmp_path: Path) -> None:
    result = maskmesh("demo", "--output", tmp_path, timeout=115)
    assert result.returncode == 0, result.stderr
    for name in ("annotated.mp4", "results.jsonl", "contact_sheet.png"):
        assert (tmp_path / name).stat().st_size > 1000
        assert name in result.stdout
    told = lines_of(tmp_path / "results.jsonl")
    assert len(told) == int(cv2.VideoCapture(str(SAMPLE)).get(cv2.CAP_PROP_FRAME_COUNT))
    assert sum(bool(line["faces"]) for line in told) > 0.8 * len(told)
