"""Tries what a confined process must not do and says what came of it; the argument is outside."""

import ctypes
import json
import mmap
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def tried(what: Callable[[], object]) -> str:
    try:
        what()
    except OSError:
        return "refused"
    return "done"


def unshare() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def main(base: Path) -> None:
    status = dict(
        line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("Cap")
    )  # fmt: skip
    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    print(json.dumps({
        "write outside": tried(lambda: (base / "outside").write_text("x")),
        "write inside": tried(lambda: (base / "run/inside").write_text("x")),
        "unshare": tried(unshare),
        "raw socket": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        "write and execute": tried(lambda: mmap.mmap(-1, 4096, prot=both)),
        "capabilities": status["CapEff"],
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
