from __future__ import annotations

from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import NotFoundError
from maskmesh.training import data_home


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(data_home.DATA_VARIABLE, str(tmp_path))
    (tmp_path / "fer2013.zip").touch()
    assert data_home.default_data() == tmp_path / "fer2013.zip"
    with pytest.raises(NotFoundError, match=r"holds no other\.zip"):
        data_home.default_data("other.zip")


def test_a_wrong_variable_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(data_home.DATA_VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(NotFoundError, match="which is no folder"):
        data_home.data_home()


def test_no_data_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(data_home.DATA_VARIABLE, raising=False)
    monkeypatch.setattr(data_home, "_BESIDE_CHECKOUT", tmp_path / "gone")
    with pytest.raises(NotFoundError, match="pass --data ZIP_OR_DIR or set MASKMESH_DATA"):
        data_home.default_data()
