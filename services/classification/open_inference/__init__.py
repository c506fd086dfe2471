"""The Open Inference Protocol (KServe V2) with Triton's extensions, over the same classifier."""
