"""The form for those who contribute without git: every field is asked once, what goes in comes out as the file, what is
wrong is told at its question, and nothing that is sent breaks it."""

import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_web_pages import Page
from werkzeug.datastructures import MultiDict

from innoshare import content, edition
from innoshare.case import front_matter
from innoshare.choices import LANGUAGES, Section
from innoshare.config import Settings
from innoshare.content.frontmatter import HIDDEN, MAX_FILE_BYTES, read
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.web import answers, create_app, submit
from innoshare.web.answers import Answers
from innoshare.web.form import Around, Widget, widgets
from innoshare.web.pages import ANSWER_SECONDS
from innoshare.web.questions import HINTS, ITEMS, KINDS, LABELS, SECTIONS, Kind, label_of
from innoshare.web.written import SUGGESTED, suggested, written

TODAY = date(2026, 11, 24)
CASES = Path(__file__).parent / "cases"
CASE, CHALLENGE, CITY = KINDS["case"], KINDS["challenge"], KINDS["city"]
NIGHT_BUSES = (CASES / "cases" / "testby-night-buses.md").read_text(encoding="utf-8")

# A whole case, as somebody fills it in who answers what must be answered.
FILLED = {
    "title": "Benches in the shade, one every 200 metres",
    "summary": "Benches were put under trees. Older people walk to the market again.",
    "language": "en",
    "challenge": "Older people stay at home because nowhere on the way to the market can they sit down.",
    "city": "testby",
    "challenge_types": ["access-barrier"],
    "themes": ["mobility"],
    "approaches": ["service-redesign"],
    "stage": "implemented",
    "start": "2021-05",
    "outcome": "positive",
    "evidence_level": "1",
    "sources.0.url": "https://reports.example.org/benches",
    "sources.0.title": "Benches: a count",
    "contact.role": "Department of streets",
    "contact.organisation": "City of Testby",
    "contact.url": "https://testby.example.org/streets",
    "body.situation": "The way to the market is long.",
    "body.done": "A bench every 200 metres.",
    "body.results": "More people [were counted](https://reports.example.org/benches).",
    "body.how-to": "Walk the way with those who use it.",
    "body.went-wrong": "Two benches stood in the sun.",
}
WANTED = {name: value for name, value in FILLED.items() if name in (
    "language", "challenge", "city", "challenge_types", "themes", "sources.0.url", "sources.0.title", "contact.role",
    "contact.organisation", "contact.url")} | {"title": "Places to sit on the way to the market"}
PROFILE = {"name": "Nørre Havn", "country": "DK", "income_band": "high", "population": "21000",
           "population_year": "2024", "population_source": "https://statistics.example.org/norre-havn",
           "latitude": "55.9", "longitude": "-12.5"}


def send(client: FlaskClient, kind: Kind, fields: dict[str, object], go: str, step: int | None = None) -> Page:
    """The page that follows when a button is pressed; without a step, on the page where answers are looked over."""
    answer = client.post(f"/submit/{kind.name}", data={**fields, "go": go,
                                                       "step": len(kind.steps) if step is None else step})
    assert answer.status_code in (200, 400)
    assert answer.headers["Cache-Control"] == f"private, max-age={ANSWER_SECONDS}"  # so that one can go back to it
    return Page(answer.text)


def sent_by(page: Page) -> MultiDict[str, str]:
    """What a browser would send of the first form of a page, without what textareas and menus hold."""
    return MultiDict((item["name"], item.get("value", "")) for item in page.all("input") if "name" in item and (
        item.get("type") not in ("radio", "checkbox") or "checked" in item))


def controls(page: Page) -> set[str]:
    return {item["name"] for tag in ("input", "textarea", "select") for item in page.all(tag)
            if item.get("type") != "hidden" and "name" in item}


def unstarred(name: str) -> str:
    return name.replace("*", "0")


# --- the table of questions


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_of_a_file_is_asked_once_or_left_out_for_a_reason(kind: Kind) -> None:
    asked = [name.partition(".")[0] if name in SECTIONS else name for step in kind.steps for name in step.fields]
    fields = {name for name, _ in front_matter(kind.model)} | {"body"}
    assert set(asked) | set(kind.not_asked) == fields
    assert not set(asked) & set(kind.not_asked)
    assert sorted(set(asked) - {"body"}) == sorted(name for name in asked if name != "body")
    assert all(kind.not_asked.values())
    assert {name for step in kind.steps for name in step.fields if name.startswith("body.")} in ({*SECTIONS}, set())


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_what_must_be_answered_comes_before_what_is_optional(kind: Kind) -> None:
    assert sorted(kind.steps, key=lambda step: step.optional) == list(kind.steps)
    for name, info in front_matter(kind.model):
        if name not in kind.not_asked and info.is_required():
            assert not kind.steps[kind.step_of(name) or 0].optional, name


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_questions_are_in_the_words_of_people(kind: Kind) -> None:
    for name in kind.names:
        label = label_of(kind, unstarred(name))
        assert label[:1].isupper(), name
        assert not re.search(r"_|/|\.md|ISO|digits|\btrue\b|, as [A-Z0-9]|at most", label), (name, label)


def test_no_words_are_left_over_from_fields_that_are_gone() -> None:
    names = {re.sub(r"\.\*", "", name) for kind in KINDS.values() for name in kind.names}
    names |= {name.rpartition(".")[0] for name in names}
    for key in (*LABELS, *HINTS):
        kind, _, name = key.partition(".")
        assert key in names or (kind in KINDS and name in names), key
    assert set(ITEMS) <= names


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_steps_have_a_control_for_every_name_and_no_other(kind: Kind, client: FlaskClient) -> None:
    shown: set[str] = set()
    for number in range(len(kind.steps)):
        page = send(client, kind, {}, f"step:{number}")
        here = controls(page) - {"unknown", "go", "file", "chosen"}
        assert not shown & here
        shown |= here
        ids = [item["id"] for _, item in page.tags if "id" in item]
        assert len(ids) == len(set(ids))
        labelled = {item["for"] for item in page.all("label") if "for" in item}
        for item in (*page.all("textarea"), *page.all("select")):
            assert item["id"] in labelled
        for item in page.all("input") + page.all("textarea") + page.all("select") + page.all("fieldset"):
            assert set(item.get("aria-describedby", "").split()) <= set(ids)
    assert shown == {unstarred(name) for name in kind.names}


