from __future__ import annotations

import pytest

from maskmesh.services.runtime.errors import SetupError
from maskmesh.services.runtime.security.binding import check_binding, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_loopback_needs_nothing(host: str) -> None:
    assert is_loopback(host)
    check_binding(host, tls=False, insecure_plaintext=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "::", "10.0.0.5", "mesh.example", ""])
def test_elsewhere_needs_tls_or_a_word(host: str) -> None:
    with pytest.raises(SetupError, match=r"--tls-cert .* --insecure-plaintext"):
        check_binding(host, tls=False, insecure_plaintext=False)
    check_binding(host, tls=True, insecure_plaintext=False)
    check_binding(host, tls=False, insecure_plaintext=True)
