"""How soon a browser shows the page: the system's Chromium without a window, its cache empty.

Runs in a process of its own: its loop and its helpers are none of the floor's.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
LIMIT_MS = 15_000
POLL_MS = 10
# As the browser itself noted it, from the moment the address was given.
PAINTED = "performance.getEntriesByName('first-contentful-paint').map((entry) => entry.startTime)"
NOW = "performance.now()"


def missing() -> str:
    """Return what a machine lacks to be asked, and how to get it; "" if it lacks nothing."""
    if not CHROMIUM.exists():
        return f"{CHROMIUM} is missing: apt-get install chromium"
    if find_spec("playwright") is None:
        return "playwright is missing: pip install -e .[test]"
    return ""


def opened_ms(browser: Any, url: str) -> dict[str, float]:
    """Return when a fresh browser has painted the page first, and when it shows the news."""
    context = browser.new_context()
    view = context.new_page()
    view.set_default_timeout(LIMIT_MS)
    view.goto(url, wait_until="commit")
    view.wait_for_selector("#link:text-is('live')")
    live = float(view.evaluate(NOW))
    for _ in range(LIMIT_MS // POLL_MS):
        if found := view.evaluate(PAINTED):
            context.close()
            return {"painted": float(found[0]), "live": live}
        view.wait_for_timeout(POLL_MS)  # The page's policy lets nobody poll inside.
    raise TimeoutError(f"{url} was not painted within {LIMIT_MS} ms")


def main(url: str, count: int) -> None:
    """Open the page `count` times, its cache empty each time, and print the times as JSON."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        found = [opened_ms(browser, url) for _ in range(count)]
        browser.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
