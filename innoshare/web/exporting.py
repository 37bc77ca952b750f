"""Cases as files to take away: all of them or those of a search, in each format that somebody may want.

An `Export` goes in, pieces of the file come out, made as they are taken: memory stays the same however many cases there
are. A case goes out as the body that the API gives of it (`shapes`), so a file says nothing that a page does not. JSON
Lines has all of it and is what keeps its promise: fields are added, never renamed or removed. Tables (`sheets`) and
references (`references`) are made from the same body for those who calculate and those who cite.

The same edition and day make the same bytes. Nothing here knows Flask: the command line writes the same files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from innoshare.case import City
from innoshare.config import Settings
from innoshare.library import Entry, Library
from innoshare.web import references, sheets
from innoshare.web.shapes import CaseBody, case_body


@dataclass(frozen=True)
class Export:
    """What goes into a file: `cases` can be taken once; `cities` (by slug) and `label` (facet, value -> words) explain
    their values; `name` and `colour` are those of the library, `built` is when its edition was made."""

    cases: Iterator[CaseBody]
    cities: Mapping[str, City]
    label: Callable[[str, str], str]
    name: str
    colour: str
    base_url: str
    built: datetime

    @classmethod
    def of(cls, library: Library, cases: Iterable[Entry], settings: Settings, base_url: str) -> "Export":
        """These `cases` of a library."""
        forge = settings.code_host
        return cls((case_body(entry, library, base_url, forge) for entry in cases),
                   library.cities, library.facet_label, settings.name, settings.colour, base_url,
                   datetime.fromisoformat(library.built))


@dataclass(frozen=True)
class Format:
    """A kind of file. `name` is what the command line calls it, `ending` what the names of its files end with, `label`
    what people call it; `write` makes it piece by piece."""

    name: str
    ending: str
    label: str
    content_type: str
    write: Callable[[Export], Iterator[bytes]]

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.content_type.partition(";")[0]


def lines(export: Export) -> Iterator[bytes]:
    """JSON Lines: each case on a line of its own."""
    for case in export.cases:
        yield case.model_dump_json().encode() + b"\n"


def array(export: Export) -> Iterator[bytes]:
    """One JSON array, each case on a line of its own."""
    before = b"[\n"
    for line in lines(export):
        yield before + line.rstrip(b"\n")
        before = b",\n"
    yield (b"[" if before == b"[\n" else b"\n") + b"]\n"


# No registry of media types knows JSON Lines yet; this is what jsonlines.org and the registry of OpenAPI name.
JSON_LINES = Format("jsonl", "jsonl", "JSON Lines", "application/jsonl", lines)
JSON = Format("json", "json", "JSON", "application/json", array)
# `header` says that the first line has the names (RFC 4180).
CSV = Format("csv", "csv", "CSV", "text/csv; charset=utf-8; header=present", sheets.csv)
XLSX = Format("xlsx", "xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheets.xlsx)
BIBTEX = Format("bibtex", "bib", "BibTeX", "application/x-bibtex; charset=utf-8", references.bibtex)
RIS = Format("ris", "ris", "RIS", "application/x-research-info-systems; charset=utf-8", references.ris)

# What every search can be downloaded as, by the ending of the address; in the order in which pages offer them.
FORMATS: Mapping[str, Format] = {kind.ending: kind for kind in (XLSX, CSV, JSON_LINES, BIBTEX, RIS)}

# What a single case can be downloaded as, for those who cite it.
REFERENCES: Mapping[str, Format] = {kind.ending: kind for kind in (BIBTEX, RIS)}


def file_name(what: str, ending: str, built: datetime) -> str:
    """What a file is called where it is kept: it says from which day it is."""
    return f"{what}-{built.date().isoformat()}.{ending}"
