"""What a case, an open challenge and a city are: every front-matter field once, with its help, limits and marks.

Everything else reads these declarations: `content` validates with them and words its messages from them, the
search index takes its fields and facets from the marks, and pages take labels from the choices. A change to a
field is a change here and, to show it, in `templates/case.html`; nowhere else.

Decision: plain Pydantic models, not tables. A table model does not validate (`SQLModel(table=True)` accepts
anything), and content lives in files, not in a database.

Decision: the types here are those of a *published* case. A draft is checked with the same model, forgiving what
only publication requires; it never becomes a `Case`, so no reader of a `Case` needs to ask for missing fields.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from innoshare.choices import (
    TAKEN_UP,
    AdoptionStatus,
    ArtefactKind,
    ChallengeStatus,
    CostBasis,
    EvaluationKind,
    FundingType,
    IncomeBand,
    Outcome,
    Participation,
    PartnerType,
    Power,
    PrerequisiteKind,
    SizeBand,
    Stage,
    Status,
    TransferOffer,
)


@dataclass(frozen=True)
class Mark:
    """What the library does with a field beyond keeping it.

    `search` names the index field that its words go to, `facet` the search parameter that filters by it,
    `vocabulary` the file in `content/vocabulary/` that lists its allowed values. `in_draft` says that even a
    draft must have it. `from_file` marks what comes from the file itself and is not written in the header.
    """

    search: str | None = None
    facet: str | None = None
    vocabulary: str | None = None
    in_draft: bool = False
    from_file: bool = False


Unknown = Literal["unknown"]

# A case nobody has looked at for two years may no longer be true: offices, prices and laws change with budgets,
# which most cities make for one or two years. Trades trust against nagging; a judgement, not a measurement.
STALE_AFTER = timedelta(days=730)


def is_stale(checked: str, today: date) -> bool:
    """Whether what was last said to be true on that day (`2026-05-31`) should be checked again."""
    return today - date.fromisoformat(checked) > STALE_AFTER


EARLIEST_YEAR = 1850  # Sewers, tramways, municipal housing: older measures are history, a year below is a slip.
LATEST_YEAR = 2100


def _real_date(text: str) -> str:
    if not EARLIEST_YEAR <= int(text[:4]) <= LATEST_YEAR:
        raise PydanticCustomError("date_range", "year out of range")
    try:
        date.fromisoformat((text + "-01-01")[:10])  # what every reader of a case calls, so that none of them can fail
    except ValueError:
        raise PydanticCustomError("no_such_day", "no such day") from None
    return text


def _plain_number(value: Any) -> Any:
    """Refuse what Python takes for a number and people do not (`1_000`, `nan`, `inf`, `1e5`, `1.`), and what only some
    readers of YAML take for the same one: `010` is eight to others, `+1` and `"1 "` are text."""
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", value):
        raise PydanticCustomError("plain_number", "not a plain number")
    return value


def is_tag(text: str) -> bool:
    """Whether this is a word, or words joined by hyphens, in any script; of what length does not matter.

    No pattern says this: what `\\w` holds differs between Pydantic's patterns and Python's, and vowel signs (पानी),
    accents written by themselves and the joiners of Persian and Indian scripts belong to the word they stand in.
    """
    return all(word[:1].isalnum() and all(map(_belongs_to_a_word, word)) for word in text.split("-"))


_JOINERS = "\u200c\u200d"  # zero width; they say whether two letters are written joined


def _belongs_to_a_word(letter: str) -> bool:
    return letter.isalnum() or letter in _JOINERS or unicodedata.category(letter).startswith("M")


def _tag(text: str) -> str:
    if not is_tag(text):
        raise PydanticCustomError("no_tag", "no tag")
    return text


def _true_or_false(value: Any) -> Any:
    """Only the two words count: 0, 1, y and off mean something to one reader of YAML and nothing to the next."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


