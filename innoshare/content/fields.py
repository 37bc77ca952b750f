"""Single fields: what Pydantic finds wrong with a header becomes Problems in our words.

`check` makes a record (a case, a city, a term) of a header, by the declarations in `case`. Where that fails, each of
Pydantic's errors is brought back to the place where it was written (a Finding) and said in plain words by the function
that WORDS lists for its kind. What a value looks like, and what somebody probably meant, `forms` knows; what concerns
several fields, other files or the calendar is the matter of `rules`.

Decision: one place, one Problem. A field that may be a number or `unknown` fails twice in Pydantic's eyes; a person
made one mistake, and the reading closest to what she wrote is the one that is explained.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from innoshare.case import EARLIEST_YEAR, LATEST_YEAR, City, Contact, Record, Vocabulary, front_matter, mark
from innoshare.choices import Choice
from innoshare.content.forms import FORMS, MONTHS, SLUG, URL, nearest, one_of, similar, slug_of, tag, western
from innoshare.content.frontmatter import EMPTY, REFUSED, FrontMatter
from innoshare.content.mending import Step, Steps, called, capital, dotted, shown
from innoshare.errors import Problem

R = TypeVar("R", bound=Record)

MOST_DAYS = 31  # of a month


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
    def is_list(self) -> bool:
        return any(get_origin(kind) is list for kind in self.kinds)

    @property
    def is_number(self) -> bool:
        return bool({int, float} & set(self.kinds))

    @property
    def most(self) -> int:
        """The most items of a list; 0 where it is none, or has no limit."""
        limits = self.field.metadata if self.field and self.is_list else []
        return int(next((limit.max_length for limit in limits if getattr(limit, "max_length", None)), 0))

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
    terms: Collection[str] = ()  # what may stand in a list that has a vocabulary

    @property
    def name(self) -> str:
        """The field as a message begins with it."""
        return capital(called(self.steps))

    @property
    def help(self) -> str:
        """The field's own description, as a sentence."""
        text = self.spot.field.description if self.spot.field else None
        return f" It is: {text[0].lower() + text[1:]}." if text and text[1:2].islower() else f" {text}." if text else ""


def _needed(record: type[BaseModel]) -> list[str]:
    """The parts that somebody who begins a record writes first: those it must have, else the first two."""
    names = [name for name, _ in front_matter(record)]
    return [name for name, field in front_matter(record) if field.is_required()] or names[:2]


def _parts(record: type[BaseModel], is_item: bool) -> str:
    """How to write a record, or the first item of a list of them, below the name of its field."""
    lines = [f"`{'- ' if is_item and not number else '  '}{part}: …`" for number, part in enumerate(_needed(record))]
    return f"indented by two spaces more, the lines {', '.join(lines)}"


# --- what each kind of mistake means ------------------------------------------------------------------------------

Words = tuple[str, str]  # message, remedy


def _missing(found: Finding) -> Words:
    inside = f" in {called(found.steps[:-1])}" if len(found.steps) > 1 else ""
    field = found.spot.field
    if record := found.spot.record or found.spot.inside(0).record:
        parts = _parts(record, is_item=found.spot.record is None)
        return (f"`{found.steps[-1]}` is missing{inside}.",
                f"Add a line `{found.steps[-1]}:` and below it, {parts}.{found.help}")
    listed = mark(field).vocabulary if field else None
    values = (f" Write one of: {', '.join(f'`{choice}`' for choice in found.spot.choices)}." if found.spot.choices else
              f" The values are listed in vocabulary/{listed}.yaml." if listed else "")
    return (f"`{found.steps[-1]}` is missing{inside}.",
            f"Add a line `{found.steps[-1]}: …`{found.spot.or_unknown}.{found.help}{values}")


def _empty(found: Finding) -> Words:
    needed = found.spot.field is not None and found.spot.field.is_required() and isinstance(found.steps[-1], str)
    remedy = "Write a value." if needed else "Write a value, or remove the line."
    return (f"{found.name} has no value.",
            remedy + (" Write `unknown` if it is not known." if found.spot.or_unknown else "") + found.help)


# What people call a field for a person or her address, as `slug_of` gives it. No record has one.
_OF_A_PERSON = {"email", "e-mail", "mail", "phone", "telephone", "telefon", "tel", "mobile", "fax", "person", "author",
                "contact-person", "contact-name", "contact-email", "contact-phone"}


