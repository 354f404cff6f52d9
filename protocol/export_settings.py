"""The settings of day files: what is recorded for good, how long it stays, where it is sent.

No secret stands here: SFTP knows a key file by its path alone, and the credentials of an S3 store
come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le

from protocol.pattern_settings import PositiveInt, WholeNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSettings:
    """What day files hold and how long they stay on this machine (domain 8.8)."""

    depth: bool = False  # Whether the book is kept for good too; for recovery it always is.
    days_kept: WholeNumber = 0  # Days; 0 for ever.
    disk_mb: WholeNumber = 0  # What all day files may take; 0 for no limit.
    free_mb: WholeNumber = 0  # What must be left on the disk; 0 for no limit.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """Where day files go at 17:01 New York (domain 8.2)."""

    to: Literal["nowhere", "directory", "sftp", "s3"] = "nowhere"
    path: str = ""  # A directory here or on the host, or "bucket/prefix".
    host: str = ""
    port: Annotated[int, Ge(1), Le(65535)] = 22
    user: str = ""
    key_file: str = ""  # Private key without a passphrase; passwords are not used.
    known_hosts_file: str = ""  # Who is not in it is not spoken to.
    endpoint_url: str = field(default="", repr=False)  # Of an S3 store that is not Amazon's.
    attempts_max: PositiveInt = 8  # Of each file; the next start tries again.
    backoff_s: WholeNumber = 1  # Before the second attempt; doubled with each, 60 at most.
    timeout_s: PositiveInt = 30  # Of a connection, and of a transfer that does not move.
    simulated: Literal["deny", "allow"] = "deny"  # Whether made-up days are sent too.
