from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from maskmesh.clients.synthesize.tasks import MadePicture, Outcome
from maskmesh.clients.synthesize.workplace import (
    JOURNAL,
    Workplace,
    remove_leftover,
    workplace_of,
)
from maskmesh.services.runtime.errors import InvalidInputError


def outcome(index: int) -> Outcome:
    pictures = (MadePicture(f"a/{index}.png", bytes([index]) * 10),)
    return Outcome(index, pictures, (f'{{"n":{index}}}', "second"))


def test_what_was_kept_is_there_for_the_next_run(tmp_path):
    destination = tmp_path / "out"
    with Workplace(destination, {"seed": 1}) as first:
        first.keep(outcome(3))
        first.keep(outcome(0))
        first.note(7, ("skipped",))
    with Workplace(destination, {"seed": 1}) as again:
        assert again.done == {0, 3, 7}
        assert again.lines(3) == ('{"n":3}', "second")
        assert again.lines(7) == ("skipped",)
        again.keep(outcome(5))
        assert again.lines(0) == ('{"n":0}', "second")
        assert (again.pictures / "a/3.png").read_bytes() == bytes([3]) * 10
        again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [0, 1, 5, 12])
def test_a_task_whose_note_was_cut_off_by_a_kill_is_done_again(tmp_path, left):
    destination = tmp_path / "out"
    with Workplace(destination, {}) as first:
        first.keep(outcome(1))
        first.keep(outcome(2))
    journal = workplace_of(destination) / JOURNAL
    first_line, second_line = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first_line + second_line[:left])
    with Workplace(destination, {}) as again:
        assert again.done == {1}
        again.keep(outcome(2))
    assert journal.read_bytes() == first_line + second_line


def test_another_runs_work_is_refused_and_kept(tmp_path):
    with Workplace(tmp_path / "out", {"seed": 1, "style": "cloth"}) as first:
        first.keep(outcome(1))
    with pytest.raises(InvalidInputError, match=r"--seed 1 \(now 2\), --style cloth.*--overwrite"):
        Workplace(tmp_path / "out", {"seed": 2, "style": "n95"})
    with Workplace(tmp_path / "out", {"seed": 1, "style": "cloth"}) as again:
        assert again.done == {1}
    with Workplace(tmp_path / "out", {"seed": 2}, overwrite=True) as other:
        assert other.done == frozenset()
        assert list(other.pictures.rglob("*.png")) == []


def test_with_overwrite_the_same_run_goes_on(tmp_path):
    with Workplace(tmp_path / "out", {"seed": 1}) as first:
        first.keep(outcome(1))
    with Workplace(tmp_path / "out", {"seed": 1}, overwrite=True) as again:
        assert again.done == {1}


def test_a_run_that_fails_before_anything_is_done_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="no mesh"), Workplace(tmp_path / "out", {"seed": 1}):
        raise ValueError("no mesh")
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_left_that_was_killed_before_anything_was_done_blocks_nobody(tmp_path):
    folder = workplace_of(tmp_path / "out")
    (folder / "made").mkdir(parents=True)
    (folder / "run.json").write_text('{"seed": 1}')
    (folder / JOURNAL).touch()
    (folder / "lock").touch()
    with Workplace(tmp_path / "out", {"seed": 2}) as other:
        other.keep(outcome(1))
    with Workplace(tmp_path / "out", {"seed": 2}) as again:
        assert again.done == {1}


def test_a_folder_of_the_users_own_is_not_taken_for_a_runs(tmp_path):
    folder = workplace_of(tmp_path / "out")
    folder.mkdir()
    (folder / "notes.txt").write_text("dear")
    with pytest.raises(InvalidInputError, match="maskmesh did not make it"):
        Workplace(tmp_path / "out", {"seed": 1}, overwrite=True)
    remove_leftover(tmp_path / "out")
    assert (folder / "notes.txt").read_text() == "dear"
    (folder / "notes.txt").unlink()
    with Workplace(tmp_path / "out", {"seed": 1}) as run:
        run.keep(outcome(1))
        remove_leftover(tmp_path / "out")
        assert (run.pictures / "a/1.png").is_file(), "it is at work"
    remove_leftover(tmp_path / "out")
    assert not folder.exists()


def test_a_removal_that_was_cut_off_can_be_gone_on_with(tmp_path, monkeypatch):
    with Workplace(tmp_path / "out", {"seed": 1}) as run:
        run.keep(outcome(1))

    def killed(folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_leftover(tmp_path / "out")
    assert workplace_of(tmp_path / "out").exists()
    remove_leftover(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_lost_its_pictures_is_done_again(tmp_path):
    with Workplace(tmp_path / "out", {"seed": 1}) as first:
        first.keep(outcome(1))
        shutil.rmtree(first.pictures)
    with Workplace(tmp_path / "out", {"seed": 1}) as again:
        assert again.done == frozenset()


def test_two_runs_do_not_work_on_one_destination(tmp_path):
    with (
        Workplace(tmp_path / "out", {}),
        pytest.raises(InvalidInputError, match="another run is at work"),
    ):
        Workplace(tmp_path / "out", {})


def test_a_full_disk_stops_the_run_and_nothing_half_written_counts(tmp_path, monkeypatch):
    with Workplace(tmp_path / "out", {}) as work:
        work.keep(outcome(1))

        def full(self: Path, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            work.keep(outcome(2))
        monkeypatch.undo()
    with Workplace(tmp_path / "out", {}) as again:
        assert again.done == {1}
        assert [file.name for file in again.pictures.rglob("*.png")] == ["1.png"]
