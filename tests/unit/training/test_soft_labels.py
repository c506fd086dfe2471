from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError
from maskmesh.training.soft_labels import read_votes

HEADING = "file,angry,disgust,fear,happy,neutral,sad,surprise"
NAMES = ("set/train/sad/1.png", "set/train/sad/2.png", "set/train/happy/1.png")


def votes_file(folder: Path, *lines: str, heading: str = HEADING) -> Path:
    file = folder / "votes.csv"
    file.write_text("\n".join([heading, *lines]) + "\n")
    return file


def test_votes_become_shares_and_pictures_are_found_by_their_ends(tmp_path: Path) -> None:
    file = votes_file(tmp_path, "sad/1.png,2,0,0,0,2,6,0", "train/happy/1.png,0,0,0,0.5,0,0,0")
    votes = read_votes(file, NAMES)
    np.testing.assert_allclose(votes[0], [0.2, 0, 0, 0, 0.2, 0.6, 0], rtol=1e-6)
    assert np.isnan(votes[1]).all()
    assert votes[2].tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_the_order_of_the_columns_is_free(tmp_path: Path) -> None:
    heading = "sad,file,angry,disgust,fear,happy,neutral,surprise,unknown"
    file = votes_file(tmp_path, "3,sad/1.png,1,0,0,0,0,0,9", heading=heading)
    assert read_votes(file, NAMES)[0].tolist() == [0.25, 0, 0, 0, 0, 0.75, 0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sad/1.png,1,x,0,0,0,0,0", "line 2: .*give seven numbers"),
        ("sad/1.png,1,0,0", "line 2: .*give seven numbers"),
        ("sad/1.png,1,-1,0,0,0,0,0", "line 2: votes must be 0 or more"),
        ("sad/1.png,0,0,0,0,0,0,0", "line 2: votes must be 0 or more, and not all 0"),
        ("other/1.png,1,0,0,0,0,0,0", "names none of the pictures.*set/train/sad/1.png"),
    ],
)
def test_wrong_votes_are_told(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_votes(votes_file(tmp_path, line), NAMES)


def test_missing_columns_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="lacks the columns disgust, file"):
        read_votes(votes_file(tmp_path, heading="angry,fear,happy,neutral,sad,surprise"), NAMES)
    with pytest.raises(NotFoundError, match="correct soft_labels in the recipe"):
        read_votes(tmp_path / "gone.csv", NAMES)
