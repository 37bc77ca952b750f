"""The form for those who contribute without git: with which control each of its `questions` is put.

What a field may hold, and so which control asks for it, is read from the declarations in `case`. What is answered
is the matter of `answers`, the file made of it that of `written`.

Decision: a control has its field's dotted path as name and as id (`results.0.metric`), so that whatever the check says
about a place in a file leads to where that place was filled in.

Decision: a closed list is shown whole, with what each value means. A civil servant who meets the words for the first
time must be able to choose without a manual, and a menu hides what it offers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, Literal, get_args, get_origin

from babel import Locale
from babel.core import get_global
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from innoshare.case import City, Vocabulary, front_matter, mark
from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES
from innoshare.content import FORMS, Spot
from innoshare.content.forms import SPOKEN
from innoshare.web.questions import ITEMS, SECTIONS, Given, Kind, Step, hint_for, label_of

LONG_FROM = 161  # Characters from which a text gets a box of several lines: more than two lines of a page.

_ENGLISH = Locale("en", "GB")
_NOWHERE = "ZZ"  # "Unknown Region"


def _named(names: Any, pattern: str) -> list[tuple[str, str]]:
    """(code, English name) of those codes that follow a pattern, by name."""
    return sorted(((str(code), str(name)) for code, name in names.items() if re.fullmatch(pattern, str(code))),
                  key=lambda pair: pair[1])


# Where somebody speaks a language: babel has codes of unions, of seas and for trying programs out as well.
COUNTRIES = [(code, name) for code, name in _named(_ENGLISH.territories, "[A-Z]{2}")
             if code in get_global("territory_languages") and code != _NOWHERE]


# --- controls -----------------------------------------------------------------------------------------------------

Control = Literal["text", "long", "lines", "radios", "checks", "select", "group", "groups"]


@dataclass(frozen=True)
class Option:
    """A value to choose. `group` is the heading under which a menu lists it."""

    value: str
    label: str
    help: str = ""
    group: str = ""


@dataclass(frozen=True)
class Widget:
    """A control for one field. `path` is its name and id.

    A `group` has `parts`; a list of records (`groups`) has the parts of each in `records`, and `item` is what one is
    called. `limit` is the most characters, `most` the most values or records; `or_unknown` offers to say that a fact is
    not known, and `is_unknown` that this was said. `rows`, `mode` (of the keyboard; `prose` is shown as it is written)
    and `suggestions` are for those who type.
    """

    path: str
    control: Control
    label: str
    hint: str = ""
    needed: bool = False
    options: tuple[Option, ...] = ()
    limit: int = 0
    most: int = 0
    rows: int = 0
    mode: str = "text"
    or_unknown: bool = False
    is_unknown: bool = False
    values: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    parts: tuple["Widget", ...] = ()
    records: tuple[tuple["Widget", ...], ...] = ()
    item: str = ""

    @property
    def value(self) -> str:
        """The one value of a control that has one."""
        return self.values[0] if self.values else ""

    @property
    def first(self) -> str:
        """The id of the first control in it: where a message about the whole of it leads."""
        inner = self.records[0] if self.records else self.parts
        return inner[0].first if inner else self.path

    @property
    def shown(self) -> tuple[str, ...]:
        """What was answered, a line for each value, for those who look it over."""
        if self.is_unknown:
            return ("not known",)
        if self.control == "group":
            return tuple(f"{part.label}: {'; '.join(part.shown)}" for part in self.parts if part.shown)
        if self.control == "groups":
            return tuple("; ".join(line for part in record for line in part.shown) for record in self.records
                         if any(part.shown for part in record))
        if self.options:
            labels = {option.value: option.label for option in self.options}
            return tuple("not known" if value == "unknown" else labels.get(value, value) for value in self.values
                         if value)
        return tuple(line for line in self.value.split("\n") if line.strip())


@dataclass(frozen=True)
class Around:
    """What controls offer from outside the model: terms, cities, the library's languages, addresses of sources."""

    vocabulary: Vocabulary
    cities: Mapping[str, City]
    languages: Sequence[str]
    sources: tuple[str, ...] = ()


def widgets(kind: Kind, step: Step, given: Given, around: Around) -> Iterator[Widget]:
    """The controls of a step, filled with what was answered."""
    for name in step.fields:
        if name == "body" or name in SECTIONS:
            section = SECTIONS.get(name)
            yield Widget(name, "long", label_of(kind, name), hint_for(kind, name) or
                         (f"{section.help}." if section else ""), section is not None, rows=8, mode="prose",
                         values=given.all(name))
        else:
            yield _widget(kind, name, Spot.of(kind.model, (name,)), given, around)
            if name == "city":
                yield Widget("city_new", "text", label_of(kind, "city_new"), hint_for(kind, "city_new"),
                             values=given.all("city_new"))


_SIGNED = ("latitude", "longitude")  # The number keyboard of many a telephone has no minus.


