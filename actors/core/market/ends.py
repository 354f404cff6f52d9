"""Why a session with the gateway ended, in words, and whether a new one can be better.

What lasts, a wrong key or a symbol that is none, ends the attempts: trying again would only hit
the limits of the gateway and bury the one alarm among many. Everything else is tried again. The
gateway gives a code with its errors; before a session has begun it gives a text alone, in which
only what passes is looked for: a refusal that nobody knows is taken to last.
"""

from dataclasses import dataclass
from enum import StrEnum


class End(StrEnum):
    """How a session ended."""

    CLOSED = "closed"  # The gateway hung up in order ...
    RESET = "reset"  # ... or without.
    UNREACHABLE = "unreachable"  # Nobody there, no network, no such host.
    SILENT = "silent"
    GARBLED = "garbled"  # What came is no DBN, or not of this data set.
    DIED = "died"  # Our own process for it.
    RENEWED = "renewed"  # We hung up, to subscribe anew.
    NO_KEY = "no_key"
    DENIED = "denied"  # The gateway refused to begin.
    DATASET = "dataset"
    DISK = "disk"  # What came cannot be written.
    TICK = "tick"  # The exchange's tick is not the one we know.
    ERROR = "error"  # The gateway gave an error with a code.


# Codes of error records.
AUTH_FAILED, KEY_DEACTIVATED, CONNECTION_LIMIT, SYMBOL_FAILED = 1, 2, 3, 4
INVALID_SUBSCRIPTION, INTERNAL, SKIPPED, AGED_OUT = 5, 6, 7, 8
# Codes of system records.
HEARTBEAT, ACKNOWLEDGED, SLOW_READER, REPLAYED = 0, 1, 2, 3

_CODES = {
    AUTH_FAILED: "the gateway does not accept the key",
    KEY_DEACTIVATED: "the key has been deactivated",
    CONNECTION_LIMIT: "too many sessions are open with this data set",
    SYMBOL_FAILED: "the gateway does not know the symbol",
    INVALID_SUBSCRIPTION: "the subscription is invalid, or not in the plan of this key",
    INTERNAL: "the gateway has a fault of its own",
    SKIPPED: "the gateway has skipped records because we read too slowly",
    AGED_OUT: "what is missing is too old to be sent again",
}
_LASTING_CODES = frozenset({AUTH_FAILED, KEY_DEACTIVATED, SYMBOL_FAILED, INVALID_SUBSCRIPTION})
_WORDS = {
    End.CLOSED: "the gateway has closed the connection",
    End.RESET: "the connection broke",
    End.UNREACHABLE: "the gateway cannot be reached",
    End.SILENT: "the gateway has fallen silent",
    End.GARBLED: "the gateway sends what cannot be read",
    End.DIED: "the process of the connection has died",
    End.RENEWED: "the subscription is renewed",
    End.NO_KEY: "there is no key: set databento.key_file, or DATABENTO_API_KEY",
    End.DENIED: "the gateway refuses the key or the data set",
    End.DATASET: "there is no such data set",
    End.DISK: "the stream cannot be written",
    End.TICK: "the exchange's tick is not the one that is known here",
}
_LASTING_ENDS = frozenset({End.NO_KEY, End.DENIED, End.DATASET, End.TICK})
_PASSING_WORDS = ("limit", "too many", "internal", "again", "tempor", "unavailable", "timeout")


@dataclass(frozen=True, slots=True)
class Fault:
    """An end of a session, with the gateway's code where it gave one (else 0) and its words."""

    end: End
    code: int = 0
    text: str = ""


def is_lasting(fault: Fault) -> bool:
    """Return whether another attempt would meet the same again."""
    if fault.end is End.ERROR:
        return fault.code in _LASTING_CODES
    if fault.end is End.DENIED:
        told = fault.text.lower()
        return not any(word in told for word in _PASSING_WORDS)
    return fault.end in _LASTING_ENDS


def words_of(fault: Fault) -> str:
    """Return one clear sentence, without its full stop; the gateway's own words behind a colon."""
    if fault.end is End.ERROR:
        words = _CODES.get(fault.code, f"the gateway gave error {fault.code}")
    else:
        words = _WORDS[fault.end]
    told = " ".join(fault.text.split()).rstrip(".")
    return f"{words}: {told}" if told else words
