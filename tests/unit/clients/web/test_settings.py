"""Where the page is served, and how its line is protected."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from maskmesh.clients.web.settings import WebSettings
from maskmesh.services.runtime.errors import InvalidInputError, SetupError


def test_the_page_is_for_this_machine_unless_said_otherwise() -> None:
    settings = WebSettings()
    assert settings.host == "127.0.0.1"
    assert settings.doors.only_loopback
    assert settings.https() is None


def test_other_machines_need_https_or_a_word() -> None:
    with pytest.raises(SetupError, match="--https-cert"):
        WebSettings(host="0.0.0.0").https()
    settings = WebSettings(host="0.0.0.0", insecure_plaintext=True)
    assert settings.https() is None
    assert not settings.doors.only_loopback


def test_https(tmp_path: Path) -> None:
    cert = trustme.CA().issue_cert("localhost")
    files = {"https_cert": tmp_path / "cert.pem", "https_key": tmp_path / "key.pem"}
    cert.cert_chain_pems[0].write_to_path(files["https_cert"])
    cert.private_key_pem.write_to_path(files["https_key"])
    assert WebSettings(host="0.0.0.0", **files).https() is not None
    with pytest.raises(SetupError, match="needs a certificate and its key"):
        WebSettings(https_cert=files["https_cert"]).https()
    files["https_key"].write_text("no key")
    with pytest.raises(SetupError, match="cannot be used"):
        WebSettings(**files).https()


def test_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKMESH_WEB_ALLOW_ORIGIN", "https://a.example, https://b.example:443")
    assert WebSettings().doors.allowed_origins == {"https://a.example", "https://b.example"}
    with pytest.raises(InvalidInputError, match="no origin"):
        _ = WebSettings(allow_origin=["faces"]).doors
