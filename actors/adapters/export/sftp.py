"""Files to an SFTP host: by key alone, to a host that is known, resumed where a line was cut.

A file goes to `.name.part` first. What an earlier attempt left there is read back and compared
with ours; from the first byte that differs on it is sent anew. The whole is read back and its
checksum compared before the part is renamed over the name in one step (posix-rename), so whoever
looks there sees the old file or the new one. Every step has a time-out: a host that accepts and
says nothing is an error, not a stall.
"""

import asyncio
import hashlib
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from actors.adapters.export.port import (
    BLOCK_BYTES,
    ExportFailed,
    ExportRefused,
    Put,
    checksum_line,
)
from protocol.export_settings import ExportSettings

T = TypeVar("T")
CLOSE_S = 2.0


class SftpDestination:
    """A directory on an SFTP host."""

    def __init__(self, settings: ExportSettings) -> None:
        self._settings = settings
        for name in ("host", "user", "key_file", "known_hosts_file"):
            if not str(getattr(settings, name)):
                raise ExportRefused(f"export.{name} is empty, wanted for export.to = sftp")
        for path in (settings.key_file, settings.known_hosts_file):
            if not Path(path).is_file():
                raise ExportRefused(f"{path}: found no file, wanted one for export.to = sftp")

    @property
    def label(self) -> str:
        """User, host, port and directory."""
        to = self._settings
        return f"sftp {to.user}@{to.host}:{to.port}/{to.path.lstrip('/')}"

    def put(self, file: Put) -> None:
        """Upload, verify, rename; an error ends the connection at once."""
        import asyncssh

        try:
            asyncio.run(self._put(file))
        except (asyncssh.HostKeyNotVerifiable, ValueError) as error:  # Or an unreadable key.
            raise ExportRefused(f"{self.label}: {error}") from None
        except asyncssh.PermissionDenied:
            raise ExportRefused(
                f"{self.label}: the key {self._settings.key_file} was not accepted"
            ) from None
        except asyncssh.SFTPPermissionDenied as error:
            raise ExportRefused(f"{self.label}: {file.name}: {error.reason}") from None
        except TimeoutError:
            raise ExportFailed(
                f"{self.label}: nothing moved for {self._settings.timeout_s} s"
            ) from None
        except (asyncssh.Error, OSError) as error:
            raise ExportFailed(f"{self.label}: {type(error).__name__}: {error}") from None

    async def _put(self, file: Put) -> None:
        import asyncssh

        to = self._settings
        connection = await self._soon(
            asyncssh.connect(
                to.host,
                to.port,
                username=to.user,
                client_keys=[to.key_file],
                known_hosts=to.known_hosts_file,
                preferred_auth="publickey",
                password=None,
                agent_path=None,
                config=None,
            )
        )
        try:
            sftp = await self._soon(connection.start_sftp_client())
            await _Upload(sftp, self, file).run()
        finally:
            # A line that hangs would hang its orderly end too.
            connection.abort()
            with suppress(TimeoutError):
                await asyncio.wait_for(connection.wait_closed(), CLOSE_S)

    async def _soon(self, step: Awaitable[T]) -> T:
        return await asyncio.wait_for(step, self._settings.timeout_s)

    async def step(self, step: Awaitable[T]) -> T:
        """Return what a step comes to, within the time a transfer may stand still."""
        return await self._soon(step)

    def remote(self, name: str) -> tuple[str, str]:
        """Return directory and path of a name on the host."""
        path = f"{self._settings.path.rstrip('/')}/{name}" if self._settings.path else name
        return path.rpartition("/")[0], path


class _Upload:
    """One file on an open connection."""

    def __init__(self, sftp: Any, place: SftpDestination, file: Put) -> None:
        self._sftp, self._step, self._file = sftp, place.step, file
        self._directory, self._final = place.remote(file.name)
        base = file.name.rpartition("/")[2]
        self._part = f"{self._directory}/.{base}.part" if self._directory else f".{base}.part"

    async def run(self) -> None:
        """Do whatever is not done yet."""
        if not await self._is_whole(self._final):
            if self._directory:
                await self._step(self._sftp.makedirs(self._directory, exist_ok=True))
            await self._send()
            if not await self._is_whole(self._part):
                raise ExportFailed(f"{self._part} reads back different from what was sent")
            await self._step(self._sftp.posix_rename(self._part, self._final))
        await self._note()

    async def _is_whole(self, path: str) -> bool:
        """Say whether the file there is ours, by its size and then by the checksum read back."""
        if await self._size(path) != self._file.size:
            return False
        digest = hashlib.sha256()
        there = await self._step(self._sftp.open(path, "rb"))
        while block := await self._step(there.read(BLOCK_BYTES)):
            digest.update(block)
        await self._step(there.close())
        return digest.hexdigest() == self._file.sha256

    async def _size(self, path: str) -> int:
        import asyncssh

        try:
            return int((await self._step(self._sftp.stat(path))).size or 0)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return -1

    async def _send(self) -> None:
        mode = "wb" if await self._size(self._part) < 0 else "r+b"
        with self._file.path.open("rb") as here:
            there = await self._step(self._sftp.open(self._part, mode))
            at = await self._agreed(here, there) if mode == "r+b" else 0
            await self._step(there.truncate(at))
            here.seek(at)
            while block := here.read(BLOCK_BYTES):
                await self._step(there.write(block, at))
                at += len(block)
            await self._durable(there)
            # An error leaves it open on purpose: closing would wait for a line that hangs, and
            # the end of the connection closes it anyway.
            await self._step(there.close())

    async def _agreed(self, here: Any, there: Any) -> int:
        """Return up to where the part that lies there is the beginning of our file."""
        at = 0
        while theirs := await self._step(there.read(BLOCK_BYTES, at)):
            ours = here.read(len(theirs))
            if ours != theirs:
                return at
            at += len(theirs)
        return at

    async def _durable(self, there: Any) -> None:
        import asyncssh

        # The checksum is read back; more than that a host without it does not offer.
        with suppress(asyncssh.SFTPOpUnsupported):
            await self._step(there.fsync())

    async def _note(self) -> None:
        """Put the checksum beside, so that the host's owner can check without us."""
        name, part = f"{self._final}.sha256", f"{self._part}.sha256"
        wanted = checksum_line(self._file)
        if await self._size(name) == len(wanted):
            there = await self._step(self._sftp.open(name, "rb"))
            found = await self._step(there.read(len(wanted)))
            await self._step(there.close())
            if found == wanted:
                return
        there = await self._step(self._sftp.open(part, "wb"))
        await self._step(there.write(wanted))
        await self._step(there.close())
        await self._step(self._sftp.posix_rename(part, name))
