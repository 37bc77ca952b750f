"""The API as a stranger meets it: statuses, headers, problem details; and that no input gives a 5xx."""

import json
import logging
import shutil
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from urllib.parse import quote

import pytest
from flask import Flask, Response, g, template_rendered
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as tests_with
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, TestResponse

from innoshare.config import Settings
from innoshare.errors import EditionError
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.app import MAX_ADDRESS, MAX_BODY
from innoshare.web.parameters import MATCH, MAX_MISTAKES, SEARCH
from innoshare.web.shapes import MatchBody

GETS = ("/api/v1/search", "/api/v1/match?challenge=rain+floods+the+cellars", "/api/v1/suggest?q=wa", "/api/v1/cases",
        "/api/v1/cities", "/api/v1/vocabulary", "/api/v1/challenges", "/api/v1/challenges/sandhaven-late-shifts")


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
    whose = "private" if "challenge=" in url else "public"  # What somebody typed is kept in no cache that others share.
    assert answer.headers["Cache-Control"] == f"{whose}, max-age=60"
    assert "Set-Cookie" not in answer.headers

    assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize("sent", ["*", "tag", "W/tag", '"x", tag'])
@pytest.mark.parametrize("path", ["/", "/api/v1/search", "/nothing", "/api/v1/cases/nothing", "/search?page=x",
                                  "/api/v1/search?page=x", "/api/v1/nothing"])
def test_only_an_answer_is_not_modified(app: Flask, client: FlaskClient, path: str, sent: str) -> None:
    """A refusal stays one, also for somebody who has computed its ETag, as everybody can."""
    found: list[str] = []
    app.teardown_request(lambda _: found.append(g.get("etag", "")))
    status = client.get(path).status_code
    again = client.get(path, headers={"If-None-Match": sent.replace("tag", f'"{found[0]}"')})
    assert again.status_code == (304 if status == 200 else status)
    assert (again.data == b"") == (again.status_code == 304)
    assert again.status_code == 304 or "ETag" not in again.headers


def test_another_address_has_another_etag(client: FlaskClient) -> None:
    tags = {client.get(f"/api/v1/search?page={page}").headers["ETag"] for page in (1, 2)}
    assert len(tags) == 2


def test_another_program_has_another_etag(library: Library) -> None:
    """What a page says rests on the settings too; an address of a storage may hold a password, and shows in nothing."""
    def tag(**others: str) -> str:
        made = create_app(library, Settings(base_url="https://x.example", **others))
        return made.test_client().get("/about", base_url="https://x.example").headers["ETag"]

    assert tag() == tag() == tag(ratelimit_storage="redis://:secret@127.0.0.1:1/0") != tag(name="Library of two rivers")


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


def test_match_answers_the_same_as_the_page(app: Flask, client: FlaskClient, library: Library) -> None:
    case = library.entry(library.cases(1, 1)[1][0].slug).case
    for others in ({}, {"language": "en"}, {"language": case.language, "city": case.city}):
        sent, shown = {"challenge": case.challenge, **others}, list[MatchBody]()
        with template_rendered.connected_to(lambda _, context, shown=shown, **__: shown.append(context["body"]), app):
            assert client.get("/match", query_string=sent).status_code == 200
        body = client.get("/api/v1/match", query_string=sent).get_data(as_text=True)
        of_page = shown[0].model_dump_json()
        assert of_page == body.replace('"http://localhost/', '"/')


def test_match_takes_a_language_and_refuses_what_is_none(client: FlaskClient) -> None:
    sent = {"challenge": "rain floods the cellars", "language": "sv"}
    for answer in (client.get("/api/v1/match", query_string=sent), client.post("/api/v1/match", json=sent)):
        assert answer.json["language"] == "sv"
    for language in ("klingon", "hu"):
        body = problem(client.get("/api/v1/match", query_string=sent | {"language": language}), 400)
        [mistake] = body["errors"]  # type: ignore[misc] # a list
        assert mistake["parameter"] == "language"
        assert "en, sv, fi" in mistake["detail"]
    problem(client.post("/api/v1/match", json=sent | {"language": ["sv"]}), 400)


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


@given(text=st.text(max_size=200), name=st.sampled_from(list(SEARCH)))
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


def test_fifty_thousand_names_are_refused_at_once(client: FlaskClient) -> None:
    names = ["".join(letters) for letters in islice(product(ascii_lowercase, repeat=4), 50_000)]
    sent = json.dumps(dict.fromkeys(names[:29_000], 1), separators=(",", ":"))
    body = problem(client.post("/api/v1/match", data=sent, content_type="application/json"), 400)
    assert len(body["errors"]) == MAX_MISTAKES + 1  # type: ignore[arg-type] # a list
    page = client.post("/match", data="&".join(names), content_type="application/x-www-form-urlencoded")
    assert page.status_code == 400
    assert "And more." in page.text
    assert len(page.data) < 20_000


