"""Opens journals and books. SQL is imported only here and only when something is opened."""

from actors.adapters.books import Books
from protocol.settings import Settings
from supervision.journal import Journal


def open_journal(settings: Settings, directory: str, actor: str) -> Journal:
    """Return the SQL journal of an actor."""
    from actors.adapters.store import SqlJournal, engine_for

    return SqlJournal(engine_for(settings.store.url, directory, actor), actor)


def open_books(settings: Settings, directory: str) -> Books:
    """Return the SQL books."""
    from actors.adapters.store import SqlBooks, engine_for

    return SqlBooks(engine_for(settings.store.url, directory, "books"))
