"""The files by which a run is found: who hosts it, on which port, and what the tree is."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from supervision.bodies import Body

RUN_FILE = "run.json"
TREE_FILE = "tree.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was started in this directory; whether it still lives is for `bodies` to say."""

    host: Body
    admin: Body
    port: int
    group: int  # The process group of Admin and all actors.
    method: str
    root: str
    started_ns: int


def write_run(run_dir: Path, run: Run) -> None:
    """Replace the run file."""
    draft = run_dir / f"{RUN_FILE}.tmp"
    draft.write_text(json.dumps(asdict(run), indent=1))
    draft.replace(run_dir / RUN_FILE)


def read_run(run_dir: Path | str) -> Run | None:
    """Return the run of this directory, None if there never was one or it ended in order."""
    try:
        fields = json.loads((Path(run_dir) / RUN_FILE).read_text())
    except FileNotFoundError:
        return None
    return Run(**{**fields, "host": Body(**fields["host"]), "admin": Body(**fields["admin"])})