def test_a_closed_list_is_shown_whole_with_what_each_value_means(client: FlaskClient, library: Library) -> None:
    text = send(client, CASE, {}, "step:3").text
    for vocabulary in library.vocabulary.values():
        for term in vocabulary.values():
            assert term.label_in("en") in text
            assert term.help["en"] in text
    assert "Cause shown" in send(client, CASE, {}, "step:5").text


# --- what goes in comes out


def files() -> list[tuple[Kind, Path]]:
    root = Path(__file__).parent.parent / "content"
    return [(kind, path) for kind in KINDS.values() for base in (CASES, root)
            for path in sorted((base / kind.folder).glob("*.md"))]


def filled_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def both(library: Library, own_library: Library) -> dict[str, Library]:
    return {"cases": library, "content": own_library}


@pytest.mark.parametrize(("kind", "path"), files(), ids=lambda value: value.stem if isinstance(value, Path) else "")
def test_every_file_here_could_have_been_made_with_the_form(kind: Kind, path: Path, both: dict[str, Library]) -> None:
    library, text = both[path.parent.parent.name], path.read_text(encoding="utf-8")
    original, _ = library.proofread(kind.folder, path.stem, text)
    begun = Answers.of_file(kind, text, library.cities)
    assert set(begun.strange) <= set(kind.not_asked)
    posted = Answers.of(kind, list(begun.carried(kind, None)))
    made = written(kind, posted, library, TODAY, path.stem)
    assert made.errors == ()
    left_out = {"body", "status", "updated", *begun.strange}
    assert made.record.model_dump(exclude=left_out) == original.model_dump(exclude=left_out)
    assert filled_lines(made.record.body) == filled_lines(original.body)


@pytest.mark.parametrize(("kind", "fields"), [(CASE, FILLED), (CHALLENGE, WANTED), (CITY, PROFILE)],
                         ids=lambda value: getattr(value, "name", ""))
def test_what_is_filled_in_step_by_step_becomes_a_file_that_passes_the_check(
        kind: Kind, fields: dict[str, object], client: FlaskClient, folder: Path) -> None:
    sent: MultiDict[str, str] = MultiDict()
    for number in range(len(kind.steps)):
        for name, value in fields.items():
            if kind.step_of(name) == number:
                sent.setlist(name, value if isinstance(value, list) else [value])
        sent.setlist("go", ["next"])
        sent.setlist("step", [str(number)])
        answer = client.post(f"/submit/{kind.name}", data=sent)
        assert answer.status_code == 200, Page(answer.text).text
        page = Page(answer.text)
        if number + 1 < len(kind.steps):
            carried = sent_by(page)
            assert carried.get("step") == str(number + 1)
            sent = MultiDict((name, value) for name, value in carried.items(multi=True) if name not in controls(page))
    assert "Everything that must be there is there" in page.text
    file = client.post(f"/submit/{kind.name}", data={**fields, "go": "download", "step": len(kind.steps)})
    name = re.fullmatch(r'attachment; filename="([a-z0-9-]+\.md)"', file.headers["Content-Disposition"])
    assert name
    assert file.mimetype == "text/markdown"
    (folder / kind.folder).mkdir(exist_ok=True)
    (folder / kind.folder / name[1]).write_bytes(file.data)
    assert [problem for problem in content.read(folder).problems if problem.level == "error"] == []
    assert name[1].removesuffix(".md") in {"case": content.read(folder).cases, "city": content.read(folder).cities,
                                           "challenge": content.read(folder).challenges}[kind.name]


PLAIN = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60).map(str.strip).filter(
    lambda text: text and not HIDDEN.search(text) and "@" not in text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=PLAIN, more=PLAIN, lines=st.lists(PLAIN, min_size=1, max_size=4, unique_by=str.casefold),
       yes=st.booleans(), number=st.integers(0, 10**9), level=st.integers(0, 5))
def test_whatever_is_written_stands_in_the_file_as_it_was_written(
        library: Library, words: str, more: str, lines: list[str], yes: bool, number: int, level: int) -> None:
    posted = [(name, value) for name, values in FILLED.items() for value in
              (values if isinstance(values, list) else [values])]
    posted += [("organisation", words), ("lessons", "\r\n".join(lines)), ("cost.setup", str(number)),
               ("cost.currency", "EUR"), ("unknown", "cost.running_per_year"), ("unknown", "procurement"),
               ("prerequisites.3.kind", "data"), ("prerequisites.3.text", more),
               ("prerequisites.3.essential", "true" if yes else "false"), ("results.7.metric", more),
               ("results.7.value", words), ("results.7.source", "https://reports.example.org/benches"),
               ("results.7.evidence_level", str(level))]
    made = written(CASE, Answers.of(CASE, posted), library, TODAY)
    assert made.errors == ()
    assert made.record.organisation == words
    assert made.record.lessons == lines
    assert (made.record.cost.setup, made.record.cost.running_per_year) == (number, "unknown")
    assert made.record.procurement == "unknown"
    assert [(item.text, item.essential) for item in made.record.prerequisites] == [(more, yes)]
    assert [(item.metric, item.value, item.evidence_level) for item in made.record.results] == [(more, words, level)]
    assert made.record.sources[0].accessed == TODAY.isoformat()
    again = Answers.of_file(CASE, made.text, library.cities)
    assert written(CASE, again, library, TODAY).text == made.text


def test_all_answers_travel_with_every_page(client: FlaskClient) -> None:
    fields = {**FILLED, "unknown": ["cost", "staff_fte"], "sdg": "11.2\r\n1.3"}
    for number in range(len(CASE.steps) + 1):
        page = send(client, CASE, fields, f"step:{number}")
        hidden = [(item["name"], item["value"]) for item in page.all("input") if item.get("type") == "hidden"]
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                if CASE.step_of(value if name == "unknown" else name) != number:
                    assert (name, value.replace("\r\n", "\n")) in hidden
        assert not {name for name, _ in hidden} & (controls(page) - {"unknown"})


def test_records_are_added_and_taken_out_one_by_one(client: FlaskClient) -> None:
    fields: dict[str, object] = {"sources.0.url": "https://one.example.org/", "sources.0.title": "One"}
    more = send(client, CASE, fields, "add:sources", 6)
    assert {"sources.0.url", "sources.1.url"} <= controls(more)
    assert [item["id"] for item in more.all("input") if "autofocus" in item] == ["sources.1.url"]
    fields |= {"sources.1.url": "https://two.example.org/", "sources.1.title": "Two"}
    less = send(client, CASE, fields, "remove:sources.0", 6)
    assert "sources.1.url" not in controls(less)
    assert [item["value"] for item in less.all("input") if item.get("id") == "sources.0.title"] == ["Two"]


