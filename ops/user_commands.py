"""The commands of start.py about who may log in to the page."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ops.options import Refusal, SettingsFile, console, settings_of

app = typer.Typer(help="Who may log in to the page.")
PASSWORD = "FLOORWATCH_USER_PASSWORD"  # Where there is nobody to be asked.


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits, '_', '.', '@' or '-'.")],
    role: Annotated[str, typer.Option(help="viewer, or operator, who may act.")] = "viewer",
    settings_file: SettingsFile = None,
) -> int:
    """Add a user, or give one a new role and password; asks for the password."""
    from web.auth.users import add_user

    path = _users_file(settings_file)
    add_user(path, name, role, _password())
    console.print(f"{name} is {role} in {path}", soft_wrap=True)
    return 0


@app.command()
def remove(name: str, settings_file: SettingsFile = None) -> int:
    """Take a user out; his logins end with it."""
    from web.auth.users import remove_user

    path = _users_file(settings_file)
    remove_user(path, name)
    console.print(f"{name} is no longer in {path}", soft_wrap=True)
    return 0


def _users_file(settings_file: Path | None) -> Path:
    named = settings_of(settings_file).web.users_file
    if not named:
        raise Refusal("web.users_file is empty: name the file of users there")
    return Path(named)


def _password() -> str:
    """Ask for a password; never as an argument, which every process of the machine can read."""
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not sys.stdin.isatty():
        raise Refusal(f"nobody is there to type a password: set {PASSWORD} instead")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
