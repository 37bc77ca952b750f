"""Legal sizes and hostile shapes: what took seconds must take a moment, and nothing of a contribution speaks for us.

Hostile files have most of their tests beside the rooms that read, render and print them. Here is what goes through
several: from a file to the check, to a page, to a feed. The bound is generous, since machines are shared; what it
guards against grew with the square of the length and took ten times as long.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import cycle, islice, product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from hostile import BREAK_OUT, FOLDERS, Attacked
from routes import routes
from werkzeug.test import TestResponse

from innoshare import content, edition, report
from innoshare.cli import main
from innoshare.config import Settings
from innoshare.errors import BadInput, Problem
from innoshare.library import Library
from innoshare.matching import MAX_CHARACTERS, Challenge
from innoshare.provenance import Comparison, Difference
from innoshare.review.change import Change
from innoshare.web import create_app, parameters
from innoshare.web.answers import Answers
from innoshare.web.parameters import Parameters
from innoshare.web.questions import KINDS

SECONDS = 2.0
NIGHT_BUSES = Path(__file__).parent / "cases" / "cases" / "testby-night-buses.md"


# --- files ------------------------------------------------------------------------------------------------------------


def lost(old: str, new: str) -> bytes:
    text = NIGHT_BUSES.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(("data", "line"), [
    (b"\xef\xbb\xbf" + NIGHT_BUSES.read_bytes(), 0), (NIGHT_BUSES.read_bytes().replace(b"\n", b"\r\n"), 0),
    (lost("\n---\n", "\n"), 1), (b"---\n- a\n- b\n---\n", 2), (lost("title: ", "content: lost\ntitle: "), 2),
    (lost("title: ", "title:\u00a0"), 2), (lost("  setup: ", "\tsetup: "), 0),
    (lost("start: 2019-09", "start: 2024-02-30"), 0), (lost("staff_fte: 9.5", "staff_fte: .nan"), 0),
    (lost("title: ", "title: x\ntitle: "), 3),
], ids=["byte order mark", "Windows line ends", "never closed", "a list", "an unknown field", "no-break space", "tab",
        "no such day", "not a number", "twice"])
def test_nothing_of_a_header_is_lost_silently(folder: Path, data: bytes, line: int) -> None:
    """A file that other readers of front matter cut short or misread is read whole, or refused with its line."""
    original = content.read(folder).cases[NIGHT_BUSES.stem]
    (folder / "cases" / NIGHT_BUSES.name).write_bytes(data)
    after = content.read(folder)
    told = [problem for problem in after.problems if problem.path.endswith(NIGHT_BUSES.name)]
    if not told:
        assert after.cases[NIGHT_BUSES.stem] == original
        return
    assert NIGHT_BUSES.stem not in after.cases
    assert not line or line in {problem.line for problem in told}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and links to put there")
@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_no_plain_file_is_refused_in_every_folder_and_format(folder: Path, tmp_path: Path, name: str,
                                                                    runner: CliRunner) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("---\ntitle: PASSWORD\n---\nPASSWORD\n", encoding="utf-8")
    here = folder / name
    here.mkdir(exist_ok=True)
    (here / "link.md").symlink_to(secret)
    (here / "one.md").symlink_to(here / "two.md")
    (here / "two.md").symlink_to(here / "one.md")
    (here / "round.md").symlink_to(here)
    os.mkfifo(here / "pipe.md")
    Path(os.fsdecode(os.fsencode(here) + b"/caf\xe9 %0A::error::forged.md")).write_text("x", encoding="utf-8")
    (here / "line\n::error::forged.md").write_text("x", encoding="utf-8")
    began = time.perf_counter()
    refused = {problem.path.rpartition("/")[2] for problem in content.read(folder).problems if problem.level == "error"}
    assert {"link.md", "one.md", "two.md", "round.md", "pipe.md"} < refused
    for style in report.PRINTERS:
        done = runner.invoke(main, ["check", str(folder), "--format", style])
        assert done.exit_code == 1, done.output
        assert "PASSWORD" not in done.stdout
        assert not re.search(r"(?m)^\s*::error::", done.stdout)
    for path in (here / "pipe.md", here / "link.md"):
        assert runner.invoke(main, ["check", str(path)]).exit_code == 1
    assert time.perf_counter() - began < 10 * SECONDS


def test_a_folder_of_bombs_leaves_the_others_in_the_library(folder: Path, tmp_path: Path) -> None:
    bombs = {
        "alias": b"---\na: &a [x]\nb: &b [*a, *a]\n---\n", "nested": b"---\na: " + b"[" * 5_000 + b"\n---\n",
        "brackets": lost("Four night lines", "[" * 4_900), "lists": lost("1. Count", "    " * 300 + "- Count"),
        "comment": lost("Four night lines", "<!-- -- >" * 400), "large": b"---\n" + b"x" * 2_000_000,
        "zero": b"\0" * 100_000}
    for name, data in bombs.items():
        for place in FOLDERS:
            (folder / place).mkdir(exist_ok=True)
            (folder / place / f"bomb-{name}.md").write_bytes(data)
    began = time.perf_counter()
    built = edition.build(folder, tmp_path / "data")
    assert time.perf_counter() - began < 2 * SECONDS * len(bombs)
    assert built.cases == 6
    assert {problem.path for problem in built.problems if problem.level == "error"} == {
        f"content/{place}/bomb-{name}.md" for name in bombs for place in FOLDERS}


def test_a_change_of_thousands_of_files_is_looked_at_file_by_file(folder: Path, tmp_path: Path) -> None:
    names = [f"cases/x{number}.md" for number in range(3_000)]
    found = content.read(folder)
    problems = tuple(Problem(f"content/{name}", 1, 1, "", "error", "Wrong.", "Mend.") for name in names)
    change = Change(Settings(content=folder, data=tmp_path), Comparison("", {name: Difference("added", "") for name in
                    names}), frozenset(), found, replace(found, problems=problems), None, "", {})
    began = time.perf_counter()
    assert sum(len(file.errors) for file in change.files) == len(names)
    assert time.perf_counter() - began < SECONDS


# --- words that break out of where they stand -------------------------------------------------------------------------


class Parsed(HTMLParser):
    """What a browser would find that is not ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_data = given.get("type") == "application/ld+json"  # which no browser runs
        if given.get("id") == "pwned" or any(name.startswith("on") for name in given) or (
                tag == "script" and "src" not in given and not is_data) or "javascript:" in str(given.get("href")):
            self.found.append(f"<{tag} {given}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")


