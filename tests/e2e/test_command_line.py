"""The command line itself."""

from __future__ import annotations

import pytest

from maskmesh.cli.main import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(maskmesh, name: str) -> None:
    result = maskmesh(*name.split(), "--help")
    assert result.returncode == 0, result.stderr
    assert "usage: maskmesh" in result.stdout


def test_help_and_version(maskmesh) -> None:
    assert all(name in maskmesh("--help").stdout for name in COMMANDS)
    assert maskmesh("--version").stdout.startswith("maskmesh ")


@pytest.mark.parametrize("words", [["dance"], ["serve"], ["serve", "coffee"], []])
def test_unknown_commands_are_usage_errors(maskmesh, words: list[str]) -> None:
    result = maskmesh(*words)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    told = ("maskmesh COMMAND", "`maskmesh --help` lists", "one of: serve location")
    assert any(text in result.stderr for text in told)
