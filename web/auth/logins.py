"""Logins: a signed token (JWT, HS256) that ends by itself, by a logout, or with its user.

The key lives in the run's directory, so that a restart of the page logs nobody out, and what was
logged out is kept there until it would have ended anyway, so that a restart brings nothing back.
What a user may do is looked up at each request and never read from the token. A new password ends
the logins made with the old one: the token carries a mark of the hash it was given for.
"""

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

from protocol.web_settings import WebSettings
from web.api.endpoint import Person, Role
from web.auth.passwords import hash_of, matches
from web.auth.users import User, Users

ALGORITHM = "HS256"
KEY_BYTES = 32
KEY_FILE, ENDED_FILE = "web.key", "web-logouts.json"
ENDED_MAX = 10_000
LOCAL = Person("local", Role.OPERATOR)  # Without users everybody here is operator, as ever.
STRANGER = Person("", Role.ANYBODY)


class Logins:
    """Gives tokens and recognises them; asked from several threads."""

    def __init__(
        self, settings: WebSettings, run_dir: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self.users = Users(settings)
        self.clock = clock  # Seconds since 1970.
        self._life_s = settings.login_hours * 3600
        self._dir = run_dir / "data"
        self._lock = Lock()
        self._key = b""
        self._ended: dict[str, int] | None = None  # Id of a token: when it would have ended.
        self._nobody = ""

    @property
    def required(self) -> bool:
        """Whether somebody has to log in to see anything."""
        return bool(self.users.all())

    def person(self, token: str) -> Person:
        """Return who shows a token; a stranger where it is none of ours, or has ended."""
        if not self.required:
            return LOCAL
        claims = self._claims(token) if token else None
        if claims is None:
            return STRANGER
        user = self.users.all().get(str(claims["sub"]))
        if user is None or not hmac.compare_digest(str(claims["mark"]), _mark(user)):
            return STRANGER
        return Person(user.name, user.role)

    def log_in(self, name: str, password: str) -> tuple[Person, str] | None:
        """Return a person and his token, None if name and password are not a user's.

        A name that nobody has costs as much time as one that somebody has.
        """
        user = self.users.all().get(name)
        if user is None:
            matches(password, self._hash_of_nobody())
            return None
        if not _is_right(user, password):
            return None
        now_s = int(self.clock())
        claims = {"sub": user.name, "iat": now_s, "exp": now_s + self._life_s,
                  "jti": secrets.token_hex(16), "mark": _mark(user)}  # fmt: skip
        return Person(user.name, user.role), _jwt().encode(claims, self._own_key(), ALGORITHM)

    def log_out(self, token: str) -> None:
        """End a token before its time; one that is none of ours changes nothing."""
        claims = self._claims(token) if token else None
        if claims is None:
            return
        now_s = int(self.clock())
        with self._lock:
            ended = {id: exp for id, exp in self._known_ended().items() if exp > now_s}
            ended[str(claims["jti"])] = int(claims["exp"])
            while len(ended) > ENDED_MAX:
                del ended[min(ended, key=ended.__getitem__)]
            self._ended = ended
            _replace(self._dir / ENDED_FILE, json.dumps(ended).encode())

    @property
    def life_s(self) -> int:
        """How long a token lives."""
        return self._life_s

    def _claims(self, token: str) -> dict[str, Any] | None:
        jwt = _jwt()
        wanted = ["sub", "iat", "exp", "jti", "mark"]
        # The library knows only the clock of this machine: the end is looked at here.
        options = {"require": wanted, "verify_exp": False, "verify_iat": False}
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._own_key(), algorithms=[ALGORITHM], options=options
            )
        except jwt.InvalidTokenError:
            return None
        if not isinstance(claims["exp"], int) or claims["exp"] <= self.clock():
            return None
        with self._lock:
            return None if claims["jti"] in self._known_ended() else claims

    def _known_ended(self) -> dict[str, int]:
        if self._ended is None:
            try:
                found = json.loads((self._dir / ENDED_FILE).read_bytes())
                self._ended = {str(id): int(exp) for id, exp in found.items()}
            except FileNotFoundError:
                self._ended = {}
        return self._ended

    def _own_key(self) -> bytes:
        with self._lock:
            path = self._dir / KEY_FILE
            if not self._key and path.exists():
                self._key = path.read_bytes()
            if len(self._key) != KEY_BYTES:
                self._key = secrets.token_bytes(KEY_BYTES)
                _replace(path, self._key)
            return self._key

    def _hash_of_nobody(self) -> str:
        if not self._nobody:
            self._nobody = hash_of(secrets.token_hex(16))
        return self._nobody


def _jwt() -> ModuleType:
    import jwt  # It brings a library of ciphers along: only for who has users.

    return jwt


def _is_right(user: User, password: str) -> bool:
    if user.plain:
        return hmac.compare_digest(user.plain.encode(), password.encode())
    return matches(password, user.hashed)


def _mark(user: User) -> str:
    return hashlib.sha256(f"{user.name}\n{user.hashed}\n{user.plain}".encode()).hexdigest()[:32]


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f"{path.name}.tmp")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
