"""Tells what a face expresses while it wears a mask, live: a mesh of gRPC services around ONNX."""

from importlib.metadata import version

__version__ = version("maskmesh")
