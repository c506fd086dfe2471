"""How often what is shown changes, and how long a true change takes, with and without hysteresis.

Run `python -m maskmesh.bench.smoothing` in a checkout; docs/decisions/0004-label-hysteresis.md has
what came of it. Answers are recorded once without smoothing, then replayed through smoothers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from maskmesh.bench.answers import Answer, Passage, Picture, clip_answers, switching_answers
from maskmesh.clients.demo.sample import SAMPLE_CLIP
from maskmesh.clients.mesh.access import mesh_access
from maskmesh.clients.streaming.hysteresis import (
    DEFAULT_DWELL_S,
    DEFAULT_MARGIN,
    LabelHysteresis,
)
from maskmesh.clients.streaming.mask_states import MaskState, mask_state
from maskmesh.clients.streaming.smoothing import DEFAULT_LAG_S, TrackSmoother
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import load_splits
from maskmesh.training.inference import open_classifier

NEVER_S = 1e9
NOISES = (15.0, 30.0)
FACES = 150
FPS = 30.0
# Every so many of those frames are shown to the smoothers; the first for all variants.
STEPS = (2, 1, 3)
# lag, margin, dwell time; a margin of 0 is no hysteresis.
VARIANTS = (
    (0.0, 0.0, 0.0),
    (0.2, 0.0, 0.0),
    (0.3, 0.0, 0.0),
    (0.5, 0.0, 0.0),
    (0.2, 0.05, NEVER_S),
    (0.2, 0.1, NEVER_S),
    (0.2, 0.2, NEVER_S),
    (0.2, 1.0, 0.3),
    (0.2, 1.0, 0.8),
    (0.2, 0.1, 0.3),
    (0.2, 0.1, 0.8),
    (0.2, 0.1, 1.5),
    (0.3, 0.1, 0.8),
)
Variant = tuple[float, float, float]
BEFORE: Variant = (0.3, 0.0, 0.0)
NOW: Variant = (DEFAULT_LAG_S, DEFAULT_MARGIN, DEFAULT_DWELL_S)


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown of one face in one frame; `plain_mask` is the state without hysteresis."""

    track: int
    time_s: float
    label: str
    mask: MaskState
    plain_mask: MaskState


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the true changes of a clip come through.

    Attributes:
        delays_s: For each change that came through, after how long.
        missed: How many did not before the passage was over.
        agreement: Share of all frames in which the settled label was shown.
    """

    delays_s: tuple[float, ...]
    missed: int
    agreement: float


def replay(answers: Sequence[Answer], variant: Variant) -> list[Shown]:
    """Return what is shown with a lag, a margin and a dwell time."""
    lag, margin, dwell = variant
    smoother = TrackSmoother(lag, LabelHysteresis(margin, dwell))
    shown = []
    for one in answers:
        out = smoother.smooth(one.track, one.time_s, one.expression)
        plain = mask_state(out.expression.mask_probability)
        shown.append(Shown(one.track, one.time_s, out.expression.label, out.mask_state, plain))
    return shown


def changes_per_minute(shown: Sequence[Shown], what: str = "label") -> float:
    """Return how often an attribute of Shown changes within a track, per minute of a track."""
    changes, seconds = 0, 0.0
    for track in {one.track for one in shown}:
        own = [one for one in shown if one.track == track]
        changes += sum(getattr(a, what) != getattr(b, what) for a, b in pairwise(own))
        seconds += own[-1].time_s - own[0].time_s
    return 60.0 * changes / seconds if seconds else 0.0


def judge(shown: Sequence[Shown], passages: Sequence[Passage]) -> Verdict:
    """Judge what is shown of one track whose passages are known."""
    delays, missed, agreeing = [], 0, 0
    before = passages[0].settled
    for passage in passages:
        own = [one for one in shown if passage.start_s <= one.time_s < passage.end_s]
        right = [one.time_s for one in own if one.label == passage.settled]
        agreeing += len(right)
        if passage.settled != before:
            delays += [right[0] - passage.start_s] if right else []
            missed += not right
        before = passage.settled
    return Verdict(tuple(delays), missed, agreeing / len(shown))


def true_changes_per_minute(passages: Sequence[Passage], what: str = "settled") -> float:
    """Return how often an attribute of Passage changes, per minute."""
    changes: int = sum(getattr(a, what) != getattr(b, what) for a, b in pairwise(passages))
    return 60.0 * changes / (passages[-1].end_s - passages[0].start_s)


def report_switching(console: Console, seed: int) -> None:
    """Print what variants make of faces that follow each other."""
    faces = load_splits(default_data(), ["validation"])["validation"]
    classifier = open_classifier(None)
    all_answers, passages = switching_answers(faces, classifier, seed, FACES, FPS)
    console.print(
        f"\n{len(passages)} faces; true changes a minute: of the label "
        f"{true_changes_per_minute(passages):.1f}, of the mask "
        f"{true_changes_per_minute(passages, 'masked'):.1f}"
    )
    for step in STEPS:
        table = Table(box=box.MARKDOWN)
        for heading in ("lag s", "margin", "dwell s", "changes", "delay s, median", "90 %"):
            table.add_column(heading, justify="right")
        for heading in ("missed", "settled label shown", "mask state changes, plain / held"):
            table.add_column(heading, justify="right")
        for variant in VARIANTS if step == STEPS[0] else (BEFORE, NOW):
            shown = replay(all_answers[::step], variant)
            table.add_row(*_switching_row(shown, passages, variant))
        console.print(f"\n{FPS / step:g} frames a second\n")
        console.print(table)


def report_clip(console: Console, clip: Path) -> None:
    """Print what happens on a clip, as it is, with noise, and with masks put on."""
    table = Table(box=box.MARKDOWN)
    for heading in ("clip", "tracks", "not smoothed", "lag 0.3", "now", "mask state, plain / held"):
        table.add_column(heading, justify="left" if heading == "clip" else "right")
    with mesh_access(None, log_file=Path("out/bench/smoothing.log")) as access:
        for name, sigma, masked in (
            ("as it is", 0.0, False),
            *((f"noise of {sigma:g} levels", sigma, False) for sigma in NOISES),
            ("masks put on", 0.0, True),
        ):
            noise = _Noise(sigma)
            answers = clip_answers(access.client, clip, noise.add, masked)
            variants = (VARIANTS[0], BEFORE, NOW)
            shown = [replay(answers, variant) for variant in variants]
            cells = [f"{changes_per_minute(one):.1f}" for one in shown]
            tracks = len({one.track for one in answers})
            table.add_row(name, str(tracks), *cells, _mask_changes(shown[-1]))
    console.print(f"\n{clip.name}: changes a minute of a track\n")
    console.print(table)


class _Noise:
    """Adds white noise to pictures."""

    def __init__(self, sigma: float) -> None:
        self._sigma = sigma
        self._random = np.random.default_rng(1)

    def add(self, picture: Picture) -> Picture:
        noisy = picture + self._random.normal(0.0, self._sigma, picture.shape)
        return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _switching_row(
    shown: Sequence[Shown], passages: Sequence[Passage], variant: Variant
) -> list[str]:
    verdict = judge(shown, passages)
    middle, slow = np.quantile(verdict.delays_s, (0.5, 0.9))
    lag, margin, dwell = variant
    return [
        f"{lag:g}",
        f"{margin:g}" if 0 < margin < 1 else "–",
        f"{dwell:g}" if margin and dwell < NEVER_S else "–",
        f"{changes_per_minute(shown):.1f}",
        f"{middle:.2f}",
        f"{slow:.2f}",
        str(verdict.missed),
        f"{verdict.agreement:.1%}",
        _mask_changes(shown),
    ]


def _mask_changes(shown: Sequence[Shown]) -> str:
    plain, held = (changes_per_minute(shown, what) for what in ("plain_mask", "mask"))
    return f"{plain:.1f} / {held:.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the smoothing of labels.")
    parser.add_argument("--seed", type=int, default=4, help="chooses and moves the faces")
    parser.add_argument("--clip", type=Path, default=SAMPLE_CLIP)
    parser.add_argument("--only", choices=("faces", "clip"))
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    console = Console(width=150, highlight=False)
    if arguments.only != "clip":
        report_switching(console, arguments.seed)
    if arguments.only != "faces":
        report_clip(console, arguments.clip)


if __name__ == "__main__":
    main()
