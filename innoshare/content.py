"""A content folder becomes cases, cities and vocabulary, or Problems that say which line of which file to mend.

    content/cases/<slug>.md      content/cities/<slug>.md      content/vocabulary/<name>.yaml

`read` looks at every file in one pass and names every mistake in it; it raises for none. A bad file never hides the
good ones: what has an error is left out, the rest is there. `digests` says which files there are, without reading
what they mean; a build asks it whether anything changed.

`frontmatter` takes a file apart and `render` knows what its Markdown may hold. Here follow, in this order: single
fields (Pydantic finds the mistakes by the declarations in `case`, WORDS says them in our words); rules that look at
several fields, at other files or at the calendar (each a generator whose docstring is the rule, on the list EVERY_PAGE
or EVERY_CASE); which files count; and reading.

Decision: one place, one Problem. A field that may be a number or `unknown` fails twice in Pydantic's eyes; a person
made one mistake, and the reading closest to what she wrote is the one that is explained.

Decision: only plain files directly in the three folders count. A symbolic link could show any file of the machine
that builds, a pipe would keep it waiting, so neither is opened.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from innoshare.case import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    VOCABULARIES,
    Case,
    Choice,
    City,
    Country,
    Currency,
    Day,
    Language,
    PartialDate,
    Record,
    SdgTarget,
    Section,
    Slug,
    Status,
    Tag,
    Term,
    Url,
    Vocabulary,
    WikidataId,
    front_matter,
    mark,
)
from innoshare.errors import Level, Problem
from innoshare.frontmatter import MAX_FILE_BYTES, REFUSED, FrontMatter, Step, Steps, dotted, read_yaml, shown
from innoshare.frontmatter import read as read_front_matter
from innoshare.render import habits, headings, mistakes

# A case nobody has looked at for two years may no longer be true: offices, prices and laws change with budgets,
# which most cities make for one or two years. Trades trust against nagging; a judgement, not a measurement.
STALE_AFTER = timedelta(days=730)
SIMILAR = 0.6  # difflib's own default: `titel` finds `title`, `colour` does not find `country`.
MAX_PROBLEMS_PER_FILE = 100  # More cannot be read by anybody; a file like that is better begun again.
FOLDERS = {"cases": ".md", "cities": ".md", "vocabulary": ".yaml"}


@dataclass(frozen=True)
class Content:
    """Everything valid in a content folder, and what is wrong with the rest.

    `cases` holds every published or archived case without an error, `cities` every city without one, both sorted by
    slug. `digests` is what `digests` would have given for the files that were read.
    """

    root: Path
    cases: Mapping[str, Case]
    cities: Mapping[str, City]
    vocabulary: Vocabulary
    problems: tuple[Problem, ...]
    digests: Mapping[str, str]


# --- one field: what Pydantic finds, in our words -----------------------------------------------------------------

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Spot:
    """A place in a model: the record it lies in, the field, and what may stand there."""

    owner: type[BaseModel] | None
    field: FieldInfo | None
    kinds: tuple[Any, ...]  # types without Optional and Annotated: str, Cost, list[...], Literal["unknown"] …

    @classmethod
    def of(cls, model: type[BaseModel], steps: Steps) -> "Spot":
        """The place that `steps` lead to from `model`."""
        spot = cls(None, None, (model,))
        for step in steps:
            spot = spot.inside(step)
        return spot

    def inside(self, step: Step) -> "Spot":
        for kind in self.kinds:
            if isinstance(step, int) and get_origin(kind) is list:
                return Spot(None, self.field, tuple(_kinds(get_args(kind)[0])))
            if isinstance(step, str) and get_origin(kind) is dict:
                return Spot(None, self.field, tuple(_kinds(get_args(kind)[1])))
            if isinstance(step, str) and isinstance(kind, type) and issubclass(kind, BaseModel):
                field = kind.model_fields.get(step)
                return Spot(kind, field, tuple(_kinds(field.annotation)) if field else ())
        return Spot(None, None, ())

    @property
    def record(self) -> type[BaseModel] | None:
        """The record that stands here, if one does."""
        return next((kind for kind in self.kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)

    @property
    def choices(self) -> list[Choice]:
        """The values of a closed list."""
        return [choice for kind in self.kinds if isinstance(kind, type) and issubclass(kind, Choice) for choice in kind]

    @property
    def or_unknown(self) -> str:
        """`, or `unknown`` where that is legal."""
        return ", or `unknown`" if any(get_origin(kind) is Literal for kind in self.kinds) else ""


def _kinds(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _kinds(part)
    elif annotation is not NoneType:
        yield annotation


@dataclass(frozen=True)
class Finding:
    """One mistake as Pydantic reports it, brought back to the place where it was written."""

    steps: Steps
    kind: str
    value: Any
    context: Mapping[str, Any]
    spot: Spot

    @property
    def name(self) -> str:
        """The field as a message names it: `title`, item 2 of `tags`."""
        if self.steps and isinstance(self.steps[-1], int):
            return f"Item {self.steps[-1] + 1} of `{dotted(self.steps[:-1])}`"
        return f"`{dotted(self.steps)}`"

    @property
    def help(self) -> str:
        """The field's own description, as a sentence."""
        text = self.spot.field.description if self.spot.field else None
        return f" It is: {text[0].lower() + text[1:]}." if text and text[1:2].islower() else f" {text}." if text else ""


Words = tuple[str, str]  # message, remedy


def nearest(value: str, allowed: list[str]) -> list[str]:
    """The allowed values, those most like `value` first."""
    like = get_close_matches(value.lower(), allowed, n=3, cutoff=SIMILAR)
    return like + [name for name in allowed if name not in like]