def test_only_real_countries_are_offered(client: FlaskClient, library: Library) -> None:
    page = send(client, CITY, {}, "step:0")
    offered = {item["value"] for item in page.all("option")}
    assert {"SE", "PT", "XK", "TW", "PS"} | {city.country for city in library.cities.values()} <= offered
    assert not {"XA", "XB", "ZZ", "EZ", "EU", "UN", "QO"} & offered


def test_steps_are_done_when_nothing_in_them_is_to_be_mended(client: FlaskClient) -> None:
    page = send(client, CASE, {"title": "Benches", "challenge": "Nobody can sit down.", "lessons": "Ask."}, "step:2")
    steps = page.text.partition("All steps")[2]
    assert "In a nutshell begun The problem done Where it was What it is about" in steps
    assert "What you learned optional done What others" in steps


def test_an_empty_record_is_no_answer(library: Library) -> None:
    posted = [*((name, value) for name, value in PROFILE.items()), ("names", "\r\n  \r\n")]
    assert "names" not in written(CITY, Answers.of(CITY, posted), library, TODAY).text
    fields = {"results.0.metric": "", "results.0.evidence_level": "", "sources.0.accessed": " "}
    assert read(written(CASE, Answers.of(CASE, fields.items()), library, TODAY).text.encode(), "").values.keys() == {
        "status", "updated"}


# --- what is wrong is told at its question


def test_only_what_is_asked_on_a_page_is_told_there(client: FlaskClient) -> None:
    page = send(client, CASE, {"title": "x" * 101, "start": "soon"}, "next", 0)
    links = [item["href"] for item in page.all("a") if item.get("href", "").startswith("#") and item["href"] != "#main"]
    assert links == ["#title", "#summary", "#language"]
    assert "When did it begin?” is" not in page.text
    for item in (*page.all("input"), *page.all("textarea"), *page.all("select")):
        if item.get("id") in ("title", "summary", "language"):
            assert item["aria-invalid"] == "true"
            assert f"{item['id']}-mistake" in item["aria-describedby"].split()
    assert "has 101 characters; at most 100 are allowed" in page.text
    assert any("autofocus" in item for item in page.all("div"))


@pytest.mark.parametrize(("name", "value", "step", "target", "words"), [
    ("start", "soon", 4, "start", "“When did it begin?” is “soon”, which is not a year"),
    ("sources.0.url", "reports.example.org/x", 6, "sources.0.url", "“Address of the page or document (source 1)” is "
     "“reports.example.org/x”, which is not a full public address"),
    ("contact.url", "mailto:a@b.example", 7, "contact.url", "holds an e-mail address"),
    ("tags", "good\nnot good!", 17, "tags", "Line 2 of “Free words” is “not good!”"),
    ("results.0.source", "https://elsewhere.example.org/", 10, "results.0.source", "is not listed under “Sources”"),
    ("body.done", "Look: <script>", 8, "body.done", "“<script” is a mark as web pages have them (HTML), and "
     "readers would see it as it stands. Take out all such marks, from < to >"),
    ("body.done", "# What we did\n\nBenches.", 8, "body.done", "“# What we did” is written as a heading. Take out the "
     "# at the start of the line; the heading is there already."),
    ("sources.0.accessed", f"{date.today().year + 1}-11-30", 6, "sources.0.accessed",
     "which lies in the future. Check the date."),
    ("city_new", "Rio Verde", 2, "city_new", "Write “rio-verde”"),
    ("tags", "\n\nsummary!", 17, "tags", "Line 3 of “Free words” is “summary!”, which is not in small letters, "
     "with hyphens for spaces and no other signs. Write it as “summary”."),
    ("tags", "title\ntitle", 17, "tags", "“title” is listed twice under “Free words”"),
    ("inspired_by", "testby-night-bus", 16, "inspired_by", "Did you mean “testby-night-buses”? Look it up here"),
    ("sdg", "99", 17, "sdg", "Write it as “11.2”."),
    ("staff_fte", "1,5", 9, "staff_fte", "Write “1.5”, or tick “Not known”."),
    ("body.done", "We walked.\n\n## Results\n\nMore people.", 8, "body.done", "“What was done” holds a heading like "
     "those between the texts: “## Results”. Write ### before it"),
    ("cost.setup", "3 million", 9, "cost.setup", "“Once, to set it up” is “3 million”, which is not a number"),
    ("organisation", "City\u202e", 2, "organisation", "holds a hidden character (U+202E)"),
])
def test_a_mistake_leads_to_the_field_in_the_words_of_the_form(
        client: FlaskClient, name: str, value: str, step: int, target: str, words: str) -> None:
    fields = {**FILLED, "results.0.metric": "m", "results.0.value": "v",
              "results.0.source": "https://reports.example.org/benches", name: value}
    if name == "city_new":
        del fields["city"]
    page = send(client, CASE, fields, "next", step)
    assert words in page.text
    assert f"#{target}" in [item.get("href") for item in page.all("a")]
    assert target in [item.get("id") for _, item in page.tags]
    told = page.text.partition("Please look")[2].partition("All steps")[0]
    assert not re.search(r"`|Add a line|remove the line|content/|\.md|in quotes|text below", told)


def test_what_a_whole_group_misses_leads_to_its_first_field(client: FlaskClient) -> None:
    for step, first in ((3, "challenge_types"), (6, "sources.0.url"), (7, "contact.role")):
        page = send(client, CASE, {}, "next", step)
        target = next(item["href"][1:] for item in page.all("a") if item.get("href", "").startswith(f"#{first}"))
        assert target in [item.get("id") for item in page.all("input")]


def test_what_an_empty_profile_misses_is_told_at_each_step(client: FlaskClient) -> None:
    required = {name for name, info in front_matter(CITY.model) if info.is_required()}
    told = set()
    for number in range(len(CITY.steps)):
        page = send(client, CITY, {}, "next", number)
        told |= {item["href"][1:] for item in page.all("a") if item.get("href", "").startswith("#")} & required
    assert told == required
    assert "“Country” is not answered yet" in send(client, CITY, {}, "check").text


def test_a_step_can_be_skipped_and_is_told_at_the_end(client: FlaskClient) -> None:
    assert "Where it was" in send(client, CASE, {}, "skip", 1).text
    page = send(client, CASE, FILLED | {"challenge": "", "start": "soon"}, "check", 1)
    assert "This must be mended before it can be handed in" in page.text
    assert {"mend:1", "mend:4"} <= {item.get("value") for item in page.all("button")}
    assert "is “soon”" in send(client, CASE, FILLED | {"start": "soon"}, "mend:4").text


