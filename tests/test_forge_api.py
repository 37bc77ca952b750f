"""One comment on a pull request, kept up to date: against a server that answers as each code host does."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from click.testing import CliRunner

from innoshare import forge_api
from innoshare.cli import main
from innoshare.comment import MARKER
from innoshare.errors import BadInput, ForgeError
from innoshare.forge import Forge
from innoshare.forge_api import Robot

TOKEN = "s3cret-Token"
HEAD = "a" * 40
ABOUT = f"\nLooked at: commit {HEAD}.\n"  # the last line of a comment
TEXT = f"{MARKER}\nThank you.\n"

# Of each kind: repository, base of the API, path of the comments of request 7, of one comment, of the request; the name
# of the size of a page; how the token is sent; the name of an author; how a comment is changed.
HOSTS: dict[str, dict[str, Any]] = {
    "github": {"api": "", "comments": "/repos/cities/library/issues/7/comments",
               "one": "/repos/cities/library/issues/comments/", "request": "/repos/cities/library/pulls/7",
               "size": "per_page", "auth": ("Authorization", f"Bearer {TOKEN}"), "author": ("user", "login"),
               "update": "PATCH", "page": 100, "robot": "github-actions[bot]"},
    "gitlab": {"api": "/api/v4", "comments": "/projects/cities/library/merge_requests/7/notes",
               "one": "/projects/cities/library/merge_requests/7/notes/",
               "request": "/projects/cities/library/merge_requests/7", "size": "per_page",
               "auth": ("PRIVATE-TOKEN", TOKEN), "author": ("author", "username"), "update": "PUT", "page": 100,
               "robot": ""},
    "forgejo": {"api": "/api/v1", "comments": "/repos/cities/library/issues/7/comments",
                "one": "/repos/cities/library/issues/comments/", "request": "/repos/cities/library/pulls/7",
                "size": "limit", "auth": ("Authorization", f"token {TOKEN}"), "author": ("user", "login"),
                "update": "PATCH", "page": 50, "robot": "forgejo-actions"},
}


NUMBERS = {"library-robot": 5, "forgejo-actions": -2, "github-actions[bot]": 41_898_282}  # of accounts


class Host(ThreadingHTTPServer):
    """A code host with one pull request, number 7."""

    daemon_threads = True

    def __init__(self, kind: str) -> None:
        self.kind, self.rules = kind, HOSTS[kind]
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.me: str | None = "library-robot"
        self.refusal: tuple[int, dict[str, str], bytes] | None = None
        self.pages = True
        self.files: list[dict[str, Any]] = []
        self.open: list[dict[str, Any]] = []  # pull requests
        self.head = HEAD  # of number 7
        self.below = ""  # the path that the site lies at
        self.together: threading.Barrier | None = None  # where those wait who post, until all have come
        self.silent = threading.Event()  # until it is set, nothing is answered; set from the beginning
        self.silent.set()
        super().__init__(("127.0.0.1", 0), Handler)

    def add(self, author: str, body: str, account: int | None = None) -> int:
        number = 100 + len(self.comments)
        outer, inner = self.rules["author"]
        known = account or NUMBERS.get(author, 999)
        self.comments.append({"id": number, "body": body, outer: {inner: author, "id": known}})
        return number

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def robot(self) -> Robot:
        forge = Forge.of(f"{self.address}{self.below}/cities/library", self.kind)  # type: ignore[arg-type]
        assert forge
        return Robot.of(forge, TOKEN, f"{self.address}{self.below}{self.rules['api']}")


class Handler(BaseHTTPRequestHandler):
    server: Host

    def answer(self) -> None:
        host, rules = self.server, self.server.rules
        host.silent.wait(10)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        parts = urlsplit(self.path)
        host.asked.append((self.command, self.path))
        # GitLab takes the path of a project as one name, so its slash must be written out.
        path = parts.path.replace("cities%2Flibrary", "cities/library") if host.kind == "gitlab" else parts.path
        path = unquote(path).removeprefix(host.below + rules["api"])
        if host.refusal:
            status, headers, data = host.refusal
            return self.send(status, data, headers)
        if self.headers.get(rules["auth"][0]) != rules["auth"][1]:
            return self.tell(401, {"message": "Bad credentials"})
        if host.kind == "gitlab" and "cities/library" in parts.path:
            return self.tell(404, {"message": "404 Project Not Found"})
        if (self.command, path) == ("GET", "/user"):
            if host.me is None:
                return self.tell(403, {"message": "Resource not accessible by integration"})
            return self.tell(200, {rules["author"][1]: host.me, "id": NUMBERS[host.me]})
        if (self.command, path) == ("GET", rules["request"]):
            return self.tell(200, {"sha": host.head} if host.kind == "gitlab" else {"head": {"sha": host.head}})
        lists = {rules["comments"]: host.comments, f"{rules['request']}/files": host.files,
                 rules["request"].removesuffix("/7"): host.open}
        if self.command == "GET" and path in lists:
            query = parse_qs(parts.query)
            size = min(int(query[rules["size"]][0]), rules["page"])
            start = (int(query["page"][0]) - 1) * size
            return self.tell(200, lists[path][start:start + size] if host.pages else lists[path])
        if self.command == "GET" and re.fullmatch(rules["comments"].replace("/7/", "/[0-9]+/"), path):
            return self.tell(200, [])  # of another pull request
        if (self.command, path) == ("POST", rules["comments"]):
            if host.together:
                host.together.wait(10)
            number = host.add(host.me or rules["robot"], body["body"])
            return self.tell(201, {"id": number, "html_url": f"{host.address}/c/{number}"})
        if self.command == rules["update"] and (found := re.fullmatch(re.escape(rules["one"]) + "([0-9]+)", path)):
            comment = next(one for one in host.comments if one["id"] == int(found[1]))
            comment["body"] = body["body"]
            return self.tell(200, {"id": comment["id"], "html_url": f"{host.address}/c/{found[1]}"})
        return self.tell(404, {"message": "Not Found"})

    do_GET = do_POST = do_PATCH = do_PUT = answer

    def tell(self, status: int, value: Any) -> None:
        self.send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    server = Host(request.param)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_comment_is_posted_once_and_then_brought_up_to_date(host: Host) -> None:
    host.add("somebody", "Nice.")
    address, new = host.robot.comment(7, TEXT, HEAD)
    assert new
    assert address.startswith(host.address)
    address, new = host.robot.comment(7, f"{TEXT}More.\n", HEAD)
    assert not new
    assert [one["body"] for one in host.comments] == ["Nice.", f"{TEXT}More.\n{ABOUT}"]


def test_the_former_comment_is_found_on_a_later_page(host: Host) -> None:
    for number in range(230):
        host.add("somebody", f"Comment {number}")
    mine = host.add("library-robot", TEXT)
    assert host.robot.comment(7, f"{TEXT}New.\n") == (f"{host.address}/c/{mine}", False)
    assert len(host.comments) == 231


def test_a_host_that_knows_no_pages_is_asked_no_longer_than_it_has_something_new(host: Host) -> None:
    host.pages = False
    for number in range(120):
        host.add("somebody", f"Comment {number}")
    assert host.robot.comment(7, TEXT)[1]
    assert sum(method == "GET" and "page=" in path for method, path in host.asked) == 2


def test_nobody_elses_comment_is_overwritten_even_if_it_has_the_marker_or_a_name_like_ours(host: Host) -> None:
    host.add("a-contributor", TEXT)
    host.add("library-robot", TEXT, account=998)  # who took the name when it was free
    assert host.robot.comment(7, f"{TEXT}New.\n")[1]
    assert {one["body"] for one in host.comments[:2]} == {TEXT}


@pytest.mark.parametrize("host", ["github", "forgejo"], indirect=True)
def test_an_account_that_cannot_ask_its_name_knows_its_comment_by_what_no_person_can_be_called(host: Host) -> None:
    host.me = None
    for name in {"a-contributor", "github-actions", "forgejo-actions", "gitea-actions"}:
        host.add(name, TEXT, account=998)
    mine = host.add(host.rules["robot"], TEXT)
    assert host.robot.comment(7, f"{TEXT}New.\n") == (f"{host.address}/c/{mine}", False)
    assert {one["body"] for one in host.comments[:4]} == {TEXT}


@pytest.mark.parametrize("host", ["gitlab"], indirect=True)
def test_where_there_is_no_such_account_and_it_is_not_told_who_one_is_nothing_is_overwritten(host: Host) -> None:
    host.me = None
    host.add("github-actions[bot]", TEXT)
    assert host.robot.comment(7, f"{TEXT}New.\n")[1]
    assert host.comments[0]["body"] == TEXT


def test_a_comment_of_ones_own_without_the_marker_stays(host: Host) -> None:
    host.add("library-robot", "A word by hand.")
    assert host.robot.comment(7, TEXT)[1]
    assert host.comments[0]["body"] == "A word by hand."


def test_those_wait_whose_newest_commit_has_no_comment_of_ours(host: Host) -> None:
    def opened(number: Any, head: Any, branch: str = "main") -> None:
        host.open.append({"id": 1_000 + len(host.open), "iid": number, "target_branch": branch, "sha": head}
                         if host.kind == "gitlab" else
                         {"id": 1_000 + len(host.open), "number": number, "base": {"ref": branch},
                          "head": {"sha": head}})

    assert list(host.robot.waiting("main")) == []
    for head in (f"{HEAD} --x", "-" * 40, "a" * 7, None, 7):  # what no host says, and what a shell must never see
        opened(8, head)
    opened("7", HEAD)
    opened(7, HEAD, branch="older")
    assert list(host.robot.waiting("main")) == []
    opened(7, HEAD)
    host.add("a-contributor", f"{TEXT}{ABOUT}")
    host.add("library-robot", f"A word by hand.\n{ABOUT}")
    assert list(host.robot.waiting("main")) == [(7, HEAD)]
    host.robot.comment(7, f"{TEXT}{ABOUT.replace('a' * 40, 'b' * 40)}", HEAD)
    assert list(host.robot.waiting("main")) == []
    host.open[-1] = json.loads(json.dumps(host.open[-1]).replace(HEAD, "b" * 64))
    assert list(host.robot.waiting("main")) == [(7, "b" * 64)]
    assert all("state=open" in path for method, path in host.asked if method == "GET" and re.search(
        r"/(pulls|merge_requests)\?", path))


def test_nothing_is_posted_about_another_commit_than_the_newest(host: Host) -> None:
    with pytest.raises(ForgeError, match="newest commit"):
        host.robot.comment(7, TEXT, "b" * 40)
    assert not host.comments


@pytest.mark.parametrize("host", ["github"], indirect=True)
@pytest.mark.parametrize("files", [
    [*({"filename": f"{number}.md"} for number in range(120)), {"filename": ".github/workflows/contribution.yml"}],
    [{"filename": "x.yml", "previous_filename": ".github/workflows/contribution.yml"}],
    [{"filename": ".github/workflows"}], [{"filename": ".github"}], [{"filename": ".github/workflows/a\nb"}],
    [{"filename": f"content/cases/{number}.md"} for number in range(3_000)],
])
def test_nothing_is_posted_of_a_pull_request_that_may_have_written_its_text_itself(
        host: Host, files: list[dict[str, str]]) -> None:
    """Words such as "Approved by the maintainers" are plain, and no rule for texts can find them."""
    host.files = files
    with pytest.raises(ForgeError, match="Nothing was posted"):
        host.robot.comment(7, TEXT, HEAD)
    assert not host.comments
    assert host.robot.comment(7, TEXT)[1], "a person who has made the text posts it without naming a commit"


@pytest.mark.parametrize("host", ["github"], indirect=True)
def test_other_files_of_a_pull_request_are_its_own_matter(host: Host) -> None:
    host.files = [{"filename": name} for name in ("content/cases/x.md", ".github/pull_request_template.md",
                                                  "x/.github/workflows/y.yml", ".githubx", "workflows/z")]
    assert host.robot.comment(7, TEXT, HEAD)[1]


def test_two_that_post_at_once_are_followed_by_one_that_takes_the_first_and_adds_none(host: Host) -> None:
    host.together = threading.Barrier(2)  # that they do not meet is for the workflows to see to
    posting = [threading.Thread(target=host.robot.comment, args=(7, TEXT, HEAD)) for _ in range(2)]
    for one in posting:
        one.start()
    for one in posting:
        one.join()
    host.together = None
    for number in range(2):
        assert not host.robot.comment(7, f"{TEXT}{number}\n", HEAD)[1]
    assert [one["body"] for one in host.comments] == [f"{TEXT}1\n{ABOUT}", f"{TEXT}{ABOUT}"]


@pytest.mark.parametrize("host", ["gitlab", "forgejo"], indirect=True)
def test_a_site_that_lies_below_a_path_is_asked_for_the_repository_as_it_calls_it(host: Host) -> None:
    host.below = "/code/host"
    assert host.robot.comment(7, TEXT, HEAD)[1]
    assert not host.robot.comment(7, f"{TEXT}New.\n", HEAD)[1]
    assert len(host.comments) == 1


@pytest.mark.parametrize(("status", "headers", "says"), [
    (401, {}, "does not know the token"),
    (403, {}, "write comments"),
    (403, {"X-RateLimit-Remaining": "0"}, "too often"),
    (403, {"Retry-After": "7"}, "in 7 seconds"),
    (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "in an hour"),
    (429, {"Retry-After": "60"}, "in 60 seconds"),
    (404, {}, "no such pull request"),
    (422, {}, "does not take this comment"),
    (301, {"Location": "http://127.0.0.1:1/elsewhere"}, "elsewhere"),
    (500, {}, "trouble of its own"),
    (418, {}, "status 418"),
])
def test_every_refusal_is_a_sentence_without_the_token(host: Host, status: int, headers: dict[str, str],
                                                       says: str) -> None:
    host.refusal = status, headers, f"your token is {TOKEN}".encode()
    with pytest.raises(ForgeError, match=says) as raised:
        host.robot.comment(7, TEXT)
    assert TOKEN not in str(raised.value)
    assert not host.comments


def test_what_is_no_json_is_told(host: Host) -> None:
    host.refusal = 200, {}, b"<html>Sign in</html>"
    with pytest.raises(ForgeError, match="does not answer as such a site does"):
        host.robot.comment(7, TEXT)


def test_what_has_no_end_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge_api, "MAX_ANSWER", 1_000)
    host.refusal = 200, {}, b"[" + b" " * 1_000 + b"]"
    with pytest.raises(ForgeError, match="more than 1,000 bytes"):
        host.robot.comment(7, TEXT)


def test_a_host_that_does_not_answer_in_time_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge_api, "TIMEOUT_SECONDS", 0.1)
    host.silent.clear()
    try:
        with pytest.raises(ForgeError, match="does not answer"):
            host.robot.comment(7, TEXT)
    finally:
        host.silent.set()
    assert not host.comments


def test_a_host_that_is_not_there_is_told() -> None:
    forge = Forge.of("http://127.0.0.1:9/cities/library", "forgejo")
    assert forge
    with pytest.raises(ForgeError, match="does not answer"):
        Robot.of(forge, TOKEN).comment(7, TEXT)


@pytest.mark.parametrize(("repository", "api"), [
    ("https://github.com/a/b", "https://api.github.com"), ("https://gitlab.com/a/b/c", "https://gitlab.com/api/v4"),
    ("https://codeberg.org/a/b", "https://codeberg.org/api/v1")])
def test_where_a_host_answers_programs_is_told_by_its_address(repository: str, api: str) -> None:
    forge = Forge.of(repository)
    assert forge
    assert Robot.of(forge, TOKEN).api == api


@pytest.mark.parametrize("api", [
    "https://[x", "https://forge.example:port/api/v1", "https://:80/api/v1", "forge.example/api/v1",
    "https://somebody@forge.example/api/v1", "https://forge.example/api/v1?x", "ftp://forge.example/api/v1"])
def test_what_is_no_address_of_an_api_is_refused(api: str) -> None:
    forge = Forge.of("https://codeberg.org/a/b")
    assert forge
    with pytest.raises(BadInput, match=r"^--api: This is not where"):
        Robot.of(forge, TOKEN, api)


def test_a_token_does_not_travel_in_plain_text_but_on_ones_own_machine() -> None:
    for repository, api in (("https://codeberg.org/a/b", "http://codeberg.org/api/v1"),
                            ("http://forge.example/a/b", ""), ("https://codeberg.org/a/b", "http://localhost.example")):
        forge = Forge.of(repository, "forgejo")
        assert forge
        with pytest.raises(BadInput, match=r"^--api: The token would travel .* https://"):
            Robot.of(forge, TOKEN, api)
    assert forge
    for api in ("http://localhost:3000/api/v1", "http://127.0.0.1/api/v1", "http://[::1]:80/api/v1"):
        assert Robot.of(forge, TOKEN, api).api == api


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ü"])
def test_what_is_no_token_is_refused_and_not_shown(token: str) -> None:
    forge = Forge.of("https://github.com/a/b")
    assert forge
    with pytest.raises(BadInput) as raised:
        Robot.of(forge, token)
    assert not token or token not in str(raised.value)


def test_a_robot_does_not_show_its_token() -> None:
    forge = Forge.of("https://github.com/a/b")
    assert forge
    assert TOKEN not in repr(Robot.of(forge, TOKEN))


def test_the_command_posts_with_the_token_of_the_environment_and_never_prints_it(
        host: Host, runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "review.md"
    file.write_text(TEXT, encoding="utf-8")
    arguments = ["comment", str(file), "--number", "7", "--api", f"{host.address}{host.rules['api']}"]
    monkeypatch.setenv("INNOSHARE_REPOSITORY", f"{host.address}/cities/library")
    monkeypatch.setenv("INNOSHARE_FORGE", host.kind)
    assert runner.invoke(main, arguments).exit_code == 2, "without a token"
    monkeypatch.setenv("INNOSHARE_FORGE_TOKEN", TOKEN)
    for word in ("Posted", "Updated"):
        result = runner.invoke(main, arguments)
        assert (result.exit_code, result.stdout) == (0, ""), result.stderr
        assert word in result.stderr
        assert TOKEN not in result.output
    monkeypatch.setenv("INNOSHARE_FORGE_TOKEN", "another-Token")
    refused = runner.invoke(main, arguments)
    assert refused.exit_code == 1
    assert "another-Token" not in refused.output
    assert runner.invoke(main, [*arguments[:3], "0"]).exit_code == 2
    monkeypatch.delenv("INNOSHARE_REPOSITORY")
    assert runner.invoke(main, arguments).exit_code == 2
