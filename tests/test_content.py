"""A content folder becomes cases, cities and vocabulary, or Problems with the right lines.

`broken/` holds a file for every mistake that stops reading, and one file with twenty mistakes; `expected.json` beside
it is the list of Problems they must give, in the shape that `innoshare check --format json` prints.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from innoshare import content
from innoshare.case import Case, City, Concept, OpenChallenge, Record, Term, front_matter, is_tag
from innoshare.choices import LANGUAGES, Section
from innoshare.content import (
    EVERY_CASE,
    EVERY_CHALLENGE,
    FORMS,
    WORDS,
    World,
    check,
    digests,
    fields,
    read,
)
from innoshare.content.frontmatter import read as read_front_matter
from innoshare.content.pages import Page, Rule
from innoshare.errors import Problem
from innoshare.render import render

TESTS = Path(__file__).parent
TODAY = date(2026, 11, 24)
NIGHT_BUSES = "testby-night-buses"


def told(folder: Path, name: str) -> list[Problem]:
    return [problem for problem in read(folder, TODAY).problems if problem.path.endswith(f"/{name}.md")]


@pytest.fixture
def change(folder: Path) -> Callable[[str, str], list[Problem]]:
    """Replaces text in one case and gives the Problems of that file."""
    def changed(old: str, new: str) -> list[Problem]:
        path = folder / "cases" / f"{NIGHT_BUSES}.md"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return told(folder, NIGHT_BUSES)
    return changed


def line_of(folder: Path, text: str) -> int:
    """The line of the case in which `text` stands; a line end before it is not counted."""
    before, found, _ = (folder / "cases" / f"{NIGHT_BUSES}.md").read_text(encoding="utf-8").partition(text)
    assert found
    return (before + ("\n" if text.startswith("\n") else "")).count("\n") + 1


def test_the_small_folder_is_in_order() -> None:
    small = read(TESTS / "cases", TODAY)
    assert not small.problems
    assert list(small.cases) == sorted(small.cases)
    assert len(small.cases) == 6
    assert list(small.cities) == ["rio-verde", "sandhaven", "testby"]
    assert small.cases[NIGHT_BUSES].cost != "unknown"
    assert small.cases[NIGHT_BUSES].body.startswith("## Situation")
    assert small.vocabulary["themes"]["mobility"].label_in("sv") == "Mobilitet"
    assert len(small.concepts) == 8
    assert all(set(concept.label) == set(LANGUAGES) for concept in small.concepts.values())
    assert small.digests == digests(TESTS / "cases")


def test_our_own_vocabulary_is_in_order() -> None:
    own = read(TESTS.parent / "content")
    assert [len(own.vocabulary[name]) for name in ("themes", "challenge_types", "approaches")] == [19, 14, 12]
    assert not [problem for problem in own.problems if "/vocabulary/" in problem.path]


def test_a_file_with_twenty_mistakes_gives_twenty_problems() -> None:
    lines = [problem.line for problem in told(TESTS / "broken", "twenty")]
    assert lines == [2, 4, 5, 6, 7, 8, 9, 10, 11, 14, 17, 19, 21, 22, 26, 28, 30, 36, 41, 47]


def test_every_broken_file_is_told_as_expected() -> None:
    found = [asdict(problem) for problem in read(TESTS / "broken", TODAY).problems]
    expected = json.loads((TESTS / "broken" / "expected.json").read_text(encoding="utf-8"))
    for path in sorted({problem["path"] for problem in [*found, *expected]}):
        assert [one for one in found if one["path"] == path] == [one for one in expected if one["path"] == path]


# Kinds that Pydantic has and a file cannot hold alone: an empty text or list is told as `empty`; a text is no float.
NEVER_ALONE = {"string_too_short", "too_short", "literal_error", "int_type", "int_parsing_size", "int_from_float",
               "float_type", "finite_number", "plain_number", "float_parsing", "int_parsing", "dict_type",
               "model_type"}
ALONE = [{"plain_number", "float_parsing", "int_parsing"}, {"dict_type", "model_type"}]  # one of each set is enough


def test_every_kind_of_mistake_has_a_broken_file(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds, spoke = set[str](), set[str]()

    def noted(rule: Rule) -> Rule:
        def watched(page: Page, world: World) -> Iterator[Problem]:
            for problem in rule(page, world):
                spoke.add(rule.__name__)
                yield problem
        return watched

    monkeypatch.setattr(fields, "WORDS", {kind: lambda found, kind=kind, words=words: kinds.add(kind) or words(found)
                                          for kind, words in WORDS.items()})
    monkeypatch.setattr(content, "KINDS", {folder: (model, tuple(map(noted, rules)))
                                           for folder, (model, rules) in content.KINDS.items()})
    read(TESTS / "broken", TODAY)
    assert spoke == {rule.__name__ for rule in (*EVERY_CASE, *EVERY_CHALLENGE)}
    assert set(WORDS) - NEVER_ALONE <= kinds
    assert all(some & kinds for some in ALONE)


def test_a_concept_with_a_mistake_is_left_out_and_the_others_are_there() -> None:
    assert list(read(TESTS / "broken", TODAY).concepts) == ["street", "night-bus"]


def test_the_body_is_checked_even_where_the_header_cannot_be_read() -> None:
    told_of = {Path(problem.path).name for problem in read(TESTS / "broken", TODAY).problems
               if "<font" in problem.message}
    holding = {path.name for path in (TESTS / "broken" / "cases").glob("*.md") if b"<font" in path.read_bytes()}
    assert told_of == holding
    assert {"never-closed.md", "header-is-a-list.md", "tabs.md", "too-deep.md"} <= holding


# --- words --------------------------------------------------------------------------------------------------------

ODD = ["", "x" * 2_000, "Ä b", "1e5", "-1", "99999999999999999999", "2024-02-30", "1066", "unknown", "a@b.org", "nan",
       "1.5", ["x"], [["x"]], [{"x": "y"}], ["x"] * 500, {"x": "y"}, {"Not a language": "x"}]


def everything_odd(model: type[BaseModel]) -> list[dict[str, object]]:
    """Headers in which each field, at any depth, holds each of ODD in turn."""
    made: list[dict[str, object]] = []
    for name, _ in front_matter(model):
        made += [{name: odd} for odd in ODD]
        for inner in (content.Spot.of(model, (name,)).record, content.Spot.of(model, (name, 0)).record):
            if inner:
                made += [{name: shape} for part in everything_odd(inner) for shape in (part, [part])]
    return made


def pydantic_words(model: type[Record], header: dict[str, object]) -> list[str]:
    try:
        model.model_validate({**header, "slug": "x", "body": ""})
    except ValidationError as error:
        return [one["msg"] for one in error.errors() if one["type"] in WORDS or pytest.fail(one["type"])]
    return []


@pytest.mark.parametrize("model", [Case, City, Term, Concept])
def test_pydantic_never_speaks_to_a_reader(model: type[Record]) -> None:
    for header in everything_odd(model):
        text = f"---\n{json.dumps(header)}\n---\n"
        _, problems = check(model, read_front_matter(text.encode(), "x.md"), "x.md", slug="x")
        theirs = pydantic_words(model, header)
        for problem in problems:
            assert not any(words in problem.message or words in problem.remedy for words in theirs)
            assert "Input should" not in problem.message + problem.remedy
            assert "literal[" not in problem.field
            assert "function-" not in problem.field
        places = [problem.field for problem in problems]
        assert len(places) == len(set(places))


def test_every_pattern_of_the_models_has_its_form() -> None:
    patterns = set(re.findall(r"\"pattern\": (\".*?[^\\]\")[,}]", json.dumps(
        [model.model_json_schema() for model in (Case, City, Term)])))
    assert {json.loads(pattern) for pattern in patterns} <= set(FORMS)
    for form in FORMS.values():
        assert re.fullmatch(form.pattern, form.example.strip('"').split("`")[0])


@pytest.mark.parametrize(("old", "new", "field", "remedy"), [
    ("themes: [mobility]", "themes: [mobilty]", "themes.0", "Did you mean `mobility`?"),
    ("stage: implemented", "stage: implemted", "stage", "Did you mean `implemented`?"),
    ("start: 2019-09", "start: 1.9.2019", "start", "Write `2019-09-01`, or `unknown`."),
    ("start: 2019-09", "strat: 2019-09", "strat", "Did you mean `start`?"),
    ("outcome: positive", "outcome: good", "outcome", "`positive`, `mixed`, `none`, `negative`, `too-early`"),
    ("evidence_level: 3", "evidence_level: three", "evidence_level", "Write a whole number, digits only, as `2`."),
    ("staff_fte: 9.5", "staff_fte: nine", "staff_fte", "Write digits only, as `2.5`, or `unknown`."),
    ('sdg: ["11.2"]', "sdg: [11]", "sdg.0", '`"11.2"`'),
    ("  setup: 240000", "  setup: about 240000", "cost.setup", "digits only"),
    ("  setup: 240000", "  setup: € 240 000", "cost.setup", "Write `240000`, or `unknown`."),
    ("  currency: EUR", "  currency: €", "cost.currency", "Write `EUR`"),
    ("  basis: actual", "  basis: spent", "cost.basis", "`actual`, `estimate`, or `unknown`"),
    ("  basis: actual", "  basic: actual", "cost.basic", "Did you mean `basis`?"),
    ("staff_fte: 9.5", "staff_fte: 9,5", "staff_fte", "Write `9.5`"),
    ("staff_fte: 9.5", "price_year: 2021", "price_year", "Move it below `cost`"),
    ("participation: consultation", "participation: [consultation]", "participation", "`consultation`"),
    ("    essential: true", "    essential: very", "prerequisites.0.essential", "`true` or `false`"),
    ("  - Talk to", "  - Unions: talk to", "lessons.0", '`"Unions: talk to'),
    ("  - city: sandhaven", "  - city: sandhavn", "adoptions.0.city", "Did you mean `sandhaven`?"),
    ("    country: DE", "    country: Germany", "adoptions.1.country", "Write `DE`."),
    ("    country: DE", "    country: Alemanha", "adoptions.1.country", "Write `DE`."),
    ("    country: DE", "    country: UK", "adoptions.1.country", "Write `GB`."),
    ("    country: DE", "    country: Atlantis", "adoptions.1.country", "Write it as `SE`."),
    ("language: en", "language: Inglês", "language", "Write `en`."),
    ("  role: Planning", "  e-mail: x", "contact.e-mail", "Name the office under `role` and its public page"),
    ("  role: Planning", "  name: Anna Berg\n  role: Planning", "contact.name", "never a person"),
    ("staff_fte: 9.5", "email: anna@testby.example", "email", "under `contact`: `role`"),
    ("  setup: 240000", "  setup: 240.000", "cost.setup", "Do you mean 240000? Write `240000`. If not, write `240`."),
    ("  setup: 240000", "  setup: 1.234.000", "cost.setup", "Write `1234000`, or"),
    ("  setup: 240000", "  setup: 1.234,50 €", "cost.setup", "Write `1234.50`, or"),
    ("staff_fte: 9.5", "staff_fte: 010", "staff_fte", "Write digits only, as `2.5`"),
    ("staff_fte: 9.5", "staff_fte: 2.125", "staff_fte", "Do you mean 2125? Write `2125`. If not, write `2.12`."),
    ("start: 2019-09", "start: 2019-13", "start", "write the month as two digits from `01` to `12`, as `2026-05`"),
    ("updated: 2026-03-14", "updated: 2026-14-03", "updated", "Do you mean `2026-03-14`?"),
    ("updated: 2026-03-14", "updated: 14/03/2026", "updated", "Write `2026-03-14`."),
    ("updated: 2026-03-14", "updated: 03-14-2026", "updated", "Write `2026-03-14`."),
    ("updated: 2026-03-14", "updated: 20260314", "updated", "Write `2026-03-14`."),
    ("updated: 2026-03-14", "updated: 2026-03-14T10:00", "updated", "Write `2026-03-14`."),
    ("updated: 2026-03-14", "updated: 03/04/2026", "updated", "Write it as `2026-05-31`."),
    ("updated: 2026-03-14", "updated: 03/2026", "updated", "Write it as `2026-05-31`."),
    ("start: 2019-09", "start: 9/2019", "start", "Write `2019-09`, or `unknown`."),
    ("start: 2019-09", "start: 2019-9", "start", "Write `2019-09`, or `unknown`."),
    ("start: 2019-09", "start: 2019-2021", "start", "Write it as `2019`,"),
    ("    source: https://reports.example.org/night-buses\n    evid", "    source: internal data\n    evid",
     "results.0.source", "It is: address of the source, listed under sources."),
    ("    source: https://reports.example.org/night-buses\n    evid",
     "    source: https://Reports.example.org/night-buses/#page=12\n    evid", "results.0.source",
     "It is listed as `https://reports.example.org/night-buses`; write the same address in both places."),
    ("  - url: https://reports.example.org/sandhaven-taxis\n    title: \"Taxis on call: the first year\"\n"
     "    accessed: 2026-03-02", "  - https://reports.example.org/sandhaven-taxis", "sources.1",
     "Write it below `sources:`, indented by two spaces more, the lines `- url: …`, `  title: …`, `  accessed: …`."),
    ("staff_fte: 9.5", "Population: 82000", "Population", "in the file of the city"),
    ("staff_fte: 9.5", "translation_of: testby-natbussar", "translation_of", "`testby-nattbussar`"),
])
def test_one_mistake_is_one_problem_with_its_mending(
        change: Callable[[str, str], list[Problem]], folder: Path, old: str, new: str, field: str, remedy: str) -> None:
    problems = [problem for problem in change(old, new) if " is missing" not in problem.message]
    assert [(problem.line, problem.field) for problem in problems] == [(line_of(folder, new), field)]
    assert remedy in problems[0].remedy
    assert problems[0].level == "error"


@pytest.mark.parametrize(("place", "value", "told_of"), [
    ("population: 82000", "population: 82.000", True), ("population: 82000", "population: 82000.0", False),
    ("density: 1450", "density: 1.450", True), ("density: 1450", "density: 1450.125", False),
    ("density: 1450", "density: 0.125", False), ("density: 1450", "density: 1.45", False),
    ("latitude: 59.1", "latitude: 59.329", False), ("longitude: 16.4", "longitude: -1.544", False)])
def test_a_number_is_asked_about_only_where_it_can_be_read_in_two_ways(folder: Path, place: str, value: str,
                                                                       told_of: bool) -> None:
    path = folder / "cities" / "testby.md"
    text = path.read_text(encoding="utf-8")
    assert place in text
    path.write_text(text.replace(place, value), encoding="utf-8")
    assert [problem.level for problem in told(folder, "testby")] == ["error"] * told_of
    assert ("testby" in read(folder, TODAY).cities) is not told_of


@pytest.mark.parametrize(("written", "meant"), [
    ("mobility", "[mobility]"), ("mobility, education", "[mobility, education-youth]"),
    ("Mobility; mobilty", "[mobility]"), ("mobility, education, climate-adaptation, waste-circular, xyz", "at most 3")])
def test_the_list_that_is_proposed_is_one_that_the_next_check_takes(
        change: Callable[[str, str], list[Problem]], written: str, meant: str) -> None:
    [problem] = change("themes: [mobility]", f"themes: {written}")
    assert meant in problem.remedy
    assert ("`xyz`" in problem.message) == ("xyz" in written)
    [proposal] = re.findall(r"`(themes: \[.*?\])`", problem.remedy)
    assert change(f"themes: {written}", proposal) == []


@pytest.mark.parametrize(("field", "written", "meant"), [
    ("same_as", "www.example.org/a; https://example.org/b", "[https://www.example.org/a, https://example.org/b]"),
    ("same_as", "the catalogue of Rio", "[https://example.org/report]"),
    ("inspired_by", "rio-verde-shade", "[rio-verde-shade]"), ("inspired_by", "Shade in Rio", "[name-of-the-case]"),
    ("departments", "Streets, Water", "[Streets, Water]")])
def test_texts_that_should_be_a_list_are_told_in_the_form_of_its_items(
        change: Callable[[str, str], list[Problem]], field: str, written: str, meant: str) -> None:
    [problem] = change("themes: [mobility]", f"themes: [mobility]\n{field}: {written}")
    assert (problem.field, problem.message.partition(" but ")[0]) == (field, f"`{field}` must be a list,")
    proposed = f"`{field}: {meant}`"
    assert proposed in problem.remedy
    after = change(f"{field}: {written}", proposed.strip("`"))
    assert not [other for other in after if not other.message.startswith("There is no case")]


@pytest.mark.parametrize("place", ["results", "funding", "tags", "approvals", "same_as", "inspired_by"])
def test_a_list_that_is_not_known_is_left_out(folder: Path, place: str) -> None:
    path = folder / "cases" / f"{NIGHT_BUSES}.md"
    text = re.sub(rf"\n{place}:.*(\n  .*)*", "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("\nthemes:", f"\n{place}: unknown\nthemes:"), encoding="utf-8")
    [problem] = [problem for problem in told(folder, NIGHT_BUSES) if problem.field == place]
    assert problem.remedy == "Remove the line."


@pytest.mark.parametrize(("line", "count"), [("people get hurt", 1), ("tagz night-bus", 2), ("people: get hurt", 1)])
def test_a_line_that_lost_its_indent_is_no_field(change: Callable[[str, str], list[Problem]], line: str, count: int
                                                  ) -> None:
    assert len(change("\nthemes:", f"\n{line}\nthemes:")) == count


@pytest.mark.parametrize(("language", "remedy"), [
    ("dk", "Did you mean `da` (Danish)?"), ("cz", "Did you mean `cs` (Czech)?"), ("xx", "Write the two letters")])
def test_a_language_that_does_not_exist_is_refused(change: Callable[[str, str], list[Problem]], language: str,
                                                   remedy: str) -> None:
    [problem] = [problem for problem in change("language: en", f"language: {language}") if problem.field == "language"]
    assert (problem.level, problem.message) == ("error", f"There is no language `{language}`.")
    assert problem.remedy.startswith(remedy)


@pytest.mark.parametrize("language", ["cy", "nn", "uk", "zh", "se", "eo"])
def test_a_case_may_be_in_any_language(change: Callable[[str, str], list[Problem]], language: str) -> None:
    assert not [problem for problem in change("language: en", f"language: {language}") if problem.field == "language"]


def test_a_list_of_which_nothing_can_be_guessed_is_told_with_all_values(
        change: Callable[[str, str], list[Problem]], folder: Path) -> None:
    [problem] = change("themes: [mobility]", "themes: qqq, www")
    assert "`qqq` and `www` are not among its values" in problem.message
    assert problem.remedy.startswith("Write it as `themes: [")
    assert all(f"`{term}`" in problem.remedy for term in read(folder, TODAY).vocabulary["themes"])


@pytest.mark.parametrize("model", [Case, City, OpenChallenge])
def test_every_number_has_an_example_that_fits(model: type[Record]) -> None:
    numbers = [(owner, name, field) for owner in (model, *_records(model)) for name, field in front_matter(owner)
               if {int, float} & set(content.Spot.of(owner, (name,)).kinds)]
    assert len(numbers) == {Case: 11, City: 5, OpenChallenge: 0}[model]
    for owner, name, field in numbers:
        [example] = field.examples or [None]
        assert fits(owner, {name: str(example)}), (owner, name)


def _records(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The records that stand in the fields of a model."""
    spots = [content.Spot.of(model, steps) for name, _ in front_matter(model) for steps in ((name,), (name, 0))]
    return {spot.record for spot in spots if spot.record}