def one_of(value: str, allowed: list[str]) -> str:
    """The remedy for a value that is not on a list."""
    like = get_close_matches(value.lower(), allowed, n=1, cutoff=SIMILAR)
    listed = ", ".join(f"`{name}`" for name in nearest(value, allowed))
    return (f"Did you mean `{like[0]}`? " if like else "") + f"Write one of: {listed}."


# --- what a value of each form looks like -------------------------------------------------------------------------


def _slug(value: str) -> str:
    letters = value.strip().lower().translate(str.maketrans("åäáàâãöóòôõøéèêëíìîïúùûüçñ", "aaaaaaooooooeeeeiiiiuuuucn"))
    return re.sub(r"[^a-z0-9]+", "-", letters.removesuffix(".md")).strip("-")[:60].strip("-")


def _day(value: str) -> str:
    """A date as people write it, the year first; only where it cannot be read in two ways."""
    if match := re.fullmatch(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})", value):
        return f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    if match := re.fullmatch(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})", value):
        return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
    return ""


def _address(value: str) -> str:
    return "https://" + value if re.match(r"(www\.)?[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/\S*)?$", value) else ""


@dataclass(frozen=True)
class Form:
    """What a value that follows a pattern looks like, an example, and a guess at what somebody meant."""

    pattern: str
    looks: str
    example: str
    guess: Callable[[str], str]


def _form(annotated: Any, looks: str, example: str, guess: Callable[[str], str]) -> tuple[str, Form]:
    pattern = next(str(item.pattern) for item in annotated.__metadata__ if getattr(item, "pattern", None))
    return pattern, Form(pattern, looks, example, guess)


FORMS = dict((
    _form(Slug, "the name of a file without .md: small letters a to z, digits and hyphens", "stockholm", _slug),
    _form(Url, "a full public address that begins with https://", "https://example.org/report", _address),
    _form(Day, "a day as year-month-day", "2026-05-31", _day),
    _form(PartialDate, "a year, a month or a day, the year first", "2019`, `2019-05` or `2019-05-31", _day),
    _form(Language, "the two small letters of a language", "en", lambda value: value.lower()[:2]
          if re.fullmatch(r"[A-Za-z]{2}(-\w+)?", value) else ""),
    _form(Country, "the two capital letters of a country (ISO 3166)", "SE",
          lambda value: {"UK": "GB", "EL": "GR"}.get(value.upper(), value.upper())),
    _form(Currency, "the three capital letters of a currency", "EUR",
          lambda value: {"€": "EUR", "£": "GBP"}.get(value, value.upper())),
    _form(SdgTarget, "the number of a target of the Sustainable Development Goals, in quotes", '"11.2"',
          lambda value: f'"{value.strip().rstrip(".").removeprefix("SDG ")}"'),
    _form(Tag, "small words without signs, hyphens for spaces", "school-meals",
          lambda value: re.sub(r"[\W_]+", "-", value).strip("-")),
    _form(WikidataId, "a Wikidata number, the letter Q and digits", "Q1748",
          lambda value: "".join(re.findall(r"[Qq]\d+$", value)).upper()),
))


SLUG = re.compile(next(pattern for pattern, form in FORMS.items() if form.example == "stockholm"))


def _pattern(found: Finding) -> Words:
    form = FORMS[found.context["pattern"]]
    value = str(found.value)
    message = f"{found.name} is {shown(value)}, which is not {form.looks}."
    if form is FORMS[_URL] and "@" in value:
        return (f"{found.name} holds an e-mail address or a name before an @: {shown(value)}.",
                "Write the address of a public page or contact form, as `https://example.org/contact`.")
    guess = form.guess(value)
    if guess and guess != value and re.fullmatch(form.pattern, guess.strip('"')):
        return message, f"Write `{guess}`{found.spot.or_unknown}."
    return message, f"Write it as `{form.example}`{found.spot.or_unknown}."


_URL = next(pattern for pattern, form in FORMS.items() if form.example.startswith("https"))


# --- what each kind of mistake means ------------------------------------------------------------------------------


def _missing(found: Finding) -> Words:
    inside = f" in `{dotted(found.steps[:-1])}`" if len(found.steps) > 1 else ""
    field = found.spot.field
    listed = mark(field).vocabulary if field else None
    values = (f" Write one of: {', '.join(f'`{choice}`' for choice in found.spot.choices)}." if found.spot.choices else
              f" The values are listed in vocabulary/{listed}.yaml." if listed else "")
    return (f"`{found.steps[-1]}` is missing{inside}.",
            f"Add a line `{found.steps[-1]}: …`{found.spot.or_unknown}.{found.help}{values}")


def _unknown_key(found: Finding) -> Words:
    name, owner = str(found.steps[-1]), found.spot.owner
    allowed = [field for field, _ in front_matter(owner)] if owner else []
    where = f"`{dotted(found.steps[:-1])}`" if len(found.steps) > 1 else "the header"
    like = get_close_matches(name.lower(), allowed, n=1, cutoff=SIMILAR)
    if like:
        return f"There is no field {shown(name)} in {where}.", f"Did you mean `{like[0]}`?"
    inner = [f"`{field}`" for field in allowed if owner and (record := Spot.of(owner, (field,)).record or
             Spot.of(owner, (field, 0)).record) and name in record.model_fields]
    if inner:
        return (f"There is no field {shown(name)} in {where}; it belongs to {' or '.join(inner[:3])}.",
                f"Move it below {inner[0]}, indented by two spaces.")
    return (f"There is no field {shown(name)} in {where}.",
            "Remove the line, or write what it says in the text below. The fields are: "
            + ", ".join(f"`{field}`" for field in nearest(name, allowed)) + ".")


