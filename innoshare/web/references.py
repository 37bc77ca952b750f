"""Cases as references, for those who cite them: BibTeX and RIS, as programs that keep literature read them.

A reference is the line "Cite as" of the case's page in another form. As in the feeds the library stands as the author,
since a text about a city is often written by somebody else; the city stands behind the title. Where the version is
known, the address names it, and so leads to what has changed since.

A value can neither end its field nor begin another: it stands on one line, and what a format takes for a sign of its
own is written in the way the format has for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from innoshare.web.citing import citable
from innoshare.web.shapes import CaseBody

if TYPE_CHECKING:
    from innoshare.web.exporting import Export

# Braces by name: BibTeX counts those behind a backslash too, and one too many would swallow the rest of the file.
_LATEX = {"\\": r"\textbackslash{}", "{": r"\ensuremath{\lbrace}", "}": r"\ensuremath{\rbrace}",
          "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "@": "{@}", **{sign: f"\\{sign}" for sign in "%&#$_"}}
# Two signs that TeX makes one of: a dash, quotation marks, Spanish marks.
_LIGATURE = re.compile("(?<=-)(?=-)|(?<=`)(?=`)|(?<=')(?=')|(?<=[?!])(?=`)|(?<=,)(?=,)|(?<=<)(?=<)|(?<=>)(?=>)")
_LATEX_SIGN = re.compile(f"[{re.escape(''.join(_LATEX))}]")


@dataclass(frozen=True)
class _Reference:
    """What both formats say of a case; `day` is that of its version, `seen` the day of the edition."""

    slug: str
    title: str
    author: str
    day: str
    summary: str
    language: str
    keywords: tuple[str, ...]
    url: str
    note: str
    seen: str


def _reference(case: CaseBody, export: "Export") -> _Reference:
    known = case.provenance
    commit = None if known.uncommitted else known.commit
    day = known.last_changed if commit and known.last_changed else case.updated
    note = f"Version {commit[:12]} of {day}" if commit else f"As of {day}"
    return _Reference(
        case.slug, f"{case.title} ({case.city}, {case.country_name})", export.name, day, case.summary, case.language,
        (*(export.label("theme", theme) for theme in case.themes), *case.tags), citable(case.url, commit),
        f"{note}. {known.permalink}" if commit and known.permalink else f"{note}.", export.built.date().isoformat())


def bibtex(export: "Export") -> Iterator[bytes]:
    """BibTeX, in UTF-8. `@misc`, since every style knows it and nothing else that is on no paper."""
    yield f"% Cases as of {export.built.date().isoformat()}\n".encode()
    for case in export.cases:
        of = _reference(case, export)
        # Twice in braces what no style may change: capital letters of a title, names that look like first and last.
        fields = {"title": f"{{{latex(of.title)}}}", "author": f"{{{latex(of.author)}}}", "year": of.day[:4],
                  "month": str(int(of.day[5:7])), "publisher": latex(export.name), "url": of.url,
                  "urldate": of.seen, "note": latex(of.note), "abstract": latex(of.summary),
                  "keywords": ", ".join(f"{{{latex(word)}}}" if "," in word else latex(word) for word in of.keywords),
                  "langid": of.language}
        yield f"\n@misc{{{of.slug},\n".encode() + "".join(
            f"  {name} = {{{value}}},\n" for name, value in fields.items() if value).encode() + b"}\n"


def latex(text: str) -> str:
    """A text as TeX sets it as it is."""
    return _LATEX_SIGN.sub(lambda sign: _LATEX[sign[0]], _LIGATURE.sub("\x00", _line(text))).replace("\x00", "{}")


def ris(export: "Export") -> Iterator[bytes]:
    """RIS: a line for each value, behind a tag of two letters. `ELEC` is what is read on the web."""
    for case in export.cases:
        of = _reference(case, export)
        tags = [("TY", "ELEC"), ("ID", of.slug), ("TI", of.title), ("AU", of.author), ("PY", of.day[:4]),
                ("DA", of.day.replace("-", "/")), ("PB", export.name), ("UR", of.url),
                ("Y2", of.seen.replace("-", "/")), ("N1", of.note), ("AB", of.summary), ("LA", of.language),
                *(("KW", word) for word in of.keywords), ("ER", "")]
        yield "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in tags).encode()


def _line(text: str) -> str:
    """A text on one line, without what no text file should hold."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).strip()
