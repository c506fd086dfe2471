"""Boosts the trees of one stage of a cascade.

Additive logistic regression (Friedman, Hastie and Tibshirani, Annals of Statistics 2000), grown by
LightGBM; the stage's threshold is lowered until nearly all faces pass (Viola and Jones, CVPR 2001,
section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from maskmesh.training.location.cascade_file import Node, Stage, Tree
from maskmesh.training.location.haar import HaarFeature, feature_values

SETTINGS = {
    "objective": "binary",
    # A window takes three comparisons a tree of eight leaves, and loses more non-faces by them
    # than by three stumps.
    "num_leaves": 8,
    "max_bin": 63,
    "learning_rate": 0.3,
    "lambda_l2": 1.0,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.3,
    "is_unbalance": True,
    "boost_from_average": False,
    "feature_pre_filter": False,
    "force_col_wise": True,
    "deterministic": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class StageGoal:
    """What a stage has to reach.

    Attributes:
        hit_rate: Least share of faces that pass.
        false_alarm: Share of other windows under which no tree is added any more.
        most_trees: Where it ends all the same.
    """

    hit_rate: float
    false_alarm: float
    most_trees: int


def boost_stage(
    faces: NDArray[np.uint8],
    others: NDArray[np.uint8],
    features: Sequence[HaarFeature],
    goal: StageGoal,
    *,
    seed: int,
    threads: int = 1,
) -> tuple[Stage, float]:
    """Train one stage.

    Args:
        faces: uint8 N×W×W windows that shall pass.
        others: uint8 M×W×W windows that shall not.
        features: To choose from.
        goal: When it is good enough.
        seed: Of the features each tree may choose from.
        threads: To use.

    Returns:
        The stage, and the share of `others` that pass it.
    """
    values = np.concatenate([feature_values(faces, features), feature_values(others, features)])
    labels = np.repeat([1, 0], [len(faces), len(others)])
    settings = SETTINGS | {"seed": seed, "num_threads": threads}
    data = lightgbm.Dataset(values, labels, params=settings)
    booster = lightgbm.train(settings, data, num_boost_round=goal.most_trees)
    trees = [_tree(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    sums = np.zeros(len(labels))
    for used, tree in enumerate(trees, 1):  # noqa: B007
        sums += tree.decide(values)
        threshold = float(np.quantile(sums[labels == 1], 1 - goal.hit_rate, method="lower")) - 1e-4
        passing = float((sums[labels == 0] >= threshold).mean())
        if passing <= goal.false_alarm:
            break
    return _stage(trees[:used], features, threshold), passing


def _tree(root: dict[str, Any]) -> Tree:
    nodes: list[Node] = []
    leaves: list[float] = []

    def add(branch: dict[str, Any]) -> int:
        if "leaf_value" in branch:
            leaves.append(branch["leaf_value"])
            return 1 - len(leaves)
        number = len(nodes)
        nodes.append(Node(0, 0, branch["split_feature"], 0.0))
        left, right = add(branch["left_child"]), add(branch["right_child"])
        # LightGBM goes left up to the threshold, OpenCV below it.
        threshold = float(np.nextafter(np.float32(branch["threshold"]), np.float32(np.inf)))
        nodes[number] = Node(left, right, branch["split_feature"], threshold)
        return number

    add(root)
    return Tree(tuple(nodes), tuple(leaves))


def _stage(trees: Sequence[Tree], features: Sequence[HaarFeature], threshold: float) -> Stage:
    used = sorted({node.feature for tree in trees for node in tree.nodes})
    numbers = {feature: number for number, feature in enumerate(used)}
    renumbered = tuple(
        Tree(
            tuple(node._replace(feature=numbers[node.feature]) for node in tree.nodes), tree.leaves
        )
        for tree in trees
    )
    return Stage(tuple(features[feature] for feature in used), renumbered, threshold)
