"""Triton's Python model; run by Triton, in the environment that has it."""

# mypy: ignore-errors

from __future__ import annotations

import json

import onnxruntime as ort
import triton_python_backend_utils as triton


class TritonPythonModel:
    """Runs the ONNX file with one thread a call, as all servers of the bench do."""

    def initialize(self, args) -> None:
        """Load the file that the configuration names."""
        config = json.loads(args["model_config"])
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(
            config["parameters"]["file"]["string_value"],
            options,
            providers=["CPUExecutionProvider"],
        )

    def execute(self, requests) -> list:
        """Answer with both outputs, each request by itself."""
        answers = []
        for request in requests:
            faces = triton.get_input_tensor_by_name(request, "faces").as_numpy()
            names = ("probabilities", "mask")
            found = self._session.run(names, {"faces": faces})
            tensors = [triton.Tensor(*pair) for pair in zip(names, found, strict=True)]
            answers.append(triton.InferenceResponse(tensors))
        return answers
