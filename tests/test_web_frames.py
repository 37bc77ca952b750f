"""Frames and snippets for other sites: what they show, who may show them, and that what one copies is right."""

import re
from base64 import b64encode
from hashlib import sha384
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError
from test_web_pages import Page

from innoshare.choices import LANGUAGES
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.phrases import phrases

SEARCH, MATCH = "/embed/v1/search", "/embed/v1/match"
HEAT = "Elderly passengers faint at bus stops in heatwaves; there is hardly any shade where people have to wait."
HOSTILE = "\"'><script>alert(1)</script>&amp;</textarea>{{7*7}} ü"
BOXES = ("component-code", "frame-code", "resizing-code", "form-code")


def policy(answer: object) -> dict[str, str]:
    text = answer.headers["Content-Security-Policy"]  # type: ignore[attr-defined]
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


def snippets(client: FlaskClient, **chosen: object) -> dict[str, str]:
    """What stands in the boxes of `/embed`, by the id of the box, as a browser reads it."""
    page = client.get("/embed", query_string=urlencode(chosen, doseq=True))
    assert page.status_code == 200
    boxes = dict(re.findall(r'<textarea id="([a-z-]+-code)"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL))
    assert tuple(boxes) == BOXES
    return {name: unescape(text) for name, text in boxes.items()}


# --- who may show what ------------------------------------------------------------------------------------------------


def test_frames_may_stand_in_any_site_and_nothing_else_of_ours_in_any(app: Flask, client: FlaskClient) -> None:
    framed = {SEARCH, MATCH}
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or ()):
            continue
        with client.get(rule.rule) as answer:
            assert policy(answer)["frame-ancestors"] == ("* file:" if rule.rule in framed else "'none'"), rule.rule
            assert answer.headers.get("X-Frame-Options") == (None if rule.rule in framed else "DENY"), rule.rule
            assert policy(answer).get("frame-src") == ("'self'" if rule.rule == "/embed" else None), rule.rule
            assert "Set-Cookie" not in answer.headers
    assert policy(client.get("/embed/v1/nothing"))["frame-ancestors"] == "'none'"


def test_a_failure_in_a_frame_is_told_in_the_frame(client: FlaskClient, tmp_path: object) -> None:
    nothing = create_app(Settings(data=tmp_path / "empty")).test_client()  # type: ignore[operator]
    for answer, words in ((client.get(f"{SEARCH}?limit=99&lang=fi&appearance=dark"), phrases("fi").refused),
                          (client.post(MATCH, data="x" * 300_000), phrases("en").refused),
                          (nothing.get(f"{SEARCH}?lang=pl&appearance=dark"), phrases("pl").unreachable)):
        assert answer.status_code in (400, 413, 503)
        assert policy(answer)["frame-ancestors"] == "* file:"
        assert answer.headers["Cache-Control"] == "no-store"
        page = Page(answer.text)
        assert words in page.text
        assert not page.all("nav")
        assert [link["href"] for link in page.all("a")] == ["/"]
    assert 'data-appearance="dark"' in answer.text


def test_only_the_sites_that_are_named_may_show_frames(library: Library) -> None:
    named = Settings(frame_ancestors="https://city.example, https://*.bücher.example/ http://localhost:8080")
    client = create_app(library, named).test_client()
    allowed = "'self' https://city.example https://*.xn--bcher-kva.example http://localhost:8080"
    for answer in (client.get(SEARCH), client.get(f"{MATCH}?limit=x")):
        assert policy(answer)["frame-ancestors"] == allowed
    assert "https://*.xn--bcher-kva.example" in Page(client.get("/embed").text).text


@pytest.mark.parametrize("wrong", [
    "*", "https://*", "https://*.", "city.example", "https://city.example/intranet", "'none'",
    "https://city.example; script-src *", "https://a.example?x", "https://me@a.example"])
def test_what_is_no_site_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ValidationError, match=r"as https://city\.example"):
        Settings(frame_ancestors=wrong)


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_search_in_a_frame_shows_what_the_api_finds(client: FlaskClient) -> None:
    asked = "q=testby+sandhaven&outcome=positive&outcome=negative&outcome=none&evidence=0&sort=newest"
    answer = client.get(f"{SEARCH}?{asked}&limit=2&heading_level=5&lang=de")
    body = client.get(f"/api/v1/search?{asked}&per_page=2").json
    page = Page(answer.text)
    assert [link["href"] for link in page.all("a")][:-1] == [f"/cases/{hit['slug']}" for hit in body["hits"]]
    assert len(page.all("h5")) == len(body["hits"]) == 2
    assert f"{body['total']} Beispiele gefunden" in page.text
    assert page.all("html")[0]["lang"] == "de"
    assert [title.get("lang") for title in page.all("a")[:-1]] == [hit["language"] for hit in body["hits"]]
    for hit in body["hits"]:
        assert phrases("de").outcomes[hit["outcome"]] in page.text
    # Links open in place of the whole page, the form in the frame; it keeps all that was chosen.
    assert page.all("base") == [{"target": "_top"}]
    assert [form["target"] for form in page.all("form")] == ["_self"]
    kept = [(box["name"], box["value"]) for box in page.all("input")]
    assert sorted(kept) == sorted(parse_qsl(f"{asked}&limit=2&heading_level=5&lang=de"))
    assert client.get(page.all("a")[-1]["href"]).status_code == 200
    assert sorted(parse_qsl(urlsplit(page.all("a")[-1]["href"]).query)) == sorted(parse_qsl(asked))


