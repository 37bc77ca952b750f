"""The schema is one, takes what the check takes, and its copies that are handed out are current."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from innoshare import content, schema
from innoshare.choices import Choice
from innoshare.cli import main
from innoshare.content import Content, check, writing
from innoshare.content.frontmatter import read as read_front_matter
from innoshare.drafting import field_table, with_table
from innoshare.errors import BadInput, Problem
from innoshare.schema import KINDS, Shape, shapes

PROJECT = Path(__file__).parent.parent
SMALL = PROJECT / "tests" / "cases"
FILES = [(kind, path) for root in (PROJECT / "content", SMALL) for kind, what in KINDS.items()
         for path in sorted((root / what.folder).glob("*.md"))]
CASE = SMALL / "cases" / "testby-night-buses.md"
CHALLENGE = SMALL / "challenges" / "sandhaven-late-shifts.md"
CITY = SMALL / "cities" / "testby.md"


class Yaml12(yaml.SafeLoader):
    """A reader of YAML 1.2 as editors have it: no dates, and `no` is a language."""


Yaml12.yaml_implicit_resolvers = {}
Yaml12.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))
Yaml12.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?[0-9]+$"), list("-0123456789"))
Yaml12.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"-?[0-9]+\.[0-9]+$"), list("-0123456789"))
Yaml12.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(?:~|null|)$"), ["~", "n", ""])


def header(text: str) -> Any:
    """What an editor reads between the first `---` and the next."""
    return yaml.load(re.split(r"^---\s*$", text, maxsplit=2, flags=re.MULTILINE)[1], Yaml12)


@cache
def own() -> Content:
    return content.read(PROJECT / "content")


@cache
def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(schema.schema(kind, own().vocabulary), format_checker=FormatChecker())


def refusals(kind: str, values: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(kind).iter_errors(values)]


def inside(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in a schema."""
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from inside(part)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_schema(kind: str) -> None:
    for vocabulary in (own().vocabulary, {}):
        Draft202012Validator.check_schema(schema.schema(kind, vocabulary))


@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda item: getattr(item, "stem", item))
def test_every_file_of_the_content_is_accepted(kind: str, path: Path) -> None:
    assert refusals(kind, header(path.read_text(encoding="utf-8"))) == []


def test_patterns_are_understood_in_browsers_and_editors() -> None:
    """With the flag `u`, that validators of JSON Schema set, JavaScript refuses a needless backslash."""
    patterns = {node["pattern"] for kind in KINDS for node in inside(schema.schema(kind, {})) if "pattern" in node
                and isinstance(node["pattern"], str)}
    assert len(patterns) > 8
    for pattern in patterns:
        assert set(re.findall(r"\\(.)", pattern)) <= set(r"sSx\^$.*+?()[]{}|/"), pattern
        re.compile(pattern)


# --- what it refuses ----------------------------------------------------------------------------------------------

# Kind, place, and a value that must not stand there; None takes away what does.
MISTAKES = [
    ("case", "title", None), ("case", "title", "x" * 101), ("case", "title", "   "), ("case", "title", ["a"]),
    ("case", "titel", "A"), ("case", "slug", "x"), ("case", "summary", "x" * 281), ("case", "language", "EN"),
    ("case", "language", "eng"), ("case", "city", "../x"), ("case", "city", "Stockholm"), ("case", "city", None),
    ("case", "status", "done"), ("case", "status", None), ("case", "updated", "2026-02-30"),
    ("case", "updated", "2026-5-1"), ("case", "updated", "2026-13-01"), ("case", "updated", "unknown"),
    ("case", "start", "soon"), ("case", "start", "1066"), ("case", "start", "2019-00"), ("case", "start", 3019),
    ("case", "outcome", "good"), ("case", "evidence_level", 6), ("case", "evidence_level", "high"),
    ("case", "evidence_level", 2.5), ("case", "themes", "mobility"), ("case", "themes", ["traffic"]),
    ("case", "themes", ["mobility", "mobility"]), ("case", "themes", ["mobility", "food", "health-care", "air-noise"]),
    ("case", "sources", []), ("case", "sources.0.url", "ftp://example.org/x"), ("case", "sources.0.url", "example.org"),
    ("case", "sources.0.url", "https://user@example.org"), ("case", "sources.0.accessed", None),
    ("case", "sources.0.pages", "3"), ("case", "contact.email", "a@example.org"), ("case", "contact", "Town hall"),
    ("case", "contact.url", "mailto:a@example.org"), ("case", "cost", {}), ("case", "cost", "much"),
    ("case", "cost.setup", -1), ("case", "cost.setup", "240,000"), ("case", "cost.currency", "€"),
    ("case", "cost.price_year", 20), ("case", "staff_fte", "a few"), ("case", "results.0.source", None),
    ("case", "results.0.value", ""), ("case", "prerequisites.0.essential", "maybe"), ("case", "sdg", ["18.1"]),
    ("case", "tags", ["two words"]), ("case", "tags", ["a!"]), ("case", "adoptions.0.status", "copied"),
    ("case", "adoptions.0.country", "Sweden"), ("case", "inspired_by", ["Some case"]),
    ("challenge", "status", "draft"), ("challenge", "city", None), ("challenge", "sources", None),
    ("challenge", "approaches", ["regulation"]), ("challenge", "wanted_by", "next year"),
    ("challenge", "answered_by", ["https://example.org"]), ("challenge", "constraints", ["x" * 401]),
    ("city", "name", None), ("city", "country", "se"), ("city", "population", 0), ("city", "population", "many"),
    ("city", "population", 10.5), ("city", "latitude", 91), ("city", "longitude", -181), ("city", "wikidata", "1748"),
    ("city", "income_band", "rich"), ("city", "powers", ["magic"]), ("city", "powers", []),
]


