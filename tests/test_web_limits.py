"""Who asks too much waits, and nobody else; a shared storage is a real Redis, which is killed."""

import json
import logging
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from pydantic import ValidationError
from routes import routes
from werkzeug.test import TestResponse

from innoshare.cli import main
from innoshare.config import Settings
from innoshare.errors import SettingsError
from innoshare.library import Library
from innoshare.web import create_app
from innoshare.web.limits import BULK, CASES_FOR_ONE, COSTS, RATE_HEADERS, forgets_after

API, PAGE, CHALLENGE = "/api/v1/cities", "/about", "/api/v1/match?challenge=rain+floods+the+cellars"


def made(library: Library, limit: str = "3 per minute", **settings: Any) -> Flask:
    return create_app(library, Settings(ratelimit=limit, **settings))


def asked(app: Flask, path: str = API, address: str = "192.0.2.1", **more: Any) -> TestResponse:
    return app.test_client().open(path, environ_overrides={"REMOTE_ADDR": address}, **more)


def use_up(app: Flask, address: str = "192.0.2.1", **more: Any) -> None:
    """All that a client may ask."""
    for _ in range(100):
        if asked(app, address=address, **more).status_code == 429:
            return
    pytest.fail("It was never refused.")


def left(answer: TestResponse) -> int:
    return int(answer.headers["RateLimit-Remaining"])


# --- how much ---------------------------------------------------------------------------------------------------------


def test_programs_see_how_far_they_are_and_are_told_when_to_come_again(library: Library) -> None:
    app = made(library)
    for remaining in (2, 1, 0):
        answer = asked(app)
        assert (answer.status_code, left(answer)) == (200, remaining)
        assert "Retry-After" not in answer.headers
    refused = asked(app)
    body = json.loads(refused.data)
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert body["type"] == "urn:problem-type:innoshare:too-many-requests"
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert f"Come again in {wait} seconds." in body["detail"]
    assert [refused.headers[name] for name in RATE_HEADERS] == ["3", "0", str(wait)]
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert {"Retry-After", *RATE_HEADERS} <= set(refused.headers["Access-Control-Expose-Headers"].split(", "))


def test_people_get_a_page_and_a_script_gets_no_more_by_another_method_or_address(library: Library) -> None:
    app = made(library)
    use_up(app)
    page = asked(app, PAGE)
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert "Too many requests at once" in page.text
    assert re.search(r"Come again in \d+ seconds\.", page.text)
    assert int(page.headers["Retry-After"]) >= 1
    for path in ("/", "/search?q=water", "/search?page=x", "/cases/nothing", "/challenges/feed.atom"):
        assert asked(app, path).status_code == 429, path
    frame = asked(app, "/embed/v1/search?lang=sv")
    assert (frame.status_code, frame.mimetype) == (429, "text/html")
    assert "frame-ancestors 'none'" not in frame.headers["Content-Security-Policy"]  # It is read where the frame is.
    assert asked(app, method="HEAD").status_code == 429
    assert asked(app, "/api/v1/match", method="POST", json={"challenge": "x"}).status_code == 429


def test_every_address_that_the_library_answers_is_counted_and_no_other(library: Library) -> None:
    """So a new address is counted by itself."""
    app = made(library, "1 per minute")
    use_up(app)
    free = set[str]()
    for endpoint, path, methods in routes(app):
        for method in methods - {"OPTIONS"}:
            with asked(app, path, method=method) as answer:
                if answer.status_code != 429:
                    free.add(endpoint)
        assert asked(app, path, method="OPTIONS").status_code != 429, path
    assert asked(app, "/nothing").status_code == 404
    assert free == {"static", "healthz", "readyz", "theme_css", "embed.serve", "embed.words"}