def test_an_empty_value_is_told_as_its_field_wants(change: Callable[[str, str], list[Problem]], folder: Path) -> None:
    for old, new, remedy in (
            ("title: Night buses on call instead of empty timetables", "title:",
             "Write a value. It is: what was done, in one line."),
            ("start: 2019-09", "start: ''",
             "Write a value. Write `unknown` if it is not known. It is: when it began: 2019, 2019-05 or 2019-05-31."),
            ("organisation: Testby Public Transport", "organisation: ~",
             "Write a value, or remove the line. It is: the body that did it."),
            ("  setup: 240000", "  setup:", "Write a value, or remove the line. Write `unknown` if it is not known. It "
             "is: one-off cost, digits only."),
            ("tags: [night-bus, on-demand]", "tags: []",
             "Write a value, or remove the line. It is: free words, lower-case, hyphens for spaces."),
            ("updated: 2026-03-14", "updated: 2026-03-14\nupdate:", "Did you mean `updated`?")):
        path = folder / "cases" / f"{NIGHT_BUSES}.md"
        before = path.read_text(encoding="utf-8")
        [problem] = change(old, new)
        assert (problem.line, problem.remedy) == (line_of(folder, new) + new.count("\n"), remedy)
        path.write_text(before, encoding="utf-8")


