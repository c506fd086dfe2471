"""The commands that use a mesh."""

from __future__ import annotations

from maskmesh.clients.annotate.annotate import AnnotateSettings, run_annotate
from maskmesh.clients.demo.demo import DemoSettings, run_demo
from maskmesh.clients.streaming.stream import StreamSettings, run_stream
from maskmesh.clients.synthesize.run import run_synthesize
from maskmesh.clients.synthesize.settings import SynthesizeSettings


class Stream(StreamSettings):
    """Annotate a camera, clip, network stream or folder of pictures, frame by frame."""

    def cli_cmd(self) -> None:
        """Stream."""
        run_stream(self)


class Annotate(AnnotateSettings):
    """Annotate independent pictures."""

    def cli_cmd(self) -> None:
        """Annotate."""
        run_annotate(self)


class Synthesize(SynthesizeSettings):
    """Put masks on all faces of a data set."""

    def cli_cmd(self) -> None:
        """Synthesize."""
        run_synthesize(self)


class Demo(DemoSettings):
    """Boot the mesh, annotate a clip of real faces, and say where the results lie."""

    def cli_cmd(self) -> None:
        """Show."""
        run_demo(self)
