"""The foreground process of a run: starts the actor system and the root, watches, ends all.

Nobody supervises the root, the Admin and the logger from inside, so the host does, from outside:
when one of them is gone it ends every process of the run and returns non-zero, and whoever runs
the host (a service manager) starts it again. On SIGTERM and SIGINT it stops the tree in order.
"""

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic, monotonic_ns, time_ns
from typing import Any

from thespian.actors import ActorSystem, InvalidActorAddress

from protocol import codec, settings
from protocol.system import Health, Start, Stop
from supervision import bodies, ground, kernel, notify, transport
from supervision.parcel import pack
from supervision.report import ALARMS_FILE, Reporter
from supervision.runfile import TREE_FILE, Run, write_run
from supervision.spec import SupervisorSpec, checked, hung_s, stop_limit_s, to_json
from supervision.status import Node, all_green, bodies_below, fold, read_documents
from supervision.supervisor import SUPERVISOR, SupervisorActor

BASE = "multiprocTCPBase"
ROOT = "the root"
PORT_TRIES_MAX = 3  # A port that the kernel named may be taken before the Admin binds it.
LOOK_S = 0.02  # While something is about to change.
WATCH_S = 0.5
SHUTDOWN_LIMIT_S = 11.0  # Thespian itself gives up after 10.
EMPTY_LIMIT_S = 2.0
ORDERLY, LOST = 0, 1
# Threads of numerical libraries would be running in supervisors when these fork.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class NotGreen(RuntimeError):
    """The tree did not become ready in time, or ended before."""