def test_contributed_words_break_out_of_no_page_feed_or_answer(attacked: Attacked) -> None:
    client, _, folder = attacked
    asked = "Night buses run empty and nurses cannot get home"
    pages = [str(rule) for rule in client.application.url_map.iter_rules()
             if not rule.arguments and "GET" in (rule.methods or ())]
    pages += [f"/{place}/{path.stem}{more}" for place in FOLDERS
              for path in sorted((folder / place).glob("*.md"))
              for more in (("", "/adopt") if place == "cases" else ("",))]
    pages += [f"/api/v1/cases/{NIGHT_BUSES.stem}", "/search?q=pwned", "/search?q=buses", f"/match?challenge={asked}",
              f"/api/v1/match?challenge={asked}", "/api/v1/search?q=buses"]
    hostile_pages = 0
    for page in pages:
        answer = client.get(page)
        assert answer.status_code in (200, 302, 400, 404), page
        if answer.mimetype == "text/html":
            assert not Parsed(answer.text).found, page
            hostile_pages += "pwned" in answer.text
            assert "49]]" not in answer.text
        elif answer.mimetype.endswith("xml"):
            ElementTree.fromstring(answer.data)
        elif answer.mimetype.endswith("json"):
            json.loads(answer.data)
    assert hostile_pages > 15


