"""A record for the adoption ledger: which lines, in which place of the file; nothing else of the file changes."""

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_content_writing import letters

from innoshare.adopting import Addition, add, as_if
from innoshare.content.frontmatter import HIDDEN, FrontMatter, read
from innoshare.errors import BadInput
from innoshare.library import Library

ADOPTION = {"place": "Ærø: the island", "country": "DK", "year": 2024, "status": "piloting",
            "outcome": "“Too early to say” # yet", "source": "https://aero.example/report"}
SOURCE = {"url": "https://aero.example/report", "title": "Report - first year", "accessed": "2026-05-31"}
FILE = """---
title: Night buses
adoptions:
  - place: Kleinau
    status: adopted
sources:
  - url: https://kleinau.example
    title: A report
contact:
  role: The office
---

## Situation

adoptions:
  - place: only in the text
"""
RECORDS = "  - place: Kleinau\n    status: adopted\n"


def well_read(text: str) -> FrontMatter:
    parts = read(text.encode(), "x.md")
    assert not [problem for problem in parts.problems if problem.level == "error"]
    return parts


def by_hand(text: str, addition: Addition) -> str:
    """The file after somebody has done what the places say, one after the other, in an editor that keeps line ends."""
    rows = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    for place in addition.places:
        assert place.line is not None
        above, below = rows[place.line - 1], rows[place.line]
        assert (above.strip("\r\n").removeprefix("\ufeff"), below.strip("\r\n")) == (place.above, place.below)
        assert place.lines.count("\n") == place.rows
        rows.insert(place.line, place.lines.replace("\n", above[len(above.rstrip("\r\n")):]))
    return "".join(rows)


def added(text: str, adoption: dict[str, Any], source: dict[str, Any] | None = None) -> str:
    """The changed file, held to what it promises: it says what the old one said and the new records, and by hand it
    comes out the same to the byte."""
    addition = add(text, adoption, source)
    assert addition.text is not None, addition.why
    assert addition.text == by_hand(text, addition)
    before, after = well_read(text), well_read(addition.text)
    new = {"adoptions": [adoption], **({"sources": [source]} if source else {})}
    assert after.values == before.values | {
        field: before.values.get(field, []) + [{name: plain(value) for name, value in item.items()} for item in items]
        for field, items in new.items()}
    assert after.body == before.body
    return addition.text


def plain(value: object) -> str:
    """A value as it is read: text, with the line ends of Unix."""
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


# --- the place ----------------------------------------------------------------------------------------------------


def test_the_places_are_named_as_in_the_file_the_lowest_first() -> None:
    sources, ledger = add(FILE, ADOPTION, SOURCE).places
    assert (ledger.line, ledger.above, ledger.below) == (5, "    status: adopted", "sources:")
    assert (sources.line, sources.above, sources.below) == (8, "    title: A report", "contact:")
    assert ledger.lines == ('  - place: "Ærø: the island"\n    country: DK\n    year: 2024\n    status: piloting\n'
                            '    outcome: "“Too early to say” # yet"\n    source: https://aero.example/report\n')


def test_a_first_adoption_brings_the_name_of_its_field() -> None:
    text = FILE.replace(f"adoptions:\n{RECORDS}", "")
    (ledger,) = add(text, ADOPTION).places
    assert ledger.new
    assert ledger.lines.startswith("adoptions:\n  - place:")
    assert (ledger.above, ledger.below) == ("  role: The office", "---")
    added(text, ADOPTION)


