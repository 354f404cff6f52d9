"""Trials: something is really written, read and sent, but never where the floor keeps its own.

Whatever is tried in files is tried in a directory of its own that is gone afterwards, so that no
check can touch a journal or a state (domain 8.6). Each returns why it failed, "" if it did not.
"""

import secrets
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.adapters.fault import StoreFault
from actors.adapters.kept_state import load_state, save_state
from actors.adapters.notify.port import Notifier, Refused, RetryAfter, Sent, Unreachable
from actors.adapters.sql import Connection, database_for
from actors.adapters.store import SqlJournal
from actors.core.notices.notice import Notice, Severity
from protocol.commands import Action, CommandGiven
from protocol.units import Nanos

PREFIX = ".preflight-"


def store_trial(url: str, data: Path) -> str:
    """Write a journal beside the floor's and read it back; of a server ask whether it answers."""
    try:
        if url:
            # Its tables belong to the actors: they are not tried with rows of ours.
            with closing(Connection(database_for(url, str(data), "preflight"))) as connection:
                connection.rows("SELECT 1")
            return ""
        return _tried(data, _journal)
    except StoreFault as fault:
        return str(fault)


def state_trial(data: Path) -> str:
    """Save a small state beside the floor's and load it again."""
    return _tried(data, _state)


def notice_trial(notifier: Notifier | None, now_ns: int) -> str | None:
    """Send a test notice; None where nobody is to be told."""
    if notifier is None:
        return None
    notice = Notice(
        severity=Severity.INFO,
        code="PREFLIGHT",
        title="Test notice of the preflight",
        ts_ns=now_ns,
    )
    match notifier.send([notice]):
        case Sent():
            return ""
        case RetryAfter(seconds):
            return f"the service wants to be left alone for {seconds:.0f} s"
        case Refused(reason=reason) | Unreachable(reason):
            return reason


def _tried(data: Path, trial: Callable[[Path], str]) -> str:
    """Try something on the disk of `data`, or on any where that is not there yet."""
    try:
        with TemporaryDirectory(prefix=PREFIX, dir=data if data.is_dir() else None) as aside:
            return trial(Path(aside))
    except OSError as error:
        return f"{error.strerror or error}: {data}"


def _journal(aside: Path) -> str:
    fact = CommandGiven(
        id=secrets.token_hex(12),
        ts_ns=Nanos(1),
        action=Action.HALT,
        cause="",
        who="preflight",
        reason="a trial",
    )
    found = []
    for facts in ([fact], []):  # The second time it is only read.
        journal = SqlJournal(database_for("", str(aside), "trial"), "trial")
        try:
            if facts:
                journal.append(facts, {"feed": 1})
            found = [*journal.load()]
        finally:
            journal.close()
    return "" if found == [fact] else f"wrote one fact, read {len(found)}"


def _state(aside: Path) -> str:
    path, value = aside / "state.json", secrets.token_hex(12)
    save_state(path, {"value": value})
    loaded, fault = load_state(path, lambda values: str(values["value"]), "")
    if fault:
        return fault
    return "" if loaded == value else f"saved {value}, loaded {loaded!r}"
