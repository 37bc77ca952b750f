"""The questions that are put to those who contribute without git: which, in which order, and in which words.

A page of the form asks a few fields that belong together (a Step); KINDS has the steps of a case, a challenge and a
city. What a field may hold is read from the declarations in `case`; here stand only the order, and the words where a
declaration speaks to those who edit files. A field that is not asked stands in `not_asked` with the reason. With which
control a field is asked for is the matter of `form`, what is answered that of `answers`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from innoshare.case import Case, City, OpenChallenge, Record, front_matter, mark
from innoshare.choices import Section
from innoshare.content import Spot

SECTIONS: Mapping[str, Section] = {f"body.{section}": section for section in Section}
HEADINGS: Mapping[str, Section] = {f"heading.{section}": section for section in Section}  # of a file that was begun


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
    def kept(self) -> frozenset[str]:
        """Names of what a file that was begun before says and no control asks for, but the finished one says again."""
        return frozenset({"published"} & self.not_asked.keys() if "body" in self.names else HEADINGS)

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


class Given(Protocol):
    """What else needs of the answers so far, of which this room knows nothing."""

    def all(self, path: str) -> tuple[str, ...]:
        """The values given at a place."""

    def text(self, path: str) -> str:
        """The one value given at a place, trimmed; "" where there is none."""

    def is_unknown(self, path: str) -> bool:
        """Whether the field at a place was said not to be known."""

    def count(self, path: str) -> int:
        """How many records of a list were begun."""


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
    return spot.is_list and bool(
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
          "translation_of": "written in the file of a translation",
          "translations": "for texts that were written in several languages at once",
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
    "city_new": "Or the short name of its new profile, if it is not in the list",
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
    "income_band": "The World Bank lists the class of each country; most of Europe is high-income.",
    "sources": "Not on the web? Ask your archive or press office to put it up, or give the page of the body that holds "
               "it, and name the document in the title.",
    "sources.accessed": "As 2026-05-31. Leave it empty if that is today.",
    "results.metric": "As: mean waiting time after midnight.",
    "results.baseline": "As: 38 minutes in 2018.",
    "results.value": "As: 17 minutes.",
    "results.source": "One of those you gave under Sources.",
    "cost.source": "One of those you gave under Sources.",
    "inspired_by": "The last part of the address of a case here, or the full address of a page elsewhere.",
    "tags": "Small letters, hyphens for spaces, as night-bus.",
    "sdg": "As 11.2.",
    "contact.role": "An office, as “Department of streets”; no names, no personal address.",
    "body.results": "With links to sources, written as [what the evaluation found](https://…).",
    "body.how-to": "Steps for a city that wants to repeat it: what comes first, whom to ask, what takes longest.",
    "body.went-wrong": "Mistakes, resistance, limits. If nothing is known, say so.",
}

# What one record of a list is called, for legends and buttons.
ITEMS: Mapping[str, str] = {
    "sources": "source", "results": "figure", "prerequisites": "need", "approvals": "clearance", "partners": "partner",
    "funding": "payer", "artefacts": "thing to reuse",
}


# --- words --------------------------------------------------------------------------------------------------------


def unnumbered(path: str) -> str:
    """A path without the numbers of records: `results.0.metric` is `results.metric`."""
    return re.sub(r"\.[0-9]+(?=\.|$)", "", path)


def starred(name: str) -> str:
    """A name with `*` for the number of a record."""
    return re.sub(r"\.[0-9]+(?=\.)", ".*", name, count=1)


def label_of(kind: Kind, path: str) -> str:
    """What the question for a field is called."""
    name = unnumbered(path)
    words = LABELS.get(f"{kind.name}.{name}") or LABELS.get(name)
    if words:
        return words
    info = kind.spot(path).field
    return (info.description if info else None) or name.replace("_", " ").capitalize()


def hint_for(kind: Kind, path: str) -> str:
    """What helps to answer the question for a field; "" where it needs no help."""
    name = unnumbered(path)
    return HINTS.get(f"{kind.name}.{name}") or HINTS.get(name, "")


def title_of(kind: Kind, path: str) -> str:
    """What a question is called, with the number of its record if it has one: Its title (source 2)."""
    match = re.match(r"([a-z_]+)\.([0-9]+)(\..+)?$", path)
    label = label_of(kind, path if match is None or match[3] else match[1]) if path else ""
    return f"{label} ({ITEMS[match[1]]} {int(match[2]) + 1})" if match and match[1] in ITEMS else label
