"""“We do this too”: what a city answers becomes lines for the file of the case, which then passes the check; what is
wrong is told at its question, and nothing that is sent breaks the page or the file."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_web_pages import Page

from innoshare import content, edition
from innoshare.config import Settings
from innoshare.content.frontmatter import read
from innoshare.library import MOST_LEARNED, Library
from innoshare.render import render
from innoshare.web import create_app
from innoshare.web.adopt import MOST, QUESTIONS
from innoshare.web.app import MAX_BODY
from innoshare.web.pages import DEEPEST, MOST_SHOWN

CASE = "testby-night-buses"
PATH = f"/cases/{CASE}/adopt"
FILLED = {"city": "rio-verde", "status": "piloting", "year": "2024", "changes": "Boats: in place of buses # on call",
          "outcome": "Too early to say", "source": "https://rio-verde.example.org/boats", "title": "Boats on call",
          "accessed": "2026-05-31"}
PLACE = {"place": "Vila Nova", "country": "PT", "status": "considering"}


def send(client: FlaskClient, fields: dict[str, str], path: str = PATH) -> Page:
    """The page that answers these fields."""
    answer = client.post(path, data=fields)
    assert answer.status_code == 200, Page(answer.text).text
    assert answer.headers["Cache-Control"] == "no-store"
    return Page(answer.text)


def mistakes(client: FlaskClient, fields: dict[str, str]) -> dict[str, str]:
    """What is to be mended: question -> what its mistake says. Each stands above the form too, with a link to it."""
    answer = client.post(PATH, data=fields)
    assert answer.status_code == 400
    page = Page(answer.text)
    ids = {item["id"] for _, item in page.tags if "id" in item}
    told = dict(re.findall(r'id="(\w+)-mistake"><span class="visually-hidden">To mend: </span>(.*?)</span>',
                           answer.text))
    linked = {item["href"][1:] for item in page.all("a") if item["href"][1:] in QUESTIONS}
    assert linked == set(told) <= ids
    assert all(len(text) > 15 for text in told.values())
    return told


def downloaded(client: FlaskClient, fields: dict[str, str], path: str = PATH) -> str:
    answer = client.post(path, data={**fields, "go": "download"})
    assert (answer.status_code, answer.mimetype) == (200, "text/markdown")
    assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.md"', answer.headers["Content-Disposition"])
    return answer.text


# --- from the form to the file ------------------------------------------------------------------------------------


def test_a_case_invites_to_the_form_and_the_form_asks_every_question_with_a_label(client: FlaskClient) -> None:
    assert PATH in {link["href"] for link in Page(client.get(f"/cases/{CASE}").text).all("a")}
    page = Page(client.get(PATH).text)
    names = {item["name"] for tag in ("input", "textarea", "select") for item in page.all(tag) if "name" in item}
    assert names == set(QUESTIONS)
    cities = [item["value"] for item in page.all("option") if "-" in item["value"] or len(item["value"]) > 2]
    assert cities == ["rio-verde", "sandhaven"], "all but the city whose case it is"
    labels = {label.get("for") for label in page.all("label")}
    assert all(item["id"] in labels or item.get("type") == "radio" for tag in ("input", "textarea", "select")
               for item in page.all(tag))


def test_a_translation_shows_the_ledger_of_its_original_and_leads_to_it(client: FlaskClient, library: Library) -> None:
    entry = library.entry("testby-nattbussar")
    assert entry.case.adoptions == library.entry(CASE).case.adoptions
    assert set(entry.adopters) == {"sandhaven"}
    page = Page(html := client.get("/cases/testby-nattbussar").text)
    assert PATH in {link["href"] for link in page.all("a")}
    assert "What they changed: <span>Only two districts" in html, "in English, as the page around it"
    assert client.get("/cases/testby-nattbussar/adopt").location == PATH
    assert [card.slug for card in library.city("sandhaven").adopted] == [CASE], "once, not in each language"


def test_the_answer_names_the_lines_and_their_places(client: FlaskClient, library: Library) -> None:
    page = send(client, FILLED)
    rows = library.text(CASE).split("\n")
    numbers = [int(number) for number in re.findall(r"(?:Go to|go up to) line (\d+)", page.text)]
    assert numbers == sorted(numbers, reverse=True)
    assert [rows[number - 1] for number in numbers] == ["    accessed: 2026-03-02", "    status: considering"]
    assert [rows[number] for number in numbers] == ["contact:", "last_verified: 2026-03-14"]
    assert "which reads status: considering . These lines go below it" in page.text
    assert f"beginning of line {numbers[1] + 1}, which reads last_verified: 2026-03-14" in page.text
    assert '- city: rio-verde year: 2024 status: piloting changes: "Boats: in place of buses # on call"' in page.text


def test_the_file_can_be_downloaded_and_passes_the_check(client: FlaskClient, library: Library) -> None:
    for fields in (FILLED, PLACE, {"city": "rio-verde", "status": "abandoned"}):
        text = downloaded(client, fields)
        case, problems = library.proofread("cases", CASE, text)
        assert [problem for problem in problems if problem.level == "error"] == []
        assert case is not None
        added = case.adoptions[-1]  # type: ignore[attr-defined]
        assert (added.city, added.place, added.status) == (fields.get("city"), fields.get("place"), fields["status"])
        assert text.endswith(library.text(CASE)[-600:])


def test_a_source_that_the_file_has_already_is_not_written_twice(client: FlaskClient, library: Library) -> None:
    fields = {**FILLED, "source": "https://reports.example.org/night-buses", "title": ""}
    values = read(downloaded(client, fields).encode(), "").values
    assert values["sources"] == read(library.text(CASE).encode(), "").values["sources"]
    assert values["adoptions"][-1]["source"] == fields["source"]


@pytest.mark.parametrize(("repository", "address", "button"), [
    ("https://github.com/example/library", f"https://github.com/example/library/edit/main/content/cases/{CASE}.md",
     "Propose changes"),
    ("https://gitlab.com/example/library", f"https://gitlab.com/example/library/-/edit/main/content/cases/{CASE}.md",
     "Create merge request"),
    ("https://codeberg.org/example/library", f"https://codeberg.org/rio/library/_edit/main/content/cases/{CASE}.md",
     "Create pull request")])
def test_the_page_that_changes_the_file_on_the_code_host_is_one_press_away(library: Library, repository: str,
                                                                          address: str, button: str) -> None:
    client = create_app(library, Settings(repository=repository)).test_client()
    page = send(client, {**FILLED, "account": "rio"})
    links = {link["href"] for link in page.all("a")}
    assert address in links
    assert button in page.text
    assert (f"{repository}/fork" in links) is (f"{repository}/compare/main...rio:main" in links) is (
        "codeberg" in repository)
    assert (f"{repository}/-/forks/new" in links) is ("gitlab" in repository)


def test_where_one_writes_in_ones_own_copy_its_name_is_asked_for(library: Library) -> None:
    client = create_app(library, Settings(repository="https://codeberg.org/example/library")).test_client()
    page = send(client, FILLED)
    assert "Name of your account at Codeberg" in page.text
    assert [link["href"] for link in page.all("a") if "codeberg" in link["href"]] == [
        "https://codeberg.org/example/library/fork"]
    assert "Or add only your lines, by hand" in page.text
    answer = client.post(PATH, data={**FILLED, "account": "a b"})
    assert answer.status_code == 400
    assert "Write the name of your own account at Codeberg." in Page(answer.text).text


def test_the_whole_text_comes_before_the_lines_where_it_can_be_pasted(library: Library, unusual: Library) -> None:
    def on_github(library: Library, path: str) -> str:
        app = create_app(library, Settings(repository="https://github.com/example/library"))
        return send(app.test_client(), FILLED, path).text

    page = on_github(library, PATH)
    places = [page.index(words) for words in (
        "Copy the whole text of the file", "Open the file on GitHub", "mark all of it", "Propose changes",
        "Or add only your lines, by hand", "Go to line")]
    assert places == sorted(places)
    assert "shows 9 new lines and no other change" in page
    page = on_github(unusual, "/cases/sandhaven-shade-trees/adopt")  # a browser would give it other line ends
    assert "Copy the whole text" not in page
    assert "by hand" not in page
    assert page.index("Go to line") < page.index("Download")


def test_who_has_no_account_turns_to_the_office(library: Library) -> None:
    settings = Settings(repository="https://github.com/example/library", contact="https://city.example/library")
    page = send(create_app(library, settings).test_client(), FILLED)
    assert "Without an account Send the changed file to the office that runs this library" in page.text
    assert [item["href"] for item in page.all("a")].count(settings.contact) == 2  # and at the end of every page


def test_a_year_to_come_is_asked_about(client: FlaskClient) -> None:
    page = send(client, {**FILLED, "year": "2031"})
    assert "“Year in which it began there” is “2031”, which lies in the future. Check the date." in page.text
    assert "text below" not in page.text


def test_without_a_code_host_the_file_is_to_be_sent_to_those_who_keep_the_library(client: FlaskClient) -> None:
    page = send(client, FILLED)
    assert not [link["href"] for link in page.all("a") if link["href"].startswith("http")]
    assert f"Send the changed file to those who keep this library. It is cases/{CASE}.md" in page.text
    assert f"Download {CASE}.md" in page.text


def test_answers_can_be_changed_afterwards(client: FlaskClient) -> None:
    page = send(client, FILLED)
    values = {item.get("value") for item in page.all("input")}
    assert {FILLED["year"], FILLED["source"], FILLED["title"], FILLED["accessed"]} <= values
    assert {"value": "rio-verde", "selected": ""} in page.all("option")
    assert [item["value"] for item in page.all("input") if "checked" in item] == ["piloting"]


# --- what is wrong ------------------------------------------------------------------------------------------------


def test_who_answers_nothing_is_told_what_must_be_answered(client: FlaskClient) -> None:
    assert set(mistakes(client, {})) == {"city", "status"}


@pytest.mark.parametrize(("change", "question", "words"), [
    ({"city": "atlantis"}, "city", "Choose a city from the list"),
    ({"city": "testby"}, "city", "Choose a city from the list"),
    ({"city": "sandhaven"}, "city", "Sandhaven stands in the file already"),
    ({"place": "Vila Nova"}, "place", "Keep one of the two"),
    ({"city": "", "place": "Vila Nova"}, "country", "Choose the country"),
    ({"city": "", "place": "KLEINAU", "country": "DE"}, "place", "stands in the file already"),
    ({"city": "", "place": "rio verde", "country": "BR"}, "place", "Rio Verde is in the list above"),
    ({"city": "", "place": "Testby", "country": "SE"}, "place", "This is the city whose case it is"),
    ({"country": "XX"}, "country", "Choose a country from the list"),
    ({"status": ""}, "status", "Choose how far"),
    ({"status": "great"}, "status", "Choose how far"),
    ({"year": "soon"}, "year", "“Year in which it began there”"), ({"year": "soon"}, "year", ", or leave it empty"),
    ({"year": "1066"}, "year", ""), ({"year": "2024.5"}, "year", ""), ({"year": "٢٠٢٤"}, "year", ""),
    ({"source": "rio-verde.example.org"}, "source", "https://"),
    ({"source": "javascript:alert(1)"}, "source", ""),
    ({"title": ""}, "title", "Write the title"),
    ({"source": ""}, "source", "Write its address too"),
    ({"accessed": "31.5.2026"}, "accessed", ""), ({"accessed": "2026-02-30"}, "accessed", ""),
    ({"accessed": "2999-01-01"}, "accessed", ""),
    ({"changes": "word " * 90}, "changes", "400"),
    ({"changes": "x" * (MOST + 1)}, "changes", "characters"),
    ({"outcome": "It runs\x07"}, "outcome", "control character"),
    ({"outcome": "It \u202eruns"}, "outcome", "hidden character"),
    ({"outcome": "call mario.rossi@rio-verde.example"}, "outcome", "")])
def test_a_mistake_is_told_at_its_question(client: FlaskClient, change: dict[str, str], question: str, words: str
                                           ) -> None:
    told = mistakes(client, {**FILLED, **change})
    assert set(told) == {question}
    assert words in told[question]
    assert "adoptions" not in told[question], "the names in the file are no words for people"
    assert "`" not in told[question]


def test_all_mistakes_are_told_at_once_and_what_was_typed_stays(client: FlaskClient) -> None:
    fields = {**FILLED, "city": "atlantis", "status": "", "year": "soon", "source": "nowhere", "accessed": "yesterday"}
    assert set(mistakes(client, fields)) == {"city", "status", "year", "source", "accessed"}
    page = Page(client.post(PATH, data=fields).text)
    assert {"soon", "nowhere", "yesterday", FILLED["title"]} <= {item.get("value") for item in page.all("input")}
    assert FILLED["changes"] in page.text


@pytest.mark.parametrize(("path", "status"), [
    ("/cases/nothing/adopt", 404), (f"{PATH}?city=testby", 400), (f"{PATH}?utm_source=letter", 200)])
def test_addresses_are_taken_as_everywhere(client: FlaskClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_what_another_site_sends_is_not_looked_at(client: FlaskClient) -> None:
    assert client.post(PATH, data=FILLED, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


# --- hostile input ------------------------------------------------------------------------------------------------

HOSTILE = ("---\n---\n", "x\n---\ntitle: mine\n---", '"\'`', "- a\n- b", "a: b # c", "{{ 7 * 7 }}",
           "*a &b !!python/x", "</textarea></form><script>alert(1)</script>", "]]> <!-- -->", "::error::x", "../../x",
           "\\n\\u202e", "%0A%0D", "é" * 300, "=cmd|' /C calc'!A0")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_typed_becomes_markup_or_another_field(client: FlaskClient, library: Library, text: str
                                                               ) -> None:
    fields = {**FILLED, "changes": text, "outcome": text, "title": text[:150]}
    page = client.post(PATH, data=fields).text
    assert all(script["src"].startswith("/static/") for script in Page(page).all("script"))
    before, after = read(library.text(CASE).encode(), "").values, read(downloaded(client, fields).encode(), "").values
    assert after["adoptions"][-1]["changes"] == after["adoptions"][-1]["outcome"] == " ".join(text.split())
    assert {name: value for name, value in after.items() if name not in ("adoptions", "sources")} == {
        name: value for name, value in before.items() if name not in ("adoptions", "sources")}


def test_what_is_too_much_is_refused_without_being_sent_back_whole(client: FlaskClient) -> None:
    for name in QUESTIONS:
        answer = client.post(PATH, data={**FILLED, name: "x" * 100_000})
        assert answer.status_code == 400, name
        assert len(answer.text) < 60_000
    assert client.post(PATH, data={**FILLED, "changes": "x" * (MAX_BODY + 1)}).status_code == 413
    assert client.post(PATH, data={f"name{number}": "x" for number in range(2_000)}).status_code in (400, 413)
    assert client.post(PATH, data={"city": ["testby", "sandhaven"], "status": ["adopted"] * 9}).status_code == 400
    assert client.post(PATH, data=b"\xff\xfe=\x00&city=%ff", content_type="application/x-www-form-urlencoded"
                       ).status_code == 400
    assert client.post(PATH, json={"city": "testby"}).status_code == 400


@given(st.dictionaries(st.sampled_from(list(QUESTIONS)), st.one_of(
    st.text(max_size=60), st.sampled_from([*HOSTILE, *FILLED.values(), *PLACE.values()]))))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_answered_with_what_to_mend_or_with_a_file_that_passes(
        client: FlaskClient, library: Library, fields: dict[str, str]) -> None:
    answer = client.post(PATH, data=fields)
    assert answer.status_code in (200, 400)
    Page(answer.text)
    if answer.status_code == 200:
        case, problems = library.proofread("cases", CASE, downloaded(client, fields))
        assert case is not None, problems


# --- files that are written in another way ------------------------------------------------------------------------


@pytest.fixture
def unusual(folder: Path, tmp_path: Path) -> Library:
    """A library in which the ledger of one case stands in brackets, and another has Windows' line ends."""
    file = folder / "cases" / f"{CASE}.md"
    text = file.read_text(encoding="utf-8")
    records = text[text.index("adoptions:\n"):text.index("last_verified:")]
    file.write_text(text.replace(records, "adoptions: [{place: Kleinau, country: DE, status: considering}]\n"),
                    encoding="utf-8")
    other = folder / "cases" / "sandhaven-shade-trees.md"
    other.write_bytes(b"\xef\xbb\xbf" + other.read_bytes().replace(b"\n", b"\r\n"))
    edition.build(folder, tmp_path / "data", strict=True)
    return Library.open(Settings(data=tmp_path / "data"))


