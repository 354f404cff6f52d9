"""Whether a symbol may be entered again (domain 3).

Two clocks run, one from the last entry signal and one from the last close of a position, and both
must have run out. Measured from the close alone, as once before, signals came in a row until the
first of them was filled and closed. While a position is open nothing is allowed: one per symbol.
"""

NEVER = -(2**63)


class Cooldown:
    """The cooldown of one symbol. A repeated or late report changes nothing."""

    def __init__(self, cooldown_ns: int) -> None:
        self.cooldown_ns = cooldown_ns
        self.last_signal_ns = NEVER
        self.last_close_ns = NEVER
        self.last_open_ns = NEVER
        self.position_open = False

    def allows(self, ts_ns: int) -> bool:
        """Return whether an entry may be signalled at `ts_ns`."""
        since = ts_ns - max(self.last_signal_ns, self.last_close_ns)
        return not self.position_open and since >= self.cooldown_ns

    def signalled(self, ts_ns: int) -> None:
        """Take in that an entry was signalled."""
        self.last_signal_ns = max(self.last_signal_ns, ts_ns)

    def opened(self, ts_ns: int) -> None:
        """Take in that a position was opened; one that is known to be closed stays closed."""
        self.last_open_ns = max(self.last_open_ns, ts_ns)
        self.position_open = self.last_open_ns > self.last_close_ns

    def closed(self, ts_ns: int) -> None:
        """Take in that the position was closed."""
        self.last_close_ns = max(self.last_close_ns, ts_ns)
        self.position_open = self.last_open_ns > self.last_close_ns