def _text(found: Finding) -> Words:
    if isinstance(found.value, dict):
        key = next(iter(found.value), "")
        whole = f"{key}: {found.value[key]}" if key and isinstance(found.value[key], str) else f"{key}: …"
        return (f"{found.name} should be text, but a colon makes {shown(str(key) + ':')} a field of its own.",
                f"Put the whole text in quotes: {shown(chr(34) + whole + chr(34))}.")
    return (f"{found.name} should be one text, but is a list.",
            "Write one text behind the colon, without brackets or `-`.")


def _too_long(found: Finding) -> Words:
    limit, length = found.context["max_length"], len(str(found.value))
    return (f"{found.name} has {length} characters; at most {limit} are allowed.",
            f"Shorten it by {length - limit}; details belong in the text below.")


def _too_many(found: Finding) -> Words:
    return (f"{found.name} has {len(found.value)} items; at most {found.context['max_length']} are allowed.",
            "Keep the most important ones.")


def _choice(found: Finding) -> Words:
    return (f"{found.name} is {shown(found.value)}, which is not one of its values.",
            one_of(str(found.value), [str(choice) for choice in found.spot.choices])[:-1] + found.spot.or_unknown + ".")


def _list(found: Finding) -> Words:
    items = [item.strip() for item in re.split(r"[,;]", str(found.value)) if item.strip()]
    name = found.steps[-1]
    if isinstance(found.value, str) and len(", ".join(items)) <= 80 and not found.spot.inside(0).record:
        return f"{found.name} must be a list, but is {shown(found.value)}.", (
            f"Write `{name}: [{', '.join(items)}]`{found.spot.or_unknown}.")
    return (f"{found.name} must be a list.",
            f"Write each item on a line of its own that begins with `- `, below `{name}:`.")


def _group(found: Finding) -> Words:
    record = found.spot.record
    names = [name for name, field in front_matter(record)] if record else ["en"]
    needed = [name for name, field in front_matter(record) if field.is_required()] if record else ["en"]
    example = "; ".join(f"`{name}: …`" for name in (needed or names[:2]))
    return (f"{found.name} has parts, but is {shown(found.value)}.",
            f"Write each part on a line of its own, indented by two spaces: {example}{found.spot.or_unknown}.")


def _number(found: Finding) -> Words:
    value = str(found.value).strip()
    whole = any(kind is int for kind in found.spot.kinds)
    digits = re.sub(r"(?<=\d)[\s,.'’](?=\d{3}(?!\d))", "", value.strip("€$£ "))
    plain = digits if re.fullmatch(r"\d+", digits) and digits != value else ""
    plain = plain or (value.replace(",", ".") if not whole and re.fullmatch(r"-?\d+,\d{1,2}", value) else "")
    remedy = f"Write `{plain}`" if plain else (
        "Write a whole number, digits only, as `2019`" if whole else "Write digits only, as `3800000` or `2.5`")
    return (f"{found.name} is {shown(value)}, which is not {'a whole number' if whole else 'a number'}.",
            f"{remedy}{found.spot.or_unknown}.{found.help}")


def _bounds(found: Finding) -> Words:
    """Both limits of a number, from the declaration: the context of an error names only the one that was broken."""
    limits = [found.context.get("ge"), found.context.get("le")]
    beyond = "too small" if limits[0] is not None else "too large"
    limit = next(value for value in limits if value is not None)
    if limit in (EARLIEST_YEAR, LATEST_YEAR):
        return f"{found.name} is {shown(found.value)}, which is no year.", "Write a year with four digits, as `2019`."
    return (f"{found.name} is {shown(found.value)}, which is {beyond}.",
            f"Write a number of {'at least' if limits[0] is not None else 'at most'} {limit:g}{found.spot.or_unknown}."
            f"{found.help}")


def _boolean(found: Finding) -> Words:
    return f"{found.name} is {shown(found.value)}.", f"Write `true` or `false`.{found.help}"


def _date_range(found: Finding) -> Words:
    return (f"{found.name} is {shown(found.value)}; the year is not between {EARLIEST_YEAR} and {LATEST_YEAR}.",
            f"Write the year with four digits, as `2019`{found.spot.or_unknown}.")


def _no_such_day(found: Finding) -> Words:
    return (f"{found.name} is {shown(found.value)}, a day that does not exist.",
            f"Look it up and write year-month-day, as `2026-05-31`{found.spot.or_unknown}.")


def _other(found: Finding) -> Words:
    return f"{found.name} is {shown(found.value)}, which cannot stand here.", f"Write another value.{found.help}"


WORDS: Mapping[str, Callable[[Finding], Words]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "string_type": _text,
    "string_too_long": _too_long,
    "string_too_short": _other,  # an empty text; `frontmatter` refuses it earlier
    "string_pattern_mismatch": _pattern,
    "enum": _choice,
    "literal_error": _other,  # beside every other reading of a value that may be `unknown`; never alone
    "list_type": _list,
    "too_long": _too_many,
    "too_short": _other,  # an empty list; `frontmatter` refuses it earlier
    "model_type": _group,
    "dict_type": _group,
    "plain_number": _number,
    "int_type": _number,
    "int_parsing": _number,
    "int_parsing_size": _number,
    "int_from_float": _number,
    "float_type": _number,
    "float_parsing": _number,
    "finite_number": _number,
    "greater_than_equal": _bounds,
    "less_than_equal": _bounds,
    "bool_type": _boolean,
    "bool_parsing": _boolean,
    "date_range": _date_range,
    "no_such_day": _no_such_day,
}


# --- a header to a record -----------------------------------------------------------------------------------------