def test_of_a_file_that_only_a_person_can_change_the_page_says_so(unusual: Library) -> None:
    client = create_app(unusual).test_client()
    page = send(client, FILLED)
    assert "Here a person must look. This file is written in an unusual way" in page.text
    assert "Add this to what stands below adoptions:" in page.text
    assert "- city: rio-verde year: 2024" in page.text
    assert "Download" not in page.text
    assert "Go to line" in page.text, "the place of the source can be named"
    assert "person must look" in send(client, {**FILLED, "go": "download"}).text
    assert set(mistakes(client, {**FILLED, "year": "soon"})) == {"year"}, "it is judged all the same"


def test_line_ends_and_the_mark_at_the_beginning_stay(unusual: Library) -> None:
    client = create_app(unusual).test_client()
    answer = client.post("/cases/sandhaven-shade-trees/adopt", data={**FILLED, "go": "download"})
    assert answer.data.startswith(b"\xef\xbb\xbf---\r\n")
    assert b"\r\n  - city: rio-verde\r\n" in answer.data
    assert b"\n" not in answer.data.replace(b"\r\n", b"")


# --- who learned from whom ----------------------------------------------------------------------------------------


def made_of(root: Path, data: Path, lessons: dict[str, list[str]]) -> Library:
    """A library of cases that each learned from others, as `lessons` say by name."""
    found = content.read(root)
    cases = {name: found.cases[CASE].model_copy(update={
        "slug": name, "title": f"Case {name}", "inspired_by": others, "translations": [], "adoptions": []})
        for name, others in lessons.items()}
    paths = [*(f"cases/{name}.md" for name in cases), *(f"cities/{slug}.md" for slug in found.cities)]
    bodies = dict.fromkeys(paths, render("A text."))
    edition.build_from(replace(found, cases=cases, challenges={}), bodies, data, "none")
    return Library.open(Settings(data=data, embeddings="none"))


