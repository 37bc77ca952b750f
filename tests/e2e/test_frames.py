"""Frames and plain forms as one copies them, in a real Chromium, on pages of another site: under its policies, in the
sandbox, without JavaScript; and the page that gives them. What works must work, what is refused leaves a link."""

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from chromium import broken_rules, fits, needs_axe, needs_chromium, served
from flask import Flask, Response, request

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app

pytestmark = needs_chromium

HEAT = "Elderly passengers faint at bus stops in heatwaves; there is hardly any shade where people have to wait."
CASE = "/cases/sandhaven-shade-trees"
# What a browser says of a script that the sandbox keeps out: here those by which the test looks into the frame.
OF_THE_TEST = "Blocked script execution"


@pytest.fixture(scope="module")
def site(library: Library) -> Iterator[str]:
    """The address of the small library, served on this machine."""
    with served(create_app(library)) as address:
        yield address


@pytest.fixture(scope="module")
def around() -> Iterator[Callable[..., str]]:
    """Another site: gives the address of a page with these lines of HTML in it, under a policy."""
    host = Flask("host")

    @host.get("/")
    def page() -> Response:
        policy = request.args["policy"]
        return Response(f"<!doctype html><html lang=en><title>Intranet</title><h2>Intranet</h2>{request.args['html']}",
                        headers={"Content-Security-Policy": policy} if policy else {})

    @host.get("/favicon.ico")
    def icon() -> Response:
        return Response(status=204)

    with served(host) as address:
        yield lambda html, policy="": f"{address}/?{urlencode({'html': html, 'policy': policy})}"


def copied(site: str, box: str, **chosen: str) -> str:
    """What one copies from a box of `/embed`."""
    with urlopen(f"{site}/embed?{urlencode(chosen)}") as answer:
        text = re.search(f'<textarea id="{box}".*?>\n(.*?)</textarea>', answer.read().decode(), re.DOTALL)
    assert text
    return unescape(text[1])


def opened(browser: Any, scripts: bool = True) -> tuple[Any, list[str]]:
    """A page, and what goes wrong in it."""
    page, complaints = browser.new_context(java_script_enabled=scripts).new_page(), list[str]()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


@pytest.mark.parametrize(("policy", "scripts", "shown"), [
    ("", True, True), ("", False, True), ("default-src 'none'; frame-src {site}", True, True),
    ("default-src 'none'; script-src {site}; connect-src {site}; style-src 'self'", True, False),
    ("default-src 'self'", True, False)])
def test_a_frame_works_under_the_policy_of_the_page_around_it_or_a_link_does(
        browser: Any, site: str, around: Callable[..., str], policy: str, scripts: bool, shown: bool) -> None:
    html = copied(site, "frame-code", q="bus", outcome="positive") + copied(site, "form-code", lang="sv")
    page, complaints = opened(browser, scripts)
    address = around(html, policy.format(site=site))
    page.goto(address)
    frame = page.frame_locator("iframe")
    if shown:
        frame.get_by_label("Find what other cities have solved").fill("empty timetables")
        frame.get_by_role("button", name="Search").click()
        frame.get_by_text("1 case found").wait_for()
        assert page.url == address
        with page.expect_navigation():
            frame.get_by_role("article").get_by_role("link").click()
        assert page.url == f"{site}/cases/testby-night-buses"
        page.go_back()
    else:
        page.wait_for_timeout(200)
        assert complaints
    page.get_by_role("link", name="Find what other cities have solved").click()
    page.wait_for_url(f"{site}/search?q=bus&outcome=positive")
    page.go_back()
    page.get_by_label("Sök bland det som andra städer har löst").fill("äldre")
    page.get_by_role("button", name="Sök").last.click()
    page.wait_for_url(f"{site}/search?q=%C3%A4ldre")
    assert [text for text in complaints if OF_THE_TEST not in text and (shown or not text.startswith("Framing"))] == []
    assert page.context.cookies() == []
    page.context.close()


def test_a_challenge_is_asked_and_answered_in_the_frame_and_its_words_stand_in_no_address(
        browser: Any, site: str, around: Callable[..., str]) -> None:
    asked = list[str]()
    page, complaints = opened(browser)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(around(copied(site, "frame-code", kind="match", city="testby", lang="de")
                     + copied(site, "form-code", kind="match", city="testby")))
    frame = page.frame_locator("iframe")
    frame.get_by_label("Beschreiben Sie").fill("zwei Worte")
    frame.get_by_role("button").click()
    frame.get_by_text("etwas mehr").wait_for()
    frame.get_by_label("Beschreiben Sie").fill(HEAT)
    frame.get_by_role("button").click()
    frame.get_by_text("Im Beispiel steht").first.wait_for()
    with page.expect_navigation():
        frame.get_by_role("button", name="Weiter bei").click()
    assert page.url == f"{site}/match"
    assert page.locator(f"a[href='{CASE}']").first.is_visible()
    page.go_back()
    page.get_by_label("Describe your challenge").fill(HEAT)
    page.get_by_role("button", name="See who").click()
    page.locator(f"a[href='{CASE}']").first.wait_for()
    assert not any("heatwaves" in url for url in asked)
    assert not [text for text in complaints if OF_THE_TEST not in text and "status of 400" not in text]
    page.context.close()