def check(model: type[R], parts: FrontMatter, path: str, draft: bool = False, within: Steps = (),
          **from_file: str) -> tuple[R | None, list[Problem]]:
    """The record that a header describes, or None with every mistake in its fields.

    `within` is where in the header the record stands; `from_file` gives the fields that are not written there. In a
    draft only what is marked `in_draft` is required; a draft never becomes a record.
    """
    values: Any = parts.values
    for step in within:
        values = values[step]
    findings = [Finding((key,), "extra_forbidden", values[key], {}, Spot(model, None, ())) for key in values
                if key in from_file]
    record = None
    try:
        record = model.model_validate({**values, **from_file})
    except ValidationError as error:
        findings += [finding for raw in error.errors(include_url=False) if (finding := _finding(raw, model, values))]
    if not findings and not draft and parts.complete:
        return record, []
    return None, [_worded(finding, parts, path, within) for finding in _one_each(findings)
                  if finding.kind != "missing" or _is_wanted(finding, model, parts, draft)]


def _finding(raw: Any, model: type[BaseModel], values: Any) -> Finding | None:
    """Pydantic's error at the place that was written. Its own place also names the branch of a union it tried."""
    steps: list[Step] = []
    here, last = values, len(raw["loc"]) - 1
    for number, part in enumerate(raw["loc"]):
        if (isinstance(here, dict) and part in here) or (isinstance(here, list) and isinstance(part, int)):
            here = here[part]
            steps.append(part)
        elif number == last and raw["type"] == "missing":
            steps.append(part)
    if raw["input"] is REFUSED:
        return None
    return Finding(tuple(steps), raw["type"], raw["input"], raw.get("ctx") or {}, Spot.of(model, tuple(steps)))


def _one_each(findings: list[Finding]) -> Iterator[Finding]:
    """One finding for each place: the reading of a value that is closest to what was written."""
    best: dict[Steps, Finding] = {}
    for finding in findings:
        if finding.kind == "literal_error" and any(
                other.steps[: len(finding.steps)] == finding.steps and other is not finding for other in findings):
            continue
        is_address = "/" in str(finding.value) and finding.context.get("pattern") == _URL
        if finding.steps not in best or is_address:
            best[finding.steps] = finding
    yield from best.values()


def _is_wanted(finding: Finding, model: type[BaseModel], parts: FrontMatter, draft: bool) -> bool:
    """Whether a missing field is a mistake."""
    if not parts.complete:
        return False
    return not draft or len(finding.steps) > 1 or mark(model.model_fields[str(finding.steps[0])]).in_draft


def _worded(finding: Finding, parts: FrontMatter, path: str, within: Steps) -> Problem:
    message, remedy = WORDS.get(finding.kind, _other)(finding)
    steps = (*within, *finding.steps)
    place = parts.place(steps)
    if finding.kind == "extra_forbidden":
        place = parts.keys.get(steps, place)
    elif finding.kind == "missing" and len(steps) == 1:
        place = (1, 1)
    return Problem(path, place[0], place[1], dotted(steps), "error", message, remedy)


# --- several fields, other files, the calendar --------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What a rule may ask about everything outside the file. `*_files` are names, whether valid or not."""

    root: str
    today: date
    case_files: Collection[str]
    city_files: Collection[str]
    cities: Mapping[str, City]
    vocabulary: Vocabulary
    broken_terms: Mapping[str, Collection[str]]  # vocabulary -> terms that are listed and have mistakes


@dataclass(frozen=True)
class Page:
    """A case or city file under check. Rules see its header as it was written, valid or not."""

    model: type[Case] | type[City]
    path: str
    slug: str
    parts: FrontMatter
    draft: bool = False

    def at(self, *steps: str | int) -> Any:
        """The value at a place of the header; None where there is none."""
        here: Any = self.parts.values
        for step in steps:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here

    def text(self, *steps: str | int) -> str:
        """The text at a place of the header; empty where there is none."""
        value = self.at(*steps)
        return value.strip() if isinstance(value, str) else ""

    def each(self, name: str, *inner: str) -> Iterator[tuple[Steps, str]]:
        """The texts of a list: its items, or a part of each of its items."""
        items = self.at(name)
        for number in range(len(items) if isinstance(items, list) else 0):
            if text := self.text(name, number, *inner):
                yield (name, number, *inner), text

    def texts(self) -> Iterator[tuple[Steps, str]]:
        """Every text of the header with its place."""
        waiting: list[tuple[Steps, Any]] = [((), self.parts.values)]
        while waiting:
            steps, value = waiting.pop()
            if isinstance(value, str):
                yield steps, value
            elif isinstance(value, dict):
                waiting += [((*steps, key), item) for key, item in value.items()]
            elif isinstance(value, list):
                waiting += [((*steps, number), item) for number, item in enumerate(value)]

    def problem(self, steps: Steps, message: str, remedy: str, level: Level = "error") -> Problem:
        """A Problem at a place of the header."""
        return Problem(self.path, *self.parts.place(steps), dotted(steps), level, message, remedy)

    def in_body(self, line: int, message: str, remedy: str, level: Level = "error") -> Problem:
        """A Problem in a line of the body, counted from 0."""
        return Problem(self.path, self.parts.body_line + line, 1, "body", level, message, remedy)

    @property
    def strict(self) -> Level:
        """The level of what only publication requires."""
        return "advice" if self.draft else "error"


Found = Iterator[Problem]
Rule = Callable[[Page, World], Found]


# --- rules for every page -----------------------------------------------------------------------------------------


