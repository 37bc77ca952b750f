"""Previews of a contribution, opened from disk in a real Chromium: all is there, and nothing else is asked for."""

from pathlib import Path
from typing import Any

import pytest
from chromium import needs_chromium

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import preview

pytestmark = needs_chromium


@pytest.fixture
def site(library: Library, tmp_path: Path) -> str:
    """The address of a folder with previews."""
    preview.write(library, Settings(), [("cases", "testby-night-buses"), ("cities", "testby")], tmp_path)
    return f"{tmp_path.as_uri()}/"


def test_previews_open_from_disk_with_all_that_belongs_to_them(page: Any, site: str) -> None:
    page.goto(f"{site}{preview.INDEX}")
    page.get_by_role("link", name="Night buses on call").click()
    assert page.evaluate("getComputedStyle(document.querySelector('.notice')).borderLeftStyle") == "solid"
    page.get_by_role("link", name="Testby").first.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Testby")
    page.get_by_role("link", name="All previews").click()
    assert page.title() == "Previews"
