"""What a run folder says it is a run of, and whether it may go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import structlog

from maskmesh.services.runtime.errors import InvalidInputError
from maskmesh.training.callbacks import newest_history
from maskmesh.training.recipe import Recipe
from maskmesh.training.saving import whole_file

RECIPE_FILE = "recipe.json"
DATA_FILE = "data.json"
SYNTHESIS = "synthesis"
# Fingerprints of earlier versions of the synthesis, each with the last epoch that it served.
EARLIER = "earlier_synthesis"
log = structlog.get_logger(__name__)


def claim(run: Path, recipe: Recipe, data: dict[str, Any], *, new_synthesis: bool = False) -> None:
    """Write what the run is, or check that the folder's earlier run is the same.

    Args:
        run: Folder of the run; made if it is not there.
        recipe: How it is trained. More epochs prolong a run, unless its learning rate follows from
            their number.
        data: Identity of the data, with the fingerprint of the synthesis under "synthesis".
        new_synthesis: Go on although masks are made otherwise than when the run began; that, and
            from which epoch on, is kept in the run's data.json.

    Raises:
        InvalidInputError: The folder belongs to another recipe, other data, or other masks.
    """
    run.mkdir(parents=True, exist_ok=True)
    if not (run / RECIPE_FILE).exists():
        _write(run / DATA_FILE, data)
        _write(run / RECIPE_FILE, recipe.model_dump(mode="json"))
        return
    earlier = _read(run / RECIPE_FILE)
    changed = _changed(earlier, recipe.model_dump(mode="json"))
    if changed == {"epochs"} and recipe.schedule == "plateau":
        changed = set()
    there = _read(run / DATA_FILE)
    changed |= _changed(there, {EARLIER: there.get(EARLIER), **data})
    if changed == {SYNTHESIS} and new_synthesis:
        served = {"until_epoch": len(newest_history(run)), SYNTHESIS: there[SYNTHESIS]}
        log.warning("masks are made otherwise now", run=str(run), **served)
        data = {**data, EARLIER: [*there.get(EARLIER, []), served]}
    elif changed:
        hint = ", or --new-synthesis to go on with other masks" * (changed == {SYNTHESIS})
        raise InvalidInputError(
            f"{run} holds a run with other values of {', '.join(sorted(changed))}: "
            f"give another --run folder, or the same recipe and data to go on with it{hint}"
        )
    else:
        data = there
    _write(run / DATA_FILE, data)
    _write(run / RECIPE_FILE, recipe.model_dump(mode="json"))


def _changed(there: dict[str, Any], wanted: dict[str, Any]) -> set[str]:
    return {key for key in {*there, *wanted} if there.get(key) != wanted.get(key)}


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _write(file: Path, content: dict[str, Any]) -> None:
    with whole_file(file) as partial:
        partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
