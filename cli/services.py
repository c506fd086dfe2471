"""The commands that run services."""

from __future__ import annotations

import signal
import sys
import threading

from pydantic import Field
from pydantic_settings import CliApp

from maskmesh.services.classification.settings import ClassificationSettings
from maskmesh.services.face_location.settings import LocationSettings
from maskmesh.services.mask_synthesis.settings import SynthesisSettings
from maskmesh.services.runtime.observing.settings import ObservingSettings
from maskmesh.services.runtime.processes import DEFAULT_PORT, LocalMesh
from maskmesh.services.runtime.run import run_server
from maskmesh.services.runtime.security.binding import check_binding
from maskmesh.services.runtime.security.settings import SecuritySettings
from maskmesh.services.runtime.security.tls import server_credentials

# Packages that only one service needs are imported by that service's command.
# ruff: noqa: PLC0415


class ServeLocation(LocationSettings):
    """Run the face location service."""

    def cli_cmd(self) -> None:
        """Serve until SIGTERM."""
        from maskmesh.services.face_location.servicer import build

        run_server(self, lambda: build(self))


class ServeSynthesis(SynthesisSettings):
    """Run the mask synthesis service."""

    def cli_cmd(self) -> None:
        """Serve until SIGTERM."""
        from maskmesh.services.mask_synthesis.servicer import build

        run_server(self, lambda: build(self))


class ServeClassification(ClassificationSettings):
    """Run the expression classification service."""

    def cli_cmd(self) -> None:
        """Serve until SIGTERM."""
        from maskmesh.services.classification.servicer import build

        run_server(self, lambda: build(self))


class _Handed(SecuritySettings):
    """What `up` hands on to all three services as it is."""

    metrics_host: str = "127.0.0.1"
    traces_to: str | None = None


class Up(ObservingSettings, SecuritySettings, section="up"):
    """Run all three services on this machine until Ctrl-C or SIGTERM."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(
        DEFAULT_PORT,
        ge=0,
        le=65533,
        description="port of location; the other two take the ports after it; 0: free ones",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65533,
        description="port of location's metrics; those of the other two are at the ports after "
        "it; 0: there are none",
    )

    def cli_cmd(self) -> None:
        """Start the services as child processes and wait."""
        stop = threading.Event()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_number, lambda *_: stop.set())
        # Said here and not by three processes at once.
        tls = server_credentials(self) is not None
        check_binding(self.host, tls, self.insecure_plaintext)
        flags = CliApp.serialize(_Handed(**self.model_dump(include=set(_Handed.model_fields))))
        with LocalMesh(self.host, self.port, flags=flags, metrics_port=self.metrics_port) as mesh:
            for name in ("location", "synthesis", "classification"):
                sys.stdout.write(f"{name:<16}{getattr(mesh.addresses, name)}\n")
            sys.stdout.write("ready, Ctrl-C stops\n")
            sys.stdout.flush()
            while not stop.wait(0.5):
                mesh.check()
