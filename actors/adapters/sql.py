"""Engines for SQL stores: SQLite files by default, PostgreSQL by address.

An engine opens one connection, that of the only writer of an actor's tables; a second writer is
refused. Whatever the driver raises on it leaves as a `StoreFault`. The driver of a server is
loaded only by whoever has a server.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event

from actors.adapters.address import SCHEMA_FILE, BadAddress, parse_address
from actors.adapters.fault import StoreFault

WAIT_S = 2.0  # For a lock or an answer; an actor silent for three seconds counts as hung.


def engine_for(url: str, directory: str, actor: str, wait_s: float = WAIT_S) -> Engine:
    """Return the engine for an actor's tables: a file of its own, or the server at `url`."""
    path = Path(directory) / f"{actor}.sqlite"
    return _server(url, path, actor, wait_s) if url else _file(path, wait_s)


def in_memory() -> Engine:
    """Return the engine of a store that is gone when it is closed."""
    return create_engine("sqlite://", poolclass=NullPool)


def _file(path: Path, wait_s: float) -> Engine:
    from actors.adapters import sqlite

    if path.with_name(SCHEMA_FILE).exists():
        raise StoreFault(
            str(path.parent),
            f"the journals of this run are on a server ({SCHEMA_FILE})",
            "store.url to name it",
            "Set store.url; remove that file only to begin anew, with the broker flat",
        )
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite.connect(path, wait_s), poolclass=NullPool
    )
    _translate(
        engine, lambda error: sqlite.fault_of(error, path) if sqlite.is_of_store(error) else None
    )
    return engine


def _server(url: str, path: Path, actor: str, wait_s: float) -> Engine:
    place = f"store of {actor} on the server"
    try:
        address = parse_address(url)
    except BadAddress as error:
        raise StoreFault(
            place, "the address cannot be used", "one to be read", f"store.url: {error}"
        ) from None
    if path.exists():
        raise StoreFault(
            str(path),
            "this run has its journals in files, and store.url names a server",
            "one or the other",
            "Leave store.url empty, or begin a new run",
        )
    from actors.adapters import postgres

    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: postgres.connect(address, path.parent, actor, wait_s),
        poolclass=NullPool,
    )
    _translate(engine, lambda error: postgres.fault_of(error, place, address))
    return engine


def _translate(engine: Engine, fault_of: Callable[[Any], StoreFault | None]) -> None:
    """Let every error of the store leave `engine` as a fault, and an error of ours as itself."""

    def on_error(context: Any) -> None:
        error = context.original_exception
        if isinstance(error, engine.dialect.loaded_dbapi.Error):
            fault = fault_of(error)
            if fault is not None:
                raise fault

    event.listen(engine, "handle_error", on_error)
