"""The decisions of one supervisor: events of its children in, effects out. No process in sight.

It keeps no list of steps to do. It keeps what should be so (who is wanted, who is condemned) and
looks at every turn at the next step from here to there, so a death in the middle of a restart is
nothing special:

1. while a condemned child lives, nothing starts; the last condemned one is asked to stop;
2. else the first wanted child starts whose turn and time have come.

Whatever comes twice or from an earlier life changes nothing.
"""

from collections.abc import Iterator
from dataclasses import replace

from protocol.system import Beat, Ping, Stop
from protocol.units import NANOS_PER_MS, NANOS_PER_S
from supervision.child import Child, Failure, Phase
from supervision.effects import Announce, Effect, Finish, Kill, Raise, Send, StartProcess
from supervision.intensity import may_restart, pause_ns, within
from supervision.liveness import away_ns
from supervision.registry import Registry
from supervision.spec import Strategy, SupervisorSpec, hung_s, start_limit_s, stop_limit_s
from supervision.strategy import Death, after_death

REAP_POLL_NS = 5 * NANOS_PER_MS
UNREAPED_NS = NANOS_PER_S  # Killed and still there after this: it hangs in the kernel for good.


class Family:
    """The children of `spec`, in start order."""

    def __init__(self, spec: SupervisorSpec, now_ns: int) -> None:
        self.spec = spec
        self.children = {child.id: Child(child) for child in spec.children}
        self.registry = Registry()
        self.restarts_ns: tuple[int, ...] = ()
        self.ending = ""  # Why all are being stopped.
        self.gave_up: str | None = None
        self.announced = False
        self.finished = False
        self._turn_ns = now_ns
        self._effects: list[Effect] = []

    # ---- what happened ------------------------------------------------------------------------

    def started(self, id: str, pid: int, address: object) -> None:
        """A process was made for the child."""
        child = self.children[id]
        child.pid = pid
        self.registry.hold(id, child.incarnation, address)

    def ready(self, id: str, incarnation: int, now_ns: int) -> None:
        """A child says that it works."""
        child = self._current(id, incarnation)
        if child is not None and child.phase is Phase.STARTING:
            child.enter(Phase.UP, now_ns)
            child.ready_once = True
            child.heard_ns = now_ns

    def beaten(self, beat: Beat, now_ns: int) -> None:
        """A child answered a ping."""
        child = self._current(beat.id, beat.incarnation)
        if child is None or not child.beats or beat.number > child.ping_number:
            return
        child.heard_ns = now_ns
        child.pings_out = child.ping_number - beat.number
        before = 0 if child.beat is None else child.beat.rejected_frames
        if beat.rejected_frames > before:
            self._raise("frames_rejected", f"{beat.id} refused {beat.rejected_frames - before}"
                        f" frames that were not made with this run's key")
        child.beat = beat

    def spoke_last(
        self, id: str, incarnation: int, death: Death, reason: str, traceback: str, now_ns: int
    ) -> None:
        """A child said that it ends, and why; NORMAL stands for Stopped, asked for or not."""
        child = self._current(id, incarnation)
        if child is None or child.phase is Phase.DYING:
            return
        if child.phase is Phase.STOPPING and death is Death.NORMAL:
            death = Death.SHUTDOWN
        if child.phase is Phase.STARTING and death is Death.CRASHED:
            death = Death.START_FAILED
        self._doom(child, Failure(death, reason, traceback, now_ns))

    def gone(self, id: str, how: str, traceback: str, now_ns: int, random: float) -> None:
        """The process of a child is no more."""
        child = self.children[id]
        if not child.alive:
            return
        end = child.dying or Failure(_unspoken(child.phase), how, traceback, now_ns)
        if child.dying is not None and not child.dying.traceback:
            end = replace(end, traceback=traceback)
        if end.death.abnormal:
            child.failure = end
        child.dying = None
        child.beat = None
        child.pid = 0
        child.enter(Phase.WAITING, now_ns)
        self.registry.release(id)
        if child.condemned:
            child.condemned = False
            if not child.wanted:
                child.phase = Phase.ENDED
            return
        self._replace(child, end, now_ns, random)

    def restart(self, id: str, pid: int, words: str) -> None:
        """Somebody wants a child stopped in order and started anew; it does not count as a death.

        A process that is no more, or one that is ending anyway, is left as it is.
        """
        child = self.children[id]
        if child.pid != pid or child.phase is not Phase.UP or self.ending:
            return
        child.condemned = True
        self._raise("restart_ordered", f"{id} {words}")

    def stop(self, reason: str) -> None:
        """Stop all children, last first, and end; a second request changes nothing."""
        if self.ending:
            return
        self.ending = reason
        for child in self.children.values():
            child.wanted = False
            child.condemned = child.alive
            if not child.alive:
                child.phase = Phase.ENDED

    # ---- what is to be done -------------------------------------------------------------------

    def settle(self, now_ns: int, random: float) -> list[Effect]:
        """Return what is to be done now; call again after doing it, until nothing is."""
        self._forgive(away_ns(self._turn_ns, now_ns))
        self._turn_ns = now_ns
        for child in self.children.values():
            self._judge(child, now_ns, random)
        self._stop_next(now_ns)
        self._start_next(now_ns)
        self._ping(now_ns)
        self._announce()
        effects, self._effects = self._effects, []
        return effects

    def next_ns(self, now_ns: int) -> int:
        """Return when something will be due if nothing happens before."""
        return min(
            (due for child in self.children.values() for due in _dues(child, now_ns)),
            default=now_ns + NANOS_PER_S,
        )

    def _current(self, id: str, incarnation: int) -> Child | None:
        if id not in self.children or not self.registry.current(id, incarnation):
            return None
        child = self.children[id]
        return child if child.alive else None

    def _replace(self, child: Child, end: Failure, now_ns: int, random: float) -> None:
        spec, id = self.spec, child.spec.id
        answer = after_death(spec.strategy, spec.children, id, end.death)
        if id not in answer.start:
            child.wanted = False
            child.phase = Phase.ENDED
            if end.death.abnormal:
                self._raise("child_lost", f"{id} {end.death}: {end.reason}; it is"
                            f" {child.spec.restart} and stays down")
            return
        if not may_restart(spec.intensity, self.restarts_ns, now_ns):
            self.gave_up = (f"more than {spec.intensity.restarts_max} restarts in"
                            f" {spec.intensity.period_s:g} s; last: {id} {end.death}: {end.reason}")
            self._raise("gave_up", f"{spec.id} gives up: {self.gave_up}")
            self.stop(self.gave_up)
            return
        period_s = spec.intensity.period_s
        self.restarts_ns = (*within(self.restarts_ns, period_s, now_ns), now_ns)
        child.deaths_ns = (*within(child.deaths_ns, period_s, now_ns), now_ns)
        start_at_ns = now_ns + pause_ns(len(child.deaths_ns), random)
        for sibling in map(self.children.__getitem__, answer.stop):
            sibling.condemned = sibling.alive
        for one in map(self.children.__getitem__, answer.start):
            one.wanted = True
            one.start_at_ns = max(one.start_at_ns, start_at_ns)
            one.phase = Phase.WAITING if one.phase is Phase.ENDED else one.phase
        for left in map(self.children.__getitem__, set(answer.stop) - set(answer.start)):
            left.wanted = left.wanted and not left.alive  # One that never started still may.
        self._raise("child_restarted", f"{id} {end.death}: {end.reason}; restart"
                    f" {len(self.restarts_ns)} of {spec.intensity.restarts_max} in {period_s:g} s")

    def _forgive(self, away: int) -> None:
        if away:
            self._raise("supervisor_away", f"{self.spec.id} did not run for {away / 1e9:.1f} s;"
                        " the silence of its children meanwhile is not held against them")
            for child in self.children.values():
                child.heard_ns += away
                child.since_ns += away

    def _judge(self, child: Child, now_ns: int, random: float) -> None:
        spec, phase_s = child.spec, (now_ns - child.since_ns) / NANOS_PER_S
        if child.hung(now_ns):
            text = f"no beat for {hung_s(spec):g} s"
            self._doom(child, Failure(Death.HUNG, text, "", now_ns))
        elif child.phase is Phase.STARTING and phase_s >= start_limit_s(spec):
            text = f"not ready after {start_limit_s(spec):g} s"
            self._doom(child, Failure(Death.START_FAILED, text, "", now_ns))
        elif child.phase is Phase.STOPPING and phase_s >= stop_limit_s(spec):
            text = f"not stopped after {stop_limit_s(spec):g} s"
            self._raise("slow_stop", f"{spec.id} was killed: {text}")
            self._doom(child, Failure(Death.SHUTDOWN, text, "", now_ns))
        elif child.phase is Phase.DYING and now_ns - child.since_ns >= UNREAPED_NS:
            self._raise("unkillable", f"process {child.pid} of {spec.id} was killed and is there")
            self.gone(spec.id, "killed, and hangs in the kernel", "", now_ns, random)

    def _doom(self, child: Child, end: Failure) -> None:
        child.dying = end
        child.enter(Phase.DYING, end.at_ns)
        self._effects.append(Kill(child.spec.id))

    def _stop_next(self, now_ns: int) -> None:
        condemned = [child for child in self.children.values() if child.condemned]
        if not condemned or any(c.phase in (Phase.STOPPING, Phase.DYING) for c in condemned):
            return
        last = condemned[-1]
        last.enter(Phase.STOPPING, now_ns)
        reason = self.ending or f"restart of children of {self.spec.id}"
        self._effects.append(Send(last.spec.id, Stop(reason=reason)))

    def _start_next(self, now_ns: int) -> None:
        if self.ending or any(child.condemned for child in self.children.values()):
            return
        one_for_one = self.spec.strategy is Strategy.ONE_FOR_ONE
        for child in self.children.values():
            if child.phase is Phase.WAITING and child.start_at_ns <= now_ns:
                self._start(child, now_ns)
            # Its followers wait for it, but under one_for_one only until it was ready once.
            passes = child.ready_once if one_for_one else child.phase is Phase.UP
            if child.wanted and not passes:
                return

    def _start(self, child: Child, now_ns: int) -> None:
        id = child.spec.id
        child.enter(Phase.STARTING, now_ns)
        child.incarnation = self.registry.next_incarnation(id)
        child.started_ns = child.heard_ns = child.pinged_ns = now_ns
        child.pings_out = 0
        self._effects.append(StartProcess(id, child.incarnation))

    def _ping(self, now_ns: int) -> None:
        for child in self.children.values():
            due_ns = child.ping_due_ns()
            if due_ns is not None and due_ns <= now_ns:
                child.ping_number += 1
                child.pings_out += 1
                child.pinged_ns = now_ns
                self._effects.append(Send(child.spec.id, Ping(number=child.ping_number)))

    def _announce(self) -> None:
        children = self.children.values()
        if self.ending:
            if not self.finished and not any(child.alive for child in children):
                self.finished = True
                self._effects.append(Finish(self.gave_up))
        elif not self.announced:
            self.announced = all(child.phase is Phase.UP for child in children if child.wanted)
            if self.announced:
                self._effects.append(Announce())

    def _raise(self, code: str, text: str) -> None:
        self._effects.append(Raise(code, text))


def _unspoken(phase: Phase) -> Death:
    if phase is Phase.STOPPING:
        return Death.SHUTDOWN
    return Death.START_FAILED if phase is Phase.STARTING else Death.EXITED


def _dues(child: Child, now_ns: int) -> Iterator[int]:
    match child.phase:
        case Phase.WAITING if child.start_at_ns > now_ns:
            yield child.start_at_ns
        case Phase.STARTING:
            yield child.since_ns + round(start_limit_s(child.spec) * NANOS_PER_S)
        case Phase.STOPPING:
            yield child.since_ns + round(stop_limit_s(child.spec) * NANOS_PER_S)
        case Phase.DYING:
            yield now_ns + REAP_POLL_NS
    if child.beats:
        yield child.heard_ns + round(hung_s(child.spec) * NANOS_PER_S)
        due_ns = child.ping_due_ns()
        if due_ns is not None:
            yield due_ns
