"""“We do this too” in a real Chromium: by keyboard alone, with and without JavaScript, from the page of the case to the
changed file; at the smallest width and in both colour schemes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import SCREENS, broken_rules, fits, needs_axe, needs_chromium, open_all, served
from test_submit import active, answer, tab_to

from innoshare import content
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app

pytestmark = needs_chromium

CASE = "testby-night-buses"
ANSWERS = {"city": "=Rio Verde", "status": "2", "year": "2024", "changes": "Boats: in place of buses",
           "source": "https://rio-verde.example.org/boats", "title": "Boats on call"}


@pytest.fixture(scope="module")
def site(library: Library) -> Iterator[str]:
    """The address of the small library, served on this machine, with a repository to hand things in to."""
    with served(create_app(library, Settings(repository="https://github.com/example/library"))) as address:
        yield address


def press(page: Any, text: str) -> None:
    """Press Tab until the link or button with this text has the focus, then Enter."""
    for _ in range(100):
        if str(page.evaluate("document.activeElement.textContent")).startswith(text):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{text} cannot be reached by keyboard")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_city_is_added_by_keyboard_and_the_file_passes_the_check(browser: Any, site: str, folder: Path, scripts: bool
                                                                  ) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"/cases/{CASE}")
    press(page, "We do this too")
    press(page, "Show what to add")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert active(page) == "city"
    for name, value in ANSWERS.items():
        answer(page, name, value)
    press(page, "Show what to add")
    assert page.locator("a.button.primary").get_attribute("href") == (
        f"https://github.com/example/library/edit/main/content/cases/{CASE}.md")
    assert page.locator("#lines-2").input_value().startswith("  - city: rio-verde\n    year: 2024\n")
    tab_to(page, "download")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == f"{CASE}.md"
    (folder / "cases" / f"{CASE}.md").write_bytes(Path(waiting.value.path()).read_bytes())
    found = content.read(folder)
    assert not [problem for problem in found.problems if problem.level == "error"]
    assert [adoption.city for adoption in found.cases[CASE].adoptions] == ["sandhaven", None, "rio-verde"]
    context.close()


@pytest.fixture(scope="module")
def codeberg(library: Library) -> Iterator[str]:
    """The same library with its repository where one writes in a copy of one's own."""
    with served(create_app(library, Settings(repository="https://codeberg.org/example/library"))) as address:
        yield address


def lines_made(page: Any) -> None:
    """Fill in the form and have the lines shown."""
    page.goto(f"/cases/{CASE}/adopt")
    page.select_option("#city", "rio-verde")
    page.check("#status-piloting")
    page.get_by_role("button", name="Show what to add").click()
    page.wait_for_load_state()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_pages_of_ones_own_copy_follow_from_its_name(browser: Any, codeberg: str, scripts: bool) -> None:
    context = browser.new_context(base_url=codeberg, java_script_enabled=scripts)
    page = context.new_page()
    lines_made(page)
    assert page.locator("a.button.primary").count() == 0
    for name in ("", "rio-verde"):
        tab_to(page, "account")
        page.keyboard.type(name)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.className") == ("" if name else "error-summary")
    page.keyboard.press("Tab")  # What comes next is what the name was asked for.
    assert page.evaluate("document.activeElement.closest('#ways') !== null")
    assert page.locator("a.button.primary").get_attribute("href") == (
        f"https://codeberg.org/rio-verde/library/_edit/main/content/cases/{CASE}.md")
    context.close()


@needs_axe
def test_the_way_to_ones_own_copy_breaks_no_rule_of_accessibility_and_is_not_too_wide(browser: Any, codeberg: str
                                                                                     ) -> None:
    context = browser.new_context(base_url=codeberg, viewport={"width": 320, "height": 900}, reduced_motion="reduce",
                                  bypass_csp=True)
    page, found = context.new_page(), []
    lines_made(page)
    for name in ("", "rio-verde"):
        page.fill("#account", name)
        page.get_by_role("button", name="Show the next steps").click()
        open_all(page)
        assert fits(page), name
        found += broken_rules(page)
    context.close()
    assert found == []


@needs_axe
@SCREENS
def test_no_page_on_the_way_breaks_a_rule_of_accessibility_or_is_too_wide(browser: Any, site: str, scheme: str,
                                                                         width: int) -> None:
    context = browser.new_context(base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900},
                                  reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), []

    def look(name: str) -> None:
        open_all(page)
        assert fits(page), name
        found.extend((name, *broken) for broken in broken_rules(page))

    page.goto(f"/cases/{CASE}/adopt")
    look("form")
    page.get_by_role("button", name="Show what to add").click()
    look("mistakes")
    for name, value in ANSWERS.items():
        if name == "status":
            page.check("#status-piloting")
        elif name == "city":
            page.select_option("#city", "rio-verde")
        else:
            page.fill(f"#{name}", value * (1 + 10 * (name == "changes")))
    page.get_by_role("button", name="Show what to add").click()
    look("lines")
    for path in (f"/cases/{CASE}?cited=abcdef0", "/cities/testby"):
        page.goto(path)
        look(path)
    context.close()
    assert found == []