def test_a_frame_without_a_question_is_a_box_to_ask_in(client: FlaskClient) -> None:
    for path in (SEARCH, f"{SEARCH}?lang=sv&limit=3", MATCH, f"{MATCH}?city=testby"):
        page = Page(client.get(path).text)
        assert not page.all("article")
        assert len(page.all("form")) == 1
    assert Page(client.get(f"{SEARCH}?q=&lang=sv&limit=3").text).all("article")


def test_a_script_is_in_a_frame_only_where_it_was_asked_for(client: FlaskClient) -> None:
    for path in (SEARCH, MATCH):
        assert not Page(client.get(path).text).all("script")
        assert len(Page(client.get(f"{path}?resize=yes").text).all("script")) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_frame_speaks_the_language_that_was_asked_for(client: FlaskClient, lang: str) -> None:
    words = phrases(lang)
    assert words.search_label in Page(client.get(f"{SEARCH}?lang={lang}&q=city").text).text
    answer = client.post(f"{MATCH}?lang={lang}", data={"challenge": HEAT})
    assert words.case_says in Page(answer.text).text
    refused = client.post(f"{MATCH}?lang={lang}", data={"challenge": "two words"})
    assert refused.status_code == 400
    page = Page(refused.text)
    assert words.say_more in page.text
    assert page.all("textarea")[0]["aria-invalid"] == "true"


@pytest.mark.parametrize("challenge", [
    HEAT, "Penguins escape from the zoo every night.", "Late at night our buses are empty."])
def test_a_challenge_in_a_frame_is_answered_as_on_the_page_and_stands_in_no_address(client: FlaskClient, challenge: str
                                                                                   ) -> None:
    asked = {"challenge": challenge, "city": "testby", "limit": 3}
    answer = client.post(f"{MATCH}?city=testby&limit=3&heading_level=6", data={"challenge": challenge})
    body = client.post("/api/v1/match", json=asked).json
    assert answer.headers["Cache-Control"].startswith("private")
    page = Page(answer.text)
    shown = [link["href"] for link in page.all("a") if link["href"].startswith("/cases/")]
    assert shown == [f"/cases/{item['case']['slug']}" for item in (*body["matches"], *body["cautions"])] + [
        f"/cases/{case['slug']}" for case in body["nearest"]]
    assert ("verdict-" + body["verdict"]) in answer.text
    for item in (*body["matches"], *body["cautions"]):
        passages = [re.sub(r"\W+", " ", finding["case_text"]) for finding in item["evidence"]
                    if finding["feature"] in ("same-problem", "answering-sentence")]
        assert not passages or passages[0] in re.sub(r"\W+", " ", page.text)
    assert (phrases("en").next in page.text) == (body["verdict"] == "none")
    assert not re.search(r"(href|action|src)=\S*(challenge=|heatwaves|Penguins|empty)", answer.text)
    assert not page.all("h7")
    onward = page.all("form")[-1]
    assert (onward["method"], onward["action"]) == ("post", "/match")
    assert "target" not in onward


def test_a_heading_counts_all_cities_that_answer_however_few_are_shown(own_library: Library) -> None:
    asked = "Streets flood after cloudbursts and cellars fill with water."
    answer = create_app(own_library).test_client().get(f"{MATCH}?challenge={asked}&limit=1")
    assert re.search("<h3>[2-9] other cities have", answer.text)
    assert answer.text.count("<article") == 1


def test_a_challenge_that_a_partner_wrote_into_the_address_is_answered_at_once(client: FlaskClient) -> None:
    page = Page(client.get(f"{MATCH}?challenge={HEAT}").text)
    assert page.all("article")
    assert page.all("form")[0]["action"] == f"{MATCH}?"


@pytest.mark.parametrize(("path", "name"), [
    (f"{SEARCH}?limit=0", "limit"), (f"{SEARCH}?limit=abc", "limit"), (f"{SEARCH}?lang=xx", "lang"),
    (f"{SEARCH}?heading_level=1", "heading_level"), (f"{SEARCH}?appearance=blue", "appearance"),
    (f"{SEARCH}?resize=no", "resize"), (f"{SEARCH}?theme=nonsense", "theme"), (f"{SEARCH}?page=2", "page"),
    (f"{SEARCH}?per_page=5", "per_page"), (f"{SEARCH}?lang=sv&lang=fi", "lang"),
    (f"{SEARCH}?heading-level=2", "unreadable"),
    (f"{MATCH}?city=nowhere", "city"), (f"{MATCH}?language=xx", "language"), (f"{MATCH}?limit=21", "limit"),
    (f"{MATCH}?q=x", "q")])
