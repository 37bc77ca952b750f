"""Adding a city to the adoption ledger of a case: which lines to write, and where in its file.

The ledger is the list `adoptions` in the file of the case. Whoever adds to it changes that one file by a few lines; the
source of what she says also stands under `sources`, so these are two places. `add` finds both and says them as a person
needs them who has the file open in a browser: below which line, and what that line reads.

Decision: the smallest change. All other bytes of the file stay, the day in `updated` among them: that somebody took the
case up says nothing about whether the case itself is still true, and git knows when the file was changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from innoshare.case import Case
from innoshare.content import writing
from innoshare.content.frontmatter import read
from innoshare.errors import BadInput

LEDGER, SOURCES = "adoptions", "sources"


@dataclass(frozen=True)
class Place:
    """Where lines go: below line `line` of the file as it is, counted from 1, which reads `above`; the next one reads
    `below`. `line` is None where a person has to find the place; `new` says that `lines` begin with the name of the
    field, which the file has not yet."""

    field: str
    lines: str
    new: bool
    line: int | None = None
    above: str = ""
    below: str = ""

    @property
    def rows(self) -> int:
        """How many lines there are to add."""
        return self.lines.count("\n")


@dataclass(frozen=True)
class Addition:
    """What to add to a file. `places` begin with the one furthest down, so that the numbers of the others stay right
    while one works. `text` is the whole changed file; None where only a person can change it, and `why` says so."""

    places: tuple[Place, ...]
    text: str | None
    why: str = ""


def add(text: str, adoption: Mapping[str, Any], source: Mapping[str, Any] | None = None) -> Addition:
    """What to add to the file of a case, so that its ledger has `adoption`; `source` is what is new under `sources`.

    Raises BadInput, under the names of the fields, for what cannot be written at all (a hidden character, no value).
    """
    wanted = [(LEDGER, adoption), *([(SOURCES, source)] if source else [])]
    for field, item in wanted:
        writing.lines(field, item, True, Case)  # Whatever is refused later is the fault of the file, not of the item.
    there = read(text.encode("utf-8", "surrogatepass"), "").values
    places, why, changed = [], "", text
    for field, item in wanted:
        new = field not in there
        try:
            places.append(_place(field, new, text, writing.insert(text, field, item, Case)))
            changed = writing.insert(changed, field, item, Case)
        except BadInput as error:
            places.append(Place(field, writing.lines(field, item, new, Case), new))
            why = why or error.mistakes[0][1]
    places.sort(key=lambda place: -(place.line or 0))
    return Addition(tuple(places), None if why else changed, why)


def as_if(text: str, adoption: Mapping[str, Any], source: Mapping[str, Any] | None = None) -> str:
    """A file that says the same as `text` with the addition, however `text` is written: to be judged, not to be kept.
    Raises BadInput where the file cannot be written anew."""
    parts = read(text.encode(), "")
    added = {LEDGER: [*parts.values.get(LEDGER, ()), adoption]}
    if source:
        added[SOURCES] = [*parts.values.get(SOURCES, ()), source]
    return writing.file({**parts.values, **added}, parts.body, Case)


def _place(field: str, new: bool, before: str, after: str) -> Place:
    """The place where `after` has more lines than `before`. It is within the header, so there are lines around it."""
    rows, longer = list(_rows(before)), list(_rows(after))
    same = next(number for number, row in enumerate(rows) if row != longer[number])
    added = longer[same : same + len(longer) - len(rows)]
    return Place(field, "".join(f"{row}\n" for row in added), new, same, rows[same - 1], rows[same])


def _rows(text: str) -> Iterator[str]:
    """The lines of a file without their ends, as a browser shows and counts them: no other signs end a line there."""
    yield from text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
