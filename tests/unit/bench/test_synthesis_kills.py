from __future__ import annotations

import sys

import pytest

from maskmesh.bench.synthesis.kills import differences, fingerprints, kill_and_resume
from maskmesh.services.runtime.errors import SetupError

SOUND = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
for number in range(20):
    file = folder / f"{number}.txt"
    if not file.exists():
        time.sleep(0.01)
        part = folder.with_suffix(".part")
        part.write_text(str(number))
        part.replace(file)
"""
# Takes a file that was begun for one that is whole.
CARELESS = (
    SOUND.replace('folder.with_suffix(".part")', "file")
    .replace(
        "part.write_text(str(number))",
        'part.write_text("half")\n        time.sleep(0.03)\n        part.write_text(str(number))',
    )
    .replace("time.sleep(0.01)", "time.sleep(0.001)")
)


def command(tmp_path, script):
    file = tmp_path / "command.py"
    file.write_text(script)
    return lambda target: [sys.executable, str(file), str(target)]


def test_a_sound_command_ends_the_same_in_spite_of_kills(tmp_path):
    kills = kill_and_resume(command(tmp_path, SOUND), tmp_path / "scratch", 3, seed=1)
    assert kills.files == 20
    assert kills.identical == len(kills.kills) == 3
    assert all(0 <= kill.after_s <= kills.whole_s for kill in kills.kills)


def test_what_a_careless_command_leaves_is_found(tmp_path):
    kills = kill_and_resume(command(tmp_path, CARELESS), tmp_path / "scratch", 5, seed=1)
    assert kills.identical < 5
    worst = next(kill for kill in kills.kills if kill.different)
    assert worst.different[0].endswith(".txt")


def test_a_command_that_fails_is_told(tmp_path):
    broken = command(tmp_path, "import sys; sys.exit('no disk')")
    with pytest.raises(SetupError, match="ended with 1: no disk"):
        kill_and_resume(broken, tmp_path / "scratch", 1, seed=1)


def test_differences_are_missing_changed_and_surplus_files(tmp_path):
    for folder, texts in (("one", "abc"), ("two", "aXc")):
        (tmp_path / folder / "in").mkdir(parents=True)
        for index, text in enumerate(texts):
            (tmp_path / folder / "in" / f"{index}").write_text(text)
    (tmp_path / "one" / "only").write_text("")
    (tmp_path / "two" / "more").write_text("")
    found = differences(fingerprints(tmp_path / "one"), fingerprints(tmp_path / "two"))
    assert found == ("in/1", "more", "only")
    assert fingerprints(tmp_path / "one" / "only") != {}
    assert fingerprints(tmp_path / "nowhere") == {}
