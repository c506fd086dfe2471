from __future__ import annotations

import math

import numpy as np
import pytest

from maskmesh.bench.clips import FPS, Clip, crossing, moving, room
from maskmesh.services.face_location.tracking import FaceFollower

SIDE = 100.0


def still(person, seconds=1.0, x=320.0, y=220.0, side=SIDE, background=1, **more):
    path = (lambda time_s: (x, y, side),)
    return Clip("still", ((person, *path),), round(seconds * FPS), room(background), **more)


def distinct(seen, name):
    return {ids[name] for ids in seen if name in ids}


def test_somebody_who_moves_keeps_the_first_id_and_is_seen_in_every_frame(play, people, finder):
    seen = play(moving(people["astronaut"]))
    assert seen == [{"astronaut": 1}] * 240
    # 8 seconds: a search in every fifth of a second.
    assert finder.searches <= 41


def test_people_who_cross_with_one_wholly_hidden_keep_their_ids(play, people):
    for front, back in (("obama", "biden"), ("biden", "obama"), ("astronaut", "obama")):
        seen = play(crossing(people[front], people[back]))
        del seen
"""placeholder"""
