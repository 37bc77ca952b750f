"""oEmbed as content management systems ask it, and as somebody asks who wants it to lead or to reach elsewhere."""

import json
import re
import socket
from html import unescape
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from test_web_challenges import ANSWERED, NIGHT_BUSES
from test_web_pages import Page

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.openapi import PROBLEM_TYPE

PUBLIC = "https://library.example.org"
CASE = f"{PUBLIC}/cases/{NIGHT_BUSES}"


@pytest.fixture(scope="module")
def public(library: Library) -> FlaskClient:
    return create_app(library, Settings(base_url=PUBLIC)).test_client()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched, whatever is asked for."""
    def refuse(*_: object) -> None:
        raise AssertionError("something was to be fetched")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def asked(client: FlaskClient, url: str, **more: object) -> Any:
    """The answer in JSON; that in XML must say the same."""
    query = "&".join(f"{name}={value}" for name, value in more.items())
    answer = client.get(f"/oembed?url={quote(url, safe='')}&{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    body = answer.json
    xml = client.get(f"/oembed?url={quote(url, safe='')}&format=xml&{query}")
    assert xml.mimetype == "text/xml"
    assert {element.tag: element.text for element in ElementTree.fromstring(xml.data)} == {
        name: str(value) for name, value in body.items()}
    assert (body["version"], body["type"]) == ("1.0", "rich")
    assert body["provider_name"] == "innoshare"
    return body


def test_a_case_becomes_a_quotation_that_leads_to_it(public: FlaskClient, library: Library) -> None:
    body, card = asked(public, f"{CASE}?utm_source=letter#results"), library.cards([NIGHT_BUSES])[NIGHT_BUSES]
    page = Page(body["html"])
    assert [link["href"] for link in page.all("a")] == [CASE]
    assert not page.all("iframe")
    assert body["title"] == f"{card.title} ({card.city_name})"
    for words in (card.title, card.summary, f"What came of it: {card.outcome.label}", "Evidence: "):
        assert words in page.text
    assert (body["thumbnail_width"], body["thumbnail_height"]) == (1200, 630)
    picture = public.get(body["thumbnail_url"].removeprefix(PUBLIC))
    assert (picture.status_code, picture.mimetype) == (200, "image/png")


def test_what_is_in_another_language_says_so(public: FlaskClient) -> None:
    page = Page(asked(public, f"{PUBLIC}/cases/testby-nattbussar")["html"])
    assert {part["lang"] for name in ("a", "p") for part in page.all(name) if "lang" in part} == {"sv"}


def test_a_challenge_says_whether_there_is_an_answer(public: FlaskClient) -> None:
    body = asked(public, f"{PUBLIC}/challenges/{ANSWERED}")
    assert "Wanted by Sandhaven, United Kingdom. Open. 1 case may help." in Page(body["html"]).text
    assert public.get(body["thumbnail_url"].removeprefix(PUBLIC)).status_code == 200


@pytest.mark.parametrize(("path", "frame"), [
    ("/search?q=bus%20%26%22&theme=mobility&sort=newest&page=1", "/embed/v1/search?q=bus+%26%22&theme=mobility&"),
    ("/search", "/embed/v1/search?"), ("", "/embed/v1/search?"), ("/", "/embed/v1/search?"),
    ("/match", "/embed/v1/match?")])
def test_a_search_becomes_its_frame_with_a_link_before_it(public: FlaskClient, path: str, frame: str) -> None:
    body = asked(public, f"{PUBLIC}{path}", maxwidth=480, maxheight=333)
    page = Page(body["html"])
    (shown,) = page.all("iframe")
    assert shown["src"].startswith(f"{PUBLIC}{frame}")
    assert public.get(shown["src"].removeprefix(PUBLIC)).status_code == 200
    assert (shown["width"], shown["height"]) == ("480", "333") == (str(body["width"]), str(body["height"]))
    assert "allow-scripts" not in shown["sandbox"].split()
    assert shown["title"]
    (link,) = page.all("a")
    assert public.get(link["href"].removeprefix(PUBLIC)).status_code == 200
    # What WordPress takes apart, and shows in part where it does not know the site.
    assert re.fullmatch(r"<blockquote>.*</blockquote>\s*<iframe.*></iframe>", body["html"], re.DOTALL)
    assert "thumbnail_url" not in body  # It is larger than there is room.


def test_no_more_room_is_taken_than_there_is(public: FlaskClient) -> None:
    for url in (CASE, f"{PUBLIC}/search"):
        assert asked(public, url)["width"] == 600
        small, large = (asked(public, url, maxwidth=size, maxheight=size) for size in (100, 2_000))
        assert (small["width"], small["height"]) == (100, 100)
        assert large["width"] == 2_000
        assert "thumbnail_url" in large


@pytest.mark.parametrize("url", [
    "https://evil.example/cases/{slug}", "http://library.example.org/cases/{slug}",
    "//library.example.org/cases/{slug}",
    "/cases/{slug}", "cases/{slug}", "https://library.example.org.evil.example/cases/{slug}",
    "https://library.example.org@evil.example/cases/{slug}", "https://evil@library.example.org/cases/{slug}",
    "https://evil.example/?https://library.example.org/cases/{slug}", "https://library.example.org:8443/cases/{slug}",
    "https://library.example.org\\@evil.example/cases/{slug}", "https:\\\\library.example.org/cases/{slug}",
    "https://library.example.org\\cases\\{slug}", "https://evil.example\\.library.example.org/cases/{slug}",
    "https://library.example.org%2eevil.example/cases/{slug}",
    "https://library.example.org./cases/{slug}", "https://library．example.org/cases/{slug}",
    "https://evil.example#library.example.org/cases/{slug}", "https://[::1/cases/{slug}", "https://[::1]/cases/{slug}",
    "javascript:alert(1)", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "data:text/html,x", "x",
    "https://library.example.org/ca ses/{slug}", "https://library.example.org/\u2028cases/{slug}",
    "https://library.example.org/cases/nothing", "https://library.example.org/cases/..%2f..%2fetc%2fpasswd",
    "https://library.example.org/cases/%00",
    "https://library.example.org/cases/{slug}/", "https://library.example.org/cases/../cases/{slug}",
    "https://library.example.org/api/v1/cases/{slug}", "https://library.example.org/cases/{slug}/adopt",
    "https://library.example.org/oembed?url=https://library.example.org/cases/{slug}", "https://library.example.org/about",
    "https://library.example.org/static/site.css", "https://library.example.org/submit/case",
    "https://library.example.org/search?theme=nonsense", "https://library.example.org/search?page=x",
    "https://library.example.org/search?q=%00", "https://library.example.org/search?q=%ff&theme=%ff",
    "https://library.example.org/match?challenge=Nurses+cannot+get+home", "https://library.example.org/healthz"])
def test_what_is_not_a_page_of_this_library_is_not_embedded(public: FlaskClient, url: str) -> None:
    for form in ("json", "xml"):
        answer = public.get("/oembed", query_string={"url": url.format(slug=NIGHT_BUSES), "format": form})
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
        assert "evil" not in answer.text


@pytest.mark.parametrize("url", [
    "HTTPS://LIBRARY.example.ORG/cases/{slug}", "https://library.example.org:443/cases/{slug}",
    "https://library.example.org/cases/{slug}?x=//evil.example"])
def test_other_spellings_of_an_address_of_ours_are_the_same(public: FlaskClient, url: str) -> None:
    assert [link["href"] for link in Page(asked(public, url.format(slug=NIGHT_BUSES))["html"]).all("a")] == [CASE]


def test_a_library_below_a_path_answers_for_that_only(library: Library) -> None:
    below = create_app(library, Settings(base_url=f"{PUBLIC}/library")).test_client()
    assert asked(below, f"{PUBLIC}/library/cases/{NIGHT_BUSES}")["title"]
    assert "embed/v1" in asked(below, f"{PUBLIC}/library")["html"]
    for url in (CASE, f"{PUBLIC}/librarycases/{NIGHT_BUSES}", f"{PUBLIC}/library/../cases/{NIGHT_BUSES}"):
        assert below.get("/oembed", query_string={"url": url}).status_code == 404


@pytest.mark.parametrize(("query", "status"), [
    ("", 400), ("format=json", 400), ("url=", 400), ("url={case}&url={case}", 400), ("url={case}&maxwidth=0", 400),
    ("url={case}&maxwidth=-5", 400), ("url={case}&maxheight=abc", 400), ("url={case}&maxheight=1e3", 400),
    ("url={case}&maxwidth=%D9%A3", 400), ("url=%00{case}", 400), ("url=" + "a" * 9_000, 400),
    ("url={case}&format=yaml", 501), ("url={case}&format=JSON", 501), ("url={case}&format=json%0d%0aX-A:b", 501)])
def test_a_question_that_makes_no_sense_is_refused_in_words(public: FlaskClient, query: str, status: int) -> None:
    answer = public.get(f"/oembed?{query.format(case=quote(CASE, safe=''))}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["type"] == PROBLEM_TYPE + {400: "bad-input", 501: "not-implemented"}[status]
    assert len(answer.json["detail"]) > 10


def test_parameters_of_other_systems_are_passed_over(public: FlaskClient) -> None:
    """As the standard wants: WordPress sends dnt, others a key or a call-back, which is not called."""
    body = asked(public, CASE, dnt=1, callback="alert", key="x", _="17")
    assert body["title"]


def test_pages_say_where_to_ask(public: FlaskClient) -> None:
    for path in ("/", f"/cases/{NIGHT_BUSES}", f"/challenges/{ANSWERED}", "/search?q=bus&theme=mobility", "/match"):
        links = [link for link in Page(public.get(path).text).all("link") if link.get("type", "").endswith("+oembed")]
        assert [link["type"] for link in links] == ["application/json+oembed", "text/xml+oembed"], path
        for link in links:
            assert link["href"].startswith(f"{PUBLIC}/oembed?")
            assert public.get(link["href"].removeprefix(PUBLIC)).status_code == 200, link
    for path in ("/about", "/cases/nothing", "/search?theme=nonsense", f"/cases/{NIGHT_BUSES}/adopt", "/submit"):
        assert "+oembed" not in public.get(path).text, path


def test_an_answer_is_kept_and_asked_again(public: FlaskClient) -> None:
    answer = public.get(f"/oembed?url={CASE}")
    assert public.get(f"/oembed?url={CASE}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert answer.headers["Cache-Control"] == "public, max-age=60"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_text_in_a_search_stays_text(public: FlaskClient, text: str) -> None:
    answer = public.get("/oembed", query_string={"url": f"{PUBLIC}/search?q={quote(text)}", "format": "xml"})
    if answer.status_code == 404:  # A control character.
        return
    html = ElementTree.fromstring(answer.data).findtext("html") or ""
    assert {tag for tag, _ in Page(html).tags} == {"blockquote", "p", "a", "strong", "iframe"}
    assert {urlsplit(unescape(url)).netloc for url in re.findall('(?:href|src)="([^"]*)"', html)} == {
        "library.example.org"}
    strict = public.get("/oembed", query_string={"url": f"{PUBLIC}/search?q={quote(text)}"})
    assert json.loads(strict.data)["html"].split() == html.split()
