"""A real PostgreSQL server for tests, and a line to it that a test can cut, hold or slow down."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

USER, PASSWORD, DATABASE = "floor", "hunter2-secret", "orders"
START_S = 30.0
ATTEMPTS_MAX = 3  # Somebody else may take the port that was free a moment ago.
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "logging_collector": "off",
}


class NoServer(Exception):
    """PostgreSQL cannot run here; the text says why."""


def programs() -> Path:
    """Return where initdb and postgres are."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise NoServer("PostgreSQL is not installed: no initdb on the path or in /usr/lib/postgresql")


class PostgresServer:
    """A server with a database of its own, on a port that the system assigns."""

    def __init__(self) -> None:
        self._bin = programs()
        self._user = self._unprivileged()
        self.home = Path(tempfile.mkdtemp(prefix="fw-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        try:
            self._make()
            self.start()
            self._run_alone(f"CREATE DATABASE {DATABASE}")
        except BaseException:
            self.remove()
            raise

    @staticmethod
    def _unprivileged() -> int | None:
        """Return whom to run as: PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
        for name in ("postgres", "nobody"):
            if name in names:
                return names[name]
        raise NoServer("running as root, and there is neither a user postgres nor nobody")

    def _options(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwuid(self._user).pw_gid, "extra_groups": ()}

    def _make(self) -> None:
        secret = self.home / "password"
        secret.write_text(PASSWORD)
        if self._user is not None:
            for path in (self.home, secret):
                os.chown(path, self._user, pwd.getpwuid(self._user).pw_gid)
        command = [
            str(self._bin / "initdb"), "-D", str(self.home / "data"), "-U", USER, "-A",
            "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8", "--locale=C",
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, **self._options()
        )
        if done.returncode != 0:
            raise NoServer(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")

    def start(self) -> None:
        """Start the server, on the port it had if it ran before."""
        for _ in range(ATTEMPTS_MAX):
            self.port = self.port or free_port()
            settings = {**SETTINGS, "port": self.port}
            flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
            with (self.home / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [str(self._bin / "postgres"), "-D", str(self.home / "data"), *flags],
                    cwd="/", stdout=log, stderr=log, preexec_fn=_end_with_us, **self._options(),
                )  # fmt: skip
            if self._answers():
                return
            self.stop()
            self.port = 0
        raise NoServer(f"it does not start: {(self.home / 'log').read_text()[-400:]}")

    def _answers(self) -> bool:
        until = monotonic() + START_S
        while monotonic() < until and self.process.poll() is None:
            if "ready to accept connections" in (self.home / "log").read_text():
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                        return True
            sleep(0.02)
        return False

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT in order, SIGQUIT as if the machine had lost power."""
        if self._process is not None:
            self.process.send_signal(how)
            self.process.wait(START_S)
            self._process = None
        (self.home / "log").write_text("")

    def remove(self) -> None:
        """End the server and leave nothing."""
        if (self.home / "log").exists():
            self.stop()
        shutil.rmtree(self.home)

    def url(self, port: int | None = None, password: str = PASSWORD) -> str:
        """Return the address as a setting has it."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{port or self.port}/{DATABASE}"

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as somebody else and return its rows."""
        return self._run(statement, DATABASE)

    def _run_alone(self, statement: str) -> None:
        self._run(statement, "postgres")

    def _run(self, statement: str, database: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database,
            autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.execute(statement)
            return [] if cursor.description is None else cursor.fetchall()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_us() -> None:
    # Even a killed test run leaves no server: the kernel tells it, and it shuts down at once.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Line:
    """A line to the server: a test can cut it, or lose the answer to what it sends."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.deaf_after: bytes | None = None  # What is asked with it is passed on, not the answer.
        self.silent = threading.Event()  # Nothing is answered, and nothing is closed.
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._ends += [client, server]
            lost = threading.Event()
            for source, sink, asks in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pump, args=(source, sink, asks, lost), daemon=True
                ).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, asks: bool, lost: threading.Event
    ) -> None:
        try:
            while part := source.recv(65_536):
                if asks and self.deaf_after is not None and self.deaf_after in part:
                    lost.set()
                if not asks and self.silent.is_set():
                    continue
                if not asks and lost.is_set():
                    break  # The server has done it, and nobody will hear of it.
                sink.sendall(part)
        except OSError:
            pass
        for end in (source, sink):
            hang_up(end)

    def cut(self) -> None:
        """Cut every connection."""
        for end in self._ends:
            hang_up(end)

    def close(self) -> None:
        """Cut every connection and take no new one."""
        hang_up(self._listener)
        self._listener.close()
        self.cut()
        for end in self._ends:
            end.close()


def hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


@contextmanager
def line_to(server: PostgresServer) -> Iterator[Line]:
    """Lay a line to `server`."""
    line = Line(server.port)
    try:
        yield line
    finally:
        line.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for all tests of a run; where it must be, its absence fails them."""
    try:
        server = PostgresServer()
    except NoServer as reason:
        if os.environ.get("CI"):
            pytest.fail(f"no PostgreSQL server: {reason}")
        pytest.skip(f"no PostgreSQL server: {reason}")
    yield server
    server.remove()
