"""The process of one supervisor: carries out what its family decides. No thread, no socket.

It forks its children, so it must never run a thread or open ZeroMQ: a child would inherit locks
that nobody will release. What people want to know it writes to files.
"""

import importlib
import os
import random
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic_ns
from typing import Any, assert_never

from protocol.message import Message
from protocol.system import Beat, Crashed, GaveUp, Ping, Ready, Start, Stop, Stopped
from protocol.units import NANOS_PER_MS
from supervision import bodies, kernel, orders, transport
from supervision.child import ALIVE, Phase
from supervision.effects import Announce, Effect, Finish, Kill, Raise, Send, StartProcess
from supervision.family import REAP_POLL_NS, Family
from supervision.guarded import TRACEBACK_CHARS_MAX, GuardedActor, fault_file, resolve
from supervision.parcel import pack
from supervision.process import ProcessActor
from supervision.report import Reporter, document
from supervision.runfile import TREE_FILE, read_run
from supervision.spec import ChildSpec, SupervisorSpec, find, from_json
from supervision.status import bodies_below, read_documents
from supervision.strategy import Death
from supervision.worker import Counters

STATUS_NS = 500 * NANOS_PER_MS
ROUNDS_MAX = 100  # Of effects that bring new effects, in one turn; the rest waits for the next.
SUPERVISOR = "supervision.supervisor.SupervisorActor"


