from __future__ import annotations

import pytest

from maskmesh.bench.synthesis.peer import Outcome, SideBySide, side_by_side
from maskmesh.services.runtime.errors import NoFaceError, SetupError

# What MaskTheFace looks like from outside: it darkens the lower half, and drops every "empty" one.
STAND_IN = """
import cv2, time
print("says much")
def mask_image(path, settings):
    picture = cv2.imread(path)
    found = settings.detector(picture, 1)
    time.sleep(0.002)
    if "broken" in path:
        raise ValueError("no chin")
    if not len(found):
        return [], [], [], picture
    picture[picture.shape[0] // 2:] = 0
    return [picture], ["surgical"], [], picture
"""


@pytest.fixture
def stand_in(tmp_path):
    folder = tmp_path / "peer"
    (folder / "utils").mkdir(parents=True)
    (folder / "utils" / "__init__.py").write_text("")
    (folder / "utils" / "aux_functions.py").write_text(STAND_IN)
    return folder


def test_both_mask_the_same_files_and_what_is_dropped_is_counted(stand_in, faces, tmp_path):
    (tmp_path / "broken.jpg").write_bytes((faces / "obama.jpg").read_bytes())
    pictures = [faces / "obama.jpg", faces / "biden.jpg", tmp_path / "broken.jpg"]
    steps = []
    result = side_by_side(pictures, stand_in, tmp_path / "out", warm_up=1, advance=steps.append)
    assert steps == [3, 3, 3]
    assert result.dropped() == {"MaskTheFace": 1, "maskmesh": 0, "maskmesh, face searched": 0}
    assert result.theirs[2].problem == "ValueError: no chin"
    for outcome in result.theirs:
        assert outcome.seconds > outcome.search_seconds > 0
    pairs = result.pairs()
    assert {len(pair.first) for pair in pairs.values()} == {2}
    assert all(one.search_seconds == 0 for one in result.whole_picture)
    rest = pairs["neither's search counted"]
    assert rest.second == tuple(one.rest_seconds for one in result.theirs[:2])
    for way in ("mask_the_face", "whole_picture", "located"):
        assert (tmp_path / "out" / way / "biden.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_nothing_masked_by_all_is_told():
    dropped = Outcome(0.1, 0.0, written=False)
    with pytest.raises(NoFaceError, match="no picture was masked by all"):
        SideBySide((dropped,), (dropped,), (dropped,)).pairs()


def test_a_missing_folder_and_a_missing_package_are_told(stand_in, tmp_path):
    with pytest.raises(SetupError, match="no MaskTheFace in"):
        side_by_side([], tmp_path, tmp_path / "out")
    (stand_in / "utils" / "aux_functions.py").write_text("import no_such_package")
    with pytest.raises(SetupError, match=r"No module named 'no_such_package'.*PYTHONPATH"):
        side_by_side([], stand_in, tmp_path / "out")
