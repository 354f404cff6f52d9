"""What is kept in the repository: sources and documents, never what a market or a run produced."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT_MAX = 320 * 1024  # The lock file is the largest; a recording is far larger.
PRODUCED = {".csv", ".db", ".dbn", ".frames", ".gz", ".parquet", ".sqlite", ".zip", ".zst"}


def kept() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a clone: what is kept cannot be listed")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_recording_journal_or_archive_is_kept():
    assert [path.name for path in kept() if path.suffix in PRODUCED] == []


def test_no_file_is_as_large_as_a_recording():
    found = {path.name: path.stat().st_size for path in kept() if path.exists()}
    assert {name: size for name, size in found.items() if size > KEPT_MAX} == {}