def test_what_is_not_known_and_answered_as_well_is_asked_about(client: FlaskClient) -> None:
    page = send(client, CASE, FILLED | {"staff_fte": "3", "unknown": "staff_fte"}, "next", 9)
    assert "“Not known” is ticked as well" in page.text
    page = send(client, CASE, FILLED | {"city_new": "sandhaven"}, "next", 2)
    assert "Keep one of the two" in page.text


def test_a_draft_needs_four_answers(client: FlaskClient) -> None:
    fields = {name: FILLED[name] for name in ("title", "summary", "language", "challenge")}
    page = send(client, CASE, fields, "check")
    assert "You can also hand it in as a draft" in page.text
    assert [item["id"] for item in page.all("input") if item.get("name") == "status" and "checked" in item] == [
        "status-draft"]
    assert "Your text is ready" in send(client, CASE, fields | {"status": "draft"}, "finish").text
    assert "It cannot be published yet" in send(client, CASE, fields | {"status": "published"}, "finish").text
    text = client.post("/submit/case", data=fields | {"go": "download", "step": "18", "status": "draft"}).text
    assert "status: draft" in text
    assert "It cannot be handed in yet" in send(client, CITY, {"name": "X"}, "finish").text


@pytest.mark.parametrize(("slug", "words"), [
    ("Not A Slug", "small letters from a to z"), ("a" * 61, "at most 60"), ("testby-night-buses", "is here already"),
    ("../../etc/passwd", "small letters from a to z")])
def test_the_name_of_the_file_is_looked_over(client: FlaskClient, slug: str, words: str) -> None:
    page = send(client, CASE, {**FILLED, "slug": slug}, "finish")
    assert words in page.text
    assert "#slug" in [item.get("href") for item in page.all("a")]
    file = client.post("/submit/case", data={**FILLED, "slug": slug, "go": "download", "step": "18"})
    assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.md"', file.headers["Content-Disposition"])


def test_a_name_is_suggested_from_the_city_and_the_title(library: Library) -> None:
    assert suggested(CASE, Answers.of(CASE, [("city", "testby"), ("title", "Busse für alle: jetzt!")])) in (
        "testby-busse-fuer-alle-jetzt", "testby-busse-fur-alle-jetzt")
    assert suggested(CASE, Answers.of(CASE, [("city", "testby"), ("title", "Testby walks")])) == "testby-walks"
    long = suggested(CASE, Answers.of(CASE, [("city", "testby"), ("title", "word " * 20)]))
    assert len(long) <= SUGGESTED
    assert not long.endswith("-")
    assert suggested(CASE, Answers.of(CASE, [("title", "Ελληνικά")])) == "ellinika"
    assert suggested(CASE, Answers.of(CASE, [("title", "…")])) == ""


def test_what_is_suggested_follows_the_answers_until_somebody_chooses(client: FlaskClient) -> None:
    few: dict[str, object] = {name: FILLED[name] for name in ("title", "summary", "language", "challenge")}

    def look(fields: dict[str, object], **chosen: str) -> tuple[list[str], MultiDict[str, str]]:
        """What the page for looking over shows filled in, and what it sends once `chosen` is chosen there."""
        sent = sent_by(send(client, CASE, fields, "check"))
        shown = [sent["status"], sent["slug"]]
        for name, value in chosen.items():
            sent.setlist(name, [value])
        return shown, sent

    shown, sent = look(few)
    assert shown == ["draft", "benches-in-the-shade-one-every-200-metres"]
    rest = {name: value for name, value in FILLED.items() if name not in few}
    whole: dict[str, object] = {**sent.to_dict(flat=False), **rest}
    assert look(whole)[0] == ["published", "testby-benches-in-the-shade-one-every-200"]
    _, sent = look({**few}, slug="my-benches", status="published")
    assert look({**sent.to_dict(flat=False), **rest})[0] == ["published", "my-benches"]
    _, sent = look(FILLED, status="draft")
    assert look(sent.to_dict(flat=False))[0] == ["draft", "testby-benches-in-the-shade-one-every-200"]
    assert "status: draft" in client.post("/submit/case", data={**sent.to_dict(flat=False), "go": "download"}).text


def test_the_names_of_drafts_and_of_files_with_mistakes_are_taken(folder: Path, tmp_path: Path) -> None:
    text = NIGHT_BUSES.replace("status: published", "status: draft")
    (folder / "cases" / "testby-benches.md").write_text(text, encoding="utf-8")
    (folder / "cities" / "atlantis.md").write_text("---\nname: Atlantis\n---\n", encoding="utf-8")
    edition.build(folder, tmp_path / "data")
    library = Library.open(Settings(content=folder, data=tmp_path / "data"))
    client = create_app(library).test_client()
    assert "A case with this short name is here already" in send(
        client, CASE, {**FILLED, "slug": "testby-benches"}, "finish").text
    assert "Your text is ready" in send(client, CASE, {**FILLED, "inspired_by": "testby-benches"}, "finish").text
    assert "is here already" in send(client, CITY, {**PROFILE, "slug": "atlantis"}, "finish").text
    elsewhere = {**FILLED, "city": "", "city_new": "atlantis"}
    assert "There is a profile of “atlantis” in the library, but it has mistakes" in send(
        client, CASE, elsewhere, "check").text
    library.close()


@pytest.mark.parametrize(("kind", "fields"), [(CASE, FILLED), (CHALLENGE, WANTED)], ids=["case", "challenge"])
def test_a_city_without_a_profile_keeps_nobody_from_handing_in(
        client: FlaskClient, kind: Kind, fields: dict[str, object]) -> None:
    fields = {**fields, "city": "", "city_new": "testbi"}
    assert "What it is about" in send(client, kind, fields, "next", 2).text
    checked = send(client, kind, fields, "check")
    assert "Everything that must be there is there" in checked.text
    assert "There is no city “testbi” in the library yet. Did you mean “testby”?" in checked.text
    page = send(client, kind, fields, "finish")
    assert "Your text is ready" in page.text
    assert "The library has no profile of the city “testbi” yet. So two files go into one" in page.text
    assert "with the short name testbi , and send both files together" in page.text
    assert "/submit/city" in [item.get("href") for item in page.all("a")]
    assert "no profile" not in send(client, kind, {**fields, "city_new": "testby"}, "finish").text
    assert "There is no city “testbi”" in send(client, kind, fields, "preview").text


