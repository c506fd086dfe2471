"""How a client trusts a mesh, and is trusted by it: TLS, client certificates, keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import grpc.aio

from maskmesh.services.runtime.errors import InvalidInputError, SetupError
from maskmesh.services.runtime.security.binding import is_loopback

Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Security:
    """What a channel to a service is opened with.

    Attributes:
        tls: Whether the line is TLS; implied by `ca` and `cert`.
        ca: Authorities that the service's certificate is held against, PEM; None: the system's.
        cert: Our own certificate chain, PEM, for services that want one; needs `key`.
        key: Its private key, PEM.
        token: The key that the service knows us by; never sent in plain text over a network.
        open_health: Whether the service's health checks need no key, as is its default. False:
            copies of it are not watched, since gRPC's own watch sends none.
    """

    tls: bool = False
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    token: str | None = field(default=None, repr=False)
    open_health: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the line is plain text."""
        return not (self.tls or self.ca or self.cert or self.key)

    def open(self, target: str, options: Options) -> grpc.Channel:
        """Open a channel that sends the key with every call.

        Args:
            target: host:port of the service, or a target of gRPC, e.g. "dns:///name:port".
            options: Options of gRPC.

        Raises:
            InvalidInputError: The settings do not fit together, or a key would go over a network
                in plain text.
            SetupError: A file cannot be read.
        """
        credentials = self._credentials_for(target)
        if credentials is None:
            channel = grpc.insecure_channel(target, options)
        else:
            channel = grpc.secure_channel(target, credentials, options)
        if self.token is None:
            return channel
        return grpc.intercept_channel(channel, _WithKey(self.metadata))

    def open_async(self, target: str, options: Options) -> grpc.aio.Channel:
        """Open a channel of asyncio, whose calls are to be made with `metadata`; see `open`."""
        credentials = self._credentials_for(target)
        if credentials is None:
            return grpc.aio.insecure_channel(target, options)
        return grpc.aio.secure_channel(target, credentials, options)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What calls carry for the service to know us by."""
        return () if self.token is None else (("authorization", f"Bearer {self.token}"),)

    def _credentials_for(self, target: str) -> grpc.ChannelCredentials | None:
        if not self.is_plain:
            return self._credentials()
        if self.token is not None and not stays_on_machine(target):
            raise InvalidInputError(
                f"the key would go to {target} in plain text, for anybody on the way to "
                "read: use TLS (--tls or --tls-ca)"
            )
        return None

    def _credentials(self) -> grpc.ChannelCredentials:
        if (self.cert is None) != (self.key is None):
            raise InvalidInputError(
                "a client certificate needs its key: give both --tls-cert and --tls-key"
            )
        return grpc.ssl_channel_credentials(
            _content(self.ca), _content(self.key), _content(self.cert)
        )


PLAIN = Security()


def stays_on_machine(target: str) -> bool:
    """Return whether all that goes to a target of gRPC stays on this machine."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    _, _, addresses = target.rpartition("/")
    for scheme in ("dns:", "ipv4:", "ipv6:"):
        addresses = addresses.removeprefix(scheme)
    return all(is_loopback(address.rpartition(":")[0]) for address in addresses.split(","))


def read_token(file: Path) -> str:
    """Return the key that a file holds in its only line.

    Raises:
        SetupError: The file cannot be read, or holds something else.
    """
    words = (_content(file) or b"").split()
    if len(words) != 1:
        raise SetupError(f"{file} must hold one key and nothing else")
    try:
        return words[0].decode("ascii")
    except UnicodeDecodeError as error:
        raise SetupError(f"the key in {file} has characters beyond ASCII") from error


class _Details(NamedTuple):
    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...]
    credentials: grpc.CallCredentials | None
    wait_for_ready: bool | None
    compression: grpc.Compression | None


class _WithKey(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Sends a key with every call."""

    def __init__(self, metadata: tuple[tuple[str, str], ...]) -> None:
        self._metadata = metadata

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        return continuation(self._with_key(client_call_details), request)

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        return continuation(self._with_key(client_call_details), request_iterator)

    def _with_key(self, details: Any) -> _Details:
        return _Details(
            details.method,
            details.timeout,
            (*(details.metadata or ()), *self._metadata),
            details.credentials,
            details.wait_for_ready,
            details.compression,
        )


def _content(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise SetupError(f"{file} cannot be read: {error.strerror}") from error