def test_what_is_dear_counts_for_more_and_what_is_free_for_nothing(library: Library) -> None:
    app = made(library, "100 per minute")
    tag = asked(app).headers["ETag"]
    assert left(asked(app, CHALLENGE)) == 99 - COSTS["api.match"]
    assert left(asked(app, CHALLENGE, method="HEAD")) == 99 - 2 * COSTS["api.match"]
    before = left(asked(app))
    assert left(asked(app, headers={"If-None-Match": tag})) == before - 1  # A 304 has cost as much as an answer.
    for _ in range(5):
        asked(app, "/healthz")
        asked(app, "/nothing")
        asked(app, method="OPTIONS")
    assert left(asked(app)) == before - 2
    before = left(asked(app))
    with asked(app, "/api/v1/cases.csv") as answer:
        assert left(answer) == before - 1 - library.facts.cases // CASES_FOR_ONE
    for name in (*COSTS, BULK):
        assert name in app.view_functions or name in app.blueprints, name


def test_a_small_limit_makes_what_is_dear_rare_and_not_impossible(library: Library) -> None:
    app = made(library, "3 per minute")
    assert [asked(app, CHALLENGE).status_code for _ in range(2)] == [200, 429]


def test_who_has_waited_is_answered_again(library: Library) -> None:
    app = made(library, "2 per second")
    use_up(app)
    time.sleep(int(asked(app).headers["Retry-After"]))
    assert asked(app).status_code == 200


def test_without_a_limit_nothing_is_counted(library: Library) -> None:
    app = made(library, "none")
    answers = [asked(app) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    assert not set(RATE_HEADERS) & set(answers[0].headers.keys())


def test_a_class_at_one_address_is_not_locked_out_by_the_default(library: Library) -> None:
    default = Settings.model_fields["ratelimit"].default
    app = made(library, default)
    client = app.test_client()
    for _ in range(30):  # Each types and looks for something, reads two cases and asks a challenge.
        for path in (*["/api/v1/suggest?q=wa"] * 5, "/search?q=water", API, API, CHALLENGE):
            assert client.get(path).status_code == 200


# --- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "same"), [
    ("192.0.2.1", "192.0.2.2", False), ("192.0.2.1", "::ffff:192.0.2.1", True),
    ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True), ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ("fe80::1%eth0", "fe80::2%eth1", True), ("nonsense", "more nonsense", True), ("", "nonsense", True)])
def test_a_client_is_an_address_or_a_household(library: Library, first: str, second: str, same: bool) -> None:
    app = made(library)
    use_up(app, first)
    assert (asked(app, address=second).status_code == 429) == same


@pytest.mark.parametrize("written", ["203.0.113.9", "203.0.113.9:4711", " 203.0.113.9", "::ffff:203.0.113.9",
                                     "[::ffff:203.0.113.9]:4711", "[::ffff:203.0.113.9]"])
def test_proxies_write_an_address_in_several_ways(library: Library, written: str) -> None:
    app = made(library, proxies=1)
    use_up(app, headers={"X-Forwarded-For": "203.0.113.9"})
    assert asked(app, headers={"X-Forwarded-For": written}).status_code == 429


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_false_address_neither_escapes_nor_hits_anybody_else(library: Library, proxies: int) -> None:
    """Each of our own proxies adds the address it was asked from, behind whatever was there."""
    app = made(library, proxies=proxies)
    chain = ["10.0.0.7", "10.0.0.8"]  # The addresses of our own proxies, as the next one sees them.

    def request(client: str, claimed: str) -> TestResponse:
        written = [claimed, client, *chain[:max(0, proxies - 1)]] if proxies else [claimed]
        peer = chain[proxies - 1] if proxies else client
        return asked(app, address=peer, headers={"X-Forwarded-For": ", ".join(written), "Forwarded": f"for={claimed}",
                                                 "X-Real-IP": claimed, "Client-IP": claimed})

    victim, attacker = "198.51.100.1", "203.0.113.66"
    answers = [request(attacker, claimed).status_code
               for claimed in (victim, "1.1.1.1", "::1", "127.0.0.1", "nonsense", "", "2.2.2.2, 3.3.3.3")]
    assert answers == [200] * 3 + [429] * 4
    assert request(victim, "9.9.9.9").status_code == 200