def test_what_is_wrong_in_the_address_of_a_frame_is_named(client: FlaskClient, path: str, name: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    page = Page(answer.text)
    assert f"{name}" in page.text
    assert page.all("li")
    assert client.get(f"{SEARCH}?utm_source=newsletter&fbclid=x").status_code == 200


# --- snippets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["search", "match"])
def test_what_one_copies_is_well_formed_and_says_what_was_chosen(client: FlaskClient, kind: str) -> None:
    chosen = {"kind": kind, "q": HOSTILE, "theme": ["mobility", "waste-circular"], "year_from": "2001",
              "city": "testby", "lang": "sv", "limit": "7", "heading_level": "4", "appearance": "dark"}
    made = snippets(client, **chosen)
    filters = [("theme", "mobility"), ("theme", "waste-circular"), ("year_from", "2001")]
    own = [("q", HOSTILE), *filters] if kind == "search" else [("city", "testby")]
    looks = [("lang", "sv"), ("limit", "7"), ("heading_level", "4"), ("appearance", "dark")]
    pages = {name: Page(html) for name, html in made.items()}
    for name, page in pages.items():
        assert "alert(1)" not in page.text, name
        assert not any("style" in attributes for _, attributes in page.tags), name

    [element] = pages["component-code"].all(f"innoshare-{kind}")
    asked = {"query": HOSTILE, "filters": urlencode(filters)} if kind == "search" else {"city": "testby"}
    assert element == {**asked, "language": "sv", "limit": "7", "heading-level": "4", "theme": "dark"}
    for name, more in (("frame-code", []), ("resizing-code", [("resize", "yes")])):
        [frame] = pages[name].all("iframe")
        assert sorted(parse_qsl(urlsplit(frame["src"]).query)) == sorted([*own, *looks, *more])
        assert client.get(frame["src"]).status_code == 200
        assert ("allow-scripts" in frame["sandbox"]) == bool(more)
        assert frame["referrerpolicy"] == "strict-origin"
    [form] = pages["form-code"].all("form")
    assert form["accept-charset"] == "utf-8"
    fields = [(field["name"], field.get("value", "")) for field in pages["form-code"].all("input")]
    if kind == "search":
        assert fields == own
        assert client.get(f"{form['action']}?{urlencode(fields)}").status_code == 200
    else:
        assert form["method"] == "post"
        assert client.post(form["action"], data={"challenge": HEAT, **dict(fields)}).status_code == 200
    for name in BOXES[:3]:  # The plain form is its own way on.
        [link] = pages[name].all("a")
        assert link["href"].startswith(f"http://localhost/{kind}")
        assert client.get(link["href"]).status_code == 200


def test_a_script_that_one_copies_is_the_one_that_is_served(client: FlaskClient) -> None:
    made = snippets(client)
    for name, count in zip(BOXES, (1, 0, 1, 0), strict=True):
        scripts = Page(made[name]).all("script")
        assert len(scripts) == count
        for script in scripts:
            served = client.get(script["src"])
            assert served.status_code == 200
            assert script["integrity"] == "sha384-" + b64encode(sha384(served.data).digest()).decode()
            assert script["crossorigin"] == "anonymous"
            assert script["referrerpolicy"] == "strict-origin"
            assert "immutable" in served.headers["Cache-Control"]


def test_what_one_copies_names_the_public_address(library: Library) -> None:
    client = create_app(library, Settings(base_url="https://city.example/library")).test_client()
    client.environ_base["HTTP_HOST"] = "city.example"
    answer = client.get("/embed?q=city")
    for html in snippets(client, q="city").values():
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', html)
        assert addresses
        assert all(url.startswith("https://city.example/library/") for url in addresses)
    assert "script-src https://city.example; connect-src https://city.example" in Page(answer.text).text


def test_a_search_is_carried_into_the_choice(client: FlaskClient) -> None:
    path = "/search?q=city&outcome=positive&year_to=2030&sort=newest&per_page=1&page=2"
    link = next(link["href"] for link in Page(client.get(path).text).all("a") if link["href"].startswith("/embed"))
    page = Page(client.get(link).text)
    assert [box.get("value") for box in page.all("input") if "checked" in box] == ["search", "positive"]
    assert "newest" in [option["value"] for option in page.all("option") if "selected" in option]
    [frame] = page.all("iframe")
    assert sorted(parse_qsl(urlsplit(frame["src"]).query)) == sorted([
        ("q", "city"), ("outcome", "positive"), ("year_to", "2030"), ("sort", "newest"), ("lang", "en"), ("limit", "5"),
        ("heading_level", "3"), ("resize", "yes")])
    for anywhere in ("/", "/about"):
        assert "/embed" in [one["href"] for one in Page(client.get(anywhere).text).all("a")]


def test_mistakes_in_the_choice_are_told_at_their_fields(client: FlaskClient) -> None:
    answer = client.get("/embed?limit=99&year_from=abc&city=nowhere&q=city&resize=yes")
    assert answer.status_code == 400
    page = Page(answer.text)
    links = [link["href"] for link in page.all("a")]
    assert {"#limit", "#year_from", "#city"} <= set(links)
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
