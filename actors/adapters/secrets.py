"""What must not be seen: read from a file that nobody else may read, and taken out of texts.

A setting that its record does not show when it is printed is a secret; so are the credentials that
libraries take from the environment. Not showing them is the first belt, this is the second.
"""

import dataclasses
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from actors.adapters.address import BadAddress, parse_address

OF_LIBRARIES = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DATABENTO_API_KEY",
    "PGPASSWORD",
)  # fmt: skip
BYTES_MAX = 4096
LENGTH_MIN = 6  # Shorter ones would take ordinary words out of texts.
HIDDEN = "(not shown)"


class BadSecret(ValueError):
    """A secret cannot be read, or others can read it too; the text does not show it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is shown by nothing, and where it is from."""

    name: str
    value: str = field(repr=False)


def secret_of_file(name: str, path: Path) -> Secret:
    """Return the secret that a file holds; refuse one that is not its owner's alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise BadSecret(f"{name}: {path}: {error.strerror}; wanted a file that holds it") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BadSecret(f"{name}: {path} is no file, wanted one that holds it")
        if found.st_mode & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            raise BadSecret(f"{name}: {path} has mode {mode:o}, wanted 600: chmod 600 {path}")
        if found.st_uid not in (0, os.geteuid()):
            raise BadSecret(
                f"{name}: {path} belongs to user {found.st_uid}, wanted {os.geteuid()}:"
                f" chown {os.geteuid()} {path}"
            )
        content = os.read(descriptor, BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    try:
        value = content.decode().strip()
    except UnicodeDecodeError:
        value = ""
    if not value or len(content) > BYTES_MAX or "\n" in value:
        raise BadSecret(f"{name}: {path} holds {len(content)} bytes, wanted one line of text")
    return Secret(name, value)


def secrets_of(settings: Any, environment: Mapping[str, str] = os.environ) -> tuple[Secret, ...]:
    """Return every secret of the settings, a record of records, and of the environment."""
    found = [Secret(name, environment[name]) for name in OF_LIBRARIES if environment.get(name)]
    for section in dataclasses.fields(settings):
        record = getattr(settings, section.name)
        for part in dataclasses.fields(record):
            value = getattr(record, part.name)
            if not part.repr and isinstance(value, str) and value:
                found += _with_password(Secret(f"{section.name}.{part.name}", value))
    return tuple(found)


def hidden(text: str, secrets: Iterable[Secret]) -> str:
    """Return a text without any of the secrets, the longest taken out first."""
    for secret in sorted(secrets, key=lambda secret: -len(secret.value)):
        if len(secret.value) >= LENGTH_MIN and secret.value in text:
            text = text.replace(secret.value, HIDDEN)
    return text


def _with_password(secret: Secret) -> Iterator[Secret]:
    """Yield a secret and, of an address, its password: a driver may show that alone."""
    yield secret
    try:
        password = parse_address(secret.value).password
    except BadAddress:
        return
    if password:
        yield Secret(f"password of {secret.name}", password)
        yield Secret(f"password of {secret.name}", quote(password, safe=""))
