"""How long the desk waits for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRule:
    """The desk's terms; all times are times of the tape."""

    ack_ns: int  # Without an answer for so long, the broker is asked.
    attempts_max: int  # How often a bracket is sent, and a question put before a person looks.
    backoff_ns: int  # Before the second attempt; doubled with each.
    rest_ns: int  # What is left of a partly filled entry is given up after this.
    flatten_ns: int  # Not flat after this, a flatten is repeated.
    protect_ns: int  # Without a working stop for longer, a position is left.
    reconcile_ns: int  # Between two comparisons with the broker.
    losses_max: int  # More losses of the link than this ...
    losses_within_ns: int  # ... within so long need a person.