def test_an_empty_term_is_told_once(folder: Path) -> None:
    path = folder / "vocabulary" / "themes.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "empty:\nhalf:\n  label: {en: }\n  help: {en: x}\n", encoding="utf-8")
    problems = [problem for problem in read(folder, TODAY).problems if problem.path.endswith("themes.yaml")]
    assert [problem.field for problem in problems] == ["empty", "half.label.en"]


def numbers_and_dates(model: type[BaseModel]) -> list[dict[str, object]]:
    """Headers of one field each, at any depth, that holds a date or number in western digits."""
    found: list[dict[str, object]] = []
    for name, _ in front_matter(model):
        inner = content.Spot.of(model, (name,)).record or content.Spot.of(model, (name, 0)).record
        if inner:
            listed = content.Spot.of(model, (name, 0)).record
            found += [{name: [part] if listed else part} for part in numbers_and_dates(inner)]
            continue
        for value in ("2024-01-01", "2024", "4", "11.2", "Q17"):
            for shape in (value, [value]):
                header = {name: shape}
                if fits(model, header) and not fits(model, json.loads(json.dumps(header).replace(value, "abc"))):
                    found.append(header)
                    break
            else:
                continue
            break
    return found


def fits(model: type[BaseModel], header: dict[str, object]) -> bool:
    try:
        model.model_validate(header)
    except ValidationError as error:
        return all(one["type"] == "missing" for one in error.errors())
    return True


SCRIPTS = ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"]  # Arabic-Indic, Devanagari, full-width


@pytest.mark.parametrize("model", [Case, City])
def test_dates_and_numbers_have_western_digits(model: type[Record]) -> None:
    headers = numbers_and_dates(model)
    names = {name for header in headers for name in header}
    assert names >= ({"updated", "start", "end", "last_verified", "sources", "adoptions", "cost", "staff_fte", "sdg",
                      "evidence_level", "time_to_launch_months", "funding", "results", "approvals", "procurement"}
                     if model is Case else {"population", "population_year", "latitude", "longitude", "density",
                                            "wikidata"})
    for header in headers:
        for digits in SCRIPTS:
            text = json.dumps(header).translate(dict(zip(map(ord, "0123456789"), digits, strict=True)))
            parts = read_front_matter(f"---\nlicence: x\n{text[1:-1]}\n---\n".encode(), "x.md")
            problems = [problem for problem in check(model, parts, "x.md", slug="x", body="")[1]
                        if "missing" not in problem.message and "licence" not in problem.field]
            assert [problem.line for problem in problems] == [3], header
            assert not any(digit in problems[0].remedy for digit in digits)


