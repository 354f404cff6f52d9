"""`python -m ops.sentinel --run DIR`: watches a floor from outside until it is told to stop.

The sections watch, notify and calendar come as JSON in the environment, because the address of the
webhook must stand on no command line; without it the defaults hold, and the webhook is taken from
the environment by the same names as the floor's.
"""

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic, sleep, time_ns

from actors.adapters.notify.discord import BadWebhook, Discord, webhook_of
from actors.core.session.calendar import Schedule
from ops.sentinel.machine import KernelFiles
from ops.sentinel.watch import Sentinel, settings_of
from protocol.watch_settings import NotifySettings, WatchSettings
from supervision.notify import say, watchdog_s

SETTINGS = "SENTINEL_SETTINGS"
WEBHOOK = "FLOORWATCH_NOTIFY__DISCORD_WEBHOOK"
CONFIRM_S = 2.0  # Until a process that seems gone is looked for again.
EXIT_USAGE = 64


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Watch until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.sentinel")
    parser.add_argument("--run", type=Path, required=True, help="directory of the run")
    run_dir = parser.parse_args(arguments).run
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_end, told))
    try:
        sentinel, period_s = _made(run_dir, environment)
    except (BadWebhook, TypeError, ValueError, OSError) as error:
        sys.stderr.write(f"the sentinel cannot start: {error}\n")
        return EXIT_USAGE
    try:
        _watch(sentinel, period_s, environment, told)
    except Ended:
        say("STOPPING=1", environment)
    return 0


class Ended(BaseException):
    """A signal told the sentinel to end; no error, so that nobody takes it for one of his own."""


def _end(told: list[int], number: int, frame: object) -> None:
    # Raised wherever it stands, a send that hangs included: what it keeps is replaced as a whole.
    told.append(number)
    raise Ended


def _watch(
    sentinel: Sentinel, period_s: float, environment: Mapping[str, str], told: Sequence[int]
) -> None:
    say("READY=1", environment)
    sign_s = watchdog_s(environment)
    due_s = monotonic()
    while True:
        if monotonic() >= due_s:
            due_s = monotonic() + period_s
            sentinel.look(time_ns())
        if told:  # Where it was raised it can be swallowed, by a destructor for one.
            raise Ended
        say("WATCHDOG=1", environment)
        left_s = due_s - monotonic()
        sleep(max(left_s if sign_s is None else min(left_s, sign_s), 0.0))


def _made(run_dir: Path, environment: Mapping[str, str]) -> tuple[Sentinel, float]:
    watched, told, days = settings_of(environment.get(SETTINGS, ""))
    told = told or {
        "discord_webhook": environment.get(WEBHOOK, ""),
        "discord_webhook_file": environment.get(f"{WEBHOOK}_FILE", ""),
    }
    watch, notify = WatchSettings(**watched), NotifySettings(**told)
    url = webhook_of(notify)
    directory = run_dir / "data"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    sentinel = Sentinel(
        directory,
        KernelFiles(directory),
        Discord(url, notify.timeout_s) if url else None,
        watch,
        Schedule.of(days.get("closed", ()), days.get("early", ())),
        pause=lambda: sleep(CONFIRM_S),
    )
    return sentinel, watch.check_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
