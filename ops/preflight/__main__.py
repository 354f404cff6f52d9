"""The preflight as a process of its own: `python -m ops.preflight RUN_DIR`, settings on its input.

The session starts it at 09:25 and reads the exit code; the line it prints is the summary, and the
whole is kept in the run's data. The settings come as the floor has them, with its calendar. A
NO-GO closes the fence; where the desk could not be told, the preflight asks to be tried again.
"""

import json
import sys
import time
from pathlib import Path

from actors.core.session.chores import EXIT_AGAIN, VERDICT_CODES
from ops.preflight.command import kept, preflight
from ops.preflight.fence import close_fence
from protocol.day import Verdict
from protocol.settings import settings_from
from supervision.inspection import NoAnswer, NotTaken


def main(arguments: list[str]) -> int:
    """Check a run, keep what was found, print the summary and do what it demands."""
    run_dir, now_ns = Path(arguments[0]), time.time_ns()
    settings = settings_from(json.load(sys.stdin))
    document = preflight(settings, settings.preflight, run_dir, now_ns)
    kept(document, run_dir / "data")
    sys.stdout.write(f"{document['summary']}\n")
    try:
        close_fence(run_dir, document, now_ns)
    except (NoAnswer, NotTaken) as error:
        sys.stdout.write(f"the fence stays as it is: {error}\n")
        return EXIT_AGAIN
    return VERDICT_CODES[Verdict(document["verdict"])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