def test_a_header_that_is_missing_or_too_short_is_no_way_out(library: Library) -> None:
    """Behind two proxies, a request that came past one of them."""
    app = made(library, proxies=2)
    use_up(app, headers={"X-Forwarded-For": "203.0.113.1"})
    assert asked(app, headers={"X-Forwarded-For": "203.0.113.2"}).status_code == 429
    assert asked(app).status_code == 429


def test_who_forgot_to_name_a_proxy_is_told_once(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    """Else all readers together would soon be one client that has asked too much, and nobody knew why."""
    for proxies in (0, 1):
        app = made(library, proxies=proxies)
        for client in ("203.0.113.1", "203.0.113.2"):
            asked(app, headers={"X-Forwarded-For": client})
    asked(made(library))
    (line,) = caplog.records
    assert "set INNOSHARE_PROXIES=1" in line.getMessage()
    assert "203.0.113" not in caplog.text


def test_the_scheme_is_believed_of_proxies_and_the_host_of_nobody(library: Library) -> None:
    sent = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil",
            "X-Forwarded-Port": "666", "Host": "library.example"}
    for proxies, scheme in ((0, "http"), (1, "https"), (2, "https")):
        page = asked(made(library, proxies=proxies), "/about", headers=sent).text
        assert f'rel="canonical" href="{scheme}://library.example/about"' in page
        assert "evil" not in page
    for wrong in ("javascript", "https://evil.example/?", "ftp", ""):
        answer = asked(made(library, proxies=1), "/about", headers={**sent, "X-Forwarded-Proto": wrong})
        assert answer.status_code == (200 if not wrong else 400)
        assert "javascript" not in answer.text


def kept(app: Flask) -> list[str]:
    (limiter,) = app.extensions["limiter"]
    return list(limiter.storage.storage)


def test_no_address_is_kept_and_what_is_kept_means_nothing_elsewhere(library: Library) -> None:
    apps = [made(library), made(library)]
    for app in apps:
        asked(app, address="192.0.2.77")
        (key,) = kept(app)
        assert "192.0.2.77" not in key
        assert "c000024d" not in key.lower()
    assert kept(apps[0]) != kept(apps[1])


def test_a_client_is_forgotten_when_its_window_has_ended(library: Library) -> None:
    assert forgets_after(Settings(ratelimit="1 per second; 5 per 2 seconds")) == 2
    assert forgets_after(Settings(ratelimit="none")) == 0
    app = made(library, "1 per second")
    asked(app, address="192.0.2.1")
    first = set(kept(app))
    time.sleep(1.1)
    asked(app, address="192.0.2.2")
    time.sleep(0.1)  # Those that have ended are taken out a moment after.
    assert first
    assert not first & set(kept(app))


# --- the settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("right", [
    {"ratelimit": "20/second; 600 per 5 minutes"}, {"ratelimit": " None "}, {"ratelimit": "1 per day"},
    {"ratelimit_storage": "memory://"}, {"ratelimit_storage": "redis://localhost"}, {"proxies": "1"}, {"proxies": 0},
    {"ratelimit_storage": "rediss://user:secret@redis_1.internal:6380/2"}, {"ratelimit_storage": "redis://[::1]:1/"}])
def test_what_can_be_set(right: dict[str, Any]) -> None:
    Settings(**right)


@pytest.mark.parametrize(("name", "wrong", "told"), [
    *(("ratelimit", wrong, "600 per minute") for wrong in
      ("", "600", "many", "600 per fortnight", "-1 per minute", "0 per minute", "1/minute; x")),
    *(("ratelimit_storage", wrong, "redis://localhost:6379/0") for wrong in
      ("", "memory", "localhost:6379", "memcached://localhost", "redis://", "redis://h:port", "redis://h/zero",
       "http://localhost", "redis://h:99999", "redis://[::")),
    *(("proxies", wrong, "from 0 to 9") for wrong in ("", "-1", "10", "one", "1.5", "٣", "true"))])
