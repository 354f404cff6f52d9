"""The address of an SQL server: read strictly, and never repeated.

A password with an @ or a / in it that is not written as %40 or %2F ends up in the name of the
host, and from there in every error of the driver. So an address is taken only if each part of it
can be what it stands for, and a refusal shows nothing of it.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMA_FILE = "store.schema"  # In the directory of a run: where on the server its tables are.
SCHEMES = ("postgresql", "postgres")
WANTED = (
    "wanted postgresql://user:password@host:port/database, in the password %40 for @, %2F for /,"
    " %3A for :, %3F for ?, %23 for #, and nothing secret behind a ?"
)
_HOST = re.compile(r"[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")


class BadAddress(ValueError):
    """An address that cannot be used; the text says what was wanted and not what was found."""

    def __init__(self) -> None:
        super().__init__(f"found (not shown), {WANTED}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and who we are to it; what is empty the driver fills in."""

    database: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()  # Of libpq: sslmode, host for a socket, ...


def parse_address(url: str) -> Address:
    """Return the parts of `url`, or raise `BadAddress`."""
    try:
        parts = urlsplit(url)
        port = parts.port
        options = tuple(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise BadAddress from None
    who, _, where = parts.netloc.rpartition("@")
    host = where if port is None else where.rpartition(":")[0]
    user, _, password = who.partition(":")
    database = unquote(parts.path.removeprefix("/"))
    sound = (
        parts.scheme in SCHEMES
        and "#" not in url
        and "@" not in who
        and ":" not in password
        and _HOST.fullmatch(host)
        and database
        and "/" not in database
        and not any("pass" in name for name, _ in options)
    )
    if not sound:
        raise BadAddress
    return Address(database, host.strip("[]"), port, unquote(user), unquote(password), options)
