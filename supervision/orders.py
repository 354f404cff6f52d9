"""Orders to a supervisor, as files: it has no socket and must have none, since it forks.

Whoever orders puts a file named by the child into the run's directory, which is of mode 700; the
supervisor of that child takes it away when it obeys. An order nobody takes can be taken back.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

ORDERS_DIR = "orders"


@dataclass(frozen=True, slots=True)
class RestartOrder:
    """A child is to be stopped in order and started anew, if it still is the process that it was.

    The number of the process is that which whoever ordered it saw.
    """

    id: str
    pid: int
    who: str
    reason: str


def place(run_dir: Path | str, id: str) -> Path:
    """Return where an order about a child is put."""
    return Path(run_dir) / ORDERS_DIR / f"{id}.json"


def put(run_dir: Path | str, order: RestartOrder) -> Path:
    """Put an order down, whole, and return where it is."""
    path = place(run_dir, order.id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(".tmp")
    words = {"pid": order.pid, "who": order.who, "reason": order.reason}
    draft.write_text(json.dumps(words), encoding="utf-8")
    draft.replace(path)
    return path


def take(run_dir: Path | str, ids: Collection[str]) -> list[RestartOrder]:
    """Take away and return the orders about `ids`; what is no order is taken away all the same."""
    try:
        found = sorted(path for path in (Path(run_dir) / ORDERS_DIR).iterdir() if path.stem in ids)
    except OSError:  # Nobody has ordered anything yet.
        return []
    return [order for path in found if (order := _taken(path)) is not None]


def _taken(path: Path) -> RestartOrder | None:
    if path.suffix != ".json":
        return None
    try:
        text = path.read_bytes()
        path.unlink()
        words = json.loads(text)
        return RestartOrder(path.stem, int(words["pid"]), str(words["who"]), str(words["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