@pytest.mark.parametrize("name", KINDS)
def test_contributed_words_break_out_of_no_preview(attacked: Attacked, name: str) -> None:
    client, library, folder = attacked
    kind = KINDS[name]
    path = sorted((folder / kind.folder).glob("*.md"))[0]
    begun = Answers.of_file(kind, path.read_text(encoding="utf-8"), library.cities)
    answers: dict[str, list[str]] = {}
    for field, value in begun.carried(kind, None):
        answers.setdefault(field, []).append(value)
    for go in ("preview", "download", "finish", f"step:{len(kind.steps) - 1}", "step:0"):
        answer = client.post(f"/submit/{name}", data={**answers, "go": go, "step": len(kind.steps)})
        assert answer.status_code in (200, 400)
        if answer.mimetype == "text/html":
            assert "pwned" in answer.text, go
            assert not Parsed(answer.text).found, go
        else:
            assert answer.mimetype == "text/markdown"


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1b", "\u202e", "\u2028", "\ufffe", "\ud800", "\U000e0041",
                                  "\u3164", "\ue000"])
def test_hidden_characters_come_into_no_library(folder: Path, sign: str) -> None:
    for place in FOLDERS:
        for path in (folder / place).glob("*.md"):
            text = path.read_text(encoding="utf-8")
            path.write_bytes(f"{text}\nA hidden {sign} sign.\n".encode("utf-8", "surrogatepass"))
    after = content.read(folder)
    assert (after.cases, after.challenges, after.cities) == ({}, {}, {})
    assert all(problem.message.isprintable() for problem in after.problems)


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "water floods the cellar " + "." * 19_900 + "x", "aa " * 1_900 + "!\n" * 6_000, "water in cellars " + ". " * 9_000,
    "water " * 1_990, " ".join(f"w{number:x}" for number in range(1_990)),
], ids=["dots", "empty sentences", "spaced dots", "one word", "unknown words"])
def test_a_challenge_is_answered_in_a_moment(library: Library, text: str) -> None:
    assert len(text) <= MAX_CHARACTERS
    library.match(Challenge.of("water in cellars"))  # What the first one loads is loaded once.
    began = time.perf_counter()
    library.match(Challenge.of(text))
    assert time.perf_counter() - began < SECONDS


def test_thousands_of_fields_are_refused_in_a_moment_and_few_words() -> None:
    fields = [(f"field{number}", "x") for number in range(30_000)]
    began = time.perf_counter()
    with pytest.raises(BadInput) as error:
        Parameters(fields, parameters.MATCH).finish()
    assert time.perf_counter() - began < SECONDS
    assert len(str(error.value)) < 10_000


def test_what_strangers_type_is_not_remembered(library: Library) -> None:
    ranker = library._engine._ranker  # type: ignore[attr-defined]  # The cache is what the test is about.
    before = len(ranker._cache)
    for number in range(200):
        library.match(Challenge.of(f"zzq{number}a zzq{number}b zzq{number}c"))
    assert len(ranker._cache) == before


# --- addresses, headers and hosts, over every route there is ----------------------------------------------------------

PUBLIC = "https://library.example"
# What a path must not be made of. Escaped as they come; the server takes the escapes away.
STEPS_OUT = ("..%2f..%2f..%2f..%2fetc%2fpasswd", "..%5c..%5c..%5cpyproject.toml", "%2e%2e%2f%2e%2e%2fpyproject.toml",
             "..%252f..%252fetc%252fpasswd", "....%2f%2f....%2f%2fetc%2fpasswd", "%00", "x%00.css",
             "..%00%2fpyproject.toml", "..", ".", "~", "%ff", "CON", "x" * 3_000, "%0d%0aX-Pwned:%201",
             "%2fetc%2fpasswd", "C:%5cwindows%5cwin.ini", "%5c%5cevil.example%5cshare", "%c0%ae%c0%ae%2fetc%2fpasswd",
             "config.py%2f..%2f..%2f..%2fpyproject.toml")
SPLITTING = ("x\r\nX-Pwned: 1\r\n\r\n<i id=pwned>", "x\nX-Pwned: 1", "x\rX-Pwned: 1", "%0d%0aX-Pwned: 1",
             "\u560d\u560aX-Pwned: 1", "x\u2028X-Pwned: 1", "\"; filename=\"pwned.html", "\x00", "€")
