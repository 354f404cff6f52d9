"""`start.py restore`: a run from its backup; what is there is moved aside, never removed."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from actors.adapters.frames import sync_directory
from ops.manifest import MANIFEST, Manifest, verify
from supervision.bodies import lives
from supervision.runfile import read_run


class NotRestored(RuntimeError):
    """Nothing was restored and nothing changed; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    run_dir: Path
    manifest: Manifest
    aside: Path | None  # Where the run that was there lies now.


def restore(backup: Path, run_dir: Path, replace: str = "") -> Restored:
    """Make `run_dir` from a backup, every file of which is checked before and after.

    A run that is there is replaced only if `replace` says its name, and it must not be running.
    """
    manifest = verify(backup)
    run_dir = run_dir.resolve()
    occupied = run_dir.exists() and any(run_dir.iterdir())
    if occupied:
        _check(run_dir, replace)
    draft = run_dir.with_name(f".{run_dir.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    run_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _copy(backup, draft)
        verify(draft)
        (draft / MANIFEST).unlink()
        aside = _move_aside(run_dir) if occupied else None
        os.replace(draft, run_dir)  # An empty directory of that name may be there.
        sync_directory(run_dir.parent)
    except OSError as error:
        raise NotRestored(f"{run_dir} was not restored: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Restored(run_dir, manifest, aside)


def _check(run_dir: Path, replace: str) -> None:
    run = read_run(run_dir)
    if run is not None and lives(run.host):
        raise NotRestored(f"{run_dir} is running, process {run.host.pid}: stop it first")
    if replace != run_dir.name:
        raise NotRestored(
            f"{run_dir} holds a run already: --replace {run_dir.name} moves it aside, or choose"
            " another directory"
        )


def _copy(backup: Path, draft: Path) -> None:
    draft.mkdir(mode=0o700)
    for path in sorted(backup.rglob("*")):
        target = draft / path.relative_to(backup)
        if path.is_dir():
            target.mkdir(mode=0o700)
            continue
        shutil.copyfile(path, target)
        target.chmod(0o600)
        _sync(target)
    for directory in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
        sync_directory(directory)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_aside(run_dir: Path) -> Path:
    number = 1
    while (aside := run_dir.with_name(f"{run_dir.name}.before-{number}")).exists():
        number += 1
    run_dir.rename(aside)
    return aside
