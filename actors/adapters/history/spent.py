"""Where bought history lies and what it has cost: little enough for an actor to know."""

from pathlib import Path

from actors.adapters.ledger import Ledger
from protocol.settings import Settings

PURCHASES = "purchases.jsonl"
DIRECTORY = "history"


def history_directory(settings: Settings) -> Path:
    """Return where everything that is bought is kept."""
    return Path(settings.history.directory or Path(settings.run.directory) / DIRECTORY)


def spent_cents(directory: Path) -> int:
    """Return what all purchases kept in a directory have cost, each rounded up to a cent."""
    return sum(fact["cost_cents"] for fact in Ledger(directory / PURCHASES).facts())