def changed(kind: str, place: str, value: Any) -> Any:
    """The header of a good file with another value at a place."""
    values = header({"case": CASE, "challenge": CHALLENGE, "city": CITY}[kind].read_text(encoding="utf-8"))
    *steps, last = [int(step) if step.isdecimal() else step for step in place.split(".")]
    here: Any = values
    for step in steps:
        here = here[step]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return values


def told_by_the_check(kind: str, text: str) -> list[Problem]:
    """What the check says of single fields."""
    return check(KINDS[kind].model, read_front_matter(text.encode(), "x"), "x", slug="x", body="")[1]


@pytest.mark.parametrize(("kind", "place", "value"), MISTAKES)
def test_known_mistakes_are_refused_here_and_by_the_check(kind: str, place: str, value: Any) -> None:
    values = changed(kind, place, value)
    assert refusals(kind, values)
    text = f"---\n{json.dumps(values)}\n---\n"  # JSON is YAML, and can be empty where our own writer refuses
    of_rules = isinstance(value, list) and (len(set(value)) < len(value) or place == "themes")
    assert told_by_the_check(kind, text) or of_rules, "else the schema is stricter than the check"


@pytest.mark.parametrize(("kind", "place", "value"), [
    ("case", "start", 2019), ("case", "start", "unknown"), ("case", "end", "2026-05-31"), ("case", "cost", "unknown"),
    ("case", "cost.setup", 0), ("case", "cost.setup", "unknown"), ("case", "sdg", ["11.2", "1.a"]),
    ("case", "updated", "2024-02-29"), ("case", "tags", ["पानी", "café-bar", "سیل", 2030]),
    ("case", "results.0.value", 17), ("case", "inspired_by", ["https://example.org/x", "a"]),
    ("case", "sources.0.url", "https://straße.example/ä?b=c#d"), ("case", "sources.0.url", "http://a.b:8000"),
    ("case", "adoptions.0.year", "unknown"), ("case", "licence", "CC0-1.0"), ("challenge", "wanted_by", 2027),
    ("city", "powers", "unknown"), ("city", "population", 100_000_000), ("city", "density", 12.5)])
def test_what_may_be_written_is_accepted(kind: str, place: str, value: Any) -> None:
    assert refusals(kind, changed(kind, place, value)) == []


def test_a_draft_needs_less_than_a_published_case() -> None:
    few = {"title": "A", "summary": "B", "language": "en", "challenge": "C", "status": "draft"}
    assert refusals("case", few) == []
    missing = {re.findall("'(.*?)'", words)[0] for words in refusals("case", {**few, "status": "published"})}
    assert missing == set(KINDS["case"].needed) - few.keys() > {"city", "themes", "sources", "contact"}
    assert refusals("case", {name: value for name, value in few.items() if name != "status"}), "it is no draft unsaid"


values = st.one_of(
    st.sampled_from(["unknown", "", "-1", "0", "1.5", "1e5", "2019", "2019-05", "2026-02-30", "2026-05-31", "en", "EN",
                     "EUR", "SE", "Q1", "11.2", "true", "a-b", "a--b", "-", "https://a.b", "https://a.b/ c",
                     "https://é.fr", "https://a.b\\c", "https://a_b.c", "ß-ß", "a_b", "①", "٣", "²", "x" * 161]),
    st.text(st.sampled_from("aZé٣_-./:@#? 0\u200dः"), min_size=1, max_size=12),
    st.from_regex(schema.TAG_PATTERN, fullmatch=True))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_what_the_check_takes_the_schema_takes_too(data: st.DataObject) -> None:
    """Any one text of a good file is replaced, and the file is written as our own writer does it."""
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    path = {"case": CASE, "challenge": CHALLENGE, "city": CITY}[kind]
    good = read_front_matter(path.read_bytes(), "x").values
    here: Any = good
    step = data.draw(st.sampled_from(sorted(here)))
    while isinstance(here[step], (dict, list)):
        here = here[step]
        step = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
    here[step] = data.draw(values).strip(" ")  # spaces within quotes our models cut off, and no schema does
    try:
        text = writing.header(good, KINDS[kind].model)
    except BadInput:
        return
    if not told_by_the_check(kind, text):
        of_fields = [words for words in refusals(kind, header(text)) if "non-unique" not in words
                     and not re.match(r"\$\.(challenge_types|themes|approaches)", words)]
        assert of_fields == []


