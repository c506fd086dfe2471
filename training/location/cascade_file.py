"""Writes a boosted cascade in the XML format that OpenCV's `CascadeClassifier` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray

from maskmesh.training.location.haar import Features, HaarFeature


class Node(NamedTuple):
    """An inner node of a tree.

    Attributes:
        left: Where values below the threshold go: above 0 the number of a node, else minus the
            number of a leaf.
        right: Where the others go.
        feature: Its number among the stage's features.
        threshold: Of the feature.
    """

    left: int
    right: int
    feature: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Tree:
    """A small decision tree over features; the first node is the root."""

    nodes: tuple[Node, ...]
    leaves: tuple[float, ...]

    def decide(self, values: Features) -> NDArray[np.float32]:
        """Return the leaf's value of each window.

        Args:
            values: float32 N×F, the stage's features of N windows.
        """
        places = np.zeros(len(values), np.int64)
        inside = np.ones(len(values), bool)
        # A node's children have higher numbers, so that one pass over the nodes is enough.
        for number, node in enumerate(self.nodes):
            here = inside & (places == number)
            below = values[here, node.feature] < np.float32(node.threshold)
            places[here] = np.where(below, node.left, node.right)
            inside[here] = places[here] > 0
        return np.array(self.leaves, np.float32)[-places]


@dataclass(frozen=True, slots=True)
class Stage:
    """Trees whose leaves are summed; a window passes when the sum reaches the threshold.

    Attributes:
        features: The features that the trees number.
        trees: At least one.
        threshold: Least sum of a window that passes.
    """

    features: tuple[HaarFeature, ...]
    trees: tuple[Tree, ...]
    threshold: float


def write_cascade(path: Path, window: int, stages: Sequence[Stage], remarks: str) -> None:
    """Write a cascade file, whole or not at all.

    Args:
        path: Of the XML file.
        window: Side of the window in pixels.
        stages: In the order in which windows are shown to them.
        remarks: What the file is and where it comes from; a comment on top.
    """
    root = Element("opencv_storage")
    cascade = SubElement(root, "cascade", type_id="opencv-cascade-classifier")
    for name, value in (("stageType", "BOOST"), ("featureType", "HAAR")):
        _add(cascade, name, value)
    for name in ("height", "width"):
        _add(cascade, name, window)
    most = max(len(stage.trees) for stage in stages)
    _add(SubElement(cascade, "stageParams"), "maxWeakCount", most)
    _add(SubElement(cascade, "featureParams"), "maxCatCount", 0)
    _add(cascade, "stageNum", len(stages))
    used: dict[HaarFeature, int] = {}
    listed = SubElement(cascade, "stages")
    for stage in stages:
        _add_stage(listed, stage, used)
    features = SubElement(cascade, "features")
    for feature in used:
        _add_feature(features, feature)
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    partial = path.with_suffix(".partial")
    partial.write_text(f'<?xml version="1.0"?>\n<!-- {remarks} -->\n{text}\n', encoding="utf-8")
    partial.replace(path)


def _add_stage(listed: Element, stage: Stage, used: dict[HaarFeature, int]) -> None:
    entry = SubElement(listed, "_")
    _add(entry, "maxWeakCount", len(stage.trees))
    _add(entry, "stageThreshold", f"{stage.threshold:.9g}")
    weak = SubElement(entry, "weakClassifiers")
    for tree in stage.trees:
        nodes = []
        for node in tree.nodes:
            number = used.setdefault(stage.features[node.feature], len(used))
            nodes.append(f"{node.left} {node.right} {number} {node.threshold:.9g}")
        one = SubElement(weak, "_")
        _add(one, "internalNodes", " ".join(nodes))
        _add(one, "leafValues", " ".join(f"{leaf:.9g}" for leaf in tree.leaves))


def _add_feature(features: Element, feature: HaarFeature) -> None:
    entry = SubElement(features, "_")
    rectangles = SubElement(entry, "rects")
    for rectangle in feature.rectangles:
        _add(rectangles, "_", " ".join(f"{number:g}" for number in rectangle))
    _add(entry, "tilted", 0)


def _add(parent: Element, name: str, value: object) -> None:
    SubElement(parent, name).text = str(value)
