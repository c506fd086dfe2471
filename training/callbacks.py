"""State of a run that survives a kill at any moment, and a stop where a loss is no number."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from maskmesh.services.runtime.errors import SetupError
from maskmesh.training.plots import plot_history
from maskmesh.training.saving import whole_file

WEIGHTS = "model.weights.h5"
STATE = "state.json"


class StopAtNan(keras.callbacks.Callback):
    """Ends a run whose loss is no number any more, before such weights are saved."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the loss of the step."""
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise SetupError(
                f"the loss is {loss} after step {batch + 1} of the epoch: lower learning_rate, set "
                'clip_norm, or use dtype_policy = "float32"; the run is kept as it was after the '
                "last whole epoch"
            )


class RunState(keras.callbacks.Callback):
    """Writes all that the next epoch depends on after every epoch, and restores it.

    A state is a folder `checkpoints/epoch-NNNN` with the weights, the optimiser (with the moving
    averages of the weights) in one file and history and plateau state in another. It is renamed
    into place when it is whole, so whatever folder has that name is usable.

    Must be the last callback: it saves what the others have done.
    """

    def __init__(
        self,
        run: Path,
        plateau: keras.callbacks.ReduceLROnPlateau | None,
        best: keras.callbacks.ModelCheckpoint,
    ) -> None:
        super().__init__()
        self._run = run
        self._plateau = plateau
        self._best = best
        self.history: list[dict[str, float]] = []
        self._restored: dict[str, Any] | None = None

    @property
    def best_weights(self) -> Path:
        """Weights of the epoch with the best monitored value."""
        return self._run / f"best.{WEIGHTS}"

    def restore(self, model: keras.Model) -> int:
        """Load the newest whole state into the model; return the number of epochs done."""
        newest = newest_state(self._run)
        if newest is None:
            return 0
        model.load_weights(newest / WEIGHTS)
        self._restored = json.loads((newest / STATE).read_text(encoding="utf-8"))
        self.history = self._restored["history"]
        return len(self.history)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Put the other callbacks back where they were; they reset themselves before."""
        if self._restored is None:
            return
        if self._plateau is not None:
            self._plateau.best = self._restored["plateau"]["best"]
            self._plateau.wait = self._restored["plateau"]["wait"]
            self._plateau.cooldown_counter = self._restored["plateau"]["cooldown_counter"]
        self._best.best = self._restored["best"]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save the state, publish the best weights, and rewrite the log and the plot."""
        row = {"epoch": epoch + 1, **{key: float(value) for key, value in (logs or {}).items()}}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        self.history.append(row)
        # ModelCheckpoint writes in place; renaming keeps readers from seeing half a file.
        staged = Path(self._best.filepath)
        if staged.exists():
            staged.replace(self.best_weights)
        self._save(epoch + 1)
        _write_csv(self.history, self._run / "log.csv")
        plot_history(self.history, self._run / "history.png")

    def _save(self, done: int) -> None:
        checkpoints = self._run / "checkpoints"
        partial = checkpoints / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.model.save_weights(partial / WEIGHTS)
        state: dict[str, Any] = {"history": self.history, "best": _number(self._best.best)}
        if self._plateau is not None:
            state["plateau"] = {
                "best": _number(self._plateau.best),
                "wait": self._plateau.wait,
                "cooldown_counter": self._plateau.cooldown_counter,
            }
        (partial / STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
        partial.rename(checkpoints / f"epoch-{done:04d}")
        for older in sorted(checkpoints.glob("epoch-*"))[:-2]:
            shutil.rmtree(older)


def unwritable(run: Path, error: OSError) -> SetupError:
    """Say that a run cannot be saved, and that what was there still is."""
    return SetupError(
        f"{run} cannot be written to ({error}): free some space and start the same command again; "
        "it goes on from the last whole epoch"
    )


def newest_state(run: Path) -> Path | None:
    """Return the folder of the newest whole state of a run, or None."""
    states = sorted((run / "checkpoints").glob("epoch-*"))
    return states[-1] if states else None


def newest_history(run: Path) -> list[dict[str, float]]:
    """Return the metrics of all epochs done in a run, one row an epoch."""
    newest = newest_state(run)
    if newest is None:
        return []
    history: list[dict[str, float]] = json.loads((newest / STATE).read_text("utf-8"))["history"]
    return history


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _write_csv(history: list[dict[str, float]], file: Path) -> None:
    with whole_file(file) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)


def best_epoch(history: list[dict[str, float]], key: str) -> Mapping[str, float]:
    """Return the row of the history with the highest value of `key`."""
    return max(history, key=lambda row: row[key])
