"""What a face expresses: ONNX Runtime over the artifact that `maskmesh.training` makes."""