class SupervisorActor(GuardedActor):
    """Runs one family. A restart starts all its children anew: they are gone with it."""

    def __init__(self) -> None:
        super().__init__()
        self._family: Family | None = None
        self._processes: dict[str, BaseProcess] = {}
        self._remains: dict[str, list[bodies.Body]] = {}  # Who lived below a dead supervisor.
        self._host: bodies.Body | None = None  # Of the root only.
        self._status_at_ns = 0
        self._shown: list[tuple[Phase, int]] = []
        self._rejected = 0
        # Only the tree itself ends a supervisor: stopping in order takes longer than Thespian
        # gives a process that was sent SIGTERM, and its children would go without order.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    # ---- what comes in ------------------------------------------------------------------------

    def on_message(self, message: Message, sender: Any) -> None:
        """Pass words of the children to the family; a second Start is a stray."""
        family, now_ns = self._family, monotonic_ns()
        if family is None:
            if isinstance(message, Start):
                self._open(message, sender)
            else:
                self.strays += 1
            return
        match message:
            case Ping():
                self.tell_parent(self.beat(message.number, Counters()))
            case Stop():
                family.stop(message.reason)
            case Ready():
                family.ready(message.id, message.incarnation, now_ns)
            case Beat():
                family.beaten(message, now_ns)
            case Crashed(id=id, incarnation=life, reason=reason, traceback=text):
                family.spoke_last(id, life, Death.CRASHED, reason, text, now_ns)
            case GaveUp(id=id, incarnation=life, reason=reason):
                family.spoke_last(id, life, Death.GAVE_UP, reason, "", now_ns)
            case Stopped(id=id, incarnation=life):
                family.spoke_last(id, life, Death.NORMAL, "it stopped by itself", "", now_ns)
            case _:
                self.strays += 1

    def on_exit_request(self) -> None:
        """Thespian is being shut down without our order: nothing below may outlive this."""
        for process in self._processes.values():
            process.kill()

    def on_crash(self, crashed: Crashed) -> None:
        """A fault in the supervisor itself; of the root nobody else would tell."""
        assert self.start is not None
        reporter = Reporter(self.start.run_dir, self.start.id)
        reporter.alarm("supervisor_crashed", f"{crashed.reason}\n{crashed.traceback}")

    def on_turn(self, now_ns: int) -> int:
        """Look at every process, do what the family wants, write the status."""
        family = self._family
        if family is None:
            return now_ns + STATUS_NS
        self._obey(family, now_ns)
        for _ in range(ROUNDS_MAX):
            self._reap(family)
            effects = family.settle(monotonic_ns(), random.random())
            for effect in effects:
                self._perform(effect, family)
            if not effects:
                break
        now_ns = monotonic_ns()
        self._report(family, now_ns)
        if self._remains:
            return now_ns + REAP_POLL_NS  # Nobody reports the end of a grandchild.
        return min(family.next_ns(now_ns), self._status_at_ns)

    def _obey(self, family: Family, now_ns: int) -> None:
        """Look for orders, as often as the status is written."""
        if self.start is not None and now_ns >= self._status_at_ns:
            for order in orders.take(self.start.run_dir, family.children):
                words = f"by {order.who}: {order.reason or 'no reason given'}"
                family.restart(order.id, order.pid, words)

    # ---- what goes out ------------------------------------------------------------------------

    def _open(self, start: Start, sender: Any) -> None:
        self.begin(start, sender)
        run_dir = Path(start.run_dir)
        tree = from_json((run_dir / TREE_FILE).read_text())
        spec = find(tree, start.id)
        if not isinstance(spec, SupervisorSpec):
            raise TypeError(f"{start.id} is a worker in {run_dir / TREE_FILE}")
        run = read_run(run_dir)
        if spec.id == tree.id:
            # Whoever started the root is no actor and never reads what is sent to it; the root
            # looks instead whether that process is still there.
            self.parent = None
            self._host = None if run is None else run.host
        self._reporter = Reporter(start.run_dir, start.id)
        if run is not None and run.method == "fork":
            self._preload(spec)
        self._family = Family(spec, monotonic_ns())

    def _preload(self, spec: SupervisorSpec) -> None:
        for module in spec.preload:
            importlib.import_module(module)
            self._check_threads(spec, f"importing {module}")
        for function in spec.prepare:
            resolve(function)()
            self._check_threads(spec, f"calling {function}")
        kernel.share_pages()

    def _check_threads(self, spec: SupervisorSpec, after: str) -> None:
        threads = bodies.threads(os.getpid())
        if threads > 1:
            text = f"{spec.id} has {threads} threads after {after}"
            self._reporter.alarm(
                "threads_before_fork", f"{text}: its children may inherit held locks"
            )

    def _perform(self, effect: Effect, family: Family) -> None:
        match effect:
            case StartProcess():
                self._start(effect, family)
            case Send():
                address = family.registry.address(effect.id)
                if address is not None:
                    self.send(address, pack(effect.message))
            case Kill():
                if effect.id in self._processes:
                    self._processes[effect.id].kill()
            case Raise():
                self._reporter.alarm(effect.code, effect.text)
            case Announce():
                if self.start is not None:
                    life = self.start.incarnation
                    self.tell_parent(Ready(id=family.spec.id, incarnation=life, pid=os.getpid()))
            case Finish():
                self._finish(effect, family)
            case _:
                assert_never(effect)

    def _start(self, effect: StartProcess, family: Family) -> None:
        assert self.start is not None
        spec = family.children[effect.id].spec
        worker = isinstance(spec, ChildSpec)
        before = len(self._thespian_children())
        address = self.createActor(ProcessActor if worker else SupervisorActor)
        made = self._thespian_children()
        if len(made) == before:  # Thespian swallows the error of fork: no memory, no numbers.
            family.gone(effect.id, "no process could be made", "", monotonic_ns(), random.random())
            return
        process: BaseProcess = made[-1].childProc
        self._processes[effect.id] = process
        family.started(effect.id, process.pid or 0, address)
        self.send(address, pack(Start(
            id=effect.id,
            incarnation=effect.incarnation,
            start=spec.start if isinstance(spec, ChildSpec) else SUPERVISOR,
            reads=spec.reads if isinstance(spec, ChildSpec) else (),
            run_dir=self.start.run_dir,
            settings=self.start.settings,
        )))

    def _thespian_children(self) -> list[Any]:
        # Private, and the only place that knows the number of a child that never speaks.
        known: list[Any] = vars(self._myRef).get("_child_procs", [])
        return known

    def _reap(self, family: Family) -> None:
        """Find out who is gone. Thespian's word on it may come twice, late or never."""
        assert self.start is not None
        for id, process in list(self._processes.items()):
            if process.is_alive():
                if family.children[id].phase not in ALIVE:
                    del self._processes[id]  # It hangs in the kernel and was given up.
                continue
            if family.children[id].supervises and not self._swept(id):
                continue
            del self._processes[id]
            self._remains.pop(id, None)
            how, text = _how(process.exitcode or 0, fault_file(self.start.run_dir, id))
            family.gone(id, how, text, monotonic_ns(), random.random())

    def _swept(self, id: str) -> bool:
        """Return whether nobody lives below a dead supervisor; the kernel kills them, but a
        moment later, and two of one kind must never work at once."""
        assert self.start is not None
        if id not in self._remains:
            self._remains[id] = bodies_below(read_documents(self.start.run_dir), id)
        for one in self._remains[id]:
            bodies.kill(one)
        return not any(map(bodies.lives, self._remains[id]))

    def _finish(self, effect: Finish, family: Family) -> None:
        assert self.start is not None
        id, life = family.spec.id, self.start.incarnation
        if effect.gave_up is not None:
            self.tell_parent(GaveUp(id=id, incarnation=life, reason=effect.gave_up))
        else:
            self.tell_parent(Stopped(id=id, incarnation=life))
        self._reporter.status(document(family, life, self._state(family)))
        if self._host is not None and not bodies.lives(self._host):
            os.killpg(os.getpgrp(), signal.SIGKILL)  # Nobody else is left to end the Admin.
        self.leave()

    def _report(self, family: Family, now_ns: int) -> None:
        assert self.start is not None
        if self._host is not None and not family.ending and not bodies.lives(self._host):
            self._reporter.alarm("host_gone", f"the process that hosts this run, {self._host.pid},"
                                 " is gone: stopping all")
            family.stop("the host is gone")
        rejected = transport.rejected_frames()
        if rejected > self._rejected:
            self._reporter.alarm("frames_rejected", f"{family.spec.id} refused"
                                 f" {rejected - self._rejected} frames that were not made with"
                                 " this run's key")
            self._rejected = rejected
        shown = [(child.phase, child.pid) for child in family.children.values()]
        if now_ns >= self._status_at_ns or shown != self._shown:
            self._shown, self._status_at_ns = shown, now_ns + STATUS_NS
            state = self._state(family)
            self._reporter.status(document(family, self.start.incarnation, state))

    def _state(self, family: Family) -> str:
        if family.gave_up is not None:
            return "gave_up"
        if family.finished:
            return "stopped"
        if family.ending:
            return "stopping"
        return "running" if family.announced else "starting"


def _how(exit_code: int, faults: Path) -> tuple[str, str]:
    """Return how a process ended in words, and what it wrote when a real fault ended it."""
    if exit_code >= 0:
        return f"its process ended with exit code {exit_code}, without a word", ""
    try:
        text = faults.read_text(errors="replace")
    except OSError:
        text = ""
    # The report of a fault begins with the frame in which it happened.
    name = signal.Signals(-exit_code).name
    return f"its process was ended by {name}", text[:TRACEBACK_CHARS_MAX]
