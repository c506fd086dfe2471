"""The Open Inference Protocol, generated from the proto beside this file."""
