"""Learns the linear map of the fit score from a predictor's disagreement with itself.

A predictor that is sure of a face finds the same landmarks on its mirror image and in a box moved a
little (Yang & Patras, CVPR 2015). That takes five predictions a face; the map that is learnt here
tells it from the picture and the landmarks alone. Spoilt examples (negatives, noise, landmarks
moved on purpose) teach it what predictors hardly ever give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from maskmesh.bench.synthesis.samples import sample
from maskmesh.services.mask_synthesis.confidence import aligned_shape, gray_features
from maskmesh.services.mask_synthesis.geometry import interocular_distance
from maskmesh.services.mask_synthesis.landmarks import LandmarkPredictor
from maskmesh.training.data_home import default_data

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]

# Landmark k of a mirrored face is landmark MIRROR[k] of the face.
MIRROR = np.array(
    [
        *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1), 45, 44, 43, 42,
        47, 46, 39, 38, 37, 36, 41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1),
        *range(67, 64, -1),
    ]
)  # fmt: skip
SHIFT = 0.06
# Errors beyond these, in shares of the interocular distance, tell no more.
LEAST, MOST = 0.015, 0.4
MIN_INTEROCULAR = 3.0
RIDGE = 1.0
SPOILT_EVERY = 7
SEED = 5
TRAINING = "train/"


@dataclass(frozen=True, slots=True)
class Example:
    """A picture, landmarks on it, and their error in shares of the interocular distance."""

    image: Picture
    landmarks: Points
    error: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The map: weights of gray values and of shape differences (68×2), and the offset."""

    gray: NDArray[np.float64]
    shape: NDArray[np.float64]
    offset: float


def disagreement(predictor: LandmarkPredictor, image: Picture, landmarks: Points) -> float:
    """How much a predictor disagrees with itself on a picture that is one face.

    Args:
        predictor: The predictor.
        image: uint8, H×W gray or H×W×3 RGB.
        landmarks: (68, 2) that it finds there.

    Returns:
        Mean distance of the landmarks from those on the mirror image and in three moved boxes, in
        shares of the interocular distance.
    """
    rows, columns = image.shape[:2]
    mirrored = predictor.predict(np.ascontiguousarray(image[:, ::-1]))[MIRROR]
    mirrored[:, 0] = columns - 1 - mirrored[:, 0]
    x, y = max(1, round(columns * SHIFT)), max(1, round(rows * SHIFT))
    boxes = (
        (x, y, columns - x, rows - y),
        (0, 0, columns - x, rows - y),
        (x, 0, columns - 2 * x, rows - y),
    )
    others = [mirrored, *(predictor.predict(image, box) for box in boxes)]
    distances = [np.hypot(*(other - landmarks).T).mean() for other in others]
    return float(np.mean(distances)) / max(interocular_distance(landmarks), MIN_INTEROCULAR)


def examples(
    faces: Sequence[Picture],
    predictor: LandmarkPredictor,
    advance: Callable[[], None] = lambda: None,
) -> list[Example]:
    """Faces with the predictor's disagreement, and spoilt ones after every few."""
    random = np.random.default_rng(1)
    found: list[Example] = []
    for number, face in enumerate(faces):
        landmarks = predictor.predict(face)
        example = Example(face, landmarks, disagreement(predictor, face, landmarks))
        found.append(example)
        if number % SPOILT_EVERY == 0:
            found.extend(_spoilt(example, predictor, random))
        advance()
    return found


def learn(known: Sequence[Example]) -> Weights:
    """Fit the map to examples by ridge regression of the logarithm of the error."""
    gray = np.array([gray_features(one.image, one.landmarks) for one in known])
    shape = np.array([aligned_shape(one.landmarks)[0].view(np.float64) for one in known])
    features = np.concatenate([gray, shape], axis=1)
    wanted = np.log(np.clip([one.error for one in known], LEAST, MOST))
    centre, mean = features.mean(axis=0), float(wanted.mean())
    centred = features - centre
    matrix = centred.T @ centred + RIDGE * np.eye(features.shape[1])
    weights = np.linalg.solve(matrix, centred.T @ (wanted - mean))
    split = gray.shape[1]
    return Weights(weights[:split], weights[split:].reshape(-1, 2), mean - float(centre @ weights))


def run(data: Path | None, count: int, output: Path) -> None:
    """Learn from faces drawn by lot, and write the map.

    Args:
        data: Zip or folder of faces; None: fer2013.zip of the data folder.
        count: How many faces; the training split's, where there is one.
        output: Python module to write.
    """
    with Progress(transient=True) as progress:
        task = progress.add_task("faces", total=count)
        faces = sample(data or default_data(), count, SEED, prefix=TRAINING)
        known = examples(faces, LandmarkPredictor(), lambda: progress.advance(task))
    write_weights(learn(known), output)


def write_weights(weights: Weights, file: Path) -> None:
    """Write the map as the Python module that `confidence` imports."""
    lines = [
        '"""Weights of the fit score, learnt by `maskmesh bench fit-score`; see `confidence`."""'
    ]
    lines += ["", "from __future__ import annotations", "", "import numpy as np", ""]
    lines.append(f"OFFSET = {weights.offset:.4f}")
    lines += ["# Of the gray value at each of PAIRS.", *_array("GRAY", weights.gray)]
    lines += [
        "# Of each landmark's difference from the mean face: x of the first, y of it, and so on.",
        *_array("SHAPE", weights.shape.ravel()),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _array(name: str, values: NDArray[np.float64]) -> Iterator[str]:
    yield f"{name} = np.array("
    yield "    ["
    for start in range(0, len(values), 10):
        yield "        " + " ".join(f"{value:.4f}," for value in values[start : start + 10])
    yield "    ]"
    yield ")  # fmt: skip"


def _spoilt(
    example: Example, predictor: LandmarkPredictor, random: np.random.Generator
) -> Iterator[Example]:
    image, landmarks = example.image, example.landmarks
    yield Example(np.asarray(255 - image), landmarks, MOST)
    noise = random.integers(0, 256, image.shape, dtype=np.uint8)
    blur = float(random.choice([0.5, 1.0, 2.0, 4.0]))
    clouds = np.asarray(
        cv2.normalize(cv2.GaussianBlur(noise, (0, 0), blur), noise, 0, 255, cv2.NORM_MINMAX),
        dtype=np.uint8,
    )
    turned = np.ascontiguousarray(image[::-1])
    flat = np.full_like(image, random.integers(0, 256))
    for picture in (clouds, turned, flat):
        yield Example(picture, predictor.predict(picture), MOST)
    centre, interocular = landmarks.mean(axis=0), interocular_distance(landmarks)
    away = random.normal(size=2)
    away *= random.uniform(0.15, 0.9) * interocular / np.hypot(*away)
    scale, angle = random.choice([0.75, 0.85, 1.2, 1.35]), random.choice([-1, 1]) * 0.5
    cosine, sine = np.cos(angle), np.sin(angle)
    for moved in (
        landmarks + away,
        (landmarks - centre) * scale + centre,
        (landmarks - centre) @ np.array([[cosine, sine], [-sine, cosine]]) + centre,
    ):
        points = np.asarray(moved, dtype=np.float32)
        error = float(np.hypot(*(points - landmarks).T).mean()) / max(interocular, MIN_INTEROCULAR)
        yield Example(image, points, max(error, example.error))
