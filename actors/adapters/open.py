"""Opens journals and books. SQL is imported only here and only when something is opened."""

from actors.adapters.books import Books
from protocol.settings import Settings
from supervision.journal import Journal

OWNERS = ("desk", "broker", "session")  # Of journals.


def prepare() -> None:
    """Learn now what each store needs at its first use; whoever is forked later shares it."""
    from actors.adapters.tables import BOOKS, learn

    learn([*OWNERS, BOOKS])


def open_journal(settings: Settings, directory: str, actor: str) -> Journal:
    """Return the SQL journal of an actor."""
    from actors.adapters.store import SqlJournal, database_for

    return SqlJournal(database_for(settings.store.url, directory, actor), actor)


def open_books(settings: Settings, directory: str) -> Books:
    """Return the SQL books."""
    from actors.adapters.store import SqlBooks, database_for

    return SqlBooks(database_for(settings.store.url, directory, "books"))
