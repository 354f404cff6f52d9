"""Serves the floor for the bench: `start.py run`, with settings that the bench has written."""

import sys
from pathlib import Path

from rich.console import Console

from ops.bench.service import served_settings
from ops.live import run_floor
from protocol.settings import settings_from

if __name__ == "__main__":
    settings = settings_from(served_settings(Path(sys.argv[1])))
    sys.exit(run_floor(settings, Console()))
