"""What a process asks of the kernel: to die with its parent or a real fault, a name, shared memory.

Thespian leaves the children of a killed actor running and installs a Python handler for every
signal, so a real segmentation fault returns to the faulting instruction and spins for ever
(thespian.md 1). Both are undone here. `restore_fatal_signals` must run in the actor's `__init__`
or later: Thespian installs its handlers just before that.
"""

import ctypes
import errno
import faulthandler
import gc
import multiprocessing
import os
import signal

import setproctitle

PR_SET_PDEATHSIG = 1  # From <linux/prctl.h>; Python does not name it.
ORPHAN_EXIT_CODE = 71  # EX_OSERR: the process never began its work.
FATAL_SIGNALS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


def die_with_parent(parent_pid: int | None = None) -> None:
    """Have the kernel kill this process when its parent dies; leave at once if it is gone.

    Without `parent_pid` the parent is the one that multiprocessing recorded at the start, which
    stays right even if that process died before this call. The signal is bound to the *thread*
    of the parent that made this process, so only main threads may create actors. A fork clears
    the request: every process asks for itself.
    """
    if parent_pid is None:
        parent = multiprocessing.parent_process()
        parent_pid = os.getppid() if parent is None else parent.pid
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl(PR_SET_PDEATHSIG): {errno.errorcode.get(number, number)}")
    if os.getppid() != parent_pid:  # It died before the request: no signal will ever come.
        os._exit(ORPHAN_EXIT_CODE)  # No clean-up: nothing was begun, and nobody waits for it.


def restore_fatal_signals(report_fd: int) -> None:
    """Let a real fault end this process, and write every thread's traceback to `report_fd`.

    The default action must be back before faulthandler is enabled: it chains to whatever
    handler it finds, and Thespian's would return to the faulting instruction. `report_fd` must
    stay open as long as the process lives.
    """
    faulthandler.disable()  # An earlier enable would be kept, with the handler it found then.
    for number in FATAL_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    faulthandler.enable(file=report_fd, all_threads=True)


def name_process(title: str) -> None:
    """Show `title` in the process list in place of Thespian's class and port."""
    setproctitle.setproctitle(title)


def share_pages() -> None:
    """Keep the collector of this process, and of all it forks, off what is in memory now.

    A collector that walks over an object writes to it: in a child, every page that it inherited
    would become a copy of its own.
    """
    gc.collect()
    gc.freeze()
