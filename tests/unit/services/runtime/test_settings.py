from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_settings import CliApp

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.services.runtime.settings import CONFIG_VARIABLE, CommandSettings


class Oven(CommandSettings, section="oven"):
    heat_level: int = 1
    trays: list[str] = []  # noqa: RUF012 - pydantic copies it
    sides: tuple[int, ...] | None = None


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "maskmesh.toml"
    path.write_text("[oven]\nheat_level = 2\n[other]\nheat_level = 99\n")
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    return path


def read(*flags: str) -> int:
    return CliApp.run(Oven, cli_args=list(flags)).heat_level


@pytest.mark.usefixtures("config")
def test_flags_over_environment_over_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read() == 2
    monkeypatch.setenv("MASKMESH_OVEN_HEAT_LEVEL", "3")
    assert read() == 3
    assert read("--heat-level", "4") == 4


def test_defaults_hold_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    assert read() == 1


def test_a_section_that_the_file_lacks_leaves_the_defaults(config: Path) -> None:
    config.write_text("[other]\nheat_level = 99\n")
    assert read() == 1


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "absent.toml"))
    with pytest.raises(NotFoundError, match=r"absent\.toml"):
        read()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[oven\nx", "cannot be read as TOML"),
        (b"\xff\xfe\x00", "cannot be read as TOML"),
        (b"oven = 5", "oven must be a table"),
        (
            b"[oven]\nheat_levle = 3",
            r"\[oven\] has no setting heat_levle; it has heat_level, sides, trays",
        ),
    ],
)
def test_a_broken_file_says_what_is_wrong(config: Path, content: bytes, says: str) -> None:
    config.write_bytes(content)
    with pytest.raises(InvalidInputError, match=says):
        read()


@pytest.mark.parametrize(
    ("value", "trays"),
    [
        ("127.0.0.1:50051", ["127.0.0.1:50051"]),
        ("a, b,c", ["a", "b", "c"]),
        ('["a,b", "c"]', ["a,b", "c"]),
        ("5", ["5"]),
        ("", []),
    ],
)
def test_a_list_in_the_environment_needs_no_json(
    monkeypatch: pytest.MonkeyPatch, value: str, trays: list[str]
) -> None:
    monkeypatch.setenv("MASKMESH_OVEN_TRAYS", value)
    monkeypatch.setenv("MASKMESH_OVEN_SIDES", "1,2")
    oven = CliApp.run(Oven, cli_args=[])
    assert (oven.trays, oven.sides) == (trays, (1, 2))