# --- what is read from it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_and_every_part_says_what_it_is_for(kind: str) -> None:
    waiting: list[tuple[str, Shape]] = list(shapes(kind, own().vocabulary).items())
    assert [name for name, _ in waiting] == KINDS[kind].fields
    while waiting:
        name, shape = waiting.pop()
        assert shape.help, name
        inner = shape.item or shape
        assert set(inner.needed) <= set(inner.parts)
        waiting += [(f"{name}.{part}", one) for part, one in inner.parts.items()]


def test_a_shape_says_what_may_stand_at_its_place() -> None:
    known = shapes("case", own().vocabulary)
    assert known["title"].limits == "at most 100 characters"
    assert known["themes"].limits == "a list of at most 3"
    assert known["lessons"].limits == "a list of at most 20; each at most 400 characters"
    assert known["end"].limits == "as `2019`, `2019-05` or `2019-05-31`"
    assert known["licence"].limits == "`CC-BY-4.0` if left out"
    assert known["start"].limits == "", "its help has the examples already"
    assert {name for name, shape in known.items() if shape.unknown} == {
        "start", "end", "cost", "staff_fte", "time_to_launch_months", "procurement", "participation", "evaluation",
        "transfer_offer"}
    assert set(known["themes"].values) == set(own().vocabulary["themes"])
    cost = known["cost"].parts
    assert (cost["setup"].limits, cost["price_year"].limits, cost["setup"].unknown) == ("", "a year", True)
    assert shapes("city", {})["latitude"].limits == "a number from -90 to 90"


def test_closed_lists_are_told_with_their_help() -> None:
    lists = schema.schema("case", {})["$defs"]
    for choice in Choice.__subclasses__():
        if choice.__name__ in lists:
            node = lists[choice.__name__]
            assert node["x-innoshare-labels"] == {str(value): value.label for value in choice}
            assert node["enum"] == list(node["x-innoshare-labels"])


# --- what is made of it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_copy_that_is_handed_out_is_current(kind: str, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(PROJECT / "content"))
    printed = runner.invoke(main, ["schema", kind])
    assert printed.exit_code == 0, printed.output
    copy = PROJECT / "innoshare" / "static" / "schema" / f"{kind}.json"
    assert copy.read_text(encoding="utf-8") == printed.stdout, (
        f"Bring it up to date with: innoshare schema {kind} > {copy.relative_to(PROJECT)}")


def test_the_table_in_contributing_is_current() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert text == with_table(text, "case"), "Bring it up to date with: innoshare schema --into CONTRIBUTING.md"


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_has_every_field_once_in_rows_that_hold(kind: str) -> None:
    rows = [line for line in field_table(kind).splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(KINDS[kind].fields)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)


def test_the_table_goes_between_its_marks_and_nowhere_else(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "HELP.md"
    path.write_text("Above\n<!-- fields -->\nold\n<!-- /fields -->\nBelow\n", encoding="utf-8")
    for _ in range(2):
        assert runner.invoke(main, ["schema", "city", "--into", str(path)]).exit_code == 0
    table = runner.invoke(main, ["schema", "city", "--table"]).stdout
    assert path.read_text(encoding="utf-8") == f"Above\n<!-- fields -->\n\n{table}\n<!-- /fields -->\nBelow\n"
    for text in ("Nothing\n", "<!-- fields -->\nno end\n"):
        path.write_text(text, encoding="utf-8")
        result = runner.invoke(main, ["schema", "--into", str(path)])
        assert result.exit_code == 2
        assert "where the table belongs" in result.stderr
        assert path.read_text(encoding="utf-8") == text


def test_the_schema_lists_the_terms_of_the_content_in_use(runner: CliRunner, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    themes = json.loads(runner.invoke(main, ["schema"]).stdout)["properties"]["themes"]["items"]["enum"]
    assert themes == list(content.read(SMALL).vocabulary["themes"])
    monkeypatch.setenv("INNOSHARE_CONTENT", str(tmp_path / "nowhere"))
    result = runner.invoke(main, ["schema"])
    assert result.exit_code == 2
    assert "innoshare init" in result.stderr
