"""The commands that make and judge models."""

from __future__ import annotations

from maskmesh.training.evaluation.explain_settings import ExplainSettings, run_explain
from maskmesh.training.evaluation.settings import EvaluateSettings, run_evaluate
from maskmesh.training.export_settings import ExportSettings, run_export
from maskmesh.training.location.settings import TrainLocationSettings, run_train_location
from maskmesh.training.mask_output.settings import TrainMaskSettings, run_train_mask
from maskmesh.training.settings import TrainSettings, run_train


class Train(TrainSettings):
    """Train the expression model on masked faces."""

    def cli_cmd(self) -> None:
        """Train."""
        run_train(self)


class Evaluate(EvaluateSettings):
    """Judge a model on labelled faces."""

    def cli_cmd(self) -> None:
        """Evaluate."""
        run_evaluate(self)


class Explain(ExplainSettings):
    """Draw where a run's network looks."""

    def cli_cmd(self) -> None:
        """Explain."""
        run_explain(self)


class Export(ExportSettings):
    """Make the ONNX artifact of a training run."""

    def cli_cmd(self) -> None:
        """Export."""
        run_export(self)


class TrainLocation(TrainLocationSettings):
    """Train what finds faces."""

    def cli_cmd(self) -> None:
        """Train."""
        run_train_location(self)


class TrainMask(TrainMaskSettings):
    """Fit the mask output of a finished run anew, on photos of real masks too."""

    def cli_cmd(self) -> None:
        """Fit."""
        run_train_mask(self)