# Digits are [0-9] wherever a pattern asks for one: `\d` also takes the digits of other scripts, which no reader of a
# case can count with. The host of an address is followed by its path: what stands before an `@` there would be a name
# that looks like a host, and the address would lead elsewhere than it says.
Short = Annotated[str, StringConstraints(max_length=160)]
Line = Annotated[str, StringConstraints(max_length=400)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\w[\w.-]*\.[\w-]+\.?(:[0-9]{1,5})?([/?#][^\s<>\"'`\\^{|}\x00-\x20]*)?$",
                                       max_length=600)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_real_date)]
PartialDate = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"),
                        AfterValidator(_real_date)]
Year = Annotated[int, Field(ge=EARLIEST_YEAR, le=LATEST_YEAR), BeforeValidator(_plain_number)]
Number = Annotated[float, Field(ge=0, le=1e15), BeforeValidator(_plain_number)]
Percent = Annotated[float, Field(ge=0, le=100), BeforeValidator(_plain_number)]
Degrees = Annotated[float, BeforeValidator(_plain_number)]
TrueOrFalse = Annotated[bool, Field(strict=True), BeforeValidator(_true_or_false)]
EvidenceLevel = Annotated[int, Field(ge=0, le=5), BeforeValidator(_plain_number)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
SdgTarget = Annotated[str, StringConstraints(pattern=r"^(1[0-7]|[1-9])\.([1-9]|1[0-9]|[a-d])$")]
WikidataId = Annotated[str, StringConstraints(pattern=r"^Q[1-9][0-9]{0,11}$")]
Tag = Annotated[str, StringConstraints(max_length=40), AfterValidator(_tag)]


class Record(BaseModel):
    """Common rules: unknown keys are refused, text is trimmed and never empty, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)


class Source(Record):
    url: Annotated[Url, Field(description="Address of the source")]
    title: Annotated[Short, Field(description="Its title")]
    publisher: Annotated[Short | None, Field(description="Who published it")] = None
    accessed: Annotated[Day, Field(description="The day you read it, as 2026-05-31")]


class Contact(Record):
    """An office, never a person."""

    role: Annotated[Short, Field(description="The office or function that answers questions")]
    organisation: Annotated[Short, Field(description="The body it belongs to")]
    url: Annotated[Url, Field(description="Its public page or contact form")]


class Approval(Record):
    what: Annotated[Line, Field(description="The permit, decision or check that had to be obtained")]
    months: Annotated[Number | Unknown | None, Field(description="How many months it took", examples=[18])] = None


class Cost(Record):
    setup: Annotated[Number | Unknown | None, Field(description="One-off cost, digits only", examples=[3800000])] = None
    running_per_year: Annotated[Number | Unknown | None, Field(description="Cost of one year of running it",
                                                               examples=[120000])] = None
    currency: Annotated[Currency | Unknown | None, Field(description="Three letters, as EUR")] = None
    price_year: Annotated[Year | Unknown | None, Field(description="The year whose prices these are",
                                                       examples=[2019])] = None
    basis: Annotated[CostBasis | Unknown | None, Field(description="Spent or expected")] = None
    source: Annotated[Url | None, Field(description="Address of the source, listed under sources")] = None


class Funding(Record):
    source: Annotated[Short, Field(description="Who paid")]
    type: Annotated[FundingType | None, Field(description="Kind of money")] = None
    share: Annotated[Percent | Unknown | None, Field(description="Percent of the cost", examples=[40])] = None


class Procurement(Record):
    route: Annotated[Line | None, Field(description="How it was bought: open tender, challenge, framework …")] = None
    contract_years: Annotated[Number | Unknown | None, Field(description="Length of the contract", examples=[4])] = None
    demands: Annotated[Line | None, Field(description="What was demanded of the supplier")] = None


class Partner(Record):
    name: Annotated[Short, Field(description="The organisation; never a person")]
    type: Annotated[PartnerType | None, Field(description="Kind of organisation")] = None
    role: Annotated[Line | None, Field(description="What it did")] = None


class Result(Record):
    metric: Annotated[Short, Field(description="What was measured")]
    baseline: Annotated[Short | None, Field(description="Value before, or what it is compared with")] = None
    value: Annotated[Short, Field(description="Value after")]
    unit: Annotated[Short | None, Field(description="Unit of value and baseline")] = None
    period: Annotated[Short | None, Field(description="When, and over how long")] = None
    source: Annotated[Url, Field(description="Address of the source, listed under sources")]
    evidence_level: Annotated[EvidenceLevel | None, Field(description="0 to 5, for this one figure",
                                                          examples=[2])] = None


class Evaluation(Record):
    kind: Annotated[EvaluationKind, Field(description="Who evaluated")]
    url: Annotated[Url | None, Field(description="The evaluation itself")] = None


class Prerequisite(Record):
    kind: Annotated[PrerequisiteKind, Field(description="What kind of thing is needed")]
    text: Annotated[Line, Field(description="What must be in place")]
    essential: Annotated[TrueOrFalse, Field(description="true if it does not work without")]


class Artefact(Record):
    kind: Annotated[ArtefactKind, Field(description="What it is")]
    url: Annotated[Url, Field(description="Where to get it")]
    title: Annotated[Short | None, Field(description="Its name")] = None
    licence: Annotated[Short | None, Field(description="Under which licence it may be used")] = None


class Adoption(Record):
    """Another city's take-up of the case. Either `city` (a city file) or `place` (free text) is given."""

    city: Annotated[Slug | None, Field(description="File name of a city in content/cities, without .md")] = None
    place: Annotated[Short | None, Field(description="Name of the place, where there is no city file")] = None
    country: Annotated[Country | None, Field(description="Two capital letters, as SE")] = None
    year: Annotated[Year | Unknown | None, Field(description="When it began there", examples=[2019])] = None
    status: Annotated[AdoptionStatus, Field(description="How far it went")]
    changes: Annotated[Line | None, Field(description="What they did differently")] = None
    outcome: Annotated[Line | None, Field(description="What came of it, or why they stopped")] = None
    source: Annotated[Url | None, Field(description="Where this is documented")] = None


class Translation(Record):
    language: Annotated[Language, Field(description="Language of the other version")]
    case: Annotated[Slug, Field(description="File name of the other version, without .md")]


class Case(Record):
    """One case study: what a city did about a challenge, and what came of it."""

    slug: Annotated[Slug, Mark(from_file=True)]
    body: Annotated[str, Mark(from_file=True), StringConstraints(min_length=0)]

    title: Annotated[str, Field(max_length=100, description="What was done, in one line"),
                     Mark(search="title", in_draft=True)]
    summary: Annotated[str, Field(max_length=280, description="What was done and what came of it"),
                       Mark(search="summary", in_draft=True)]
    language: Annotated[Language, Field(description="Language of this text, as en"),
                        Mark(facet="language", in_draft=True)]
    city: Annotated[Slug, Field(description="File name of the city in content/cities, without .md")]
    status: Annotated[Status, Field(description="How far the text is")]
    updated: Annotated[Day, Field(description="The day of the last change, as 2026-05-31")]
    challenge: Annotated[str, Field(max_length=600, description="The problem in 1 to 3 sentences, in the words of "
                                    "someone who has it and does not know the solution"),
                         Mark(search="challenge", in_draft=True)]
    challenge_types: Annotated[list[str], Field(min_length=1, max_length=3, description="What kind of problem it is"),
                               Mark(facet="challenge_type", vocabulary="challenge_types", search="topics")]
    themes: Annotated[list[str], Field(min_length=1, max_length=3, description="The fields of city life concerned"),
                      Mark(facet="theme", vocabulary="themes", search="topics")]
    approaches: Annotated[list[str], Field(min_length=1, max_length=4, description="How it was tackled"),
                          Mark(facet="approach", vocabulary="approaches", search="topics")]
    stage: Annotated[Stage, Field(description="How far it got")]
    start: Annotated[PartialDate | Unknown, Field(description="When it began: 2019, 2019-05 or 2019-05-31")]
    outcome: Annotated[Outcome, Field(description="What came of it, judged soberly"), Mark(facet="outcome")]
    evidence_level: Annotated[EvidenceLevel, Field(description="0 to 5 on Nesta's Standards of Evidence", examples=[2]),
                              Mark(facet="evidence")]
    sources: Annotated[list[Source], Field(min_length=1, max_length=40, description="Where each statement can be read")]
    contact: Annotated[Contact, Field(description="The office that answers questions; never a person")]
    licence: Annotated[Short, Field(description="SPDX name of the licence of this text")] = "CC-BY-4.0"

    end: Annotated[PartialDate | Unknown | None, Field(description="When it ended, if it did")] = None
    organisation: Annotated[Short | None, Field(description="The body that did it"), Mark(search="place")] = None
    departments: Annotated[list[Short], Field(max_length=20, description="Who had to work together"),
                           Mark(search="body")] = []
    target_groups: Annotated[list[Short], Field(max_length=20, description="For whom it was done"),
                             Mark(search="topics")] = []
    sdg: Annotated[list[SdgTarget], Field(max_length=20, description='SDG targets, as "11.2"')] = []
    tags: Annotated[list[Tag], Field(max_length=20, description="Free words, lower-case, hyphens for spaces"),
                    Mark(facet="tag", search="topics")] = []
    legal_basis: Annotated[Line | None, Field(description="The law or by-law it rests on"), Mark(search="body")] = None
    approvals: Annotated[list[Approval], Field(max_length=20, description="What had to be cleared, how long it took"),
                         Mark(search="body")] = []
    cost: Annotated[Cost | Unknown | None, Field(description="What it cost")] = None
    staff_fte: Annotated[Number | Unknown | None, Field(description="Staff needed, in full-time posts",
                                                        examples=[2.5])] = None
    time_to_launch_months: Annotated[Number | Unknown | None,
                                     Field(description="Months from the decision to the first use",
                                           examples=[18])] = None
    funding: Annotated[list[Funding], Field(max_length=20, description="Who paid"), Mark(search="body")] = []
    procurement: Annotated[Procurement | Unknown | None, Field(description="How it was bought"),
                           Mark(search="body")] = None
    partners: Annotated[list[Partner], Field(max_length=40, description="Who took part"), Mark(search="body")] = []
    participation: Annotated[Participation | Unknown | None, Field(description="How residents took part"),
                             Mark(search="topics")] = None
    results: Annotated[list[Result], Field(max_length=40, description="What was measured, each with its source"),
                       Mark(search="body")] = []
    evaluation: Annotated[Evaluation | Unknown | None, Field(description="Who evaluated it")] = None
    side_effects: Annotated[list[Line], Field(max_length=20, description="What else happened"),
                            Mark(search="body")] = []
    prerequisites: Annotated[list[Prerequisite], Field(max_length=30, description="What must be in place first"),
                             Mark(search="body")] = []
    success_factors: Annotated[list[Line], Field(max_length=20, description="What helped"), Mark(search="body")] = []
    limiting_factors: Annotated[list[Line], Field(max_length=20, description="What held it back"),
                                Mark(search="body")] = []
    core: Annotated[list[Line], Field(max_length=20, description="What must not be changed when repeating it"),
                    Mark(search="body")] = []
    adaptable: Annotated[list[Line], Field(max_length=20, description="What may be changed"),
                         Mark(search="body")] = []
    lessons: Annotated[list[Line], Field(max_length=20, description="What they would tell a colleague"),
                       Mark(search="body")] = []
    what_failed: Annotated[list[Line], Field(max_length=20, description="What did not work"),
                           Mark(search="body")] = []
    transfer_offer: Annotated[TransferOffer | Unknown | None,
                              Field(description="What the city offers to those who want to repeat it")] = None
    artefacts: Annotated[list[Artefact], Field(max_length=40, description="Things that can be reused")] = []
    inspired_by: Annotated[list[Slug | Url], Field(max_length=20, description="Cases this one learned from")] = []
    adoptions: Annotated[list[Adoption], Field(max_length=200, description="Who has taken it up since")] = []
    last_verified: Annotated[Day | None, Field(description="The day somebody last checked that this is still true")
                             ] = None
    same_as: Annotated[list[Url], Field(max_length=20, description="The same case in other libraries")] = []
    translation_of: Annotated[Slug | None, Field(description="The case whose text this is in another language")] = None
    translations: Annotated[list[Translation], Field(
        max_length=40, description="This case in other languages, where none is the translation of another")] = []

    @property
    def year(self) -> int | None:
        """The year it began, if known."""
        return None if self.start == "unknown" else int(self.start[:4])

    @property
    def checked(self) -> str:
        """The day somebody last said that this is true: by checking it, or by writing it."""
        return max(self.updated, self.last_verified or "")

    @property
    def taken_up(self) -> int:
        """How many other places use it or try it out; not those that only consider it, nor those that gave it up."""
        return sum(adoption.status in TAKEN_UP for adoption in self.adoptions)

    @property
    def completeness(self) -> float:
        """Share of the wanted fields that say something (0 to 1). `unknown` counts: it is an answer."""
        return self.share_said(vars(self))

    @classmethod
    def share_said(cls, values: Mapping[str, Any]) -> float:
        """The same of the header of a case, whether or not it is fit to become one."""
        wanted = [name for name, field in cls.front_matter() if not field.is_required() and name != "licence"]
        return sum(values.get(name) not in (None, []) for name in wanted) / len(wanted)

    @property
    def is_warning(self) -> bool:
        """True where others should think twice: it failed, did nothing, or was stopped without working."""
        return self.outcome in (Outcome.NEGATIVE, Outcome.NONE) or (
            self.stage is Stage.DISCONTINUED and self.outcome is not Outcome.POSITIVE)

    @classmethod
    def front_matter(cls) -> Iterator[tuple[str, FieldInfo]]:
        """The fields a contributor writes, in the order of declaration."""
        return front_matter(cls)


class City(Record):
    """A place with its profile."""

    slug: Annotated[Slug, Mark(from_file=True)]
    body: Annotated[str, Mark(from_file=True), StringConstraints(min_length=0)]

    name: Annotated[Short, Field(description="Its name in English"), Mark(search="place", in_draft=True)]
    country: Annotated[Country, Field(description="ISO 3166 code, two capital letters, as SE"),
                       Mark(facet="country", in_draft=True)]
    population: Annotated[int, Field(ge=1, le=100_000_000, description="Residents of the municipality, digits only",
                                     examples=[42000]),
                          BeforeValidator(_plain_number), Mark(in_draft=True)]
    population_year: Annotated[Year, Field(description="The year of that figure", examples=[2024]), Mark(in_draft=True)]
    population_source: Annotated[Url, Field(description="Where that figure can be read"), Mark(in_draft=True)]
    latitude: Annotated[Degrees, Field(ge=-90, le=90, description="Degrees, north positive",
                                       examples=[60.17]), Mark(in_draft=True)]
    longitude: Annotated[Degrees, Field(ge=-180, le=180, description="Degrees, east positive",
                                        examples=[24.94]), Mark(in_draft=True)]
    wikidata: Annotated[WikidataId | Unknown | None, Field(description="Its Wikidata number, as Q1748")] = None
    density: Annotated[Number | Unknown | None, Field(description="Residents per square kilometre",
                                                      examples=[2100])] = None
    income_band: Annotated[IncomeBand, Field(description="World Bank income class of the country"),
                           Mark(in_draft=True)]
    powers: Annotated[list[Power] | Unknown | None, Field(description="What the city may decide itself")] = None
    names: Annotated[list[Short], Field(max_length=20, description="Its name in other languages"),
                     Mark(search="place")] = []
    website: Annotated[Url | None, Field(description="The city's own site")] = None

    @property
    def size_band(self) -> SizeBand:
        """The band its population falls into."""
        return SizeBand.of(self.population)


class OpenChallenge(Record):
    """A challenge of the wanted board: what a city looks for an answer to. The library looks for it too."""

    slug: Annotated[Slug, Mark(from_file=True)]
    body: Annotated[str, Mark(from_file=True), StringConstraints(min_length=0)]

    title: Annotated[str, Field(max_length=100, description="What is wanted, in one line")]
    language: Annotated[Language, Field(description="Language of this text, as en")]
    city: Annotated[Slug, Field(description="File name of the city in content/cities, without .md")]
    status: Annotated[ChallengeStatus, Field(description="How far it has come")]
    published: Annotated[Day, Field(description="The day it was made known, as 2026-05-31")]
    updated: Annotated[Day, Field(description="The day of the last change, as 2026-05-31")]
    challenge: Annotated[str, Field(max_length=600, description="The problem in 1 to 3 sentences, in the words of "
                                    "someone who has it and does not know the solution")]
    challenge_types: Annotated[list[str], Field(min_length=1, max_length=3, description="What kind of problem it is"),
                               Mark(vocabulary="challenge_types")]
    themes: Annotated[list[str], Field(min_length=1, max_length=3, description="The fields of city life concerned"),
                      Mark(vocabulary="themes")]
    sources: Annotated[list[Source], Field(min_length=1, max_length=40, description="Where the city says so in public")]
    contact: Annotated[Contact, Field(description="The office that takes answers; never a person")]
    licence: Annotated[Short, Field(description="SPDX name of the licence of this text")] = "CC-BY-4.0"

    constraints: Annotated[list[Line], Field(max_length=20, description="What an answer must respect: money, law, "
                                             "time, place")] = []
    tried: Annotated[list[Line], Field(max_length=20, description="What was tried already, and why it was not enough")
                     ] = []
    target_groups: Annotated[list[Short], Field(max_length=20, description="For whom it is wanted")] = []
    wanted_by: Annotated[PartialDate | Unknown | None, Field(description="Until when: 2027, 2027-05 or 2027-05-31")
                         ] = None
    answered_by: Annotated[list[Slug], Field(max_length=20, description="Cases that the city found to answer it; "
                                             "needed once it is matched or solved")] = []


@dataclass(frozen=True)
class Card:
    """What a list shows of a case: enough to decide whether to open it."""

    slug: str
    title: str
    summary: str
    language: str
    city: str
    city_name: str
    country: str
    country_name: str
    year: int | None
    stage: Stage
    outcome: Outcome
    evidence_level: int
    themes: tuple[str, ...]
    taken_up: int
    updated: str
    checked: str
    is_warning: bool


class Named(Record):
    """Something with a label in several languages."""

    label: dict[Language, Short]

    def label_in(self, language: str) -> str:
        """The label in `language`, else in English."""
        return self.label.get(language) or self.label["en"]


class Term(Named):
    """One allowed value of a vocabulary, with what people call it."""

    slug: Annotated[Slug, Mark(from_file=True)]
    label: Annotated[dict[Language, Short], Field(description="What readers see, by language; English is required")]
    help: Annotated[dict[Language, Line], Field(description="When to choose it, by language; English is required")]
    synonyms: Annotated[dict[Language, list[Short]], Field(description="Other words people use for it")] = {}


class Concept(Named):
    """Something in city life (a thing, a problem, a measure, a group of people) with the words for it.

    A text is about it if any of the words stands there, in the text's language, whatever its ending.
    """

    slug: Annotated[Slug, Mark(from_file=True)]
    label: Annotated[dict[Language, Short], Field(description="The usual word, in each of the library's languages")]
    synonyms: Annotated[dict[Language, Annotated[list[Short], Field(max_length=60)]],
                        Field(description="Other words people use for it")] = {}
    themes: Annotated[
        list[str], Field(max_length=3, description="Themes it belongs to"), Mark(vocabulary="themes")
    ] = []
    challenge_types: Annotated[
        list[str], Field(max_length=3, description="Kinds of problem it points to"), Mark(vocabulary="challenge_types")
    ] = []
    sdg: Annotated[list[SdgTarget], Field(max_length=20, description='SDG targets, as "11.2"')] = []

    @property
    def names(self) -> dict[str, list[str]]:
        """Language -> its label and its synonyms."""
        return {language: [label, *self.synonyms.get(language, ())] for language, label in self.label.items()}


# Vocabulary (`themes`, `challenge_types`, `approaches`) -> slug -> term, in the order of the file.
Vocabulary = Mapping[str, Mapping[str, Term]]
VOCABULARIES = ("themes", "challenge_types", "approaches")


def mark(field: FieldInfo) -> Mark:
    """The mark of a field; an empty one where none was given."""
    return next((item for item in field.metadata if isinstance(item, Mark)), Mark())


def front_matter(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields of `model` that are written in a file's header, in the order of declaration."""
    return ((name, field) for name, field in model.model_fields.items() if not mark(field).from_file)
