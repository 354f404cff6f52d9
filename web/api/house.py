"""What the endpoints work with: made once, when the server starts, and handed to each call."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from protocol.settings import Settings
from web.api.audit import Audit
from web.api.books import Books, BooksServer, books_of
from web.api.excursions import Excursions
from web.api.feed_figures import FeedFigures
from web.api.loads import Loads
from web.auth.attempts import Attempts
from web.auth.logins import Logins
from web.floor import Floor
from web.news import News


class House:
    """The floor as it is seen, who may see it, and what was answered so far."""

    def __init__(
        self,
        floor: Floor,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        books_server: BooksServer | None = None,
    ) -> None:
        self._books_server = books_server
        self.floor = floor
        self.settings = settings
        self.web = web = settings.web
        self.run_dir: Path = floor.run_dir
        self.audit = Audit(floor.run_dir)
        self.loads = Loads()
        self.feed = FeedFigures(floor.run_dir)
        self.excursions = Excursions(floor.run_dir)
        self.logins = Logins(web, floor.run_dir, clock)
        self.attempts = Attempts()
        self.news = News(floor.sections, web.clients_max, {"depth": floor.depth})
        self.answered: Counter[int] = Counter()  # By status: a closed set.

    def books(self) -> AbstractContextManager[Books]:
        """Open the books of the run for one look."""
        return books_of(self.run_dir, self._books_server)