def test_a_frame_gets_the_height_it_asks_for_and_nobody_else_can_ask(browser: Any, site: str,
                                                                    around: Callable[..., str]) -> None:
    html = copied(site, "resizing-code", q="bus", limit="3")
    liar = ("<script>setInterval(() => {for (const to of [parent, top]) for (const height of [0, 150, 1e9])"
            " to.postMessage({type: 'innoshare:height', height}, '*')}, 20)</script>")
    # Of the library, but no frame of it; a stranger; a frame of it whose origin is hidden; the page itself.
    # And names that stand before what the script asks of the document.
    others = (f"<img name=currentScript src='{site}/x/embed/v1/resize.js'><img name=getElementsByTagName>"
              f"<iframe id=own src='{site}/liar'></iframe><iframe id=stranger srcdoc='{escape(liar)}'></iframe>"
              + html.split("<p>")[0].replace("<iframe", "<iframe id=hidden").replace(" allow-same-origin", "") + liar)
    page, complaints = opened(browser)
    page.route(f"{site}/liar", lambda route: route.fulfill(body=f"<!doctype html>{liar}", content_type="text/html"))
    page.goto(around(others + html.replace("<iframe", "<iframe id=right")))
    page.wait_for_function("document.querySelector('#right').getBoundingClientRect().height !== 600")
    inner = page.frame_locator("#right")

    def heights() -> list[int]:
        boxes = [page.locator(f"#{name}").bounding_box() for name in ("right", "own", "stranger", "hidden")]
        return [round(box["height"]) for box in boxes]

    right = inner.locator("html").evaluate("root => Math.ceil(root.getBoundingClientRect().height)")
    page.wait_for_timeout(300)  # Of lies.
    assert heights() == [right, 154, 154, 600]
    assert inner.locator("html").evaluate("root => root.scrollHeight <= innerHeight")
    # From the right frame: only a number, and only within bounds.
    for said, seen in (("'500px'", right), ("NaN", right), ("null", right), ("0", 100), ("1e9", 4000), ("812", 812)):
        inner.locator("html").evaluate(f"() => parent.postMessage({{type: 'innoshare:height', height: {said}}}, '*')")
        page.wait_for_timeout(60)
        assert heights()[0] == seen, said
    # What grows is followed: here, as a narrower page makes longer lines.
    page.set_viewport_size({"width": 400, "height": 700})
    page.wait_for_function(f"document.querySelector('#right').getBoundingClientRect().height > {right}")
    assert complaints == []
    page.context.close()


def test_a_script_that_was_changed_is_not_run_and_a_site_that_is_not_named_shows_no_frame(
        browser: Any, site: str, library: Library, around: Callable[..., str]) -> None:
    html = copied(site, "resizing-code", q="bus").replace("sha384-", "sha384-AAAA")
    page, _ = opened(browser)
    page.goto(around(html))
    page.frame_locator("iframe").get_by_role("article").first.wait_for()
    assert page.locator("iframe").bounding_box()["height"] == 600
    page.context.close()
    with served(create_app(library, Settings(frame_ancestors="https://city.example"))) as closed:
        page, complaints = opened(browser)
        page.goto(around(copied(closed, "frame-code", q="bus")))
        page.wait_for_timeout(300)
        assert any("frame-ancestors" in text for text in complaints)
        page.get_by_role("link").click()
        page.wait_for_url(f"{closed}/search?q=bus")
        page.context.close()


def test_the_preview_and_the_lines_to_copy_follow_what_one_chooses(page: Any, site: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/embed")
    history = page.evaluate("history.length")
    page.get_by_label("Words", exact=True).fill("shade")
    page.get_by_label("Language of its own words").select_option("sv")
    page.frame_locator("#preview").get_by_text("1 exempel hittades").wait_for()
    page.get_by_label("Cases shown").fill("99")
    page.locator(".error-summary").wait_for()
    assert 'query="shade"' in page.locator("#component-code").input_value()
    page.get_by_label("Cases shown").fill("2")
    page.locator(".error-summary").wait_for(state="detached")
    page.get_by_text("See it here").click()
    page.locator("innoshare-search").get_by_text("1 exempel hittades").wait_for()
    page.get_by_role("button", name="Copy this").first.click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#component-code").input_value()
    assert page.evaluate("history.length") == history
    page.get_by_label("A box to describe a challenge in").check()
    page.frame_locator("#preview").get_by_label("Beskriv er utmaning").wait_for()
    page.reload()
    assert page.get_by_label("A box to describe a challenge in").is_checked()


def test_without_javascript_a_button_shows_what_one_chose(browser: Any, site: str) -> None:
    page, complaints = opened(browser, scripts=False)
    page.goto(f"{site}/embed")
    page.get_by_label("Words", exact=True).fill("shade")
    page.get_by_role("button", name="Show").click()
    page.frame_locator("#preview").get_by_text("1 case found").wait_for()
    assert "q=shade" in page.locator("#frame-code").input_value()
    assert complaints == []
    page.context.close()


@needs_axe
@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_frames_and_the_page_that_gives_them_break_no_rule_of_accessibility(browser: Any, site: str, width: int,
                                                                            scheme: str) -> None:
    context = browser.new_context(base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900},
                                  reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), list[tuple[str, ...]]()
    choice = "q=bus&outcome=positive" if scheme == "light" else "limit=x&kind=match"  # Their colours are alike.
    frames = ["search?q=bus&limit=3", "search?q=zyxwvutsrq", f"match?{urlencode({'challenge': HEAT})}", "match?limit=x"]
    for path in (f"/embed?{choice}", *(f"/embed/v1/{frame}&heading_level=2&lang=fi" for frame in frames)):
        page.goto(path)
        assert fits(page), path
        # The heading of the first level is that of the page around a frame.
        found += [(path, *broken) for broken in broken_rules(page)
                  if not (path.startswith("/embed/") and broken[0] == "page-has-heading-one")]
    context.close()
    assert found == []
