"""The web face: one Flask application over one library, for people (`pages`) and for programs (`api`).

Here stands what holds for every answer: which library answers it, how large a request may be, the headers that
keep a browser from running or loading anything that is not ours, caching, and how a failure is told. No input may
give a status of 500: views raise `InnoshareError`s, everything else that escapes them is a fault of ours, is
logged without the words that somebody typed, and is answered without details.

The library sets no cookies and keeps nothing of a visit. An answer to a challenge is marked for the asker's own
browser, never for a cache that others share.
"""

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urlsplit

from flask import Flask, Response, g, render_template, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import BadHost, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from innoshare.config import Settings, host_of
from innoshare.errors import BadInput, EditionError, InnoshareError
from innoshare.library import Latest, Library
from innoshare.web import (
    adopt,
    api,
    bulk,
    cards,
    discovery,
    embed,
    feeds,
    frames,
    oembed,
    openapi,
    pages,
    submit,
    wanted,
)
from innoshare.web.limits import hold_to_limits, trust_proxies
from innoshare.web.shapes import Mistake, ProblemBody, ReadyBody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("innoshare.web")

PACKAGE = Path(__file__).resolve().parent.parent

# The longest address. A search is short; a challenge beyond this is sent by POST. Proxies commonly stop at 8 KB,
# some at 16: below the latter, a shared link to a long challenge still works where it can work at all.
MAX_ADDRESS = 16_384
# The longest body: a challenge of 20,000 characters, each of up to 4 bytes, each byte escaped as %XX.
MAX_BODY = 256 * 1024

# Who may always ask, whatever the public address is: the machine itself; that is how a container is found healthy.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

# How long any cache may give an answer again without asking whether it still holds: a new edition shows after a minute.
FRESH_SECONDS = 60
# Blueprints beside the API whose answers programs read, on any site: failures are told in JSON there as well.
FOR_PROGRAMS = ("feeds", "oembed", "discovery")
# Where a challenge is answered (the empty form too: not worth a rule of its own).
MATCHERS = ("pages.match", "frames.match", "api.match")

HEADERS = {
    # Everything of ours is a file of ours; nothing inline, so injected markup can neither run, load nor post.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # A search or a challenge stands in the address; sources that a reader follows need not know it.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # For browsers that do not know frame-ancestors.
}


