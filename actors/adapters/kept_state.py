"""What an actor keeps between two lives beside a journal: plain values in a file of their own.

Such a state can be made anew by reading the streams again, so a damaged file is put aside and
said, and never a reason not to start.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from actors.adapters.whole_file import replace_file

S = TypeVar("S")


def save_state(path: Path, values: dict[str, Any]) -> None:
    """Replace what is kept."""
    replace_file(path, json.dumps(values).encode())


def load_state(path: Path, make: Callable[[Any], S], fresh: S) -> tuple[S, str]:
    """Return what was kept, made by `make`, or `fresh` with the reason for which it is not used.

    The reason is empty where nothing was ever kept.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return fresh, ""
    try:
        return make(json.loads(content)), ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        return fresh, f"{path} is put aside as {aside.name}: {type(error).__name__} {error}"
