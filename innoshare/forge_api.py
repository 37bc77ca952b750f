"""The one comment on a pull request: posted to GitHub, GitLab, Forgejo or Gitea, and brought up to date in its place.

What `review` writes is posted here, with the token of a robot's account. The comment is known again by the marker in
its first line, and by its author where the host tells who one is; so it is updated and never repeated, and nobody
else's comment is overwritten. Its last line names the commit that it is about, so that a reader sees whether it is of
today, and a run by the clock which pull requests wait for one (`waiting`).

Decision: what a text may say `comment` judges, but plain words no rule can. So on GitHub, where the run that wrote the
text is as the pull request has it, nothing is posted of one that changes the workflows.

Decision: Python's own HTTP client, since a handful of requests needs no library. It follows no redirect, which would
carry the token to another host.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException
from typing import Any, Literal, Self
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from innoshare.comment import MARKER
from innoshare.errors import BadInput, ForgeError
from innoshare.forge import Forge

TIMEOUT_SECONDS = 30  # A host that is up answers within one or two; a run that waits costs somebody's minutes.
MAX_ANSWER = 16 * 1024 * 1024  # Bytes: a page of 100 comments of the greatest length, each letter of it escaped.
PER_PAGE = 100  # The most that GitHub and GitLab give at once; Forgejo gives 50 then.
MAX_PAGES = 40  # 4,000 comments: more than any pull request has, and an end where a host always gives one more.

# What may be taken for a commit on the way into a shell: the hash of one, in a repository of either kind.
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

# Files that GitHub lists of a pull request; of more it tells only how many ("List pull requests files").
MAX_FILES = 3_000
# What decides which workflows run: a folder, or what could stand for it.
_DECIDES = re.compile(r"\.github(/workflows(/.*)?)?", re.DOTALL)

# The only hosts to which a token may travel unencrypted.
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class _Routes:
    """Where a kind of host keeps what is needed here, and how it calls that."""

    base: str
    open: str  # the open pull requests, each with its number, the branch that it is for, and its newest commit
    number: str
    target: tuple[str, ...]
    request: str
    head: tuple[str, ...]
    files: str = ""  # of a pull request, on hosts that run the workflows as it has them, while another run posts
    comments: str
    comment: str
    update: Literal["PATCH", "PUT"]
    author: str
    robot: tuple[str, str | int]  # what the automatic account is known by, which cannot ask who it is
    token: tuple[str, str]  # the header, and what stands before the token in it
    per_page: str


# By the hosts' own descriptions: docs.github.com "REST API endpoints for issue comments" and "… for pull requests",
# docs.gitlab.com "Notes API" and "Merge requests API", and /api/swagger of a Forgejo or Gitea. Whose a comment is, is
# told by a number or by a name that no person can take: an account called as the robot of another host is anybody's.
# GitLab has no such robot, and no account 0; the -2 of Forgejo and Gitea is `ActionsUserID` in their
# models/user/user_system.go.
_ROUTES = {
    "github": _Routes(
        base="{site}/api/v3", open="/repos/{path}/pulls?state=open", number="number", target=("base", "ref"),
        request="/repos/{path}/pulls/{number}", head=("head", "sha"), files="/repos/{path}/pulls/{number}/files",
        comments="/repos/{path}/issues/{number}/comments", comment="/repos/{path}/issues/comments/{id}",
        update="PATCH", author="user", robot=("login", "github-actions[bot]"), token=("Authorization", "Bearer "),
        per_page="per_page"),
    "gitlab": _Routes(
        base="{site}/api/v4", open="/projects/{project}/merge_requests?state=opened&scope=all", number="iid",
        target=("target_branch",), request="/projects/{project}/merge_requests/{number}", head=("sha",),
        comments="/projects/{project}/merge_requests/{number}/notes",
        comment="/projects/{project}/merge_requests/{number}/notes/{id}", update="PUT", author="author",
        robot=("id", 0), token=("PRIVATE-TOKEN", ""), per_page="per_page"),
    "forgejo": _Routes(
        base="{site}/api/v1", open="/repos/{path}/pulls?state=open", number="number", target=("base", "ref"),
        request="/repos/{path}/pulls/{number}", head=("head", "sha"),
        comments="/repos/{path}/issues/{number}/comments", comment="/repos/{path}/issues/comments/{id}",
        update="PATCH", author="user", robot=("id", -2), token=("Authorization", "token "), per_page="limit"),
}


@dataclass(frozen=True)
class Robot:
    """An account on the host of a repository. `api` is where it answers programs; the token is never shown."""

    kind: str
    api: str
    path: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, forge: Forge, token: str, api: str = "") -> Self:
        """The account of a token at the host of `forge`; where that answers programs is told by its address."""
        parts = urlsplit(forge.repository)
        site = f"{parts.scheme}://{parts.netloc}"
        known = "https://api.github.com" if parts.hostname in ("github.com", "www.github.com") else (
            _ROUTES[forge.kind].base.format(site=site))
        address = (api or known).rstrip("/")
        below = _below(address)
        if not re.fullmatch(r"[\x21-\x7e]+", token):  # what may stand in a header, or the client shows it in its error
            raise BadInput([("--token", "This is not a token, or there is none. Set INNOSHARE_FORGE_TOKEN to one that "
                                        "may write comments.")])
        return cls(forge.kind, address, parts.path.removeprefix(f"{below}/").strip("/"), token)

    def comment(self, number: int, text: str, head: str = "") -> tuple[str, bool]:
        """Post `text` on a pull request, or put it in place of this account's former one.

        With `head`, only if that commit is the newest of the pull request, and what a run has written about it can be
        believed. Returns the address of the comment ("" where the host tells none), and whether it is a new one. Raises
        ForgeError.
        """
        routes = self._routes
        if head:
            self._must_run_our_workflows(number)
            self._must_be_newest(number, head)
        body = {"body": f"{text}\n{_about(head)}\n" if head else text}
        former = self._former(number)
        if former is None:
            made = self._ask("POST", self._route(routes.comments, number), body)
        else:
            made = self._ask(routes.update, self._route(routes.comment, number, former["id"]), body)
        address = made.get("html_url") if isinstance(made, dict) else None
        return address if isinstance(address, str) else "", former is None

    def waiting(self, branch: str) -> Iterator[tuple[int, str]]:
        """(number, newest commit) of each open pull request for `branch` on which this account has posted nothing about
        that commit. Raises ForgeError."""
        routes = self._routes
        for request in self._listed(self._route(routes.open), routes.number):
            number, head = request.get(routes.number), _inside(request, routes.head)
            if (isinstance(number, int) and isinstance(head, str) and _COMMIT.fullmatch(head)
                    and _inside(request, routes.target) == branch):
                former = self._former(number)
                if former is None or not former["body"].rstrip().endswith(_about(head)):
                    yield number, head

    @property
    def _routes(self) -> _Routes:
        return _ROUTES[self.kind]

    def _route(self, route: str, number: int = 0, comment: int = 0) -> str:
        return route.format(path=quote(self.path), project=quote(self.path, safe=""), number=number, id=comment)

    def _must_run_our_workflows(self, number: int) -> None:
        """Raises ForgeError where a pull request may itself have written what its run says."""
        if not self._routes.files:
            return
        files = list(self._listed(self._route(self._routes.files, number), "filename"))
        if len(files) >= MAX_FILES:
            raise ForgeError(f"Pull request {number} changes more files than the host lists, so nobody knows whether "
                             "its workflows are ours. Nothing was posted; the text is in the summary of its run.")
        if any(_DECIDES.fullmatch(str(file.get(name))) for file in files for name in ("filename", "previous_filename")):
            raise ForgeError(f"Pull request {number} changes the workflows, so its run may say whatever it likes. "
                             "Nothing was posted; read what it does in .github before you believe its run.")

    def _must_be_newest(self, number: int, head: str) -> None:
        """Raises ForgeError where `head` is not the newest commit of a pull request."""
        newest = _inside(self._ask("GET", self._route(self._routes.request, number)), self._routes.head)
        if not isinstance(newest, str):
            raise ForgeError(f"The host does not tell the newest commit of pull request {number}.")
        if newest != head:
            raise ForgeError(f"The newest commit of pull request {number} is {newest[:12]}, and the text is about "
                             f"{head[:12]}. Nothing was posted; the run for the newest commit does it.")

    def _former(self, number: int) -> dict[str, Any] | None:
        """The comment that this account has posted before, with its `id` and `body`."""
        sign, mine = self._me
        for comment in self._listed(self._route(self._routes.comments, number), "id"):
            author, body, known = comment.get(self._routes.author), comment.get("body"), comment.get("id")
            if (isinstance(author, dict) and author.get(sign) == mine and isinstance(known, int)
                    and isinstance(body, str) and body.lstrip().startswith(MARKER)):
                return comment
        return None

    @cached_property
    def _me(self) -> tuple[str, str | int]:
        """What this account is known by: its number, or where the host does not tell it, as GitHub those of its own
        runs, what its automatic account is known by."""
        try:
            told = _inside(self._ask("GET", "/user"), ("id",))
        except ForgeError as error:
            if error.answer not in (401, 403, 404):
                raise
            return self._routes.robot
        return ("id", told) if isinstance(told, int) else self._routes.robot

    def _listed(self, route: str, key: str) -> Iterator[dict[str, Any]]:
        """All that a host lists, page by page; `key` names what no two have in common."""
        seen: set[Any] = set()
        joint = "&" if "?" in route else "?"
        for page in range(1, MAX_PAGES + 1):
            found = self._ask("GET", f"{route}{joint}page={page}&{self._routes.per_page}={PER_PAGE}")
            fresh = [one for one in found if isinstance(one, dict) and one.get(key) not in seen] if isinstance(
                found, list) else []
            if not fresh:  # the end; or a host that knows no pages, and gave everything at once
                return
            yield from fresh
            seen.update(one.get(key) for one in fresh)

    def _ask(self, method: str, route: str, body: dict[str, str] | None = None) -> Any:
        """What the host answers, read as JSON. Raises ForgeError in words of our own, never with what was sent."""
        name, before = self._routes.token
        request = Request(f"{self.api}{route}", method=method, headers={
            name: f"{before}{self.token}", "Accept": "application/json", "Content-Type": "application/json",
            "User-Agent": "innoshare"}, data=None if body is None else json.dumps(body).encode())
        try:
            with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as answer:
                data = answer.read(MAX_ANSWER + 1)
            if len(data) > MAX_ANSWER:
                raise ForgeError(f"{self._host} answers with more than {MAX_ANSWER:,} bytes.")
            return json.loads(data)
        except HTTPError as error:
            with error:
                raise ForgeError(_refusal(error, self._host), error.code) from None
        except (URLError, TimeoutError, OSError, HTTPException) as error:
            reason = getattr(error, "reason", "") or error
            raise ForgeError(f"{self._host} does not answer ({str(reason).replace(self.token, '…')}). Check the "
                             "address and try again.") from None
        except (ValueError, RecursionError):
            raise ForgeError(f"{self._host} does not answer as such a site does. Check --api.") from None

    @property
    def _host(self) -> str:
        return urlsplit(self.api).netloc


def _below(api: str) -> str:
    """The path below which a site lies that answers programs at `api`: "" for most, "/git" for
    https://code.example/git/api/v1. Raises BadInput where a token cannot or must not be sent to that address."""
    try:
        parts = urlsplit(api)
        is_address = parts.port != 0 and bool(parts.hostname)
    except ValueError:  # brackets that hold no address, or a port that is no number
        is_address = False
    if not is_address or not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", api):
        raise BadInput([("--api", "This is not where a site answers programs. Write it as "
                                  "https://forge.example/api/v1.")])
    if parts.scheme == "http" and parts.hostname not in _OWN_MACHINE:
        raise BadInput([("--api", f"The token would travel to {parts.netloc} for everybody to read. Write an address "
                                  "that begins with https://.")])
    return parts.path.rpartition("/api/")[0]


