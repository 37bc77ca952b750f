"""A browser for all tests of pages, and a page that watches its console. A module says by a fixture `site` what is
served."""

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import ARGUMENTS, CHROMIUM


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, site: str) -> Iterator[Any]:
    """A page at the address of the site; fails the test for anything that goes wrong in its console, or leaves the
    site."""
    context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 900})
    opened, complaints = context.new_page(), list[str]()
    opened.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else 0)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith(site) else complaints.append(request.url))
    yield opened
    context.close()
    # What is refused is not the page's fault, and a live preview that had to wait for its turn tries again.
    assert [text for text in complaints if "status of 4" not in text and "status of 503" not in text] == []
