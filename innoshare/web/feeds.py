"""Feeds: what is new and what has changed, for those who follow a search, the wanted board, a challenge or a city.

Each is made once, as a `Feed`, and written in two forms: Atom (RFC 4287) for feed readers, JSON Feed 1.1 for scripts.
What a feed tells lies there since the library was built, so it costs as little as a page.

A text about a city is often written by somebody else, so the library stands as the author of all of them.

Every entry is known for good by the address of what it is about, so a reader shows it once and again when it has
changed. Addresses are absolute: a feed is read elsewhere. All text is plain text, and what XML cannot hold is left out:
ElementTree would write it, and no reader could read the whole feed any more.

Decision: no style sheet for those who open a feed in a browser. Browsers give up XSLT, and the page beside each feed
shows the same for people.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, Response, g, request

from innoshare import __version__
from innoshare.case import Card, OpenChallenge
from innoshare.choices import EVIDENCE_LEVELS, ChallengeStatus
from innoshare.library import ChallengeEntry, Library
from innoshare.matching import Strength
from innoshare.search import MAX_OFFSET, MAX_PER_PAGE
from innoshare.web import parameters, wording
from innoshare.web.parameters import Parameters, given
from innoshare.web.shapes import FEED, JSON_FEED, url_of

blueprint = Blueprint("feeds", __name__)

ATOM, ATOM_TYPE = "http://www.w3.org/2005/Atom", "application/atom+xml"
JSON_VERSION, JSON_TYPE = "https://jsonfeed.org/version/1.1", "application/feed+json"
# Entries of a feed, those that changed last: a year of a busy board, and no more than 200 KB.
MOST = 100
# Entries on a page of the feed of a search; `next` leads to older ones. As many as a search gives at most.
ENTRIES = MAX_PER_PAGE

# What XML cannot hold, and the signs that turn the direction of all that stands behind them in a reader's list.
_NOT_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Item:
    """An entry of a feed. `about` is the address it is known by, `url` where it leads; `facts` are sentences of ours
    that follow the `summary`; `updated` is a day; `kinds` are pairs of a value and its label."""

    about: str
    url: str
    title: str
    summary: str
    language: str
    updated: str
    published: str = ""
    kinds: Sequence[tuple[str, str]] = ()
    facts: str = ""


@dataclass(frozen=True)
class Feed:
    """A feed in the `folder` of the site, of what is `asked` for there (the parameters, "" for all), whose entries the
    page at `page` shows as well. `language` is that of `subtitle`; `since` is the moment of its last change where it
    has no entry. `number` counts pages of it from 1; `more` says that there is another one."""

    folder: str
    asked: str
    page: str
    title: str
    subtitle: str
    language: str
    since: str
    items: Sequence[Item]
    number: int = 1
    more: bool = False

    def address(self, form: str, number: int = 1) -> str:
        """Of a page of this feed in a form (FEED or JSON_FEED)."""
        asked = "&".join(filter(None, (self.asked, f"page={number}" if number > 1 else "")))
        return f"{url_of(self.folder, form)}{'?' if asked else ''}{asked}"


def atom(feed: Feed, publisher: str) -> bytes:
    """A feed as an Atom document; `publisher` is the name of the library."""
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    child(root, "id", feed.address(FEED))
    child(root, "title", f"{feed.title} · {publisher}")
    child(root, "subtitle", feed.subtitle, **{"xml:lang": feed.language})
    child(root, "updated", max((_moment(item.updated) for item in feed.items), default=feed.since))
    child(root, "link", rel="alternate", type="text/html", href=feed.page)
    child(root, "link", rel="alternate", type=JSON_TYPE, href=feed.address(JSON_FEED, feed.number))
    for relation, number, there in (("self", feed.number, True), ("first", 1, feed.number > 1),
                                    ("previous", feed.number - 1, feed.number > 1),
                                    ("next", feed.number + 1, feed.more)):
        if there:  # RFC 5005
            child(root, "link", rel=relation, type=ATOM_TYPE, href=feed.address(FEED, number))
    child(child(root, "author"), "name", publisher)
    child(root, "generator", "innoshare", version=__version__)
    for item in feed.items:
        entry = child(root, "entry", **{"xml:lang": item.language})
        child(entry, "id", item.about)
        child(entry, "title", item.title)
        child(entry, "link", rel="alternate", type="text/html", href=item.url)
        child(entry, "updated", _moment(item.updated))
        if item.published:
            child(entry, "published", _moment(item.published))
        for term, label in item.kinds:
            child(entry, "category", term=term, label=label)
        child(entry, "summary", item.summary)
        if item.facts:
            child(entry, "content", _whole(item))
    return document(root)


def json_feed(feed: Feed, publisher: str) -> bytes:
    """A feed as a JSON Feed; `publisher` is the name of the library."""
    parts: dict[str, Any] = {
        "version": JSON_VERSION, "title": f"{feed.title} · {publisher}", "description": feed.subtitle,
        "home_page_url": feed.page, "feed_url": feed.address(JSON_FEED, feed.number), "language": "en",
        "authors": [{"name": publisher}]}
    if feed.more:
        parts["next_url"] = feed.address(JSON_FEED, feed.number + 1)
    parts["items"] = [
        {"id": item.about, "url": item.url, "title": item.title, "summary": item.summary, "content_text": _whole(item),
         "date_modified": _moment(item.updated), "language": item.language, "tags": [label for _, label in item.kinds]}
        | ({"date_published": _moment(item.published)} if item.published else {})
        for item in feed.items]
    return json.dumps(printable(parts), ensure_ascii=False, allow_nan=False).encode()


def _whole(item: Item) -> str:
    return "\n\n".join(filter(None, (item.summary, item.facts)))


def _moment(day: str) -> str:
    """The beginning of a day, as feeds write time."""
    return f"{day}T00:00:00Z"


def printable(value: Any) -> Any:
    """A value as JSON has them, its texts without what no reader can show: half of a surrogate pair cannot even be
    encoded."""
    if isinstance(value, str):
        return _NOT_TEXT.sub("", value)
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, list) else value


def child(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A child of `parent`, without what XML cannot hold."""
    added = SubElement(parent, tag, printable(attributes))
    added.text = printable(text) or None
    return added