def create_app(source: Library | Latest | Settings, settings: Settings | None = None) -> Flask:
    """The application that answers from `source`.

    With a Library, that one answers. With Settings (or a Latest), the published edition answers, and the next one as
    soon as it is published; while there is none, every page is a 503. `settings.base_url` is the public address of
    the site: where it is given, links that leave the site use it and no other host is answered.
    """
    settings = settings or (source if isinstance(source, Settings) else Settings())
    base_url = settings.base_url
    hosts = LOCAL_HOSTS | {_host_name(urlsplit(base_url).netloc)} if base_url else None
    latest: Callable[[], Library]
    if isinstance(source, Library):
        def latest() -> Library:
            return source
    else:
        latest = Latest(source) if isinstance(source, Settings) else source
    forge = settings.code_host
    theme = _theme(settings.colour)
    # Never the address of the storage in what everybody gets to see: it may hold a password, and a hash can be tried.
    program = _files() + settings.model_dump_json(exclude={"ratelimit_storage"})
    app = Flask("innoshare", root_path=str(PACKAGE), static_folder="static", template_folder=str(_templates()))
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY, MAX_FORM_PARTS=20,
                      SEND_FILE_MAX_AGE_DEFAULT=365 * 24 * 3600)  # The address of a static file names its content.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    digests = {path.name: sha256(path.read_bytes()).hexdigest()[:12] for path in (PACKAGE / "static").iterdir()
               if path.is_file()}

    @app.url_defaults
    def name_the_content(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static" and values.get("filename") in digests:
            values["v"] = digests[str(values["filename"])]

    @app.before_request
    def receive() -> AnyResponse | None:
        # Before all else: the host goes into links and headers, and not even an error page can be made with a bad one.
        # Flask's TRUSTED_HOSTS would let names pass that its own request.url then fails on, and knows no IPv6.
        name = _host_name(request.host)
        # The scheme may be what a proxy passed on unseen.
        if not name or (hosts and name not in hosts) or request.scheme not in ("http", "https"):
            raise BadHost
        g.base_url = base_url or f"{request.scheme}://{request.host}{quote(request.root_path.rstrip('/'))}"
        if len(request.query_string) + len(request.path) > MAX_ADDRESS:
            raise _status(414, "The address is too long. Send a long challenge with the form, or by POST.")
        try:
            unquote_to_bytes(request.query_string).decode()
        except UnicodeDecodeError:
            raise BadInput([("(unreadable)", "The address is not in UTF-8.")]) from None
        g.settings, g.forge = settings, forge
        if request.endpoint in ("static", "healthz", "readyz", "theme_css", "embed.serve", "embed.words"):
            return None
        g.library = latest()
        g.etag = _etag(g.library, program)
        return None

    @app.after_request
    def send(response: AnyResponse) -> AnyResponse:
        for name, value in frames.headers(HEADERS, settings, request.endpoint).items():
            response.headers.setdefault(name, value)
        if "Location" in response.headers:  # Routing writes the address of this server, not that of the site.
            response.headers["Location"] = response.headers["Location"].removeprefix(request.host_url.rstrip("/"))
        if request.path.startswith("/api/"):
            openapi.send(response)
        if _for_programs():
            openapi.open_to_all(response)
        if request.endpoint == "static" and response.status_code in (200, 206, 304):
            return response
        if request.method in ("GET", "HEAD") and response.status_code in (200, 206) and "etag" in g:
            whose = "private" if request.endpoint in MATCHERS else "public"
            response.headers.setdefault("Cache-Control", f"{whose}, max-age={FRESH_SECONDS}")
            response.headers["ETag"] = f'"{g.etag}"'
            # Only now is it known that there is an answer to be "not modified": a stranger can compute the ETag of any
            # address, or send *. Compared weakly, as RFC 9110 wants: a proxy that compresses makes it W/"…".
            if request.if_none_match.contains_weak(g.etag):
                response.set_data(b"")
                response.status_code = 304
        elif request.method == "POST" and request.endpoint in ("pages.match", "frames.match", "submit.fill"):
            # The asker's browser may keep the answer, on its disk too, for as long as one compares the cases in it:
            # without this, going back from a case shows no answer but the browser's request to send the form again.
            # The same goes for the pages on which one shares something: each is the answer to the one before.
            # `private` keeps it out of caches that others share; the About page tells of the copy in the browser.
            response.headers.setdefault("Cache-Control", f"private, max-age={pages.ANSWER_SECONDS}")
        elif request.method != "OPTIONS":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.get("/theme.css")
    def theme_css() -> AnyResponse:
        """The colours of this library, where they are not those of the style sheet."""
        return Response(theme, mimetype="text/css", headers={"Cache-Control": f"public, max-age={FRESH_SECONDS}"})

    @app.context_processor
    def site() -> dict[str, object]:
        """What every page says of the library it belongs to."""
        return {"site": settings, "forge": forge, "has_theme": bool(theme)}

    @app.get("/healthz")
    def healthz() -> AnyResponse:
        """The process is alive; says nothing about the library."""
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> AnyResponse:
        """The library is open and can be asked."""
        try:
            library = latest()
            cases, _ = library.cases(1, 1)  # Asks what is on the disk, which may have been damaged since it was opened.
        except InnoshareError as error:
            return api.body(ReadyBody(ready=False, reason=str(error)), status=503)
        age = datetime.now(UTC) - datetime.fromisoformat(library.built)
        return api.body(ReadyBody(ready=True, edition=library.edition, cases=cases, built=library.built,
                                  age_seconds=int(age.total_seconds())))

    _stand_below(app, urlsplit(base_url).path)
    trust_proxies(app, settings.proxies)
    hold_to_limits(app, settings)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(cards.blueprint)
    app.register_blueprint(wanted.blueprint)
    app.register_blueprint(feeds.blueprint)
    app.register_blueprint(oembed.blueprint)
    app.register_blueprint(discovery.blueprint)
    app.register_blueprint(submit.blueprint)
    app.register_blueprint(adopt.blueprint)
    app.register_blueprint(embed.blueprint)
    app.register_blueprint(frames.blueprint)
    app.register_blueprint(api.blueprint, url_prefix="/api/v1")
    app.register_blueprint(bulk.blueprint, url_prefix="/api/v1")
    app.register_blueprint(openapi.blueprint)
    app.register_error_handler(Exception, tell)
    return app


def _stand_below(app: Flask, path: str) -> None:
    """Let `app` stand below the path of its public address, so that its links begin with it.

    The web server before it may pass that path on or take it away; one that runs it there itself says SCRIPT_NAME."""
    if not path:
        return
    inner, home = app.wsgi_app, unquote_to_bytes(path).decode("latin-1")  # As WSGI has paths.

    def below(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        if not environ.get("SCRIPT_NAME"):
            asked = environ.get("PATH_INFO", "")
            environ["SCRIPT_NAME"] = home
            if f"{asked}/".startswith(f"{home}/"):
                environ["PATH_INFO"] = asked.removeprefix(home) or "/"
        return inner(environ, start_response)

    app.wsgi_app = below  # type: ignore[method-assign]


def tell(error: Exception) -> AnyResponse:
    """The answer to a failure: problem details for programs, a page for people."""
    headers: dict[str, str] = {}
    mistakes: tuple[tuple[str, str], ...] = ()
    if isinstance(error, HTTPException) and (error.code or 500) < 400:
        return error.get_response(request.environ)  # Routing's redirects travel as exceptions.
    if isinstance(error, BadHost):  # A foreign host name, or none: no link can be made for a page.
        return Response("This site has another address.\n", 400, {"Cache-Control": "no-store"}, mimetype="text/plain")
    if isinstance(error, InnoshareError):
        status, title, detail = error.status, error.title, str(error)
        if isinstance(error, BadInput):
            mistakes, detail = error.mistakes, "Mend what is listed and ask again."
        if isinstance(error, EditionError):  # Its words are ours, about files: nobody typed them.
            log.error("%s at %s: %s", type(error).__name__, request.endpoint or "no view", error)
    elif isinstance(error, HTTPException) and (error.code or 500) < 500:
        status = error.code or 500
        title, detail = _WORDS.get(status, (error.name, ""))
        detail = detail or error.description or ""
        headers = {name: value for name, value in error.get_headers()
                   if name in ("Allow", "Content-Range", "Retry-After")}
    else:
        status, title, detail = 500, InnoshareError.title, "The fault is ours and has been noted. Please try again."
        _note(error)
    body = ProblemBody(type=openapi.problem_type(status), title=title, status=status, detail=detail,
                       errors=tuple(Mistake(parameter=name, detail=text) for name, text in mistakes))
    if _for_programs():
        response = api.body(body, status=status, mimetype="application/problem+json")
    else:
        try:
            framed = request.endpoint in frames.FRAMED
            response = Response(frames.told(body) if framed else render_template("error.html", problem=body), status)
        except Exception as second:  # Whatever broke the answer may break the page about it; a sentence always works.
            _note(second)
            response = Response(f"{title}. {detail}\n", status, mimetype="text/plain")
    response.headers.update(headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _for_programs() -> bool:
    return request.path.startswith("/api/") or request.blueprint in FOR_PROGRAMS


# Our words for the statuses that Flask raises itself; never the request's.
_WORDS = {
    400: ("The request cannot be understood", "Something about it is not as it should be. Start again from the page."),
    404: ("Not found", "There is nothing at this address. It may have been mistyped, or the case has been renamed."),
    405: ("This address does not take such a request", "It can be read, not written to."),
    406: ("Nothing to offer in this format", "This address answers in JSON. Ask for application/json."),
    413: ("Too much at once", "The request is larger than this address takes. Send less at once."),
    429: ("Too many requests at once", ""),  # When to come again, `limits` says.
    415: ("Not in this format", "Send the challenge as JSON, with the content type application/json."),
    416: ("No such part", "Ask for one part that begins within the file, as Range: bytes=0-65535."),
}


def _note(error: Exception) -> None:
    """Log a fault of ours: the stack without the message, since a message may hold what somebody typed."""
    log.error("%s at %s\n%s", type(error).__name__, request.endpoint or "no view",
              "".join(traceback.format_tb(error.__traceback__)))


def _host_name(host: str) -> str:
    """The name in a host that may have a port, in small letters; "" where it is no host."""
    found = host_of(host)
    return found["name"].lower() if found else ""


def _status(code: int, text: str) -> HTTPException:
    error = HTTPException(text)
    error.code = code
    return error


def _etag(library: Library, program: str) -> str:
    """Fingerprint of an answer before it is made: the same edition, program, day and address give the same one."""
    key = f"{library.edition} {program} {datetime.now(UTC).date()} {g.base_url} {request.path} ".encode(
        "utf-8", "replace") + request.query_string
    return sha256(key).hexdigest()[:32]


@cache
def _files() -> str:
    """Fingerprint of all that answers are made by, as it is when the program starts: a page that names a script changes
    with it, also where the version stays the same, as it does in a copy of the repository that is kept up to date."""
    files = sorted(path for folder in (PACKAGE, _templates()) for path in folder.rglob("*")
                   if path.suffix in (".py", ".html", ".css", ".js", ".json", ".svg") and path.is_file())
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _theme(colour: str) -> str:
    """A style sheet that puts the library's own colour in place of the blue of `site.css`; "" where it is that blue.

    Signs stand on the colour itself, the bands on a darker one. Links need contrast against a ground that is not quite
    white, so they are darker by a seventh; on the dark ground they are mixed with as much white as the blue ones."""
    if colour == Settings.model_fields["colour"].default:
        return ""
    return (f":root {{ --enamel: {colour}; --enamel-deep: color-mix(in oklab, {colour} 72%, black); "
            f"--link: light-dark(color-mix(in oklab, {colour} 86%, black), color-mix(in oklab, {colour} 38%, white)); "
            "}\n")


def _templates() -> Path:
    """Inside the package once it is installed; at the top of the project while one works on it."""
    inside = PACKAGE / "templates"
    return inside if inside.is_dir() else PACKAGE.parent / "templates"
