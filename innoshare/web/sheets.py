"""Cases as tables: a CSV file with a row for each case, and an Excel file with sheets for what a case has many of.

Each column stands here once, with the name that programs know it by (CSV), what people read above it (Excel), what it
holds, and how it is made. CSV has the values of the API under its names, Excel the words for them. A part of a part is
named by both (cost_setup); what a case has many of stands in one cell. Columns of a CSV file are added at its end; none
is renamed or removed.

Texts of strangers end up in programs that calculate. In Excel a cell is written as a text or as a number, and a text is
never taken for a formula. A CSV file cannot say what is a text, so a text that a program would take for a formula gets
an apostrophe before it; numbers, also negative ones, stay as they are. No cell is longer than Excel can hold. Whoever
needs every text to the letter takes JSON Lines.
"""

import csv as csv_files
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from innoshare.case import Adoption, Result
from innoshare.choices import Choice
from innoshare.web.shapes import CaseBody, known

if TYPE_CHECKING:
    from innoshare.web.exporting import Export

LONGEST_CELL = 32_767  # Excel's limit for a cell, in UTF-16 units: a longer one makes it call the file damaged.
LAST_ROW = 1_048_575  # Excel's last row, counted from 0.
MOST_LINKS = 65_000  # Excel opens no sheet with more than 65,530; addresses beyond are there as text.
ROW_HEIGHT = 60  # Points, four lines: a row shows the beginning of a summary, a screen shows eight cases.
PIECE = 64 * 1024  # Bytes of a file that are handed on at once.

Value = str | float | None


@dataclass(frozen=True)
class Row:
    """What a column is made from: a case, and one of what it has many of where the row is about that."""

    case: CaseBody
    export: "Export"
    for_people: bool
    item: Any = None

    def terms(self, facet: str, values: Iterable[str]) -> str:
        """Values of a facet, one behind the other."""
        return joined(self.export.label(facet, value) if self.for_people else value for value in values)

    def choice(self, value: Choice | str | None) -> Value:
        return value.label if self.for_people and isinstance(value, Choice) else value and str(value)

    def whether(self, fact: bool) -> str:
        return ("no", "yes")[fact] if self.for_people else ("false", "true")[fact]

    def place(self, adoption: Adoption) -> str:
        """Where somebody took a case up."""
        city = self.export.cities.get(adoption.city or "")
        return city.name if city else adoption.place or adoption.city or ""

    def adoption(self, item: Adoption) -> str:
        """Where, how far and since when."""
        country = f" ({item.country})" if item.country else ""
        return ", ".join(filter(None, (self.place(item) + country, str(self.choice(item.status)),
                                       str(item.year or ""))))

    def cost(self, name: str) -> Any:
        """A part of the cost; None where it is not known."""
        value = getattr(self.case.cost, name, None)
        return None if value == "unknown" else value

    def per_resident(self, name: str) -> float | None:
        amount: float | None = getattr(self.case.cost_per_resident, name, None)
        return None if amount is None else round(amount, 2)


@dataclass(frozen=True)
class Column:
    """A column: its name for programs, its heading for people, what it holds, how wide it is (in letters), and its
    value in a row; None leaves a cell empty. A number that is `counted` has its thousands parted; a year has not."""

    name: str
    heading: str
    help: str
    width: int
    value: Callable[[Row], Value]
    counted: bool = True


@dataclass(frozen=True)
class Sheet:
    """A table: `items` are those of a case that have a row each."""

    name: str
    columns: tuple[Column, ...]
    items: Callable[[CaseBody], Iterable[Any]]


def joined(parts: Iterable[Any]) -> str:
    return "; ".join(str(part) for part in parts)


def _told(result: Result) -> str:
    """A result in a line: Evictions a year: 410 → 246 households, 2015 to 2018 (https://…)."""
    change = f"{result.baseline} → {result.value}" if result.baseline else result.value
    told = f"{result.metric}: {change} {result.unit or ''}".rstrip()
    return f"{told}{f', {result.period}' if result.period else ''} ({result.source})"


