"""What the tests in a real Chromium share: where it is, a site served on this machine, and the rules of axe-core.

Where axe-core is installed (`npm ci --prefix tests/e2e`) its rules for WCAG 2.2 AA are run over every page; without it
those tests are skipped, because the library is not ours to copy.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# Contrast is a matter of the colour scheme and layout one of the width, and nothing here is one of both: so each scheme
# is looked at in one width.
SCREENS = pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

needs_chromium = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")]
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci --prefix tests/e2e")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_all(page: Any) -> None:
    """Unfold everything that is folded, once the page is there: right after a click it may not even have begun."""
    page.wait_for_load_state()
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")


def fits(page: Any) -> bool:
    """Whether nothing reaches beyond the side of the screen."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def broken_rules(page: Any) -> list[tuple[str, str]]:
    """Each rule of accessibility that the page breaks, with the element; everything unfolded."""
    open_all(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [(rule["id"], node["html"][:200]) for rule in result["violations"] for node in rule["nodes"]]