@pytest.mark.parametrize(("records", "below"), [
    ("- place: Kleinau\n  status: adopted\n", "sources:"),
    ("      - place: Kleinau\n        status: adopted\n", "sources:"),
    ("  -\n    place: Kleinau\n    status: adopted\n", "sources:"),
    ("  - {place: Kleinau, status: adopted}\n", "sources:"),
    (f"{RECORDS}  # Ask Kleinau again in spring.\n", "  # Ask Kleinau again in spring."),
    (f"{RECORDS}\n# What it rests on\n", ""),
    (f"{RECORDS}    outcome: >-\n      It runs.\n      # no remark\n", "sources:"),
    (f"{RECORDS}    outcome: |+\n      It runs.\n\n\n", "sources:"),
    (f"{RECORDS}    outcome: It\n\n      runs\n", "sources:"),
    (f'{RECORDS}    outcome: "It\n      runs"\n', "sources:"),
    (f"{RECORDS}    year: 2024  # or later\n", "sources:")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_grows_in_whatever_way_it_is_written(records: str, below: str, end: str) -> None:
    text = FILE.replace(RECORDS, records).replace("\n", end)
    for whole in (text, f"\ufeff{text}"):
        added(whole, ADOPTION, SOURCE)
        assert add(whole, ADOPTION).places[0].below == below


@pytest.mark.parametrize("text", [
    FILE.replace(f"\n{RECORDS}", " [{place: Kleinau, status: adopted}]\n"),
    FILE.replace(f"\n{RECORDS}", "\n  [{place: Kleinau,\n    status: adopted}]\n"),
    FILE.replace(f"\n{RECORDS}", " unknown\n"),
    FILE.replace("  - place: Kleinau\n", "  - place: &here Kleinau\n"),
    FILE.replace("  - place: Kleinau\n", "\t- place: Kleinau\n"),
    FILE.replace("title: Night", "title: \x07Night"),
    '---\n{"title": "Night buses", "sources": [{"url": "https://kleinau.example"}]}\n---\n',
    "No header at all\n", ""])
def test_of_a_file_that_only_a_person_can_change_it_says_so(text: str) -> None:
    addition = add(text, ADOPTION, SOURCE)
    assert addition.text is None
    assert len(addition.why) > 40
    ledger = next(place for place in addition.places if place.field == "adoptions")
    assert ledger.line is None
    assert ledger.new is ledger.lines.startswith("adoptions:\n")
    assert '- place: "Ærø: the island"\n' in ledger.lines


def test_a_place_that_can_be_named_is_named_beside_one_that_cannot() -> None:
    text = FILE.replace(f"\n{RECORDS}", " [{place: Kleinau, status: adopted}]\n")
    places = add(text, ADOPTION, SOURCE).places
    assert [(place.field, place.line) for place in places] == [("sources", 6), ("adoptions", None)]


def test_what_only_a_person_can_change_is_judged_as_if_it_were_changed() -> None:
    text = FILE.replace(f"\n{RECORDS}", " [{place: Kleinau, status: adopted}]\n")
    assert well_read(as_if(text, ADOPTION, SOURCE)).values == well_read(added(FILE, ADOPTION, SOURCE)).values


# --- every byte ---------------------------------------------------------------------------------------------------

words = st.text(letters, min_size=1, max_size=120).filter(
    lambda text: text.strip() and "\r" not in text and not HIDDEN.search(text))
records = st.fixed_dictionaries({"place": words, "status": st.sampled_from(["adopted", "abandoned"])},
                                optional={"year": st.integers(1850, 2100), "changes": words, "outcome": words})
sources = st.none() | st.fixed_dictionaries({"url": words, "title": words})


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file whose fields stand in any order and are written in any way, with remarks and blank lines between."""
    between = st.lists(st.sampled_from(["", "# a remark", "  # moved in", "   "]), max_size=2)
    step = draw(st.sampled_from([0, 2, 4, 6]))
    value = st.sampled_from(["Kleinau", "'It: runs'", '"two\\nlines"', "folded over\n{in}two lines",
                             ">\n{in}long text\n", "|+\n{in}kept\n{in}# no remark\n\n",
                             "|-\n{in}\n{in}- no item\n", "plain # with a remark"])

    def items(names: list[str]) -> list[str]:
        rows = []
        for _ in range(draw(st.integers(1, 3))):
            dash = draw(st.sampled_from(["- ", "-   "]))
            for number, name in enumerate(names):
                inside = " " * (step + len(dash))
                rows += f"{inside if number else ' ' * step + dash}{name}: {draw(value)}".replace(
                    "{in}", f"{inside}  ").split("\n")
                rows += draw(between)
        return rows

    fields = {"title": ["title: Night buses"], "contact": ["contact:", "  role: The office"],
              "sources": ["sources:", *items(["url", "title"])],
              "adoptions": draw(st.sampled_from([[], ["adoptions:", *items(["place", "outcome"])]]))}
    rows = [row for name in draw(st.permutations(list(fields))) for row in [*fields[name], *draw(between)]]
    start, end = draw(st.sampled_from(["", "\ufeff"])), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    body = draw(st.sampled_from(["", "\n## Situation\n\n---\n\nadoptions:\n- none\n"]))
    return start + "\n".join(["---", *rows, "---", body]).replace("\n", end)


@given(files(), records, sources)
@example(FILE, {"place": "---\n---\n"}, {"url": "...", "title": "\n- a"})
@settings(max_examples=400, deadline=None)
def test_a_file_says_the_same_as_before_and_the_new_records_and_no_other_byte_of_it_changes(
        text: str, adoption: dict[str, Any], source: dict[str, Any] | None) -> None:
    well_read(text)
    added(text, adoption, source)


@pytest.mark.parametrize(("adoption", "field"), [
    ({"place": ""}, "adoptions.0.place"), ({}, "adoptions.0"), ({"place": "A\u202eB"}, "adoptions.0.place"),
    ({"place": "nul\0"}, "adoptions.0.place"), ({"place": None}, "adoptions.0.place")])
def test_what_no_file_can_hold_is_refused_under_its_name(adoption: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        add(FILE, adoption)
    assert [name for name, _ in caught.value.mistakes] == [field]


# --- the real cases -----------------------------------------------------------------------------------------------


def test_every_case_of_the_content_can_be_added_to_and_then_passes_the_check(own_library: Library) -> None:
    slugs = [card.slug for card in own_library.cases(1, 500)[1]]
    assert len(slugs) > 20
    for slug in slugs:
        text, case = own_library.text(slug), own_library.entry(slug).case
        _, before = own_library.proofread("cases", slug, text)
        found, after = own_library.proofread("cases", slug, added(text, ADOPTION, SOURCE))
        assert found is not None
        assert [adopted.place for adopted in found.adoptions[len(case.adoptions):]] == [ADOPTION["place"]]  # type: ignore[attr-defined]
        assert {(problem.field, problem.message) for problem in after} <= {
            (problem.field, problem.message) for problem in before}


