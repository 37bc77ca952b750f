"""oEmbed 1.0, `/oembed`: what a content management system shows where somebody has pasted an address of ours.

A case and a challenge become a quotation in the style of the page around; a search and the matcher become their frame,
with a quotation before it for where frames are kept out. Nothing is fetched and nobody is called: an address is taken
apart, and answered only where its scheme, host and port are those of this site and one of its own pages is behind it.

Whatever else is asked for is passed over, as the standard wants: systems send parameters of their own along.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from xml.etree.ElementTree import Element

from flask import Blueprint, Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException

from innoshare.case import Card, OpenChallenge
from innoshare.errors import BadInput, InnoshareError, NotFound
from innoshare.library import Library
from innoshare.search import Query
from innoshare.web import cards, parameters, shapes, wording
from innoshare.web.feeds import child, document, facts, printable
from innoshare.web.parameters import Parameters, given
from innoshare.web.shapes import url_of
from innoshare.web.snippets import FRAME_HEIGHT, Look, Wish, frame_attributes

blueprint = Blueprint("oembed", __name__)

KNOWN = ("url", "format", "maxwidth", "maxheight")
FORMATS = ("json", "xml")
LONGEST_URL = 8_000  # A search with sixty values in a facet fits in; most web servers take no longer line.
LARGEST = 100_000  # Of a width or height; what is beyond is a slip.
WIDTH = 600  # What a column of text has at most on most sites.
QUOTATION_HEIGHT = 260  # Of a title, a summary of 280 characters and a line of facts, 600 pixels wide.
CACHE_SECONDS = 24 * 3600  # How long others may keep an answer: a summary changes rarely.

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class NotInThisFormat(InnoshareError):
    """The answer was asked for in a format that is not made here; the status is that of the standard."""

    status = 501
    title = "Not in this format"


@dataclass(frozen=True)
class Embed:
    """What is to be shown: in `html`, `height` pixels high; `card` is the path of a picture of it."""

    title: str
    html: str
    height: int
    card: str


@blueprint.get("/oembed")
def oembed() -> Response:
    """Raises NotFound where the address is none of ours that can be embedded."""
    asked = Parameters((pair for pair in request.args.items(multi=True) if pair[0] in KNOWN), KNOWN)
    url, form = asked.text("url", LONGEST_URL), asked.text("format", 20) or FORMATS[0]
    width, height = (asked.number(name, 1, LARGEST) for name in ("maxwidth", "maxheight"))
    if not url:
        asked.refuse("url", "Send the address of a case, a challenge or a search of this library.")
    asked.finish()
    if form not in FORMATS:
        raise NotInThisFormat("An answer can be had in json and in xml.")
    found = _embed(url, width or WIDTH, height or LARGEST)
    body = _body(found, width or WIDTH)
    # A picture cannot be made smaller here, so one that is too large is not offered.
    if (width or LARGEST) >= cards.WIDTH and (height or LARGEST) >= cards.HEIGHT:
        body |= {"thumbnail_url": url_of(g.base_url, found.card), "thumbnail_width": cards.WIDTH,
                 "thumbnail_height": cards.HEIGHT}
    if form == "json":
        return Response(json.dumps(printable(body)), mimetype="application/json")
    root = Element("oembed")
    for name, value in body.items():
        child(root, name, str(value))
    return Response(document(root), mimetype="text/xml")


def _body(found: Embed, width: int) -> dict[str, str | int]:
    """The members of the answer, without the picture."""
    return {"version": "1.0", "type": "rich", "title": found.title, "provider_name": g.settings.name,
            "provider_url": url_of(g.base_url, ""), "cache_age": CACHE_SECONDS, "html": found.html, "width": width,
            "height": found.height}


# --- which page it is -------------------------------------------------------------------------------------------------


def _embed(url: str, width: int, height: int) -> Embed:
    """What is behind an address of ours, `width` wide and no higher than `height`. Raises NotFound."""
    parts = _own(url)
    try:
        # The routes of the application decide what is a page, so this cannot take for one what they do not.
        endpoint, values = current_app.url_map.bind("localhost").match(unquote(parts.path) or "/", "GET")
    except HTTPException:  # A redirection is one, too.
        raise _unknown() from None
    make = _PAGES.get(endpoint)
    if make is None:
        raise _unknown()
    return make(parts.query, width, height, **values)


def _own(url: str) -> SplitResult:
    """An address of this site in its parts, the path as the application knows it. Raises NotFound for every other one.

    Host and port are compared as they are written, so there is no room for a name before an `@`, for another name that
    begins or ends like ours, or for signs that others read as a slash."""
    try:
        parts, home = urlsplit(url), urlsplit(g.base_url)
    except ValueError:  # An IPv6 address that is none.
        raise _unknown() from None
    path = parts.path.removeprefix(home.path)
    if _origin(parts) != _origin(home) or not parts.path.startswith(home.path) or (path and path[0] != "/"):
        raise _unknown()
    return parts._replace(path=path)


def _origin(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ''))}"


def _unknown() -> NotFound:
    return NotFound("This is not the address of a case, a challenge or a search of this library.")


# --- what is shown of it ----------------------------------------------------------------------------------------------


def _case(asked: str, width: int, height: int, slug: str) -> Embed:
    card: Card | None = g.library.cards([slug]).get(slug)
    if card is None:
        raise _unknown()
    return _quotation(("cases", slug), f"{card.title} ({card.city_name})", card.summary, card.language, facts(card),
                      height)


def _challenge(asked: str, width: int, height: int, slug: str) -> Embed:
    library: Library = g.library
    item: OpenChallenge | None = next((item for item in library.challenges if item.slug == slug), None)
    if item is None:
        raise _unknown()
    body = shapes.wanted_body(item, library)
    told = f"Wanted by {body.city}, {body.country_name}. {body.status.label}. {wording.answers_found(body)}."
    return _quotation(("challenges", slug), f"{body.title} ({body.city})", body.challenge, body.language, told, height)


def _quotation(path: tuple[str, str], title: str, summary: str, language: str, told: str, height: int) -> Embed:
    html = render_template("_oembed.html", url=url_of(g.base_url, *path), title=title, summary=summary, facts=told,
                           language=language, attributes={})
    card = path[1:] if path[0] == "cases" else path
    return Embed(title, html.strip(), min(QUOTATION_HEIGHT, height), "/".join(("cards", *card)) + ".png")


def _search(asked: str, width: int, height: int) -> Embed:
    try:
        query = parameters.query(given(parse_qsl(asked, keep_blank_values=True)), g.library)
    except (BadInput, ValueError):  # More fields than parse_qsl takes.
        raise _unknown() from None
    query, words = wording.followed(query), ", ".join(wording.asked_for(query, g.library))
    title = f"Cases: {words}" if words else "What cities did about their challenges"
    return _framed(Wish("search", query, "", Look()), parameters.address(query, url_of(g.base_url, "search")), title,
                   width, height)


def _match(asked: str, width: int, height: int) -> Embed:
    if asked:  # A challenge would stand in the logs of all who pass the answer on.
        raise _unknown()
    return _framed(Wish("match", Query(), "", Look()), url_of(g.base_url, "match"), "Who has solved your challenge?",
                   width, height)


def _framed(wish: Wish, url: str, title: str, width: int, height: int) -> Embed:
    high = min(FRAME_HEIGHT, height)
    attributes = frame_attributes(wish, g.base_url) | {"title": title, "width": str(width), "height": str(high)}
    html = render_template("_oembed.html", url=url, title=f"{title} · {g.settings.name}", summary="", facts="",
                           language="en", attributes=attributes)
    return Embed(title, html.strip(), high, "card.png")


_PAGES: dict[str, Callable[..., Embed]] = {"pages.case": _case, "wanted.challenge": _challenge, "pages.search": _search,
                                           "pages.home": _search, "pages.match": _match}


@blueprint.app_context_processor
def embeddable() -> dict[str, bool]:
    """For the head of a page: whether others can ask here how to embed it."""
    return {"embeddable": request.endpoint in _PAGES}
