"""What the commands of start.py share: options that several take, and how settings are read."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from protocol.settings import Settings

console = Console(highlight=False)
Values = dict[str, dict[str, Any]]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="TOML file with settings.")]
RunDirectory = Annotated[
    Path | None, typer.Option("--run", help="Directory of the run; else that of the floor.")
]


class Refusal(Exception):
    """A command cannot do what was asked; the text says why and what to do."""


def settings_of(path: Path | None, chosen: Values | None = None) -> Settings:
    """Return the settings of a command, `chosen` by its own options above all else."""
    from ops.config import BadSettings, read_settings

    try:
        return read_settings(path, chosen)
    except BadSettings as error:
        raise Refusal(str(error)) from None


def date_of(text: str) -> date | None:
    """Return the trading date of an option, None where it was left out."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refusal(f"--date {text}: wanted a trading date like 2026-11-20") from None