def _widget(kind: Kind, path: str, spot: Spot, given: Given, around: Around) -> Widget:
    """The control for what the model says may stand at a place."""
    info, name = spot.field, path.split(".")[-1]
    assert info
    item, limit = spot.inside(0), _limit(info)

    def made(control: Control, **more: Any) -> Widget:
        return Widget(path, control, label_of(kind, path), _hint(kind, path, control, spot), info.is_required(),
                      most=spot.most, or_unknown=bool(spot.or_unknown),
                      is_unknown=given.is_unknown(path), values=given.all(path), **more)

    def parts(record: type[BaseModel], at: str) -> tuple[Widget, ...]:
        return tuple(_widget(kind, f"{at}.{part}", Spot.of(record, (part,)), given, around)
                     for part, _ in front_matter(record))

    if spot.is_list and item.record:
        return made("groups", item=ITEMS[name], records=tuple(
            parts(item.record, f"{path}.{number}") for number in range(max(1, given.count(path)))))
    if spot.record:
        return made("group", parts=parts(spot.record, path))
    if options := tuple(_options(name, spot, item if spot.is_list else spot, around)):
        return made("checks" if spot.is_list else "select" if name in _MENUS else "radios", options=options)
    if spot.is_list:
        return made("lines", rows=4)
    if limit >= LONG_FROM and not _patterns(info):
        return made("long", limit=limit, rows=2 + limit // 120)
    is_url = "https" in _example(info)
    number = spot.is_number and name not in _SIGNED
    return made("text", limit=0 if _patterns(info) else limit, mode="url" if is_url else
                "decimal" if number else "text", suggestions=around.sources if name == "source" and is_url else ())


_MENUS = ("city", "country", "language")  # Long lists of names that everybody knows without an explanation.


def _options(name: str, spot: Spot, item: Spot, around: Around) -> Iterator[Option]:
    """The values to choose from; none where one writes."""
    if spot.field and (vocabulary := mark(spot.field).vocabulary):
        for slug, term in around.vocabulary[vocabulary].items():
            yield Option(slug, term.label_in("en"), term.help.get("en", ""))
    for choice in item.choices:
        yield Option(choice.value, choice.label[:1].upper() + choice.label[1:], choice.help)
    if bool in spot.kinds:
        yield from (Option("true", "Yes"), Option("false", "No, it only helps"))
    if name == "evidence_level":
        for level, (label, meaning) in EVIDENCE_LEVELS.items():
            yield Option(str(level), f"{level}: {label}", meaning)
    elif name == "city":
        for slug, city in around.cities.items():
            yield Option(slug, f"{city.name} ({_ENGLISH.territories.get(city.country, city.country)})")
    elif name == "country":
        yield from (Option(code, label) for code, label in COUNTRIES)
    elif name == "language":
        own = [code for code in LANGUAGES if code in around.languages]
        yield from (Option(code, str(_ENGLISH.languages[code]), group="Languages of this library") for code in own)
        yield from (Option(code, label, group="Others") for code, label in sorted(
            SPOKEN.items(), key=itemgetter(1)) if code not in own)


# --- words --------------------------------------------------------------------------------------------------------


def _hint(kind: Kind, path: str, control: Control, spot: Spot) -> str:
    """What helps to answer: the words of HINTS, an example, and how much may be said."""
    info, name = spot.field, path.split(".")[-1]
    assert info
    said = hint_for(kind, path)
    most, limit, example = spot.most, _limit(info), _example(info)
    if control == "checks":
        return f"At most {most}." if most else "Choose all that apply."
    if control == "lines":
        return f"{said} One on each line, at most {most}.".strip()
    if control in ("text", "long") and not said:
        if example:
            said = f"As {example}."
        elif name in _SIGNED:
            said = "With a full stop, as 59.33 or -33.92."
        elif int in spot.kinds:
            said = "Four digits, as 2019." if name.endswith("year") else "Digits only, as 82000."
        elif float in spot.kinds:
            said = "Digits only, as 14 or 2.5."
    if control in ("text", "long") and name in _TOLD and limit:
        said = f"{said} At most {limit} characters.".strip()
    return said


_TOLD = ("title", "summary", "challenge", "legal_basis")  # Where people would write more than there is room for.


def _example(info: FieldInfo) -> str:
    """What a value that follows a pattern looks like; "" where any text will do."""
    patterns = _patterns(info)
    return FORMS[patterns[-1]].example.replace("`", "").strip('"') if patterns else ""


def _patterns(info: FieldInfo) -> list[str]:
    return [str(item.pattern) for item in _constraints(info) if getattr(item, "pattern", None)]


def _limit(info: FieldInfo) -> int:
    """The most characters of a text, or of each in a list; 0 where there is no limit."""
    return max((item.max_length for item in _constraints(info) if getattr(item, "max_length", None)), default=0)


def _constraints(info: FieldInfo) -> Iterator[Any]:
    """What the declaration says of a single value of a field."""
    if get_origin(info.annotation) is not list:
        yield from info.metadata
    yield from _inner(info.annotation)


def _inner(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        first, *rest = get_args(annotation)
        yield from rest
        yield from _inner(first)
    else:
        for part in get_args(annotation):
            yield from _inner(part)