def _unknown_key(found: Finding) -> Words:
    name, owner = str(found.steps[-1]), found.spot.owner
    allowed = [field for field, _ in front_matter(owner)] if owner else []
    where = called(found.steps[:-1]) or "the header"
    if slug_of(name) in _OF_A_PERSON or (owner is Contact and not similar(name, allowed)):
        return (f"There is no field {shown(name)} in {where}.", "Remove the line. Name the office under "
                f"{'' if owner is Contact else '`contact`: '}`role` and its public page under `url`; never a person.")
    if len(found.steps) == 1 and name.lower() in City.model_fields:
        return (f"There is no field {shown(name)} in {where}; it belongs to the city.",
                "Remove the line here, and write it in the file of the city if that does not say it yet.")
    like = similar(name, allowed)
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


def _pattern(found: Finding) -> Words:
    form = FORMS[found.context["pattern"]]
    value = str(found.value)
    message = f"{found.name} is {shown(value)}, which is not {form.looks}."
    if form is FORMS[URL] and "@" in value:
        return (f"{found.name} holds an e-mail address or a name before an @: {shown(value)}.",
                "Write the address of a public page or contact form, as `https://example.org/contact`.")
    guess = form.guess(value)
    if guess and guess != value and re.fullmatch(form.pattern, guess.strip('"')):
        return message, f"Write `{guess}`{found.spot.or_unknown}."
    return message, f"Write it as `{form.example}`{found.spot.or_unknown}." + (
        found.help if form is FORMS[URL] else "")


def _no_tag(found: Finding) -> Words:
    return (f"{found.name} is {shown(found.value)}, which is not in small letters, with hyphens for spaces and no "
            "other signs.",
            f"Write it as `{tag(str(found.value).lower()) or 'school-meals'}`.")


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


def _is_needlessly_unknown(found: Finding) -> bool:
    """Whether somebody wrote that something is not known where that is said by writing nothing."""
    return (str(found.value).strip().casefold() == "unknown" and not found.spot.or_unknown
            and found.spot.field is not None and not found.spot.field.is_required())


def _left_out(found: Finding) -> Words:
    return f"{found.name} is {shown(found.value)}, which is said here by writing nothing.", "Remove the line."


def _list(found: Finding) -> Words:
    if _is_needlessly_unknown(found):
        return _left_out(found)
    items = [item.strip() for item in re.split(r"[,;]", str(found.value)) if item.strip()]
    name, inside = found.steps[-1], found.spot.inside(0)
    if inside.record:
        return (f"{found.name} must be a list.",
                f"Write below `{name}:`, {_parts(inside.record, is_item=True)}; so for each item.")
    if not isinstance(found.value, str) or len(", ".join(items)) > 80:
        return (f"{found.name} must be a list.",
                f"Write each item on a line of its own that begins with `- `, below `{name}:`.")
    allowed = list(found.terms) or [str(choice) for choice in inside.choices]
    if not allowed:
        return f"{found.name} must be a list, but is {shown(found.value)}.", _as_list(found, items)
    meant = [next(iter(similar(item, allowed)), "") for item in items]
    good = list(dict.fromkeys(filter(None, meant)))  # what the next check takes; nobody should be told twice
    strange = [shown(item) for item in items if item not in allowed]
    message = f"{found.name} must be a list, but is {shown(found.value)}" + (
        f"; {' and '.join(strange)} {'is' if len(strange) == 1 else 'are'} not among its values." if strange else ".")
    limit = found.spot.most or len(good)
    most = f"at most {limit} of them, as " if len(good) > limit else ""
    remedy = (f"Write {most}`{name}: [{', '.join(good[:limit])}]`" if good else
              f"Write it as `{name}: [{allowed[0]}]`") + f"{found.spot.or_unknown}."
    return message, remedy + (f" The values are: {', '.join(f'`{value}`' for value in allowed)}."
                              if "" in meant else "")


def _as_list(found: Finding, items: Sequence[str]) -> str:
    """The remedy for texts that should be a list, each as the next check takes it; an example where it takes none."""
    name, ready = found.steps[-1], list[str]()
    for item in items:
        refusals = _refusals(found.spot, str(name), [item])
        forms = [FORMS[one["ctx"]["pattern"]] for one in refusals if one["type"] == "string_pattern_mismatch"]
        # A title can be made into the name of a file, but hardly into that of the file that was meant.
        guesses = [item, *(form.guess(item) for form in forms if form is not FORMS[SLUG.pattern])] + [
            tag(item.lower()) for one in refusals if one["type"] == "no_tag"]
        good = [guess for guess in guesses if not _refusals(found.spot, str(name), [guess.strip('"')])]
        if not good and forms:
            return (f"Write the name of the file of each case, without .md, in brackets: `{name}: [name-of-the-case]`."
                    if FORMS[SLUG.pattern] in forms else
                    f"Write each as {forms[0].looks}, in brackets: `{name}: [{forms[0].example}]`.")
        ready += good[:1] or [item]
    return f"Write `{name}: [{', '.join(dict.fromkeys(ready))}]`{found.spot.or_unknown}."


