from __future__ import annotations

import sys
from types import ModuleType

import pytest

from maskmesh.cli import main as cli
from maskmesh.services.runtime.errors import NotFoundError
from maskmesh.services.runtime.settings import CommandSettings


class Fail(CommandSettings, section="fail"):
    """A command that fails in the way it is told to."""

    how: str = ""
    count: int = 0

    def cli_cmd(self) -> None:
        """Fail."""
        if self.how == "family":
            raise NotFoundError("no such thing:\nname another")
        if self.how == "package":
            raise ModuleNotFoundError("No module named 'dlib'", name="dlib")
        if self.how == "own":
            raise ModuleNotFoundError("No module named 'maskmesh.x'", name="maskmesh.x")
        if self.how == "interrupt":
            raise KeyboardInterrupt
        if self.how == "disk":
            raise OSError(28, "No space left on device", "results.jsonl")
        if self.how == "bug":
            raise KeyError("bug")


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("failing")
    module.Fail = Fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "failing", module)
    monkeypatch.setitem(cli.COMMANDS, "fail", cli.Command("failing:Fail", "client", "fails"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--how", "family"], 1, "maskmesh fail: error: no such thing: name another"),
        (["--how", "package"], 1, "needs the package dlib, which is not installed: pip install"),
        (["--how", "disk"], 1, "error: No space left on device: results.jsonl"),
        (["--how", "interrupt"], 130, "interrupted"),
        (["--count", "x"], 2, "--count: Input should be a valid integer"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fail", *arguments]) == code
    written = capsys.readouterr().err
    assert says in written
    assert written.count("\n") == 1


@pytest.mark.parametrize(("how", "error"), [("own", ModuleNotFoundError), ("bug", KeyError)])
def test_bugs_keep_their_traceback(how: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        cli.main(["fail", "--how", how])


def test_success_is_zero() -> None:
    assert cli.main(["fail"]) == 0


def test_an_unknown_flag_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["fail", "--colour", "red"])
    assert ended.value.code == 2
    assert "--colour" in capsys.readouterr().err
