"""What a store and whoever looks into it must agree on: the checksum of a row, and its body.

A body is a frame as it came, or holds the fields by name; the first byte says which.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

# First bytes of a body with names: a msgpack map of up to 15 fields, or of more.
_NAMED = (*(bytes([first]) for first in range(0x80, 0x90)), b"\xde", b"\xdf")


def has_names(body: bytes) -> bool:
    """Return whether a body holds its fields by name."""
    return body[:1] in _NAMED


def checksum(row: Mapping[str, Any]) -> int:
    """Return the CRC-32 of everything else in a row of facts or entries."""
    first = row["positions"] if "positions" in row else row["stream"]
    head = f"{row['seq']} {row['kind']} {row['version']} {first} ".encode()
    return crc32(row["body"], crc32(head))
