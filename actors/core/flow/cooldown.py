"""Whether the metrics may signal an entry again (domain 3).

Two clocks run, one from the last entry signal and one from the last close of a position, and both
must have run out. This is the first of them. The second belongs to risk, who knows of positions,
and so does the rule of one position per symbol. Measured from the close alone, as once before,
signals came in a row until the first of them was filled and closed.
"""

NEVER = -(2**63)


class Cooldown:
    """The clock of one symbol since its last signal. A repeated or late report changes nothing."""

    def __init__(self, cooldown_ns: int) -> None:
        self.cooldown_ns = cooldown_ns
        self.last_signal_ns = NEVER

    def allows(self, ts_ns: int) -> bool:
        """Return whether an entry may be signalled at `ts_ns`."""
        return ts_ns - self.last_signal_ns >= self.cooldown_ns

    def signalled(self, ts_ns: int) -> None:
        """Take in that an entry was signalled."""
        self.last_signal_ns = max(self.last_signal_ns, ts_ns)