def test_the_file_is_made_once_for_a_page(client: FlaskClient, library: Library,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    looked_over: list[str] = []
    proofread = library.proofread
    monkeypatch.setattr(library, "proofread", lambda *told: looked_over.append(told[2]) or proofread(*told))
    send(client, CASE, FILLED, "check")
    assert [re.findall("status: .*", text) for text in looked_over] == [["status: published"], ["status: draft"]]


def test_similar_cases_are_shown_before_one_goes_on(client: FlaskClient, library: Library) -> None:
    case = library.entry("testby-night-buses").case
    page = send(client, CASE, {**FILLED, "challenge": case.challenge}, "check")
    assert "Is it one of these?" in page.text
    assert "/cases/testby-night-buses" in [item.get("href") for item in page.all("a")]


# --- handing it in


def app_of(library: Library, repository: str, contact: str = "") -> FlaskClient:
    return create_app(library, Settings(repository=repository, contact=contact)).test_client()


FOLDER = "open the folder content, then cases. Press "


@pytest.mark.parametrize(("repository", "words"), [
    ("https://github.com/example/library", f"{FOLDER}Add file , then Upload files . Choose benches.md, and"),
    ("https://gitlab.com/example/library", f"{FOLDER}the plus sign, then Upload file . Choose benches.md, and press"),
    ("https://codeberg.org/example/library", "put this text into your copy as well")])
def test_a_case_and_its_city_go_into_one_proposal(library: Library, repository: str, words: str) -> None:
    client = app_of(library, repository)
    profile = send(client, CITY, {**PROFILE, "slug": "norre-havn"}, "finish")
    assert "The short name of this city is norre-havn . Did you come from a case or a challenge?" in profile.text
    assert {"/submit/case", "/submit/challenge"} <= {item.get("href") for item in profile.all("a")}
    case = send(client, CASE, {**FILLED, "city": "", "city_new": "norre-havn", "slug": "benches"}, "finish")
    assert "with the short name norre-havn , and hand it in as its last page says" in case.text
    assert words in case.text
    assert "short name" not in send(client, CASE, FILLED, "finish").text


@pytest.mark.parametrize("repository", ["", "https://github.com/example/library", "https://gitlab.com/example/library"])
def test_who_has_no_account_turns_to_the_office_if_there_is_one(library: Library, repository: str) -> None:
    office, pages = "mailto:library@city.example", ("/submit", "/about")
    for fields in (FILLED, {**FILLED, "body.done": "Long.\n\n" * 2_000}):
        with_office = send(app_of(library, repository, office), CASE, fields, "finish")
        assert office in [item.get("href") for item in with_office.all("a")]
        assert ("Without an account" in with_office.text) is bool(repository)
        numbers = re.findall(r"(\d)\. (?:On|By|With|Without)\b", with_office.text)
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
        without = send(app_of(library, repository), CASE, fields, "finish")
        assert "mailto:" not in " ".join(item.get("href", "") for item in without.all("a"))
        assert ("You need an account" in without.text) is bool(repository)
    for path in pages:
        page = Page(app_of(library, repository, office).get(path).text)
        assert [item.get("href") for item in page.all("a")].count(office) == 1 + (path == "/about" or bool(repository))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_in_any_language_has_sections_with_a_heading_each(
        client: FlaskClient, folder: Path, language: str) -> None:
    assert "is still empty" not in send(client, CASE, FILLED | {"language": language}, "next", 8).text
    posted = {**FILLED, "language": language, "go": "download", "status": "published"}
    (folder / "cases" / "benches.md").write_bytes(client.post("/submit/case", data=posted).data)
    assert [problem for problem in content.read(folder).problems if problem.level == "error"] == []
    text = (folder / "cases" / "benches.md").read_text(encoding="utf-8")
    assert re.findall("^## (.*)", text, re.MULTILINE) == [section.label for section in Section]
    told = send(client, CASE, {"language": language}, "next", 8).text
    assert "“The situation before” is still empty" in told
    assert "“”" not in told


def test_a_short_text_goes_to_the_forge_filled_in(library: Library) -> None:
    client = app_of(library, "https://github.com/example/library")
    page = send(client, CITY, {**PROFILE, "slug": "norre-havn"}, "finish")
    link = next(item["href"] for item in page.all("a") if item.get("href", "").startswith("https://github.com/example/"
                "library/new/"))
    asked = parse_qs(urlsplit(link).query)
    assert asked["filename"] == ["content/cities/norre-havn.md"]
    file = client.post("/submit/city", data={**PROFILE, "go": "download", "step": "5", "slug": "norre-havn"})
    assert asked["value"] == [file.text]
    assert "Propose changes" in page.text


def test_a_long_text_goes_as_a_file(library: Library) -> None:
    client = app_of(library, "https://github.com/example/library")
    page = send(client, CASE, {**FILLED, "body.done": "Long.\n\n" * 2_000}, "finish")
    assert "too long to be filled in on GitHub" in page.text
    assert "https://github.com/example/library/upload/main/content/cases" in [
        item.get("href") for item in page.all("a")]
    assert "https://gitlab.com/example/library" in " ".join(item.get("href", "") for item in send(
        app_of(library, "https://gitlab.com/example/library"), CITY, PROFILE, "finish").all("a"))


def test_where_a_copy_of_ones_own_comes_first_it_is_asked_for_first(library: Library) -> None:
    gitlab = send(app_of(library, "https://gitlab.com/example/library"), CASE, FILLED, "finish")
    steps = [gitlab.text.index(words) for words in ("page that makes your copy", "Fork project", "Open an empty page")]
    assert steps == sorted(steps)
    assert "https://gitlab.com/example/library/-/forks/new" in [item.get("href") for item in gitlab.all("a")]
    assert "your copy" not in send(app_of(library, "https://github.com/example/library"), CASE, FILLED, "finish").text


def test_in_a_copy_that_only_its_owner_may_write_in_the_pages_are_hers(library: Library) -> None:
    there = "https://codeberg.org/example/library"
    client = app_of(library, there)

    def links(fields: dict[str, str]) -> tuple[str, list[str]]:
        page = send(client, CITY, {**PROFILE, "slug": "norre-havn", **fields}, "finish")
        return page.text, [href for item in page.all("a") if (href := item.get("href", "")).startswith(
            "https://codeberg.org/")]

    text, found = links({})
    assert found == [f"{there}/fork"]  # All other pages would answer "not found" to somebody from outside.
    assert "To mend" not in text
    for account in ("testby-streets", " @testby-streets", "https://codeberg.org/testby-streets/library"):
        text, found = links({"account": account})
        mine = "https://codeberg.org/testby-streets/library"
        assert found[1].startswith(f"{mine}/_new/main?filename=content/cities/norre-havn.md&value=---")
        assert found[2] == found[4] == found[6] == f"{there}/compare/main...testby-streets:main"
        assert found[3] == f"{mine}/_new/main?filename=content/cities/norre-havn.md"
        assert found[5] == f"{mine}/_upload/main/content/cities"
        assert "To mend" not in text
    for account in ("", "example", "two words", "<script>", ".."):
        text, found = links({"account": account})
        assert found == [f"{there}/fork"]
        assert "To mend: Hand it in" in text
        assert "Write the name of your own account at Codeberg." in text


def test_without_a_repository_there_is_the_file_and_the_text(client: FlaskClient) -> None:
    page = send(client, CASE, FILLED, "finish")
    assert "Send the file to those who keep this library" in page.text
    assert not [item for item in page.all("a") if "github" in item.get("href", "")]
    assert [item for item in page.all("textarea") if "readonly" in item]


def test_a_downloaded_file_can_be_continued(client: FlaskClient) -> None:
    page = Page(client.post("/submit/case", data={"go": "open", "file": NIGHT_BUSES}).text)
    assert "Night buses on call" in page.text
    assert "Not taken over: this form does not ask for adoptions , last_verified" in page.text
    odd = ("---\n²: x\nsources: {²: {url: x}, 99999: y}\ntags: {a: [b]}\ntitle: [[a], {b: c}]\nbody: x\n"
           "city_new: y\n---\n")
    assert client.post("/submit/case", data={"go": "open", "file": odd}).status_code == 200
    for text in ("no header", "---\n---\n", "\x00\ud800", "--- \n" * 10_000):
        answer = client.post("/submit/case", data={"go": "open", "file": text.encode("utf-8", "replace")})
        assert answer.status_code == 400
        assert "cannot be read" in Page(answer.text).text


def choose(client: FlaskClient, file: bytes, name: str = "testby-night-buses.md", pasted: str = "") -> tuple[int, Page]:
    """The page that follows when a file is chosen to go on with."""
    parts = {'"go"': b"open", f'"chosen"; filename="{name}"': file, '"file"': pasted.encode()}
    body = b"".join(b"--x\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n" % (head.encode(), part)
                    for head, part in parts.items())  # Flask's own client would write a large one to the disk.
    answer = client.post("/submit/case", content_type="multipart/form-data; boundary=x", data=body + b"--x--\r\n")
    return answer.status_code, Page(answer.text)


def test_a_file_that_was_downloaded_can_be_chosen(client: FlaskClient) -> None:
    whole = NIGHT_BUSES.encode()
    for file, pasted in ((whole, ""), (b"\xef\xbb\xbf" + whole.replace(b"\n", b"\r\n"), "what was not mended")):
        status, page = choose(client, file, pasted=pasted)
        assert status == 200
        assert "Check your answers" in page.text
        assert sent_by(page)["title"].startswith("Night buses on call")
    status, page = choose(client, b"", name="", pasted=NIGHT_BUSES)  # as a browser sends it where none is chosen
    assert (status, sent_by(page)["title"][:5]) == (200, "Night")


@pytest.mark.parametrize(("file", "words"), [
    (b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(256)), "is no plain text"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is no plain text"), (b"%PDF-1.7\n", "is no plain text"),
    (b"{\\rtf1\\ansi", "is no plain text"), (NIGHT_BUSES.replace("Night", "N\u00e4cht").encode("latin-1"), "not UTF-8"),
    (NIGHT_BUSES.encode("utf-16"), "not UTF-8"), (b"", "Choose the file, or paste its text"),
    (b"x" * (MAX_FILE_BYTES + 1), "larger than 256 KB"), (b"x" * submit.MAX_UPLOAD, "larger than 256 KB")])
def test_a_file_that_cannot_be_read_is_told_of_beside_it(client: FlaskClient, file: bytes, words: str) -> None:
    status, page = choose(client, file)
    assert status == (413 if len(file) == submit.MAX_UPLOAD else 400)
    assert words in page.text
    assert "#chosen" in [item.get("href") for item in page.all("a")]
    assert [item["aria-describedby"] for item in page.all("input") if item.get("id") == "chosen"] == [
        "chosen-hint chosen-mistake"]


def test_a_slip_in_a_chosen_file_can_be_mended_in_its_text(client: FlaskClient) -> None:
    text = NIGHT_BUSES.replace("stage:", "stage", 1)
    status, page = choose(client, text.encode(), pasted="old")
    assert status == 400
    assert "summary: After midnight minibuses" in page.text  # to be mended where it is
    assert "#file" in [item.get("href") for item in page.all("a")]


def test_no_file_is_written_for_one_that_was_chosen(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise AssertionError("A file was made on the disk.")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    for size in (MAX_FILE_BYTES, submit.MAX_UPLOAD - 1_000, submit.MAX_UPLOAD, 4 * submit.MAX_UPLOAD):
        assert choose(client, b"x" * size)[0] in (400, 413)


def begun_with(client: FlaskClient, kind: Kind, text: str) -> str:
    """What the file says that is made of another one without a change."""
    page = Page(client.post(f"/submit/{kind.name}", data={"go": "open", "file": text}).text)
    answer = client.post(f"/submit/{kind.name}", data=MultiDict([*sent_by(page).items(multi=True), ("go", "download")]))
    return answer.text


def test_what_the_form_does_not_ask_for_is_in_the_file_again(client: FlaskClient) -> None:
    swedish = (CASES / "cases" / "testby-nattbussar.md").read_text(encoding="utf-8")
    headings = re.findall("^## .*", swedish, re.MULTILINE)
    assert re.findall("^## .*", begun_with(client, CASE, swedish), re.MULTILINE) == headings
    in_english = begun_with(client, CASE, swedish.replace("language: sv", "language: en"))
    assert all(heading in in_english for heading in headings)  # those who mend it decide what they are
    path = min((CASES / "challenges").glob("*.md"))
    made = begun_with(client, CHALLENGE, path.read_text(encoding="utf-8"))
    assert re.findall("^published: .*", made, re.MULTILINE) == re.findall(
        "^published: .*", path.read_text(encoding="utf-8"), re.MULTILINE)
    for odd in ("soon", "2999-01-01", "2024-02-30"):
        page = send(client, CHALLENGE, {**WANTED, "published": odd}, "check")
        assert "Everything that must be there is there" in page.text


@pytest.mark.parametrize(("line", "words"), [
    ("what: [a, b", "Line 7: The list that opens here"), ("\tindented: x", "Line 7: A tab stands where"),
    ("title: Another", "Line 7: “title” is given twice"), ("a: b: c", "Line 7: The text “b: c” holds a colon"),
    ("free", "Line 7: There is no colon after “free”")])
def test_a_file_with_a_slip_in_its_header_is_not_taken_in_part(client: FlaskClient, line: str, words: str) -> None:
    rows = NIGHT_BUSES.split("\n")
    text = "\n".join([*rows[:6], line, *rows[6:]])
    answer = client.post("/submit/case", data={"go": "open", "file": text})
    page = Page(answer.text)
    assert answer.status_code == 400
    assert "This cannot be read as the file of a case. " in page.text
    assert words in page.text
    assert "#file" in [item.get("href") for item in page.all("a")]
    assert text.strip() in unescape(answer.text)  # to be mended where it is
    assert not sent_by(page).get("title")


def test_a_file_with_a_number_beyond_all_measure_is_taken_without_it(client: FlaskClient) -> None:
    file = f'---\n? "sources.{"9" * 5000}.url"\n: x\ntitle: Benches\n---\n'
    answer = client.post("/submit/case", data={"go": "open", "file": file})
    assert answer.status_code == 200
    assert "does not ask for sources" in Page(answer.text).text


def test_a_draft_of_a_form_that_had_more_pages_is_looked_over(client: FlaskClient) -> None:
    assert "Check your answers" in send(client, CASE, FILLED, "step:99", 0).text


# --- looking at it


def test_the_preview_is_the_page_that_readers_will_see(client: FlaskClient) -> None:
    page = send(client, CASE, FILLED, "preview")
    assert "This is a preview; nothing is saved" in page.text
    for text in (FILLED["title"], FILLED["challenge"], "A bench every 200 metres", "Key facts"):
        assert str(text) in page.text
    assert "Nørre Havn" in send(client, CITY, PROFILE, "preview").text
    assert "Places to sit" in send(client, CHALLENGE, WANTED, "preview").text


def test_the_preview_of_a_draft_shows_the_texts_and_what_is_missing(client: FlaskClient) -> None:
    page = send(client, CASE, {"title": "<b>Bold</b>", "body.done": "We *did* it."}, "preview")
    assert "<b>Bold</b>" in page.text
    assert "em" in [tag for tag, _ in page.tags]
    assert "Before the whole page can be shown" in page.text


def test_a_text_is_shown_while_it_is_written(client: FlaskClient) -> None:
    answer = client.post("/submit/preview", data={"text": "A *word* [here](https://example.org/x)"})
    assert answer.text.strip() == ('<p>A <em>word</em> <a href="https://example.org/x" rel="nofollow noopener">here</a>'
                                   "</p>")
    assert client.post("/submit/preview", data={"text": "<img src=x onerror=alert(1)>"}).status_code == 400
    assert client.get("/submit/preview").status_code == 405


@pytest.mark.parametrize("bomb", ["[" * 20_000, "[a](" * 10_000, "<a " * 20_000, "[^1]: x\n" * 5_000,
                                  "".join("    " * n + "- x\n" for n in range(300)), "*a " * 30_000,
                                  "| a " * 200 + "\n" + "|-" * 200 + "\n", "x" * 200_000, "`" * 9_000],
                         ids=["brackets", "links", "tags", "notes", "lists", "stars", "table", "long", "ticks"])
def test_texts_that_keep_a_renderer_busy_are_refused_in_a_moment(client: FlaskClient, bomb: str) -> None:
    for path, data in (("/submit/preview", {"text": bomb}), ("/submit/case", {
            "go": "preview", "step": "8", "body.done": bomb})):
        began = time.perf_counter()
        answer = client.post(path, data=data)
        assert answer.status_code in (200, 400, 413)
        assert time.perf_counter() - began < submit.SECONDS_TO_RENDER + 8


def test_more_texts_at_a_time_than_there_is_room_for_are_asked_to_come_back(
        client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for places, path, data in (("_rendering", "/submit/preview", {"text": "words"}),
                               ("_rendering", "/submit/case", {**FILLED, "go": "preview"}),
                               ("_writing", "/submit/case", {"go": "check"})):
        monkeypatch.setattr(submit, places, threading.BoundedSemaphore(1))
        with getattr(submit, places):
            began = time.perf_counter()
            answer = client.post(path, data=data)
            assert time.perf_counter() - began < 0.5  # nobody waits for a turn
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert "Wait a few seconds, then load this page again" in Page(answer.text).text
        assert client.post(path, data=data).status_code == 200


def test_a_text_that_takes_too_long_is_given_up(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "SECONDS_TO_RENDER", 0.001)
    slow = "\n\n".join(["word " * 900] * 29)  # within every limit of a text
    answer = client.post("/submit/preview", data={"text": slow})
    assert (answer.status_code, "took longer than 0.001 seconds" in answer.text) == (400, True)


@pytest.mark.parametrize("program", ["#!/bin/sh\nexec sleep 60\n", "#!/bin/sh\nexit 1\n", ""],
                         ids=["late", "ends", "missing"])
def test_where_no_process_can_be_started_one_is_asked_to_come_back(
        client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    python = tmp_path / "python"
    if program:
        python.write_text(program)
        python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(submit, "SECONDS_TO_START", 0.3)
    for path, data in (("/submit/preview", {"text": "words"}), ("/submit/case", {**FILLED, "go": "preview"})):
        began = time.perf_counter()
        answer = client.post(path, data=data)
        assert answer.status_code == 503
        assert "too much to do" in Page(answer.text).text
        assert time.perf_counter() - began < 5


# --- whatever is sent


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [
    {"go": "explode"}, {"go": ["next", "back"]}, {"go": "step:-1"}, {"go": "add:title"},
    {"go": "add:sources", "step": "0"}, {"go": "remove:sources.0", "step": "99"}, {"step": "x"}, {"step": ["0", "0"]},
    {"step": "٣"}, {"go": "next", "language": ["en", "sv"], "name": ["a", "b"], "title": ["a", "b"]},
    {f"field{number}": "x" for number in range(10_000)}, {"themes": ["x"] * 10_000, "powers": ["x"] * 10_000},
], ids=lambda data: f"{min(data)[:9]}-{str(data[min(data)])[:9]}" if isinstance(data, dict) else data)
def test_what_the_form_cannot_have_sent_is_refused_with_a_sentence(client: FlaskClient, kind: str,
                                                                    data: dict[str, object]) -> None:
    answer = client.post(f"/submit/{kind}", data=data)
    assert answer.status_code == 400
    assert len(answer.text) < 60_000
    Page(answer.text)


@pytest.mark.parametrize(("name", "value"), [
    ("a.b.c.d.e.f.g", "x"), ("sources.0.url.0.url", "x"), ("sources.9999.url", "x"), ("sources.00.url", "x"),
    ("__class__", "x"), ("<script>", "x"), ("x" * 10_000, "x"), ("adoptions.0.city", "x"), ("unknown", "title"),
    ("unknown", "x" * 9_000), ("results.1.metric.2", "x"), ("body", "x"), ("\x00", "x")])
def test_a_field_that_is_no_question_is_named_and_the_rest_is_taken(client: FlaskClient, name: str, value: str) -> None:
    page = send(client, CASE, {**FILLED, name: value}, "check")
    assert "Not taken over: this form does not ask for" in page.text
    assert FILLED["title"] in page.text
    assert "<script>" not in page.text
    assert len(page.text) < 20_000


@pytest.mark.parametrize("value", ["\x00", "\x1b[31m", "\u202eevil", "\ufeff", b"\xed\xa0\x80", "\uffff",
                                   "---", "...", "\n---\n", "title: x\n---\n", "%", "&lt;", "{{ 7 * 7 }}"])
@pytest.mark.parametrize("name", ["title", "body.done", "sources.0.title", "city_new", "slug", "status", "outcome",
                                  "themes", "lessons", "tags", "cost.setup"])
def test_odd_characters_break_nothing(client: FlaskClient, name: str, value: object) -> None:
    for go in ("next", "check", "finish", "download", "add:sources"):
        answer = client.post("/submit/case", data={**FILLED, name: value, "go": go, "step": 6})
        assert answer.status_code in (200, 400)
        if answer.mimetype == "text/html":
            assert "49" not in re.findall(r'value="([^"]*)"', answer.text)
        else:
            assert not HIDDEN.search(answer.text)
            assert answer.text.count("\n---\n") == 1 or name.startswith("body")


def test_more_than_a_file_may_hold_is_refused_with_a_sentence(client: FlaskClient) -> None:
    for size in (submit.MAX_FORM, 2 * submit.MAX_FORM):
        answer = client.post("/submit/case", data={"body.done": "x" * size})
        assert answer.status_code == 413
        assert "larger than a file here may be" in Page(answer.text).text


def test_a_text_that_a_file_may_hold_is_taken_in_every_script(client: FlaskClient) -> None:
    page = send(client, CASE, {"body.done": "Λόγος. " * 14_000}, "skip", 8)  # 180 KB, and three times as much as sent
    assert "larger than" not in page.text
    assert any(item.get("value", "").startswith("Λόγος.") for item in page.all("input"))


def test_no_other_site_can_send_the_form(client: FlaskClient) -> None:
    for headers, status in (
            ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "same-origin"}, 200), ({"Sec-Fetch-Site": "none"}, 200),
            # Over plain http, and in old browsers:
            ({"Origin": "http://evil.example"}, 403), ({"Origin": "http://localhost.evil.example"}, 403),
            ({"Origin": "null"}, 403), ({"Origin": "http://["}, 403), ({"Origin": "http://localhost:81"}, 403),
            ({"Origin": "http://localhost"}, 200), ({}, 200)):
        answer = client.post("/submit/case", data={"go": "check"}, headers=headers)
        assert answer.status_code == status, headers


def test_behind_a_proxy_the_public_address_is_ours(library: Library) -> None:
    client = create_app(library, Settings(base_url="https://library.example.org")).test_client()
    answer = client.post("/submit/case", data={"go": "check"}, headers={"Origin": "https://library.example.org"})
    assert answer.status_code == 200


def test_nothing_is_kept_and_no_cookie_is_set(app: Flask, client: FlaskClient) -> None:
    answer = client.post("/submit/case", data={**FILLED, "go": "check"})
    assert "Set-Cookie" not in answer.headers
    assert "Benches in the shade" not in client.get("/submit/case").text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([unstarred(name) for name in sorted(CASE.names)] + ["unknown", "slug", "x"]),
                          st.one_of(st.text(max_size=30), st.sampled_from(["unknown", "true", "5", "cost", "2020"]))),
                max_size=12, unique_by=lambda pair: pair[0]))
