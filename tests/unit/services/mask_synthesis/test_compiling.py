from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maskmesh.services.mask_synthesis.compiling import compiled

MODULE = """
from maskmesh.services.mask_synthesis.compiling import compiled, compiled_part

@compiled_part
def twice(value):
    return 2 * value

@compiled
def total(values):
    found = 0
    for value in values:
        found += twice(value)
    return found
"""
PROGRAM = """
import numpy as np
import module
print(module.total(np.arange(5)))
"""
ASKING = """
import module
from maskmesh.services.mask_synthesis.compiling import code_is_kept
print(code_is_kept())
"""
FULL_DISK = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"


@pytest.fixture
def run(tmp_path: Path):
    """Runs a program that compiles in a process of its own; gives what it prints."""
    (tmp_path / "module.py").write_text(MODULE)
    kept = tmp_path / "kept"

    def run(program: str = PROGRAM) -> str:
        result = subprocess.run(
            [sys.executable, "-B", "-c", program],
            cwd=tmp_path,
            env=os.environ | {"NUMBA_CACHE_DIR": str(kept)},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return result.stdout.strip()

    return run


def kept_files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}


def test_code_is_kept_for_the_next_process(run, tmp_path):
    assert run() == "20"
    files = kept_files(tmp_path / "kept")
    # An index and the code, of the function that is called from outside only.
    assert sorted(path.suffix for path in files) == [".nbc", ".nbi"]
    assert all("total" in path.name for path in files)
    assert run() == "20"
    assert kept_files(tmp_path / "kept") == files


def test_it_can_be_asked_whether_code_is_kept(run, tmp_path):
    assert run(ASKING) == "False"
    run()
    assert run(ASKING) == "True"
    later = (tmp_path / "module.py").stat().st_mtime + 100
    os.utime(tmp_path / "module.py", (later, later))
    assert run(ASKING) == "False"


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_damaged_code_is_not_used(run, tmp_path, suffix):
    assert run() == "20"
    (damaged,) = (tmp_path / "kept").rglob(f"*{suffix}")
    damaged.write_bytes(damaged.read_bytes()[:7])
    assert run() == "20"


def test_a_full_disk_does_not_matter(run, tmp_path):
    assert run(FULL_DISK + PROGRAM) == "20"
    assert not kept_files(tmp_path / "kept")


def test_neither_does_a_place_where_nothing_can_be_kept():
    # Numba knows no folder for a function without a file, as for one that it may write nowhere.
    names: dict[str, object] = {}
    exec("def thrice(value):\n    return 3 * value\n", names)
    assert compiled(names["thrice"])(7) == 21
