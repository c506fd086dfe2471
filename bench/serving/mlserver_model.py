"""MLServer's runtime for the model; run by MLServer, in the environment that has it."""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Expression(MLModel):
    """Runs the ONNX file with one thread a call, as all servers of the bench do."""

    async def load(self) -> bool:
        """Load the file that the settings name."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(
            self.settings.parameters.uri, options, providers=["CPUExecutionProvider"]
        )
        return True

    async def predict(self, payload) -> InferenceResponse:
        """Answer with both outputs."""
        faces = NumpyCodec.decode_input(payload.inputs[0]).astype(np.uint8, copy=False)
        names = ("probabilities", "mask")
        found = self._session.run(names, {"faces": faces})
        outputs = [NumpyCodec.encode_output(*pair) for pair in zip(names, found, strict=True)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