_CASE = (
    Column("slug", "Case", "Name of the case, as in its address", 26,
           lambda row: row.case.slug),
    Column("title", "Title", "What was done, in one line", 42, lambda row: row.case.title),
)

CASES = Sheet("Cases", (
    *_CASE,
    Column("url", "Address", "Page of the case, with everything that is known of it", 30, lambda row: row.case.url),
    Column("summary", "Summary", "What was done and what came of it", 60, lambda row: row.case.summary),
    Column("challenge", "Challenge", "The problem, in the words of those who had it", 60,
           lambda row: row.case.challenge),
    Column("language", "Language", "Language of the texts", 11, lambda row: row.terms("language", [row.case.language])),
    Column("city", "City", "Name of the city, in English", 18, lambda row: row.case.city),
    Column("country", "Country code", "Country of the city, ISO 3166-1 alpha-2", 9, lambda row: row.case.country),
    Column("country_name", "Country", "Country of the city", 16, lambda row: row.case.country_name),
    Column("population", "Residents", "Residents of the city", 12, lambda row: row.case.population),
    Column("size_band", "City size", "Band of size of the city", 18, lambda row: row.choice(row.case.size_band)),
    Column("status", "Status", "Published, or archived", 11, lambda row: row.choice(row.case.status)),
    Column("stage", "Stage", "How far it got", 11, lambda row: row.choice(row.case.stage)),
    Column("start", "Began", "When it began: a year, a month, a day, or unknown", 11, lambda row: row.case.start),
    Column("end", "Ended", "When it ended, or unknown; empty where it goes on, or nothing is said", 11,
           lambda row: row.case.end),
    Column("year", "Year", "The year it began, as a number; empty where not known", 8, lambda row: row.case.year,
           counted=False),
    Column("outcome", "Outcome", "What came of it", 15, lambda row: row.choice(row.case.outcome)),
    Column("evidence_level", "Evidence", "0 to 5 on Nesta's Standards of Evidence; 0 = no account of impact", 10,
           lambda row: row.case.evidence_level),
    Column("is_warning", "Warning", "Whether it failed, had no effect, or was stopped without working", 10,
           lambda row: row.whether(row.case.is_warning)),
    Column("themes", "Themes", "Fields of city life", 28, lambda row: row.terms("theme", row.case.themes)),
    Column("challenge_types", "Kinds of challenge", "What kind of problem it is", 28,
           lambda row: row.terms("challenge_type", row.case.challenge_types)),
    Column("approaches", "Approaches", "How it was tackled", 28,
           lambda row: row.terms("approach", row.case.approaches)),
    Column("tags", "Tags", "Free words", 22, lambda row: joined(row.case.tags)),
    Column("sdg", "SDG targets", "Targets of the United Nations", 12, lambda row: joined(row.case.sdg)),
    Column("organisation", "Organisation", "The body that did it", 28, lambda row: row.case.organisation),
    Column("departments", "Departments", "Who had to work together", 28, lambda row: joined(row.case.departments)),
    Column("partners", "Partners", "Who took part", 30, lambda row: joined(item.name for item in row.case.partners)),
    Column("cost_setup", "Cost, once", "One-off cost; empty where not known", 14, lambda row: row.cost("setup")),
    Column("cost_running_per_year", "Cost a year", "Cost of one year of running it; empty where not known", 14,
           lambda row: row.cost("running_per_year")),
    Column("cost_currency", "Currency", "Of all costs of the row, ISO 4217", 10, lambda row: row.cost("currency")),
    Column("cost_price_year", "Price year", "The year whose prices these are", 10, lambda row: row.cost("price_year"),
           counted=False),
    Column("cost_basis", "Spent or expected", "Whether this was spent, or is an estimate", 12,
           lambda row: row.choice(row.cost("basis"))),
    Column("cost_per_resident_setup", "Once, per resident", "One-off cost for each resident of the city", 12,
           lambda row: row.per_resident("setup")),
    Column("cost_per_resident_running_per_year", "A year, per resident", "Cost of a year for each resident of the city",
           12, lambda row: row.per_resident("running_per_year")),
    Column("staff_fte", "Staff", "Full-time posts; empty where not known", 9, lambda row: known(row.case.staff_fte)),
    Column("time_to_launch_months", "Months to launch", "From the decision to the first use", 10,
           lambda row: known(row.case.time_to_launch_months)),
    Column("participation", "Participation", "How residents took part", 17,
           lambda row: row.choice(row.case.participation)),
    Column("results", "Results", "What was measured, each with its source", 60,
           lambda row: joined(map(_told, row.case.results))),
    Column("lessons", "Lessons", "What they would tell a colleague", 45, lambda row: joined(row.case.lessons)),
    Column("what_failed", "What failed", "What did not work", 45, lambda row: joined(row.case.what_failed)),
    Column("taken_up", "Taken up", "How many other places use it or try it out", 10, lambda row: row.case.taken_up),
    Column("adoptions", "Elsewhere", "Who considered, tried, took up or gave up the same", 40,
           lambda row: joined(map(row.adoption, row.case.adoptions))),
    Column("sources", "Sources", "Addresses where the statements can be read", 40,
           lambda row: joined(item.url for item in row.case.sources)),
    Column("contact_role", "Contact", "Who answers questions", 30, lambda row: row.case.contact.role),
    Column("contact_organisation", "Office", "Where they work", 30,
           lambda row: row.case.contact.organisation),
    Column("contact_url", "Contact address", "Its public page", 30, lambda row: row.case.contact.url),
    Column("licence", "Licence", "SPDX name of the licence of the texts", 12, lambda row: row.case.licence),
    Column("updated", "Updated", "The day of the last change", 11, lambda row: row.case.updated),
    Column("last_verified", "Last verified", "The day somebody last checked that it is still true; empty where nobody "
           "has said so", 11, lambda row: row.case.last_verified),
    Column("provenance_commit", "Version", "The commit of its last change; empty where that is not known", 22,
           lambda row: row.case.provenance.commit),
    Column("provenance_permalink", "File of this version", "The file at that commit; empty where the library names no "
           "repository", 30, lambda row: row.case.provenance.permalink),
), lambda case: (None,))

