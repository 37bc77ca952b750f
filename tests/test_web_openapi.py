"""The document and the page about the API, and what holds for every answer under /api/: headers, methods, formats."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.app import MAX_BODY
from innoshare.web.openapi import API_VERSION, DOCS, DOCUMENT, PROBLEM_TYPE, PROBLEMS

CASE = "/api/v1/cases/testby-night-buses"
ANSWERS = ("/api/v1/search?q=water", "/api/v1/match?challenge=rain+floods+the+cellars", "/api/v1/suggest?q=wa",
           "/api/v1/cases?per_page=2", CASE, "/api/v1/challenges?status=open", "/api/v1/cities", "/api/v1/vocabulary",
           "/api/v1/cases.csv", "/api/v1/catalogue.sqlite", f"/{DOCUMENT}")

# What no number is, as an address has it: a word, a sign, a part, a digit of another script, more than anybody has.
NO_NUMBERS = ("abc", "-5", "+1", "%2B1", "1.5", "1e3", "0x10", "1_0", "٣", "１", "1" + "0" * 23, "0",
              "1,2", "true", "1%0A")


def links(answer: TestResponse) -> dict[str, str]:
    """The addresses in the header Link, by their relation."""
    found = (re.match(r'<([^>]*)>; rel="([^"]*)"', link) for link in answer.headers.get_all("Link"))
    return {match[2]: match[1] for match in found if match}


def problem(answer: TestResponse, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body: dict[str, object] = json.loads(answer.data)
    assert body["type"] == PROBLEM_TYPE + PROBLEMS[status].name
    return body


def addresses(app: Flask) -> Iterator[tuple[str, set[str]]]:
    """Each address under /api/v1 as the document writes it, with the methods it takes."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            path, methods = rule.rule.removeprefix("/api/v1"), set(rule.methods or ()) - {"HEAD", "OPTIONS"}
            choice = re.search(r"<any\(([^)]*)\):\w+>", path)
            for value in choice[1].split(", ") if choice else [""]:
                yield re.sub(r"<(\w+)>", r"{\1}", path.replace(choice[0], value) if choice else path), methods


# --- the document and the page ----------------------------------------------------------------------------------------


def test_the_document_has_every_address_of_the_api_and_no_other(app: Flask, client: FlaskClient) -> None:
    paths = client.get(f"/{DOCUMENT}").json["paths"]
    assert {(path, method.upper()) for path, operation in paths.items() for method in operation} == {
        (path, method) for path, methods in addresses(app) for method in methods}


def test_the_document_tells_where_the_api_is_and_who_answers_for_it(library: Library) -> None:
    app = create_app(library, Settings(base_url="https://library.example/lib", contact="mailto:office@city.example"))
    made = app.test_client().get(f"/{DOCUMENT}", headers={"Host": "library.example"}).json
    assert made["servers"] == [{"url": "https://library.example/lib/api/v1"}]
    assert made["info"]["contact"] == {"name": "innoshare", "url": "https://library.example/lib/about",
                                       "email": "office@city.example"}
    assert made["info"]["version"] == API_VERSION
    page = create_app(library, Settings(contact="https://city.example/contact")).test_client()
    assert page.get(f"/{DOCUMENT}").json["info"]["contact"]["url"] == "https://city.example/contact"


def test_the_document_offers_every_value_that_is_taken(client: FlaskClient, library: Library) -> None:
    """Also those that a case has and no list: what a page offers as a filter is no mistake to a client."""
    shared = client.get(f"/{DOCUMENT}").json["components"]["parameters"]
    facets = client.get("/api/v1/search").json["facets"]
    for name in ("theme", "challenge_type", "approach", "country", "city_size", "outcome", "language"):
        assert {value["value"] for value in facets[name]} <= set(shared[name]["schema"]["items"]["enum"])
    assert shared["theme"]["schema"]["items"]["enum"][:2] == list(library.vocabulary["themes"])[:2]


def test_the_page_explains_each_operation_and_each_problem(client: FlaskClient) -> None:
    page, made = client.get(f"/{DOCS}").text, client.get(f"/{DOCUMENT}").json
    anchors = set(re.findall(r' id="([^"]+)"', page))
    assert {operation["operationId"] for path in made["paths"].values() for operation in path.values()} <= anchors
    assert {f"problem-{kind.name}" for kind in PROBLEMS.values()} <= anchors
    assert {f"body-{name}" for name in made["components"]["schemas"]} <= anchors
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors | {"main"}
    assert all(PROBLEM_TYPE + kind.name in page for kind in PROBLEMS.values())
    trials = re.findall(r'<a href="(http://localhost/api/v1/[^"]+)">Try it', page)
    assert len(trials) == sum("get" in path for path in made["paths"].values())
    assert {client.get(address.replace("&amp;", "&")).status_code for address in trials} == {200}


