"""The users of the page: a file that nobody else may read, or one operator from the settings.

The file is looked at again when it changes, so a user can be added, demoted or taken out while the
floor runs. Where there is neither file nor password there are no users, and nobody logs in.
"""

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from protocol.web_settings import WebSettings
from web.api.endpoint import Role
from web.auth.passwords import hash_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", re.ASCII)
FILE_BYTES_MAX = 256 * 1024
OPERATOR = "operator"  # The name of the one whose password stands in the settings.
ROLES = {str(role): role for role in (Role.VIEWER, Role.OPERATOR)}
Stamp = tuple[int, int, int]


class BadUsers(ValueError):
    """The file of users cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in."""

    name: str
    role: Role
    hashed: str = field(repr=False)
    plain: str = field(default="", repr=False)  # Of the settings: there it stands anyway.


class Users:
    """Finds users by name; asked from several threads."""

    def __init__(self, settings: WebSettings) -> None:
        self._path = Path(settings.users_file) if settings.users_file else None
        self._password = settings.password
        self._lock = Lock()
        self._stamp: Stamp | None = None
        self._known: Mapping[str, User] = {}
        self.all()  # A file that cannot be used is refused before anybody is served.

    def all(self) -> Mapping[str, User]:
        """Return the users by name, as the file stands now."""
        with self._lock:
            stamp = None if self._path is None else _stamp(self._path)
            if stamp is None and self._stamp is not None:
                raise BadUsers(f"{self._path} was taken away: nobody can log in until it is back")
            if stamp is not None and stamp != self._stamp and self._path is not None:
                self._known = read_users(self._path)
                self._stamp = stamp
            if self._password and OPERATOR not in self._known:
                own = User(OPERATOR, Role.OPERATOR, "", self._password)
                return {**self._known, OPERATOR: own}
            return self._known


def read_users(path: Path) -> dict[str, User]:
    """Return the users of a file, or refuse it: one that others may read, too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise BadUsers(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_BYTES_MAX:
            raise BadUsers(f"{path} is no file of at most {FILE_BYTES_MAX} bytes")
        if found.st_mode & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            raise BadUsers(f"{path} has mode {mode:o}, wanted 600: chmod 600 {path}")
        if found.st_uid not in (0, os.geteuid()):
            raise BadUsers(f"{path} belongs to user {found.st_uid}, wanted {os.geteuid()}")
        content = file.read()
    try:
        found_users = {str(row["name"]): _user(row) for row in json.loads(content)["users"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadUsers(
            f"{path}: {type(error).__name__}: {error}; wanted what `start.py user add` writes"
        ) from None
    if not found_users:
        # An empty file must not mean that nobody needs to log in.
        raise BadUsers(f"{path} holds no user: add one, or remove the file")
    return found_users


def add_user(path: Path, name: str, role: str, password: str) -> None:
    """Add a user to a file, or give one that is there a new password and role."""
    if NAME.fullmatch(name) is None:
        raise BadUsers(f"name {name[:80]!r}, wanted letters, digits, '_', '.', '@' or '-'")
    if role not in ROLES:
        raise BadUsers(f"role {role[:80]!r}, wanted one of {', '.join(ROLES)}")
    known = read_users(path) if path.exists() else {}
    known[name] = User(name, ROLES[role], hash_of(password))
    _write(path, known)


def remove_user(path: Path, name: str) -> None:
    """Take a user out of a file; his logins end with it."""
    known = read_users(path)
    if known.pop(name, None) is None:
        raise BadUsers(f"{path} has no user {name[:80]!r}, only {', '.join(known) or 'none'}")
    if not known:
        raise BadUsers(f"{name} is the last user of {path}: remove the file to go without")
    _write(path, known)


def _user(row: Mapping[str, str]) -> User:
    name, role = row["name"], row["role"]
    if NAME.fullmatch(name) is None or role not in ROLES:
        raise ValueError(f"user {name[:80]!r} with role {role[:80]!r}")
    return User(name, ROLES[role], str(row["hash"]))


def _write(path: Path, known: Mapping[str, User]) -> None:
    rows = [{"name": user.name, "role": str(user.role), "hash": user.hashed}
            for user in known.values()]  # fmt: skip
    draft = path.with_name(f"{path.name}.tmp")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(json.dumps({"users": rows}, indent=1) + "\n")
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
