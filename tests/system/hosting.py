"""Hosts a tree in the foreground, as `start.py` does: arguments are directory, method, port.

A spawned child imports this module once more, as it does with start.py. So what only the host
needs is imported when it begins.
"""

import sys
from pathlib import Path

GREEN = "green"


def main(run_dir: Path, method: str, port: str) -> int:
    """Return the exit code of the run."""
    from supervision.host import Host, NotGreen
    from supervision.spec import from_json

    tree = from_json((run_dir / "wanted.json").read_text())
    host = Host(tree, run_dir, (run_dir / "settings.json").read_text(), method, int(port))
    host.start()
    try:
        host.wait_green(30)
    except NotGreen as error:
        print(error, file=sys.stderr)
        return host.abandon()
    (run_dir / GREEN).touch()
    return host.watch()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
