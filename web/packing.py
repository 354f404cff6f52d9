"""What is sent packed: the files of the pages and long answers, to whoever takes gzip.

Packing tells by its length how alike two parts of a body are, so a body must not hold a secret
beside words of somebody else (BREACH). None of ours is packed that does: pages and files hold
nothing secret, answers to a look hold no password and no token, and a refusal, which repeats what
was asked, is never packed; nor is anything about a login.
"""

import gzip
import re
from collections.abc import Mapping

LEAST_BYTES = 1024  # Below it, packing costs more than it saves.
LEVEL = 4
HEADERS = {"Content-Encoding": "gzip"}
VARY = {"Vary": "Accept-Encoding"}
TAKES = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?P<q>[0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)


def takes_packed(headers: Mapping[str, str]) -> bool:
    """Return whether who asks takes gzip; one who gives it no weight does not."""
    found = TAKES.search(headers.get("Accept-Encoding", ""))
    return found is not None and (found["q"] or "1").strip("0.") != ""


def packed(body: bytes) -> bytes:
    """Return a body packed; the same one always to the same bytes."""
    return gzip.compress(body, LEVEL, mtime=0)
