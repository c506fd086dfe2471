from __future__ import annotations

import numpy as np

from maskmesh.training.location.boosting import StageGoal, boost_stage
from maskmesh.training.location.haar import enumerate_features, feature_values


def _edges(random, count, sign):
    patches = random.normal(128, 12, (count, 24, 24))
    patches[:, :, 12:] += 40 * sign
    return np.clip(patches, 0, 255).astype(np.uint8)


def test_a_stage_keeps_its_hit_rate_and_stops_when_it_is_good_enough():
    random = np.random.default_rng(6)
    faces, others = _edges(random, 300, 1), _edges(random, 300, -1)
    features = enumerate_features(24, step=4)
    goal = StageGoal(hit_rate=0.98, false_alarm=0.1, most_trees=30)
    stage, passing = boost_stage(faces, others, features, goal, seed=1)
    assert passing <= 0.1
    assert len(stage.trees) < 30
    values = feature_values(faces, list(stage.features))
    sums = sum(tree.decide(values) for tree in stage.trees)
    assert (sums >= stage.threshold).mean() >= 0.98


def test_where_nothing_tells_them_apart_the_stage_ends_at_its_limit():
    random = np.random.default_rng(6)
    same = _edges(random, 200, 1), _edges(random, 200, 1)
    goal = StageGoal(hit_rate=1.0, false_alarm=0.01, most_trees=4)
    stage, passing = boost_stage(*same, enumerate_features(24, step=6), goal, seed=1)
    assert len(stage.trees) == 4
    assert passing > 0.5
