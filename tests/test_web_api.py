"""The API as a stranger meets it: statuses, headers, problem details; and that no input gives a 5xx."""

import json
import logging
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as tests_with
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import MAX_ADDRESS, MAX_BODY, create_app
from innoshare.web.parameters import MATCH, SEARCH

GETS = ("/api/v1/search", "/api/v1/match?challenge=rain+floods+the+cellars", "/api/v1/suggest?q=wa", "/api/v1/cases",
        "/api/v1/cities", "/api/v1/vocabulary")


def problem(response: TestResponse, status: int) -> dict[str, object]:
    """The problem details of a refusal, whose shape is checked."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, object] = json.loads(response.data)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert str(body["type"]).startswith("urn:problem-type:innoshare:")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("url", GETS)
def test_an_answer_is_json_open_to_every_site_and_cacheable(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    json.loads(answer.data, parse_constant=pytest.fail)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in answer.headers

    assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == answer.headers["ETag"]


def test_another_address_has_another_etag(client: FlaskClient) -> None:
    tags = {client.get(f"/api/v1/search?page={page}").headers["ETag"] for page in (1, 2)}
    assert len(tags) == 2


@pytest.mark.parametrize("url", GETS)
def test_a_browser_may_ask_first(client: FlaskClient, url: str) -> None:
    answer = client.options(url, headers={"Origin": "https://city.example", "Access-Control-Request-Method": "GET"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))


def test_search_pages_through_everything_once(client: FlaskClient, library: Library) -> None:
    url, seen = "/api/v1/search?per_page=2&sort=newest", list[str]()
    while url:
        answer = client.get(url)
        seen += [hit["slug"] for hit in answer.json["hits"]]
        links = {part.split(">; ")[1]: part.split(">; ")[0][1:] for part in answer.headers.get_all("Link")}
        url = links.get('rel="next"', "")
    assert len(seen) == len(set(seen)) == answer.json["total"] == library.facts.cases


def test_cases_are_paged_newest_first(client: FlaskClient, library: Library) -> None:
    body = client.get("/api/v1/cases?per_page=2&page=2").json
    assert (body["total"], body["page"], body["per_page"]) == (library.facts.cases, 2, 2)
    assert [case["slug"] for case in body["cases"]] == [card.slug for card in library.cases(2, 2)[1]]


def test_a_case_is_found_by_its_slug(client: FlaskClient, library: Library) -> None:
    slug = library.cases(1, 1)[1][0].slug
    body = client.get(f"/api/v1/cases/{slug}").json
    assert body["slug"] == slug
    assert body["url"] == f"http://localhost/cases/{slug}"


def test_match_answers_the_same_by_get_and_post(client: FlaskClient, library: Library) -> None:
    case = library.entry(library.cases(1, 1)[1][0].slug).case
    sent = {"challenge": case.challenge, "city": case.city, "limit": 3}
    by_get, by_post = client.get("/api/v1/match", query_string=sent), client.post("/api/v1/match", json=sent)
    assert by_get.json == by_post.json
    assert case.slug in [item["case"]["slug"] for item in by_post.json["matches"] + by_post.json["cautions"]]
    assert by_post.headers["Cache-Control"] == "no-store"
    assert "ETag" not in by_post.headers


def test_suggestions_lead_somewhere(client: FlaskClient, library: Library) -> None:
    name = next(iter(library.cities.values())).name
    found = client.get("/api/v1/suggest", query_string={"q": name[:3]}).json["suggestions"]
    assert name in [item["text"] for item in found]
    assert all(client.get(item["url"]).status_code == 200 for item in found)


def test_every_mistake_is_named(client: FlaskClient) -> None:
    body = problem(client.get("/api/v1/search?page=abc&theme=x&colour=red"), 400)
    assert {item["parameter"] for item in body["errors"]} == {"page", "theme", "colour"}  # type: ignore[attr-defined] # a list
    assert body["type"] == "urn:problem-type:innoshare:bad-input"


@pytest.mark.parametrize("url", ["/api/v1/nothing", "/api/v1/cases/nothing", "/api/v1/cases/..%2f..%2fetc%2fpasswd",
                                 "/api/v1/cases/%00", "/api/v1/cases/a%0d%0ab", "/api/v1/cases/%ff", "/api/",
                                 "/api/v1"])
def test_what_is_not_there_is_a_problem_too(client: FlaskClient, url: str) -> None:
    body = problem(client.get(url), 404)
    assert "passwd" not in json.dumps(body)


@pytest.mark.parametrize("url", GETS)
def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient, url: str) -> None:
    answer = client.delete(url)
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_only_json_is_offered(client: FlaskClient) -> None:
    problem(client.get("/api/v1/search", headers={"Accept": "application/xml"}), 406)
    for accept in ("*/*", "application/*", "text/html, */*;q=0.1", "application/json"):
        assert client.get("/api/v1/search", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"text"', b"nul\0", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000,
                                  b'{"challenge": "\\ud800 a b"}', b'{"challenge": NaN}', b'{"challenge": {"a": 1}}',
                                  b'{"challenge": "a b c", "limit": 1e99}', b'{"challenge": "a b c", "limit": "9999"}',
                                  b'{"challenge": "a b c", "colour": 1}', b'{"challenge": null}', b"{}"],
                         ids=range(16))
def test_a_body_that_makes_no_sense_is_refused(client: FlaskClient, body: bytes) -> None:
    problem(client.post("/api/v1/match", data=body, content_type="application/json"), 400)


def test_bodies_have_a_format_and_a_limit(client: FlaskClient) -> None:
    problem(client.post("/api/v1/match", data="challenge=a+b+c"), 415)
    problem(client.post("/api/v1/match", data=b"x" * (MAX_BODY + 1), content_type="application/json"), 413)


@pytest.mark.parametrize("query", [
    "q=" + "a" * 1_000_000, "q=" + "a+" * 500_000, "&".join(f"p{n}=1" for n in range(100_000))])
def test_a_megabyte_in_the_address_is_refused(client: FlaskClient, query: str) -> None:
    problem(client.get(f"/api/v1/search?{query}"), 414)


def test_an_address_at_the_limit_is_read(client: FlaskClient) -> None:
    path = "/api/v1/search"
    problem(client.get(f"{path}?" + "&" * (MAX_ADDRESS - len(path) + 1)), 414)
    assert client.get(f"{path}?" + "&" * (MAX_ADDRESS - len(path))).status_code == 200


def test_an_address_in_another_encoding_is_refused(client: FlaskClient) -> None:
    assert problem(client.get("/api/v1/search?q=caf%e9"), 400)


HOSTILE = [
    "\0", "\x1b[31m", "'\"><script>alert(1)</script>", "../../etc/passwd", "%s%n", "{{7*7}}", "\r\nSet-Cookie: a=b",
    "٣", "𝟙", "\u202e", "\ufeff", "*", "?*?*?*?", "[a TO z]", "word~9", "NOT OR heat ~", "REQUIRE ANDNOT }}", "< ",
    "NOT " * 40, "(" * 150, '"', '"' * 99, "-", "- -", "a:b:<5", "*:*", "-1", "1e5", "NaN", "null", "true", "0x10",
    "a" * 200, " ", "\u3000", "\u200b", "🎈", "ß", "İ", "ﬃ"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_input_gives_a_fault(client: FlaskClient, text: str) -> None:
    asked = [("/api/v1/search", name) for name in SEARCH] + [("/api/v1/match", name) for name in MATCH]
    asked += [("/api/v1/suggest", "q"), ("/api/v1/suggest", "limit"), ("/api/v1/cases", "page"), ("/search", "q"),
              ("/match", "challenge"), ("/", "x")]
    for path, name in asked:
        status = client.get(path, query_string={name: text}).status_code
        assert status in (200, 400), (path, name, status)
    assert client.get(f"/api/v1/cases/{quote(text, safe='')}").status_code == 404
    assert client.post("/api/v1/match", json={"challenge": text}).status_code in (200, 400)


@given(query=st.binary(max_size=200), path=st.sampled_from(["search", "match", "suggest", "cases", "vocabulary"]))
@tests_with(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_in_the_address_give_a_fault(client: FlaskClient, query: bytes, path: str) -> None:
    environ = {"PATH_INFO": f"/api/v1/{path}", "QUERY_STRING": query.decode("latin-1"), "REQUEST_METHOD": "GET"}
    assert client.open(environ_overrides=environ).status_code in (200, 400)


@given(text=st.text(max_size=200), name=st.sampled_from(SEARCH))
@tests_with(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_in_a_parameter_gives_a_fault(client: FlaskClient, text: str, name: str) -> None:
    pair = f"{quote(name)}={quote(text, errors='replace')}"
    assert client.get(f"/api/v1/search?{pair}").status_code in (200, 400)


@pytest.mark.parametrize(("name", "value"), [
    ("Host", ""), ("Host", "a b"), ("Host", "[::1"), ("Host", "x" * 5000), ("Host", "\xe9"), ("Accept", ";;q=x,"),
    ("Accept", "\xff"), ("If-None-Match", '"'), ("If-None-Match", "*" * 9999), ("Cookie", "a=\xff;;="),
    ("Content-Length", "-1"), ("Content-Length", "x"), ("Content-Type", "multipart/form-data"),
    ("Content-Type", "multipart/form-data; boundary=\xff"), ("Content-Type", ";"), ("Range", "bytes=9-1"),
    ("If-Modified-Since", "yesterday"), ("Accept-Encoding", "\xff"), ("X-HTTP-Method-Override", "DELETE")])
def test_no_header_gives_a_fault(client: FlaskClient, name: str, value: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/api/v1/search"), ("POST", "/match"), ("POST", "/api/v1/match"),
                         ("GET", "/nothing"), ("GET", "/static/logo.svg"), ("BREW", "/search"), ("TRACE", "/api/v1/x")):
        body = b"a=1" if method == "POST" else None
        with client.open(path, method=method, headers={name: value}, data=body) as answer:
            assert answer.status_code < 500, (method, path)


def test_a_fault_of_ours_is_logged_without_what_was_typed(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    @app.get("/api/v1/broken")
    def broken() -> str:
        raise ValueError("the words that somebody typed")

    with caplog.at_level(logging.ERROR, "innoshare.web"):
        body = problem(app.test_client().get("/api/v1/broken?q=the+words+that+somebody+typed"), 500)
    assert "ValueError" in caplog.text
    assert "in broken" in caplog.text
    assert "somebody typed" not in caplog.text.replace('raise ValueError("the words that somebody typed")', "")
    assert "ValueError" not in json.dumps(body)


def test_a_question_is_never_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/api/v1/match?challenge=a+quite+peculiar+embarrassment")
        client.post("/api/v1/match", json={"challenge": "a quite peculiar embarrassment"})
        client.get("/search?q=peculiar&page=abc")
    assert "peculiar" not in caplog.text


def test_without_an_edition_the_process_lives_and_is_not_ready(settings: Settings) -> None:
    empty = create_app(Settings(content=settings.content, data=settings.data / "nothing-here")).test_client()
    assert empty.get("/healthz").status_code == 200
    ready = empty.get("/readyz")
    assert (ready.status_code, ready.json["ready"]) == (503, False)
    assert ready.json["reason"]
    assert problem(empty.get("/api/v1/search"), 503)["type"] == "urn:problem-type:innoshare:not-ready"
    assert empty.get("/").status_code == 503


def test_ready_says_what_is_open(client: FlaskClient, library: Library) -> None:
    body = client.get("/readyz").json
    assert (body["ready"], body["edition"], body["cases"]) == (True, library.edition, library.facts.cases)
    assert body["age_seconds"] >= 0


def test_a_published_edition_is_served_from_settings(settings: Settings, library: Library) -> None:
    served = create_app(settings).test_client()
    assert served.get("/api/v1/search").json["edition"] == library.edition


def test_links_use_the_public_address_and_no_other_host_is_answered(library: Library) -> None:
    public = create_app(library, Settings(base_url="https://library.example/")).test_client()
    host = {"Host": "library.example"}
    assert public.get("/api/v1/search", headers=host).json["hits"][0]["url"].startswith("https://library.example/cases/")
    assert 'rel="canonical" href="https://library.example/"' in public.get("/", headers=host).text
    assert public.get("/healthz", headers={"Host": "localhost"}).status_code == 200
    for path in ("/", "/search", "/api/v1/search", "/nothing"):
        answer = public.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert "evil" not in answer.text
