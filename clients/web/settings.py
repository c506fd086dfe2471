"""Settings of `maskmesh web`."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from pydantic import Field

from maskmesh.clients.mesh.settings import LineSettings
from maskmesh.clients.web.gateway import Doors
from maskmesh.clients.web.origins import normal_origin
from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.security.binding import is_loopback


class WebSettings(LineSettings, section="web"):
    """Serve the page: a browser's camera in, boxes, expressions and plots out."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    mesh: str | None = Field(
        None, description="HOST:PORT of a running mesh; default: start one for this run"
    )
    allow_origin: list[str] = Field(
        [],
        description="a foreign page that may connect, or the name by which a proxy shows this one, "
        "e.g. https://faces.example; repeated for several",
    )
    https_cert: Path | None = Field(None, description="certificate chain of the page, PEM")
    https_key: Path | None = Field(None, description="its private key, PEM")
    insecure_plaintext: bool = Field(
        False,
        description="listen beyond this machine without HTTPS: faces can be seen on the way, and "
        "browsers there give the camera only through a proxy that speaks HTTPS",
    )
    max_connections: int = Field(
        48, ge=1, le=10_000, description="browsers that may be connected; more are refused"
    )
    max_frame_bytes: int = Field(
        2 * 1024 * 1024,
        ge=64 * 1024,
        le=16 * 1024 * 1024,
        description="size of a frame as JPEG, at most",
    )
    frames_at_once: int = Field(
        max(2, os.cpu_count() or 2),
        ge=1,
        le=256,
        description="frames that are analysed at once; default: as many as there are cores",
    )
    log_file: Path | None = Field(
        None, description="where a mesh of our own logs; default: a temporary file"
    )

    @property
    def doors(self) -> Doors:
        """Who is let in.

        Raises:
            InvalidInputError: An origin is none.
        """
        origins = frozenset(map(normal_origin, self.allow_origin))
        return Doors(origins, is_loopback(self.host), self.max_connections)

    def https(self) -> ssl.SSLContext | None:
        """Return what the page is served with; None: plain HTTP.

        Raises:
            SetupError: The files cannot be used, or others could listen in.
        """
        if self.https_cert is None and self.https_key is None:
            self._check_plain()
            return None
        if self.https_cert is None or self.https_key is None:
            raise SetupError("HTTPS needs a certificate and its key: set --https-cert, --https-key")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.https_cert, self.https_key, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise SetupError(
                f"{self.https_cert} and {self.https_key} cannot be used ({error}): they must be "
                "PEM, readable, without a password, and belong together"
            ) from error
        return context

    def _check_plain(self) -> None:
        if is_loopback(self.host) or self.insecure_plaintext:
            return
        raise SetupError(
            f"{self.host} can be reached from other machines, and without HTTPS anybody on the way "
            "could see the faces: set --https-cert and --https-key, or say --insecure-plaintext "
            "where a proxy speaks HTTPS"
        )


def _no_password() -> str:
    # Without this, OpenSSL would ask at the terminal.
    raise ValueError("the key is protected by a password")
