"""A real SFTP server on loopback, and a line to it that is cut after so many bytes."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from protocol.export_settings import ExportSettings
from tests.venues.postgres import hang_up

USER = "recorder"
STOP_S = 5.0


class _Place(asyncssh.SFTPServer):
    """The files below one directory; a test can make its disk full."""

    def __init__(self, channel: asyncssh.SSHServerChannel, server: "SftpHost") -> None:
        super().__init__(channel, chroot=str(server.files).encode())
        self._server = server

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if self._server.room is not None:
            self._server.room -= len(data)
            if self._server.room < 0:
                raise asyncssh.SFTPFailure("No space left on device")
        return super().write(file_obj, offset, data)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if self._server.locked and pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        return super().open(path, pflags, attrs)


class SftpHost:
    """A server with a key of its own that lets one key in, on a port that the system assigns."""

    def __init__(self, home: Path) -> None:
        self.files = home / "remote"
        self.files.mkdir()
        self.room: int | None = None  # Bytes that still fit; None for no limit.
        self.locked = False
        self.key_file, self.stranger_file = home / "key", home / "stranger"
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        for path in (self.key_file, self.stranger_file):
            key = asyncssh.generate_private_key("ssh-ed25519")
            key.write_private_key(str(path))
            key.write_public_key(f"{path}.pub")
        self._home = home
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.port = self._server.get_port()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            authorized_client_keys=f"{self.key_file}.pub",
            sftp_factory=lambda channel: _Place(channel, self),
        )

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_S)

    def settings(self, port: int | None = None, **fields: object) -> ExportSettings:
        """Return settings that reach this host, by way of `port` if it is given."""
        port = port or self.port
        known = self._home / f"known_hosts_{port}"
        key = self.host_key.export_public_key().decode()
        known.write_text(f"[127.0.0.1]:{port} {key}")
        values = {
            "to": "sftp", "host": "127.0.0.1", "port": port, "user": USER, "path": "/ticks",
            "key_file": str(self.key_file), "known_hosts_file": str(known), "timeout_s": 5,
            "attempts_max": 40, "backoff_s": 0,
        }  # fmt: skip
        return ExportSettings(**(values | fields))

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            await self._server.wait_closed()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_S)
        self._loop.close()


class CutLine:
    """Passes bytes on to a port; each connection is cut after so many bytes from the client.

    Behind the last of `budgets` nothing is cut any more.
    """

    def __init__(self, port: int, budgets: list[int], *, silent: bool = False) -> None:
        self._to, self._budgets, self._silent = port, list(budgets), silent
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._ends.append(client)
            if self._silent:
                continue
            server = socket.create_connection(("127.0.0.1", self._to))
            self._ends.append(server)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            budget = self._budgets.pop(0) if self._budgets else None
            for source, sink, left in ((client, server, budget), (server, client, None)):
                threading.Thread(target=self._pump, args=(source, sink, left), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, left: int | None) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                if left is not None and len(part) >= left:
                    sink.sendall(part[:left])
                    self.cuts += 1
                    break
                left = None if left is None else left - len(part)
                sink.sendall(part)
        for end in (source, sink):
            hang_up(end)

    def close(self) -> None:
        hang_up(self._listener)
        self._listener.close()
        for end in self._ends:
            hang_up(end)
            end.close()


@contextmanager
def cut_line(port: int, budgets: list[int], *, silent: bool = False) -> Iterator[CutLine]:
    """Lay a line to `port`."""
    line = CutLine(port, budgets, silent=silent)
    try:
        yield line
    finally:
        line.close()
