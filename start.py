"""Start Floorwatch: `python3 start.py COMMAND`, on any machine with Python 3.11 and its venv.

The first start makes a private environment and installs the locked packages; see ops/bootstrap.py.
This file must parse under an old Python, so that it can say which one it needs.
"""

import sys
from pathlib import Path

from ops import bootstrap

EXIT_REFUSED = 69  # EX_UNAVAILABLE: something outside the program is missing.


def main() -> int:
    """Enter the environment, then hand over to the commands."""
    try:
        bootstrap.enter(Path(__file__).resolve().parent, sys.argv)
    except bootstrap.Refused as refusal:
        print(refusal, file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print("Stopped; the next start takes up the set-up again.", file=sys.stderr)
        return 130
    # Only now are the packages there that the commands import.
    from ops.commands import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
