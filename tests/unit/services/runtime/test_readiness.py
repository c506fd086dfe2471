from __future__ import annotations

import pytest

from maskmesh.services.runtime.readiness import address_in, ready_line


def test_a_line_gives_back_its_address() -> None:
    line = ready_line("location", "127.0.0.1:50051")
    assert line == "ready location 127.0.0.1:50051\n"
    assert address_in(line, "location") == "127.0.0.1:50051"


@pytest.mark.parametrize("line", ["", "ready location", "ready synthesis 127.0.0.1:1", "hello\n"])
def test_other_lines_give_none(line: str) -> None:
    assert address_in(line, "location") is None
