"""A world for one family: children that live as a test says, on a clock that a test moves."""

from protocol.system import Beat, Ping, Stop
from supervision.child import Phase
from supervision.effects import Announce, Effect, Finish, Kill, Raise, Send, StartProcess
from supervision.family import Family
from supervision.spec import SupervisorSpec
from supervision.strategy import Death

MS = 10**6
S = 10**9


class World:
    """Plays the processes of `spec`: they are ready, beat and stop at once unless told not to."""

    def __init__(self, spec: SupervisorSpec) -> None:
        self.now = 0
        self.family = Family(spec, 0)
        self.log: list[str] = []  # What the family had done, in order.
        self.living: dict[str, int] = {}  # id -> incarnation.
        self.unready: set[str] = set()  # These never become ready.
        self.deaf: set[str] = set()  # These answer nothing: hung.
        self.unreaped: set[str] = set()  # These stay after a kill: they hang in the kernel.
        self.dead: list[str] = []  # Killed, not yet reported.
        self.unheard: dict[str, int] = {}  # Messages that a deaf child has not taken.
        self.random = 0.0

    def settle(self) -> list[str]:
        """Do what the family wants until it wants nothing; return what that was."""
        before = len(self.log)
        for _ in range(1000):
            while self.dead:
                self._gone(self.dead.pop(0))
            effects = self.family.settle(self.now, self.random)
            if not effects and not self.dead:
                return self.log[before:]
            for effect in effects:
                self._perform(effect)
        raise AssertionError(f"it never settles: {self.log[-20:]}")

    def run(self, ns: int) -> list[str]:
        """Let time pass, turn by turn as the family wants, at the latest every half a second."""
        before, end = len(self.log), self.now + ns
        self.settle()
        while self.now < end:
            wanted = self.family.next_ns(self.now)
            self.now = min(end, max(wanted, self.now + MS), self.now + S // 2)
            self.settle()
        return self.log[before:]

    def lose(self, id: str) -> None:
        """Have the process of a child vanish without a word."""
        del self.living[id]
        self._gone(id)

    def crash(self, id: str, reason: str = "told to") -> None:
        """Have a child say its last words and end."""
        self.speak(id, self.living[id], Death.CRASHED, reason)

    def speak(self, id: str, incarnation: int, death: Death, reason: str = "") -> None:
        self.family.spoke_last(id, incarnation, death, reason, "Traceback", self.now)

    def up(self) -> list[str]:
        return [c.spec.id for c in self.family.children.values() if c.phase is Phase.UP]

    def _gone(self, id: str) -> None:
        self.unheard.pop(id, None)
        self.family.gone(id, "vanished", "", self.now, self.random)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case StartProcess(id=id, incarnation=incarnation):
                assert id not in self.living, f"two lives of {id} at once"
                self.log.append(f"start {id}")
                self.living[id] = incarnation
                self.family.started(id, 1000 + len(self.log), f"address of {id}")
                if id not in self.unready:
                    self.family.ready(id, incarnation, self.now)
            case Send(id=id, message=Ping(number=number)):
                if id in self.deaf or id not in self.living:
                    self.unheard[id] = self.unheard.get(id, 0) + 1
                    assert self.unheard[id] <= 8, "more than eight unacknowledged messages"
                else:
                    self.family.beaten(make_beat(id, self.living[id], number), self.now)
            case Send(id=id, message=Stop()):
                self.log.append(f"stop {id}")
                if id not in self.deaf:
                    self.speak(id, self.living[id], Death.NORMAL)
            case Kill(id=id):
                self.log.append(f"kill {id}")
                if id not in self.unreaped:
                    del self.living[id]
                    self.dead.append(id)
            case Raise(code=code):
                self.log.append(f"alarm {code}")
            case Announce():
                self.log.append("ready")
            case Finish(gave_up=gave_up):
                self.log.append(f"finish {gave_up}")


def make_beat(id: str, incarnation: int, number: int, rejected_frames: int = 0) -> Beat:
    return Beat(
        id=id, incarnation=incarnation, number=number, messages_in=0, messages_out=0,
        rejected_frames=rejected_frames, cut=0, memory_bytes=0,
    )
