"""A store on a PostgreSQL server: one connection of one writer, in the tables of one run.

Each run has a schema of its own, whose name is made once and kept in the run's directory, so two
floors on one database cannot mix, whichever machine they run on. The writer of an actor's tables
holds an advisory lock for as long as its connection lives. A new connection therefore gets the
lock only when nothing of the one before it can still be committed, and what it then reads is the
truth about a write whose fate was unknown. (A proxy that shares connections between transactions
breaks this, and must not stand between.)

No call waits longer than it may: the server gives up first, and for a server that does not
answer at all the connection counts the time itself.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg import Error, sql
from psycopg.pq import TransactionStatus

from actors.adapters.address import SCHEMA_FILE, Address
from actors.adapters.fault import StoreFault

__all__ = ["Error", "LimitedConnection", "connect", "fault_of"]

PATIENCE_S = 5.0  # For a server that is just starting; the start of an actor may take ten.
CONNECT_LOOK_S = 0.1
ANSWER_S = 0.5  # How much later than the server the connection itself gives up.
KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3}
# A machine that went away holds its lock until the server has missed it so often.
SERVER_KEEPALIVE = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"

NETWORK = "Look whether the server runs and can be reached; the actor tries again by itself"
# What a class of SQLSTATE, or a whole one, means to a person: found, wanted, what to do.
MEANINGS = {
    "": ("the server is gone or does not answer", "an answer", NETWORK),
    "08": ("the connection was lost", "an answer", NETWORK),
    "22": ("the server refuses a value", "to record it", "Tell the makers of the program"),
    "23": (
        "what is to be recorded is there already or breaks a rule of its table",
        "to be the only writer",
        "End whatever else writes this schema",
    ),
    "25006": ("the server only reads", "a server that writes", "Point store.url to the primary"),
    "28": ("the server does not let us in", "a login", "Correct user and password in store.url"),
    "3D": ("there is no such database", "a database", "Make it, or correct store.url"),
    "42501": (
        "a right is missing",
        "to make a schema and to write it",
        "GRANT CREATE ON DATABASE to the user in store.url",
    ),
    "53": ("the server has no room", "room for what is recorded", "Free disk or connections there"),
    "55P03": ("another connection has locked it", "it for ourselves", "End that connection"),
    "57": ("the server is stopping, starting or too slow", "an answer in time", NETWORK),
    "58": ("the server's disk fails", "a sound disk", "Look at the server's log"),
    "XX": ("the server's files are damaged", "sound files", "Restore the server from a backup"),
}

STARTING = "57P03"
REFUSALS = {
    "authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    "no password supplied": "28000",
    '" does not exist': "3D000",
    "too many clients": "53300",
    "the database system is": STARTING,
}


class LimitedConnection(psycopg.Connection[Any]):
    """A connection on which no call waits longer than `limit_s`."""

    limit_s = PATIENCE_S + ANSWER_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.limit_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # It was the limit: whoever asks next would get the late answer.
            raise


def connect(address: Address, directory: Path, actor: str, wait_s: float) -> LimitedConnection:
    """Return the connection of the only writer of an actor's tables, with its schema chosen."""
    place = f"store of {actor} on the server"
    try:
        connection = _connected(address, actor)
    except psycopg.Error as error:
        raise fault_of(error, place, address) from None
    try:
        _check_server(connection, place)
        schema = _schema(connection, directory, place)
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
        _lock(connection, f"{schema}/{actor}", f"{place}, schema {schema}", wait_s)
        connection.commit()
    except BaseException as error:
        connection.close()
        if isinstance(error, psycopg.Error):
            raise fault_of(error, place, address) from None
        raise
    connection.limit_s = wait_s + ANSWER_S
    return connection


def _connected(address: Address, actor: str) -> LimitedConnection:
    given: dict[str, Any] = {
        "dbname": address.database,
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        **dict(address.options),
        **KEEPALIVE,
    }
    until = monotonic() + PATIENCE_S
    while True:
        try:
            return LimitedConnection.connect(
                **{name: value for name, value in given.items() if value},
                application_name=f"floorwatch {actor}",
                connect_timeout=round(PATIENCE_S),
                options=SERVER_KEEPALIVE,
            )
        except psycopg.OperationalError as error:
            # It may be starting; and a wrong password does not get better by trying.
            if monotonic() > until or _state_of(error) not in ("", STARTING):
                raise
            sleep(CONNECT_LOOK_S)


def _check_server(connection: LimitedConnection, place: str) -> None:
    for name in ("fsync", "full_page_writes"):
        ((value,),) = connection.execute(f"SHOW {name}").fetchall()
        if value != "on":
            raise StoreFault(
                place,
                f"the server runs with {name} = {value}",
                f"{name} = on, or a power cut takes orders that were sent",
                "Change it in postgresql.conf",
            )


def _schema(connection: LimitedConnection, directory: Path, place: str) -> str:
    """Return the name of the run's schema; make both on the first start."""
    file = directory / SCHEMA_FILE
    if not file.exists():
        _make_schema(connection, file)
    name = file.read_text(encoding="utf-8").strip()
    known = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (name,))
    if known.fetchone() is None:
        raise StoreFault(
            place,
            f"schema {name} is not on it",
            f"the server on which this run began, as {file} names it",
            "Correct store.url, or restore the database; remove that file only to begin anew,"
            " with the broker flat",
        )
    return name


def _make_schema(connection: LimitedConnection, file: Path) -> None:
    """Make a schema and then the file that names it; whoever was first wins."""
    run = re.sub("[^a-z0-9]+", "_", file.parent.parent.name.lower())[:40]
    name = f"fw_{run}_{secrets.token_hex(4)}"
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    connection.commit()
    draft = file.with_name(f"{SCHEMA_FILE}.{name}")
    try:
        with draft.open("x", encoding="utf-8") as text:
            text.write(name + "\n")
            text.flush()
            os.fsync(text.fileno())
        os.link(draft, file)
    except FileExistsError:
        connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name)))
        connection.commit()
    finally:
        draft.unlink(missing_ok=True)
    held = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _lock(connection: LimitedConnection, name: str, place: str, wait_s: float) -> None:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    key = int.from_bytes(digest, "big", signed=True)
    connection.execute(f"SET statement_timeout = {round(wait_s * 1000)}")
    connection.commit()
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (key,))
    except psycopg.errors.QueryCanceled:
        raise StoreFault(
            place,
            "another actor writes it",
            "to be its only writer",
            "End the other floor of this run; pg_stat_activity on the server names its machine",
        ) from None


def fault_of(error: psycopg.Error, place: str, address: Address) -> StoreFault:
    """Return the fault that an error of the driver or the server means."""
    state = _state_of(error)
    found, wanted, remedy = MEANINGS.get(state) or MEANINGS.get(
        state[:2], ("the server refuses", "an answer", "Look the reason up and mend it")
    )
    said = " ".join((error.diag.message_primary or str(error)).split())
    if address.password:
        said = said.replace(address.password, "***")
    return StoreFault(place, f"{found} ({state + ': ' if state else ''}{said})", wanted, remedy)


def _state_of(error: psycopg.Error) -> str:
    """Return the SQLSTATE; while connecting, the driver has the server's words but not its code."""
    said = str(error)
    guesses = (state for words, state in REFUSALS.items() if words in said)
    return error.sqlstate or next(guesses, "")
