from __future__ import annotations

import sys
import zipfile

import numpy as np
import pytest

from maskmesh.bench.synthesis.rates import Rate, sample, time_commands
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.pictures import encode_png

SCRIPT = """
import pathlib, sys, time, zipfile
source, target, each = sys.argv[1:]
time.sleep(0.1 + float(each) * len(zipfile.ZipFile(source).namelist()))
pathlib.Path(target).mkdir()
"""


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for index in range(30):
        (folder / f"class{index % 3}").mkdir(parents=True, exist_ok=True)
        png = encode_png(np.full((16, 16), index, np.uint8))
        (folder / f"class{index % 3}" / f"{index}.png").write_bytes(png)
    return folder


def test_a_sample_is_drawn_by_lot_and_keeps_names_and_bytes(pictures, tmp_path):
    assert sample(pictures, 10, tmp_path / "ten.zip") == 10
    assert sample(pictures, 99, tmp_path / "all.zip") == 30
    assert sample(pictures, 10, tmp_path / "other.zip", seed=1) == 10
    names = [zipfile.ZipFile(tmp_path / f"{name}.zip").namelist() for name in ("ten", "other")]
    assert names[0] != names[1]
    for name in names[0]:
        read = zipfile.ZipFile(tmp_path / "ten.zip").read(name)
        assert read == (pictures / name).read_bytes()


def test_commands_run_in_turn_and_their_start_is_told_apart(pictures, tmp_path):
    sources = {}
    for count in (5, 25):
        sources[count] = tmp_path / f"{count}.zip"
        sample(pictures, count, sources[count])
    file = tmp_path / "command.py"
    file.write_text(SCRIPT)

    def words(each):
        return lambda source, target: [sys.executable, str(file), str(source), str(target), each]

    steps = []
    rates = time_commands(
        {"quick": words("0.002"), "slow": words("0.02")},
        sources,
        tmp_path,
        2,
        advance=lambda: steps.append(1),
    )
    assert len(steps) == 8
    assert rates["quick"].many == 25
    assert min(rates["quick"].many_s) > 0.1 + 25 * 0.002
    assert min(rates["slow"].many_s) > 0.1 + 25 * 0.02


def test_rates_without_the_start():
    rate = Rate(100, 1100, few_s=(3.0, 3.2), many_s=(5.0, 5.2))
    assert rate.running == pytest.approx((500.0, 500.0))
    assert rate.start_s == pytest.approx(2.9)
    assert rate.whole == pytest.approx((220 + 1100 / 5.2) / 2)


def test_a_command_that_fails_is_told(pictures, tmp_path):
    sample(pictures, 2, tmp_path / "two.zip")
    failing = {"bad": lambda source, target: [sys.executable, "-c", "import sys; sys.exit('no')"]}
    with pytest.raises(SetupError, match="ended with 1: no"):
        time_commands(failing, {2: tmp_path / "two.zip", 3: tmp_path / "two.zip"}, tmp_path, 1)
