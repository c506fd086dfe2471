"""Settings of a service's line and of who may call it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from maskmesh.services.runtime.settings import CommandSettings


class SecuritySettings(CommandSettings):
    """How a service protects its line; with none of it, it listens on loopback only."""

    tls_cert: Path | None = Field(
        None,
        description="the service's certificate chain, PEM; read again when the file changes",
    )
    tls_key: Path | None = Field(None, description="the certificate's private key, PEM")
    tls_client_ca: Path | None = Field(
        None,
        description="clients must show a certificate that one of these authorities signed, PEM",
    )
    keys_file: Path | None = Field(
        None,
        description="clients must send one of these keys: lines of `NAME SECRET` or "
        "`NAME sha256:HEX`; read again when the file changes",
    )
    open_health: bool = Field(
        True, description="health checks need no key; --no-open-health: they do"
    )
    insecure_plaintext: bool = Field(
        False,
        description="listen beyond this machine without TLS: pictures of faces and keys can be "
        "read on the way",
    )
