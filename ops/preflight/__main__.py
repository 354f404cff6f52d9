"""The preflight as a process of its own: `python -m ops.preflight RUN_DIR`, settings on its input.

The session starts it at 09:25 and reads the exit code; the line it prints is the summary, and the
whole is kept in the run's data. The settings come as the floor has them, with its calendar.
"""

import json
import sys
import time
from pathlib import Path

from actors.core.session.chores import VERDICT_CODES
from ops.preflight.command import kept, preflight
from protocol.day import Verdict
from protocol.settings import settings_from


def main(arguments: list[str]) -> int:
    """Check a run, keep what was found and print the summary."""
    run_dir = Path(arguments[0])
    settings = settings_from(json.load(sys.stdin))
    document = preflight(settings, settings.preflight, run_dir, time.time_ns())
    kept(document, run_dir / "data")
    sys.stdout.write(f"{document['summary']}\n")
    return VERDICT_CODES[Verdict(document["verdict"])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
