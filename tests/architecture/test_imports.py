"""Who may import whom. Read from the source itself, so that nothing has to run."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "supervision", "actors", "web", "ops")
NO_IO = {
    "os", "io", "pathlib", "socket", "subprocess", "sys", "time", "random", "secrets", "logging",
    "asyncio", "threading", "multiprocessing", "tempfile", "shutil", "signal", "urllib", "http",
}  # fmt: skip
PURE_SUPERVISION = {
    "spec", "strategy", "intensity", "liveness", "registry", "child", "effects", "family",
    "wakeups", "flow", "shell", "cell", "node", "journal", "local", "simulator", "tree", "worker",
}  # fmt: skip
THESPIAN = {
    "supervision.cures", "supervision.transport", "supervision.frames", "supervision.guarded",
    "supervision.host", "ops.bench.actors",
}  # fmt: skip
PEERS = ("bars", "chain", "levels")
SDK_ONLY_IN = {
    "msgpack": {"protocol.codec"},
    "zmq": {"supervision.streams", "supervision.inspection"},
    "thespian": THESPIAN,
    "sqlmodel": {"actors.adapters.schema"},
    "sqlalchemy": {"actors.adapters.schema"},
    "psycopg": {"actors.adapters.postgres"},
    "databento": {
        "actors.adapters.history.databento",
        "actors.adapters.feeds.databento_session",
        "ops.bench.client",
        "ops.bench.depth",
    },
    "databento_dbn": {
        "actors.adapters.history.databento",
        "actors.adapters.feeds.databento_session",
        "actors.adapters.feeds.dbn",
        "ops.bench.gateway",
    },
    "pandas": {"ops.bench.peers", *(f"ops.bench.pandas_{of}" for of in PEERS)},
    "pandas_market_calendars": {"actors.adapters.calendar"},
    "polars": {"ops.bench.peers", *(f"ops.bench.polars_{of}" for of in PEERS)},
    "pyarrow": {
        "actors.adapters.day_parquet",
        "actors.adapters.feeds.csv_ticks",
        "actors.adapters.feeds.parquet",
    },
    "asyncssh": {"actors.adapters.export.sftp"},
    "s3fs": {"actors.adapters.export.s3"},
    "botocore": {"actors.adapters.export.s3"},
    "structlog": {"ops.logs"},
    "discord_webhook": {"actors.adapters.notify.discord"},
    "requests": {"actors.adapters.notify.discord"},
    "zstandard": {"actors.adapters.feeds.dbn", "actors.adapters.feeds.ingest"},
    "aiohttp": {"web", "ops.bench.page_client"},
}


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append((name.removesuffix(".__init__"), path))
    return found


def _belongs(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


@cache
def imports(path: Path) -> list[tuple[str, int]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found.append((node.module or "", node.lineno))
    return found


def allowed_ours(name: str) -> tuple[str, ...]:
    """The packages of ours that a module may import."""
    shell_ports = ("supervision.shell", "supervision.flow", "supervision.journal")
    if name.startswith("protocol"):
        return ("protocol",)
    if name.startswith("actors.core"):
        return ("protocol", "actors.core")
    if name.startswith("actors.adapters"):
        return ("protocol", "actors.core", "actors.adapters", *shell_ports)
    if name.startswith("actors"):
        return ("protocol", "actors.core", "actors.adapters", *shell_ports)
    if name.startswith("supervision"):
        return ("protocol", "supervision")
    if name.startswith("web"):
        stores = ("actors.adapters.sql", "actors.adapters.fault") if name == "web.actor" else ()
        return ("protocol", "web", "actors.core", *shell_ports, "supervision.status",
                "supervision.inspection", "supervision.orders", *stores)  # fmt: skip
    return ("protocol", "actors", "supervision", "web", "ops")


def misplaced(name: str, path: Path) -> Iterator[str]:
    """Yield the imports of a module that its place does not allow."""
    allowed = allowed_ours(name)
    for imported, line in imports(path):
        top = imported.split(".")[0]
        if top in (*PACKAGES, "tests", "start"):
            if not _belongs(imported, set(allowed)):
                yield f"{path}:{line}: {name} imports {imported}, allowed is {allowed}"
        elif top in SDK_ONLY_IN and not _belongs(name, SDK_ONLY_IN[top]):
            yield f"{path}:{line}: {imported} belongs in {sorted(SDK_ONLY_IN[top])} alone"


def test_every_module_imports_only_what_its_place_allows():
    assert len(modules()) > 100
    assert [found for name, path in modules() for found in misplaced(name, path)] == []


def outside(path: Path) -> Iterator[tuple[str, int]]:
    for imported, line in imports(path):
        if imported.split(".")[0] not in PACKAGES:
            yield imported.split(".")[0], line


def test_the_vocabulary_needs_the_standard_library_and_no_input_or_output():
    extra = {"msgpack", "annotated_types"}
    for name, path in modules():
        if name.startswith("protocol"):
            for top, line in outside(path):
                assert top in sys.stdlib_module_names | extra, f"{path}:{line}: {top}"
                assert top not in NO_IO, f"{path}:{line}: {top}"


def test_the_calculations_are_pure():
    for name, path in modules():
        if not name.startswith("actors.core"):
            continue
        for top, line in outside(path):
            assert top == "numpy" or top in sys.stdlib_module_names, f"{path}:{line}: {top}"
            assert top not in NO_IO, f"{path}:{line}: a calculation imports {top}"
        for imported, line in imports(path):
            assert imported != "protocol.codec", f"{path}:{line}: the wire is not its business"
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name):
                assert called.id not in ("open", "print", "input", "eval", "exec"), (
                    f"{path}:{node.lineno}: a calculation calls {called.id}"
                )
            if isinstance(called, ast.Attribute):
                assert called.attr not in ("now", "today", "utcnow"), (
                    f"{path}:{node.lineno}: a calculation reads a clock"
                )


def test_the_decisions_of_supervision_read_no_clock_and_no_file():
    for name, path in modules():
        if name.removeprefix("supervision.") in PURE_SUPERVISION and "supervision" in name:
            for top, line in outside(path):
                # The simulator's randomness is seeded by whoever starts it.
                fits = top not in NO_IO or (top == "random" and name.endswith("simulator"))
                assert fits, f"{path}:{line}: {name} imports {top}"


def test_every_name_in_these_tables_is_a_module():
    known = {name for name, _ in modules()}
    listed = {f"supervision.{name}" for name in PURE_SUPERVISION}.union(*SDK_ONLY_IN.values())
    assert listed <= known, f"no such modules: {sorted(listed - known)}"


def test_no_shell_imports_another_shell():
    shells = {name for name, path in modules() if name.count(".") == 1 and "actors." in name}
    for name, path in modules():
        if name in shells:
            for imported, line in imports(path):
                assert imported not in shells, f"{path}:{line}: {name} imports {imported}"


def test_a_package_file_holds_nothing_but_its_docstring():
    for name, path in modules():
        if path.name == "__init__.py":
            body = ast.parse(path.read_text()).body
            assert len(body) == 1, f"{path}: wanted a docstring alone"
            assert ast.get_docstring(ast.parse(path.read_text())), f"{path}: no docstring"