def document(root: Element) -> bytes:
    """An XML document."""
    made: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return made


_FORMS = {FEED: (atom, ATOM_TYPE), JSON_FEED: (json_feed, JSON_TYPE)}


def _feed(folder: str) -> Callable[[Callable[..., Feed]], Callable[..., Feed]]:
    """Serves what a view makes, in each form at an address of its own in the `folder`. The endpoint has the name of the
    view; of the JSON Feed, with `_json` behind it."""
    def serve(view: Callable[..., Feed]) -> Callable[..., Feed]:
        for form, (write, mimetype) in _FORMS.items():
            def give(write: Callable[[Feed, str], bytes] = write, mimetype: str = mimetype, **values: str) -> Response:
                return Response(write(view(**values), g.settings.name), mimetype=mimetype)
            blueprint.add_url_rule(f"{folder}/{form}", view.__name__ + ("_json" if form == JSON_FEED else ""), give)
        return view
    return serve


@_feed("")
def cases() -> Feed:
    """The cases of a search, those first that changed or came last; of no search, all. The order and the length of its
    pages are the feed's own, whatever `sort` and `per_page` say."""
    library: Library = g.library
    asked = parameters.query(given(request.args.items(multi=True)), library)
    query, followed = replace(asked, per_page=ENTRIES), wording.followed(asked)
    total, cards = library.changes(query)
    return Feed(
        g.base_url, urlencode(list(parameters.pairs(followed))),
        parameters.address(followed, url_of(g.base_url, "search")),
        _named("New and changed cases", wording.asked_for(asked, library)),
        "What cities did about their challenges, and what came of it", "en", library.built,
        [*_cases(cards, library)], query.page, more=query.offset + ENTRIES < min(total, MAX_OFFSET))


@_feed("/challenges")
def board() -> Feed:
    """The wanted board, with the filters of its page."""
    library: Library = g.library
    filters = parameters.wanted(given(request.args.items(multi=True)), library)
    asked = urlencode([(name, value) for name, values in filters.items() for value in values])
    chosen = [library.facet_label(name, value) for name, values in filters.items() for value in values]
    folder = url_of(g.base_url, "challenges")
    return Feed(
        folder, asked, f"{folder}?{asked}" if asked else folder, _named("Wanted", chosen),
        "Challenges that cities look for an answer to", "en", library.built,
        _latest(_wanted(item, library) for item in library.wanted(filters)))


@_feed("/challenges/<slug>")
def answers(slug: str) -> Feed:
    """The cases that answer a challenge or warn of an answer, and that it was solved."""
    nothing_asked()
    entry = g.library.challenge(slug)
    page = url_of(g.base_url, "challenges", slug)
    return Feed(page, "", page, f"Answers to: {entry.challenge.title}", entry.challenge.challenge,
                entry.challenge.language, _moment(entry.challenge.updated), _latest(_answers(entry, page)))


