"""What is written is read back the same, and what is added to a file leaves the rest of it alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from innoshare.case import Case, City, Record
from innoshare.content import writing
from innoshare.content.frontmatter import HIDDEN, FrontMatter, read
from innoshare.errors import BadInput

CONTENT = Path(__file__).parent.parent / "content"
MODELS: dict[str, type[Record]] = {"cases": Case, "cities": City}
FILES = sorted(path for folder in MODELS for path in (CONTENT / folder).glob("*.md"))
CASES = [path for path in FILES if path.parent.name == "cases"]
ADOPTION = {"city": "stockholm", "year": 2024, "status": "piloting",
            "changes": "Only two districts: the others have no cellars # yet", "source": "https://example.org/report"}


def well_read(text: str) -> FrontMatter:
    parts = read(text.encode(), "x.md")
    assert parts.problems == ()
    return parts


def refusal(*arguments: Any) -> tuple[str, str]:
    with pytest.raises(BadInput) as caught:
        writing.header(*arguments)
    return caught.value.mistakes[0]


# --- headers ------------------------------------------------------------------------------------------------------

# Everything that may stand in a file, with a liking for what means something to YAML.
letters = st.one_of(st.sampled_from(":#-\"'[]{},&*!|>%@`~?=\\ \n\t\u00a0\u200d\u0301é日א😀09."), st.characters(
    exclude_categories=["Cs"]).filter(lambda letter: not HIDDEN.search(letter)))
texts = st.one_of(
    st.text(letters, min_size=1, max_size=250),
    st.lists(st.text(letters, min_size=1, max_size=12), min_size=2, max_size=60).map(" ".join),
    st.sampled_from(["yes", "No", "null", "~", "on", "0x1F", "0o17", "1e5", "12:30", "1,000", "1_000", ".5", "-1", "+2",
                     "2019", "2026-05-31", "2026-05-31 12:00", "2026-05-31T12:00:00Z", "=", "<<", "---", "...", "- a",
                     "? a", "a: b", "a:", ": a", "a #b", "#a", "'a'", '"a"', "a\\nb", "%YAML", "@a", "!!str a", "&a b",
                     "*a", "[a", "{a", "a]", "a, b", "title: x", " a ", "a\n\n b\nc", "a\n", "\na", "a  b", "|-", ">-"])
).filter(lambda text: text.strip() and "\r" not in text and not HIDDEN.search(text))
keys = st.one_of(st.sampled_from(["title", "no", "on", "2019", "a b", "a: b", "<<", "'", "#"]), texts.map(
    lambda text: text[:40]).filter(str.strip))
values = st.recursive(texts, lambda inner: st.one_of(
    st.lists(inner, min_size=1, max_size=4), st.dictionaries(keys, inner, min_size=1, max_size=4)), max_leaves=8)


@given(st.dictionaries(keys, values, min_size=1, max_size=4))
@example({"summary": "word " * 60 + "word"})
@example({"summary": "word  " * 60 + "word", "lessons": ["word   " * 60 + "word"]})
@example({"list": [["a", "b"], [{"c": ["d" * 200]}]]})
@settings(deadline=None)
def test_what_is_written_reads_back_the_same(header: dict[str, Any]) -> None:
    assert well_read(writing.header(header)).values == header


@given(st.dictionaries(keys, values, min_size=1, max_size=3))
@example({"title": "2024-02-30"})
@example({"title": "0000-01-01", "tags": ["2024-13-01", "0100", "00"]})
@settings(deadline=None)
def test_other_readers_of_yaml_take_text_for_text_too(header: dict[str, Any]) -> None:
    text = writing.header(header).removeprefix("---\n").removesuffix("---\n")
    assert of_text(yaml.safe_load(text)) == header


def of_text(value: Any) -> Any:
    """What YAML 1.1 made of a header, full days as they were written; everything else should have stayed text."""
    if isinstance(value, dict):
        return {of_text(key): of_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [of_text(part) for part in value]
    return value.isoformat() if type(value).__name__ == "date" else value


@given(texts, st.text(letters, max_size=300).filter(lambda text: "\r" not in text and not HIDDEN.search(text)))
@settings(deadline=None)
def test_a_file_reads_back_the_same(title: str, body: str) -> None:
    parts = well_read(writing.file({"title": title}, body))
    assert parts.values == {"title": title}
    assert parts.body.strip("\n") == body.strip("\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_the_content_can_be_written_again(path: Path) -> None:
    before, model = well_read(path.read_text(encoding="utf-8")), MODELS[path.parent.name]
    text = writing.file(before.values, before.body, model)
    after = well_read(text)
    assert (after.values, after.body.strip("\n")) == (before.values, before.body.strip("\n"))
    assert writing.file(after.values, after.body, model) == text
    folded = [line for line in text.splitlines() if line.startswith(" ") and len(line) > writing.WIDTH]
    assert all(": " in line or " " not in line.strip().removeprefix("- ") for line in folded)


def test_a_header_looks_as_people_write_it() -> None:
    long = ("The buses drive around almost empty, while nurses and bar staff cannot get home from their shifts; "
            "more buses.")
    assert writing.header({
        "title": "Night buses: on call", "language": "no", "updated": "2026-05-31", "start": "2019-05",
        "challenge": long, "evidence_level": "3", "sdg": ["11.2", "1.4"], "tags": ["night-bus", "on-demand"],
        "cost": {"setup": "240000", "running_per_year": 610000.5, "price_year": 2020, "currency": "unknown"},
        "lessons": [long, "Talk to the drivers’ union before the tender, not after it.\nTwice."],
        "prerequisites": [{"kind": "legal", "text": "A licence", "essential": True},
                          {"kind": "staff", "text": "Dispatchers", "essential": "false"}],
        "results": [{"metric": "Waiting time", "value": "17"}],
    }, Case) == """---
