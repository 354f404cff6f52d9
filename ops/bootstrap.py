"""The first start: a private environment with the locked packages, made once and kept.

Runs before anything is installed, so it needs the standard library alone; and it must still parse
under an old Python, so that this one can be told in a sentence that it is too old.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PYTHON_MIN = (3, 11)
STAMP = "floorwatch.stamp"  # Written last: with it the environment is complete.
UNFINISHED = "floorwatch.unfinished"  # There from before the first package to after the last.
LOG = "floorwatch-install.log"
OFFLINE_WORDS = ("connection broken", "NewConnectionError", "NameResolution", "Connection refused")


class Refused(Exception):
    """The environment cannot be made; the text is one sentence with the way out."""


def enter(root: Path, argv: "list[str]") -> None:
    """Continue inside the environment of the checkout `root`; make it first where needed.

    Returns when the running Python is the environment's own. Inside an activated virtual
    environment that one is used, otherwise `.venv` in the checkout.
    """
    again = "python3 " + " ".join(argv)
    check_python(sys.version_info[:2], again)
    home = environment(root)
    if read_stamp(home) != wanted_stamp(root, home):
        with alone(root):
            # Whoever was first may have done the work while this start waited.
            if read_stamp(home) != wanted_stamp(root, home):
                install(root, home, again)
    if not os.path.samefile(home, sys.prefix):
        python = str(home / "bin" / "python")
        os.execv(python, [python, *argv])


def check_python(version: "tuple[int, int]", again: str) -> None:
    """Refuse a Python that cannot run the program."""
    if tuple(version) < PYTHON_MIN:
        newer = again.replace("python3 ", "python3.11 ", 1)
        raise Refused(
            f"Floorwatch needs Python 3.11 or newer and this is Python {version[0]}.{version[1]}:"
            f" run it with a newer one, for example `{newer}`."
        )


def environment(root: Path) -> Path:
    """Return the virtual environment to use; it need not exist yet."""
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix)
    activated = os.environ.get("VIRTUAL_ENV")
    # Without its pyvenv.cfg a directory is no environment and starting its Python leads back here.
    if activated and (Path(activated) / "pyvenv.cfg").is_file():
        return Path(activated)
    return root / ".venv"


def wanted_stamp(root: Path, home: Path) -> str:
    """Return what the stamp must say: what is locked, and where the checkout lies."""
    digest = hashlib.sha256()
    for name in ("requirements.lock", "setup.cfg"):
        digest.update((root / name).read_bytes())
    digest.update(f"{root.resolve()} {home.resolve()}".encode())
    return digest.hexdigest()


def read_stamp(home: Path) -> str:
    """Return the stamp of an environment, "" if it is missing, broken or incomplete."""
    try:
        # The Python it was made from may be gone: then its link leads nowhere.
        return (home / STAMP).read_text() if (home / "bin" / "python").exists() else ""
    except OSError:
        return ""


@contextmanager
def alone(root: Path) -> "Iterator[None]":
    """Hold the checkout against a second start; the lock dies with its process."""
    directory = os.open(str(root), os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def install(root: Path, home: Path, again: str) -> None:
    """Bring the environment to the lock, from whatever state an earlier attempt left it in."""
    ours = home.resolve() == (root / ".venv").resolve()
    interrupted = (home / UNFINISHED).exists()
    if ours and (interrupted or not runs(home)):
        make(home, again)
    say(f"Installing the locked packages into {home} (once; about a minute) ...")
    (home / STAMP).unlink(missing_ok=True)
    (home / UNFINISHED).touch()
    lock = ["--require-hashes", "-r", str(root / "requirements.lock")]
    # In an environment of the user's nothing is cleared; what was half done is done again.
    pip(home, [*lock, "--force-reinstall"] if interrupted and not ours else lock, again)
    project = ["--no-deps", "--no-build-isolation", "--config-settings", "editable_mode=compat"]
    pip(home, [*project, "--no-index", "-e", str(root)], again)
    (home / STAMP).write_text(wanted_stamp(root, home))
    (home / UNFINISHED).unlink()
    say("Done.")


def runs(home: Path) -> bool:
    """Say whether the environment's Python starts and has pip."""
    try:
        command = [str(home / "bin" / "python"), "-c", "import pip"]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def make(home: Path, again: str) -> None:
    """Make an empty environment in place of whatever is there."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Refused(
                f"This Python has no module {module}, so no private environment can be made:"
                " install it, on Debian or Ubuntu with `sudo apt-get install python3-venv`, then"
                f" run `{again}` again."
            )
    say(f"Making the private environment {home} ...")
    command = [sys.executable, "-m", "venv", "--clear", str(home)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Refused(
            f"The private environment {home} could not be made ({last_line(done.stdout)}): mend"
            f" that, or remove it with `rm -r {home}`, then run `{again}` again."
        )


def pip(home: Path, arguments: "list[str]", again: str) -> None:
    """Install; what pip says goes to a file, and only its reason for failing is shown."""
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--no-input", "--retries", "2"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    log = home / LOG
    with log.open("ab") as file:
        file.write(done.stdout)
    if done.returncode == 0:
        return
    said = done.stdout.decode(errors="replace")
    if any(word in said for word in OFFLINE_WORDS):
        raise Refused(
            "The packages could not be fetched because the package index cannot be reached:"
            f" connect this machine to the network, then run `{again}` again."
        )
    raise Refused(
        f"The packages could not be installed ({last_line(done.stdout)}): read {log}, mend that,"
        f" then run `{again}` again."
    )


def last_line(output: bytes) -> str:
    """Return the last thing a command said, its errors first."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "Error"))]
    return (errors or lines or ["it said nothing"])[-1]


def say(text: str) -> None:
    """Tell what takes time, beside the program's own output."""
    print(text, file=sys.stderr, flush=True)
