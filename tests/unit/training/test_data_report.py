from __future__ import annotations

import json

import numpy as np
from rich.console import Console

from maskmesh.training.data_report import describe
from maskmesh.training.dataset import LabelledFaces


def faces_of(split: str, images: list[np.ndarray], labels: list[int]) -> LabelledFaces:
    names = tuple(f"{split}/{k}.png" for k in range(len(images)))
    return LabelledFaces(split, np.stack(images), np.array(labels), names, split, resized=2)


def pictures(seed: int, count: int) -> list[np.ndarray]:
    """Return smooth random pictures, as photos are."""
    import cv2

    small = np.random.default_rng(seed).integers(0, 256, (count, 6, 6), dtype=np.uint8)
    return [cv2.resize(one, (48, 48), interpolation=cv2.INTER_CUBIC) for one in small]


def test_counts_blanks_and_duplicates() -> None:
    a, b, c, d, e = pictures(1, 5)
    blank = np.full((48, 48), 9, np.uint8)
    train = faces_of("train", [a, b, b, blank, c, c], [5, 0, 1, 5, 2, 2])
    validation = faces_of("validation", [d, np.clip(a[:, ::-1], 3, 250), e, b], [5, 5, 5, 0])
    report = describe([train, validation])
    assert report.counts["train"]["sad"] == 2
    assert report.counts["validation"]["angry"] == 1
    assert report.blank == {"train": ["train/3.png"], "validation": []}
    assert report.duplicates == [
        ["train/1.png", "train/2.png", "validation/3.png"],
        ["train/4.png", "train/5.png"],
    ]
    assert report.contradictions == 1
    assert report.across_splits == [
        ("train/0.png", "validation/1.png"),
        ("train/1.png", "validation/3.png"),
        ("train/2.png", "validation/3.png"),
    ]
    assert report.resized == {"train": 2, "validation": 2}
    json.dumps(report.as_dict())


def test_the_table_tells_it_in_words() -> None:
    a, b = pictures(2, 2)
    report = describe([faces_of("train", [a, a, b], [0, 0, 1]), faces_of("test", [a], [0])])
    console = Console(width=160)
    with console.capture() as captured:
        console.print(report.table())
    told = " ".join(captured.get().split())
    assert "2 pictures are there again, 0 of them with another label" in told
    assert "2 nearly the same in two splits" in told
    assert "4 resized" in told
