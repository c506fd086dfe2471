"""A process that masks the pictures named on its standard input, one a line, with MaskTheFace.

Started by `peer.py` as a script, so that nothing of maskmesh is in the way: MaskTheFace is not
changed, its functions are called as its own script calls them, with its own defaults. The
answer to each line is a line of JSON; the first one is written when everything is loaded.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class TimedDetector:
    """A detector that adds up how long it searches."""

    def __init__(self, detector: Any) -> None:
        self._detector = detector
        self.seconds = 0.0

    def __call__(self, *arguments: Any) -> Any:
        """Search, and count the time."""
        started = time.perf_counter()
        found = self._detector(*arguments)
        self.seconds += time.perf_counter() - started
        return found


def load(folder: Path, predictor: Path) -> tuple[Any, argparse.Namespace]:
    """Import MaskTheFace and load detector and predictor, as `mask_the_face.py` does.

    Args:
        folder: Where MaskTheFace lies; becomes the working folder, as its paths are relative.
        predictor: The 68-point predictor.

    Returns:
        Its module, and the settings that its functions ask for: a surgical mask, its colour.
    """
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    import cv2  # noqa: PLC0415
    import dlib  # noqa: PLC0415

    aux_functions = importlib.import_module("utils.aux_functions")

    cv2.setNumThreads(1)
    settings = argparse.Namespace(
        mask_type="surgical",
        pattern="",
        pattern_weight=0.5,
        color="#0473e2",
        color_weight=0.5,
        code="",
        verbose=False,
        detector=TimedDetector(dlib.get_frontal_face_detector()),
        predictor=dlib.shape_predictor(str(predictor)),
    )
    return aux_functions, settings


def mask(module: Any, settings: argparse.Namespace, source: Path, target: Path) -> dict[str, Any]:
    """Mask one file as `mask_the_face.py` does, and say how long it took and what came of it."""
    started, searched = time.perf_counter(), settings.detector.seconds
    written, problem = 0, ""
    try:
        pictures, masks, _, _ = module.mask_image(str(source), settings)
        for index in range(len(masks)):
            module.cv2.imwrite(str(target), pictures[index])
            written += 1
    except Exception as error:  # noqa: BLE001 - whatever it raises is a picture it did not mask
        problem = f"{type(error).__name__}: {error}"
    return {
        "seconds": time.perf_counter() - started,
        "search_seconds": settings.detector.seconds - searched,
        "written": written,
        "problem": problem,
    }


def main() -> None:
    """Serve lines until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("predictor", type=Path)
    arguments = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    # What MaskTheFace prints must not get between the answers.
    os.dup2(2, 1)
    module, settings = load(arguments.folder.resolve(), arguments.predictor.resolve())
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        source, target = json.loads(line)
        answers.write(json.dumps(mask(module, settings, Path(source), Path(target))) + "\n")


if __name__ == "__main__":
    main()
