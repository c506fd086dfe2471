"""Settings of the commands that work with a mesh."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.clients.mesh.security import Security, read_token
from maskmesh.services.runtime.settings import CommandSettings


class LineSettings(CommandSettings):
    """How the line to a mesh is protected and traced."""

    tls: bool = Field(
        False, description="the running mesh speaks TLS, with a certificate that the system trusts"
    )
    tls_ca: Path | None = Field(
        None, description="it speaks TLS, with a certificate of this authority, PEM"
    )
    tls_cert: Path | None = Field(None, description="our certificate, where it wants one, PEM")
    tls_key: Path | None = Field(None, description="our certificate's private key, PEM")
    token_file: Path | None = Field(
        None, description="file with the key that it knows us by, and nothing else"
    )
    open_health: bool = Field(
        True, description="its health checks need no key; --no-open-health: they do"
    )
    traces_to: str | None = Field(
        None,
        description="where an OpenTelemetry collector takes traces, e.g. http://127.0.0.1:4317; "
        "default: nothing is traced",
    )

    @property
    def security(self) -> Security:
        """What channels to the mesh are opened with.

        Raises:
            SetupError: The key's file cannot be read.
        """
        token = read_token(self.token_file) if self.token_file else None
        return Security(self.tls, self.tls_ca, self.tls_cert, self.tls_key, token, self.open_health)
