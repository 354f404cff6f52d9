"""The annotations hold: mypy judges every package as strictly as setup.cfg says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "supervision", "actors", "web", "ops")


@pytest.mark.slow
@pytest.mark.timeout(600)  # Half a minute of work; beside others it may take several times that.
def test_mypy_finds_no_fault_in_any_file_of_any_package():
    # In a process of its own, which gives its memory back; and without what an earlier run kept.
    command = [sys.executable, "-m", "mypy", "--cache-dir", os.devnull]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    # It counts folders without Python as well; a package that it leaves out is far more.
    (judged,) = re.findall(r"no issues found in (\d+) source files", told.stdout)
    assert int(judged) >= sum(len([*(ROOT / package).rglob("*.py")]) for package in PACKAGES)
