"""The form for those who contribute without git: which questions, in which order and words, with which control.

A page of the form asks a few fields that belong together (a Step); KINDS has the steps of a case, a challenge and a
city. What a field may hold, and so which control asks for it, is read from the declarations in `case`; here stand only
the order, and the words where a declaration speaks to those who edit files. A field that is not asked stands in
`not_asked` with the reason. What is answered, and the file made of it, is the matter of `answers`.

Decision: a control has its field's dotted path as name and as id (`results.0.metric`), so that whatever the check says
about a place in a file leads to where that place was filled in.

Decision: a closed list is shown whole, with what each value means. A civil servant who meets the words for the first
time must be able to choose without a manual, and a menu hides what it offers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, Protocol, get_args, get_origin

from babel import Locale
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from innoshare.case import Case, City, OpenChallenge, Record, Vocabulary, front_matter, mark
from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES, Section
from innoshare.content import FORMS, Spot

LONG_FROM = 161  # Characters from which a text gets a box of several lines: more than two lines of a page.
SECTIONS: Mapping[str, Section] = {f"body.{section}": section for section in Section}


@dataclass(frozen=True)
class Step:
    """One page of the form. `fields` are names of the model, or the text: `body`, or its sections (`body.done`)."""

    name: str
    title: str
    intro: str
    fields: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True)
class Kind:
    """What can be contributed. `not_asked` are the fields that no step asks for, with the reason; `minutes` says how
    long the questions take that must be answered, `needs` what to have at hand."""

    name: str
    folder: str
    model: type[Record]
    title: str
    noun: str
    minutes: str
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    not_asked: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The names that controls have, with `*` for the number of a record in a list, and the order of asking."""
        names = [name + inner for step in self.steps for name in step.fields
                 for inner in ([""] if name in SECTIONS or name == "body" else
                               _leaves(Spot.of(self.model, (name,))))]
        names += ["city_new"] if "city" in names else []
        return {name: number for number, name in enumerate(names)}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that controls have, as in `order`."""
        return frozenset(self.order)

    @cached_property
    def several(self) -> frozenset[str]:
        """Those of `names` whose control has several values: boxes to tick."""
        return frozenset(name for name in self.names if _is_ticked(self.spot(name)))

    @cached_property
    def unknowable(self) -> frozenset[str]:
        """The fields, groups of them too, that may be said not to be known; `*` as in `names`."""
        groups = {name.rpartition(".")[0] for name in self.names} - {""}
        return frozenset(name for name in self.names | groups if self.spot(name).or_unknown)

    def spot(self, path: str) -> Spot:
        """What the model says of the place of a control."""
        return Spot.of(self.model, tuple(0 if part == "*" else int(part) if re.fullmatch("[0-9]{1,3}", part) else part
                                         for part in path.split(".")))

    def step_of(self, path: str) -> int | None:
        """The number of the step that asks for the field at a place; None where none does."""
        name = path if path in SECTIONS else path.split(".")[0].removesuffix("_new")
        return next((number for number, step in enumerate(self.steps) if name in step.fields), None)


def _leaves(spot: Spot) -> Iterator[str]:
    """How the names of the controls for what stands at a place go on: ``, `.url`, `.*.url`."""
    record, item = spot.record, spot.inside(0).record
    for inside, model in (("", record), (".*", item)):
        if model:
            yield from (f"{inside}.{name}{rest}" for name, _ in front_matter(model)
                        for rest in _leaves(Spot.of(model, (name,))))
    if not record and not item:
        yield ""


def _is_ticked(spot: Spot) -> bool:
    """Whether the values of a list are chosen, not written."""
    return any(get_origin(each) is list for each in spot.kinds) and bool(
        spot.inside(0).choices or (spot.field and mark(spot.field).vocabulary))


_OF_THE_FILE = {"status": "chosen at the end", "updated": "the day on which the form is filled in",
                "licence": "the same for all, and said at the end"}

# The questions that must be answered come first. The order of the others is that in which readers ask.
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (
    Kind("case", "cases", Case, "Share a case", "case", "about an hour",
         ("who tackled the problem, where, and since when", "what came of it, and how that is known",
          "the address of at least one public source, such as a report or a news article",
          "the office that answers questions, with the address of its page"),
         (Step("nutshell", "In a nutshell", "What somebody sees first in a list. You can come back and polish it.",
               ("title", "summary", "language")),
          Step("problem", "The problem", "Other people’s problems are compared with this text. So tell it as it was "
               "before you knew the answer.", ("challenge",)),
          Step("place", "Where it was", "Readers look for cities like theirs.", ("city", "organisation")),
          Step("topics", "What it is about", "This is how readers find it when they filter.",
               ("challenge_types", "themes", "approaches")),
          Step("course", "How far it got", "A year is exact enough.", ("stage", "start", "end")),
          Step("outcome", "What came of it", "Judge it soberly. What failed helps the next city as much as what "
               "worked.", ("outcome", "evidence_level")),
          Step("sources", "Where this can be read", "Anybody should be able to look it up. One public source is enough "
               "to begin with.", ("sources",)),
          Step("contact", "Who answers questions", "An office, never a person: people change posts, and their names do "
               "not belong here.", ("contact",)),
          Step("story", "The story", "Plain words, as you would tell a colleague from another city. A few sentences "
               "for each are enough.", tuple(SECTIONS)),
          Step("cost", "What it took", "The first thing a council asks. A rough figure is better than none, and “not "
               "known” is an answer too.", ("cost", "staff_fte", "time_to_launch_months"), True),
          Step("results", "What was measured", "Each figure with its source.",
               ("results", "evaluation", "side_effects"), True),
          Step("needs", "What must be in place", "Readers tick off what their city has already.",
               ("prerequisites", "legal_basis", "approvals"), True),
          Step("lessons", "What you learned", "What you would tell a friend who begins with it tomorrow.",
               ("what_failed", "lessons", "success_factors", "limiting_factors"), True),
          Step("copy", "What others may change", "Which part makes it work, and which was only your way of doing it?",
               ("core", "adaptable"), True),
          Step("people", "Who took part", "Organisations and groups, no persons.",
               ("target_groups", "departments", "partners", "participation"), True),
          Step("money", "Who paid, and how it was bought", "Only what is public.", ("funding", "procurement"), True),
          Step("reuse", "What others can use", "Tender documents, by-laws, software, manuals: each saves the next city "
               "weeks.", ("artefacts", "transfer_offer", "inspired_by"), True),
          Step("labels", "Further labels", "Only if they come to mind at once.", ("tags", "sdg"), True)),
         {**_OF_THE_FILE, "adoptions": "added on the page of the case, by those who take it up",
          "last_verified": "set when somebody checks the case later",
          "translations": "added to both files once there is a second one",
          "same_as": "known to libraries, not to those who tell what they did"}),
    Kind("challenge", "challenges", OpenChallenge, "Put a challenge on the wanted board", "challenge",
         "about 20 minutes",
         ("the problem in a few sentences", "the address of a page on which your city speaks of it in public",
          "the office that takes answers, with the address of its page"),
         (Step("nutshell", "What is wanted", "What somebody sees first in a list.", ("title", "language")),
          Step("problem", "The problem", "Cases are compared with this text, also those that come later. Leave out the "
               "solution you have in mind.", ("challenge",)),
          Step("place", "Where it is", "Readers look for cities like theirs.", ("city",)),
          Step("topics", "What it is about", "This is how those find it who may know an answer.",
               ("challenge_types", "themes")),
          Step("sources", "Where your city says so", "The board shows what a city itself calls a problem.",
               ("sources",)),
          Step("contact", "Who takes answers", "An office, never a person.", ("contact",)),
          Step("frame", "What an answer must respect", "The more one knows, the better the answers.",
               ("constraints", "tried", "target_groups", "wanted_by"), True),
          Step("story", "More about it", "In plain words, if there is more to tell.", ("body",), True)),
         {**_OF_THE_FILE, "status": "a new challenge is open", "published": "the day on which the form is filled in",
          "answered_by": "named when there is an answer"}),
    Kind("city", "cities", City, "Add the profile of a city", "profile", "about 10 minutes",
         ("the number of residents, with the address of the page that says so", "where the city lies, in degrees"),
         (Step("name", "Which city", "Its profile stands beside all its cases and challenges.",
               ("name", "country", "income_band")),
          Step("people", "How many people live there", "Readers compare cities by size.",
               ("population", "population_year", "population_source")),
          Step("place", "Where it lies", "Maps on the web show the degrees of the place you click on.",
               ("latitude", "longitude")),
          Step("more", "What else is known", "It helps to find cities alike.",
               ("powers", "density", "names", "website", "wikidata"), True),
          Step("story", "What others should know", "A sentence or two: what the city decides itself, and what is "
               "special about it.", ("body",), True))),
)}

# What a question is called where the declaration does not put it as one would ask: by kind and field, or by field.
LABELS: Mapping[str, str] = {
    "case.title": "What was done, in one line",
    "case.summary": "What was done and what came of it, in two or three sentences",
    "challenge.title": "What is wanted, in one line",
    "language": "Language you write in",
    "case.city": "Which city was it?",
    "challenge.city": "Which city looks for an answer?",
    "city_new": "Or the short name of its profile, if it is not in the list yet",
    "case.challenge": "What was the problem?",
    "challenge.challenge": "What is the problem?",
    "challenge_types": "What kind of problem is it?",
    "themes": "Which fields of city life does it concern?",
    "approaches": "How was it tackled?",
    "stage": "How far did it get?",
    "start": "When did it begin?",
    "end": "When did it end, if it did?",
    "outcome": "What came of it?",
    "evidence_level": "How well is that proven?",
    "organisation": "The body that did it, if not the city itself",
    "sources": "Sources",
    "sources.url": "Address of the page or document",
    "sources.accessed": "The day you read it",
    "case.contact": "The office that answers questions",
    "challenge.contact": "The office that takes answers",
    "contact.role": "Name of the office or function",
    "contact.url": "Address of its public page or contact form",
    "body": "What else should readers know?",
    "body.situation": "The situation before",
    "body.done": "What was done",
    "body.results": "What changed",
    "body.how-to": "How to do it",
    "body.went-wrong": "What went wrong",
    "target_groups": "For whom?",
    "departments": "Which departments had to work together?",
    "cost": "Money",
    "cost.setup": "Once, to set it up",
    "cost.running_per_year": "For each year of running it",
    "cost.currency": "Currency",
    "cost.basis": "Is that what was spent, or what was expected?",
    "cost.source": "Address of the source that says so",
    "staff_fte": "Staff, in full-time posts",
    "funding": "Who paid?",
    "funding.source": "Who gave money",
    "funding.type": "What kind of money",
    "funding.share": "Share of the cost, in percent",
    "procurement": "How was it bought?",
    "procurement.route": "The way it was bought: open tender, challenge, framework …",
    "procurement.contract_years": "Length of the contract, in years",
    "partners": "Partners",
    "partners.name": "Name of the organisation",
    "partners.type": "What kind of organisation",
    "participation": "How did residents take part?",
    "results": "Figures",
    "results.source": "Address of the source that says so",
    "results.evidence_level": "How well is this one figure proven?",
    "evaluation": "Evaluation",
    "evaluation.kind": "Who evaluated it?",
    "evaluation.url": "Address of the evaluation",
    "side_effects": "What else happened?",
    "prerequisites": "What others need first",
    "prerequisites.kind": "What kind of thing is it?",
    "prerequisites.essential": "Does it fail without it?",
    "legal_basis": "Which law or by-law does it rest on?",
    "approvals": "What had to be cleared",
    "success_factors": "What helped?",
    "limiting_factors": "What held it back?",
    "core": "What must stay as it is?",
    "adaptable": "What may be changed?",
    "lessons": "What would you tell a colleague?",
    "what_failed": "What did not work?",
    "transfer_offer": "What does your city offer to those who want to repeat it?",
    "artefacts": "Things that can be reused",
    "artefacts.kind": "What is it?",
    "artefacts.url": "Address where one gets it",
    "inspired_by": "Which cases did you learn from?",
    "tags": "Free words",
    "sdg": "Targets of the Sustainable Development Goals",
    "constraints": "What must an answer respect?",
    "tried": "What was tried already, and why was it not enough?",
    "wanted_by": "Until when is an answer wanted?",
    "city.name": "Name of the city, in English",
    "country": "Country",
    "population": "Residents of the municipality",
    "population_source": "Address of the page that says so",
    "latitude": "Degrees north (south with a minus)",
    "longitude": "Degrees east (west with a minus)",
    "wikidata": "Number of the city in Wikidata",
    "income_band": "Income class of the country, as the World Bank sees it",
    "powers": "What may the city decide itself?",
    "website": "The city’s own site",
}

# What helps to answer, where the limits and examples that are added by themselves are not enough.
HINTS: Mapping[str, str] = {
    "case.title": "The measure, not its name, as: Night buses on call instead of empty timetables.",
    "challenge.title": "The problem, not its solution, as: Cellars that stay dry in cloudbursts.",
    "challenge": "One to three sentences: what happens, to whom, and what stands in the way.",
    "city_new": "Small letters with hyphens, as rio-verde.",
    "sources.accessed": "As 2026-05-31. Leave it empty if that is today.",
    "results.metric": "As: mean waiting time after midnight.",
    "results.baseline": "As: 38 minutes in 2018.",
    "results.value": "As: 17 minutes.",
    "results.source": "One of those you gave under Sources.",
    "cost.source": "One of those you gave under Sources.",
    "inspired_by": "The last part of the address of a case here, or the full address of a page elsewhere.",
    "tags": "Small letters, hyphens for spaces, as night-bus.",
    "sdg": "As 11.2.",
    "contact.role": "As: Planning office for public transport. No names of persons, no e-mail addresses.",
    "body.results": "With links to sources, written as [what the evaluation found](https://…).",
    "body.how-to": "Steps for a city that wants to repeat it: what comes first, whom to ask, what takes longest.",
    "body.went-wrong": "Mistakes, resistance, limits. If nothing is known, say so.",
}

# What one record of a list is called, for legends and buttons.
ITEMS: Mapping[str, str] = {
    "sources": "source", "results": "figure", "prerequisites": "need", "approvals": "clearance", "partners": "partner",
    "funding": "payer", "artefacts": "thing to reuse",
}

_ENGLISH = Locale("en", "GB")


def _named(names: Any, pattern: str) -> list[tuple[str, str]]:
    """(code, English name) of those codes that follow a pattern, by name."""
    return sorted(((str(code), str(name)) for code, name in names.items() if re.fullmatch(pattern, str(code))),
                  key=lambda pair: pair[1])


COUNTRIES = _named(_ENGLISH.territories, "[A-Z]{2}")
SPOKEN = _named(_ENGLISH.languages, "[a-z]{2}")


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


class Given(Protocol):
    """What controls need of the answers so far."""

    def all(self, path: str) -> tuple[str, ...]:
        """The values given at a place."""

    def is_unknown(self, path: str) -> bool:
        """Whether the field at a place was said not to be known."""

    def count(self, path: str) -> int:
        """How many records of a list were begun."""


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
            yield Widget(name, "long", label_of(kind, name), _hint_for(kind, name) or
                         (f"{section.help}." if section else ""), section is not None, rows=8, mode="prose",
                         values=given.all(name))
        else:
            yield _widget(kind, name, Spot.of(kind.model, (name,)), given, around)
            if name == "city":
                yield Widget("city_new", "text", label_of(kind, "city_new"), _hint_for(kind, "city_new"),
                             values=given.all("city_new"))


_SIGNED = ("latitude", "longitude")  # The number keyboard of many a telephone has no minus.


def _widget(kind: Kind, path: str, spot: Spot, given: Given, around: Around) -> Widget:
    """The control for what the model says may stand at a place."""
    info, name = spot.field, path.split(".")[-1]
    assert info
    is_list, item, limit = any(get_origin(each) is list for each in spot.kinds), spot.inside(0), _limit(info)

    def made(control: Control, **more: Any) -> Widget:
        return Widget(path, control, label_of(kind, path), _hint(kind, path, control, spot), info.is_required(),
                      most=_most(info) if is_list else 0, or_unknown=bool(spot.or_unknown),
                      is_unknown=given.is_unknown(path), values=given.all(path), **more)

    def parts(record: type[BaseModel], at: str) -> tuple[Widget, ...]:
        return tuple(_widget(kind, f"{at}.{part}", Spot.of(record, (part,)), given, around)
                     for part, _ in front_matter(record))

    if is_list and item.record:
        return made("groups", item=ITEMS[name], records=tuple(
            parts(item.record, f"{path}.{number}") for number in range(max(1, given.count(path)))))
    if spot.record:
        return made("group", parts=parts(spot.record, path))
    if options := tuple(_options(name, spot, item if is_list else spot, around)):
        return made("checks" if is_list else "select" if name in _MENUS else "radios", options=options)
    if is_list:
        return made("lines", rows=4)
    if limit >= LONG_FROM and not _patterns(info):
        return made("long", limit=limit, rows=2 + limit // 120)
    is_url = "https" in _example(info)
    number = bool({int, float} & set(spot.kinds)) and name not in _SIGNED
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
        yield from (Option(code, label, group="Others") for code, label in SPOKEN if code not in own)


# --- words --------------------------------------------------------------------------------------------------------


def unnumbered(path: str) -> str:
    """A path without the numbers of records: `results.0.metric` is `results.metric`."""
    return re.sub(r"\.[0-9]+(?=\.|$)", "", path)


def label_of(kind: Kind, path: str) -> str:
    """What the question for a field is called."""
    name = unnumbered(path)
    words = LABELS.get(f"{kind.name}.{name}") or LABELS.get(name)
    if words:
        return words
    info = kind.spot(path).field
    return (info.description if info else None) or name.replace("_", " ").capitalize()


def _hint_for(kind: Kind, path: str) -> str:
    name = unnumbered(path)
    return HINTS.get(f"{kind.name}.{name}") or HINTS.get(name, "")


def _hint(kind: Kind, path: str, control: Control, spot: Spot) -> str:
    """What helps to answer: the words of HINTS, an example, and how much may be said."""
    info, name = spot.field, path.split(".")[-1]
    assert info
    said = _hint_for(kind, path)
    most, limit, example = _most(info), _limit(info), _example(info)
    if control == "checks":
        return f"Choose up to {most}." if most else "Choose all that apply."
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


def _most(info: FieldInfo) -> int:
    """The most values of a list; 0 where there is no limit."""
    return next((item.max_length for item in info.metadata if getattr(item, "max_length", None)), 0)


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
