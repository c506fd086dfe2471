"""Sessions of ONNX Runtime, set up for services that share their cores."""

from __future__ import annotations

from pathlib import Path

import onnxruntime as ort

from maskmesh.services.runtime.errors import SetupError


def load_session(model: Path, advice: str, threads: int = 1) -> ort.InferenceSession:
    """Load a model.

    Args:
        model: An ONNX file.
        advice: What to do where it cannot be loaded, for the error's end.
        threads: Threads that one call may use; more than 1 only where cores are idle.

    Raises:
        SetupError: The file is missing or no ONNX model.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the core from the services beside this one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class of its own per failure
        raise SetupError(
            f"{model} cannot be loaded as an ONNX model ({error}): {advice}"
        ) from error