def test_what_cannot_be_set_is_told_with_what_to_write(runner: CliRunner, monkeypatch: pytest.MonkeyPatch, name: str,
                                                       wrong: str, told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        Settings(**{name: wrong})
    monkeypatch.setenv(f"INNOSHARE_{name}".upper(), wrong)
    result = runner.invoke(main, ["search", "x"])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"INNOSHARE_{name.upper()}: ")


def test_a_password_is_not_told_with_the_mistake(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_RATELIMIT_STORAGE", "redis://me:hunter2@host:port/x")
    assert "hunter2" not in runner.invoke(main, ["search", "x"]).output


def test_without_the_package_for_redis_it_is_said_how_to_install_it(library: Library, runner: CliRunner,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsError, match=re.escape("pip install 'innoshare[redis]'")):
        made(library, ratelimit_storage="redis://localhost")
    monkeypatch.setenv("INNOSHARE_RATELIMIT_STORAGE", "redis://localhost")
    monkeypatch.setenv("INNOSHARE_RATELIMIT", "1 per minute")
    told = runner.invoke(main, ["serve", "--port", "0"])
    assert told.exit_code == 1
    assert "pip install 'innoshare[redis]'" in told.stderr


def test_an_unknown_option_of_the_storage_is_told(library: Library) -> None:
    with pytest.raises(SettingsError, match="options that are not known"):
        made(library, ratelimit_storage="redis://localhost?socket_timeout=soon")


# --- a shared storage -------------------------------------------------------------------------------------------------


class Redis:
    """A Redis server of its own, on a free port and with nothing on the disk but its log."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                assert self("PING").startswith(b"+PONG")
                return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def __call__(self, *words: str) -> bytes:
        """The answer to one command, as it comes over the wire."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(65_536)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    server = Redis(tmp_path)
    yield server
    server.stop()


def test_processes_that_share_a_redis_count_together_and_keep_no_address(library: Library, redis: Redis) -> None:
    one, other = (made(library, ratelimit_storage=redis.url) for _ in range(2))
    assert [left(asked(app)) for app in (one, other, one)] == [2, 1, 0]
    assert asked(other).status_code == 429
    assert asked(other, address="192.0.2.2").status_code == 200
    keys = re.findall(rb"LIMITS\S+", redis("KEYS", "*"))
    assert len(keys) == 2
    for key in keys:
        assert b"192.0.2" not in key
        assert 0 < int(redis("TTL", key.decode())[1:]) <= 60


def test_a_redis_that_is_killed_costs_one_line_in_the_log_and_no_answer(library: Library, redis: Redis,
                                                                      caplog: pytest.LogCaptureFixture) -> None:
    app = made(library, ratelimit_storage=redis.url)
    assert asked(app).status_code == 200
    redis.stop()
    with caplog.at_level(logging.WARNING):
        assert [asked(app).status_code for _ in range(4)] == [200] * 3 + [429]  # Counted by itself, from the start.
    (line,) = caplog.records
    assert (line.name, line.levelname) == ("innoshare.web.limits", "WARNING")
    assert "falling back to in-memory storage" in line.getMessage()
    redis.start()
    deadline = time.monotonic() + 20
    while asked(app).status_code == 429:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert b"LIMITS" in redis("KEYS", "*")


def test_a_redis_that_hangs_holds_up_one_request_for_a_moment(library: Library, redis: Redis) -> None:
    app = made(library, "100 per minute", ratelimit_storage=redis.url)
    asked(app)
    redis.process.send_signal(signal.SIGSTOP)
    began = time.perf_counter()
    assert [asked(app).status_code for _ in range(10)] == [200] * 10
    assert time.perf_counter() - began < 3


def test_a_redis_that_was_never_there_is_no_fault(library: Library) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = probe.getsockname()[1]
    app = made(library, ratelimit_storage=f"redis://127.0.0.1:{nobody}")
    assert [asked(app).status_code for _ in range(4)] == [200] * 3 + [429]
