"""What the page on privacy says is so: everything that a server writes is read, and nobody's words are found in it."""

import json
import logging
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from routes import routes

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.pages import ANSWER_SECONDS

# What begins with it stands nowhere but in the requests of this test.
MARK = f"qzx{secrets.token_hex(4)}"
CLIENTS = ("198.51.100.77", "2001:db8:77:77::77")
OWN = "127.0.0.77"  # Where the requests come from on this machine, as the server sees it.
KNOWN_CASE = "testby-night-buses"
LIMIT = 1_000  # For each client: more than the list below costs.

Ask = Callable[..., int]
STATUSES = {200, 400, 404, 405, 406, 414, 415, 429, 500}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def words() -> Iterator[str]:
    """Words that tell each request from the others, so that one that is found says where it came from."""
    number = 0
    while True:
        number += 1
        yield f"{MARK}n{number}"


def ask_everything(ask: Ask, library: Library) -> set[int]:
    """Every kind of request, each with words of its own in every place that takes words; gives the statuses."""
    word = words()
    challenge = "The cellars flood and {} in {} whenever it rains, and nobody knows what to do"

    def posed() -> str:
        return challenge.format(next(word), next(word))

    def post(path: str, **fields: str) -> int:
        return ask("POST", path, urlencode(fields), {"Content-Type": FORM})

    statuses = {ask(method, f"{path}?{urlencode({name: next(word)})}")
                for _, path, methods in routes(create_app(library), KNOWN_CASE)
                for method in methods & {"GET", "HEAD"} for name in ("q", next(word))}
    statuses |= {ask("GET", f"{path}?{urlencode({'challenge': posed()})}")
                 for path in ("/match", "/api/v1/match", "/embed/v1/match")}
    statuses |= {post(path, challenge=posed()) for path in ("/match", "/embed/v1/match")}
    statuses |= {ask("POST", "/api/v1/match", json.dumps({"challenge": posed(), "city": city}), {"Content-Type": JSON})
                 for city in (None, next(word))}
    statuses |= {
        ask("POST", "/api/v1/match", f'{{"{next(word)}', {"Content-Type": JSON}),
        ask("POST", "/api/v1/match", next(word), {"Content-Type": f"text/{next(word)}"}),
        ask("GET", f"/{next(word)}"), ask("GET", f"/cases/{next(word)}"), ask("GET", f"/api/v1/cases/{next(word)}"),
        ask("GET", f"/api/{next(word)}"), ask("GET", f"/static/{next(word)}.css"),
        ask("DELETE", f"/cases/{next(word)}"),
        ask("GET", f"/search?q={next(word)}&page={next(word)}&theme={next(word)}"),
        ask("GET", f"/search?q={next(word)}%FF"), ask("GET", f"/search?q={next(word) * 1_500}"),
        ask("GET", "/oembed?" + urlencode({"url": f"https://{next(word)}.example/cases/{next(word)}"})),
        ask("GET", f"/feed.atom?q={next(word)}"), ask("GET", f"/feed.json?q={next(word)}"),
        ask("GET", f"/api/v1/search?q={next(word)}", None, {"Accept": f"text/{next(word)}"}),
        ask("GET", f"/search?q={next(word)}", None, {
            "User-Agent": next(word), "Referer": f"https://{next(word)}.example/{next(word)}", "From": next(word),
            "Cookie": f"{next(word)}={next(word)}", "Authorization": f"Basic {next(word)}", "Origin": next(word),
            "If-None-Match": next(word), "Range": next(word), "X-Request-Id": next(word)}),
        ask("GET", "/search", None, {"Host": f"{next(word)}.example"}),
        ask("GET", "/search", None, {"Host": f"{next(word)}_/"}),
        post("/submit/case", title=next(word), summary=next(word), go="preview"),
        post("/submit/preview", text=f"**{next(word)}**"),
        post(f"/cases/{KNOWN_CASE}/adopt", place=next(word), changes=next(word))}
    for _ in range(LIMIT):  # Until it is too much, with what is dear and quickly answered.
        if (status := ask("GET", f"/api/v1/match?{next(word)}={next(word)}")) == 429:
            break
    return statuses | {status}


def broken(self: Library, text: str, limit: int) -> Any:
    """A fault that holds what was typed, as faults do."""
    raise ValueError(f"Nothing begins with {text}")


def found_in(written: bytes) -> set[str]:
    """The words and addresses of this test in what was written, and the networks they are counted as."""
    text = written.decode("utf-8", "replace").lower()
    return set(re.findall(rf"{MARK}\w*", text)) | {
        address for address in (*CLIENTS, OWN, "198.51.100", "2001:db8:77") if address in text}


