"""`start.py install-service`: writes the units, or shows them.

Nothing is started and systemd is not told: the last lines say how, so that whoever installs has
read first what will run as whom. With another root than / the files go below it, as for a package
or an image, and no user is looked up there.
"""

import math
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from actors.adapters.whole_file import replace_file
from ops import bootstrap
from ops.service.units import (
    ENVIRONMENT,
    FLOOR,
    SENTINEL,
    UNITS,
    Service,
    environment_file,
    floor_unit,
    sentinel_unit,
)
from protocol.settings import Settings
from supervision.spec import stop_limit_s
from supervision.tree import floor

MACHINE = Path("/")
NEXT = (
    f"Then: systemctl daemon-reload && systemctl enable --now {FLOOR} {SENTINEL}\n"
    f"Look: systemctl status {FLOOR}; journalctl -u {FLOOR}"
)


class NotInstalled(RuntimeError):
    """The services cannot be installed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written; one that is `kept` is left alone where it exists."""

    path: Path
    text: str
    mode: int
    kept: bool = False


def files_of(service: Service, root: Path = MACHINE) -> tuple[File, ...]:
    """Return what is written below `root`."""
    units = root / UNITS
    return (
        File(units / FLOOR, floor_unit(service), 0o644),
        File(units / SENTINEL, sentinel_unit(service), 0o644),
        File(root / ENVIRONMENT, environment_file(), 0o600, kept=True),
    )


def shown(service: Service, root: Path = MACHINE) -> str:
    """Return what would be written, and change nothing."""
    parts = [
        f"# ---- {file.path}, mode {file.mode:o}{', kept if it exists' if file.kept else ''}\n"
        f"{file.text}"
        for file in files_of(service, root)
    ]
    made = f"# ---- {_below(root, service.run_directory)}/, mode 700, of {service.user}\n"
    return "\n".join([*parts, made])


def service_for(
    settings: Settings, user: str, prefix: Path, run_directory: Path, memory_mb: int
) -> Service:
    """Return the service of a checkout; one that cannot be is refused."""
    try:
        return Service(
            user=user,
            prefix=PurePosixPath(prefix),
            run_directory=PurePosixPath(run_directory),
            memory_mb=memory_mb,
            stop_s=math.ceil(stop_limit_s(floor(settings.supervision))),
        )
    except ValueError as error:
        raise NotInstalled(str(error)) from None


def install(service: Service, uid: int, root: Path = MACHINE) -> str:
    """Write units, the file for secrets and the directory of runs as `uid`; say what was done."""
    _check(service, uid, root)
    owner = _owner(service.user) if root == MACHINE else None
    run = _below(root, service.run_directory)
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    run.chmod(0o700)
    if owner is not None:
        os.chown(run, *owner)
    said = [f"made {run}, mode 700"]
    for file in files_of(service, root):
        if file.kept and file.path.exists():
            said.append(f"kept {file.path}")
            continue
        file.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file.path, file.text.encode())
        file.path.chmod(file.mode)
        said.append(f"wrote {file.path}, mode {file.mode:o}")
    return "\n".join([*said, NEXT])


def _check(service: Service, uid: int, root: Path) -> None:
    """Refuse what would not run, before anything is written."""
    if root == MACHINE and uid != 0:
        raise NotInstalled(
            "found an ordinary user, wanted root: run it with sudo, or with --dry-run to see what"
            " would be written, or with --root DIRECTORY to write it elsewhere"
        )
    prefix = _below(root, service.prefix)
    for name in ("start.py", ".venv/bin/python", f".venv/{bootstrap.STAMP}"):
        # The environment's Python is a link, which leads out of another root than /.
        if not os.path.lexists(prefix / name):
            raise NotInstalled(
                f"{prefix} has no {name}, wanted a checkout with its environment: run"
                f" `python3 {service.prefix}/start.py tree` there once"
            )
    secrets = root / ENVIRONMENT
    if secrets.exists() and (mode := stat.S_IMODE(secrets.stat().st_mode)) & 0o077:
        raise NotInstalled(f"{secrets} has mode {mode:o}, wanted 600: chmod 600 {secrets}")


def _owner(user: str) -> tuple[int, int]:
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise NotInstalled(
            f"no user {user}, wanted one of the machine:"
            f" useradd --system --shell /usr/sbin/nologin {user}"
        ) from None
    return found.pw_uid, found.pw_gid


def _below(root: Path, path: PurePosixPath) -> Path:
    return root / path.relative_to("/")