def nobody_is_named_by_address(page: Page, world: World) -> Found:
    """No field of the header holds an e-mail address: it may be a person's, and robots collect it."""
    for steps, text in page.texts():
        # The look-behind makes each run of letters one attempt, so that long texts take linear time.
        if "@" in text and (match := re.search(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.\w", text)):
            yield page.problem(steps, f"`{dotted(steps)}` holds an e-mail address: {shown(match[0] + '…')}.",
                               "Leave it out; name the office and the address of its public page.")


def nothing_is_in_the_future(page: Page, world: World) -> Found:
    """Days and years that are written as facts lie in the past."""
    alone = ("updated", "start", "end", "last_verified", "population_year")
    dated: list[tuple[Steps, str]] = [((name,), page.text(name)) for name in alone]
    dated += [*page.each("sources", "accessed"), *page.each("adoptions", "year")]
    tomorrow = (world.today + timedelta(days=1)).isoformat()  # in Auckland it is tomorrow already
    for steps, text in dated:
        if re.fullmatch(r"\d{4}(-\d\d){0,2}", text) and text > tomorrow[: len(text)]:
            yield page.problem(steps, f"`{dotted(steps)}` is {shown(text)}, which lies in the future.",
                               "Check the date, or write what is planned in the text below.", "advice")


def lists_name_things_once(page: Page, world: World) -> Found:
    """A list of words names each of them once."""
    for name, value in page.parts.values.items():
        if isinstance(value, list):
            seen: set[str] = set()
            for steps, text in page.each(name):
                if text.casefold() in seen:
                    yield page.problem(steps, f"{shown(text)} is listed twice under `{name}`.", "Keep one of them.")
                seen.add(text.casefold())


def markdown_can_be_shown(page: Page, world: World) -> Found:
    """The body holds nothing that must not or cannot be shown."""
    for line, message, remedy in mistakes(page.parts.body):
        yield page.in_body(line, message, remedy)


def markdown_looks_as_meant(page: Page, world: World) -> Found:
    """The body avoids what GitHub's preview shows differently from our pages."""
    for line, message, remedy in habits(page.parts.body):
        yield page.in_body(line, message, remedy, "advice")


def linked_cases_exist(page: Page, world: World) -> Found:
    """A link to `/cases/…` in the body leads to a case."""
    for number, line in enumerate(page.parts.body.split("\n")):
        for match in re.finditer(r"\]\(/cases/([a-z0-9-]{1,60})", line):
            if match[1] not in world.case_files:
                yield page.in_body(number, f"There is no case {shown(match[1])} to link to.",
                                   _which(match[1], world.case_files, f"{world.root}/cases"))


def _which(name: str, names: Collection[str], folder: str) -> str:
    """The remedy for the name of a file that does not exist."""
    like = one_of(name, sorted(names))
    return (like.split("?")[0] + "? " if like.startswith("Did") else "") + f"Write the name of a file in {folder}, " \
        "without .md, or add that file."


EVERY_PAGE: tuple[Rule, ...] = (
    nobody_is_named_by_address, nothing_is_in_the_future, lists_name_things_once, markdown_can_be_shown,
    markdown_looks_as_meant, linked_cases_exist)


# --- rules for cases ----------------------------------------------------------------------------------------------


def the_city_has_a_file(page: Page, world: World) -> Found:
    """`city` names a city file, and that file is in order."""
    name = page.text("city")
    if not SLUG.fullmatch(name) or name in world.cities:
        return
    if name in world.city_files:
        yield page.problem(("city",), f"The file of {shown(name)} has mistakes, so this case cannot be shown.",
                           f"Mend {world.root}/cities/{name}.md first; this file may be in order.", page.strict)
    else:
        yield page.problem(("city",), f"There is no city {shown(name)}.",
                           _which(name, world.city_files, f"{world.root}/cities"), page.strict)


def terms_are_in_the_vocabulary(page: Page, world: World) -> Found:
    """Values of fields that have a vocabulary are listed there."""
    for name, info in front_matter(Case):
        vocabulary = mark(info).vocabulary
        if not vocabulary or vocabulary not in world.vocabulary:
            continue
        for steps, text in page.each(name):
            file = f"{world.root}/vocabulary/{vocabulary}.yaml"
            if text in world.broken_terms.get(vocabulary, ()):
                yield page.problem(steps, f"{shown(text)} is listed in {file}, but has mistakes there.",
                                   "Mend that file first; this one may be in order.")
            elif text not in world.vocabulary[vocabulary]:
                yield page.problem(steps, f"{shown(text)} is not one of the {vocabulary.replace('_', ' ')}.",
                                   one_of(text, list(world.vocabulary[vocabulary])))


def the_end_follows_the_start(page: Page, world: World) -> Found:
    """`end` is not before `start`; of 2019 and 2019-05 neither is."""
    start, end = page.text("start"), page.text("end")
    known = min(len(start), len(end))
    if start[:4].isdecimal() and end[:4].isdecimal() and end[:known] < start[:known]:
        yield page.problem(("end",), f"`end` ({end}) is before `start` ({start}).", "Correct one of the two.")


def figures_have_a_listed_source(page: Page, world: World) -> Found:
    """The source of a result, a cost or an adoption also stands under `sources`."""
    if not page.parts.complete:
        return
    listed = {text for _, text in page.each("sources", "url")}
    cited = [*page.each("results", "source"), *page.each("adoptions", "source")]
    cited += [(("cost", "source"), page.text("cost", "source"))] if page.text("cost", "source") else []
    for steps, text in cited:
        if text not in listed:
            close = next((url for url in sorted(listed) if _bare(url) == _bare(text)), None)
            yield page.problem(steps, f"{shown(text)} is not listed under `sources`.",
                               f"It is listed as `{close}`; write the same address in both places." if close else
                               "Add it under `sources` with its title and the day you read it.")


def _bare(url: str) -> str:
    """An address without what people leave out."""
    return re.sub(r"^https?://(www\.)?|/$", "", url)


def adoptions_happened_somewhere(page: Page, world: World) -> Found:
    """An adoption has a `city` that has a file, or a `place` with its `country`."""
    adoptions = page.at("adoptions")
    for number, adoption in enumerate(adoptions if isinstance(adoptions, list) else []):
        steps: Steps = ("adoptions", number)
        if not isinstance(adoption, dict):
            continue
        city = page.text(*steps, "city")
        if "city" not in adoption and "place" not in adoption:
            yield page.problem(steps, "This adoption does not say where.", "Add a line `city: …` with the name of a "
                               "city file, or lines `place: …` and `country: …`.")
        elif "city" not in adoption and "country" not in adoption:
            yield page.problem((*steps, "place"), f"{shown(adoption['place'])} has no country.",
                               "Add a line `country: …` with the two capital letters of the country, as `SE`.")
        elif city and SLUG.fullmatch(city) and city not in world.city_files:
            yield page.problem((*steps, "city"), f"There is no city {shown(city)}.",
                               _which(city, world.city_files, f"{world.root}/cities")
                               + " A place without a file is written as `place: …` and `country: …`.")


def named_cases_exist(page: Page, world: World) -> Found:
    """Cases named under `translations` and `inspired_by` exist, and are others than this one."""
    named = [*page.each("translations", "case"), *page.each("inspired_by")]
    for steps, text in named:
        if not SLUG.fullmatch(text):
            continue
        if text == page.slug:
            yield page.problem(steps, f"{shown(text)} is this case itself.", "Name another case, or remove the line.")
        elif text not in world.case_files:
            yield page.problem(steps, f"There is no case {shown(text)}.",
                               _which(text, world.case_files, f"{world.root}/cases"))


def somebody_looked_lately(page: Page, world: World) -> Found:
    """`last_verified` is at most two years old."""
    text = page.text("last_verified")
    try:
        age = world.today - date.fromisoformat(text)
    except ValueError:
        return
    if age > STALE_AFTER:
        yield page.problem(("last_verified",), f"Nobody has checked this case since {text}.",
                           "Check that it is still true, then write today's date here.", "advice")


def the_story_has_its_sections(page: Page, world: World) -> Found:
    """The body has the five sections of a case, in their order and none empty, and no others."""
    labels = [section.label for section in Section]
    found = headings(page.parts.body)
    sections = [(line, words) for line, level, words in found if level == 2]
    order = ", ".join(f"`## {label}`" for label in labels)
    for line, level, words in found:
        if level == 1:
            yield page.in_body(line, f"{shown('# ' + words)} is the heading of a whole page.",
                               "Write `## ` before the five sections and `### ` below them.", page.strict)
    known = {label.casefold(): label for label in labels}
    named: list[str | None] = [known.get(words.casefold()) for _, words in sections]
    if not any(named) and len(sections) == len(labels) and page.text("language") not in ("", "en"):
        named = list(labels)  # in another language the sections are told by their order
    seen: list[str | None] = []
    lines = page.parts.body.split("\n")
    for number, ((line, words), label) in enumerate(zip(sections, named, strict=True)):
        end = sections[number + 1][0] if number + 1 < len(sections) else len(lines)
        if label is None:
            like = one_of(words.casefold(), list(known))
            meant = known[like.split("`")[1]] if like.startswith("Did") else ""
            yield page.in_body(line, f"{shown('## ' + words)} is not one of the five sections.",
                               f"Did you mean `## {meant}`?" if meant else "Write `### ` before a heading within a "
                               f"section. The sections are: {order}.", page.strict)
            named[number] = meant  # so that nobody is told as well that it is missing
            if meant and meant not in seen:
                seen.append(meant)
        elif label in seen:
            yield page.in_body(line, f"The section {shown(label)} stands here a second time.", "Join the two.",
                               page.strict)
        else:
            if not "".join(lines[line + 1 : end]).strip("=- \t"):
                yield page.in_body(line, f"The section {shown(words)} is empty.",
                                   "Write at least a sentence; if nothing is known, say so.", page.strict)
            seen.append(label)
    right = [label for label in labels if label in seen]
    if seen != right:
        first = next(label for label, other in zip(seen, right, strict=True) if label != other)
        yield page.in_body(sections[named.index(first)][0], "The sections are not in their order.",
                           f"Put them in this order: {order}.", page.strict)
    for label in labels:
        if label not in seen:
            before = labels[: labels.index(label)]
            after = next((f" after {shown('## ' + name)}" for name in reversed(before) if name in seen), "")
            yield page.in_body(0, f"The section {shown(label)} is missing.",
                               f"Add a line `## {label}`{after} and write the text below it.", page.strict)


EVERY_CASE: tuple[Rule, ...] = (
    *EVERY_PAGE, the_city_has_a_file, terms_are_in_the_vocabulary, the_end_follows_the_start,
    figures_have_a_listed_source, adoptions_happened_somewhere, named_cases_exist, somebody_looked_lately,
    the_story_has_its_sections)


# --- which files count --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    """A file that counts. `name` is its name without the ending, `path` what Problems call it."""

    folder: str
    name: str
    path: str
    data: bytes


_OPEN_FLAGS = (os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
               | getattr(os, "O_BINARY", 0))
_OTHER_TEXT_ENDINGS = (".md", ".markdown", ".mdown", ".txt", ".yaml", ".yml", ".docx", ".odt")
_MAY_LIE_ANYWHERE = re.compile(r"(readme|license|licence|copying|notice)(\..*)?", re.IGNORECASE)
_MAX_SLUG = next(item.max_length for item in Slug.__metadata__)  # type: ignore[attr-defined]  # of Annotated


def _printable(name: str) -> str:
    """A file name that can be shown: undecodable bytes and control characters written out."""
    name = os.fsencode(name).decode("utf-8", errors="backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name)


def _label(root: Path) -> str:
    name = root.absolute().name
    return _printable(root.resolve().name if name in ("", "..") else name) or "content"


def _files(root: Path) -> Iterator[_File | Problem]:
    """Every file that counts, by folder and name, and a Problem for each that looks as if it should."""
    for folder, ending in FOLDERS.items():
        label = f"{_label(root)}/{folder}"
        try:
            if not stat.S_ISDIR(os.lstat(root / folder).st_mode):
                yield _problem(label, "This is not a folder, or only a link to one.", "Put a real folder here.")
                continue
            names = sorted(entry.name for entry in (root / folder).iterdir())
        except FileNotFoundError:
            continue
        except OSError as error:
            yield _problem(label, f"The folder cannot be read ({error.strerror}).", "Check who may read it.")
            continue
        for name in names:
            if not name.startswith(".") and not _MAY_LIE_ANYWHERE.fullmatch(name):
                yield from _file(root / folder / name, f"{label}/{_printable(name)}", folder, ending)


def _file(path: Path, label: str, folder: str, ending: str) -> Iterator[_File | Problem]:
    """One entry of a folder: the file, a Problem, or nothing where it has no business here."""
    if path.suffix != ending:
        if path.suffix.lower() in _OTHER_TEXT_ENDINGS:
            yield _problem(label, f"This file is not read: its name does not end with {ending}.",
                           f"Rename it to `{_printable(path.stem)}{ending}`, or move it elsewhere.")
        return
    if path.is_symlink():  # where the system has no O_NOFOLLOW, this is all
        yield _problem(label, "This is a link to another file; links are not followed.", "Put the file itself here.")
        return
    try:
        handle = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        yield _problem(label, f"The file cannot be read ({error.strerror}).",
                       "Check that it is a plain file that may be read.")
        return
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            yield _problem(label, "This is not a plain file.", f"Put a text file here, or use a name without {ending}.")
            return
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        yield _problem(label, f"The file cannot be read ({error.strerror}).", "Check the disk.")
        return
    finally:
        os.close(handle)
    yield _File(folder, path.stem, label, data)


def _problem(path: str, message: str, remedy: str, line: int = 1, level: Level = "error") -> Problem:
    return Problem(path, line, 1, "", level, message, remedy)


def _key(file: _File) -> str:
    return f"{file.folder}/{_printable(file.name)}{FOLDERS[file.folder]}"


def digests(root: Path) -> dict[str, str]:
    """Path below `root` -> SHA-256 of the file's bytes, for every file that `read` would read, sorted by path.

    Of a file beyond MAX_FILE_BYTES, which is refused anyway, only the beginning counts.
    """
    found = {_key(file): hashlib.sha256(file.data).hexdigest() for file in _files(root) if isinstance(file, _File)}
    return dict(sorted(found.items()))


# --- reading ------------------------------------------------------------------------------------------------------


@dataclass
class _Gathered:
    """What has been read so far."""

    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[_File]] = field(default_factory=lambda: {folder: [] for folder in FOLDERS})

    def note(self, problems: Collection[Problem]) -> bool:
        """Keep the Problems of one file. True where none of them is an error."""
        kept = sorted(problems)
        if len(kept) > MAX_PROBLEMS_PER_FILE:
            more = len(kept) - MAX_PROBLEMS_PER_FILE
            kept = kept[:MAX_PROBLEMS_PER_FILE]
            kept.append(_problem(kept[0].path, f"There are {more} more problems in this file.",
                                 "Mend the others first."))
        self.problems += kept
        return not any(problem.level == "error" for problem in problems)


def read(root: Path, today: date | None = None) -> Content:
    """Everything in a content folder, and every mistake in it. Raises for no mistake of a contributor.

    `today` is what dates are compared with, the present day unless given. Paths of Problems begin with the folder's
    own name: `content/cases/….md`.
    """
    gathered, label = _Gathered(), _label(root)
    if not root.is_dir():
        problem = _problem(label, f"There is no folder {shown(root)} with content.",
                           "Start from a folder that holds it, or make one with `innoshare init`.")
        return Content(root, {}, {}, {}, (problem,), {})
    for file in _files(root):
        if isinstance(file, Problem):
            gathered.problems.append(file)
        else:
            gathered.digests[_key(file)] = hashlib.sha256(file.data).hexdigest()
            gathered.files[file.folder].append(file)
    gathered.problems += _strays(root, label)
    if not any(gathered.files.values()) and not gathered.problems:
        problem = _problem(label, "The content folder is empty.", "Add cases, cities and vocabulary; `innoshare init` "
                           "makes a folder with examples.")
        return Content(root, {}, {}, {}, (problem,), {})

    vocabulary, broken_terms = _vocabulary(gathered, label)
    case_files, city_files = ({file.name for file in gathered.files[folder]} for folder in ("cases", "cities"))
    world = World(label, today or date.today(), case_files, city_files, {}, vocabulary, broken_terms)
    cities: dict[str, City] = {}
    for file in gathered.files["cities"]:
        if city := _page(file, City, EVERY_PAGE, world, gathered):
            cities[file.name] = city
    world = replace(world, cities=cities)
    cases: dict[str, Case] = {}
    for file in gathered.files["cases"]:
        if case := _page(file, Case, EVERY_CASE, world, gathered):
            cases[file.name] = case
    if any(name not in vocabulary for name in VOCABULARIES):
        cases = {}  # their themes would have no names; the Problem stands with the vocabulary
    return Content(root, dict(sorted(cases.items())), dict(sorted(cities.items())), vocabulary,
                   tuple(sorted(gathered.problems)), dict(sorted(gathered.digests.items())))


def _page(file: _File, model: Any, rules: tuple[Rule, ...], world: World, gathered: _Gathered) -> Any:
    """The case or city of a file, its Problems noted; None where it is not to be shown."""
    parts = read_front_matter(file.data, file.path)
    draft = model is Case and parts.values.get("status") == Status.DRAFT
    page = Page(model, file.path, file.name, parts, draft)
    problems = [*parts.problems, *_name(file, world)]
    record, found = check(model, parts, file.path, draft, slug=_safe_slug(file.name), body=parts.body)
    problems += found
    named = {(problem.line, problem.column, problem.field) for problem in problems if problem.field}
    rules = rules if parts.values or parts.body else ()  # nothing could be read, and why is said already
    problems += [problem for rule in rules for problem in rule(page, world)
                 if (problem.line, problem.column, problem.field) not in named]  # one place, one Problem
    return record if gathered.note(problems) else None


def _safe_slug(name: str) -> str:
    """The name, or a stand-in where it is no slug, so that the fields can be checked all the same."""
    return name if SLUG.fullmatch(name) and len(name) <= _MAX_SLUG else "x"


def _name(file: _File, world: World) -> Found:
    """A file is named by small letters, digits and hyphens, and differs from others by more than capitals."""
    form = FORMS[SLUG.pattern]
    if _safe_slug(file.name) == file.name:
        return
    guess = form.guess(_printable(file.name))
    names = world.case_files if file.folder == "cases" else world.city_files
    if len(file.name) > _MAX_SLUG:
        yield _problem(file.path, f"The file name has {len(file.name)} characters; at most {_MAX_SLUG} are allowed.",
                       "Choose a shorter one; it is the address of the page.")
    elif guess in names:
        yield _problem(file.path, f"The file name differs from {shown(guess + '.md')} only by capitals or signs.",
                       "Choose a name of its own, in small letters, digits and hyphens.")
    else:
        yield _problem(file.path, f"The file name is not made of {form.looks.partition(': ')[2]}.",
                       f"Rename it to `{guess or 'city-and-measure'}{FOLDERS[file.folder]}`.")


def _strays(root: Path, label: str) -> Found:
    """Text files outside the three folders are not read."""
    try:
        entries = sorted(root.iterdir())
    except OSError as error:
        yield _problem(label, f"The folder cannot be read ({error.strerror}).", "Check who may read it.")
        return
    for entry in entries:
        if entry.name in FOLDERS or entry.name.startswith(".") or _MAY_LIE_ANYWHERE.fullmatch(entry.name):
            continue
        path, like = f"{label}/{_printable(entry.name)}", one_of(entry.name, list(FOLDERS))
        if entry.suffix.lower() in _OTHER_TEXT_ENDINGS:
            yield _problem(path, "This file is not read.", "Move it to `cases` or `cities`.", level="advice")
        elif like.startswith("Did"):
            yield _problem(path, "This folder is not read.", like, level="advice")


def _vocabulary(gathered: _Gathered, label: str) -> tuple[Vocabulary, dict[str, list[str]]]:
    """The vocabularies that could be read, and which of their terms have mistakes."""
    vocabulary: dict[str, dict[str, Term]] = {}
    broken: dict[str, list[str]] = {}
    for file in gathered.files["vocabulary"]:
        if file.name not in VOCABULARIES:
            gathered.problems.append(_problem(file.path, "No field has a vocabulary of this name.",
                                              one_of(file.name, list(VOCABULARIES)), level="advice"))
            continue
        parts = read_yaml(file.data, file.path)
        problems = list(parts.problems)
        terms: dict[str, Term] = {}
        for slug, value in parts.values.items():
            term, found = _term(slug, value, parts, file.path)
            problems += found
            if term:
                terms[slug] = term
        gathered.note(problems)
        if terms:
            vocabulary[file.name] = terms
            broken[file.name] = [slug for slug in parts.values if slug not in terms]
    for name in VOCABULARIES:
        if name not in vocabulary:
            gathered.problems.append(_problem(
                f"{label}/vocabulary/{name}.yaml", f"There is no usable list of {name.replace('_', ' ')}, so no case "
                "can be shown.", "Mend or add this file: each term with `label:` and `help:`, both in English."))
    return vocabulary, broken


def _term(slug: str, value: Any, parts: FrontMatter, path: str) -> tuple[Term | None, list[Problem]]:
    """One term of a vocabulary: it has a label and a help, both at least in English."""
    def problem(steps: Steps, message: str, remedy: str) -> Problem:
        return Problem(path, *parts.place(steps), dotted(steps), "error", message, remedy)

    if not isinstance(value, dict):
        return None, [problem((slug,), f"The term {shown(slug)} has no label and no help.", "Write below it, indented "
                              "by two spaces, `label:` and `help:`, each with a line `en: …`.")]
    term, problems = check(Term, parts, path, within=(slug,), slug=_safe_slug(slug))
    if _safe_slug(slug) != slug:
        problems.append(problem((slug,), f"The term {shown(slug)} is not made of small letters, digits and hyphens.",
                                f"Write `{FORMS[SLUG.pattern].guess(slug)}`."))
    for name in ("label", "help"):
        if isinstance(value.get(name), dict) and "en" not in value[name]:
            problems.append(problem((slug, name), f"The {name} of {shown(slug)} has no English words.",
                                    "Add a line `en: …` below it."))
    return (None, problems) if problems else (term, [])
