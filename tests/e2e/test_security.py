"""A mesh over TLS that wants keys, and the commands that work with it."""

from __future__ import annotations

import datetime
import json
import signal
import urllib.request
from pathlib import Path

import trustme

from maskmesh.services.runtime.processes import MeshAddresses

KEY = "a-key-for-this-test-only"


def write_certificate(folder: Path) -> tuple[Path, Path, Path]:
    authority = trustme.CA()
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    issued = authority.issue_cert("127.0.0.1", not_after=until)
    ca, cert, key = (folder / name for name in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(ca)
    issued.private_key_pem.write_to_path(key)
    cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    return ca, cert, key


def test_a_mesh_over_tls_with_keys(start, maskmesh, faces: Path, tmp_path: Path) -> None:
    ca, cert, key = write_certificate(tmp_path)
    keys, token = tmp_path / "keys", tmp_path / "token"
    keys.write_text(f"tester {KEY}\n")
    token.write_text(KEY)
    protected = ["--tls-cert", cert, "--tls-key", key, "--keys-file", keys]
    up = start("up", "--port", 50361, "--metrics-port", 50371, *protected)
    lines = [up.stdout.readline() for _ in range(4)]
    assert lines[3].startswith("ready"), lines
    address = MeshAddresses.at("127.0.0.1:50361").location
    annotate = ["annotate", faces / "astronaut.jpg", "--json", "-", "--mesh", address]

    without = maskmesh(*annotate, "--tls-ca", ca)
    assert (without.returncode, "needs a key" in without.stderr) == (1, True), without.stderr
    fine = maskmesh(*annotate, "--tls-ca", ca, "--token-file", token)
    assert fine.returncode == 0, fine.stderr
    assert json.loads(fine.stdout)["faces"]
    masked = tmp_path / "masked"
    line = ["--mesh", address, "--tls-ca", ca, "--token-file", token]
    done = maskmesh("synthesize", faces / "astronaut.jpg", masked, "--workers", 1, *line)
    assert done.returncode == 0, done.stderr
    assert list(masked.rglob("*.png"))

    with urllib.request.urlopen("http://127.0.0.1:50371/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert 'maskmesh_refusals_total{reason="key"} 1.0' in text
    assert 'maskmesh_stage_seconds_count{stage="locate"} 2.0' in text
    up.send_signal(signal.SIGTERM)
    _, errors = up.communicate(timeout=30)
    assert up.returncode == 0
    assert KEY not in errors


def test_a_key_without_a_mesh_is_told(maskmesh, faces: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(KEY)
    line = ["--token-file", tmp_path / "token"]
    picture = faces / "astronaut.jpg"
    for words in (["annotate", picture], ["synthesize", picture, tmp_path / "masked"]):
        refused = maskmesh(*words, *line)
        assert refused.returncode == 1
        assert "--mesh" in refused.stderr
        assert KEY not in refused.stderr


def test_a_service_beyond_loopback_is_refused_in_one_line(maskmesh) -> None:
    for command in (["serve", "location"], ["up"]):
        refused = maskmesh(*command, "--host", "0.0.0.0", "--port", 0)
        assert refused.returncode == 1
        assert "--insecure-plaintext" in refused.stderr
        assert "Traceback" not in refused.stderr
