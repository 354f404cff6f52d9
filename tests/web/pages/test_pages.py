"""Which pages there are, and that each is one document made of what it needs."""

import hashlib
import re
from pathlib import Path

import pytest

from web.pages import PAGES, STATIC, framed, page_routes

FRAME = (STATIC / "frame.html").read_text()
OWN = sorted(path for path in STATIC.rglob("*") if path.suffix in (".js", ".css", ".html"))
MODULES = [path for path in OWN if path.suffix == ".js"]
LISTED = re.compile(r"^ {4}([0-9a-f]{64})  (\S+)$", re.MULTILINE)


def whole(name: str) -> str:
    """Return a page as it is answered."""
    page = next(page for page in PAGES if page.name == name)
    return framed(FRAME, page, (STATIC / f"{name}.html").read_text())


def test_every_page_of_the_wish_has_its_path():
    paths = {route.path for route in page_routes()}
    assert paths >= {"/", "/dashboard", "/market", "/actors", "/actors/{id}", "/trades",
                     "/signals", "/statistics", "/recap", "/settings", "/login"}  # fmt: skip


def test_no_path_is_served_twice():
    paths = [route.path for route in page_routes()]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_filled_in_and_has_all_that_it_names(page):
    text = whole(page.name)
    assert not re.search(r"\{(title|style|name|main)\}", text)
    for path in re.findall(r'(?:src|href)="/static/([^"]+)"', text):
        assert (STATIC / path).is_file(), path
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(STATIC)))
def test_nothing_in_a_page_needs_a_looser_policy_or_another_host(path: Path):
    text = path.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text, forbidden
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", text) or path.suffix == ".js"
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text)
    hosts = set(re.findall(r"https?://([a-z0-9.-]+)", text))
    assert hosts <= {"www.tradingview.com", "www.w3.org"}, hosts


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_keeps_to_the_size_of_the_house(path: Path):
    assert len(path.read_text().splitlines()) <= 300


def test_the_charts_are_the_very_file_that_was_published():
    home = STATIC / "vendor" / "lightweight-charts"
    ((wanted, name),) = LISTED.findall((home / "README.md").read_text())
    assert hashlib.sha256((home / name).read_bytes()).hexdigest() == wanted
    assert (home / "LICENSE").is_file()
    assert "TradingView" in (home / "NOTICE").read_text()
    assert "TradingView" in FRAME
    assert "https://www.tradingview.com/" in FRAME
