"""What a backup says of itself: every file with its checksum, and how far each stream was kept.

It is written last, so a directory without it is no backup.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from actors.adapters.digest import sha256_of
from actors.adapters.whole_file import replace_file

MANIFEST = "backup.json"
FORMAT = 1


class BadBackup(ValueError):
    """A directory is no backup, or not as it was made; the text names what is wrong."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup."""

    size: int  # Bytes.
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup of one run; paths are those below the directory of the run."""

    run: str
    made_ns: int
    reached: dict[str, int]  # Of each journal, and of the feed: its last number in the backup.
    files: dict[str, Kept]

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(kept.size for kept in self.files.values())


def describe(directory: Path) -> dict[str, Kept]:
    """Return every file below a directory but the manifest itself."""
    found = sorted(path for path in directory.rglob("*") if not path.is_dir())
    return {
        str(path.relative_to(directory)): Kept(path.stat().st_size, sha256_of(path))
        for path in found
        if path != directory / MANIFEST
    }


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Make a directory a backup."""
    plain = {"format": FORMAT, **asdict(manifest)}
    replace_file(directory / MANIFEST, json.dumps(plain, indent=1).encode())


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of a backup, or raise `BadBackup`."""
    path = directory / MANIFEST
    try:
        plain = json.loads(path.read_bytes())
        found = plain.pop("format")
        files = {name: Kept(**kept) for name, kept in plain.pop("files").items()}
        manifest = Manifest(**plain, files=files)
    except OSError as error:
        raise BadBackup(f"{path}: {error.strerror}, wanted the manifest of a backup") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadBackup(f"{path} cannot be read, wanted a manifest of format {FORMAT}") from None
    if found != FORMAT:
        raise BadBackup(f"{path} has format {found}, wanted {FORMAT}: use the program it is of")
    return manifest


def verify(directory: Path) -> Manifest:
    """Return the manifest if every file is as it was made; else raise, naming up to five."""
    manifest = read_manifest(directory)
    there = describe(directory)
    wrong = [f"{name} is missing" for name in sorted(manifest.files.keys() - there.keys())]
    wrong += [f"{name} was not made with it" for name in sorted(there.keys() - manifest.files)]
    wrong += [
        f"{name} has {there[name].size} bytes and another checksum, wanted {kept.size} bytes"
        for name, kept in manifest.files.items()
        if name in there and there[name] != kept
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise BadBackup(f"{directory} is damaged: {'; '.join(wrong[:5])}{more}")
    return manifest
