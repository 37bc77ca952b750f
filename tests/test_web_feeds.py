"""Feeds as readers take them: valid whatever stands in the texts, with addresses and dates that can be relied on."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from test_web_challenges import ANSWERED, NIGHT_BUSES, NO_ANSWER, rebuilt
from test_web_pages import Page

from innoshare import content, edition
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.render import render
from innoshare.web import create_app
from innoshare.web.feeds import ATOM, Feed, Item, atom

BOARD = "/challenges/feed.atom"
FEEDS = (BOARD, f"{BOARD}?status=open&theme=mobility", f"/challenges/{ANSWERED}/feed.atom",
         f"/challenges/{NO_ANSWER}/feed.atom")

HOSTILE = "</title></entry><script>alert(1)</script> ]]> <!-- &amp; &#0; \" ' \u2028 \u202e \x00\x0b\x1b \ufffe\uffff"
SHOWN = re.sub("[\x00\x0b\x1b\ufffe\uffff]", "", HOSTILE)  # what XML can hold


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


def texts(document: bytes, tag: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(document).iter(f"{{{ATOM}}}{tag}")]


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


def test_a_new_answer_is_a_new_entry_and_the_others_stay_as_they_are(folder: Path, tmp_path: Path) -> None:
    path, translation = folder / "cases" / f"{NIGHT_BUSES}.md", folder / "cases" / "testby-nattbussar.md"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    translation.write_text(re.sub("translations:\n  - .*\n    .*\n", "", translation.read_text(encoding="utf-8")),
                           encoding="utf-8")
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
    public = "https://library.example.org/cities"
    client = create_app(library, Settings(base_url=public)).test_client()
    found = taken(client, url)
    links = [link.href for part in (found.feed, *found.entries) for link in part.links]
    assert links
    assert all(address.startswith(f"{public}/") for address in (*links, found.feed.id,
                                                                 *(entry.id for entry in found.entries)))
    own = next(link.href for link in found.feed.links if link.rel == "self")
    assert taken(client, own.removeprefix(public)).feed.id == found.feed.id
    assert client.get(url, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("url", FEEDS)
def test_a_reader_is_told_when_nothing_has_changed(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    again = client.get(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_pages_lead_to_their_feeds(client: FlaskClient) -> None:
    for path, feed in (("/", BOARD), ("/challenges", BOARD), ("/challenges?theme=mobility", f"{BOARD}?theme=mobility"),
                       (f"/challenges/{ANSWERED}", f"/challenges/{ANSWERED}/feed.atom")):
        links = [link["href"] for link in Page(client.get(path).text).all("link") if link["rel"] == "alternate"]
        assert links == [feed], path
        taken(client, feed)


@pytest.mark.parametrize("url", [f"{BOARD}?theme=nonsense", f"{BOARD}?colour=red", f"{BOARD}?country=se",
                                 f"{BOARD}?status=open%00", f"/challenges/{ANSWERED}/feed.atom?x=1"])
def test_a_feed_of_something_else_is_refused(client: FlaskClient, url: str) -> None:
    assert client.get(url).status_code == 400


@pytest.mark.parametrize("slug", ["nothing", "..%2f..%2fetc%2fpasswd", "%00", "a%0d%0ab", "feed.atom"])
def test_what_is_not_there_has_no_feed(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/challenges/{slug}/feed.atom").status_code == 404


def of(text: str) -> Feed:
    """A feed with a text wherever one can stand."""
    entry = Item(f"https://a.example/{text}", text, text, text, text, "2026-01-01", "2026-01-01", [(text, text)])
    return Feed(text, text, text, text, text, "2026-01-01T00:00:00Z", [entry])


@given(st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_in_any_field_leaves_a_feed_that_can_be_read(text: str) -> None:
    """Also half of a surrogate pair, which no encoding has."""
    document = atom(of(text), text)
    root = ElementTree.fromstring(document)
    assert [child.tag for child in root].count(f"{{{ATOM}}}entry") == 1
    assert {element.tag.partition("}")[2] for element in root.iter()} == {
        "feed", "id", "title", "subtitle", "updated", "link", "author", "name", "generator", "entry", "published",
        "category", "summary"}


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
    for url in (BOARD, f"/challenges/{ANSWERED}/feed.atom"):
        document = client.get(url).data
        assert read(document).entries
        assert f"{SHOWN} ({SHOWN})" in texts(document, "title")
    for path in ("/", "/challenges", f"/challenges/{ANSWERED}", "/cities/sandhaven", f"/cases/{NIGHT_BUSES}"):
        page = Page(client.get(path).text)
        assert [script["src"].partition("?")[0] for script in page.all("script")] == ["/static/site.js"], path
    library.close()
