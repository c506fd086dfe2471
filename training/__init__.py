"""Dataset, masks, networks, fit, evaluation and export: what produces the ONNX artifact."""
