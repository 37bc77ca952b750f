"""The wanted board on pages and in the API: what is wanted, what the library found, and what the city says of it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from test_web_pages import Page

from innoshare import content, edition
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.search import words_of
from innoshare.web import create_app

# The made-up challenges: one that a made-up case answers, one that none does.
ANSWERED, NO_ANSWER = "sandhaven-late-shifts", "rio-verde-burial-grounds"
NIGHT_BUSES = "testby-night-buses"


@contextmanager
def rebuilt(folder: Path, place: Path) -> Iterator[tuple[FlaskClient, Library]]:
    """A changed content folder, built and served."""
    built = edition.build(folder, place / "data", strict=True)
    assert built.fingerprint, built.problems
    library = Library.open(Settings(content=folder, data=place / "data"))
    yield create_app(library).test_client(), library
    library.close()


@pytest.fixture
def change(folder: Path) -> Callable[..., None]:
    """Replaces words in the file of a made-up challenge."""
    def changed(slug: str, *pairs: tuple[str, str]) -> None:
        path = folder / "challenges" / f"{slug}.md"
        text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    return changed


def listed(page: Page) -> list[str]:
    """The challenges that a page leads to, in its order."""
    return [link["href"].rpartition("/")[2] for link in page.all("a") if link["href"].startswith("/challenges/")
            and not link["href"].partition("?")[0].endswith("feed.atom")]


def test_the_board_lists_what_is_wanted_newest_first_with_what_was_found(client: FlaskClient) -> None:
    page = Page(client.get("/challenges").text)
    assert listed(page) == [NO_ANSWER, ANSWERED]
    assert "1 case may help" in page.text
    assert "Nothing here yet" in page.text
    body = client.get("/api/v1/challenges").json
    assert [(item["slug"], item["strong"]) for item in body["challenges"]] == [(NO_ANSWER, 0), (ANSWERED, 1)]
    assert body["total"] == 2


@pytest.mark.parametrize(("asked", "found"), [
    ("status=open", [NO_ANSWER, ANSWERED]), ("status=solved", []), ("theme=mobility", [ANSWERED]),
    ("theme=mobility&theme=housing-homelessness", [NO_ANSWER, ANSWERED]), ("country=BR", [NO_ANSWER]),
    ("country=BR&theme=mobility", []), ("country=SE", []), ("status=&theme=", [NO_ANSWER, ANSWERED]),
])
def test_filters_narrow_the_board_everywhere_alike(client: FlaskClient, asked: str, found: list[str]) -> None:
    page = Page(client.get(f"/challenges?{asked}").text)
    assert listed(page) == found
    assert ("No challenge found" in page.text) == (not found)
    body = client.get(f"/api/v1/challenges?{asked}").json
    assert [item["slug"] for item in body["challenges"]] == found
    feed = client.get(f"/challenges/feed.atom?{asked}").text
    assert [slug for slug in (NO_ANSWER, ANSWERED) if f"/challenges/{slug}</id>" in feed] == found


def test_every_filter_gives_as_many_as_it_says(client: FlaskClient) -> None:
    page = Page(client.get("/challenges?country=BR").text)
    boxes = [(box["name"], box["value"]) for box in page.all("input")]
    assert ("country", "GB") in boxes
    assert [box["value"] for box in page.all("input") if "checked" in box] == ["BR"]
    board = client.get("/challenges").text
    for name, value in (("theme", "mobility"), ("theme", "housing-homelessness"), ("country", "BR"), ("country", "GB")):
        assert len(listed(Page(client.get(f"/challenges?{name}={value}").text))) == 1
        label = board.partition(f'name="{name}" value="{value}"')[2]
        assert label.partition('class="count">')[2].startswith("1<")
    chips = [link["href"] for link in page.all("a") if link["href"] == "/challenges"]
    assert chips


@pytest.mark.parametrize(("asked", "parameter", "allowed"), [
    ("status=nonsense", "status", "open, matched, solved"), ("theme=nonsense", "theme", "mobility, "),
    ("country=nonsense", "country", "two capital letters"), ("hue=nonsense", "hue", "status, theme, country"),
    ("themes=nonsense", "themes", "Did you mean theme?"), ("theme=nonsense%00", "theme", "control character"),
])
def test_what_cannot_be_asked_is_refused_with_what_can(client: FlaskClient, asked: str, parameter: str, allowed: str
                                                       ) -> None:
    body = client.get(f"/api/v1/challenges?{asked}")
    assert body.status_code == 400
    (mistake,) = json.loads(body.data)["errors"]
    assert mistake["parameter"] == parameter
    assert allowed in mistake["detail"]
    answer = client.get(f"/challenges?{asked}")
    assert answer.status_code == 400
    page = Page(answer.text)
    assert allowed in page.text
    assert "nonsense" not in page.text
    assert {"theme", "country"} <= {box["name"] for box in page.all("input")}


def test_links_from_newsletters_work(client: FlaskClient) -> None:
    assert client.get("/challenges?utm_source=letter").status_code == 200
    assert client.get(f"/challenges/{ANSWERED}?fbclid=x").status_code == 200


def test_an_empty_board_invites(folder: Path, tmp_path: Path) -> None:
    for path in (folder / "challenges").iterdir():
        path.unlink()
    with rebuilt(folder, tmp_path) as (client, _):
        page = Page(client.get("/challenges").text)
        assert "/submit/challenge" in [link["href"] for link in page.all("a")]
        assert "Nothing is wanted at the moment" in page.text
        assert "Wanted: who has an answer?" not in client.get("/").text
        assert client.get("/api/v1/challenges").json["challenges"] == []
        assert client.get("/challenges/feed.atom").status_code == 200


@pytest.mark.parametrize("fixture", ["library", "own_library"])
def test_a_page_shows_everything_that_the_file_says(request: pytest.FixtureRequest, fixture: str) -> None:
    library: Library = request.getfixturevalue(fixture)
    client = create_app(library).test_client()
    assert library.challenges
    for item in library.challenges:
        html = client.get(f"/challenges/{item.slug}").text
        shown = Page(html).text
        for name in ("title", "challenge", "constraints", "tried", "target_groups"):
            for text in words_of(getattr(item, name)):
                assert " ".join(text.split()) in shown, (item.slug, text)
        entry = library.challenge(item.slug)
        for url in (*(source.url for source in item.sources), item.contact.url):
            assert url in unescape(html)
        for block in entry.rendered.blocks:
            assert block.html in html
        assert f"{entry.city.population:,} residents" in shown
        assert entry.city.income_band.label in shown
        assert item.contact.role in shown
        assert item.status.help in shown
        assert item.licence in shown


def test_answers_are_those_of_the_matcher_with_the_same_evidence(client: FlaskClient, library: Library) -> None:
    for item in library.challenges:
        asked = {"challenge": item.challenge, "city": item.city, "language": item.language}
        found = client.get("/api/v1/match", query_string=asked).json
        body = client.get(f"/api/v1/challenges/{item.slug}").json
        assert (body["matches"], body["cautions"]) == (found["matches"], found["cautions"])
        html, answers = client.get(f"/challenges/{item.slug}").text, client.get("/match", query_string=asked).text
        for match in body["matches"]:
            for page in (html, answers):
                assert page.count(f'id="answer-{match["case"]["slug"]}"') == 1
        assert html.count("<mark>") == answers.count("<mark>")
        (link,) = {link["href"] for link in Page(html).all("a") if link["href"].startswith("/match?")}
        assert client.get(link).text == answers
    assert "Strong match" in client.get(f"/challenges/{ANSWERED}").text


def test_no_answer_is_said_and_leads_on(client: FlaskClient) -> None:
    page = Page(client.get(f"/challenges/{NO_ANSWER}").text)
    assert "Nothing here yet." in page.text
    assert {"/submit/case", f"/challenges/{NO_ANSWER}/feed.atom"} <= {link["href"] for link in page.all("a")}


def test_what_the_city_found_stands_apart_from_what_the_library_found(
        folder: Path, tmp_path: Path, change: Callable[..., None]) -> None:
    change(NO_ANSWER, ("status: open\n", "status: solved\nanswered_by: [sandhaven-rent-fund]\n"))
    with rebuilt(folder, tmp_path) as (client, library):
        body = client.get(f"/api/v1/challenges/{NO_ANSWER}").json
        assert [case["slug"] for case in body["confirmed"]] == ["sandhaven-rent-fund"]
        assert (body["status"], body["matches"]) == ("solved", [])
        page = Page(client.get(f"/challenges/{NO_ANSWER}").text)
        assert "The city has an answer that works for it" in page.text
        assert library.entry("sandhaven-rent-fund").case.title in page.text
        board = Page(client.get("/challenges?status=solved").text)
        assert listed(board) == [NO_ANSWER]
        assert "The city itself names 1 case" in board.text
        assert listed(Page(client.get("/").text)) == [ANSWERED]  # only what is open
        assert listed(Page(client.get("/challenges").text)) == [ANSWERED, NO_ANSWER], "what is still wanted first"
        case = Page(client.get("/cases/sandhaven-rent-fund").text)
        assert listed(case) == [NO_ANSWER]
        assert "Named as an answer by" in case.text
        assert "(solved)" in case.text
        assert "and have found an answer?" not in page.text


def test_the_city_learns_how_to_name_its_answer(client: FlaskClient, folder: Path, change: Callable[..., None]) -> None:
    page = client.get(f"/challenges/{ANSWERED}").text
    assert "You are Sandhaven, and have found an answer?" in Page(page).text
    lines = "\n".join(re.findall("<code>([a-z_]+: .*?)</code>", page))
    assert lines.split("\n") == ["status: solved", f"answered_by: [{NIGHT_BUSES}]"]
    change(ANSWERED, ("status: open\n", f"{lines}\n"))
    found = content.read(folder)
    assert found.challenges[ANSWERED].answered_by == [NIGHT_BUSES]
    assert "answered_by: [name-of-the-case]" in client.get(f"/challenges/{NO_ANSWER}").text


@pytest.mark.parametrize(("given", "words"), [
    ({"repository": "https://github.com/example/library"}, ["Open the file of this challenge", "Propose changes"]),
    ({"repository": "https://gitlab.com/example/library"}, ["make your copy", "Create merge request"]),
    ({"repository": "https://codeberg.org/example/library"},
     ["make your copy", "In your copy, open the file", "Create pull request"]),
    ({"contact": "mailto:library@city.example"}, ["Then tell", "the office that runs this library"]),
    ({}, ["Then tell", "those who keep this library"])])
def test_the_way_to_name_an_answer_is_that_of_the_code_host(library: Library, given: dict[str, str],
                                                            words: list[str]) -> None:
    page = create_app(library, Settings.model_validate(given)).test_client().get(f"/challenges/{ANSWERED}")
    told = Page(page.text).text.partition("and have found an answer?")[2].partition("Sources")[0]
    places = [told.find(word) for word in words]
    assert -1 not in places
    assert places == sorted(places)


def test_what_failed_elsewhere_comes_as_a_warning_and_is_counted_as_no_answer(
        folder: Path, tmp_path: Path, library: Library, change: Callable[..., None]) -> None:
    failed = library.entry(library.facts.warnings[0].slug).case
    problem = library.challenge(NO_ANSWER).challenge.challenge
    first, last = problem.split(". ", 1)[0], problem.rsplit(" ", 1)[1]
    text = (folder / "challenges" / f"{NO_ANSWER}.md").read_text(encoding="utf-8")
    old = text[text.index(first):text.index(last) + len(last)]
    change(NO_ANSWER, (old, " ".join(failed.challenge.split())))
    with rebuilt(folder, tmp_path) as (client, _):
        body = client.get(f"/api/v1/challenges/{NO_ANSWER}").json
        assert failed.slug in [match["case"]["slug"] for match in body["cautions"]]
        assert failed.slug not in [match["case"]["slug"] for match in body["matches"]]
        card = next(item for item in client.get("/api/v1/challenges").json["challenges"] if item["slug"] == NO_ANSWER)
        assert card["strong"] + card["possible"] == len(body["matches"])
        page = Page(client.get(f"/challenges/{NO_ANSWER}").text)
        assert "Tried elsewhere, and stopped" in page.text
        assert "Strong warning" in page.text


def test_case_city_and_home_lead_to_what_is_wanted(client: FlaskClient) -> None:
    assert listed(Page(client.get(f"/cases/{NIGHT_BUSES}").text)) == [ANSWERED]
    assert listed(Page(client.get("/cases/sandhaven-shade-trees").text)) == []
    assert listed(Page(client.get("/cities/sandhaven").text)) == [ANSWERED]
    assert listed(Page(client.get("/cities/testby").text)) == []
    assert listed(Page(client.get("/").text)) == [NO_ANSWER, ANSWERED]


def test_a_challenge_in_another_language_says_so(folder: Path, tmp_path: Path, change: Callable[..., None]) -> None:
    change(ANSWERED, ("language: en", "language: sv"))
    with rebuilt(folder, tmp_path) as (client, _):
        assert '<h1 lang="sv">' in client.get(f"/challenges/{ANSWERED}").text
        assert f'href="/challenges/{ANSWERED}" lang="sv"' in client.get("/challenges").text


def test_a_challenge_too_short_to_be_answered_is_shown(folder: Path, tmp_path: Path, change: Callable[..., None]
                                                       ) -> None:
    path = folder / "challenges" / f"{NO_ANSWER}.md"
    text = path.read_text(encoding="utf-8")
    problem = text[text.index("challenge: >-"):text.index("challenge_types")]
    change(NO_ANSWER, (problem, "challenge: Full cemeteries.\n"))
    with rebuilt(folder, tmp_path) as (client, _):
        assert "Nothing here yet" in client.get(f"/challenges/{NO_ANSWER}").text


@pytest.mark.parametrize("path", ["/challenges/nothing", "/challenges/..%2f..%2fetc%2fpasswd", "/challenges/%00",
                                  "/api/v1/challenges/nothing", "/api/v1/challenges/feed.atom"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_cited_version_that_is_not_known_is_no_mistake(client: FlaskClient) -> None:
    assert "is not among those known here" in client.get(f"/challenges/{ANSWERED}?cited=0123456789").text
    assert client.get(f"/challenges/{ANSWERED}?cited=nonsense").status_code == 400


def test_a_challenge_that_is_being_written_is_shown_with_its_answers(client: FlaskClient, library: Library) -> None:
    item = library.challenge(ANSWERED).challenge
    sent = {"go": "preview", "step": "0", "title": "Home after midnight", "language": "en", "city": "sandhaven",
            "challenge": item.challenge, "challenge_types": "access-barrier", "themes": "mobility",
            "sources.0.url": "https://reports.example.org/late", "sources.0.title": "Paper",
            "sources.0.accessed": "2026-01-01", "contact.role": "Transport", "contact.organisation": "Council",
            "contact.url": "https://sandhaven.example.org/x", "body": "The hospital asks for it."}
    answer = client.post("/submit/challenge", data=sent)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert "This is a preview" in page.text
    assert library.entry(NIGHT_BUSES).case.title in page.text
    assert "Strong match" in page.text
    assert not [link for link in page.all("link") if link["rel"] == "alternate"]
