"""Who may do what: tokens with a role, kept in a file as hashes only.

A token is 256 random bits, so a plain SHA-256 of it tells nothing; it is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from citybrain.errors import InputError
from citybrain.operations.actions import Principal, Role

log = logging.getLogger("citybrain")
_LOOK_S = 1.0
_LONGEST = 200
_PREFIX = "cb_"


class StoredToken(BaseModel):
    """A token as it is kept. ``expires`` is wall-clock time, UTC, or None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: Role
    sha256: str
    created: str
    expires: str | None = None


_FILE = TypeAdapter(tuple[StoredToken, ...])


def read_tokens(path: Path) -> tuple[StoredToken, ...]:
    """Read a token file; none where there is no file.

    Raises
    ------
    InputError
        If it is not a token file, or others than its owner may write to it.
    """
    try:
        text = path.read_bytes()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ()
    if mode & 0o022:
        raise InputError(f"{path}: others may write to it (mode {mode & 0o777:o}); chmod 600 it")
    try:
        return _FILE.validate_json(text)
    except ValidationError as error:
        raise InputError(
            f"{path}: not a token file ({error.errors()[0]['msg']}); make one with `citybrain token new`"
        ) from None


def write_tokens(path: Path, tokens: tuple[StoredToken, ...]) -> None:
    """Replace a token file at once; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tokens-")  # mode 600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump([token.model_dump() for token in tokens], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def new_token(path: Path, *, name: str, role: Role, days: float | None = None) -> str:
    """Add a token to a file and return it; it cannot be read again.

    Raises
    ------
    InputError
        If the name is empty, or has a token.
    """
    if not name.strip():
        raise InputError(f"the name {name!r} says nobody, and the audit must say who; give the person's name")
    tokens = read_tokens(path)
    if any(token.name == name for token in tokens):
        raise InputError(f"{path}: {name!r} has a token; withdraw it first: citybrain token withdraw {name}")
    secret = _PREFIX + secrets.token_urlsafe(32)
    now = time.time()
    stored = StoredToken(
        name=name,
        role=role,
        sha256=_hash(secret),
        created=_utc(now),
        expires=None if days is None else _utc(now + days * 86400),
    )
    write_tokens(path, (*tokens, stored))
    return secret


def withdraw_token(path: Path, name: str) -> None:
    """Take a token back; a running room takes note within a second."""
    tokens = read_tokens(path)
    kept = tuple(token for token in tokens if token.name != name)
    if len(kept) == len(tokens):
        raise InputError(f"{path}: {name!r} has no token ({', '.join(t.name for t in tokens) or 'nobody'} has)")
    write_tokens(path, kept)


class Access:
    """Answers who a token belongs to.

    Parameters
    ----------
    path : Path, optional
        Token file, looked at again when it changes; nobody has a token where not given.
    open_viewing : bool
        Without a token one may look (on localhost).
    """

    def __init__(self, path: Path | None, *, open_viewing: bool) -> None:
        self.path, self.open_viewing = path, open_viewing
        self._tokens: tuple[StoredToken, ...] = ()
        self._stamp: tuple[int, int] | None = None
        self._looked_s = -_LOOK_S
        self._lock = Lock()
        self._refresh()

    @property
    def has_tokens(self) -> bool:
        """Whether anybody has one."""
        return bool(self._tokens)

    def principal(self, token: str | None) -> Principal | None:
        """Return whom a token belongs to; an anonymous viewer, or None, where it belongs to nobody."""
        if token is None:
            return Principal(name="anonymous", role="viewer") if self.open_viewing else None
        self._refresh()
        if len(token) > _LONGEST:
            return None
        given, found = _hash(token), None
        for stored in self._tokens:  # all of them, so that the time tells nothing
            if hmac.compare_digest(stored.sha256, given) and not _is_over(stored):
                found = Principal(name=stored.name, role=stored.role)
        return found

    def _refresh(self) -> None:
        if self.path is None or time.monotonic() - self._looked_s < _LOOK_S:
            return
        with self._lock:
            self._looked_s = time.monotonic()
            try:
                stat = self.path.stat()
                stamp: tuple[int, int] | None = (stat.st_mtime_ns, stat.st_ino)
            except OSError:
                stamp = None
            if stamp != self._stamp:
                try:
                    self._tokens = read_tokens(self.path)
                except InputError as error:
                    log.warning("%s; nobody is let in until that is mended", error)
                    self._tokens = ()
                self._stamp = stamp


def _is_over(token: StoredToken) -> bool:
    return token.expires is not None and _utc(time.time()) >= token.expires


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