RESULTS = Sheet("Results", (
    *_CASE,
    Column("city", "City", "City of the case", 18, lambda row: row.case.city),
    Column("metric", "What was measured", "What was measured", 40, lambda row: row.item.metric),
    Column("baseline", "Before", "Value before, or what it is compared with", 22, lambda row: row.item.baseline),
    Column("value", "After", "Value after", 22, lambda row: row.item.value),
    Column("unit", "Unit", "Unit of both", 16, lambda row: row.item.unit),
    Column("period", "Period", "When, and over how long", 20, lambda row: row.item.period),
    Column("evidence_level", "Evidence", "0 to 5, for this one figure", 10, lambda row: row.item.evidence_level),
    Column("source", "Source", "Where it can be read", 50, lambda row: row.item.source),
), lambda case: case.results)

ADOPTIONS = Sheet("Adoptions", (
    *_CASE,
    Column("city", "City", "City of the case", 18, lambda row: row.case.city),
    Column("place", "Taken up in", "The other place", 22, lambda row: row.place(row.item)),
    Column("country", "Country code", "Its country, ISO 3166-1 alpha-2", 9, lambda row: row.item.country),
    Column("year", "Year", "When it began there; empty where not known", 8,
           lambda row: known(row.item.year), counted=False),
    Column("status", "How far", "How far it went there", 20, lambda row: row.choice(row.item.status)),
    Column("changes", "What they changed", "What they did differently", 50, lambda row: row.item.changes),
    Column("outcome", "What came of it", "What came of it, or why they stopped", 50, lambda row: row.item.outcome),
    Column("source", "Source", "Where it can be read", 50, lambda row: row.item.source),
), lambda case: case.adoptions)

