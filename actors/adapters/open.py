"""Opens journals and books. SQL is imported only here and only when something is opened."""

from actors.adapters.books import Books
from protocol.settings import Settings
from supervision.journal import Journal

OWNERS = ("desk", "broker", "session")  # Of journals.


def prepare() -> None:
    """Make now what each store makes at its first use; whoever is forked later shares it."""
    from actors.adapters.sql import in_memory
    from actors.adapters.store import SqlBooks, SqlJournal

    for actor in OWNERS:
        SqlJournal(in_memory(), actor).close()
    SqlBooks(in_memory()).close()


def open_journal(settings: Settings, directory: str, actor: str) -> Journal:
    """Return the SQL journal of an actor."""
    from actors.adapters.store import SqlJournal, database_for

    return SqlJournal(database_for(settings.store.url, directory, actor), actor)


def open_books(settings: Settings, directory: str) -> Books:
    """Return the SQL books."""
    from actors.adapters.store import SqlBooks, database_for

    return SqlBooks(database_for(settings.store.url, directory, "books"))
