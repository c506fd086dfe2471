from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from maskmesh.services.runtime.logging import configure_logging, get_logger


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    """Leave logging as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def fail_with(pixels: bytes) -> None:
    raise ValueError("broken" if pixels else "empty")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_tells_where_and_shows_no_values(
    log_format: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", log_format)
    try:
        fail_with(b"pixels of" + b" a face")
    except ValueError:
        get_logger("test").exception("failed")
    told = capsys.readouterr().err
    assert "broken" in told
    assert "fail_with" in told
    assert "pixels of a face" not in told