title: "Night buses: on call"
language: "no"
updated: 2026-05-31
start: 2019-05
challenge: >-
  The buses drive around almost empty, while nurses and bar staff cannot get home from their shifts;
  more buses.
evidence_level: 3
sdg: ["11.2", "1.4"]
tags: [night-bus, on-demand]
cost:
  setup: 240000
  running_per_year: 610000.5
  price_year: 2020
  currency: unknown
lessons:
  - >-
    The buses drive around almost empty, while nurses and bar staff cannot get home from their
    shifts; more buses.
  - |-
    Talk to the drivers’ union before the tender, not after it.
    Twice.
prerequisites:
  - kind: legal
    text: A licence
    essential: true
  - kind: staff
    text: Dispatchers
    essential: false
results:
  - metric: Waiting time
    value: "17"
---
"""


@pytest.mark.parametrize(("text", "written"), [
    ("100", "100"), ("0", "0"), ("2.50", "2.50"), ("-3.5", "-3.5"), ("0100", '"0100"'), ("00", '"00"'),
    ("-07", '"-07"'), ("1e3", '"1e3"'), ("1_000", '"1_000"'), (".5", '".5"')])
def test_text_stands_as_a_number_where_all_readers_agree_which(text: str, written: str) -> None:
    header = writing.header({"longitude": text}, City)
    assert header == f"---\nlongitude: {written}\n---\n"
    assert yaml.safe_load(header.strip("-\n"))["longitude"] == (text if '"' in written else float(text))


@pytest.mark.parametrize(("number", "written"), [
    (0, "0"), (-3, "-3"), (1e15, "1000000000000000"), (2.5, "2.5"), (1e-7, "0.0000001"), (9.0, "9"), (True, "true")])
def test_numbers_are_written_in_plain_digits(number: float, written: str) -> None:
    assert writing.header({"setup": number}) == f"---\nsetup: {written}\n---\n"


def test_line_ends_of_a_form_become_plain_ones() -> None:
    assert well_read(writing.file({"summary": "One\r\ntwo\rthree"}, "A\r\n\r\nB\r\n")).values == {
        "summary": "One\ntwo\nthree"}
    assert "\r" not in writing.file({"title": "x"}, "A\r\n\rB")


@pytest.mark.parametrize("value", ["", " \n ", None, [], {}, [""], {"url": ""}, [{}]])
def test_an_empty_value_is_refused(value: Any) -> None:
    name, words = refusal({"title": "Heat plan", "cost": value})
    assert name.startswith("cost")
    assert words == "There is no value. Write one, or leave the field out."


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x85", "\u202e", "\u2028", "\ufeff", "\ud800", "\U0001ffff",
                                    "\U000e0041", "\u3164", "\u200b", "\ue000"])
def test_a_hidden_character_is_refused_by_name(letter: str) -> None:
    assert refusal({"sources": [{"title": f"A{letter}B"}]}) == (
        "sources.0.title",
        f"The text holds a hidden character (U+{ord(letter):04X}). Delete it, or type the text again.")
    with pytest.raises(BadInput, match="body: The text holds a hidden character"):
        writing.file({"title": "x"}, f"A{letter}B")


def test_what_is_beyond_the_limits_of_the_reader_is_refused() -> None:
    deep: Any = "end"
    for _ in range(5_000):
        deep = [deep]
    assert "nested more than" in refusal({"lessons": deep})[1]
    assert "larger than 64 KB" in refusal({"lessons": ["a" * 70_000]})[1]
    assert "more than 2,000 keys" in refusal({"lessons": ["a"] * 2_000})[1]
    assert refusal({"a": float("nan")})[0] == refusal({"a": object()})[0] == "a"
    with pytest.raises(BadInput, match="larger than 256 KB"):
        writing.file({"title": "x"}, "a " * 200_000)


# --- adding to a file ---------------------------------------------------------------------------------------------


def added(text: str, item: dict[str, Any] = ADOPTION, field: str = "adoptions") -> list[str]:
    """The lines that `insert` added to a text, after looking that nothing else has changed."""
    after = writing.insert(text, field, item, Case)
    before, new = read(text.encode(), "").values, read(after.encode(), "").values
    as_read = {key: str(value) for key, value in item.items()}
    assert new == {**before, field: [*before.get(field, ()), as_read]}
    rows, longer = text.splitlines(keepends=True), after.splitlines(keepends=True)
    same = next((number for number, row in enumerate(rows) if row != longer[number]), len(rows))
    count = len(longer) - len(rows)
    assert rows[:same] + rows[same:] == longer[:same] + longer[same + count:]
    return longer[same:same + count]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_adoption_is_added_to_every_case_of_the_content(path: Path, ends: str) -> None:
    text = path.read_text(encoding="utf-8").replace("\n", ends)
    new = "adoptions" not in read(text.encode(), "").values
    rows = added(text)
    assert sum(row.startswith("adoptions:") for row in rows) == new
    assert all(row.endswith(ends) and row.strip() for row in rows)
    again = added(writing.insert(text, "adoptions", ADOPTION, Case))
    assert not any(row.startswith("adoptions:") for row in again)


def test_a_missing_list_comes_to_its_place_in_the_order_of_the_fields() -> None:
    text = ("---\ntitle: A\nlessons:\n  - B\n\n# The day of the last look\nlast_verified: 2026-05-31\nsources: []\n"
            "---\nBody\n")
    assert writing.insert(text, "adoptions", {"city": "oslo", "status": "adopted"}, Case) == (
        "---\ntitle: A\nlessons:\n  - B\nadoptions:\n  - city: oslo\n    status: adopted\n\n"
        "# The day of the last look\n"
        "last_verified: 2026-05-31\nsources: []\n---\nBody\n")
    alone = "---\n# Remark\nlast_verified: 2026-05-31\n---\n"
    assert writing.insert(alone, "adoptions", {"status": "adopted"}, Case) == (
        "---\n# Remark\nadoptions:\n  - status: adopted\nlast_verified: 2026-05-31\n---\n")


def test_the_dashes_stand_where_they_stand_in_the_file() -> None:
    flush = "---\ntitle: A\nadoptions:\n- city: oslo\n  status: adopted\n\n# next\nlast_verified: 2026-05-31\n---\n"
    assert added(flush, {"city": "bergen", "status": "adopted"})[0] == "- city: bergen\n"
    wide = "---\nadoptions:\n    -   city: oslo\n        status: adopted\n---\n"
    assert added(wide, {"city": "bergen", "status": "adopted"}) == ["    - city: bergen\n", "      status: adopted\n"]
    other = "---\ntitle: A\nlessons:\n- B\n---\n"
    assert added(other, {"status": "adopted"}) == ["adoptions:\n", "- status: adopted\n"]


@pytest.mark.parametrize("last", [
    "changes: |-\n      One\n\n      # two\n", "changes: |+\n      One\n\n\n",
    "changes: >\n      One\n\n      # two\n\n",
    'changes: "One\n\n      # two"\n', "changes: One\n      two # three\n\n    # four\n"])
def test_the_end_of_a_long_text_is_found(last: str) -> None:
    added(f"---\nadoptions:\n  - status: adopted\n    {last}last_verified: 2026-05-31\n---\n")
    added(f"---\nadoptions:\n  - status: adopted\n    {last}---\nBody")


def test_a_byte_order_mark_stays() -> None:
    assert writing.insert("\ufeff---\ntitle: A\n---\n", "adoptions", ADOPTION, Case).startswith("\ufeff---\ntitle: A\n")


@pytest.mark.parametrize(("header", "words"), [
    ("adoptions: [{city: oslo, status: adopted}]", "without changing other lines"),
    ("adoptions: [\n  {city: oslo}\n  ]", "without changing other lines"),
    ("adoptions: none", "has no list"), ("adoptions:", "has no list"), ("adoptions: []", "has no list"),
    ("{title: A}", "without changing other lines"), ("{title: A, last_verified: 2026-05-31}", "without changing other"),
    ("title: A: B", "The file has a mistake in line 2"), ("title: &a A", "mistake in line 2"), ("", "mistake"),
    ("title: \ud800", "mistake"), ("adoptions:\n  - *a", "mistake in line 3")])
def test_a_file_to_which_nothing_can_be_added_is_left_alone(header: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        writing.insert(f"---\n{header}\n---\n", "adoptions", ADOPTION, Case)
    assert caught.value.mistakes[0][0] == "adoptions"


@pytest.mark.parametrize("text", ["", "Body", "---\ntitle: A\n", "---\n---\n", "\x00", "---\ntitle: A\n...\nBody"])
def test_odd_files_are_refused_or_added_to(text: str) -> None:
    try:
        after = writing.insert(text, "adoptions", ADOPTION, Case)
    except BadInput:
        return
    assert read(after.encode(), "").values["title"] == "A"


@given(st.text(st.sampled_from("ab:-#[]{}|>\"' \n"), max_size=60), values)
@settings(max_examples=300, deadline=None)
def test_an_insertion_is_right_or_refused(header: str, value: Any) -> None:
    text = f"---\ntitle: A\n{header}\n---\nBody\n"
    try:
        after = writing.insert(text, "adoptions", {"status": "adopted", "changes": value}, Case)
    except BadInput:
        return
    before, parts = read(text.encode(), ""), read(after.encode(), "")
    assert parts.values == {**before.values, "adoptions": [*before.values.get("adoptions", ()),
                                                           {"status": "adopted", "changes": value}]}
    assert parts.body == before.body
    assert re.sub(r"\s", "", text)[:10] == re.sub(r"\s", "", after)[:10]


def test_the_lines_to_paste_are_those_that_are_inserted() -> None:
    text = "---\ntitle: A\n---\n"
    assert "".join(added(text)) == writing.lines("adoptions", ADOPTION, True, Case)
    assert writing.lines("adoptions", ADOPTION, False, Case) == """\
  - city: stockholm
    year: 2024
    status: piloting
    changes: "Only two districts: the others have no cellars # yet"
    source: https://example.org/report
"""
    with pytest.raises(BadInput, match=r"adoptions\.0\.city: There is no value"):
        writing.lines("adoptions", {"city": ""}, True)