class _NoRedirect(HTTPRedirectHandler):
    """Takes a redirect for an answer."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _refusal(error: HTTPError, host: str) -> str:
    """What a status of the host means here, and what to do."""
    if error.code == 429 or (error.code == 403 and (
            error.headers.get("X-RateLimit-Remaining") == "0" or error.headers.get("Retry-After"))):
        wait = error.headers.get("Retry-After", "")
        when = f"in {wait} seconds" if re.fullmatch("[0-9]{1,6}", wait) else "in an hour"
        return f"{host} has been asked too often for now. Run this again {when}."
    match error.code:
        case 401:
            return f"{host} does not know the token. Set INNOSHARE_FORGE_TOKEN to one that is valid."
        case 403:
            return (f"{host} does not let this token write comments here. Give it that right: on GitHub "
                    "`pull-requests: write`, on GitLab the scope `api`, on Forgejo `write:issue`.")
        case 404:
            return (f"{host} knows no such pull request, or hides it from this token. Check the number, the setting "
                    "`repository`, and what the token may read.")
        case 413 | 422:
            return f"{host} does not take this comment (status {error.code}). It may be locked, or too long."
        case code if 300 <= code < 400:
            return f"{host} says that the repository is elsewhere. Correct the setting `repository`."
        case code if code >= 500:
            return f"{host} has trouble of its own (status {code}). Run this again later."
        case code:
            return f"{host} refuses (status {code})."


def _about(commit: str) -> str:
    """The last line of a comment. Hosts make a link of a commit that stands among words."""
    return f"Looked at: commit {commit}."


def _inside(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
