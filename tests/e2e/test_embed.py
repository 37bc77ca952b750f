"""The web components in a real Chromium, on host pages from another origin: they work, or there is a working link.

A host page is whatever a city's site may be: with a strict policy, a hostile style sheet, an old script, no network.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import broken_rules, fits, needs_axe, needs_chromium, served
from flask import Flask, Response
from hostile import Attacked

from innoshare.library import Library
from innoshare.web import create_app, embed

RELEASED = Path(__file__).parent / "released"
CHALLENGE = "Night buses run empty and nurses cannot get home"
FLOATING = '<script src="{us}/embed/v1/innoshare.js" defer></script>'
SEARCH = ('<innoshare-search query="buses"><a id="plain" href="{us}/search?q=buses">Solved elsewhere</a>'
          '</innoshare-search>')
MATCH = '<innoshare-match challenge="{asked}"><a href="{us}/match">Who has solved it?</a></innoshare-match>'

pytestmark = needs_chromium


class Host:
    """A site of somebody else: one page, whose body and policy a test sets."""

    def __init__(self, us: str) -> None:
        self.us, self.address, self.html, self.policy = us, "", "", ""

    def app(self) -> Flask:
        app = Flask("host")

        @app.get("/")
        def page() -> Response:
            return Response(self.html, headers={"Content-Security-Policy": self.policy} if self.policy else {})

        @app.get("/favicon.ico")
        def icon() -> Response:
            return Response(mimetype="image/x-icon")

        return app

    def show(self, body: str, head: str = FLOATING, policy: str = "", lang: str = "en") -> None:
        text = {"us": self.us, "asked": CHALLENGE}
        self.policy = policy.format(**text)
        body, head = (re.sub(r"\{(\w+)\}", lambda found: text[found[1]], part) for part in (body, head))
        self.html = (f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Town hall</title>'
                     f'<meta name="viewport" content="width=device-width">{head}</head>'
                     f"<body><main><h1>Town hall</h1><h2>News</h2>{body}</main></body></html>")


@pytest.fixture(scope="module")
def host(library: Library) -> Iterator[Host]:
    with served(create_app(library)) as us:
        made = Host(us)
        with served(made.app()) as them:
            made.address = them
            yield made


class Visit:
    """A page of the host in a browser of its own, the script errors in it, and the addresses that it asked for."""

    def __init__(self, context: Any, host: Host) -> None:
        self.page, self.errors, self.asked = context.new_page(), list[str](), list[str]()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self.notice)
        self.page.on("request", lambda request: self.asked.append(f"{request.method} {request.url}"))
        self.page.add_init_script("""window.told = [];
            for (const name of ["results", "open", "error"])
              addEventListener("innoshare:" + name, (event) => told.push([name, event.detail]));""")
        self.host = host

    def notice(self, dialog: Any) -> None:
        """A script that is none of ours ran."""
        self.errors.append(dialog.message)
        dialog.dismiss()

    def open(self) -> Any:
        self.page.goto(self.host.address)
        return self.page

    def told(self, count: int) -> list[Any]:
        """The first events of the components, once there are so many."""
        self.page.wait_for_function("count => told.length >= count", arg=count)
        return list(self.page.evaluate("told"))


@contextmanager
def visiting(browser: Any, host: Host, **options: Any) -> Iterator[Visit]:
    """A visit; fails for an error in a script, and for anything that is kept of it."""
    with browser.new_context(**options) as context:
        visit = Visit(context, host)
        yield visit
        assert visit.errors == []
        assert context.cookies() == []
        if options.get("java_script_enabled", True) and visit.page.url.startswith(host.address):
            assert visit.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.parametrize(("policy", "event"), [
    ("", "results"), ("default-src 'none'; script-src {us}; connect-src {us}; style-src 'self'", "results"),
    ("default-src 'none'; script-src {us}; style-src 'self'", "error"), ("default-src 'none'; frame-src {us}", ""),
    ("default-src 'self'", ""), ("JavaScript off", ""),
], ids=["none", "script and connect", "script only", "frames only", "only the host", "no JavaScript"])
def test_under_every_policy_there_are_results_or_the_link_of_the_host(browser: Any, host: Host, policy: str,
                                                                     event: str) -> None:
    off = policy == "JavaScript off"
    host.show(SEARCH + MATCH, policy="" if off else policy)
    with visiting(browser, host, java_script_enabled=not off) as visit:
        page = visit.open()
        if event:
            assert [name for name, _ in visit.told(2)] == [event] * 2
        if event == "results":
            assert page.locator("innoshare-search [part=result]").count() > 0
            assert page.locator("innoshare-match [part=result]").count() > 0
            colour = "element => getComputedStyle(element).backgroundColor"
            assert page.locator("innoshare-search button").evaluate(colour) == "rgb(20, 56, 127)"
            assert not page.locator("#plain").is_visible()
            assert not [url for url in visit.asked if "nurses" in url]
            return
        if event == "error":
            way_on = page.locator("innoshare-search [part=more] a")
            assert way_on.get_attribute("href") == f"{host.us}/search?q=buses"
        page.locator("#plain").click()
        page.wait_for_url(f"{host.us}/search?q=buses")


def test_a_hostile_style_sheet_of_the_host_does_not_reach_into_the_components(browser: Any, host: Host) -> None:
    host.show(SEARCH + MATCH, head=FLOATING + "<style>* { all: unset !important } a { display: none !important }"
              "html { letter-spacing: 2em !important; text-transform: uppercase !important; "
              "text-indent: 9em !important }</style>")
    with visiting(browser, host, viewport={"width": 320, "height": 700}) as visit:
        page = visit.open()
        visit.told(2)
        title = page.locator("innoshare-search [part=title] a").first
        assert title.is_visible()
        style = "element => { const { letterSpacing, textTransform, textIndent } = getComputedStyle(element); " \
                "return [letterSpacing, textTransform, textIndent] }"
        assert title.evaluate(style) == ["normal", "none", "0px"]
        assert page.locator("innoshare-search .root").evaluate("root => root.scrollWidth <= root.clientWidth")
        page.route("**/api/v1/**", lambda route: route.abort())
        page.locator("innoshare-search input").press("Enter")
        visit.told(3)
        assert page.locator("innoshare-search [part=more] a").is_visible()  # that of the host is not


def test_names_on_the_host_page_do_not_stand_before_what_a_component_asks_of_the_document(browser: Any, host: Host
                                                                                          ) -> None:
    """What strangers may write into a page as sanitised HTML leads no question to a site of theirs."""
    names = ("<img name=currentScript src={us}/evil/embed/v1/innoshare.js><form name=scripts></form>"
             "<form name=documentElement><input name=lang></form><img name=getElementsByTagName>"
             "<img name=createElement><a id=customElements></a><a id=fetch></a>")
    polluted = ("<script>Object.assign(Object.prototype, {en: {}, challenge: 'x', slug: 'x', class: 'x', onclick: "
                "'alert(1)', errors: []}); CSS.supports = () => false</script>")
    for head in (FLOATING, FLOATING.replace("<script", "<script type=module")):
        host.show(names + SEARCH + MATCH + polluted, head=head, lang="")
        with visiting(browser, host) as visit:
            page = visit.open()
            assert [name for name, _ in visit.told(2)] == ["results"] * 2
            assert not [url for url in visit.asked if "/evil/api" in url or "/evil/embed/v1/words" in url]
            # A browser of old, which knows no light-dark(), has the light colours.
            rules = page.locator("innoshare-search").evaluate(
                "widget => [...widget.shadowRoot.adoptedStyleSheets[0].cssRules].map((rule) => rule.cssText).join()")
            assert "#14387f" in rules
            assert "light-dark" not in rules


def test_several_components_and_scripts_on_a_page_are_used_by_keyboard(browser: Any, host: Host) -> None:
    named = (f'<script src="{{us}}/{embed.script().path}" integrity="{embed.script().integrity}" '
             'crossorigin="anonymous" defer></script>')
    host.show("<innoshare-search></innoshare-search>" + SEARCH + "<innoshare-match limit=1></innoshare-match>",
              head=named + FLOATING)
    with visiting(browser, host) as visit:
        page = visit.open()
        assert visit.told(1)[0][0] == "results"
        assert page.evaluate("document.activeElement === document.body")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.querySelector('innoshare-search')")
        page.keyboard.type("nurses")
        page.keyboard.press("Enter")
        name, detail = visit.told(2)[1]
        assert (name, detail["query"]) == ("results", "nurses")
        first = page.locator("innoshare-search").first
        found = first.locator("[part=result]").count()
        assert found == detail["total"]
        assert first.get_by_role("status").inner_text() == f"{found} case{'s' * (found != 1)} found"
        assert first.locator("input").evaluate("element => element === element.getRootNode().activeElement")
        page.get_by_label("Describe your challenge in your own words").fill(CHALLENGE)
        page.get_by_role("button", name="See who has solved it").press("Enter")
        name, detail = visit.told(3)[2]
        matcher = page.locator("innoshare-match")
        assert matcher.locator("[part=list]").first.locator("> li").count() == 1
        assert (name, detail) == ("results", {"total": 1})
        assert matcher.locator("[part=verdict]").first.inner_text() == "1 other city has solved this"
        assert page.locator("innoshare-match [part=source] dd").first.inner_text() == CHALLENGE
        assert "nurses cannot" not in json.dumps([visit.told(3), visit.asked])
        link = first.locator("[part=title] a").first
        assert link.get_attribute("referrerpolicy") == "strict-origin"
        href = link.get_attribute("href")
        page.evaluate("addEventListener('click', (event) => { event.preventDefault() }, { once: true })")
        link.press("Enter")
        assert visit.told(4)[3] == ["open", {"slug": href.rpartition("/")[2], "url": href}]
        link.press("Enter")
        page.wait_for_url(href)


def answering(answer: dict[str, Any] | None) -> Callable[[Any], None]:
    """What stands in for a library that is not well, or not there."""
    def answered(route: Any) -> None:
        if answer is None:
            route.abort()
        else:
            route.fulfill(headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}, **answer)

    return answered


FOREIGN = {"slug": "x", "title": "<img src=x onerror=alert(1)>", "url": "https://evil.example/cases/x"}
ANSWERS: list[tuple[dict[str, Any] | None, str, int]] = [
    (None, "The library cannot be reached at the moment.", 0),
    ({"status": 503, "json": {}}, "The library cannot be reached at the moment.", 503),
    ({"status": 429, "json": {"status": 429}}, "Too many questions at once. Please try again in a minute.", 429),
    ({"status": 429, "body": "<h1>busy</h1>"}, "Too many questions at once. Please try again in a minute.", 429),
    ({"body": "<html>not JSON"}, "The library cannot be reached at the moment.", 0),
    ({"json": {"total": 3}}, "The library cannot be reached at the moment.", 0),
    ({"json": []}, "The library cannot be reached at the moment.", 0),
]


def test_whatever_the_library_answers_there_is_a_sentence_and_a_way_on(browser: Any, host: Host) -> None:
    host.show(SEARCH + MATCH)
    with visiting(browser, host) as visit:
        for answer, sentence, status in ANSWERS:
            visit.page.route("**/api/v1/**", answering(answer))
            page = visit.open()
            assert visit.told(2)[:2] == [["error", {"status": status}]] * 2, answer
            for kind, way in (("search", "/search?q=buses"), ("match", "/match")):
                widget = page.locator(f"innoshare-{kind}")
                assert widget.get_by_role("status").inner_text() == sentence
                assert widget.locator("[part=more] a").get_attribute("href") == host.us + way
                assert widget.get_by_role("link").last.is_visible()
            assert page.locator("#plain").is_visible()
            # Once the library is there again, the same form asks it.
            page.unroute("**/api/v1/**")
            page.get_by_role("searchbox").press("Enter")
            assert visit.told(3)[2][0] == "results"
            assert not page.locator("#plain").is_visible()


def test_fewer_fields_and_foreign_addresses_do_no_harm(browser: Any, host: Host) -> None:
    host.show(SEARCH)
    hits = [FOREIGN, *({**FOREIGN, "url": url} for url in ("javascript:alert(1)", f"blob:{host.us}/x", "//evil.example",
                                                           f"https://x@{urlsplit(host.us).netloc}/", "")), {}]
    with visiting(browser, host) as visit:
        visit.page.route("**/api/v1/**", answering({"json": {"total": len(hits), "hits": hits}}))
        page = visit.open()
        assert visit.told(1) == [["results", {"query": "buses", "total": len(hits)}]]
        assert page.locator("[part=title]").first.inner_text() == FOREIGN["title"]
        links = page.locator("[part=result] a").evaluate_all("links => links.map((link) => link.href)")
        assert [link for link in links if not link.startswith(f"{host.us}/")] == []
        page.route("**/embed/v1/words/**", answering({"json": {"levels": []}}))
        page.reload()
        assert visit.told(1) == [["error", {"status": 0}]]
        assert page.locator("#plain").is_visible()


def test_wrong_attributes_are_passed_over_or_lead_to_the_library(browser: Any, host: Host) -> None:
    host.show('<innoshare-search query="buses" limit="abc" heading-level="99" language="constructor" theme="pink">'
              '</innoshare-search>'
              '<innoshare-search filters="what=ever&amp;&amp;=%zz"><a href="{us}/search">Search</a></innoshare-search>'
              '<innoshare-match challenge="x"></innoshare-match>'
              '<innoshare-match city="nowhere" challenge="{asked}"><a href="{us}/match">Ask</a></innoshare-match>'
              '<innoshare-search filters="outcome=positive&amp;per_page=50" limit="1" heading-level="5">'
              f'</innoshare-search><innoshare-search filters="tag={"x" * 9000}"></innoshare-search>', lang="sv-SE")
    with visiting(browser, host) as visit:
        page = visit.open()
        assert sorted(name for name, _ in visit.told(6)) == ["error"] * 4 + ["results"] * 2
        first, second, third, fourth, fifth, sixth = (page.locator("main > *").nth(number) for number in range(2, 8))
        assert first.locator("h3[part=title]").count() > 1
        assert first.get_by_role("button").inner_text() == "Search"  # no such language: English
        for refused in (second, sixth):
            assert refused.locator("[part=more] a").get_attribute("href") == f"{host.us}/search"
            assert refused.get_by_role("status").inner_text() == "Den här frågan går inte att ställa så."
        assert third.get_by_role("status").inner_text() == "Skriv lite mer: en eller två meningar."
        assert fourth.locator("[part=more] a").get_attribute("href") == f"{host.us}/match"
        assert fifth.locator("h5[part=title]").count() == 1
        [asked] = [parse_qs(urlsplit(url).query) for url in visit.asked if "outcome=positive" in url]
        assert asked == {"outcome": ["positive"], "per_page": ["1"]}


def test_the_host_page_may_change_move_copy_and_make_components(browser: Any, host: Host) -> None:
    host.show('<div id="a"><innoshare-search query="buses"></innoshare-search></div><div id="b"></div>', head="")
    with visiting(browser, host) as visit:
        page = visit.open()
        page.evaluate("document.querySelector('innoshare-search').query = 'nurses'")  # set before there is a script
        page.add_script_tag(url=f"{host.us}/embed/v1/innoshare.js")
        assert visit.told(1)[0][1]["query"] == "nurses"
        widget = page.locator("innoshare-search")
        assert widget.get_attribute("query") == "nurses"
        widget.locator("input").fill("half typed")
        page.evaluate("b.append(document.querySelector('innoshare-search'))")  # Moved: nothing is asked anew.
        page.evaluate("document.querySelector('innoshare-search').limit = 1")
        assert visit.told(2)[1][1]["query"] == "nurses"
        asked = [url for url in visit.asked if "/api/" in url]
        assert [url.rpartition("=")[2] for url in asked] == ["5", "1"]
        assert widget.locator("input").input_value() == "half typed"
        page.evaluate("""() => { const widget = document.querySelector("innoshare-search");
            for (const word of ["one", "two", "buses"]) widget.setAttribute("query", word); }""")
        assert [detail["query"] for _, detail in visit.told(3)] == ["nurses", "nurses", "buses"]
        page.evaluate("a.append(document.querySelector('innoshare-search').cloneNode(true))")
        assert len(visit.told(4)) == 4
        page.evaluate("""challenge => { const made = document.createElement("innoshare-match");
            Object.assign(made, { challenge, language: "fi", headingLevel: 4 }); b.append(made); }""", CHALLENGE)
        assert visit.told(5)[4][0] == "results"
        assert page.locator("innoshare-match h4.verdict").count() == 1
        assert page.get_by_role("button", name="Katso, kuka on ratkaissut sen").is_visible()
        page.locator("#b innoshare-search input").fill("depot")
        page.locator("#b innoshare-search input").press("Enter")
        assert visit.told(6)[5][1]["query"] == "depot"
        page.evaluate("b.querySelector('innoshare-search').headingLevel = 5")  # What a visitor asked stays asked.
        assert visit.told(7)[6][1]["query"] == "depot"
        page.evaluate("document.querySelector('innoshare-match').language = 'pl'")
        page.get_by_role("button", name="Zobacz, kto to rozwiązał").wait_for()


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(browser: Any, host: Host) -> None:
    host.show(SEARCH)
    with visiting(browser, host) as visit:
        waiting: list[Any] = []
        visit.page.clock.install()
        visit.page.route("**/api/v1/search?q=slow*", lambda route: waiting.append(route))
        page = visit.open()
        visit.told(1)
        box = page.get_by_role("searchbox")
        box.fill("slow")
        box.press("Enter")
        page.wait_for_function("document.querySelector('innoshare-search').shadowRoot.textContent.includes('Searching…')")
        assert page.locator("[part=result]").count() > 0  # What was found before stays until there is something newer.
        box.fill("nurses")
        box.press("Enter")
        assert visit.told(2)[1][1]["query"] == "nurses"
        assert len(waiting) == 1
        box.fill("slow")
        box.press("Enter")
        page.wait_for_timeout(100)
        assert len(visit.told(2)) == 2
        page.clock.fast_forward(21_000)  # A question is given up at last.
        assert visit.told(3)[2] == ["error", {"status": 0}]


def test_a_script_that_was_changed_on_its_way_does_not_run(browser: Any, host: Host) -> None:
    host.show(SEARCH, head=f'<script src="{{us}}/{embed.script().path}" crossorigin="anonymous" defer '
              f'integrity="sha384-{"A" * 64}"></script>')
    with visiting(browser, host) as visit:
        page = visit.open()
        assert page.evaluate("customElements.get('innoshare-search') === undefined")
        page.locator("#plain").click()
        page.wait_for_url(f"{host.us}/search?q=buses")


def test_the_script_runs_as_a_module_too(browser: Any, host: Host) -> None:
    host.show(SEARCH, head='<script type="module" src="{us}/embed/v1/innoshare.js"></script>')
    with visiting(browser, host) as visit:
        visit.open()
        assert visit.told(1)[0][0] == "results"


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_components_break_no_rule_of_accessibility(browser: Any, host: Host, scheme: str) -> None:
    host.show(f'<div lang="de">{SEARCH}</div>{MATCH}<innoshare-match challenge="zyxwv utsrq ponml"></innoshare-match>'
              '<innoshare-search filters="wrong=1"><a href="{us}">To the library</a></innoshare-search>',
              head=FLOATING + "<style>html { color-scheme: light dark }</style>")
    with visiting(browser, host, color_scheme=scheme, viewport={"width": 320, "height": 700}) as visit:
        page = visit.open()
        visit.told(4)
        assert broken_rules(page) == []
        assert fits(page)
        for theme in ("light", "dark"):
            page.evaluate("theme => document.querySelectorAll('main *').forEach((one) => { one.theme = theme })", theme)
            assert broken_rules(page) == []


def test_hostile_words_stay_words_in_a_component(browser: Any, attacked: Attacked) -> None:
    client, *_ = attacked
    with served(client.application) as us:
        host = Host(us)
        host.show(f'<innoshare-search query="" limit="20"></innoshare-search>{MATCH}')
        with served(host.app()) as host.address, visiting(browser, host) as visit:
            page = visit.open()
            assert [name for name, _ in visit.told(2)] == ["results", "results"]
            inside = "[part=result] :is(script, i, img, style, [id], [style], [onerror])"
            for kind in ("search", "match"):
                assert "<i id=pwned>" in page.locator(f"innoshare-{kind} [part=list]").first.inner_text()
                assert page.locator(f"innoshare-{kind} {inside}").count() == 0


@pytest.mark.parametrize("snippet", sorted(RELEASED.glob("*.html")), ids=lambda path: path.stem)
def test_a_snippet_of_old_still_works(browser: Any, host: Host, snippet: Path) -> None:
    """What was once published stands in other people's pages. These files are never edited, only joined by newer."""
    host.show(snippet.read_text(encoding="utf-8").replace("https://your.library.example", host.us), head="")
    with visiting(browser, host) as visit:
        page = visit.open()
        assert [name for name, _ in visit.told(2)] == ["results", "results"]
        assert page.locator("[part=result] a").count() > 1