def test_every_date_that_is_accepted_is_one() -> None:
    for text in ("2024-02-29", "2023-02-29", "2024-W01-1", "20240101", "2024-1-1", "0000-01-01", "٢٠٢٤-٠١-٠١"):
        if fits(Case, {"updated": text}):
            date.fromisoformat(text)
    assert fits(Case, {"updated": "2024-02-29"})
    assert not fits(Case, {"updated": "2023-02-29"})


@pytest.mark.parametrize(("address", "good"), [
    ("https://www.stockholm.se/", True), ("https://x.org", True), ("https://x.org?a=b@c", True),
    ("https://x.org/@office", True), ("https://x.org:8080/a", True), ("https://x.org./a", True),
    ("https://पानी.भारत/", True), ("http://a_b.x.org/#@", True),
    ("https://www.stockholm.se:!@evil.example/", False), ("https://www.stockholm.se@evil.example/", False),
    ("https://a:b@evil.example", False), ("https://x.org:80@evil.example/", False), ("https://x.org:/", False),
    ("https://localhost/a.b", False), ("https://[x.org/", False), ("https://x.org\\@evil.example/", False),
    ("https://.org/", False), ("https://x%2e.org/", False), ("ftp://x.org", False),
])
def test_an_address_leads_where_it_says(address: str, good: bool) -> None:
    assert fits(City, {"website": address}) is good
    if good:
        assert "@" not in urlsplit(address).netloc


@pytest.mark.parametrize(("tag", "good"), [
    ("night-bus", True), ("पानी", True), ("e\u0301cole", True), ("میان\u200cبر", True), ("4", True), ("水-道", True),
    ("", False), ("-a", False), ("a-", False), ("a--b", False), ("a_b", False), ("a b", False), ("\u0301a", False),
    ("a\u2014b", False), ("a\u203fb", False), ("a\n", False), ("☂", False), ("\u0378", False), ("a\u200b", False),
])
def test_a_tag_is_words_of_any_script(tag: str, good: bool) -> None:
    assert is_tag(tag) is good
    if tag.strip() == tag:
        assert fits(Case, {"tags": [tag]}) is good


# --- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new", "at", "level"), [
    ("city: testby\n", "city: testville\n", "city: testville", "error"),
    ("stage: implemented", "end: 2019-08\nstage: implemented", "end: 2019-08", "error"),
    ("tags: [night-bus, on-demand]", "tags: [night-bus, Night-bus]", "tags:", "error"),
    ("  source: https://reports.example.org/night", "  source: http://www.reports.example.org/night",
     "  source: http:", "error"),
    ("source: https://reports.example.org/sandhaven", "source: https://elsewhere.org/sandhaven", "elsewhere", "error"),
    ("    country: DE\n", "", "Kleinau", "error"),
    ("  - place: Kleinau\n    country: DE\n    year", "  - year", "  - year: 2023", "error"),
    ("organisation: Testby Public Transport\n", "organisation: anna.berg@testby.example\n", "anna", "error"),
    ("url: https://testby.example.org/transport", "url: mailto:anna@testby.example", "mailto", "error"),
    ("url: https://testby.example.org/transport", "url: https://anna.testby@evil.example", "anna", "error"),
    ("updated: 2026-03-14", "updated: 2027-01-01", "updated:", "advice"),
    ("last_verified: 2026-03-14", "last_verified: 2024-03-14", "last_verified:", "advice"),
    ("staff_fte: 9.5", f"translation_of: {NIGHT_BUSES}", "translation_of:", "error"),
    ("staff_fte: 9.5", f"translations:\n  - language: sv\n    case: {NIGHT_BUSES}", "case: testby", "error"),
    ("title: Night buses on call instead of empty timetables", "title: Unknown", "title:", "error"),
    ("title: Night buses on call", "title: |\n  Night buses\n  on call", "title:", "error"),
    ("## What was done", "## What we did", "## What we did", "error"),
    ("## Results", "### Results", "### Results", "error"),
    ("## Situation", "# Situation", "\n# Situation", "error"),
    ("## What was done", "## What was done\n## Results", "## What was done", "error"),
    ("Four night lines", "<center>Four</center> night lines", "<center>", "error"),
    ("Four night lines", "![buses](https://tracker.example/x.png) Four night lines", "tracker", "error"),
    ("Four night lines", "[Four](javascript:alert(1)) night lines", "javascript", "error"),
    ("Four night lines", "[Four](/cases/no-such-case) night lines", "no-such-case", "error"),
    ("Four night lines", "~~Four~~ night lines", "~~", "advice"),
    ("1. Count", "First:\n1. Count", "1. Count", "advice"),
    ("2. Ask employers", "  - by hand\n2. Ask employers", "by hand", "advice"),
    ("1. Count", "- [ ] Count", "[ ]", "advice"),
    ("Four night lines", "https://example.net Four night lines", "example.net", "advice"),
    ("between them.", "between them.\\", "between them.", "advice"),
    ("| Figure |", "As follows:\n| Figure |", "| Figure", "advice"),
    ("Four night lines", "#11 and three night lines", "#11", "advice"),
])
def test_a_rule_speaks_of_its_line(change: Callable[[str, str], list[Problem]], folder: Path, old: str, new: str,
                                   at: str, level: str) -> None:
    problems = change(old, new)
    assert (line_of(folder, at), level) in {(problem.line, problem.level) for problem in problems}
    assert len(problems) <= 2


NUMBERS_TO_DIAL = (
    "+46 8 508 000 00", "+351 912 345 678", "00351 912 345 678", "(+358) 9 310 1691", "+44 (0)20 7946 0958",
    "+4685080000", "020 7946 0958", "(020) 7946 0958", "08-508 000 00", "01 23 45 67 89", "040/1234567",
    "212-555-0199", "1-800-555-0199", "(212) 555-0199", "téléphone 01.40.20.50.50", "Telefonnummer 1234567",
    "phone number 5551234", "WhatsApp 11 91234-5678", "Fon 0301234567",
    "tel. 912 345 678", "Telefon 12345678", "phone: 555-1234", "Tlf. 12 34 56 78", "puh. 0401234567")
OTHER_NUMBERS = (
    "2016-2017", "2019 2020 2021 2022", "1 234 567 euros", "+25 000 000 kr", "+1 250 000 000 kr", "100 000-250 000",
    "59.3293, 18.0686", "+59.329300+018.068600", "01-02-2016", "05/06/2019 - 07/08/2020", "03/2016-04/2017",
    "03/2016 - 2017", "01.02.2016-03.04.2017", "ISBN 978-0-306-40615-7", "ISBN 0-306-40615-2", "ISSN 0304-3800",
    "ORCID 0000-0002-1825-0097", "0.12345678", "<https://x.org/0401-234-567>",
    "[law](https://x.org/?q=+46+8+508+000+00)", "doi 10.1016/0304-3800 12", "08.00-16.00", "08:00-16:00", "call 911",
    "116 117", "2016:145", "556036-0793", "by phone 1 200 000 times", "01 02 03 04 05 06 07 08 09 10 11 12",
    "COM(2016) 0123 2016", "100-200-3000", "01.40.20.50.50", "on 01.02.2016 a call 03.04.2017")

MAILS = (
    "anna.berg@testby.se", "vorname.nachname@stadt.de", "anna.berg (at) testby.se", "anna.berg[at]testby[dot]se",
    "anna.berg{ät}testby.se", "anna.berg @ testby.se", "anna.berg＠testby.se", "anna.berg%40gmail.com",
    "anna.berg(at)stadt(punkt)de")
NO_MAILS = ("user@host", "3 @ 5.50 euros", "x @ y", "https://social.example/@testby", "flat (at cost)",
            "open (at night).")


@pytest.mark.parametrize("text", [*MAILS, *NO_MAILS])
@pytest.mark.parametrize(("old", "field"), [("Four night lines", "body"), ("  - Talk to", "lessons.0")])
def test_an_address_to_write_to_is_told_however_it_is_hidden(change: Callable[[str, str], list[Problem]], old: str,
                                                             field: str, text: str) -> None:
    assert [(problem.field, problem.level) for problem in change(old, f"{old} {text} and ")
            if "e-mail" in problem.message] == [(field, "error")] * (text in MAILS)