def ask(app: Flask, host: str, path: str) -> Response:
    """An answer to a host that the client of the tests would not send."""
    path, _, query = path.partition("?")
    environ = EnvironBuilder("/").get_environ() | {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host}
    return Response.from_app(app.wsgi_app, environ, buffered=True)


HOST_PATHS = ("/", "/search", "//search", "/nothing", "/healthz", "/readyz", "/static/logo.svg", "/api/v1/search",
              "/api/v1/cases", "/api/v1/nothing", "/api/v1/match?challenge=rain+floods+the+cellars")


@pytest.mark.parametrize("host", ["xn--a", "xn--r8jz45g.jp", "[::1]:8000", "library.example:8000", "LIBRARY.example"])
def test_a_host_in_ascii_is_answered_and_linked(app: Flask, host: str) -> None:
    for path in HOST_PATHS:
        answer = ask(app, host, path)
        assert answer.status_code == (404 if "nothing" in path else 200), path
        assert "Content-Security-Policy" in answer.headers
    listed = ask(app, host, "/api/v1/cases?per_page=1")
    assert listed.headers["Link"].startswith(f"<http://{host}/api/v1/cases?")
    assert listed.get_json()["cases"][0]["url"].startswith(f"http://{host}/cases/")


@pytest.mark.parametrize("host", ["", "a b", "\xc3\xa4.example", "xn--" + "9" * 200 + ".com", "x" * 5000, "a..b",
                                  "[::1", "[::::]", "[....]", "a:99999", "a\"><script>", "a>; rel=\"x\"", "a@b",
                                  "a/../b"])
def test_what_is_no_host_is_refused(app: Flask, host: str) -> None:
    for path in HOST_PATHS:
        answer = ask(app, host, path)
        assert answer.status_code == 400, path
        assert answer.mimetype == "text/plain"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in answer.headers
        assert b"script" not in answer.data


def test_where_not_even_the_page_about_a_fault_can_be_made_a_sentence_is_sent(
        app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    @app.context_processor
    def broken() -> dict[str, object]:
        raise ValueError("the words that somebody typed")

    for path, status in (("/", 500), ("/nothing", 404), ("/search?page=x", 500)):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.mimetype) == (status, "text/plain")
        assert "Content-Security-Policy" in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "somebody" not in answer.text
    assert "in broken" in caplog.text


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


@pytest.mark.parametrize("path", ["/broken", "/api/v1/broken"])
def test_an_edition_that_cannot_be_read_any_more_is_told_and_logged(app: Flask, caplog: pytest.LogCaptureFixture,
                                                                    path: str) -> None:
    @app.get(path)
    def broken() -> str:
        raise EditionError("The catalogue cannot be read.")

    answer = app.test_client().get(path, headers={"If-None-Match": "*"})
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"
    assert "The catalogue cannot be read." in answer.text
    assert "EditionError at broken: The catalogue cannot be read." in caplog.text


def test_an_edition_damaged_under_a_running_server_gives_no_fault(settings: Settings, tmp_path: Path) -> None:
    data = shutil.copytree(settings.data, tmp_path / "data")
    damaged = create_app(Library.open(Settings(content=settings.content, data=data))).test_client()
    (catalogue,) = data.glob("editions/*/catalogue.sqlite")
    with catalogue.open("r+b") as file:
        file.write(b"x" * catalogue.stat().st_size)
    found = {path: damaged.get(path).status_code for path in (
        "/readyz", "/", "/search", "/about", "/cases/testby-night-buses", "/cities/testby",
        "/match?challenge=rain+floods+the+cellars", "/api/v1/cases/testby-night-buses", *GETS)}
    assert set(found.values()) <= {200, 503}, found
    assert found["/readyz"] == found["/cases/testby-night-buses"] == found["/api/v1/cases/testby-night-buses"] == 503
    assert damaged.get("/healthz").status_code == 200


def test_ready_says_what_is_open(client: FlaskClient, library: Library) -> None:
    body = client.get("/readyz").json
    assert (body["ready"], body["edition"], body["cases"]) == (True, library.edition, library.facts.cases)
    assert body["age_seconds"] >= 0


def test_a_published_edition_is_served_from_settings(settings: Settings, library: Library) -> None:
    served = create_app(settings).test_client()
    assert served.get("/api/v1/search").json["edition"] == library.edition


def test_a_public_address_may_be_a_name_in_any_letters_or_an_ipv6_address(library: Library) -> None:
    for address, host in (("https://bücher.example", "xn--bcher-kva.example"), ("http://[::2]:8000", "[::2]:8000")):
        app = create_app(library, Settings(base_url=address))
        link = ask(app, host, "/api/v1/cases").headers["Link"]
        assert link.startswith(f"<{address.partition(':')[0]}://{host}/api/v1/cases?")
        assert ask(app, "other.example", "/api/v1/cases").status_code == 400
        assert ask(app, "[::1]:8000", "/healthz").status_code == 200


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
