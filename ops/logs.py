"""`start.py log`: the decisions of a run for a person or a program, all or those of one trail.

The files are JSON already; structlog renders them here, in a process of its own that ends, because
it costs more memory than an actor may take for it. Files and what a line says come from
`actors.adapters.decision_log`.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from actors.adapters.decision_log import NAME, read_lines
from actors.adapters.secrets import Secret, hidden
from actors.core.trail import Level, Plain
from protocol.log_settings import LogSettings

Line = dict[str, Plain]


class NoLog(RuntimeError):
    """A run has written no log."""


def show_log(
    run_dir: Path,
    settings: LogSettings,
    secrets: tuple[Secret, ...],
    out: TextIO,
    trail: str = "",
) -> int:
    """Write the log of a run to `out`, oldest first; return how many lines there were."""
    least = Level.DEBUG if settings.level == "off" else Level[settings.level.upper()]
    logger = logger_to(out, settings, secrets)
    count = 0
    for line in lines_of(run_dir / "logs"):
        matters = Level[str(line["level"]).upper()] >= least
        if matters and trail in ("", line.get("trail")):
            fields = {key: value for key, value in line.items() if key not in ("level", "event")}
            getattr(logger, str(line["level"]))(line["event"], **fields)
            count += 1
    return count


def lines_of(directory: Path) -> Iterator[Line]:
    """Yield the lines of all files, oldest first; one that a crash brought twice comes once."""
    files = sorted(directory.glob(f"{NAME}*"), key=_age, reverse=True)
    if not files:
        raise NoLog(f"{directory} has no {NAME}: wanted a run with log.level other than off")
    seen: set[tuple[Plain, Plain]] = set()
    for file in files:
        for line in read_lines(file):
            key = (line.get("actor"), line.get("seq"))
            if key not in seen:
                seen.add(key)
                yield line


def logger_to(out: TextIO, settings: LogSettings, secrets: tuple[Secret, ...]) -> Any:
    """Return the one logger of a process: it writes to `out` as the settings say, without secrets.

    Colours are for a terminal only.
    """

    def without_secrets(
        _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> Mapping[str, Any]:
        return {
            key: hidden(value, secrets) if isinstance(value, str) else value
            for key, value in event.items()
        }

    render: Any = structlog.processors.JSONRenderer()
    if settings.format == "console":
        render = structlog.dev.ConsoleRenderer(colors=out.isatty(), sort_keys=False)
    return structlog.wrap_logger(
        structlog.WriteLogger(out),
        processors=[structlog.processors.add_log_level, without_secrets, render],
        wrapper_class=structlog.BoundLogger,
    )


def _age(path: Path) -> int:
    suffix = path.name.removeprefix(NAME).removeprefix(".")
    return int(suffix) if suffix.isdecimal() else 0
