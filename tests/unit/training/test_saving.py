from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.training.saving import save_arrays, whole_file, whole_folder


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.txt") as partial:
        partial.write_text("new")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "new"
    assert everything(tmp_path) == ["a.txt"]


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    def write_half() -> None:
        with whole_file(tmp_path / "a.txt") as partial:
            partial.write_text("ha")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert everything(tmp_path) == ["a.txt"]


def test_a_folder_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    for word in ("old", "new"):
        with whole_folder(tmp_path / "1", replace=True) as partial:
            (partial / f"{word}.txt").touch()
    assert everything(tmp_path) == ["1", "1/new.txt"]


def test_a_folder_that_is_there_is_kept_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    def write(word: str) -> None:
        with whole_folder(tmp_path / "1", replace=False) as partial:
            (partial / f"{word}.txt").touch()

    write("old")
    with pytest.raises(FileExistsError):
        write("new")
    assert everything(tmp_path) == ["1", "1/old.txt"]


def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "1", replace=True) as partial:
        (partial / "old.txt").touch()

    def write_half() -> None:
        with whole_folder(tmp_path / "1", replace=True) as partial:
            (partial / "new.txt").touch()
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert everything(tmp_path) == ["1", "1/old.txt"]


def test_a_folder_that_cannot_be_put_in_place_gives_the_earlier_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with whole_folder(tmp_path / "1", replace=True) as partial:
        (partial / "old.txt").touch()
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if ".partial." in self.name:
            raise OSError("busy")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with (
        pytest.raises(OSError, match="busy"),
        whole_folder(tmp_path / "1", replace=True) as partial,
    ):
        (partial / "new.txt").touch()
    assert everything(tmp_path) == ["1", "1/old.txt"]


def test_arrays(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", x=np.arange(3), y=np.eye(2))
    with np.load(tmp_path / "a.npz") as stored:
        assert stored["x"].tolist() == [0, 1, 2]
        assert stored["y"].shape == (2, 2)