def test_the_page_can_be_found(client: FlaskClient) -> None:
    for path in ("/about", "/"):
        assert f'href="/{DOCS}"' in client.get(path).text


# --- every answer -----------------------------------------------------------------------------------------------------


def refusals(app: Flask) -> Iterator[tuple[TestResponse, int]]:
    @app.get("/api/v1/broken")
    def broken() -> str:
        raise ValueError

    ask = app.test_client()
    yield ask.get("/api/v1/search?page=x"), 400
    yield ask.get("/api/v1/cases/nothing"), 404
    yield ask.get("/api/v2/search"), 404
    yield ask.delete("/api/v1/search"), 405
    yield ask.get("/api/v1/search", headers={"Accept": "text/html"}), 406
    yield ask.post("/api/v1/match", data=b"x" * (MAX_BODY + 1), content_type="application/json"), 413
    yield ask.get("/api/v1/search?q=" + "x" * 20_000), 414
    yield ask.post("/api/v1/match", data="challenge=a+b+c"), 415
    yield ask.get("/api/v1/catalogue.sqlite", headers={"Range": "bytes=999999999-"}), 416
    yield ask.get("/api/v1/broken"), 500
    empty = Settings(content=app.root_path, data=f"{app.root_path}/nothing-here")
    yield create_app(empty).test_client().get("/api/v1/search"), 503


def test_every_refusal_is_a_problem_that_other_sites_may_read(library: Library) -> None:
    for answer, status in refusals(create_app(library)):
        problem(answer, status)
        headers_of_the_api(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


def headers_of_the_api(answer: TestResponse) -> None:
    assert answer.headers["API-Version"] == API_VERSION
    assert links(answer)["service-desc"] == f"http://localhost/{DOCUMENT}"
    assert links(answer)["service-doc"] == f"http://localhost/{DOCS}"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Link", "API-Version", "Deprecation", "Sunset", "Retry-After", "RateLimit-Limit",
            "RateLimit-Remaining", "RateLimit-Reset", "Content-Disposition", "Accept-Ranges",
            "Content-Range"} == set(exposed)


@pytest.mark.parametrize("url", ANSWERS)
def test_every_answer_tells_what_it_is_and_is_not_sent_twice(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200
    headers_of_the_api(answer)
    assert re.fullmatch('"[0-9a-f]{32}"', answer.headers["ETag"])  # Strong: no W/ before it.
    answer.close()

    again = client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    headers_of_the_api(again)
    assert again.headers["ETag"] == answer.headers["ETag"]
    assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]

    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == answer.headers["ETag"]

    asked = client.options(url, headers={"Origin": "https://city.example", "Access-Control-Request-Method": "GET"})
    assert asked.status_code == 200
    assert {"GET", "HEAD", "OPTIONS"} <= set(asked.headers["Allow"].split(", "))
    assert asked.headers["Access-Control-Allow-Methods"] == asked.headers["Allow"]
    assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type, If-None-Match, If-Range, Range"
    assert int(asked.headers["Access-Control-Max-Age"]) >= 600

    refused = client.put(url)
    problem(refused, 405)
    assert refused.headers["Allow"] == asked.headers["Allow"]

    path, _, query = url.partition("?")
    problem(client.get(f"{path}/?{query}"), 404)


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_refused_by_name(client: FlaskClient, value: str) -> None:
    for path, name in (("search", "page"), ("search", "per_page"), ("search", "year_from"), ("cases", "page"),
                       ("suggest", "limit"), ("match", "limit")):
        [mistake] = [one for one in client.get(f"/api/v1/{path}?{name}={value}").json["errors"]
                     if one["parameter"] == name]
        assert re.search("Send a whole number from [0-9]+ to [0-9]+|At most 20 characters", mistake["detail"])


def test_a_number_may_end_in_a_blank_as_the_keyboards_of_phones_write_it(client: FlaskClient) -> None:
    assert client.get("/api/v1/search?page=1%20").json["page"] == 1


@pytest.mark.parametrize(("url", "name"), [
    ("search?q=a&q=b", "q"), ("search?page=1&page=1", "page"), ("search?sort=newest&sort=newest", "sort"),
    ("search?pages=2", "pages"), ("search?sort=best", "sort"), ("search?evidence=6", "evidence"),
    ("search?year_from=2020&year_to=2019", "year_from"), ("cases?q=water", "q"), ("cases/testby-night-buses?x=1", "x"),
    ("cities?page=1", "page"), ("vocabulary?language=en", "language"), ("challenges?outcome=positive", "outcome"),
    ("openapi.json?version=1", "version"), ("cases.csv?page=1", "page"), ("catalogue.sqlite?q=a", "q"),
    ("search?page=101", "page"), ("search?q=a%00b", "q"), ("search?utm_source=x", "utm_source")])
