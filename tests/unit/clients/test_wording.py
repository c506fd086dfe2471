from __future__ import annotations

import pytest

from maskmesh.clients.wording import counted


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 faces"), (1, "1 face"), (2, "2 faces"), (28709, "28,709 faces")]
)
def test_numbers_in_sentences(count, words):
    assert counted(count, "face") == words
