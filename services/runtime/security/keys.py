"""The keys that clients show: bearer tokens or API keys, from a file."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from maskmesh.services.runtime.errors import AccessError, SetupError
from maskmesh.services.runtime.logging import get_logger

_log = get_logger("keys")

_BEARER = "bearer "
_HASHED = "sha256:"
_LOOK_EVERY_S = 1.0
_SHORTEST = 16

Metadata = Iterable[tuple[str, str | bytes]]


class Keys:
    """The keys of a file; a changed file is read again within a second.

    Only digests are kept. Every known digest is compared, in constant time, so that the time of an
    answer tells nothing about the keys.

    Args:
        file: Lines of `NAME SECRET` or `NAME sha256:HEX`; empty ones and those from # are skipped.

    Raises:
        SetupError: The file cannot be read, or a line is none of these.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looking = threading.Lock()
        self._look_at = 0.0
        self._changed_ns = self._change()
        self._digests = read_keys(file)

    def caller(self, metadata: Metadata | None) -> str:
        """Return the name that belongs to the key in a call's metadata.

        Args:
            metadata: Holds `authorization: Bearer KEY` or `x-api-key: KEY`.

        Raises:
            AccessError: There is no key, or not one of the file.
        """
        shown = _shown_key(metadata or ())
        if shown is None:
            raise AccessError(
                "this service needs a key: send `authorization: Bearer KEY` or `x-api-key: KEY`; "
                "maskmesh's commands take --token-file"
            )
        self._look_again()
        digest = hashlib.sha256(shown).digest()
        found = None
        for name, known in self._digests.items():
            if hmac.compare_digest(digest, known):
                found = name
        if found is None:
            raise AccessError(
                "this service does not know the key that was sent: ask its operator for one"
            )
        return found

    def _look_again(self) -> None:
        now = time.monotonic()
        if now < self._look_at or not self._looking.acquire(blocking=False):
            return
        try:
            self._look_at = now + _LOOK_EVERY_S
            changed_ns = self._change()
            if changed_ns == self._changed_ns:
                return
            self._changed_ns = changed_ns
            self._digests = read_keys(self._file)
            _log.info("keys taken up", count=len(self._digests))
        except SetupError as error:
            _log.error("keys refused, those before stay", why=str(error))
        finally:
            self._looking.release()

    def _change(self) -> int:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0


def read_keys(file: Path) -> dict[str, bytes]:
    """Return the SHA-256 digests of a file's keys, by name.

    Raises:
        SetupError: The file cannot be read, has no key, or a line is not one.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"the keys in {file} cannot be read: {error}") from error
    digests: dict[str, bytes] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        # Neither the line nor a part of it is told: it may be a secret.
        if len(words) != 2 or words[0] in digests:
            raise SetupError(
                f"{file}, line {number}: write `NAME SECRET` or `NAME sha256:HEX`, each name once"
            )
        digests[words[0]] = _digest(words[1], f"{file}, line {number}")
    if not digests:
        raise SetupError(f"{file} holds no key: write lines of `NAME SECRET`")
    return digests


def _digest(word: str, where: str) -> bytes:
    if word.startswith(_HASHED):
        try:
            digest = bytes.fromhex(word.removeprefix(_HASHED))
        except ValueError:
            digest = b""
        if len(digest) != hashlib.sha256().digest_size:
            raise SetupError(f"{where}: sha256: must be followed by 64 hexadecimal digits")
        return digest
    if len(word) < _SHORTEST:
        raise SetupError(f"{where}: a secret of fewer than {_SHORTEST} characters can be guessed")
    return hashlib.sha256(word.encode()).digest()


def _shown_key(metadata: Metadata) -> bytes | None:
    for name, value in metadata:
        text = value if isinstance(value, str) else value.decode("latin-1")
        if name == "x-api-key":
            return text.encode()
        if name == "authorization" and text[: len(_BEARER)].lower() == _BEARER:
            return text[len(_BEARER) :].strip().encode()
    return None