@_feed("/cities/<slug>")
def city(slug: str) -> Feed:
    """The cases of a city, those that it took up from others, and what it looks for."""
    nothing_asked()
    library: Library = g.library
    entry = library.city(slug)
    page = url_of(g.base_url, "cities", slug)
    taken = [replace(item, about=f"{page}#adopted-{card.slug}", title=f"Taken up from elsewhere: {item.title}")
             for card, item in zip(entry.adopted, _cases(entry.adopted, library), strict=True)]
    wanted = [_wanted(item, library) for item in library.challenges if item.city == slug]
    return Feed(page, "", page, entry.city.name, f"What {entry.city.name} did, took up and looks for", "en",
                library.built, _latest([*_cases(entry.cards, library), *taken, *wanted]))


def _named(what: str, chosen: Sequence[str]) -> str:
    return f"{what} ({', '.join(chosen)})" if chosen else what


def nothing_asked() -> None:
    """For an address without parameters: raises BadInput where one was sent."""
    Parameters(given(request.args.items(multi=True)), ()).finish()


def _latest(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.updated, reverse=True)[:MOST]


def _cases(cards: Sequence[Card], library: Library) -> Iterator[Item]:
    histories = library.histories(f"cases/{card.slug}.md" for card in cards)
    for card in cards:
        page, history = url_of(g.base_url, "cases", card.slug), histories.get(f"cases/{card.slug}.md")
        first = history.first_published if history else None
        # Who follows the library has not seen a case before it came in, whatever day its file says.
        yield Item(page, page, f"{card.title} ({card.city_name})", card.summary, card.language,
                   max(card.updated, first or ""), first or "",
                   [*((theme, library.facet_label("theme", theme)) for theme in card.themes),
                    (card.outcome.value, card.outcome.label)], facts(card))


def facts(card: Card) -> str:
    """What to know of a case before one opens it, in sentences."""
    began = f", since {card.year}" if card.year else ""
    taken_up = f" Taken up in {wording.plural(card.taken_up, 'other place')}." if card.taken_up else ""
    return (f"{card.city_name}, {card.country_name}{began}. What came of it: {card.outcome.label}. Evidence: "
            f"{card.evidence_level} of {max(EVIDENCE_LEVELS)}, {EVIDENCE_LEVELS[card.evidence_level][0]}.{taken_up}")


def _wanted(challenge: OpenChallenge, library: Library) -> Item:
    page = url_of(g.base_url, "challenges", challenge.slug)
    return Item(page, page, f"{challenge.title} ({library.cities[challenge.city].name})", challenge.challenge,
                challenge.language, challenge.updated, challenge.published,
                [(challenge.status.value, challenge.status.label),
                 *((theme, library.facet_label("theme", theme)) for theme in challenge.themes)])


def _answers(entry: ChallengeEntry, page: str) -> Iterator[Item]:
    def item(card: Card, kind: str, label: str, before: str = "") -> Item:
        return Item(f"{page}#answer-{card.slug}", url_of(g.base_url, "cases", card.slug),
                    f"{before}{card.title} ({card.city_name})", card.summary, card.language, entry.since[card.slug],
                    kinds=[(kind, label)], facts=facts(card))

    status = entry.challenge.status
    if status is not ChallengeStatus.OPEN:
        # Known by the status: a reader shows it once more when that changes, not when a word of the text does.
        yield Item(f"{page}#status-{status.value}", page, f"{status.label}: {entry.challenge.title}",
                   f"{status.help}. {_confirmed(entry)}".strip(), "en", entry.challenge.updated,
                   kinds=[(status.value, status.label)])
    for card in entry.confirmed:
        yield item(card, "confirmed", "Named by the city itself")
    for match in entry.matches:
        if match.card not in entry.confirmed:
            yield item(match.card, match.strength.value, f"{_strength(match.strength)} match")
    for match in entry.cautions:
        if match.card not in entry.confirmed:
            yield item(match.card, "warning", f"{_strength(match.strength)} warning", "Tried elsewhere, and stopped: ")


def _confirmed(entry: ChallengeEntry) -> str:
    return f"{entry.city.name} itself names {wording.plural(len(entry.confirmed), 'case')}." if entry.confirmed else ""


def _strength(strength: Strength) -> str:
    return "Strong" if strength is Strength.STRONG else "Possible"
