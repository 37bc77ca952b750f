"""Feeds of the wanted board, in Atom: what is wanted, and who has an answer to one challenge.

Whoever follows the board learns of each new challenge, whoever follows a challenge of each case that answers it. Both
are found out when the library is built, so a feed is made from what lies there and costs as little as a page.

A text about a city is often written by somebody else, so the library stands as the author of all of them.

Every entry is known for good by the address of what it is about, so a reader shows it once and again when it has
changed. Addresses are absolute: a feed is read elsewhere. All text is plain text, and what XML cannot hold is left out:
ElementTree would write it, and no reader could read the whole feed any more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, Response, g, request

from innoshare import __version__
from innoshare.case import Card, OpenChallenge
from innoshare.library import ChallengeEntry, Library
from innoshare.matching import Strength
from innoshare.web import parameters
from innoshare.web.parameters import Parameters, given
from innoshare.web.shapes import FEED, url_of

blueprint = Blueprint("feeds", __name__)

ATOM, MIMETYPE = "http://www.w3.org/2005/Atom", "application/atom+xml"
# Entries of the board's feed, those that changed last: a year of a busy board, and no more than 200 KB.
MOST = 100

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Item:
    """An entry of a feed. `about` is the address it is known by, `url` where it leads; `updated` is a day; `kinds` are
    pairs of a value and its label."""

    about: str
    url: str
    title: str
    summary: str
    language: str
    updated: str
    published: str = ""
    kinds: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Feed:
    """A feed at an `address`, whose entries the page at `page` shows as well. `language` is that of `subtitle`; `since`
    is the moment of its last change where it has no entry."""

    address: str
    page: str
    title: str
    subtitle: str
    language: str
    since: str
    items: Sequence[Item]


@blueprint.get(f"/challenges/{FEED}")
def board() -> Response:
    """The wanted board, with the filters of its page."""
    library: Library = g.library
    filters = parameters.wanted(given(request.args.items(multi=True)), library)
    latest = sorted(library.wanted(filters), key=lambda item: item.updated, reverse=True)[:MOST]
    chosen = [library.facet_label(name, value) for name, values in filters.items() for value in values]
    return _sent(Feed(
        _address(filters), _address(filters, page=True), f"Wanted ({', '.join(chosen)})" if chosen else "Wanted",
        "Challenges that cities look for an answer to", "en", library.built,
        [_wanted(item, library) for item in latest]))


@blueprint.get(f"/challenges/<slug>/{FEED}")
def answers(slug: str) -> Response:
    """The cases that answer a challenge."""
    Parameters(given(request.args.items(multi=True)), ()).finish()
    entry = g.library.challenge(slug)
    page = url_of(g.base_url, "challenges", slug)
    return _sent(Feed(
        f"{page}/{FEED}", page, f"Answers to: {entry.challenge.title}", entry.challenge.challenge,
        entry.challenge.language, _moment(entry.challenge.updated),
        sorted(_answers(entry, page), key=lambda item: item.updated, reverse=True)))


def _address(filters: Mapping[str, Iterable[str]], page: bool = False) -> str:
    """Of the board's feed, or of its page."""
    asked = urlencode([(name, value) for name, values in filters.items() for value in values])
    return url_of(g.base_url, "challenges", *(() if page else (FEED,))) + (f"?{asked}" if asked else "")


def _wanted(challenge: OpenChallenge, library: Library) -> Item:
    page = url_of(g.base_url, "challenges", challenge.slug)
    return Item(page, page, f"{challenge.title} ({library.cities[challenge.city].name})", challenge.challenge,
                challenge.language,
                challenge.updated, challenge.published,
                [(challenge.status.value, challenge.status.label),
                 *((theme, library.facet_label("theme", theme)) for theme in challenge.themes)])


def _answers(entry: ChallengeEntry, page: str) -> Iterator[Item]:
    def item(card: Card, kind: str, label: str) -> Item:
        return Item(f"{page}#answer-{card.slug}", url_of(g.base_url, "cases", card.slug),
                    f"{card.title} ({card.city_name})", card.summary,
                    card.language, entry.since[card.slug], kinds=[(kind, label)])

    for card in entry.confirmed:
        yield item(card, "confirmed", "Named by the city itself")
    for match in entry.matches:
        if match.card not in entry.confirmed:
            strong = match.strength is Strength.STRONG
            yield item(match.card, match.strength.value, "Strong match" if strong else "Possible match")


def _sent(feed: Feed) -> Response:
    return Response(atom(feed, g.settings.name), mimetype=MIMETYPE)


def atom(feed: Feed, publisher: str) -> bytes:
    """A feed as a document; `publisher` is the name of the library."""
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(root, "id", feed.address)
    _add(root, "title", f"{feed.title} · {publisher}")
    _add(root, "subtitle", feed.subtitle, **{"xml:lang": feed.language})
    _add(root, "updated", max((_moment(item.updated) for item in feed.items), default=feed.since))
    _add(root, "link", rel="self", type=MIMETYPE, href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    _add(_add(root, "author"), "name", publisher)
    _add(root, "generator", "innoshare", version=__version__)
    for item in feed.items:
        entry = _add(root, "entry", **{"xml:lang": item.language})
        _add(entry, "id", item.about)
        _add(entry, "title", item.title)
        _add(entry, "link", rel="alternate", type="text/html", href=item.url)
        _add(entry, "updated", _moment(item.updated))
        if item.published:
            _add(entry, "published", _moment(item.published))
        for term, label in item.kinds:
            _add(entry, "category", term=term, label=label)
        _add(entry, "summary", item.summary)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A child of `parent`, without what XML cannot hold."""
    child = SubElement(parent, tag, {name: _NOT_XML.sub("", value) for name, value in attributes.items()})
    child.text = _NOT_XML.sub("", text) or None
    return child


def _moment(day: str) -> str:
    """The beginning of a day, as feeds write time."""
    return f"{day}T00:00:00Z"
