"""Files into another directory of this machine, a mounted disk for example."""

import os
import shutil
from pathlib import Path

from actors.adapters.digest import sha256_of
from actors.adapters.export.port import ExportFailed, ExportRefused, Put, checksum_line
from actors.adapters.frames import sync_directory


class DirectoryDestination:
    """A directory; it must exist, so that a disk that is not mounted is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def label(self) -> str:
        """The directory."""
        return f"directory {self._path}"

    def put(self, file: Put) -> None:
        """Write beside, read back, move into place."""
        if not self._path.is_dir():
            raise ExportRefused(f"{self._path} is no directory: make it, or mount its disk")
        final = self._path / file.name
        try:
            if not (final.is_file() and sha256_of(final) == file.sha256):
                final.parent.mkdir(parents=True, exist_ok=True)
                self._bring(file, final)
            self._write(final.with_name(final.name + ".sha256"), checksum_line(file))
        except OSError as error:
            raise ExportFailed(f"{final}: {error.strerror or error}") from None

    def _bring(self, file: Put, final: Path) -> None:
        part = final.with_name(f".{final.name}.part")
        try:
            shutil.copyfile(file.path, part)
            _sync(part)
            found = sha256_of(part)
            if found != file.sha256:
                raise ExportFailed(f"{part} reads back as {found}, wanted {file.sha256}")
            part.replace(final)
            sync_directory(final.parent)
        finally:
            part.unlink(missing_ok=True)

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        if path.is_file() and path.read_bytes() == content:
            return
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        _sync(part)
        part.replace(path)
        sync_directory(path.parent)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
