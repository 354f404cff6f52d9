"""The life of a live link: when to open a session, when to give it up, when it can be trusted.

The vendor's own reconnection is not used. It leaves a link dead that was closed in order, tries a
broken one once and without a pause, does not ask for what was missed, and watches for silence only
from the first record on. Here a session may end in whatever way: a new one is opened after a pause
that doubles with each failure, with jitter so that many clients do not come back together; silence
is measured from the moment of the attempt; and the link is live only when what was missed has been
sent again in full. What lasts (`is_lasting`) ends the attempts.

Time is a monotonic clock's, handed in; so is the jitter.
"""

from dataclasses import dataclass
from enum import StrEnum

from actors.core.market.ends import End, Fault, is_lasting, words_of

PPM = 1_000_000


class Phase(StrEnum):
    """Where a link stands; it is trusted in LIVE alone."""

    WAITING = "waiting"  # For the end of a pause.
    OPENING = "opening"  # Until the first record.
    REPLAYING = "replaying"
    LIVE = "live"
    REFUSED = "refused"  # For good: a person has to change something.


class Step(StrEnum):
    """What is to be done now."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class LinkRule:
    """How patient a link is; nanoseconds."""

    stall_ns: int
    backoff_ns: int
    backoff_max_ns: int


def pause_ns(rule: LinkRule, failures: int, jitter_ppm: int) -> int:
    """Return the pause after `failures` in a row: doubled with each, half of it left to chance."""
    if failures < 1 or not 0 <= jitter_ppm <= PPM:
        raise ValueError(
            f"{failures} failures and jitter {jitter_ppm}, wanted at least 1 and 0 to {PPM}"
        )
    # Beyond 2^32 every pause is at its limit, and the power would only grow.
    whole = min(rule.backoff_ns << min(failures - 1, 32), rule.backoff_max_ns)
    return whole // 2 + whole // 2 * jitter_ppm // PPM


class Link:
    """One link, session after session."""

    def __init__(self, rule: LinkRule) -> None:
        self.rule = rule
        self.phase = Phase.WAITING
        self.why = "it has not been opened yet"  # Why it is not live.
        self.sessions = 0
        self.failures = 0  # Sessions in a row that never became live.
        self._due_ns: int | None = None  # When to open, or when silence is too long; None: now.
        self._replays = 0  # Schemas whose replay is not complete.

    @property
    def reconnects(self) -> int:
        """How many sessions there were beyond the first."""
        return max(0, self.sessions - 1)

    @property
    def is_open(self) -> bool:
        """Whether a session exists, or is being made."""
        return self.phase in (Phase.OPENING, Phase.REPLAYING, Phase.LIVE)

    def step(self, now_ns: int) -> Step | None:
        """Return what is to be done at `now_ns`; who opens says so by `opened`, and so on."""
        if self.phase is Phase.REFUSED or (self._due_ns is not None and now_ns < self._due_ns):
            return None
        return Step.CLOSE if self.is_open else Step.OPEN

    def opened(self, now_ns: int, replays: int) -> None:
        """Note that a session is being opened in which `replays` schemas are sent again."""
        self.phase, self._replays = Phase.OPENING, replays
        self.sessions += 1
        self._due_ns = now_ns + self.rule.stall_ns

    def heard(self, now_ns: int) -> None:
        """Note that a record came, whatever it says."""
        if not self.is_open:
            return
        self._due_ns = now_ns + self.rule.stall_ns
        if self.phase is Phase.OPENING:
            self.phase = Phase.REPLAYING

    def acknowledged(self) -> None:
        """Note that the subscription stands: with nothing to be sent again it is live."""
        if self.phase is Phase.REPLAYING and self._replays == 0:
            self._live()

    def replayed(self) -> None:
        """Note that a schema has been sent again in full; after the last one the link is live."""
        if self.phase is Phase.REPLAYING and self._replays > 0:
            self._replays -= 1
            if self._replays == 0:
                self._live()

    def ended(self, now_ns: int, fault: Fault, jitter_ppm: int) -> None:
        """Note the end of a session; one that we renew ourselves is opened again at once."""
        if not self.is_open:
            return
        self.why = words_of(fault)
        if is_lasting(fault):
            self.phase, self._due_ns = Phase.REFUSED, None
            return
        self.phase = Phase.WAITING
        if fault.end is End.RENEWED:
            self._due_ns = now_ns
            return
        self.failures += 1
        self._due_ns = now_ns + pause_ns(self.rule, self.failures, jitter_ppm)

    def _live(self) -> None:
        self.phase, self.failures, self.why = Phase.LIVE, 0, ""
