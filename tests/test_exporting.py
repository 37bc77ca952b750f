"""Files to take away: what the programs they are made for read from them, whatever strangers wrote into the cases."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from innoshare.cli import exporting as command
from innoshare.cli import main
from innoshare.config import Settings
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.search import Query, Sort
from innoshare.web import exporting, sheets
from innoshare.web.exporting import CSV, JSON, XLSX, Export, Format
from innoshare.web.references import latex
from innoshare.web.shapes import CaseBody, case_body
from innoshare.web.sheets import LONGEST_CELL, fitting, harmless, plain

BASE = "https://library.example"
SETTINGS = Settings(base_url=BASE, name="Library {of} our_cities")

# What makes spreadsheets calculate, TeX fail, and RIS begin another entry.
HOSTILE_TITLE = "=cmd|' /C calc'!A0 {50 %} of $5 & #1_a ~ x^2 \\emph{x} @misc{y, -- Ünï “q”"
COMMIT = "0123456789abcdef" * 2 + "01234567"
HOSTILE = {
    "title": HOSTILE_TITLE,
    "summary": 'x;"=1+1\n＝SUM(A1) comma, "quote"\u2028TY  - JOUR',
    "challenge": "+1 and more",
    "organisation": "@SUM(1) and Partners",
    "departments": ["-5", "-5 percent", "=1+1"],
    "lessons": ["ER  - \nTY  - JOUR", "}\n@book{z, title = {No}}"],
    "what_failed": ["-12.5 %", "  =2+2"],
    "results": [{"metric": f"@Metric {number}", "baseline": "-5", "value": "+1", "unit": "=x", "period": "2019",
                 "source": "https://reports.example.org/rent-fund", "evidence_level": 2} for number in range(3)],
    "adoptions": [{"place": f"=Place {number} {'w' * 145}", "country": "SE", "year": 2019, "status": "adopted",
                   "changes": "x" * 390, "outcome": "=" + "y" * 300} for number in range(200)],
    "sources": [{"url": f"https://reports.example.org/{number}", "title": f"+Source {number}",
                 "accessed": "2025-06-01"} for number in range(40)],
    "provenance": {"first_published": "2024-02-01", "last_changed": "2025-11-03", "contributors": 2,
                   "commit": COMMIT, "uncommitted": False, "permalink": f"https://code.example/blob/{COMMIT}/x_y.md",
                   "history": None, "complete": True, "reason": ""},
}


@pytest.fixture(scope="module")
def hostile(library: Library) -> CaseBody:
    """A case whose texts are what strangers may write; nothing but the rules of a case has looked at it."""
    told = case_body(library.entry("sandhaven-rent-fund"), library, BASE).model_dump(
        exclude=set(CaseBody.model_computed_fields))
    return CaseBody.model_validate(told | HOSTILE | {"slug": "hostile-case"})


@pytest.fixture
def export(library: Library, hostile: CaseBody) -> Export:
    """The hostile case, and behind it all others."""
    usual = Export.of(library, library.every(Query()), SETTINGS, BASE)
    return replace(usual, cases=iter([hostile, *usual.cases]))


def made(kind: Format, export: Export) -> bytes:
    return b"".join(kind.write(export))


def rows(document: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(document.decode("utf-8-sig"), newline="")))


MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def tables(document: bytes) -> dict[str, list[list[str | float | None]]]:
    """The sheets of an Excel file: name -> rows of texts and numbers. Nothing in it may be a formula."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        assert archive.testzip() is None
        names = [sheet.get("name") for sheet in
                 ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
        found = {}
        for number, name in enumerate(names, 1):
            xml = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(xml.iter(f"{MAIN}f")), "a formula"
            found[str(name)] = [_cells(row) for row in xml.iter(f"{MAIN}row")]
    return found


def _cells(row: ElementTree.Element) -> list[str | float | None]:
    cells: list[str | float | None] = []
    for cell in row.iter(f"{MAIN}c"):
        letters = re.match("[A-Z]+", cell.get("r", ""))
        assert letters
        at = 0
        for letter in letters[0]:
            at = at * 26 + ord(letter) - 64
        cells += [None] * (at - len(cells))
        if cell.get("t") == "inlineStr":
            cells[at - 1] = "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
        else:
            assert cell.get("t") in (None, "n")
            value = cell.find(f"{MAIN}v")
            cells[at - 1] = None if value is None else float(value.text or "")
    return cells


def table(document: bytes, name: str) -> list[dict[str, str | float | None]]:
    """The rows of a sheet under the names of its columns."""
    columns = next(sheet.columns for sheet in sheets.SHEETS if sheet.name == name)
    heads, *body = tables(document)[name]
    assert heads == [column.heading for column in columns]
    names = [column.name for column in columns]
    return [dict(zip(names, [*row, *[None] * (len(names) - len(row))], strict=True)) for row in body]


def test_json_lines_are_the_bodies_of_the_api(library: Library) -> None:
    lines = made(exporting.JSON_LINES, Export.of(library, library.every(Query()), SETTINGS, BASE)).decode().split("\n")
    assert lines.pop() == ""
    bodies = [json.loads(line) for line in lines]
    cards = library.cases(1, 50)[1]
    assert [body["slug"] for body in bodies] == [card.slug for card in cards]
    assert bodies[0] == case_body(library.entry(cards[0].slug), library, BASE).model_dump(mode="json")


def test_an_array_holds_the_same_also_where_it_holds_nothing(library: Library, export: Export) -> None:
    assert json.loads(made(JSON, export))[0]["title"] == HOSTILE_TITLE
    for none in (JSON, CSV, XLSX, exporting.BIBTEX, exporting.RIS):
        document = made(none, Export.of(library, library.every(Query(text="qqqqqq")), SETTINGS, BASE))
        if none is JSON:
            assert json.loads(document) == []
        if none is CSV:
            assert rows(document) == []
        if none is XLSX:
            assert table(document, "Cases") == []


def test_a_table_has_a_row_for_each_case(library: Library) -> None:
    document = made(CSV, Export.of(library, library.every(Query()), SETTINGS, BASE))
    assert document.startswith(b"\xef\xbb\xbfslug,title,url,")
    assert document.count(b"\r\n") == len(library.cases(1, 50)[1]) + 1
    found = {row["slug"]: row for row in rows(document)}
    assert list(found) == [card.slug for card in library.cases(1, 50)[1]]
    rent = found["sandhaven-rent-fund"]
    said = {"url": f"{BASE}/cases/sandhaven-rent-fund", "city": "Sandhaven", "country": "GB", "outcome": "positive",
            "evidence_level": "4", "year": "2016", "cost_setup": "", "cost_running_per_year": "900000",
            "cost_currency": "GBP", "cost_price_year": "2019", "cost_basis": "estimate",
            "themes": "housing-homelessness", "approaches": "service-redesign; pricing-incentive",
            "is_warning": "false", "departments": "housing; social services; debt advice", "licence": "CC-BY-4.0"}
    assert {name: rent[name] for name in said} == said
    assert rent["results"].startswith("Evictions a year: 410 → 246 households, 2015 to 2018 (https://")


def test_no_cell_of_a_csv_file_is_taken_for_a_formula(export: Export) -> None:
    document = made(CSV, export)
    hostile = rows(document)[0]
    assert hostile["title"] == f"'{HOSTILE_TITLE}"
    assert hostile["challenge"] == "'+1 and more"
    assert hostile["organisation"] == "'@SUM(1) and Partners"
    assert hostile["departments"] == "-5; '-5 percent; '=1+1"
    assert hostile["what_failed"] == "-12.5 %; '=2+2"
    assert hostile["summary"] == "x;\"'=1+1\n'＝SUM(A1) comma, \"quote\"\u2028TY  - JOUR"
    assert hostile["cost_running_per_year"] == "900000"
    # As a program reads it that takes semicolons for what parts cells, as Excel does where decimals have commas.
    for line in csv.reader(io.StringIO(document.decode("utf-8-sig"), newline=""), delimiter=";"):
        for cell in line:
            assert re.match(r"\s*[-+]?[0-9.,]+\s?%?$", cell) or not re.match(r"\s*[=+\-@＝＋－＠]", cell), cell


def test_an_excel_file_holds_texts_as_texts_and_numbers_as_numbers(library: Library, export: Export,
                                                                   hostile: CaseBody) -> None:
    document = made(XLSX, export)
    case, *others = table(document, "Cases")
    assert len(others) == len(rows(made(CSV, Export.of(library, library.every(Query()), SETTINGS, BASE))))
    assert case["title"] == HOSTILE_TITLE, "as it is: a text is no formula there"
    assert case["challenge"] == "+1 and more"
    assert (case["cost_running_per_year"], case["population"], case["evidence_level"]) == (
        900000.0, hostile.population, 4.0)
    assert case["outcome"] == "It worked"
    assert case["themes"] == "Housing and homelessness"
    assert {row["slug"] for row in table(document, "Cases")} >= {row["slug"] for row in table(document, "Results")}
    results = [row for row in table(document, "Results") if row["title"] == HOSTILE_TITLE]
    assert [(row["metric"], row["baseline"], row["value"]) for row in results] == [
        (f"@Metric {number}", "-5", "+1") for number in range(3)]
    adoptions = [row for row in table(document, "Adoptions") if row["title"] == HOSTILE_TITLE]
    assert len(adoptions) == 200
    assert (str(adoptions[7]["place"])[:8], adoptions[7]["year"]) == ("=Place 7", 2019.0)
    assert len([row for row in table(document, "Sources") if row["title"] == HOSTILE_TITLE]) == 40
    explained = tables(document)["Fields"]
    assert explained[0] == ["Library {of} our_cities"]
    assert {row[1] for row in explained if len(row) == 3} >= {column.heading for sheet in sheets.SHEETS
                                                              for column in sheet.columns}


def test_only_addresses_of_our_own_can_be_clicked_and_headings_stay_in_sight(export: Export) -> None:
    with zipfile.ZipFile(io.BytesIO(made(XLSX, export))) as archive:
        links = re.findall(rb'Target="(https?://[^"]*)"', archive.read("xl/worksheets/_rels/sheet1.xml.rels"))
        sheet = archive.read("xl/worksheets/sheet1.xml")
        core = archive.read("docProps/core.xml").decode()
    assert links
    assert all(link.startswith(BASE.encode()) for link in links)
    assert b'state="frozen"' in sheet
    assert b"<autoFilter" in sheet
    assert export.built.strftime("%Y-%m-%dT%H:%M:%SZ") in core, "not the time at which it was made"


def test_a_cell_holds_no_more_than_excel_takes(export: Export, hostile: CaseBody) -> None:
    cut = [rows(made(CSV, replace(export, cases=iter([hostile]))))[0],
           table(made(XLSX, replace(export, cases=iter([hostile]))), "Cases")[0]]
    for row in cut:
        places = str(row["adoptions"])
        assert LONGEST_CELL - 10 < len(places) <= LONGEST_CELL
        assert places.endswith(f"[cut here, since a cell holds no more; all of it is at {hostile.url}]")
    wide = "\U0001f6b2" * LONGEST_CELL
    assert len(fitting(wide, BASE).encode("utf-16-le")) <= 2 * LONGEST_CELL
    assert fitting("x" * LONGEST_CELL, BASE) == "x" * LONGEST_CELL


@given(st.text())
def test_any_text_can_stand_in_a_cell(text: str) -> None:
    cell = plain(text + "\ud800\x00\x0b\x1b\ufffe")
    ElementTree.fromstring(f"<a>{cell.replace('&', '').replace('<', '').replace('>', '')}</a>".encode())
    assert not re.match(r"[=@＝＋－＠\t\r]", harmless(cell))
    assert harmless(harmless(cell)) == harmless(cell)


def test_a_text_without_a_sign_of_a_formula_stays_as_it_is() -> None:
    for text in ("5", "-5", "+1", "-12,5 %", "a - b", "1; -2; 3", "e-mail; co-op", "", "a;b", "2019–2021; up"):
        assert harmless(text) == text
    assert harmless("\t=1".strip() + ";\t@x") == "'=1;\t'@x"
    assert plain("\t\r=1\tx\r\ny") == "=1 x\ny"


def entries(document: bytes) -> list[dict[str, str]]:
    """A BibTeX file as a program reads it."""
    read = bibtexparser.parse_string(document.decode(), append_middleware=[LatexDecodingMiddleware()])
    assert not read.failed_blocks
    return [{"key": entry.key, "type": entry.entry_type, **{field.key: field.value for field in entry.fields}}
            for entry in read.entries]


def reread(text: str) -> str:
    """One value as a program reads it. It takes \\textasciicircum for a sign that only looks like a circumflex."""
    return entries(b"@misc{k,\n  title = {{" + latex(text).encode() + b"}},\n}\n")[0].get("title", "").replace("ˆ", "^")


def test_bibtex_is_read_back_as_it_went_in(library: Library, export: Export, hostile: CaseBody) -> None:
    first, *others = entries(made(exporting.BIBTEX, export))
    assert others
    assert first["title"].replace("ˆ", "^") == f"{HOSTILE_TITLE} (Sandhaven, United Kingdom)"
    assert (first["key"], first["type"]) == ("hostile-case", "misc")
    assert first["author"] == first["publisher"] == "Library {of} our_cities"
    assert first["abstract"] == 'x;"=1+1 ＝SUM(A1) comma, "quote" TY  - JOUR'
    assert (first["year"], first["month"]) == ("2025", "11")
    assert first["url"] == f"{hostile.url}?cited={COMMIT}"
    assert first["note"] == f"Version {COMMIT[:12]} of 2025-11-03. https://code.example/blob/{COMMIT}/x_y.md"
    assert [entry["key"] for entry in others] == [card.slug for card in library.cases(1, 50)[1]]


@given(st.text(alphabet=st.sampled_from("{}\\%&#$_~^@-'`?!,<>\"|=[]a äñ漢\n")))
def test_any_text_survives_bibtex(text: str) -> None:
    shown = re.sub("\n+", " ", text).strip()
    assert reread(text) == shown


def test_braces_of_a_value_are_balanced_as_bibtex_counts_them(export: Export) -> None:
    depth = 0
    for sign in made(exporting.BIBTEX, export).decode():
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert 0 <= depth <= 4
    assert depth == 0


def test_ris_is_read_back_as_it_went_in(library: Library, export: Export) -> None:
    document = made(exporting.RIS, export)
    assert document.count(b"\r\n") == document.count(b"\n")
    first, *others = rispy.loads(document.decode().replace("\r\n", "\n"))
    assert len(others) == len(library.cases(1, 50)[1])
    assert first["title"] == f"{HOSTILE_TITLE} (Sandhaven, United Kingdom)"
    assert first["authors"] == ["Library {of} our_cities"]
    assert first["abstract"] == 'x;"=1+1 ＝SUM(A1) comma, "quote" TY  - JOUR'
    assert (first["type_of_reference"], first["id"], first["language"]) == ("ELEC", "hostile-case", "en")
    assert first["urls"] == [f"{BASE}/cases/sandhaven-rent-fund?cited={COMMIT}"]
    assert (first["year"], first["date"]) == ("2025", "2025/11/03")


def test_a_search_is_exported_whole_in_its_order(library: Library) -> None:
    for query in (Query(), Query(text="night bus"), Query(filters={"theme": ("mobility",)}, sort=Sort.EVIDENCE)):
        found = library.search(replace(query, per_page=50)).results.hits
        every = list(library.every(replace(query, page=3, per_page=1)))
        assert [entry.case.slug for entry in every] == [hit.slug for hit in found]
    with pytest.raises(BadInput, match="characters"):
        library.every(Query(text="x" * 201))


def test_the_same_edition_makes_the_same_bytes(library: Library) -> None:
    for kind in (JSON, *exporting.FORMATS.values()):
        assert made(kind, Export.of(library, library.every(Query()), SETTINGS, BASE)) == made(
            kind, Export.of(library, library.every(Query()), SETTINGS, BASE)), kind.name


def test_export_prints_or_keeps_the_same_file(runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                              ) -> None:
    monkeypatch.setenv("INNOSHARE_BASE_URL", BASE)
    kept = tmp_path / "cases.csv"
    result = runner.invoke(main, ["export", "--format", "csv", "--filter", "theme=mobility", "--filter", "q=night bus",
                                  "--output", str(kept)])
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    found = {hit["slug"] for hit in json.loads(runner.invoke(
        main, ["search", "night bus", "--filter", "theme=mobility", "--json"]).stdout)["hits"]}
    assert "testby-night-buses" in {row["slug"] for row in rows(kept.read_bytes())} <= found
    printed = runner.invoke(main, ["export", "--format", "csv", "--filter", "theme=mobility", "--filter",
                                   "q=night bus"])
    assert printed.stdout_bytes == kept.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["cases.csv"]
    every = runner.invoke(main, ["export", "--format", "json"])
    assert len(json.loads(every.stdout)) > 1
    assert json.loads(every.stdout)[0]["url"].startswith(BASE)
    assert every.stderr == ""


def test_export_says_what_is_wrong_and_leaves_what_was_there(runner: CliRunner, tmp_path: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "cases.jsonl"
    kept.write_text("before", encoding="utf-8")
    for wrong in (["--format", "pdf"], ["--format", "csv", "--filter", "theme"],
                  ["--format", "csv", "--filter", "theme=nonsense"], ["--format", "csv", "--filter", "page=2"]):
        result = runner.invoke(main, ["export", *wrong, "--output", str(kept)])
        assert result.exit_code == 2, wrong
        assert result.stderr
    nowhere = runner.invoke(main, ["export", "--format", "csv", "--output", str(tmp_path / "none" / "x.csv")])
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.stderr
    assert "INNOSHARE_BASE_URL" in nowhere.stderr, "addresses without a host are of no use elsewhere"

    def full(export: Export) -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(exporting.FORMATS, "jsonl", replace(exporting.JSON_LINES, write=full))
    broken = runner.invoke(main, ["export", "--format", "jsonl", "--output", str(kept)])
    assert broken.exit_code == 1
    assert "No space left" in broken.stderr
    assert kept.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["cases.jsonl"]


def test_the_command_knows_the_formats_that_there_are() -> None:
    assert command.FORMATS == ("json", "jsonl", "csv", "xlsx", "bibtex", "ris")
    assert set(command.FORMATS) == {kind.name for kind in (JSON, *exporting.FORMATS.values())}