@pytest.mark.parametrize(("address", "remedy"), [
    ("https://www.linkedin.com/in/anna-berg", "contact form of the office"),
    ("https://wa.me/46701234567", "contact form"),
    ("https://x.org/?mail=anna%40gmail.com", "Leave it out"), ("HTTPS://x.org", "Write `https://x.org`."),
    ("https://x.org/a b", "Write `https://x.org/a%20b`."), ("<https://x.org>", "Write `https://x.org`."),
    ("'[Office](https://x.org)'", "Write `https://x.org`."), ("https://x.org, https://y.org", "Write it as"),
    ("tel:+46850800000", "its public page or contact form."),
    ("doi:10.1000/182", "Write `https://doi.org/10.1000/182`.")])
def test_the_page_of_a_contact_is_an_office_s(change: Callable[[str, str], list[Problem]], address: str,
                                              remedy: str) -> None:
    [problem] = change("url: https://testby.example.org/transport", f"url: {address}")
    assert (problem.field, problem.level) == ("contact.url", "error")
    assert remedy in problem.remedy


@pytest.mark.parametrize(("field", "old", "new"), [
    ("contact.url", "/transport", "/maria.lopez"), ("contact.url", "/transport", "/staff/anne-marie.berg/"),
    ("contact.role", "Planning office", "Dr. Ada Berg, planning office"),
    ("contact.role", "Planning", "Frau Öz, planning"),
    ("contact.organisation", "organisation: Testby Public Transport\n  url", "organisation: Mr Berg\n  url")])
def test_what_looks_like_a_person_is_asked_about(change: Callable[[str, str], list[Problem]], field: str, old: str,
                                                 new: str) -> None:
    [problem] = change(old, new)
    assert (problem.field, problem.level) == (field, "advice")


@pytest.mark.parametrize("new", ["/index.html", "/contact.aspx?id=maria.lopez", "/", "/v1.2", "/a.b", "/Kontakt.XHTML"])
def test_the_address_of_a_file_is_no_person_s(change: Callable[[str, str], list[Problem]], new: str) -> None:
    assert change("testby.example.org/transport", f"testby.example.org{new}") == []


@pytest.mark.parametrize("role", ["Department 2019-2024", "Room 4711", "Office 61.2", "Service 311"])
def test_the_name_of_an_office_may_hold_numbers(change: Callable[[str, str], list[Problem]], role: str) -> None:
    assert change("role: Planning office for public transport", f"role: {role}") == []


@pytest.mark.parametrize("text", [*NUMBERS_TO_DIAL, *OTHER_NUMBERS])
@pytest.mark.parametrize(("old", "field"), [("Four night lines", "body"), ("  - Talk to", "lessons.0")])
def test_a_number_to_dial_is_told_and_no_other(change: Callable[[str, str], list[Problem]], old: str, field: str,
                                               text: str) -> None:
    text = text if field == "body" else text.replace(": ", " ").replace("[law]", "law ")  # no signs of YAML
    assert [(problem.field, problem.level) for problem in change(old, f"{old} {text} and ")] == (
        [(field, "advice")] if text in NUMBERS_TO_DIAL or (field != "body" and "555-1234" in text) else [])


def test_a_sum_has_a_currency_that_may_be_unknown(change: Callable[[str, str], list[Problem]]) -> None:
    [problem] = change("  currency: EUR\n", "")
    assert (problem.field, problem.level) == ("cost", "advice")
    assert "`currency: SEK`" in problem.remedy, "of the country of the city"
    assert not change("  setup: 240000", "  currency: unknown\n  setup: 240000")


@pytest.mark.parametrize(("level", "sources", "told_of"), [(3, 1, False), (4, 1, True), (5, 1, True), (5, 2, False)])
def test_strong_evidence_has_several_sources(folder: Path, level: int, sources: int, told_of: bool) -> None:
    path = folder / "cases" / "testby-homework-bus.md"
    before = path.read_text(encoding="utf-8")
    text = before.replace("evidence_level: 1", f"evidence_level: {level}")
    more = "  - {url: 'https://x.org', title: X, accessed: 2026-01-01}\n" * (sources - 1)
    path.write_text(text.replace("\nsources:\n", f"\nsources:\n{more}"), encoding="utf-8")
    assert text.count("    accessed: ") == 1
    assert [(problem.field, problem.level) for problem in told(folder, path.stem)] == [
        ("evidence_level", "advice")] * told_of