class Host:
    """One run of `tree` in `run_dir`; use it once: start, wait_green, watch."""

    def __init__(
        self,
        tree: SupervisorSpec,
        run_dir: Path | str,
        settings_json: str = "{}",
        method: str = "fork",
        port: int = 0,
    ) -> None:
        if method not in ("fork", "spawn"):
            raise ValueError(f"method {method!r}, wanted fork or spawn: forkserver cannot work,"
                             " no actor could create children")
        self.tree = checked(tree)
        self.run_dir = Path(run_dir).resolve()
        self.port = port
        self._settings = settings_json
        self._method = method
        self._asked = 0  # The signal that asked us to stop.
        self._admin: bodies.Body | None = None
        self._group: int | None = None  # Of the Admin and all actors.
        self._watched: dict[int, str] = {}  # pidfd -> who it is.
        self._reporter = Reporter(str(self.run_dir), "host")
        self._signs = notify.Signs()

    # ---- start --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the actor system and the root supervisor; complaints come before any process."""
        try:
            self._start()
        except BaseException:
            self.abandon()
            raise

    def _start(self) -> None:
        self._lock = ground.prepare(self.run_dir)
        (self.run_dir / TREE_FILE).write_text(to_json(self.tree))
        kernel.name_process("floorwatch: host")
        self._hear_signals()
        os.environ.setdefault("THESPLOG_FILE", str(self.run_dir / "logs" / "thespian.log"))
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        transport.secure()
        # What every actor makes for itself costs once if it is there before the first fork.
        codec.prepare()
        settings.prepare()
        kernel.share_pages()
        self._system = self._start_system()
        self._admin = ground.admin_of(self.port)
        self._group = os.getpgid(self._admin.pid)
        with suppress(ChildProcessError):
            os.waitpid(self._group, os.WNOHANG)  # The half-way process of Thespian's double fork.
        self._watch_body(self._admin, "Thespian's Admin")
        loggers = bodies.children(self._admin.pid)
        for logger in loggers:
            self._watch_body(logger, "Thespian's logger")
        write_run(self.run_dir, Run(
            host=_myself(), admin=self._admin, port=self.port, group=self._group,
            method=self._method, root=self.tree.id, started_ns=time_ns(),
        ))
        self._root_address = self._system.createActor(SupervisorActor)
        known = {logger.pid for logger in loggers}
        for root in bodies.children(self._admin.pid):
            if root.pid not in known:
                self._watch_body(root, ROOT)
        self._system.tell(self._root_address, pack(Start(
            id=self.tree.id, incarnation=1, start=SUPERVISOR, reads=(),
            run_dir=str(self.run_dir), settings=self._settings,
        )))

    def wait_green(self, limit_s: float) -> None:
        """Return when every process is ready, or when a signal asks to stop; else `NotGreen`."""
        limit = monotonic() + limit_s
        while not self._told_to_stop():
            tree = self.look()
            if all_green(tree):
                notify.say(notify.READY)
                return
            gone = self._gone(LOOK_S)
            if gone or monotonic() > limit:
                why = f"{gone} ended" if gone else f"not ready after {limit_s:g} s"
                raise NotGreen(f"{why}; {self._complaints()}")

    def look(self) -> Node | None:
        """Return the tree as it stands, None before the root has said anything."""
        return fold(read_documents(self.run_dir), self.tree.id, monotonic_ns())

    # ---- watch --------------------------------------------------------------------------------

    def watch(self, done: Callable[[], bool] | None = None, look_s: float = WATCH_S) -> int:
        """Stay until the run ends; return 0 after an orderly stop, non-zero after a loss.

        `done`, asked every `look_s`, may end the run in order too: a replay has an end.
        """
        try:
            while not self._told_to_stop():
                gone = self._gone(look_s)
                if self._told_to_stop():
                    break
                if not gone and done is not None and done():
                    return self.stop("done")
                if gone:
                    return self._lose(f"{gone} is gone; {self._complaints()}")
                if self._root_hangs():
                    return self._lose("the root hangs: it writes no status any more")
                if self._signs.due() and notify.well(self.tree, self.look()):
                    self._signs.give()
            return self.stop(signal.Signals(self._asked).name)
        except BaseException:
            self._lose("the host itself failed")
            raise

    def stop(self, reason: str) -> int:
        """Stop the tree in order, children last to first; what does not stop in time is killed."""
        assert self._group is not None
        notify.say(notify.STOPPING)
        limit = monotonic() + stop_limit_s(self.tree)
        # A send to a process that hangs would block for a minute.
        _in_thread(lambda: self._system.tell(self._root_address, pack(Stop(reason=reason))))
        while (gone := self._gone(LOOK_S)) != ROOT:
            if gone:
                return self._lose(f"{gone} is gone while the tree stops")
            if monotonic() > limit or self._root_hangs():
                return self._lose(f"the tree has not stopped after {stop_limit_s(self.tree):g} s,"
                                  " or its root hangs")
        root = self.look()
        stopped = root is not None and root.phase == "stopped"
        _in_thread(self._system.shutdown).join(SHUTDOWN_LIMIT_S)
        limit = monotonic() + EMPTY_LIMIT_S
        while bodies.group(self._group) and monotonic() < limit:
            self._gone(LOOK_S)
        if not stopped or bodies.group(self._group):
            return self._lose(f"the tree did not stop in order: {self._complaints()}")
        self._close()
        return ORDERLY

    def abandon(self) -> int:
        """End every process of the run by force; for one that did not become green."""
        return self._lose("the start failed") if self._admin is not None else LOST

    def _lose(self, reason: str) -> int:
        assert self._admin is not None and self._group is not None
        self._reporter.alarm("run_lost", f"{reason}; every process of the run is ended")
        # Who left the group (a worker's own helper) is found below the Admin, as long as that
        # lives, and what the supervisors knew of is in their documents.
        known = [*bodies.group(self._group), *bodies.descendants(self._admin.pid)]
        known += bodies_below(read_documents(self.run_dir), self.tree.id)
        left = ground.end(known, self._group)
        if left:
            self._reporter.alarm("unkillable", f"still there: {[one.pid for one in left]}")
        self._close()
        return LOST

    def _told_to_stop(self) -> bool:
        return self._asked != 0

    def _root_hangs(self) -> bool:
        tree = self.look()
        return tree is not None and tree.age_s > hung_s(self.tree)

    def _complaints(self) -> str:
        tree = self.look()
        sick = "the root has written nothing" if tree is None else _complaints(tree)
        return f"{sick}; see {self.run_dir / ALARMS_FILE}"

    def _close(self) -> None:
        for handle in self._watched:
            os.close(handle)
        self._watched.clear()
        ground.clear(self.run_dir)
        self._lock.close()

    # ---- parts --------------------------------------------------------------------------------

    def _start_system(self) -> Any:
        wanted, tries = self.port, PORT_TRIES_MAX if self.port == 0 else 1
        for left in reversed(range(tries)):
            self.port = ground.free_port(wanted)
            capabilities = {"Admin Port": self.port, "Process Startup Method": self._method}
            try:
                return ActorSystem(BASE, capabilities, logDefs=_logging(self.run_dir))
            except InvalidActorAddress as error:
                if not left:
                    raise ground.PortTaken(
                        f"no actor system could be started on port {self.port}: {error}"
                    ) from error
        raise AssertionError("not reached: the last try returns or raises")

    def _hear_signals(self) -> None:
        self._ear, mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)

        def heard(number: int, _frame: object) -> None:
            self._asked = number
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, heard)

    def _watch_body(self, known: bodies.Body, who: str) -> None:
        try:
            self._watched[os.pidfd_open(known.pid)] = who
        except ProcessLookupError:
            raise NotGreen(f"{who}, process {known.pid}, ended at the start") from None

    def _gone(self, limit_s: float) -> str:
        """Return who ended, "" if nobody did within the limit or a signal came."""
        poll = select.poll()
        for handle in (*self._watched, self._ear):
            poll.register(handle, select.POLLIN)
        ready = [handle for handle, _ in poll.poll(limit_s * 1000)]
        if self._ear in ready:
            os.read(self._ear, 4096)
        ended = [self._watched[handle] for handle in ready if handle in self._watched]
        # The Admin takes everybody along, the logger and the root do not: name the cause.
        return min(ended, default="")


def _myself() -> bodies.Body:
    own = bodies.body(os.getpid())
    assert own is not None  # It is running this line.
    return own


def _in_thread(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def _complaints(tree: Node) -> str:
    """Return in words who is not green, and why as far as it is known."""
    sick = tree.health is not Health.GREEN
    found = [f"{tree.id}: {tree.phase} {tree.reason}".strip()] if sick else []
    found += [_complaints(child) for child in tree.children if not all_green(child)]
    if tree.failure is not None:
        found.append(f"{tree.id} {tree.failure['death']}: {tree.failure['reason']}")
    return "; ".join(found) or "all others are well"


def _logging(run_dir: Path) -> dict[str, Any]:
    """Return where Thespian's own logger process writes; actors log for themselves."""
    path = str(run_dir / "logs" / "actorsystem.log")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"file": {"class": "logging.FileHandler", "filename": path, "delay": True}},
        "root": {"level": "WARNING", "handlers": ["file"]},
    }