SOURCES = Sheet("Sources", (
    *_CASE,
    Column("title_of_source", "Source", "Title of the source", 60, lambda row: row.item.title),
    Column("publisher", "Publisher", "Who published it", 30, lambda row: row.item.publisher),
    Column("address", "Address", "Where it can be read", 60, lambda row: row.item.url),
    Column("accessed", "Read on", "The day it was read", 11, lambda row: row.item.accessed),
), lambda case: case.sources)

SHEETS = (CASES, RESULTS, ADOPTIONS, SOURCES)


def csv(export: "Export") -> Iterator[bytes]:
    """The cases as RFC 4180 has it, in UTF-8. It begins with a byte order mark: without one Excel reads the bytes in
    the code page of the machine, and ö becomes Ã¶. Python reads it as utf-8-sig."""
    line = StringIO()
    writer = csv_files.writer(line)

    def written(cells: Iterable[Value]) -> bytes:
        writer.writerow(cells)
        text = line.getvalue()
        line.seek(0)
        line.truncate()
        return text.encode()

    yield b"\xef\xbb\xbf" + written(column.name for column in CASES.columns)
    for case in export.cases:
        row = Row(case, export, for_people=False)
        values = (column.value(row) for column in CASES.columns)
        yield written(fitting(harmless(plain(value)), case.url) if isinstance(value, str) else _short(value)
                      for value in values)


