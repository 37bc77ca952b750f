"""The pages in a real Chromium: they run under their own policy, fit every screen, and can be used by keyboard,
without JavaScript and with assistive technology."""

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import SCREENS, broken_rules, fits, needs_axe, needs_chromium, open_all, served

from innoshare.library import Library
from innoshare.web import create_app

CHALLENGE = "In heavy rain the sewers overflow and water stands in streets and cellars."
PATHS = ("/", "/search", "/search?q=city&outcome=positive&evidence=1", "/search?q=zyxwvuts&theme=food",
         "/search?page=abc&year_from=x", "/match", f"/match?challenge={CHALLENGE}&city=rotterdam",
         "/match?challenge=zyxwv utsrq ponml", "/match?challenge=x", "/about", "/privacy", "/api/docs", "/nothing",
         "/cities/rotterdam", "/cases/rotterdam-water-squares", "/cases/seattle-pronto-bike-share", "/challenges",
         "/challenges?country=NL&status=solved", "/challenges?status=x", "/challenges/toronto-basement-flooding",
         "/challenges/rotterdam-wooden-foundations")

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def site(own_library: Library) -> Iterator[str]:
    """The address of the real content, served on this machine."""
    with served(create_app(own_library)) as address:
        yield address


def paths(library: Library, every: int = 1) -> list[str]:
    """Every kind of page, and each case, or one of so many: no two hold the same fields."""
    return [*PATHS, *(f"/cases/{card.slug}" for card in library.cases(1, library.facts.cases)[1][::every])]


def test_every_page_runs_under_its_policy_and_fits_every_screen(page: Any, own_library: Library) -> None:
    for width in (320, 360, 768, 1024, 1280, 2560):  # 320: a screen of 1280 at a zoom of 400 % (WCAG 1.4.10).
        page.set_viewport_size({"width": width, "height": 900})
        for path in paths(own_library) if width == 320 else PATHS:
            page.goto(path)
            assert fits(page), (path, width)


@needs_axe
@SCREENS
def test_no_page_breaks_a_rule_of_accessibility(browser: Any, site: str, own_library: Library, scheme: str, width: int
                                                ) -> None:
    context = browser.new_context(base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900},
                                  reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), []
    for path in paths(own_library, every=6) if scheme == "light" else PATHS:  # A second each.
        page.goto(path)
        found += [(path, *broken) for broken in broken_rules(page)]
    context.close()
    assert found == []


def test_a_challenge_is_answered_without_javascript(browser: Any, site: str, own_library: Library) -> None:
    case = own_library.entry("rotterdam-water-squares").case
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Describe your challenge in your own words").fill(case.challenge)
    page.get_by_role("button", name="See who has solved it").click()
    assert "challenge=" not in page.url
    assert page.get_by_role("heading", level=1).inner_text().startswith("Tackled elsewhere: ")
    page.get_by_role("link", name=case.title).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == case.title
    context.close()


def test_a_search_is_narrowed_and_widened_without_javascript(browser: Any, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto("/search?q=city")
    before = page.locator("#results-title").inner_text()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("It worked").check()
    page.get_by_role("button", name="Apply filters").click()
    assert page.locator("#results-title").inner_text() != before
    assert page.locator(".outcome").all_inner_texts() == ["It worked"] * page.locator(".hits > li").count()
    page.get_by_role("link", name="Remove the filter What came of it: It worked").click()
    assert page.locator("#results-title").inner_text() == before
    context.close()


def test_filters_stand_open_beside_the_results_where_there_is_room(page: Any) -> None:
    page.goto("/search")
    assert page.get_by_role("button", name="Apply filters").is_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    assert not page.get_by_role("button", name="Apply filters").is_visible()


def test_suggestions_can_be_used_by_keyboard(page: Any) -> None:
    page.goto("/search")
    box = page.get_by_role("combobox", name="Words to search for")
    box.press_sequentially("Rotter")
    options = page.locator("[role=option]")
    option = options.filter(has_text="City")
    option.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    assert options.count() == 0
    box.press_sequentially("da")
    option.wait_for()
    while page.locator("[aria-selected=true]").filter(has_text="City").count() == 0:
        box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/cities/rotterdam")


def test_the_first_tab_stop_skips_to_the_content(page: Any) -> None:
    page.goto("/about")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_what_is_typed_is_never_markup(page: Any) -> None:
    attack = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>"
    page.on("dialog", lambda dialog: pytest.fail("a script ran"))
    page.goto("/search")
    page.get_by_label("Words to search for").fill(attack)
    page.get_by_role("button", name="Search", exact=True).click()
    assert attack in page.get_by_label("Words to search for").input_value()
    page.goto("/match")
    page.get_by_role("textbox", name="Your challenge").fill(f"{attack} floods our cellars")
    page.get_by_role("button", name="See who has solved it").click()
    assert page.locator("main script, main img").count() == 0


def test_going_back_from_a_case_shows_the_answer_again(page: Any) -> None:
    page.goto("/")
    page.fill("#challenge", CHALLENGE)
    page.click("form.ask button")
    heading = page.inner_text("h1")
    page.click(".matches a")
    page.wait_for_url("**/cases/**")
    page.go_back()
    assert page.inner_text("h1") == heading


def test_opening_why_does_not_widen_the_page(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"/match?challenge={CHALLENGE}")
    open_all(page)
    assert fits(page)
