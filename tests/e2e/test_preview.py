"""Previews of a contribution, opened from disk in a real Chromium: all is there, and nothing else is asked for."""

import re
from pathlib import Path
from typing import Any

import pytest
from chromium import needs_chromium

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import preview

pytestmark = needs_chromium


PAGES = [("cases", "testby-night-buses"), ("cities", "testby")]


@pytest.fixture
def site(library: Library, tmp_path: Path) -> str:
    """The address of a folder with previews."""
    preview.write(library, Settings(), PAGES, tmp_path)
    return f"{tmp_path.as_uri()}/"


def test_previews_open_from_disk_with_all_that_belongs_to_them(page: Any, site: str) -> None:
    page.goto(f"{site}{preview.INDEX}")
    page.get_by_role("link", name="Night buses on call").click()
    page.wait_for_load_state()  # with its style sheet
    assert page.evaluate("getComputedStyle(document.querySelector('.notice')).borderLeftStyle") == "solid"
    page.get_by_role("link", name="Testby").first.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Testby")
    page.get_by_role("link", name="All previews").click()
    assert page.title() == "Previews"


def test_links_below_a_page_that_is_not_published_yet_are_no_links(page: Any, library: Library, tmp_path: Path) -> None:
    pages = [*PAGES, ("challenges", "sandhaven-late-shifts")]
    preview.write(library, Settings(base_url="https://library.example/lib"), pages, tmp_path)
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html"))
    assert not [found for folder, slug in pages for found in re.findall(f'{folder}/{slug}/[^"]*', text)]
    page.goto((tmp_path / "case-testby-night-buses.html").as_uri())
    assert page.get_by_role("link", name="About").first.get_attribute("href") == "https://library.example/lib/about"
    assert page.get_by_role("link", name="Testby").first.get_attribute("href") == "city-testby.html"
    assert page.get_by_role("link", name="We do this").count() == 0


def test_what_was_written_is_told_with_the_name_of_the_folder(library: Library, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = preview.write(library, Settings(), [*PAGES, ("cases", "no-such-case")], Path())
    assert told == (f"{tmp_path.name}/index.html", len(PAGES))
    assert sorted(path.name for path in tmp_path.glob("*.html")) == [
        "case-testby-night-buses.html", "city-testby.html", "index.html"]
