"""Feeds as readers take them: valid whatever stands in the texts, with addresses and dates that can be relied on."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from test_provenance import Made
from test_web_challenges import ANSWERED, NIGHT_BUSES, NO_ANSWER, rebuilt
from test_web_pages import Page

from innoshare import content, edition
from innoshare.case import Card
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.render import render
from innoshare.search import Query, Sort
from innoshare.web import create_app
from innoshare.web.feeds import ATOM, ENTRIES, Feed, Item, atom, json_feed

SMALL = Path(__file__).parent / "cases"
JSON_LD = "application/ld+json"  # Data, not a program.
CASES, BOARD, CITY = "/feed.atom", "/challenges/feed.atom", "/cities/sandhaven/feed.atom"
FEEDS = (CASES, f"{CASES}?q=bus&theme=mobility", BOARD, f"{BOARD}?status=open&theme=mobility",
         f"/challenges/{ANSWERED}/feed.atom", f"/challenges/{NO_ANSWER}/feed.atom", CITY)

HOSTILE = "</title></entry><script>alert(1)</script> ]]> <!-- &amp; &#0; \" ' \u2028 \u202e \x00\x0b\x1b \ufffe\uffff"
SHOWN = re.sub("[\x00\x0b\x1b\ufffe\uffff\u202e]", "", HOSTILE)  # what XML can hold, and turns nothing round


def taken(client: FlaskClient, url: str) -> Any:
    """A feed as a reader takes it, which must find nothing wrong with it."""
    answer = client.get(url)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return read(answer.data)


def read(document: bytes) -> Any:
    found = feedparser.parse(document)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    for part in (found.feed, *found.entries):
        assert part.id
        assert part.title
        assert part.updated_parsed
    assert found.feed.author
    return found


def as_json(url: str) -> str:
    """The address of the same feed in JSON."""
    return url.replace("/feed.atom", "/feed.json", 1)


def listed(client: FlaskClient, url: str) -> dict[str, Any]:
    """The JSON Feed beside an Atom feed, which must tell the same."""
    answer = client.get(as_json(url))
    assert (answer.status_code, answer.mimetype) == (200, "application/feed+json")
    parts = strict(answer.data)
    told = taken(client, url)
    assert parts["version"] == "https://jsonfeed.org/version/1.1"
    assert (parts["title"], parts["home_page_url"]) == (told.feed.title, told.feed.link)
    assert parts["authors"] == [{"name": told.feed.author}]
    assert [(item["id"], item["url"], item["title"], item["summary"], item["date_modified"], item.get("date_published"))
            for item in parts["items"]] == [(entry.id, entry.link, entry.title, entry.summary, entry.updated,
                                             entry.get("published")) for entry in told.entries]
    for item, entry in zip(parts["items"], told.entries, strict=True):
        assert item["content_text"].startswith(item["summary"])
        assert item["tags"] == [tag.label for tag in entry.get("tags", ())]
    return parts


def strict(document: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(document.decode("utf-8"), parse_constant=refuse)


def texts(document: bytes, tag: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(document).iter(f"{{{ATOM}}}{tag}")]


def days_of(library: Library, card: Card) -> tuple[str | None, str]:
    """When a case came into the library, if git knows, and when it changed or came."""
    history = library.entry(card.slug).history
    first = history.first_published if history else None
    return f"{first}T00:00:00Z" if first else None, f"{max(card.updated, first or '')}T00:00:00Z"


def test_every_case_can_be_followed_what_changed_last_first(client: FlaskClient, library: Library) -> None:
    parts, found = listed(client, CASES), taken(client, CASES)
    days = {card.slug: days_of(library, card) for card in library.cases(1, 50)[1]}
    cards = sorted(library.cases(1, 50)[1], key=lambda card: days[card.slug][1], reverse=True)
    assert [item["id"] for item in parts["items"]] == [f"http://localhost/cases/{card.slug}" for card in cards]
    assert found.feed.updated == days[cards[0].slug][1]
    for item, card in zip(parts["items"], cards, strict=True):
        assert (item.get("date_published"), item["date_modified"]) == days[card.slug]
        assert item["title"] == f"{card.title} ({card.city_name})"
        assert item["language"] == card.language
        assert f"What came of it: {card.outcome.label}. Evidence: {card.evidence_level} of 5" in item["content_text"]
        assert item["tags"][-1] == card.outcome.label
    assert "next_url" not in parts
    assert parts["feed_url"] == "http://localhost/feed.json"


def test_a_search_can_be_followed_whatever_its_order(client: FlaskClient, library: Library) -> None:
    asked = "q=bus&evidence=1&year_from=1990"
    feed = f"{CASES}?{asked}&sort=relevance&per_page=1&utm_source=letter"
    parts = listed(client, feed)
    hits = library.search(Query(text="bus", minimum_evidence=1, year_from=1990, sort=Sort.NEWEST)).results.hits
    days = [days_of(library, library.cards([hit.slug])[hit.slug])[1] for hit in hits]
    slugs = [hit.slug for _, hit in sorted(zip(days, hits, strict=True), key=lambda pair: pair[0], reverse=True)]
    assert [item["id"].rpartition("/")[2] for item in parts["items"]] == slugs
    assert 1 < len(hits) < library.facts.cases
    assert parts["home_page_url"] == f"http://localhost/search?{asked}"
    assert parts["feed_url"] == f"http://localhost/feed.json?{asked}"
    assert parts["title"] == "New and changed cases (“bus”, Evidence: at least 1, Since 1990) · innoshare"
    assert listed(client, f"{CASES}?q=zzzz")["items"] == []
    # The words of a search are part of its feed's name for good.
    assert taken(client, feed).feed.id == f"http://localhost{CASES}?{asked}"


def test_the_feed_of_many_cases_comes_in_pages(tmp_path: Path) -> None:
    """RFC 5005: from page to page each case is met once; first comes what came last, though written long ago."""
    made = Made(tmp_path / "library")
    folder = Path(shutil.copytree(SMALL, made.root, dirs_exist_ok=True))
    path = folder / "cases" / "rio-verde-food-caddies.md"
    come = re.sub("(?m)^title: .*$", "title: A caddy that came late", path.read_text(encoding="utf-8"))
    for number in range(2 * ENTRIES):
        text = re.sub("(?m)^title: .*$", f"title: Made-up food caddy number {number}", path.read_text(encoding="utf-8"))
        text = re.sub("(?m)^updated: .*$", f"updated: 2024-05-{number % 28 + 1:02}", text)
        (folder / "cases" / f"caddy-{number}.md").write_text(text, encoding="utf-8")
    made.commit(day="2024-06-01")
    (folder / "cases" / "caddy-late.md").write_text(
        re.sub("(?m)^updated: .*$", "updated: 2024-04-01", come), encoding="utf-8")
    made.commit(day="2026-03-01")
    edition.build(folder, tmp_path / "data", embeddings="none")
    library = Library.open(Settings(data=tmp_path / "data", embeddings="none"))
    client = create_app(library).test_client()
    url, seen, days = f"{CASES}?q=caddy", list[str](), list[str]()
    pages = 0
    while url:
        parts, links = listed(client, url), {link.rel: link.href for link in taken(client, url).feed.links}
        assert links["self"] == f"http://localhost{url}"
        assert ("previous" in links) == ("first" in links) == bool(seen)
        assert parts.get("next_url") == (as_json(links["next"]) if "next" in links else None)
        seen += [item["id"] for item in parts["items"]]
        days += [item["date_modified"] for item in parts["items"]]
        url = links.get("next", "").removeprefix("http://localhost")
        pages += 1
    assert pages == 3
    assert days == sorted(days, reverse=True)
    assert len(seen) == len(set(seen)) == 2 * ENTRIES + 2
    assert (seen[0], days[0]) == ("http://localhost/cases/caddy-late", "2026-03-01T00:00:00Z")
    assert client.get(f"{CASES}?page=100").status_code == 400
    library.close()


def test_a_city_can_be_followed_with_what_it_took_up_and_looks_for(client: FlaskClient, library: Library) -> None:
    entry = library.city("sandhaven")
    parts = listed(client, CITY)
    page = "http://localhost/cities/sandhaven"
    assert {item["id"] for item in parts["items"]} == {
        *(f"http://localhost/cases/{card.slug}" for card in entry.cards),
        *(f"{page}#adopted-{card.slug}" for card in entry.adopted), f"http://localhost/challenges/{ANSWERED}"}
    assert parts["home_page_url"] == page
    assert entry.adopted
    assert any(item["title"].startswith("Taken up from elsewhere: ") for item in parts["items"])


def test_the_board_can_be_followed(client: FlaskClient, library: Library) -> None:
    found = taken(client, BOARD)
    assert [entry.title for entry in found.entries] == [
        f"{item.title} ({library.cities[item.city].name})"
        for item in sorted(library.challenges, key=lambda item: item.updated, reverse=True)]
    entry = next(entry for entry in found.entries if entry.id.endswith(ANSWERED))
    assert entry.id == entry.link == f"http://localhost/challenges/{ANSWERED}"
    assert (entry.published[:10], entry.updated[:10]) == ("2026-04-02", "2026-05-11")
    assert "author" not in entry  # Others than the city may have written it.
    assert {tag.term for tag in entry.tags} == {"open", "mobility"}
    assert entry.summary == library.challenge(ANSWERED).challenge.challenge
    assert found.feed.updated == max(entry.updated for entry in found.entries)
    assert len(listed(client, BOARD)["items"]) == len(found.entries)


def test_a_part_of_the_board_can_be_followed(client: FlaskClient) -> None:
    found = taken(client, f"{BOARD}?theme=mobility&country=GB&utm_source=letter")
    assert [entry.id.rpartition("/")[2] for entry in found.entries] == [ANSWERED]
    assert found.feed.title == "Wanted (Mobility, United Kingdom) · innoshare"
    assert found.feed.id == f"http://localhost{BOARD}?theme=mobility&country=GB"
    assert taken(client, f"{BOARD}?status=solved").entries == []


def test_a_challenge_tells_of_each_case_that_answers_it(client: FlaskClient, library: Library) -> None:
    found, entry = taken(client, f"/challenges/{ANSWERED}/feed.atom"), library.challenge(ANSWERED)
    assert {item.link.rpartition("/")[2] for item in found.entries} == {match.card.slug for match in entry.matches}
    best = next(item for item in found.entries if item.link.endswith(NIGHT_BUSES))
    assert best.id == f"http://localhost/challenges/{ANSWERED}#answer-{NIGHT_BUSES}"
    assert best.tags[0].term == "strong"
    assert f'id="answer-{NIGHT_BUSES}"' in client.get(f"/challenges/{ANSWERED}").text
    assert taken(client, f"/challenges/{NO_ANSWER}/feed.atom").entries == []


def test_a_challenge_tells_of_warnings_and_of_its_status(folder: Path, tmp_path: Path) -> None:
    warned, feed = folder / "cases" / f"{NIGHT_BUSES}.md", f"/challenges/{ANSWERED}/feed.atom"
    warned.write_text(re.sub("(?m)^outcome: .*$", "outcome: negative", warned.read_text(encoding="utf-8")),
                      encoding="utf-8")
    with rebuilt(folder, tmp_path) as (client, library):
        assert library.challenge(ANSWERED).cautions
        told = {entry.id: entry for entry in taken(client, feed).entries}
        page = client.get(f"/challenges/{ANSWERED}").text
    warning = told[f"http://localhost/challenges/{ANSWERED}#answer-{NIGHT_BUSES}"]
    assert warning.title.startswith("Tried elsewhere, and stopped: ")
    assert warning.tags[0].term == "warning"
    assert f'id="answer-{NIGHT_BUSES}"' in page
    assert not any("#status-" in about for about in told)

    challenge = folder / "challenges" / f"{ANSWERED}.md"
    challenge.write_text(challenge.read_text(encoding="utf-8").replace(
        "status: open\n", "status: solved\nanswered_by: [sandhaven-rent-fund]\n"), encoding="utf-8")
    with rebuilt(folder, tmp_path) as (client, _):
        (new,) = (item for item in listed(client, feed)["items"] if item["id"] not in told
                  and "#status-" in item["id"])
    assert new["id"].endswith("#status-solved")
    assert new["title"].startswith("Solved: ")
    assert new["summary"] == "The city has an answer that works for it. Sandhaven itself names 1 case."


def test_a_new_answer_is_a_new_entry_and_the_others_stay_as_they_are(folder: Path, tmp_path: Path) -> None:
    path, translation = folder / "cases" / f"{NIGHT_BUSES}.md", folder / "cases" / "testby-nattbussar.md"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    translation.unlink()
    feed = f"/challenges/{ANSWERED}/feed.atom"
    with rebuilt(folder, tmp_path) as (client, _):
        before = {entry.id: entry.updated for entry in taken(client, feed).entries}
    path.write_text(text, encoding="utf-8")
    with rebuilt(folder, tmp_path) as (client, _):
        after = {entry.id: entry.updated for entry in taken(client, feed).entries}
    (new,) = after.keys() - before.keys()
    assert new.endswith(f"#answer-{NIGHT_BUSES}")
    assert before.items() <= after.items()
    # The case is older than the challenge, so it has answered it since the challenge was made known.
    assert after[new] == "2026-04-02T00:00:00Z"


def test_a_case_that_the_city_names_is_told_once(folder: Path, tmp_path: Path) -> None:
    path = folder / "challenges" / f"{ANSWERED}.md"
    path.write_text(path.read_text(encoding="utf-8").replace(
        "status: open\n", f"status: matched\nanswered_by: [{NIGHT_BUSES}, sandhaven-rent-fund]\n"), encoding="utf-8")
    with rebuilt(folder, tmp_path) as (client, _):
        entries = taken(client, f"/challenges/{ANSWERED}/feed.atom").entries
        page = client.get(f"/challenges/{ANSWERED}").text
    assert len({entry.id for entry in entries}) == len(entries)
    assert {entry.link.rpartition("/")[2] for entry in entries if entry.tags[0].term == "confirmed"} == {
        NIGHT_BUSES, "sandhaven-rent-fund"}
    for entry in entries:
        assert page.count(f'id="{entry.id.partition("#")[2]}"') == 1


@pytest.mark.parametrize("url", FEEDS)
def test_all_addresses_are_those_of_the_public_site(library: Library, url: str) -> None:
    public = "https://library.example.org/library"
    client = create_app(library, Settings(base_url=public)).test_client()
    found = taken(client, url)
    links = [link.href for part in (found.feed, *found.entries) for link in part.links]
    assert links
    assert all(address.startswith(f"{public}/") for address in (*links, found.feed.id,
                                                                 *(entry.id for entry in found.entries)))
    own = next(link.href for link in found.feed.links if link.rel == "self")
    assert taken(client, own.removeprefix(public)).feed.id == found.feed.id
    assert client.get(url, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("url", [*FEEDS, *map(as_json, FEEDS)])
def test_a_reader_is_told_when_nothing_has_changed(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    again = client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_pages_lead_to_their_feeds(client: FlaskClient) -> None:
    search = "q=feed.atom+bus&theme=mobility"
    for path, feeds in (
            ("/", (CASES, BOARD)), ("/challenges", (BOARD,)),
            ("/challenges?theme=mobility", (f"{BOARD}?theme=mobility",)), ("/search", (CASES,)),
            (f"/search?{search}&sort=newest&page=1", (f"{CASES}?{search}",)), ("/cities/sandhaven", (CITY,)),
            (f"/challenges/{ANSWERED}", (f"/challenges/{ANSWERED}/feed.atom",))):
        page = Page(client.get(path).text)
        links = [link["href"] for link in page.all("link")
                 if link["rel"] == "alternate" and link["type"] in ("application/atom+xml", "application/feed+json")]
        assert links == [url for feed in feeds for url in (feed, as_json(feed))], path
        for feed in feeds:
            listed(client, feed)
        assert feeds[0] in [link["href"] for link in page.all("a")], path
    assert "feed.atom" not in client.get("/search?theme=nonsense").text


@pytest.mark.parametrize("url", [f"{BOARD}?theme=nonsense", f"{BOARD}?colour=red", f"{BOARD}?country=se",
                                 f"{BOARD}?status=open%00", f"/challenges/{ANSWERED}/feed.atom?x=1", f"{CITY}?x=1",
                                 f"{CASES}?page=abc", f"{CASES}?country=se", f"{CASES}?sort=best"])
def test_a_feed_of_something_else_is_refused(client: FlaskClient, url: str) -> None:
    for address in (url, as_json(url)):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
        assert answer.json["errors"][0]["detail"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_script_on_any_site_may_ask_whether_a_feed_has_changed(client: FlaskClient) -> None:
    leave = client.options("/feed.json").headers
    assert leave["Access-Control-Allow-Origin"] == "*"
    assert "If-None-Match" in leave["Access-Control-Allow-Headers"]
    told = client.get("/feed.json").headers
    assert {"ETag", "Retry-After"} <= set(told["Access-Control-Expose-Headers"].split(", "))
    assert "API-Version" not in told


@pytest.mark.parametrize("slug", ["nothing", "..%2f..%2fetc%2fpasswd", "%00", "a%0d%0ab", "feed.atom"])
def test_what_is_not_there_has_no_feed(client: FlaskClient, slug: str) -> None:
    for place in ("challenges", "cities"):
        for form in ("atom", "json"):
            assert client.get(f"/{place}/{slug}/feed.{form}").status_code == 404


def of(text: str) -> Feed:
    """A feed with a text wherever one can stand."""
    entry = Item(f"https://a.example/{text}", text, text, text, text, "2026-01-01", "2026-01-01", [(text, text)], text)
    return Feed(text, text, text, text, text, text, "2026-01-01T00:00:00Z", [entry], more=True)


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_in_any_field_leaves_a_feed_that_can_be_read(text: str) -> None:
    """Also half of a surrogate pair, which no encoding has."""
    document = atom(of(text), text)
    root = ElementTree.fromstring(document)
    assert [child.tag for child in root].count(f"{{{ATOM}}}entry") == 1
    assert {element.tag.partition("}")[2] for element in root.iter()} == {
        "feed", "id", "title", "subtitle", "updated", "link", "author", "name", "generator", "entry", "published",
        "category", "summary", "content"}
    (item,) = strict(json_feed(of(text), text))["items"]
    assert item["title"].split() == (root.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title") or "").split()


def test_hostile_words_stay_words(folder: Path, tmp_path: Path) -> None:
    """Files with such characters do not pass the check; a feed does not rely on it."""
    found = content.read(folder)
    bad = {"title": HOSTILE, "challenge": f"{HOSTILE} after midnight nurses cannot get home from their shifts",
           "constraints": [HOSTILE], "tried": [HOSTILE], "target_groups": [HOSTILE]}
    challenges = {slug: item.model_copy(update=bad) for slug, item in found.challenges.items()}
    cases = {slug: item.model_copy(update={"title": HOSTILE, "summary": HOSTILE}) for slug, item in found.cases.items()}
    cities = {slug: item.model_copy(update={"name": HOSTILE}) for slug, item in found.cities.items()}
    paths = [f"{kind}/{slug}.md" for kind, records in (("cases", cases), ("challenges", challenges), ("cities", cities))
             for slug in records]
    edition.build_from(replace(found, cases=cases, challenges=challenges, cities=cities),
                       dict.fromkeys(paths, render("A text.")), tmp_path / "data", "none")
    library = Library.open(Settings(data=tmp_path / "data", embeddings="none"))
    client = create_app(library).test_client()
    assert library.challenge(ANSWERED).matches
    for url in (CASES, BOARD, f"/challenges/{ANSWERED}/feed.atom", CITY):
        document = client.get(url).data
        assert read(document).entries
        assert f"{SHOWN} ({SHOWN})" in texts(document, "title")
        assert f"{SHOWN} ({SHOWN})" in [item["title"] for item in strict(client.get(as_json(url)).data)["items"]]
    for path in ("/", "/challenges", f"/challenges/{ANSWERED}", "/cities/sandhaven", f"/cases/{NIGHT_BUSES}"):
        page = Page(client.get(path).text)
        assert [script["src"].partition("?")[0] for script in page.all("script") if script.get("type") != JSON_LD] == [
            "/static/site.js"], path
    library.close()
