"""The command `train mask`: the run's mask output is fitted anew, and judged."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.data_home import default_data
from maskmesh.training.dataset import load_splits
from maskmesh.training.fit import limit_threads
from maskmesh.training.location.photos import photos_with_faces
from maskmesh.training.mask_output.refit import Right, judge_mask, refit
from maskmesh.training.mask_output.samples import real_faces, synthetic_faces
from maskmesh.training.mask_output.settings import TrainMaskSettings
from maskmesh.training.mask_output.stored import MaskOutput, save_mask_output
from maskmesh.training.preparation import Workplace, training_faces
from maskmesh.training.runs import float_model, load_run


def train_mask(settings: TrainMaskSettings, console: Console) -> None:
    """Fit the mask output anew and tell how often it is right, before and after.

    With a half left out, all is judged on that half's faces, and nothing is written; else on the
    faces that it was fitted on.

    Raises:
        NotFoundError: The run, the data or a file of boxes is missing.
        InvalidInputError: The data are not those of the run.
    """
    limit_threads(settings.threads)
    run = load_run(settings.run)
    split = run.data["splits"]["train"]
    faces = load_splits(settings.data or default_data(), [split])[split]
    if faces.sha256 != run.data["sha256"][split]:
        raise InvalidInputError(
            f"{settings.run} was trained on other faces: give those with --data"
        )
    recipe = run.recipe.model_copy(update={"teacher": "", "soft_labels": ""})
    prepared = training_faces(recipe, faces, Workplace(settings.cache, settings.threads))
    synthetic = synthetic_faces(prepared, settings.synthetic, settings.seed)
    photos = photos_with_faces(settings.references)
    half = settings.without_half
    known = real_faces([photo for photo in photos if photo.half != half])
    judged = known if half is None else real_faces([p for p in photos if p.half == half])
    model = float_model(run)
    before = judge_mask(model, judged)
    refit(model, (known, synthetic))
    where = "fitted on" if half is None else "left out"
    console.print(_table(before, judge_mask(model, judged), f"{len(judged)} faces, {where}"))
    if half is None:
        told = MaskOutput(len(known), len(synthetic))
        console.print(f"written: {save_mask_output(model, run.weights, told)}")


def _table(before: Right, after: Right, title: str) -> Table:
    table = Table("", "masked", "bare", "all", title=f"told rightly on photos: {title}")
    for name, right in (("as trained", before), ("fitted anew", after)):
        table.add_row(name, *(f"{share:.1%}" for share in (right.masked, right.bare, right.total)))
    return table
