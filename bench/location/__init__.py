"""How well face detectors find faces in photos with known boxes: `maskmesh bench location`.

From Python, for a detector of one's own:

    photos = load_photos(Path("mask_worn_real.zip"), Path("bench/reference/mask_worn_real.json"))
    metrics = evaluate(lambda gray: [((x, y, w, h), score), ...], photos)
    metrics.masked.recall, metrics.masked.false_per_photo
"""

from maskmesh.bench.location.evaluation import Metrics, evaluate
from maskmesh.bench.location.photos import Photo, load_photos

__all__ = ["Metrics", "Photo", "evaluate", "load_photos"]