def test_what_cannot_be_taken_is_refused_by_name(client: FlaskClient, url: str, name: str) -> None:
    errors = problem(client.get(f"/api/v1/{url}"), 400)["errors"]
    assert [error["parameter"] for error in errors] == [name]  # type: ignore[attr-defined] # a list


@pytest.mark.parametrize(("sent", "name"), [
    ('{"challenge": "a b c", "limit": 1, "limit": 2}', "limit"), ('{"challenge": "a b c", "limit": true}', "limit"),
    ('{"challenge": "a b c", "limit": 1.5}', "limit"), ('{"challenge": "a b c", "limit": NaN}', "limit"),
    ('{"challenge": "a b c", "city": ["x"]}', "city"), ('{"challenge": {"a b c": 1}}', "challenge"),
    ('[["challenge", "a b c"]]', "(body)"), ('{"challenge": "a b c"', "(body)"), ('{"city": "x"}', "city")])
def test_a_body_that_is_not_clear_is_refused_by_name(client: FlaskClient, sent: str, name: str) -> None:
    errors = problem(client.post("/api/v1/match", data=sent, content_type="application/json"), 400)["errors"]
    assert name in [error["parameter"] for error in errors]  # type: ignore[attr-defined] # a list


def test_by_post_nothing_is_taken_from_the_address_nor_passed_over_there(client: FlaskClient) -> None:
    answer = client.post("/api/v1/match?limit=1", json={"challenge": "rain floods the cellars"})
    [mistake] = json.loads(answer.data)["errors"]
    assert (answer.status_code, mistake["parameter"]) == (400, "(address)")


@pytest.mark.parametrize(("accept", "status"), [
    ("", 200), ("*/*", 200), ("application/*", 200), ("application/json; charset=utf-8", 200),
    ("text/html, application/xhtml+xml, */*;q=0.8", 200), ("application/json;q=0.1, text/html", 200),
    ("text/html", 406), ("application/json;q=0", 406), ("application/json;q=0, */*", 406), ("*/*;q=0", 406),
    ("application/problem+json", 406)])
def test_what_is_accepted_is_sent_and_nothing_else(client: FlaskClient, accept: str, status: int) -> None:
    answer = client.get("/api/v1/search", headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.mimetype == ("application/json" if status == 200 else "application/problem+json")


# --- where it leads ---------------------------------------------------------------------------------------------------


def test_pages_lead_to_each_other_and_back(client: FlaskClient, library: Library) -> None:
    for url in ("/api/v1/cases?per_page=2", "/api/v1/search?sort=newest&per_page=2"):
        answers = [client.get(url)]
        while "next" in links(answers[-1]):
            answers.append(client.get(links(answers[-1])["next"]))
        assert len(answers) == -(-library.facts.cases // 2)
        assert {links(answer)["last"] for answer in answers} == {links(answers[-2])["next"]}
        for before, after in pairwise(answers):
            assert client.get(links(after)["prev"]).json == before.json
            assert client.get(links(after)["first"]).json == answers[0].json
        beyond = links(client.get(f"{url}&page=77"))
        assert "next" not in beyond
        assert beyond["prev"] == beyond["last"] == links(answers[0])["last"]


@pytest.mark.parametrize(("url", "page"), [
    ("search?q=water&theme=mobility&page=2", "/search?q=water&theme=mobility&page=2"),
    ("cases/testby-night-buses", "/cases/testby-night-buses"), ("challenges?status=open", "/challenges?status=open"),
    ("challenges/sandhaven-late-shifts", "/challenges/sandhaven-late-shifts")])
def test_an_answer_leads_to_the_page_that_shows_the_same(client: FlaskClient, url: str, page: str) -> None:
    assert links(client.get(f"/api/v1/{url}"))["alternate"] == f"http://localhost{page}"
    assert client.get(page).status_code == 200


def test_headers_stay_small_however_long_the_address(client: FlaskClient) -> None:
    """Web servers before this one read 4 or 8 KB of them, and answer 502 where there are more."""
    url = "/api/v1/search?" + "&".join(f"tag={'x' * 30}-{number}" for number in range(60))
    answer = client.get(url)
    assert answer.status_code == 200
    assert len(str(answer.headers)) < 4096
    assert "first" not in links(answer)


def test_words_of_a_challenge_stand_in_no_header(client: FlaskClient) -> None:
    assert "peculiar" not in str(client.get("/api/v1/match?challenge=a+quite+peculiar+embarrassment").headers)
