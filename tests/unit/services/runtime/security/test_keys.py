from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import pytest

from maskmesh.services.runtime.errors import AccessError, SetupError
from maskmesh.services.runtime.security import keys as module
from maskmesh.services.runtime.security.keys import Keys, read_keys

SECRET, OTHER = "correct-horse-battery", "staple-of-another-kind"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    digest = hashlib.sha256(OTHER.encode()).hexdigest()
    path.write_text(f"# who may call\n\ncamera {SECRET}\nnightly sha256:{digest}  # the batch\n")
    return path


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ((("authorization", f"Bearer {SECRET}"),), "camera"),
        ((("authorization", f"bearer {OTHER}"),), "nightly"),
        ((("user-agent", "x"), ("x-api-key", OTHER)), "nightly"),
        ((("x-api-key", OTHER.encode()),), "nightly"),
    ],
)
def test_a_key_names_its_caller(file: Path, metadata, name: str) -> None:
    assert Keys(file).caller(metadata) == name


@pytest.mark.parametrize(
    "metadata", [None, (), (("authorization", "Basic abc"),), (("authorization", SECRET),)]
)
def test_no_key_is_refused_and_told_what_to_send(file: Path, metadata) -> None:
    with pytest.raises(AccessError, match="authorization: Bearer KEY"):
        Keys(file).caller(metadata)


@pytest.mark.parametrize("shown", ["", "x", SECRET + "x", SECRET[:-1], "ümlaut"])
def test_an_unknown_key_is_refused_without_being_told(file: Path, shown: str) -> None:
    with pytest.raises(AccessError, match="does not know the key") as caught:
        Keys(file).caller((("x-api-key", shown),))
    assert SECRET not in str(caught.value)


def test_every_key_is_compared_in_constant_time(file: Path, monkeypatch) -> None:
    compared = []

    def compare(one: bytes, two: bytes) -> bool:
        compared.append((len(one), len(two)))
        return hmac.compare_digest(one, two)

    class Watched:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(module, "hmac", Watched)
    assert Keys(file).caller((("x-api-key", SECRET),)) == "camera"
    assert compared == [(32, 32), (32, 32)]


def test_a_changed_file_is_taken_up_and_a_broken_one_is_not(file: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.0)
    keys = Keys(file)
    file.write_text("camera a-key-that-is-new-now\n")
    os.utime(file, ns=(1, 1))
    assert keys.caller((("x-api-key", "a-key-that-is-new-now"),)) == "camera"
    with pytest.raises(AccessError):
        keys.caller((("x-api-key", SECRET),))
    file.write_text("broken\n")
    os.utime(file, ns=(2, 2))
    assert keys.caller((("x-api-key", "a-key-that-is-new-now"),)) == "camera"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no key"),
        ("# only words\n", "holds no key"),
        ("camera\n", "line 1: write"),
        (f"a {SECRET}\na {OTHER}\n", "line 2: write"),
        ("a short\n", "line 1: .* can be guessed"),
        ("a sha256:zz\n", "line 1: .* 64 hexadecimal digits"),
        ("a sha256:" + "ab" * 31, "line 1: .* 64 hexadecimal digits"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(SetupError, match=problem) as caught:
        read_keys(file)
    assert SECRET not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        read_keys(tmp_path / "none")
