"""What `maskmesh bench location` does."""

from __future__ import annotations

from pathlib import Path

from maskmesh.bench.location.comparison import compare
from maskmesh.bench.location.detectors import choose_detectors
from maskmesh.bench.location.photos import Photo, load_photos, load_shared_sets, sample_photos
from maskmesh.bench.location.plot import plot_curves
from maskmesh.bench.location.report import show, write_json
from maskmesh.services.runtime.errors import InvalidInputError


def run(
    *,
    data: Path | None,
    reference: Path | None,
    detectors: list[str] | None,
    learned: bool,
    learned_photos: int,
    limit: int | None,
    timed_photos: int,
    cache: Path,
    json_file: Path | None,
    plot: Path | None,
) -> None:
    """Compare detectors and report.

    Args:
        data: Zip or folder of photos; None takes the project's sets.
        reference: The reference boxes of `data`, or a folder with those of the project's sets.
        detectors: Names; None takes all.
        learned: Whether "all" means the learned ones too.
        learned_photos: How many of the photos, at most, a learned detector sees.
        limit: Take a sample of so many photos.
        timed_photos: Photos to take times on; 0 takes none.
        cache: Folder of the results of each detector.
        json_file: Write all numbers to it.
        plot: Draw precision over recall into it.

    Raises:
        NotFoundError: Photos, reference boxes, or a detector of a name are missing.
        InvalidInputError: Photos and reference do not fit each other, or cannot be read.
        SetupError: A file that a detector needs is missing.
    """
    chosen = choose_detectors(detectors, learned)
    photos = sample_photos(_load(data, reference), limit)
    results = compare(chosen, photos, cache, learned_photos, timed_photos)
    show(results, photos)
    if json_file:
        write_json(results, json_file)
    if plot:
        plot_curves(results, plot)


def _load(data: Path | None, reference: Path | None) -> list[Photo]:
    if data is None:
        return load_shared_sets(reference) if reference else load_shared_sets()
    if reference is None:
        raise InvalidInputError(
            f"no reference boxes for {data}: pass --reference JSON, in the format that "
            "maskmesh.bench.location.photos describes"
        )
    return load_photos(data, reference)