def _short(number: float | None) -> float | None:
    """5.0 as 5: what was written without decimals has none."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def plain(text: str) -> str:
    """A text for a cell: control characters, and what no XML can hold, become blanks; line ends stay."""
    return re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", " ", re.sub("\r\n?", "\n", text)).strip()


# What begins a formula, full-width signs too; but not what is a number. A piece begins with the cell, behind a line
# end, and behind a semicolon: where decimals have commas, Excel takes the semicolon for what parts cells, and quotation
# marks within a text for those around one.
_FORMULA = re.compile(r"(^|[;\n])([\s\"]*)(?=[=+\-@＝＋－＠])(?![+-]?[0-9]+(?:[.,][0-9]+)*\s?%?\s*(?:[;\n]|$))")


def harmless(text: str) -> str:
    """A text that no program takes for a formula."""
    return _FORMULA.sub(r"\1\2'", text)


def fitting(text: str, url: str) -> str:
    """A text that a cell can hold: a longer one is cut, and says where all of it is."""
    if 2 * len(text) <= LONGEST_CELL or len(text.encode("utf-16-le")) <= 2 * LONGEST_CELL:
        return text
    note = f" … [cut here, since a cell holds no more; all of it is at {url}]"
    return text.encode("utf-16-le")[:2 * (LONGEST_CELL - len(note))].decode("utf-16-le", "ignore") + note


def xlsx(export: "Export") -> Iterator[bytes]:
    """The cases as an Excel file. It can only be handed on when it is whole, so it is made in a folder that is gone
    when the last piece is taken, or nobody wants more."""
    with TemporaryDirectory(prefix="innoshare-") as folder:
        path = Path(folder) / "cases.xlsx"
        _write(path, export)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _write(path: Path, export: "Export") -> None:
    from xlsxwriter import Workbook  # Only who makes such a file has to wait for it.

    book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False,
                                "strings_to_urls": False, "strings_to_numbers": False})
    try:
        _fill(book, export)
    finally:
        book.close()  # Also what is thrown away: else its parts would stay open.


def _fill(book: Any, export: "Export") -> None:
    # The time of the edition, so that the same edition makes the same bytes.
    book.set_properties({"title": f"Cases of {plain(export.name)}", "author": plain(export.name),
                         "comments": plain(export.base_url), "created": export.built.replace(tzinfo=None)})
    look = {"valign": "top", "text_wrap": True, "bottom": 1, "bottom_color": "#d0d7de"}
    number = look | {"align": "right", "indent": 1}  # Else it would touch the text to its right.
    styles = {
        "text": book.add_format(look),
        "plain": book.add_format(number | {"num_format": "0"}),
        "whole": book.add_format(number | {"num_format": "#,##0"}),
        "decimals": book.add_format(number | {"num_format": "#,##0.00"}),
        "link": book.add_format(look | {"font_color": "#0b57d0", "underline": 1}),
        "head": book.add_format({"bold": True, "font_color": "#ffffff", "bg_color": export.colour, "valign": "vcenter",
                                 "text_wrap": True}),
        "bold": book.add_format({"bold": True, "font_size": 14}),
    }
    tables = [_Table(book, sheet.name, sheet.columns, styles) for sheet in SHEETS]
    for case in export.cases:
        for sheet, table in zip(SHEETS, tables, strict=True):
            for item in sheet.items(case):
                row = Row(case, export, for_people=True, item=item)
                table.add([column.value(row) for column in sheet.columns], case.url)
    for table in tables:
        table.close()
    _explain(book, export, styles)


class _Table:
    """A sheet that is written row by row, below a row of headings that stays in sight."""

    def __init__(self, book: Any, name: str, columns: tuple[Column, ...], styles: dict[str, Any]) -> None:
        self._sheet, self._columns, self._styles = book.add_worksheet(name), columns, styles
        self._row = 0
        self._sheet.freeze_panes(1, 2)
        self._sheet.set_landscape()
        self._sheet.repeat_rows(0)
        # Else each year that is a text would have a green corner.
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._sheet.set_default_row(ROW_HEIGHT)  # For each row by itself it would be kept in memory.
        self._sheet.set_row(0, ROW_HEIGHT / 2)
        for at, column in enumerate(columns):
            self._sheet.set_column(at, at, column.width)
            self._sheet.write_string(0, at, column.heading, styles["head"])

    def add(self, values: Iterable[Value], url: str) -> None:
        self._row += 1
        if self._row == LAST_ROW:
            values = ["A sheet holds no more rows. All of it is in JSON Lines."]
        elif self._row > LAST_ROW:
            return
        for at, value in enumerate(values):
            column = self._columns[at]
            if isinstance(value, str):
                self._text(at, fitting(plain(value), url), link=column.name == "url")
            elif value is None:
                self._sheet.write_blank(self._row, at, None, self._styles["text"])
            else:
                style = "plain" if not column.counted else "whole" if value == int(value) else "decimals"
                self._sheet.write_number(self._row, at, value, self._styles[style])

    def _text(self, at: int, text: str, link: bool) -> None:
        """Only addresses of our own can be followed by a click."""
        if link and text.startswith(("http://", "https://")) and self._row < MOST_LINKS:
            self._sheet.write_url(self._row, at, text, self._styles["link"], string=text)
        else:
            self._sheet.write_string(self._row, at, text, self._styles["text"])

    def close(self) -> None:
        self._sheet.autofilter(0, 0, max(self._row, 1), len(self._columns) - 1)


def _explain(book: Any, export: "Export", styles: dict[str, Any]) -> None:
    """The last sheet: where the file comes from, and what each column holds."""
    sheet = book.add_worksheet("Fields")
    sheet.set_landscape()
    for at, width in enumerate((12, 24, 80)):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, plain(export.name), styles["bold"])
    about = (", ".join(filter(None, (f"The library as it was on {export.built.date().isoformat()}", export.base_url))),
             "Each case is under the licence that its row names. Under CC BY use it freely, and name the source.",
             "An empty cell: nothing is said, or nothing is known. The page of a case has more than its row.")
    for number, text in enumerate(about, 1):
        sheet.write_string(number, 0, plain(text))
    first = len(about) + 2
    for at, text in enumerate(("Sheet", "Column", "What it holds")):
        sheet.write_string(first, at, text, styles["head"])
    rows = [(table.name, column.heading, column.help) for table in SHEETS for column in table.columns]
    for number, texts in enumerate(rows, first + 1):
        for at, text in enumerate(texts):
            sheet.write_string(number, at, text, styles["text"])
