"""`maskmesh synthesize` as its users call it: killed and resumed, in every mode, on bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from maskmesh.bench.synthesis.kills import differences, fingerprints
from maskmesh.clients.synthesize.workplace import JOURNAL, workplace_of
from maskmesh.services.runtime.pictures import encode_png, read_picture

Run = Callable[..., subprocess.CompletedProcess[str]]

PICTURES = 400


@pytest.fixture(scope="module")
def source(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip of small gray faces in class folders, of one that is none, and of a photo."""
    path = tmp_path_factory.mktemp("source") / "faces.zip"
    crops = []
    for name, (x, y, side) in {"biden": (216, 114, 170), "obama": (193, 57, 166)}.items():
        gray = read_picture(faces / f"{name}.jpg", "L")
        crops.append(cv2.resize(gray[y : y + side, x : x + side], (48, 48)))
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(PICTURES):
            shade = 0.7 + 0.3 * index / PICTURES
            face = (crops[index % 2] * shade).astype("uint8")
            archive.writestr(f"train/class{index % 2}/{index:03d}.png", encode_png(face))
        archive.writestr("train/class0/broken.png", b"no picture")
        archive.writestr("train/class0/readme.txt", b"no picture")
        archive.writestr("../../escaped.png", encode_png(crops[0]))
        archive.write(faces / "obama.jpg", "photos/obama.jpg")
    return path


