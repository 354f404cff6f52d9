"""The first start, on small checkouts of their own: no index is asked, nothing here is installed.

A checkout has one locked package, a wheel made here, and a build backend of a few lines, so that
the tests need no network and are quick.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops import bootstrap

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 120
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # The one without our packages.
CLOSED_PORT = "http://127.0.0.1:1/simple"

BACKEND = """
import zipfile
META = "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n"
WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
def get_requires_for_build_editable(config_settings=None): return []
def build_editable(directory, config_settings=None, metadata_directory=None):
    name = "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("small-1.0.dist-info/METADATA", META)
        wheel.writestr("small-1.0.dist-info/WHEEL", WHEEL)
        wheel.writestr("small-1.0.dist-info/RECORD", "")
    return name
"""

COMMANDS = """
import sys
def main(argv):
    import locked
    print(*argv, locked.VERSION, sys.prefix)
    return 7
"""


@dataclass
class Checkout:
    """A clone on a machine that has nothing but Python."""

    root: Path

    def lock(self, version: str) -> None:
        """Put a new version of the locked package on the shelf, and into the lock."""
        path = self.root / "shelf" / f"locked-{version}-py3-none-any.whl"
        info = f"locked-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("locked.py", f"VERSION = {version!r}\n")
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: locked\nVersion: {version}\n"
            )
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{info}/RECORD", f"locked.py,,\n{info}/RECORD,,\n")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        text = f"locked=={version} --hash=sha256:{digest}\n"
        (self.root / "requirements.lock").write_text(text)

    def start(self, *prefix: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `start.py greet` with `environment` on top of a bare one."""
        bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        pip = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_FIND_LINKS": str(self.root / "shelf"),
        }
        command = [PYTHON, *(prefix or ("start.py",)), "greet"]
        return subprocess.run(
            command,
            cwd=self.root,
            env=bare | pip | environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A fresh clone."""
    for name in ("shelf", "ops"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "start.py", tmp_path)
    shutil.copy(ROOT / "ops" / "__init__.py", tmp_path / "ops")
    shutil.copy(ROOT / "ops" / "bootstrap.py", tmp_path / "ops")
    (tmp_path / "ops" / "commands.py").write_text(COMMANDS)
    (tmp_path / "setup.cfg").write_text("")
    (tmp_path / "backend.py").write_text(BACKEND)
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    made = Checkout(tmp_path)
    made.lock("1.0")
    yield made


def environment_at(home: Path) -> None:
    """Make an environment with a pip: that of the Python it is made from, where that has one."""
    has_pip = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0
    short = ["--without-pip", "--system-site-packages"] if has_pip else []
    subprocess.run([PYTHON, "-m", "venv", *short, str(home)], check=True, timeout=LIMIT_S)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the refusal: the last line, with no traceback above it."""
    assert done.returncode == 69, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_the_first_start_installs_what_is_locked_and_later_ones_only_what_changed(
    checkout: Checkout,
) -> None:
    home = checkout.root / ".venv"
    first = checkout.start()
    assert first.returncode == 7, first.stderr
    assert first.stdout.split() == ["greet", "1.0", str(home)]
    log = home / bootstrap.LOG
    installed = log.stat().st_mtime_ns

    second = checkout.start()
    assert (second.returncode, second.stderr) == (7, "")
    assert log.stat().st_mtime_ns == installed

    checkout.lock("2.0")
    third = checkout.start()
    assert third.stdout.split()[1] == "2.0", third.stderr


@pytest.mark.slow
def test_an_interrupted_first_start_is_taken_up_again(checkout: Checkout) -> None:
    home = checkout.root / ".venv"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "python").symlink_to("/nowhere/python")
    (home / "half").touch()
    (home / bootstrap.UNFINISHED).touch()
    done = checkout.start()
    assert done.returncode == 7, done.stderr
    assert not (home / "half").exists()
    assert not (home / bootstrap.UNFINISHED).exists()


@pytest.mark.slow
def test_an_activated_environment_is_used(checkout: Checkout, tmp_path: Path) -> None:
    own = tmp_path / "own"
    environment_at(own)
    done = checkout.start(VIRTUAL_ENV=str(own))
    assert done.stdout.split() == ["greet", "1.0", str(own)], done.stderr
    assert not (checkout.root / ".venv").exists()


@pytest.mark.slow
def test_without_a_network_one_sentence_says_so(checkout: Checkout) -> None:
    environment_at(checkout.root / ".venv")
    said = one_sentence(
        checkout.start(PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL=CLOSED_PORT)
    )
    assert "index cannot be reached" in said
    assert said.endswith("then run `python3 start.py greet` again.")


@pytest.mark.slow
def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    environment_at(checkout.root / ".venv")
    lock = checkout.root / "requirements.lock"
    lock.write_text("locked==1.0 --hash=sha256:" + "0" * 64 + "\n")
    said = one_sentence(checkout.start())
    assert "could not be installed" in said
    assert bootstrap.LOG in said


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_without_the_venv_module_one_sentence_names_the_package(
    checkout: Checkout, module: str
) -> None:
    without = (
        f"import runpy, sys; sys.modules[{module!r}] = None; sys.path.insert(0, '.');"
        " sys.argv[0] = 'start.py'; runpy.run_path('start.py', run_name='__main__')"
    )
    said = one_sentence(checkout.start("-c", without))
    assert said.startswith(f"This Python has no module {module}")
    assert "apt-get install python3-venv" in said


def test_an_old_python_is_told_what_is_wanted() -> None:
    wanted = r"3\.11 or newer and this is Python 3\.8: .*`python3\.11 "
    with pytest.raises(bootstrap.Refused, match=wanted):
        bootstrap.check_python((3, 8), "python3 start.py demo")
    bootstrap.check_python((3, 11), "python3 start.py demo")
    bootstrap.check_python((4, 0), "python3 start.py demo")


@pytest.mark.parametrize("path", ["start.py", "ops/__init__.py", "ops/bootstrap.py"])
def test_what_runs_first_parses_under_an_old_python(path: str) -> None:
    ast.parse((ROOT / path).read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("version", ["3.6", "3.8", "3.10"])
def test_an_old_python_that_is_here_says_the_sentence_itself(version: str) -> None:
    python = shutil.which(f"python{version}")
    # A version manager puts names on the path that lead to nothing.
    if python is None or subprocess.run([python, "-c", ""], capture_output=True).returncode != 0:
        pytest.skip(f"no Python {version} on this machine")
    done = subprocess.run(
        [python, "start.py", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert f"this is Python {version}:" in one_sentence(done)


def test_a_stale_activation_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "gone"))
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert bootstrap.environment(tmp_path) == tmp_path / ".venv"