def test_any_answers_give_a_page(client: FlaskClient, pairs: list[tuple[str, str]]) -> None:
    data = [(name, value.encode("utf-8", "replace")) for name, value in pairs]
    for go in ("next", "check", "finish", "download"):
        answer = client.post("/submit/case", data=MultiDict([*data, ("go", go), ("step", "9")]))
        assert answer.status_code in (200, 400)


def test_no_more_fields_are_read_than_a_form_may_have() -> None:
    def sent() -> Iterator[tuple[str, str]]:
        yield from ((f"x{number}", "x") for number in range(answers.MAX_FIELDS + 1))
        raise AssertionError("read beyond the limit")

    with pytest.raises(BadInput, match="At most 2,000 fields"):
        Answers.of(CASE, sent())


def test_far_more_records_than_a_file_may_hold_make_no_page(client: FlaskClient) -> None:
    def sources(count: int) -> dict[str, str]:
        return {f"sources.{number}.url": "https://x.example.org/" for number in range(count)}

    assert "has 41 items; at most 40 are allowed" in send(client, CASE, sources(41), "next", 6).text
    answer = client.post("/submit/case", data=sources(999) | {"go": "check"})
    assert (answer.status_code, "has 999 entries; at most 40" in Page(answer.text).text) == (400, True)
    page = send(client, CASE, {"tags": "a\n" * 20_000}, "next", 17)
    assert "“Free words” has 20,000 entries; at most 20" in page.text
    file = "---\nsources:\n" + "  - url: https://x.example.org/\n" * 200 + "---\n"
    page = Page(client.post("/submit/case", data={"go": "open", "file": file}).text)
    assert "has 200 entries; at most 40" in page.text


def test_a_control_tells_what_was_answered(library: Library) -> None:
    given_ = Answers.of(CASE, [("outcome", "mixed"), ("unknown", "staff_fte"), ("results.0.metric", "Wait"),
                               ("results.0.value", "5"), ("lessons", "One\nTwo")])
    around = Around(library.vocabulary, library.cities, ("en",))
    shown: dict[str, Widget] = {widget.path: widget for step in CASE.steps
                                for widget in widgets(CASE, step, given_, around)}
    assert shown["outcome"].shown == ("Mixed results",)
    assert shown["staff_fte"].shown == ("not known",)
    assert shown["results"].shown == ("Wait; 5",)
    assert shown["lessons"].shown == ("One", "Two")
    assert shown["title"].shown == ()