# Names of parameters beside those of the API: of frames and oEmbed, and those that lead elsewhere in other systems.
NAMES = ("lang", "heading_level", "appearance", "url", "format", "maxwidth", "maxheight", "commit", "next",
         "return", "return_to", "redirect", "redirect_uri", "callback", "continue", "dest", "u", "v")
FOREIGN = ("https://evil.example/", "//evil.example/", "/\\evil.example/", "https:evil.example", "javascript:alert(1)",
           "https://library.example@evil.example/cases/x", "https://library.example.evil.example/cases/x",
           "https://evil.example/?https://library.example/cases/x", "https://library.example\\@evil.example/cases/x",
           "https://library.example:443:evil.example/cases/x", "https://library.example%2eevil.example/cases/x",
           "\thttps://evil.example/", "https://evil。example/",
           "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:6379/", "http://[::1]/", "file:///etc/passwd",
           "gopher://127.0.0.1:6379/_FLUSHALL", f"data:text/html,{BREAK_OUT}")


@pytest.fixture
def public(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A library with a public address, whose every attempt to ask another computer fails the test."""
    asked: list[object] = []

    def refused(*args: object, **_: object) -> None:
        asked.append(args)
        raise OSError("No address of another computer may be asked.")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refused)
    yield create_app(library, Settings(base_url=PUBLIC, contact="https://city.example/office")).test_client()
    assert asked == []


def sent(client: FlaskClient, path: str, method: str = "GET", host: str = "library.example", **more: Any
         ) -> TestResponse:
    """An answer in which nothing is wrong that must be right in every one."""
    answer = client.open(path, method=method, headers={"Host": host, **more.pop("headers", {})}, **more)
    assert answer.status_code < 500 or answer.status_code == 501, (method, path, more)  # What oEmbed wants of a format.
    for name, value in answer.headers:
        assert name not in ("X-Pwned", "Set-Cookie"), (path, name)
        assert value.isprintable(), (path, name, value)
        assert not re.search(r"(^|[<\s=])(https?:)?[/\\]{2}[^/?\s]*evil", value), (path, name, value)
    if 300 <= answer.status_code < 400 and "Location" in answer.headers:
        assert re.match(rf"/(?![/\\])|{PUBLIC}/", answer.headers["Location"]), (path, answer.headers["Location"])
    return answer


def every_route(client: FlaskClient) -> list[tuple[str, set[str]]]:
    """The addresses there are, with the slug of a case, a city and a challenge for each that takes one."""
    slugs = [sorted((NIGHT_BUSES.parents[1] / place).glob("*.md"))[0].stem for place in FOLDERS]
    return list({path: methods for slug in slugs for _, path, methods in routes(client.application, slug)}.items())


def names_of_parameters(client: FlaskClient) -> list[str]:
    document = sent(client, "/api/v1/openapi.json").json
    ours = {parameter["name"] for operations in document["paths"].values() for operation in operations.values()
            for parameter in operation.get("parameters", ()) if parameter.get("in") == "query"}
    assert "challenge" in ours
    return sorted(ours | set(NAMES))


def filled(client: FlaskClient, values: tuple[str, ...]) -> Iterator[tuple[str, TestResponse]]:
    """What every address answers where each parameter, field of a form or member of an object is one of `values`."""
    names = names_of_parameters(client)
    for path, methods in every_route(client):
        for method, first in product(methods & {"GET", "POST"}, (0, len(values) // 2)):
            fields = dict(zip(names, islice(cycle(values), first, None), strict=False))
            place = "query_string" if method == "GET" else "json" if path.startswith("/api/") else "data"
            with sent(client, path, method, **{place: fields}) as answer:
                yield path, answer


def test_no_path_leads_out_of_the_library(public: FlaskClient) -> None:
    rules = [rule for rule in public.application.url_map.iter_rules() if "<" in rule.rule]
    assert len(rules) > 10
    for rule, steps in product(rules, STEPS_OUT):
        path = re.sub("<[^>]+>", lambda _: steps, rule.rule)  # noqa: B023
        for method in rule.methods or ():
            with sent(public, path, method) as answer:
                assert method == "OPTIONS" or answer.status_code >= 300, path
                assert b"root:" not in answer.data
                assert b"[build-system]" not in answer.data


def test_no_parameter_or_header_gets_into_the_headers_of_an_answer(public: FlaskClient) -> None:
    for path, answer in filled(public, SPLITTING):
        assert b"<i id=pwned>" not in answer.data, path
    for path, methods in every_route(public):
        with sent(public, path, query_string={"q": SPLITTING[0]}):
            pass
        value = "x, */*; \"'<i id=pwned>"
        for method in methods:
            with sent(public, path, method, headers=dict.fromkeys(
                    ("Accept-Language", "Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method",
                     "If-None-Match", "If-Range", "Range", "Referer", "User-Agent", "X-Request-Id"), value)) as answer:
                assert b"pwned" not in answer.data, path
                assert not any("pwned" in header for _, header in answer.headers), path


def test_a_file_that_is_handed_out_is_named_by_us(public: FlaskClient) -> None:
    for name in KINDS:
        for attack in SPLITTING[:-2]:
            with sent(public, f"/submit/{name}", "POST", data={
                    "title": attack, "name": attack, "slug": attack, "go": "download"}) as answer:
                assert re.fullmatch(r'attachment; filename="?[\w.-]+"?|', answer.headers.get("Content-Disposition", ""))


def test_no_foreign_host_stands_in_any_answer(public: FlaskClient) -> None:
    """Feeds, canonical addresses, the map of the site, what is embedded elsewhere: all of them are kept by others."""
    forged = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "X-Original-URL": "https://evil.example/",
              "Forwarded": "host=evil.example;proto=gopher", "X-Forwarded-Proto": "gopher",
              "X-Forwarded-Prefix": "/evil", "X-Forwarded-Server": "evil.example", "X-Rewrite-URL": "//evil.example",
              "Referer": "https://evil.example/"}
    links = 0
    for path, methods in every_route(public):
        for method in methods:
            for host in ("evil.example", "library.example.evil.example", "library.example@evil.example",
                         "evil.example:80", "library.example, evil.example", "library.example/evil", "[evil]", ""):
                with sent(public, path, method, host) as answer:
                    assert answer.status_code == 400, (path, host)
                    assert b"evil" not in answer.data
            with sent(public, path, method, "localhost", headers=forged) as answer:
                assert not re.search(rb"evil|gopher|localhost", answer.data), path
                links += answer.data.count(PUBLIC.encode())
    assert links > 100


def test_nobody_is_led_to_another_site(public: FlaskClient) -> None:
    assert len(list(filled(public, FOREIGN))) > 100  # Each was looked at when it was sent.
    for before, path, more in product(("", "/", "//evil.example", "/\\evil.example", "/\t/evil.example"),
                                      ("/", "/search", f"/cases/{NIGHT_BUSES.stem}", "/static/site.css", "/api/docs"),
                                      ("/", "//", "/.", "/../", "//evil.example", "/..//evil.example")):
        with sent(public, "/", environ_overrides={"PATH_INFO": f"{before}{path}{more}"}):  # As a server hands it on.
            pass


def test_only_our_own_addresses_are_embedded_and_none_is_asked(public: FlaskClient) -> None:
    own = f"{PUBLIC}/cases/{NIGHT_BUSES.stem}"
    for kind in ("json", "xml"):
        assert sent(public, "/oembed", query_string={"url": own, "format": kind}).status_code == 200
        for target in (*FOREIGN, own.replace("https:", "http:"), own.replace(".example", ".example:8443"), "/cases/x",
                       own.replace("//", "//me:secret@"), f"{own}/../x", f"{own}%00", f"{own}\r\nHost: evil.example",
                       f"{PUBLIC}/static/x", f"{PUBLIC}//evil.example/cases/x", f"{PUBLIC}/oembed?url={own}", ""):
            answer = sent(public, "/oembed", query_string={"url": target, "format": kind})
            assert answer.status_code in (400, 404), target
            assert b"evil" not in answer.data
