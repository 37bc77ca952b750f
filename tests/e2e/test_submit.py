"""The form for those who contribute, in a real Chromium and with nothing but a keyboard: from the first question to a
file that the check accepts; at the smallest width, in both colour schemes, with and without JavaScript."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import SCREENS, broken_rules, fits, needs_axe, needs_chromium, open_all, served
from click.testing import CliRunner

from innoshare import content
from innoshare.cli import main
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.questions import KINDS

pytestmark = needs_chromium

CASES = Path(__file__).parent.parent / "cases"
MOST_TABS = 150  # Stops on a page of the form, with room.

# Step by step what is typed, chosen in a menu (=), ticked (+) or taken as the n-th of its list (1, 2 …).
ANSWERS: tuple[dict[str, str], ...] = (
    {"title": "Benches in the shade, one every 200 metres",
     "summary": "Benches were put under trees: older people walk to the market again.", "language": "=English"},
    {"challenge": "Older people stay at home because nowhere on the way to the market can they sit down."},
    {"city": "=Testby"},
    {"challenge_types": "+", "themes": "+", "approaches": "+"},
    {"stage": "2", "start": "2021-05"},
    {"outcome": "1", "evidence_level": "2"},
    {"sources.0.url": "https://reports.example.org/benches", "sources.0.title": "Benches: a count",
     "sources.0.accessed": "2026-05-31"},
    {"contact.role": "Department of streets", "contact.organisation": "City of Testby",
     "contact.url": "https://testby.example.org/streets"},
    {"body.situation": "The way to the market is long.", "body.done": "A bench every 200 metres.",
     "body.results": "More people [were counted](https://reports.example.org/benches).",
     "body.how-to": "Walk the way with those who use it.", "body.went-wrong": "Two benches stood in the sun."},
)


@pytest.fixture(scope="module")
def site(library: Library) -> Iterator[str]:
    """The address of the small library, served on this machine, with a repository to hand things in to."""
    with served(create_app(library, Settings(repository="https://github.com/example/library"))) as address:
        yield address


def active(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.value || ''"))


def tab_to(page: Any, name: str) -> None:
    """Press Tab until the control of this id, or else the button of this value, has the focus."""
    for _ in range(MOST_TABS):
        if active(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by keyboard")


def press(page: Any, button: str) -> None:
    tab_to(page, button)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def answer(page: Any, name: str, value: str) -> None:
    tab_to(page, name)
    if value == "+":
        page.keyboard.press("Space")
    elif value.isdigit() and len(value) == 1:
        page.keyboard.press("Space")
        for _ in range(int(value) - 1):
            page.keyboard.press("ArrowDown")
    else:
        page.keyboard.type(value.removeprefix("="))


def heading(page: Any) -> str:
    return str(page.locator("h1:visible").inner_text())


def fill(page: Any) -> None:
    """Answer what must be answered, page by page, up to the first that is optional."""
    page.goto("/submit")
    page.evaluate("localStorage.clear()")
    while page.evaluate("document.activeElement.textContent") != "A case":
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for number, fields in enumerate(ANSWERS):
        assert heading(page) == KINDS["case"].steps[number].title
        for name, value in fields.items():
            answer(page, name, value)
        press(page, "next")


def test_a_whole_case_by_keyboard_passes_the_check_as_it_was_downloaded(page: Any, folder: Path) -> None:
    fill(page)
    assert "Everything that must be there has been asked" in page.inner_text("main")
    press(page, "check")
    assert "Everything that must be there is there." in page.inner_text("main")
    press(page, "finish")
    assert page.locator("a.button.primary").get_attribute("href").startswith(
        "https://github.com/example/library/new/main?filename=content/cases/testby-benches")
    tab_to(page, "download")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    name = waiting.value.suggested_filename
    downloaded = Path(waiting.value.path()).read_bytes()
    assert name.startswith("testby-benches-in-the-shade")
    (folder / "cases" / name).write_bytes(downloaded)
    result = CliRunner().invoke(main, ["check", str(folder)])
    assert result.exit_code == 0, result.output
    assert (folder / "cases" / name).read_bytes() == downloaded
    case = content.read(folder).cases[name.removesuffix(".md")]
    assert (case.title, case.start, case.stage, case.evidence_level) == (
        ANSWERS[0]["title"], "2021-05", "implemented", 1)
    assert page.locator("#made").input_value() == downloaded.decode()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_file_is_chosen_by_keyboard_to_go_on_with(browser: Any, site: str, scripts: bool, tmp_path: Path) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=scripts, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.on("filechooser", lambda chooser: None)  # A listener that comes with the key may come too late.
    page.goto("/submit/case")
    tab_to_words(page, "Continue with a file")
    page.keyboard.press("Enter")
    picture = tmp_path / "photograph-of-a-night-bus-in-testby-at-its-last-stop-in-the-rain.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    right = CASES / "cases" / "testby-night-buses.md"
    for file, words in ((picture, "is no plain text"), (right, "Night buses on call")):
        tab_to(page, "chosen")
        with page.expect_file_chooser() as waiting:
            page.keyboard.press("Space")
        waiting.value.set_files(file)
        assert fits(page)
        press(page, "open")
        assert words in page.inner_text("main")
        assert fits(page)
        if file == picture:
            assert page.evaluate("document.activeElement.className") == "error-summary"
    assert heading(page) == "Check your answers"
    context.close()


def test_a_file_that_is_too_large_is_not_sent(page: Any) -> None:
    page.goto("/submit/case")
    open_all(page)
    chosen = page.locator("#chosen")
    photograph = {"name": "bus.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 300_000}
    chosen.set_input_files(photograph)
    page.get_by_role("button", name="Continue with it").click()
    assert "larger than 256 KB" in chosen.evaluate("control => control.validationMessage")
    assert active(page) == "chosen"
    chosen.set_input_files(CASES / "cases" / "testby-night-buses.md")
    with page.expect_navigation():
        page.get_by_role("button", name="Continue with it").click()
    assert heading(page) == "Check your answers"


def test_the_error_summary_takes_the_focus_and_its_links_lead_to_the_fields(browser: Any, site: str) -> None:
    for scripts in (True, False):
        context = browser.new_context(base_url=site, java_script_enabled=scripts)
        page = context.new_page()
        page.goto("/submit/case")
        press(page, "next")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert active(page) == "title"
        context.close()


def test_enter_in_a_line_goes_on_and_removes_no_record(page: Any) -> None:
    page.goto("/submit/case")
    for _ in range(6):
        press(page, "skip")
    press(page, "add:sources")
    assert active(page) == "sources.1.url"
    page.keyboard.type("https://reports.example.org/x")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".error-summary").count() == 1
    assert page.locator("[id='sources.0.url']").input_value() == "https://reports.example.org/x"


def drafts(page: Any) -> list[dict[str, str]]:
    """What the browser keeps, in the order in which it was begun."""
    kept = page.evaluate("Object.entries(localStorage).sort().map(([key, value]) => JSON.parse(value).values)")
    return [dict(values) for values in kept]


def tab_to_words(page: Any, words: str) -> None:
    """Press Tab until what begins with these words has the focus."""
    for _ in range(MOST_TABS):
        if str(page.evaluate("document.activeElement.textContent")).startswith(words):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{words} cannot be reached by keyboard")


def write_title(page: Any, title: str) -> None:
    """Write a title, and wait until the browser keeps it."""
    answer(page, "title", title)
    wait_until_kept(page, title)


def wait_until_kept(page: Any, words: str) -> None:
    page.wait_for_function("words => Object.values(localStorage).some(kept => kept.includes(words))", arg=words)


def test_a_draft_is_offered_again_and_deleted_on_demand(page: Any) -> None:
    page.goto("/submit/case")
    assert not page.locator(".draft-offer").is_visible()
    write_title(page, "Benches in the shade")
    assert "Others who use this computer could see it" in page.inner_text(".draft-line")
    page.goto("/submit/case")
    assert "You have begun this before" in page.inner_text("main")
    assert not page.locator("#title").is_visible()
    tab_to_words(page, "Continue: Benches")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("#title").input_value() == "Benches in the shade"
    press(page, "skip")  # It survives a change of page …
    page.goto("/submit/case")
    tab_to_words(page, "Delete: Benches")
    page.keyboard.press("Enter")
    assert active(page) == "title"
    assert page.locator("#title").input_value() == ""
    assert drafts(page) == []  # … and is gone when it is told to.
    page.goto("/submit/city")
    assert not page.locator(".draft-offer").is_visible()


def test_a_deleted_draft_is_kept_again_only_when_something_is_written(page: Any) -> None:
    page.goto("/submit/case")
    write_title(page, "Benches in the shade")
    tab_to_words(page, "Delete the draft")
    page.keyboard.press("Enter")
    press(page, "skip")
    assert drafts(page) == []
    assert not page.locator(".draft-line").is_visible()
    press(page, "skip")
    assert drafts(page) == []
    answer(page, "city_new", "rio-verde")
    page.locator(".draft-line").wait_for()
    assert [(draft["title"], draft["city_new"]) for draft in drafts(page)] == [("Benches in the shade", "rio-verde")]


def test_each_tab_keeps_a_draft_of_its_own(page: Any) -> None:
    page.goto("/submit/case")
    write_title(page, "First case")
    other = page.context.new_page()
    other.goto("/submit/case")
    tab_to_words(other, "Start anew")
    other.keyboard.press("Enter")
    write_title(other, "Second case")
    press(page, "skip")
    answer(page, "challenge", "Nobody can sit down.")
    press(page, "skip")
    assert [(draft["title"], draft.get("challenge")) for draft in drafts(page)] == [
        ("First case", "Nobody can sit down."), ("Second case", None)]
    other.goto("/submit/case")
    assert other.locator("[data-offers] strong").all_inner_texts() == ["Second case", "First case"]


def test_a_page_from_elsewhere_takes_the_place_of_no_draft(page: Any, site: str) -> None:
    page.goto("/submit/case")
    write_title(page, "Benches in the shade")
    press(page, "skip")
    # As a foreign site could do over plain http, where the browser says nothing of where a form comes from.
    for number, step in enumerate(("", "<input type=hidden name=step value=0>")):
        page.set_content(f"<form method=post action='{site}/submit/case'><input type=hidden name=organisation value=x>"
                         f"{step}<button name=go value=step:1>Win a bicycle")
        with page.expect_navigation():
            page.get_by_text("Win").click()
        assert heading(page) == ("The problem" if step else "You have begun this before")
        assert [draft.get("title") for draft in drafts(page)] == ["Benches in the shade"] + [None] * number


def test_words_from_the_matcher_and_a_draft_from_before_are_both_there(page: Any) -> None:
    def ask_for_the_board() -> None:
        page.goto("/match?challenge=Moths+eat+the+robes+of+our+carnival+club+and+nobody+knows+why")
        with page.expect_navigation():
            page.get_by_role("button", name="Write it for the board").click()

    ask_for_the_board()
    assert heading(page) == "What is wanted"
    assert [draft["challenge"][:9] for draft in drafts(page)] == ["Moths eat"]
    write_title(page, "Robes without moths")
    press(page, "skip")
    ask_for_the_board()
    assert heading(page) == "You have begun this before"
    assert len(drafts(page)) == 1
    tab_to_words(page, "Start a new one with these words")
    page.keyboard.press("Enter")
    write_title(page, "Another one")
    assert [draft["title"] for draft in drafts(page)] == ["Robes without moths", "Another one"]
    ask_for_the_board()
    tab_to_words(page, "Continue: Robes")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert heading(page) == "The problem"
    assert page.input_value("#challenge").startswith("Moths eat")


def test_a_page_that_is_loaded_again_holds_what_was_written(page: Any) -> None:
    page.goto("/submit/case")
    write_title(page, "Benches in the shade")
    page.reload()
    assert page.input_value("#title") == "Benches in the shade"
    press(page, "skip")
    page.fill("#challenge", "Nobody can sit down")
    wait_until_kept(page, "Nobody")
    for _ in range(2):
        page.reload()
        assert page.input_value("#challenge") == "Nobody can sit down"
        assert "Your draft is kept" in page.inner_text(".draft-line")
    tab_to(page, "challenge")
    page.keyboard.press("End")
    page.keyboard.type(".")
    wait_until_kept(page, "sit down.")
    assert [(draft["title"], draft["challenge"]) for draft in drafts(page)] == [
        ("Benches in the shade", "Nobody can sit down.")]
    for _ in range(5):
        press(page, "skip")
    page.fill("[id='sources.0.title']", "First")
    press(page, "add:sources")
    page.fill("[id='sources.1.title']", "Second")
    press(page, "remove:sources.0")
    page.reload()
    assert page.input_value("[id='sources.0.title']") == "Second"
    assert not page.locator("[name^='sources.1']").count()


def test_the_ticks_of_a_list_with_a_limit_are_counted(page: Any) -> None:
    page.goto("/submit/case")
    for _ in range(3):
        press(page, "skip")
    assert "At most 3." in page.inner_text("[data-most='3']")
    ticks = page.locator("[name=themes]")
    for number, words in enumerate(("1 of 3 chosen", "2 of 3 chosen", "3 of 3 chosen", "4 of 3 chosen: take out")):
        ticks.nth(number).check()
        assert words in page.inner_text("fieldset:has([name=themes]) [role=status]")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_way_back_leads_to_what_was_written(browser: Any, site: str, scripts: bool) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/submit/case")
    page.fill("#title", "Benches in the shade")
    press(page, "skip")
    press(page, "next")  # The answer to this is a page with mistakes.
    assert page.locator(".error-summary").count() == 1
    page.fill("#challenge", "Nobody can sit down.")
    press(page, "skip")
    page.fill("#city_new", "rio-verde")
    press(page, "skip")
    for heading_there, field, value in (("Where it was", "#city_new", "rio-verde"),
                                        ("The problem", "#challenge", "Nobody can sit down."),
                                        ("The problem", "#challenge", "Nobody can sit down." if scripts else ""),
                                        ("In a nutshell", "#title", "Benches in the shade")):
        page.go_back()
        assert heading(page) == heading_there
        assert page.input_value(field) == value
    press(page, "skip")
    assert page.input_value("#challenge") == ("Nobody can sit down." if scripts else "")
    press(page, "skip")
    assert page.input_value("#city_new") == ("rio-verde" if scripts else "")
    context.close()


@pytest.mark.parametrize("trouble", [
    "Object.defineProperty(window, 'localStorage', {get() { throw new Error('off') }})",
    "Storage.prototype.setItem = () => { throw new DOMException('full') }",
    "localStorage.setItem('innoshare-draft-case-2026-05-31T12:00:00.000Z', '{\"values\": 5')"],
    ids=["off", "full", "broken"])
def test_a_browser_that_keeps_nothing_is_told_of_and_the_form_works(page: Any, trouble: str) -> None:
    page.add_init_script(f"try {{ {trouble} }} catch {{}}")
    page.goto("/submit/case")
    answer(page, "title", "Benches")
    page.locator(".draft-line").wait_for()
    assert ("keeps no draft" in page.inner_text(".draft-line")) is ("values" not in trouble)
    press(page, "skip")
    assert heading(page) == "The problem"


def test_characters_are_counted_and_texts_are_shown_while_one_writes(page: Any) -> None:
    page.goto("/submit/case")
    answer(page, "title", "x" * 101)
    assert "1 characters too many" in page.inner_text("main")
    for _ in range(8):
        press(page, "skip")
    answer(page, "body.done", "A *bench* <img src=x onerror=alert(1)>")
    page.locator(".live .mistake").wait_for()
    tab_to(page, "body.how-to")
    page.keyboard.type("1. Walk **the way**")
    page.locator(".live ol strong").wait_for()
    assert page.locator("main img").count() == 0


def test_the_text_can_be_copied(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill(page)
    press(page, "check")
    press(page, "finish")
    while page.evaluate("document.activeElement.textContent") != "Copy the text":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#made").input_value()


def every_page(page: Any) -> Iterator[str]:
    """Opens each page of the form, empty and with its mistakes, one after the other."""
    page.goto("/submit")
    yield "choose"
    for kind in KINDS.values():
        page.goto(f"/submit/{kind.name}")
        yield kind.name
        for number in range(len(kind.steps) + 1):
            with page.expect_navigation():
                page.evaluate("go => { const button = document.createElement('button'), form = document.querySelector("
                              "'form[data-kind]'); button.name = 'go'; button.value = go; form.append(button);"
                              "form.requestSubmit(button) }", f"mend:{number}")
            assert page.locator("[name=step]").first.input_value() == str(number)
            yield f"{kind.name} {number}"


def test_no_page_of_the_form_is_wider_than_the_smallest_screen(page: Any) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    for name in every_page(page):
        open_all(page)
        assert fits(page), name
    fill(page)
    press(page, "check")
    press(page, "finish")
    open_all(page)
    assert fits(page)


@needs_axe
@SCREENS
def test_no_page_of_the_form_breaks_a_rule_of_accessibility(
        browser: Any, site: str, scheme: str, width: int) -> None:
    context = browser.new_context(base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900},
                                   reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), []

    def look(name: str) -> None:
        found.extend((name, *broken) for broken in broken_rules(page))

    for name in every_page(page):
        look(name)
    fill(page)
    press(page, "check")
    look("checked")
    press(page, "finish")
    look("finished")
    page.goto("/submit/case")
    look("draft offered")
    context.close()
    assert found == []