def _group(found: Finding) -> Words:
    if _is_needlessly_unknown(found):
        return _left_out(found)
    record = found.spot.record
    if record and isinstance(found.steps[-1], int):
        return (f"{found.name} consists of parts, but is {shown(found.value)}.",
                f"Write it below `{found.steps[-2]}:`, {_parts(record, is_item=True)}{found.spot.or_unknown}.")
    example = "; ".join(f"`{name}: …`" for name in (_needed(record) if record else ["en"]))
    return (f"{found.name} consists of parts, but is {shown(found.value)}.",
            f"Write each part on a line of its own, indented by two spaces: {example}{found.spot.or_unknown}.")


def _number(found: Finding) -> Words:
    value = str(found.value).strip()
    whole = any(kind is int for kind in found.spot.kinds)
    examples = found.spot.field.examples if found.spot.field else None
    remedy = meant(readings(found.spot, str(found.steps[-1]), value)) or (
        f"Write {'a whole number, ' if whole else ''}digits only" + (f", as `{examples[0]}`" if examples else ""))
    return (f"{found.name} is {shown(value)}, which is not {'a whole number' if whole else 'a number'}.",
            f"{remedy}{found.spot.or_unknown}.{found.help}")


def readings(spot: Spot, name: str, value: str) -> list[str]:
    """The numbers that a value of the field `name` may stand for, as they are to be written; those that it takes.

    Two where the sign before three digits may stand between thousands or before decimals: in one country 2.125 is two
    and a bit, in another two thousand. The second has fewer decimals then, so that it cannot be misread once more.
    """
    bare = western(value).strip("€$£ ")
    joined = re.sub(r"(?<=[0-9])[\s,.'’](?=[0-9]{3}(?![0-9]))", "", bare).replace(",", ".")
    decimal = bare.replace(",", ".")
    if decimal != joined and re.fullmatch(r"-?[1-9][0-9]*\.[0-9]{3}", decimal):
        decimal = f"{float(decimal):.2f}".rstrip("0").rstrip(".") if not _refusals(spot, name, joined) else decimal
    return [number for number in dict.fromkeys((joined, decimal))
            if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", number) and not _refusals(spot, name, number)]


def _refusals(spot: Spot, name: str, value: str | list[str]) -> list[Any]:
    """What Pydantic has against a value of the field; nothing where it can stand there."""
    try:
        if spot.owner:
            spot.owner.model_validate({name: value})
    except ValidationError as error:
        return [one for one in error.errors(include_url=False) if one["loc"][0] == name]
    return []


def meant(numbers: Sequence[str]) -> str:
    """The beginning of a remedy that names what may have been meant; empty where that cannot be guessed."""
    first, *others = numbers or [""]
    return (f"Do you mean {first}? Write `{first}`. If not, write `{others[0]}`" if others else
            f"Write `{first}`" if first else "")


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
    return (f"{found.name} is {shown(found.value)}, which is neither true nor false.",
            f"Write `true` or `false`.{found.help}")


def _date_range(found: Finding) -> Words:
    return (f"{found.name} is {shown(found.value)}; the year is not between {EARLIEST_YEAR} and {LATEST_YEAR}.",
            f"Write the year with four digits, as `2019`{found.spot.or_unknown}.")


def _no_such_day(found: Finding) -> Words:
    year, month, *day = str(found.value).split("-")
    if not 1 <= int(month) <= MONTHS:
        turned = f"{year}-{day[0]}-{month}" if day and 1 <= int(day[0]) <= MONTHS and int(month) <= MOST_DAYS else ""
        return (f"{found.name} is {shown(found.value)}, a month that does not exist.",
                (f"Do you mean `{turned}`? Write the month before the day" if turned else
                 "Look it up and write the month as two digits from `01` to `12`, as "
                 f"`{'2026-05-31' if day else '2026-05'}`") + f"{found.spot.or_unknown}.")
    return (f"{found.name} is {shown(found.value)}, a day that does not exist.",
            f"Look it up and write year-month-day, as `2026-05-31`{found.spot.or_unknown}.")


def _other(found: Finding) -> Words:
    return f"{found.name} is {shown(found.value)}, which cannot stand here.", f"Write another value.{found.help}"


WORDS: Mapping[str, Callable[[Finding], Words]] = {
    "missing": _missing,
    "empty": _empty,  # ours: whatever Pydantic says of EMPTY
    "extra_forbidden": _unknown_key,
    "string_type": _text,
    "string_too_long": _too_long,
    "string_too_short": _other,  # an empty text; `frontmatter` has made it EMPTY
    "string_pattern_mismatch": _pattern,
    "no_tag": _no_tag,
    "enum": _choice,
    "literal_error": _other,  # beside every other reading of a value that may be `unknown`; never alone
    "list_type": _list,
    "too_long": _too_many,
    "too_short": _other,  # an empty list; `frontmatter` has made it EMPTY
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
    "date_range": _date_range,
    "no_such_day": _no_such_day,
}


# --- a header to a record -----------------------------------------------------------------------------------------


def check(model: type[R], parts: FrontMatter, path: str, draft: bool = False, within: Steps = (),
          vocabulary: Vocabulary | None = None, **from_file: str) -> tuple[R | None, list[Problem]]:
    """The record that a header describes, or None with every mistake in its fields.

    `within` is where in the header the record stands; `from_file` gives the fields that are not written there. Terms of
    the `vocabulary` are proposed where a list is written wrongly; whether they are the right ones `rules` judge. In a
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
        findings += [finding for raw in error.errors(include_url=False)
                     if (finding := _finding(raw, model, values, vocabulary or {}))]
    if not findings and not draft and parts.complete:
        return record, []
    return None, [_worded(finding, parts, path, within) for finding in _one_each(findings)
                  if (finding.kind != "missing" or _is_wanted(finding, model, parts, draft))
                  and not _is_guessed(finding, parts, within)]


def _finding(raw: Any, model: type[BaseModel], values: Any, vocabulary: Vocabulary) -> Finding | None:
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
    kind = "empty" if raw["input"] is EMPTY and raw["type"] != "extra_forbidden" else raw["type"]
    spot = Spot.of(model, tuple(steps))
    listed = mark(spot.field).vocabulary if spot.field else None
    return Finding(tuple(steps), kind, raw["input"], raw.get("ctx") or {}, spot, vocabulary.get(listed or "", ()))


def _one_each(findings: list[Finding]) -> Iterator[Finding]:
    """One finding for each place: the reading of a value that is closest to what was written."""
    best: dict[Steps, Finding] = {}
    for finding in findings:
        if finding.kind == "literal_error" and any(
                other.steps[: len(finding.steps)] == finding.steps and other is not finding for other in findings):
            continue
        is_address = "/" in str(finding.value) and finding.context.get("pattern") == URL
        if finding.steps not in best or is_address:
            best[finding.steps] = finding
    yield from best.values()


def _is_wanted(finding: Finding, model: type[BaseModel], parts: FrontMatter, draft: bool) -> bool:
    """Whether a missing field is a mistake."""
    if not parts.complete:
        return False
    return not draft or len(finding.steps) > 1 or mark(model.model_fields[str(finding.steps[0])]).in_draft


def _is_guessed(finding: Finding, parts: FrontMatter, within: Steps) -> bool:
    """Whether a field that does not exist comes of a line that is no field, as one of a text that lost its indent. That
    line has its Problem already; only what looks like the name of a field is worth a second one."""
    place = parts.keys.get((*within, *finding.steps))
    return (finding.kind == "extra_forbidden" and place is not None
            and any(problem.line == place[0] and problem.level == "error" for problem in parts.problems)
            and not similar(str(finding.steps[-1]), [name for name, _ in front_matter(finding.spot.owner)]
                            if finding.spot.owner else []))


def _worded(finding: Finding, parts: FrontMatter, path: str, within: Steps) -> Problem:
    message, remedy = WORDS.get(finding.kind, _other)(finding)
    steps = (*within, *finding.steps)
    place = parts.place(steps)
    if finding.kind in ("extra_forbidden", "empty"):
        place = parts.keys.get(steps, place)
    elif finding.kind == "missing" and len(steps) == 1:
        place = (1, 1)
    return Problem(path, place[0], place[1], dotted(steps), "error", message, remedy)