@pytest.fixture(scope="module")
def whole(maskmesh: Run, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("whole") / "out"
    done = maskmesh("synthesize", source, target, "--seed", 5, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert f"{PICTURES + 1} faces masked, 3 skipped" in done.stdout
    return target


def test_every_entry_is_written_or_listed_with_its_reason(whole: Path) -> None:
    lines = [json.loads(line) for line in (whole / "manifest.jsonl").read_text().splitlines()]
    assert len(lines) == PICTURES + 4
    written = [line for line in lines if line["status"] == "written"]
    assert all((whole / line["output"]).is_file() for line in written)
    assert {len(line["landmarks"]) for line in written} == {68}
    assert len({line["seed"] for line in written}) == len(written)
    skipped = {line["source"]: line["reason"] for line in lines if line["status"] == "skipped"}
    assert skipped.keys() == {
        "../../escaped.png",
        "train/class0/broken.png",
        "train/class0/readme.txt",
    }
    assert all(skipped.values())
    assert not any("escaped" in str(path) for path in whole.parent.parent.rglob("*"))
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["faces"] == {"skipped": 3, "written": PICTURES + 1}
    assert summary["classes"]["photos"] == {"written": 1}
    for name in ("photos", "train.class0", "train.class1"):
        assert read_picture(whole / f"contact_sheet.{name}.png").size


@pytest.mark.parametrize("options", [("--workers", 1), ("--mode", "mesh", "--workers", 3)])
def test_the_bytes_are_the_same_whoever_does_the_work(
    maskmesh: Run, source: Path, whole: Path, tmp_path: Path, options: tuple[object, ...]
) -> None:
    done = maskmesh("synthesize", source, tmp_path / "out", "--seed", 5, *options)
    assert done.returncode == 0, done.stderr
    assert differences(fingerprints(whole), fingerprints(tmp_path / "out")) == ()


@pytest.fixture(params=["out", "out.zip"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(
    maskmesh: Run,
    start: Callable[..., subprocess.Popen[str]],
    source: Path,
    whole: Path,
    target: Path,
) -> None:
    words = ("synthesize", source, target, "--seed", 5, "--workers", 2)
    journal = workplace_of(target) / JOURNAL
    run = start(*words)
    while run.poll() is None and not (journal.is_file() and journal.stat().st_size > 100_000):
        time.sleep(0.005)
    assert run.poll() is None, "it was done before it could be killed"
    os.kill(run.pid, signal.SIGKILL)
    # To the end of the workers, too, who are to end without a word.
    assert run.communicate() == ("", "")
    assert not target.exists()
    kept = journal.read_bytes()
    done = maskmesh(*words)
    assert done.returncode == 0, done.stderr
    assert len(kept) > 100_000
    again = maskmesh(*words)
    assert again.returncode == 0
    assert "already complete, nothing to do" in again.stdout
    assert "already complete" not in done.stdout
    assert not workplace_of(target).exists()
    if target.is_file():
        with zipfile.ZipFile(target) as archive:
            archive.extractall(target.with_suffix(""))
        target = target.with_suffix("")
    assert differences(fingerprints(whole), fingerprints(target)) == ()


def test_what_cannot_be_done_is_said_in_a_line(maskmesh: Run, source: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.png").write_bytes(b"dear")
    (tmp_path / "none").mkdir()
    cases = [
        ((source, tmp_path / "mine"), "name another"),
        ((tmp_path / "gone", tmp_path / "out"), "check the path"),
        ((tmp_path / "none", tmp_path / "out"), "no pictures in"),
        ((tmp_path / "mine", tmp_path / "mine" / "out"), "lies in the source"),
        ((source, tmp_path / "out", "--style", "beard"), "choose one of"),
        ((source, tmp_path / "out", "--mask", tmp_path / "no.png"), "no.png"),
        ((source, tmp_path / "out", "--workers", "0"), "--workers"),
        ((source, tmp_path / "out", "--mesh", "127.0.0.1:1"), "no service at"),
        ((source, tmp_path / "out", "--mesh", "127.0.0.1:1", "--mode", "ray"), "leave out one"),
    ]
    for words, told in cases:
        done = maskmesh("synthesize", *words)
        assert done.returncode in (1, 2), words
        assert told in done.stderr
        assert "Traceback" not in done.stderr
        assert not workplace_of(tmp_path / "out").exists()
    assert (tmp_path / "mine" / "photo.png").read_bytes() == b"dear"


def test_a_run_that_is_stopped_says_so_and_goes_on(
    maskmesh: Run, start: Callable[..., subprocess.Popen[str]], source: Path, tmp_path: Path
) -> None:
    words = ("synthesize", source, tmp_path / "out", "--seed", 5, "--workers", 1)
    journal = workplace_of(tmp_path / "out") / JOURNAL
    run = start(*words)
    while run.poll() is None and not (journal.is_file() and journal.stat().st_size > 0):
        time.sleep(0.005)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate()
    assert run.returncode == 130
    first, last = told.splitlines()
    assert first == "stopping …"
    assert re.search(r"stopped: \d+ of 402 pictures done; give the same command to go on", last)
    done = maskmesh(*words)
    assert done.returncode == 0, done.stderr
    assert re.search(r"going on: \d+ of 402 pictures done already", done.stderr)


def test_one_of_the_users_masks_is_put_on_each_face_and_none_masked_is_an_error(
    maskmesh: Run, faces: Path, tmp_path: Path
) -> None:
    masks = Path(__file__).parents[2] / "examples" / "masks"
    (tmp_path / "in").mkdir()
    crop = read_picture(faces / "biden.jpg")[114:284, 216:386]
    for index in range(6):
        (tmp_path / "in" / f"{index}.png").write_bytes(encode_png(np.ascontiguousarray(crop)))
    second = tmp_path / "second.png"
    second.write_bytes((masks / "grin.png").read_bytes())
    described = json.loads((masks / "grin.json").read_text())
    second.with_suffix(".json").write_text(json.dumps({**described, "name": "second"}))
    words = ("synthesize", tmp_path / "in", tmp_path / "out", "--faces", "image", "--workers", 1)
    done = maskmesh(*words, "--mask", masks / "grin.png", "--mask", second, "--min-fit", 1)
    assert done.returncode == 1
    assert "0 faces masked, 6 skipped" in done.stdout
    assert "no face of" in done.stderr
    assert "--min-fit 0 keeps" in done.stderr
    done = maskmesh(*words, "--mask", masks / "grin.png", "--mask", second)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["style"] in (
        {"grin": count, "second": 6 - count} for count in range(1, 6)
    )
