"""What a page weighs: all it loads by itself, each file once, as many bytes as were sent."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError

import pytest

from ops.bench.page_weight import File, files_of, loads
from protocol.settings import Settings
from protocol.web_settings import WebSettings
from tests.web.rooms import make_run
from web.app import Server
from web.floor import Floor
from web.packing import LEAST_BYTES
from web.pages import STATIC
from web.replica import Replica

SITE = {
    "/": ("text/html", '<link rel="stylesheet" href="/a.css"><script src="js/a.js"></script>'
                       '<a href="/elsewhere">go</a><img src="//other.example/x.png">'),
    "/a.css": ("text/css", '@import "b.css"; p {background: url(data:image/png;base64,AA)}'),
    "/b.css": ("text/css", ""),
    "/js/a.js": ("text/javascript", 'import {b} from "./b.js"; import "../c.js"; fetch("/api")'),
    "/js/b.js": ("text/javascript", 'import {a} from "./a.js";'),
    "/c.js": ("text/javascript", "import './d.js';" + "x" * 5_000),
    "/d.js": ("text/javascript", ""),
}  # fmt: skip


class Answers(BaseHTTPRequestHandler):
    """Serves the site, its longest file compressed where that is accepted."""

    def do_GET(self) -> None:
        if self.path not in SITE:
            self.send_error(404)
            return
        kind, text = SITE[self.path]
        body = text.encode()
        packed = len(body) > 1_000 and "gzip" in self.headers["Accept-Encoding"]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if packed:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_everything_the_page_loads_is_found_once_and_nothing_it_only_points_to(site):
    paths = [file.path for file in files_of(f"{site}/")]
    assert sorted(paths) == sorted(SITE)


def test_a_compressed_file_weighs_what_was_sent(site):
    files = {file.path: file for file in files_of(f"{site}/")}
    sent = len(gzip.compress(SITE["/c.js"][1].encode()))
    assert files["/c.js"] == File("/c.js", sent, packed=True)
    assert files["/js/b.js"] == File("/js/b.js", len(SITE["/js/b.js"][1]), packed=False)


def test_a_file_that_is_not_there_is_an_error_and_no_lighter_page(site, monkeypatch):
    monkeypatch.setitem(SITE, "/b.css", ("text/css", "p {background: url(/gone.png)}"))
    with pytest.raises(HTTPError, match="404"):
        files_of(f"{site}/")


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("text/html", "", []),
        ("text/html", "<script>let x</script><link rel=icon>", []),
        ("text/javascript", 'export {a} from "./a.js"; await import("./late.js")',
         ["./a.js", "./late.js"]),
        ("text/javascript", 'import {x} from "bare"; // from here', []),
        ("text/css", "a {background: url('i.svg')}", ["i.svg"]),
        ("image/svg+xml", '<image href="/b.png"/>', []),
    ],
)  # fmt: skip
def test_what_a_file_loads_is_read_by_its_type(kind, text, wanted):
    assert list(loads(text, kind)) == wanted


def test_the_floors_own_page_weighs_what_its_files_hold(tmp_path: Path):
    server = Server(
        Floor(make_run(tmp_path), Replica()), Settings(web=WebSettings(port=0, users_file=""))
    )
    try:
        files = files_of(f"http://127.0.0.1:{server.start()}/market")
    finally:
        server.stop()
    static = {file.path: file for file in files if file.path.startswith("/static/")}
    assert {"/static/css/market.css", "/static/js/market.js", "/static/js/live.js"} <= static.keys()
    for path, file in static.items():
        size = (STATIC / path.removeprefix("/static/")).stat().st_size
        assert file.packed == (size >= LEAST_BYTES)
        assert file.sent < size if file.packed else file.sent == size