def test_a_heading_without_words_is_told_once_in_every_language(folder: Path) -> None:
    for name, remedy in ((NIGHT_BUSES, "as `## Results`"), ("testby-nattbussar", "in English `## Results`")):
        path = folder / "cases" / f"{name}.md"
        parts = re.split(r"^## .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        headings = re.findall(r"^## .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        headings[2] = "##  #"
        path.write_text("".join(map("".join, zip(parts, [*headings, ""], strict=True))), encoding="utf-8")
        [problem] = told(folder, name)
        assert (problem.level, problem.message) == ("error", "This heading has no words: `##` stands alone.")
        assert remedy in problem.remedy


def test_the_name_of_a_city_is_one_line(folder: Path) -> None:
    city = folder / "cities" / "sandhaven.md"
    text = city.read_text(encoding="utf-8")
    city.write_text(text.replace("name: Sandhaven\n", "name: >\n  Sand\n  haven\n"), encoding="utf-8")
    assert not told(folder, "sandhaven")
    city.write_text(text.replace("name: Sandhaven\n", 'name: "Sand\\nhaven"\n'), encoding="utf-8")
    assert [(problem.line, problem.field) for problem in told(folder, "sandhaven")] == [(2, "name")]


def test_every_rule_says_what_it_is() -> None:
    assert all(rule.__doc__ for rule in EVERY_CASE)


def test_a_circle_of_those_who_learned_is_told_once_and_whole(folder: Path) -> None:
    names = [f"ring-{number:02}" for number in range(14)]
    text = (folder / "cases" / "testby-homework-bus.md").read_text(encoding="utf-8")
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        (folder / "cases" / f"{name}.md").write_text(text.replace("\n---\n", f"\ninspired_by: [{other}]\n---\n", 1),
                                                     encoding="utf-8")
    after = read(folder, TODAY)
    [problem] = [problem for problem in after.problems if problem.field == "inspired_by"]
    assert (problem.path, problem.level) == ("content/cases/ring-00.md", "error")
    assert "`ring-00` from `ring-01`" in problem.message
    assert "and so on over 4 more, `ring-13` from `ring-00`" in problem.message
    assert "remove `ring-01` here" in problem.remedy
    assert text.splitlines().index("---", 1) + 1 == problem.line
    assert names[0] not in after.cases
    assert names[1] in after.cases


def swedish(folder: Path, *changes: tuple[str, str]) -> list[Problem]:
    """Changes the Swedish version of the night buses; the Problems of both."""
    path = folder / "cases" / "testby-nattbussar.md"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return [problem for problem in read(folder, TODAY).problems if "cases/testby-n" in problem.path]


@pytest.mark.parametrize(("old", "new", "field", "level", "says"), [
    ("language: sv", "language: da", "translations.0.language", "error", "`testby-nattbussar` is in `da`, not in `sv`"),
    ("city: testby", "city: sandhaven", "city", "error", "`city` is `testby`, but `sandhaven`"),
    ("start: 2019-09", "start: 2020", "start", "advice", "`start` is `2019-09`, but `2020`"),
    ("evidence_level: 3", "evidence_level: 2", "evidence_level", "advice", "is `3`, but `2`"),
    ("  - language: en\n    case: testby-night-buses\n", "  - language: en\n    case: testby-homework-bus\n",
     "translations.0.case", "advice", "`testby-nattbussar` does not lead back"),
])
def test_versions_of_a_case_tell_the_same(folder: Path, old: str, new: str, field: str, level: str, says: str) -> None:
    """Versions that were written side by side; what they say differently stands in the one that was changed later."""
    swedish(folder, (f"translation_of: {NIGHT_BUSES}\n", f"translations:\n  - language: en\n    case: {NIGHT_BUSES}\n"))
    path = folder / "cases" / f"{NIGHT_BUSES}.md"
    link = "\ntranslations:\n  - language: sv\n    case: testby-nattbussar"
    path.write_text(path.read_text(encoding="utf-8").replace("\nstaff_fte", f"{link}\nstaff_fte", 1), encoding="utf-8")
    problems = [problem for problem in swedish(folder, (old, new), ("updated: ", "updated: 2026-01-01 # "))
                if problem.path.endswith(f"{NIGHT_BUSES}.md")]
    assert [(problem.field, problem.level) for problem in problems] == [(field, level)]
    assert says in problems[0].message


@pytest.mark.parametrize(("old", "new", "field", "level", "says"), [
    ("city: testby", "city: sandhaven", "city", "error", "`city` is `sandhaven`, but `testby`"),
    ("start: 2019-09", "start: 2020", "start", "advice", "`start` is `2020`, but `2019-09`"),
    ("status: published", "status: published\nresults:" + 2 * "\n  - metric: Wait\n    value: 12\n    source: "
     "https://reports.example.org/night-buses", "results", "advice", "`results` is 2 here, but 1"),
    (f"translation_of: {NIGHT_BUSES}", "translation_of: nothing-here", "translation_of", "error", "There is no case"),
])
def test_a_translation_is_compared_with_its_original(folder: Path, old: str, new: str, field: str, level: str,
                                                     says: str) -> None:
    problems = swedish(folder, (old, new), ("updated: ", "updated: 2026-03-15 # "))
    assert [(problem.path.rpartition("/")[2], problem.field, problem.level) for problem in problems] == [
        ("testby-nattbussar.md", field, level)]
    assert says in problems[0].message


def test_an_original_may_list_its_translation_too_and_nothing_is_told_twice(folder: Path) -> None:
    path = folder / "cases" / f"{NIGHT_BUSES}.md"
    path.write_text(path.read_text(encoding="utf-8").replace(
        "staff_fte: 9.5", "translations:\n  - language: sv\n    case: testby-nattbussar", 1), encoding="utf-8")
    assert swedish(folder) == []
    [problem] = swedish(folder, ("start: 2019-09", "start: 2020"))
    assert (problem.field, problem.level) == ("start", "advice")


def test_a_bad_translation_does_not_hide_its_original(folder: Path) -> None:
    [problem] = swedish(folder, ("city: testby", "city: sandhaven"), ("updated: ", "updated: 2020-01-01 # "))
    assert (problem.path, problem.level) == ("content/cases/testby-nattbussar.md", "error")
    assert NIGHT_BUSES in read(folder, TODAY).cases


@pytest.mark.parametrize(("header", "says", "mending"), [
    ("language: sv\ntranslation_of: testby-night-buses", "is told in `sv` already, by `testby-nattbussar`", "one file"),
    ("language: fi\ntranslation_of: testby-nattbussar", "is itself a translation", "`translation_of: testby-night-b"),
])
def test_there_is_one_translation_into_each_language_and_it_names_the_original(folder: Path, header: str, says: str,
                                                                               mending: str) -> None:
    text = (folder / "cases" / "testby-nattbussar.md").read_text(encoding="utf-8")
    (folder / "cases" / "testby-yobussit.md").write_text(text.replace(
        "language: sv", header, 1).replace("\ntranslation_of: testby-night-buses\n---", "\n---"), encoding="utf-8")
    [problem] = [problem for problem in told(folder, "testby-yobussit") if problem.field == "translation_of"]
    assert (problem.level, says in problem.message, mending in problem.remedy) == ("error", True, True)


def test_every_version_has_one_original(folder: Path) -> None:
    def originals() -> dict[str, str]:
        return {slug: original for slug, original in content.originals(read(folder, TODAY).cases).items()
                if slug.startswith("testby-n")}

    english, swedish_one = folder / "cases" / f"{NIGHT_BUSES}.md", folder / "cases" / "testby-nattbussar.md"
    assert originals() == {NIGHT_BUSES: NIGHT_BUSES, "testby-nattbussar": NIGHT_BUSES}
    text = english.read_text(encoding="utf-8")
    english.write_text(text.replace("status: published", "status: archived"), encoding="utf-8")
    assert originals() == {"testby-nattbussar": "testby-nattbussar"}, "what is left stands for itself"
    english.write_text(text, encoding="utf-8")
    swedish_one.write_text(swedish_one.read_text(encoding="utf-8").replace(
        f"translation_of: {NIGHT_BUSES}\n", f"translations:\n  - language: en\n    case: {NIGHT_BUSES}\n"),
        encoding="utf-8")
    assert set(originals().values()) == {"testby-nattbussar"}, "side by side, the first by name"


ADOPTIONS = """adoptions:
  - place: Lillstad
    country: SE
    status: adapted
    source: https://reports.example.org/night-buses
  - place: Kleinau
    country: DE
    status: considering
    changes: Med taxi
"""


def test_an_adoption_that_the_original_lacks_is_told_where_it_stands(folder: Path) -> None:
    [problem] = swedish(folder, ("translation_of:", f"{ADOPTIONS}translation_of:"))
    assert (problem.field, problem.level) == ("adoptions.0", "advice")
    assert f"not in content/cases/{NIGHT_BUSES}.md" in problem.message


def test_a_translation_has_the_ledger_of_its_original(folder: Path) -> None:
    swedish(folder, ("translation_of:", f"{ADOPTIONS}translation_of:"))
    cases = read(folder, TODAY).cases
    original, translation = cases[NIGHT_BUSES], cases["testby-nattbussar"]
    whole = content.with_ledger(translation, original).adoptions
    assert whole == [original.adoptions[0], translation.adoptions[1], translation.adoptions[0]]
    assert [item.changes for item in whole] == [original.adoptions[0].changes, "Med taxi", None]
    assert content.with_ledger(original, original) == original


def test_an_adoption_is_known_by_its_document_where_the_name_of_the_place_is_translated(folder: Path) -> None:
    cases = read(folder, TODAY).cases
    first, second = cases[NIGHT_BUSES].adoptions
    abroad = [item.model_copy(update={"city": None, "place": place, "country": "DE", "source": "https://example.org/x"})
              for item, place in ((first, "Munich"), (second, "Kleinau"))]
    told = [item.model_copy(update={"place": "Monaco di Baviera"} if item is abroad[0] else {}) for item in abroad]
    translated = cases["testby-nattbussar"].model_copy(update={"adoptions": told})
    assert content.with_ledger(translated, translated.model_copy(update={"adoptions": abroad})).adoptions == told


FIVE = [section.label for section in Section]


def sections_told(folder: Path, language: str, *headings: str) -> list[tuple[str, str]]:
    """What is said of the body of a case with these headings: messages and remedies."""
    path = folder / "cases" / f"{NIGHT_BUSES}.md"
    header = path.read_text(encoding="utf-8").partition("\n---\n")[0].replace("language: en", f"language: {language}")
    path.write_text(f"{header}\n---\n\n" + "".join(f"{heading}\n\nWords.\n\n" for heading in headings),
                    encoding="utf-8")
    return [(one.message, one.remedy) for one in told(folder, NIGHT_BUSES) if one.field == "body"]


@pytest.mark.parametrize(("language", "words"), [
    ("de", "Situation, Was getan wurde, Ergebnisse, So geht es, Was schiefging"),
    ("fr", "Situation, Ce qui a été fait, Résultats, Comment faire, Ce qui n'a pas marché"),
    ("sv", "Situation, Vad som gjordes, Resultat, Så gör man, Vad som gick fel"),
    ("da", "Situation, Hvad der blev gjort, Resultater, Sådan gør man, Hvad der gik galt"),
    ("fi", "Lähtötilanne, Mitä tehtiin, Tulokset, Näin se tehdään, Mikä meni pieleen"),
    ("nl", "Situatie, Wat er gedaan is, Resultaten, Zo doet u het, Wat er misging"),
    ("pl", "Sytuacja, Co zrobiono, Wyniki, Jak to zrobić, Co poszło nie tak"),
    ("es", "Situación, Qué se hizo, Resultados, Cómo hacerlo, Qué salió mal"),
    ("it", "Situazione, Che cosa è stato fatto, Risultati, Come fare, Che cosa è andato storto"),
    ("pt", "Situação, O que foi feito, Resultados, Como fazer, O que correu mal"),
])
def test_sections_have_the_words_of_their_language(folder: Path, language: str, words: str) -> None:
    headings = [f"## {heading}" for heading in words.split(", ")]
    assert sections_told(folder, language, *headings) == []
    [case] = [case for slug, case in read(folder, TODAY).cases.items() if slug == NIGHT_BUSES]
    assert [block.section for block in render(case.body).blocks] == list(Section)
    for wrong in (headings[:4], [*headings, "## 2019"]):
        [(message, remedy)] = sections_told(folder, language, *wrong)
        assert f"here {len(wrong)} times" in message
        assert "in the language of the text" in remedy


@pytest.mark.parametrize("written", ["# {}", "### {}", "**{}**", "**{}:**", "__{}__"])
def test_a_section_that_is_written_otherwise_is_told_as_it_is_to_be_written(folder: Path, written: str) -> None:
    found = sections_told(folder, "en", *(written.format(label) for label in FIVE))
    assert [remedy for _, remedy in found] == [f"Write it as `## {label}`." for label in FIVE]


@pytest.mark.parametrize("written", [" ## {}", "   ## {}", "## {} ##", "{}\n---"])
def test_a_section_may_be_written_as_on_github(folder: Path, written: str) -> None:
    assert sections_told(folder, "en", *(written.format(label) for label in FIVE)) == []


def test_a_text_without_sections_is_told_once(folder: Path) -> None:
    [(message, remedy)] = sections_told(folder, "en", "We did it.")
    assert "none of the five sections" in message
    assert all(f"`## {label}`" in remedy for label in FIVE)


def test_a_line_of_hyphens_is_told_where_it_makes_a_heading(folder: Path) -> None:
    found = sections_told(folder, "en", *(f"## {label}" for label in FIVE), "That was all\n---\nIn short")
    assert [message for message, _ in found] == ["The line of hyphens makes a heading of `That was all` above it."]


def test_sections_out_of_order_are_told_once(folder: Path) -> None:
    path = folder / "cases" / f"{NIGHT_BUSES}.md"
    head, *sections = path.read_text(encoding="utf-8").split("\n## ")
    path.write_text("\n## ".join([head, sections[1], sections[0], *sections[2:]]), encoding="utf-8")
    [problem] = told(folder, NIGHT_BUSES)
    assert "order" in problem.message


def test_a_draft_needs_four_fields_and_is_not_shown(folder: Path) -> None:
    draft = folder / "cases" / "new-idea.md"
    draft.write_text("---\ntitle: T\nsummary: S\nlanguage: en\nstatus: draft\nchallenge: C\n---\n", encoding="utf-8")
    assert {problem.level for problem in told(folder, "new-idea")} == {"advice"}
    draft.write_text("---\ntitle: T\nstatus: draft\nstage: begun\nsources:\n  - title: x\n---\n", encoding="utf-8")
    errors = {problem.field for problem in told(folder, "new-idea") if problem.level == "error"}
    assert errors == {"summary", "language", "challenge", "stage", "sources.0.url", "sources.0.accessed"}
    assert "new-idea" not in read(folder, TODAY).cases


def test_a_bad_city_hides_its_cases_and_no_others(folder: Path) -> None:
    city = folder / "cities" / "sandhaven.md"
    city.write_text(city.read_text(encoding="utf-8").replace("country: GB", "country: England"), encoding="utf-8")
    after = read(folder, TODAY)
    assert set(after.cases) == {NIGHT_BUSES, "testby-nattbussar", "testby-homework-bus", "rio-verde-food-caddies"}
    assert any("cities/sandhaven.md" in problem.remedy for problem in told(folder, "sandhaven-rent-fund"))


def test_a_broken_term_is_named_where_it_is_used(folder: Path) -> None:
    path = folder / "vocabulary" / "themes.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("help: {en: How people", "hlep: {en: How people"),
                    encoding="utf-8")
    after = read(folder, TODAY)
    assert "mobility" not in after.vocabulary["themes"]
    assert "testby-homework-bus" in after.cases
    assert any("vocabulary/themes.yaml" in problem.message for problem in told(folder, NIGHT_BUSES))


def test_a_vocabulary_that_cannot_be_read_says_what_follows(folder: Path) -> None:
    path = folder / "vocabulary" / "themes.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "x: {label: [\n", encoding="utf-8")
    after = read(folder, TODAY)
    assert not after.cases
    assert {problem.path for problem in after.problems} == {"content/vocabulary/themes.yaml"}
    assert any("No case can be shown until this file is in order." in problem.message for problem in after.problems)


ATTACKS = {  # body or header field; each took 3 to 60 s
    "dead links": "[a](/cases/stad-water-flood-heat-x{})\n",
    "inspired_by": [f"stad-water-flood-heat-x{number}" for number in range(900)],
    "translations": [{"language": "sv", "case": f"stad-water-flood-heat-x{number}"} for number in range(200)],
    "themes": [f"mobilit{number}" for number in range(1_500)],
}


@pytest.mark.parametrize("name", ATTACKS)
def test_names_that_do_not_exist_are_looked_up_in_little_time(folder: Path, name: str) -> None:
    attack, path = ATTACKS[name], folder / "cases" / f"{NIGHT_BUSES}.md"
    for number in range(300):
        (folder / "cases" / f"stad-{['water', 'flood', 'heat'][number % 3]}-flood-water-{number}.md").write_bytes(b"")
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    if isinstance(attack, str):
        text = head + "\n---\n" + body + "".join(attack.format(number) for number in range(3_000))
    else:
        head = "\n".join(line for line in head.split("\n") if not line.startswith("themes:")) if name == "themes" else (
            head.partition("\ntranslations:")[0])
        text = f"{head}\n{name}: {json.dumps(attack)}\n---\n{body}"
    began = time.perf_counter()
    read(folder, TODAY)
    before = time.perf_counter() - began
    path.write_text(text, encoding="utf-8")
    began = time.perf_counter()
    problems = told(folder, NIGHT_BUSES)
    assert time.perf_counter() - began - before < 2, "0.2 s on a free machine"
    assert len(problems) > 90


def test_without_a_vocabulary_there_is_one_clear_problem(folder: Path) -> None:
    (folder / "vocabulary" / "themes.yaml").unlink()
    after = read(folder, TODAY)
    assert [problem.path for problem in after.problems] == ["content/vocabulary/themes.yaml"]
    assert not after.cases


# --- files --------------------------------------------------------------------------------------------------------


def test_a_missing_or_empty_folder_is_one_clear_problem(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        after = read(folder)
        assert len(after.problems) == 1
        assert not after.cases
        assert digests(folder) == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and links to put there")
def test_what_is_no_plain_file_is_refused_and_not_opened(folder: Path, tmp_path: Path) -> None:
    cases = folder / "cases"
    secret = tmp_path / "secret.md"
    secret.write_text("---\ntitle: PASSWORD\n---\n", encoding="utf-8")
    (cases / "link.md").symlink_to(secret)
    (cases / "dangling.md").symlink_to(tmp_path / "nowhere")
    (cases / "loop.md").symlink_to(cases / "loop.md")
    os.mkfifo(cases / "pipe.md")
    (cases / "folder.md").mkdir()
    Path(os.fsdecode(os.fsencode(cases) + b"/caf\xe9.md")).write_text("x", encoding="utf-8")
    (cases / "line\nbreak.md").write_text("---\ntitle: x\n---\n", encoding="utf-8")
    began = time.perf_counter()
    after = read(folder, TODAY)
    assert time.perf_counter() - began < 5
    refused = {problem.path for problem in after.problems}
    assert {f"content/cases/{name}.md" for name in ("link", "dangling", "loop", "pipe", "folder", "caf\\xe9",
                                                    "line\\x0abreak")} == refused
    assert "PASSWORD" not in repr(after)
    assert all(problem.path.isprintable() for problem in after.problems)
    assert len(after.cases) == 6
    assert after.digests == digests(folder)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no links to folders without rights")
def test_a_link_in_place_of_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "cities").rename(tmp_path / "elsewhere")
    (folder / "cities").symlink_to(tmp_path / "elsewhere")
    after = read(folder, TODAY)
    assert "content/cities" in {problem.path for problem in after.problems}
    assert not after.cities


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(folder: Path) -> None:
    (folder / "cases" / f"{NIGHT_BUSES}.md").chmod(0)
    assert "cannot be read" in told(folder, NIGHT_BUSES)[0].message


def test_names_and_places_of_files(folder: Path) -> None:
    text = (folder / "cases" / f"{NIGHT_BUSES}.md").read_text(encoding="utf-8")
    for name in ("cases/Testby-Night-Buses.md", "cases/åre.md", f"cases/{'x' * 70}.md"):
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("cases/notes.txt", "cases/other.MD", "stray.md", "vocabulary/cities.yaml", "vocabulary/themes.yml"):
        (folder / name).write_text("x", encoding="utf-8")
    for name in ("README.md", "LICENSE", "cases/README.md", "cases/.hidden.md", "cases/map.svg"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "case").mkdir()
    found = {problem.path.removeprefix("content/"): problem for problem in read(folder, TODAY).problems}
    assert set(found) == {"cases/Testby-Night-Buses.md", "cases/åre.md", f"cases/{'x' * 70}.md", "cases/notes.txt",
                          "cases/other.MD", "stray.md", "vocabulary/cities.yaml", "vocabulary/themes.yml", "case"}
    assert "differs" in found["cases/Testby-Night-Buses.md"].message
    assert "`are.md`" in found["cases/åre.md"].remedy
    assert found["stray.md"].level == "advice"
    assert len(read(folder, TODAY).cases) == 6


@pytest.mark.parametrize(("name", "remedy"), [
    ("cases/vigo-buses.md.txt", "`vigo-buses.md`"), ("cases/Our case.TXT", "`our-case.md`"),
    ("cases/Our case.docx", "UTF-8"), ("vocabulary/challenge_types.yml", "`challenge_types.yaml`")])
def test_what_editors_and_word_processors_make_of_a_name(folder: Path, name: str, remedy: str) -> None:
    (folder / name).write_text("x", encoding="utf-8")
    [problem] = read(folder, TODAY).problems
    assert "not read" in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(("name", "remedy"), [
    ("Åre", "`are.md`"), ("A\u030are", "`are.md`"), ("पानी", "`pani.md`"), ("a_b c", "`a-b-c.md`"),
    ("…", "`city-and-measure.md`"), ("nul", "`nul-and-more.md`"), ("com1", "`com1-and-more.md`")])
def test_a_name_is_told_with_one_that_is_allowed(folder: Path, name: str, remedy: str) -> None:
    text = (folder / "cases" / f"{NIGHT_BUSES}.md").read_text(encoding="utf-8")
    (folder / "cases" / f"{name}.md").write_text(text, encoding="utf-8")
    told_of = [problem for problem in read(folder, TODAY).problems if problem.path.endswith(f"/{name}.md")
               and problem.level == "error"]
    assert [remedy in problem.remedy for problem in told_of] == [True]
    assert name not in read(folder, TODAY).cases


def test_names_that_differ_by_form_only_are_told(folder: Path) -> None:
    text = (folder / "cases" / f"{NIGHT_BUSES}.md").read_text(encoding="utf-8")
    for name in ("are", "Are", "åre", "a\u030are"):
        (folder / "cases" / f"{name}.md").write_text(text, encoding="utf-8")
    differs = [problem for problem in read(folder, TODAY).problems if "differs from `are.md`" in problem.message]
    assert len({problem.path for problem in differs}) == 3


def test_a_hopeless_file_is_not_told_without_end(folder: Path) -> None:
    path = folder / "cases" / "hopeless.md"
    path.write_text("---\n" + "".join(f"field{number}: x\n" for number in range(500)) + "---\n", encoding="utf-8")
    assert len(told(folder, "hopeless")) == content.MAX_PROBLEMS_PER_FILE + 1


def test_the_world_of_a_folder_is_what_its_files_were_judged_by(folder: Path) -> None:
    whole, world = read(folder, TODAY), content.world(folder, TODAY)
    assert (world.root, world.today, world.broken_terms) == ("content", TODAY, {name: [] for name in whole.vocabulary})
    assert (world.cities, world.vocabulary) == (whole.cities, whole.vocabulary)
    assert {f"{kind}/{name}.md" for kind, names in world.files.items() for name in names} == {
        path for path in whole.digests if path.endswith(".md")}
    (folder / "cases" / "hopeless.md").write_text("---\n" * 9, encoding="utf-8")
    (folder / "cities" / "testby.md").write_text("no header", encoding="utf-8")
    after = content.world(folder, TODAY)
    assert "hopeless" in after.files["cases"]
    assert "testby" in after.files["cities"]
    assert set(after.cities) == set(world.cities) - {"testby"}
    assert content.world(folder / "nowhere", TODAY).files == {"cities": set(), "cases": set(), "challenges": set()}


def test_digests_change_with_a_byte_and_with_nothing_else(folder: Path) -> None:
    before = digests(folder)
    path = folder / "cases" / f"{NIGHT_BUSES}.md"
    os.utime(path, (0, 0))
    assert digests(folder) == before
    path.write_bytes(path.read_bytes() + b"\n")
    assert {key for key in before if before[key] != digests(folder)[key]} == {f"cases/{NIGHT_BUSES}.md"}


def test_a_thousand_cases_are_read_in_seconds(folder: Path) -> None:
    real = sorted((TESTS.parent / "content" / "cases").glob("*.md"))  # 9 KB each, with every kind of field
    for number in range(1_000):
        shutil.copy(real[number % len(real)], folder / "cases" / f"case-{number}.md")
    began = time.perf_counter()
    digests(folder)
    digested = time.perf_counter() - began
    read(folder, TODAY)
    taken = time.perf_counter() - began - digested
    assert digested < 1, "0.03 s on a free machine"
    assert taken < 30, "4 s on a free machine"


HEADERS = st.dictionaries(
    st.sampled_from([name for name, _ in front_matter(Case)] + ["x", "slug", "body"]),
    st.recursive(st.text(max_size=20) | st.sampled_from(["unknown", "2019", "testby", "https://x.org"]),
                 lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                     st.sampled_from(["url", "case", "city", "place", "source", "kind", "x"]), inner, max_size=3)),
    max_size=8)


@given(header=HEADERS, body=st.text(max_size=200), raw=st.binary(max_size=100),
       status=st.sampled_from(["draft", "published"]))
@settings(max_examples=150, deadline=None)
def test_anything_gives_a_case_or_problems(header: dict[str, object], body: str, raw: bytes, status: str,
                                           tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any") / "content"
    shutil.copytree(TESTS / "cases", folder)
    text = f"---\n{json.dumps({'status': status, **header}, ensure_ascii=False)}\n---\n{body}"
    (folder / "cases" / "any.md").write_bytes(text.encode("utf-8", errors="surrogatepass"))
    (folder / "cities" / "any.md").write_bytes(raw)
    (folder / "vocabulary" / "approaches.yaml").write_bytes(raw)
    after = read(folder, TODAY)
    assert "any" in {Path(problem.path).stem for problem in after.problems}
    assert "testby" in after.cities
