"""What a supervisor knows of one child, and how it looks from outside."""

from dataclasses import dataclass
from enum import StrEnum

from protocol.system import Beat, Health
from protocol.units import NANOS_PER_S
from supervision.liveness import health
from supervision.spec import Spec, SupervisorSpec, hung_s
from supervision.strategy import Death

# Thespian falls silent towards everybody at twenty unacknowledged messages. So a child that owes
# an answer is sent one more ping, late, in case the first was lost, and then nothing.
PINGS_OUT_MAX = 2
SECOND_PING_BEATS = 3


class Phase(StrEnum):
    """Where a child is in its life."""

    WAITING = "waiting"  # No process; one starts when its turn and its time have come.
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"  # Told to stop.
    DYING = "dying"  # Killed, or it said its last words; the process may still be there.
    ENDED = "ended"  # No process, and none is wanted.


ALIVE = (Phase.STARTING, Phase.UP, Phase.STOPPING, Phase.DYING)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a child was lost."""

    death: Death
    reason: str
    traceback: str
    at_ns: int


@dataclass(slots=True)
class Child:
    """One child; all times are monotonic nanoseconds."""

    spec: Spec
    phase: Phase = Phase.WAITING
    wanted: bool = True  # Whether it shall run, sooner or later.
    condemned: bool = False  # It lives, and has to stop before anything may start.
    ready_once: bool = False
    incarnation: int = 0
    pid: int = 0
    since_ns: int = 0  # Start of the phase.
    started_ns: int = 0
    start_at_ns: int = 0
    heard_ns: int = 0
    pinged_ns: int = 0
    ping_number: int = 0
    pings_out: int = 0
    beat: Beat | None = None  # The newest of this life.
    deaths_ns: tuple[int, ...] = ()  # Recent ones that were followed by a restart.
    dying: Failure | None = None  # The cause, known before the process is gone.
    failure: Failure | None = None  # The last abnormal end.

    @property
    def supervises(self) -> bool:
        """Whether the child is a supervisor."""
        return isinstance(self.spec, SupervisorSpec)

    @property
    def alive(self) -> bool:
        """Whether it has a process, as far as is known."""
        return self.phase in ALIVE

    @property
    def beats(self) -> bool:
        """Whether it can answer pings: a worker when it is up, a supervisor at all times."""
        talks = (Phase.STARTING, Phase.UP, Phase.STOPPING) if self.supervises else (Phase.UP,)
        return self.phase in talks

    def enter(self, phase: Phase, now_ns: int) -> None:
        """Begin a phase."""
        self.phase = phase
        self.since_ns = now_ns

    def ping_due_ns(self) -> int | None:
        """Return when it should be pinged next, None if it cannot answer or owes too much."""
        if not self.beats or self.pings_out >= PINGS_OUT_MAX:
            return None
        beats = SECOND_PING_BEATS if self.pings_out else 1
        return self.pinged_ns + round(beats * self.spec.beat_s * NANOS_PER_S)

    def hung(self, now_ns: int) -> bool:
        """Whether it should have answered long ago."""
        if not self.beats or (self.phase is Phase.STARTING and self.beat is None):
            return False  # The first beat may wait for imports; the start has its own limit.
        return now_ns - self.heard_ns >= hung_s(self.spec) * NANOS_PER_S

    def health(self, now_ns: int) -> Health:
        """Return how it looks from outside."""
        match self.phase:
            case Phase.UP:
                return health(now_ns - self.heard_ns, self.spec.beat_s)
            case Phase.STARTING | Phase.STOPPING:
                return Health.YELLOW
            case Phase.WAITING:
                return Health.RED if self.failure else Health.YELLOW
            case Phase.DYING:
                return Health.RED
            case Phase.ENDED:
                return Health.RED if self.failure else Health.GREEN
