"""Whether an address may be listened on: pictures of faces do not cross a network in plain text."""

from __future__ import annotations

import ipaddress

from maskmesh.services.runtime.errors import SetupError


def is_loopback(host: str) -> bool:
    """Return whether a host, a name or an address, is this machine and nothing else."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def check_binding(host: str, tls: bool, insecure_plaintext: bool) -> None:
    """Return if a service may listen on a host.

    Raises:
        SetupError: Others could reach it there, it has no TLS, and nobody said that this is meant.
    """
    if tls or insecure_plaintext or is_loopback(host):
        return
    raise SetupError(
        f"{host} can be reached from other machines, and without TLS anybody on the way could see "
        "the faces: set --tls-cert and --tls-key, or say --insecure-plaintext where the network "
        "itself is protected"
    )
