"""`maskmesh bench fit`: how well masks sit, against marked landmarks and on the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskmesh.bench.synthesis.coverage import Coverage, coverage, well_fitting
from maskmesh.bench.synthesis.fit_score import disagreement
from maskmesh.bench.synthesis.ground_truth import load_marked
from maskmesh.bench.synthesis.pivot_errors import FaceError, MiddleLine, face_errors, middle_line
from maskmesh.bench.synthesis.samples import sample
from maskmesh.services.mask_synthesis.confidence import fit_confidence
from maskmesh.services.mask_synthesis.drawing import MASK_STYLES
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.services.runtime.errors import NoFaceError

Points = NDArray[np.float32]

SEED = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """A face's fit score, and how much the predictor disagrees with itself on it."""

    score: float
    disagreement: float


@dataclass(frozen=True, slots=True)
class DataFit:
    """What was measured on faces without marked landmarks.

    Attributes:
        name: The zip's or folder's name.
        styles: Coverage by style, of all faces.
        well_fitting: Coverage by style, of the faces whose fit is not bad.
        lines: Middle lines on four and on six pivots.
        scored: Scores beside the predictor's disagreement, of as many faces as were asked for.
    """

    name: str
    styles: dict[str, Coverage]
    well_fitting: dict[str, Coverage]
    lines: list[MiddleLine]
    scored: list[Scored]


@dataclass(frozen=True, slots=True)
class Fit:
    """All that was measured.

    Attributes:
        errors: Of the faces with marked landmarks.
        marked: Coverage of marked landmarks by masks hung on predicted ones, by style.
        data: One for each set of faces.
    """

    errors: list[FaceError]
    marked: dict[str, Coverage]
    data: list[DataFit]


def run(truth: Path | None, data: Sequence[Path], count: int, scored: int) -> Fit:
    """Measure.

    Args:
        truth: Folder with photos and marked landmarks, or None.
        data: Zips or folders of faces; every picture is taken as one face.
        count: How many faces of each, drawn by lot.
        scored: On how many of them, at most, a score is held against the disagreement.

    Raises:
        NotFoundError: There are no faces where they were named.
    """
    predictor = LandmarkPredictor()
    errors = face_errors(load_marked(truth), predictor) if truth is not None else []
    by_hand = [one for one in errors if one.kind == "pts"] or errors
    marked = coverage(
        [one.found for one in by_hand], MASK_STYLES, marked=[one.marked for one in by_hand]
    )
    fits = [_data_fit(path, predictor, count, scored) for path in data]
    return Fit(errors, marked if errors else {}, fits)


def _data_fit(path: Path, predictor: LandmarkPredictor, count: int, scored: int) -> DataFit:
    faces = sample(path, count, SEED)
    landmarks = [predictor.predict(face) for face in faces]
    return DataFit(
        name=path.stem,
        styles=coverage(landmarks, MASK_STYLES),
        well_fitting=coverage(well_fitting(faces, landmarks), MASK_STYLES),
        lines=_middle_lines(landmarks),
        scored=[
            Scored(fit_confidence(face, points), disagreement(predictor, face, points))
            for face, points in list(zip(faces, landmarks, strict=True))[:scored]
        ],
    )


def _middle_lines(faces: Sequence[Points]) -> list[MiddleLine]:
    lines = []
    for points in faces:
        try:
            lines.append(middle_line(points))
        except NoFaceError:
            continue
    return lines