def drawn(page: str, heading: str) -> list[tuple[int, str]]:
    """(depth, slug) of the links in the lists that follow a heading."""
    depth, found = 0, []
    for tag, slug in re.findall(r"<(/?ul|h[23])|href=\"/cases/([\w-]+)\"", page.partition(f">{heading}</h3>")[2]):
        if tag.startswith("h"):
            break
        depth += {"ul": 1, "/ul": -1}.get(tag, 0)
        if slug and "-" not in slug:
            found.append((depth, slug))
    return found


def test_a_case_says_from_whom_it_learned_and_who_learned_from_it_to_the_end_of_the_line(folder: Path, tmp_path: Path
                                                                                        ) -> None:
    library = made_of(folder, tmp_path / "data", {
        "a": [], "b": ["a", "https://elsewhere.example/case"], "c": ["b"], "d": ["b", "a"], "e": ["c", "gone"],
        "f": ["d"]})
    client = create_app(library).test_client()
    page = client.get("/cases/a").text
    Page(page)
    assert drawn(page, "Who learned from it") == [(1, "b"), (2, "c"), (3, "e"), (1, "d"), (2, "f")]
    assert "What it learned from" not in page
    page = client.get("/cases/e").text
    assert drawn(page, "What it learned from") == [(1, "c"), (2, "b"), (3, "a")]
    assert "<li>gone</li>" in page
    assert "https://elsewhere.example/case" in client.get("/cases/b").text
    body = client.get("/api/v1/cases/b").json
    assert body
    assert [(item["slug"], item["depth"]) for item in body["learned_from"]] == [("a", 1)]
    assert [(item["slug"], item["depth"]) for item in body["learned_from_it"]] == [
        ("c", 1), ("e", 2), ("d", 1), ("f", 2)]


def test_circles_and_long_lines_come_to_an_end(folder: Path, tmp_path: Path) -> None:
    names = [f"n{number:03}" for number in range(MOST_LEARNED + 10)]
    lessons = {name: [before] for before, name in pairwise(names)} | {
        "n000": [names[-1]], "self": ["self"], "one": ["two", "n000"], "two": ["one"]}
    library = made_of(folder, tmp_path / "data", lessons)
    client = create_app(library).test_client()
    assert len(library.entry("n000").learners) == len(library.entry("n000").origins) == MOST_LEARNED
    page = client.get("/cases/n000").text
    Page(page)
    shown = drawn(page, "Who learned from it")
    assert len(shown) == MOST_SHOWN
    assert max(depth for depth, _ in shown) == DEEPEST
    assert "And more." in page
    assert library.entry("self").learners == library.entry("self").origins == ()
    assert [item.card.slug for item in library.entry("two").origins][:3] == ["one", "n000", names[-1]]
    assert drawn(client.get("/cases/two").text, "Who learned from it") == [(1, "one")]
