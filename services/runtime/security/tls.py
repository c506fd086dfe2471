"""TLS of a server, whose files may be replaced while it runs."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import grpc

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.logging import get_logger
from maskmesh.services.runtime.security.settings import SecuritySettings

_log = get_logger("tls")


class ServerCertificates:
    """The certificate files of a server; gRPC asks with every handshake whether they are new.

    Args:
        cert: Certificate chain, PEM, the server's own first.
        key: Its private key, PEM.
        client_ca: Authorities whose certificates clients must show, PEM; None: they need none.

    Raises:
        SetupError: A file cannot be read, or certificate and key do not fit.
    """

    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        self._files = [cert, key] + ([client_ca] if client_ca else [])
        self._cert, self._key, self._client_ca = cert, key, client_ca
        self._looking = threading.Lock()
        self._seen = self._state()
        self._first = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """Return what a port is opened with."""
        return grpc.dynamic_ssl_server_credentials(
            self._first,
            self.changed,  # type: ignore[arg-type]  # None is part of the contract
            require_client_authentication=self._client_ca is not None,
        )

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the files' content if it is another than last time; None: keep what is used.

        Files that cannot be used are told in the log, once, and what is used stays: certificate
        and key are replaced one after the other, so that they do not fit for a moment.
        """
        with self._looking:
            state = self._state()
            if state == self._seen:
                return None
            self._seen = state
            try:
                configuration = self._read()
            except SetupError as error:
                _log.error("certificate refused, the one before stays", why=str(error))
                return None
        _log.info("certificate taken up", file=str(self._cert))
        return configuration

    def _state(self) -> list[tuple[int, int, int] | None]:
        return [_state_of(file) for file in self._files]

    def _read(self) -> grpc.ServerCertificateConfiguration:
        try:
            # What gRPC refuses shows only as failed handshakes; OpenSSL says what is wrong.
            tried = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tried.load_cert_chain(self._cert, self._key, password=_no_password)
            if self._client_ca is not None:
                tried.load_verify_locations(self._client_ca)
            return grpc.ssl_server_certificate_configuration(
                [(self._key.read_bytes(), self._cert.read_bytes())],
                self._client_ca.read_bytes() if self._client_ca else None,
            )
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = ", ".join(map(str, self._files))
            raise SetupError(
                f"the TLS files {files} cannot be used ({error}): they must be PEM, readable, "
                "without a password, and the key must belong to the certificate"
            ) from error


def server_credentials(settings: SecuritySettings) -> grpc.ServerCredentials | None:
    """Return the credentials that settings ask for; None: plain text.

    Raises:
        SetupError: The settings are not complete, or the files cannot be used.
    """
    cert, key, client_ca = settings.tls_cert, settings.tls_key, settings.tls_client_ca
    if cert is None and key is None and client_ca is None:
        return None
    if cert is None or key is None:
        raise SetupError("TLS needs a certificate and its key: set --tls-cert and --tls-key")
    return ServerCertificates(cert, key, client_ca).credentials()


def _state_of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _no_password() -> str:
    # Without this, OpenSSL would ask at the terminal.
    raise ValueError("the key is protected by a password")