@pytest.mark.skipif(os.name == "nt", reason="Windows ends servers in another way")
def test_a_server_writes_down_nothing_of_those_who_ask(library: Library, tmp_path: Path) -> None:
    for name in ("tmp", "home"):
        (tmp_path / name).mkdir()
    log = tmp_path / "log"
    launch = ("import sys\nsys.path[:0] = sys.argv.pop(1).split(chr(10))\n"
              "from test_web_privacy import broken\nfrom innoshare.library import Library\n"
              "Library.suggest = broken\nfrom innoshare.cli import main\nmain()\n")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", launch, str(Path(__file__).parent), "serve", "--port", "0"], cwd=tmp_path,
            stdout=output, stderr=output,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"),
                 "INNOSHARE_CONTENT": str(Path(__file__).parent / "cases"), "INNOSHARE_DATA": str(tmp_path / "data"),
                 "INNOSHARE_PROXIES": "1", "INNOSHARE_RATELIMIT": f"{LIMIT} per minute"})
    try:
        deadline = time.monotonic() + 60
        while not (line := re.search(rb"served at http://localhost:(\d+)/", log.read_bytes())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        port = int(line[1])
        source = (OWN, 0) if sys.platform == "linux" else None
        clients = cycle(CLIENTS)

        def ask(method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> int:
            with closing(HTTPConnection("127.0.0.1", port, timeout=30, source_address=source)) as connection:
                connection.request(method, path, body, {"X-Forwarded-For": next(clients), **(headers or {})})
                answer = connection.getresponse()
                answer.read()
                return answer.status

        assert ask_everything(ask, library) >= STATUSES
        somebody_else = {"X-Forwarded-For": f"{CLIENTS[0]}, 203.0.113.1"}
        assert ask("GET", "/api/v1/cities", headers=somebody_else) == 200  # Through a real server too.
        # What is no request, and who goes away before the answer.
        for sent in (f"GET /{MARK} HTTP/9.9\r\n\r\n", f"{MARK}\r\n\r\n", f"GET /{MARK}\0 HTTP/1.1\r\n{MARK}\r\n\r\n",
                     f"POST /match HTTP/1.1\r\nContent-Length: {MARK}\r\n\r\n", f"GET /cases/{MARK} HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(sent.encode())
        assert ask("GET", "/healthz") == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
    assert b"ValueError at api.suggest" in log.read_bytes(), "The fault was not logged: this test reads the wrong file."
    read = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" or "catalogue" in path.name for path in read)
    assert {path.name: told for path in read if (told := found_in(path.read_bytes()))} == {}


def test_nothing_of_those_who_ask_is_handed_to_any_logger(library: Library, monkeypatch: pytest.MonkeyPatch,
                                                          caplog: pytest.LogCaptureFixture) -> None:
    """Whatever somebody lets be written who sets logging up: at the lowest level, of every library in use."""
    monkeypatch.setattr(Library, "suggest", broken)
    app = create_app(library, Settings(ratelimit=f"{LIMIT} per minute"))
    client, addresses = app.test_client(), cycle(CLIENTS)

    def ask(method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> int:
        with client.open(path, method=method, data=body, headers=headers,
                         environ_overrides={"REMOTE_ADDR": next(addresses)}) as answer:
            return answer.status_code

    with caplog.at_level(logging.DEBUG):
        assert ask_everything(ask, library) >= STATUSES
    assert "ValueError at api.suggest" in caplog.text
    assert "exceeded" in caplog.text  # What is said of a client that was refused.
    assert found_in(caplog.text.encode()) == set()


def test_no_address_sets_a_cookie(library: Library) -> None:
    client = create_app(library).test_client()
    for _, path, methods in routes(client.application, KNOWN_CASE):
        for method in methods:
            with client.open(path, method=method, headers={"Cookie": "session=1"}) as answer:
                assert "Set-Cookie" not in answer.headers, path


def text_of(client: FlaskClient) -> str:
    page = client.get("/privacy")
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page.text))


def test_the_page_on_privacy_says_what_is_set(library: Library) -> None:
    own = text_of(create_app(library, Settings(ratelimit="600 per minute; 90 per 90 seconds")).test_client())
    assert f"for {ANSWER_SECONDS // 60} minutes, so that you can go back" in own
    assert "so does a challenge if you open the permanent link" in own
    assert "After 90 seconds the number counts no more" in own
    assert "known to nobody" in own
    shared = text_of(create_app(library, Settings(ratelimit="5 per hour", ratelimit_storage="redis://localhost",
                                                  contact="https://city.example/office")).test_client())
    assert "After 1 hour the number counts no more and is deleted." in shared
    assert "In the memory of a server that counts for the library" in shared
    assert "known to nobody" not in shared
    none = text_of(create_app(library, Settings(ratelimit="none")).test_client())
    assert "number" not in none


def test_the_page_on_privacy_is_found_from_every_page_and_where_it_was_before(client: FlaskClient) -> None:
    for path in ("/", "/about", "/nothing"):
        assert 'href="/privacy">Privacy</a>' in client.get(path).text
    about = client.get("/about").text
    assert '<section id="privacy">' in about
    assert "/privacy" in about.partition('<section id="privacy">')[2].partition("</section>")[0]
