"""The file of the heartbeat: replaced as a whole, and refused as a whole when it is damaged.

It needs nothing but the standard library, so that who watches from outside shares nothing else
with the floor.
"""

import json
from pathlib import Path

from actors.adapters.whole_file import replace_file
from actors.core.watch.heartbeat import BadHeartbeat, Heartbeat, heartbeat_of, plain

HEARTBEAT_FILE = "heartbeat.json"
BYTES_MAX = 64 * 1024


def write_heartbeat(directory: Path, beat: Heartbeat) -> None:
    """Replace the heartbeat in a directory."""
    replace_file(directory / HEARTBEAT_FILE, json.dumps(plain(beat), indent=1).encode())


def read_heartbeat(directory: Path) -> Heartbeat:
    """Return the heartbeat of a directory; a missing or damaged one raises `BadHeartbeat`."""
    path = directory / HEARTBEAT_FILE
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise BadHeartbeat(f"{path}: {error.strerror}") from None
    if len(content) > BYTES_MAX:
        raise BadHeartbeat(f"{path}: more than {BYTES_MAX} bytes, wanted a heartbeat")
    try:
        return heartbeat_of(json.loads(content))
    except BadHeartbeat as error:
        raise BadHeartbeat(f"{path}: {error}") from None
    except (ValueError, RecursionError):
        raise BadHeartbeat(f"{path}: {content[:40]!r}..., wanted JSON") from None
