from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maskmesh.clients.streaming.layout import overlap, place_beside, scale_for

PICTURE = (640, 480)


def test_a_panel_stands_to_the_right_where_there_is_room():
    assert place_beside((100, 100, 50, 50), (80, 60), [], PICTURE, gap=4) == (154, 100)


def test_it_moves_left_at_the_right_border_and_away_from_other_faces():
    box = (560, 100, 70, 70)
    assert place_beside(box, (80, 60), [box], PICTURE, gap=4) == (476, 100)
    neighbour = (160, 80, 90, 90)
    place = place_beside((100, 100, 50, 50), (80, 60), [neighbour], PICTURE, gap=4)
    assert overlap((*place, 80, 60), neighbour) == 0


@given(x=st.integers(-20, 639), y=st.integers(-20, 479), side=st.integers(1, 480))
def test_a_panel_never_leaves_the_picture(x, y, side):
    left, top = place_beside((x, y, side, side), (120, 150), [(x, y, side, side)], PICTURE, gap=4)
    assert 0 <= left <= 640 - 120
    assert 0 <= top <= 480 - 150


def test_overlap_is_the_shared_area():
    assert overlap((0, 0, 10, 10), (5, 5, 10, 10)) == 25
    assert overlap((0, 0, 10, 10), (10, 0, 10, 10)) == 0


def test_text_grows_with_the_picture_and_stays_readable():
    sizes = [scale_for(w, w * 3 // 4).text for w in (64, 320, 640, 1280, 1920, 8000)]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 10
    assert sizes[-1] <= 64
