"""Closed lists: every value that a field may have where the library, not its vocabulary, says which there are.

Each value carries the label and the help that people read, in forms, in messages and on pages.
"""

from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """A closed list of values, each with the label and the help that people read."""

    label: str
    help: str

    def __new__(cls, value: str, label: str = "", help: str = "") -> Self:
        self = str.__new__(cls, value)
        self._value_, self.label, self.help = value, label, help
        return self


class Status(Choice):
    DRAFT = "draft", "Draft", "Checked leniently and not shown"
    PUBLISHED = "published", "Published", "Shown and searched"
    ARCHIVED = "archived", "Archived", "Kept under its address with a notice, not searched"


class Stage(Choice):
    PILOT = "pilot", "Pilot", "Tried for a limited time or place"
    IMPLEMENTED = "implemented", "In use", "Part of the normal work of the city"
    SCALED = "scaled", "Scaled up", "Extended beyond where it began"
    DISCONTINUED = "discontinued", "Stopped", "Ended, or replaced by something else"


class Outcome(Choice):
    POSITIVE = "positive", "It worked", "The challenge became smaller, and sources show it"
    MIXED = "mixed", "Mixed results", "Some aims were reached, others not, or sources disagree"
    NONE = "none", "No effect", "The challenge stayed as it was"
    NEGATIVE = "negative", "It failed", "It was abandoned, or did more harm than good"
    TOO_EARLY = "too-early", "Too early to say", "Running, without results yet"


class Participation(Choice):
    NONE = "none", "None"
    CONSULTATION = "consultation", "Consultation", "Residents were asked; the city decided"
    CO_CREATION = "co-creation", "Co-creation", "Residents shaped the solution with the city"
    CROWDSOURCING = "crowdsourcing", "Crowdsourcing", "Many people contributed ideas, data or work"
    CROWDFUNDING = "crowdfunding", "Crowdfunding", "Many people contributed money"
    PARTICIPATORY_BUDGETING = "participatory-budgeting", "Participatory budgeting", "Residents decided on money"


class CostBasis(Choice):
    ACTUAL = "actual", "actual", "What was spent"
    ESTIMATE = "estimate", "estimate", "What was expected"


class FundingType(Choice):
    OWN_BUDGET = "own-budget", "own budget"
    NATIONAL = "national", "national or regional grant"
    EU = "eu", "EU grant"
    INTERNATIONAL = "international", "international grant"
    PRIVATE = "private", "private money"
    DONATION = "donation", "donation"
    FEES = "fees", "fees and charges"
    LOAN = "loan", "loan or bond"


class PartnerType(Choice):
    SME = "sme", "small or medium-sized firm"
    COMPANY = "company", "company"
    NGO = "ngo", "association or charity"
    UNIVERSITY = "university", "university or research institute"
    PUBLIC = "public", "public body"
    CITIZENS = "citizens", "residents"


class PrerequisiteKind(Choice):
    LEGAL = "legal", "Law and rules"
    DATA = "data", "Data"
    STAFF = "staff", "Staff and skills"
    INFRASTRUCTURE = "infrastructure", "Infrastructure"
    POLITICAL = "political", "Political support"
    PARTNER = "partner", "Partners"
    BUDGET = "budget", "Budget"


class EvaluationKind(Choice):
    NONE = "none", "Not evaluated"
    INTERNAL = "internal", "Evaluated by the city itself"
    INDEPENDENT = "independent", "Evaluated independently"


class AdoptionStatus(Choice):
    CONSIDERING = "considering", "Considering it"
    PILOTING = "piloting", "Trying it out"
    ADOPTED = "adopted", "Adopted"
    ADAPTED = "adapted", "Adopted with changes"
    ABANDONED = "abandoned", "Abandoned"


TAKEN_UP = (AdoptionStatus.PILOTING, AdoptionStatus.ADOPTED, AdoptionStatus.ADAPTED)


class ChallengeStatus(Choice):
    """How far an open challenge of the wanted board has come."""

    OPEN = "open", "Open", "An answer is looked for"
    MATCHED = "matched", "Matched", "The city looks into an answer, or tries it out"
    SOLVED = "solved", "Solved", "The city has an answer that works for it"


class TransferOffer(Choice):
    NONE = "none", "None"
    CALL = "call", "A call"
    VISIT = "visit", "A visit"
    MENTORING = "mentoring", "Mentoring"


class ArtefactKind(Choice):
    CODE = "code", "Software"
    TENDER = "tender", "Tender documents"
    BYLAW = "bylaw", "By-law"
    DATASET = "dataset", "Data"
    MANUAL = "manual", "Manual"
    TRAINING = "training", "Training material"
    REPORT = "report", "Report"


class IncomeBand(Choice):
    """World Bank classification of the city's country by income."""

    LOW = "low", "low-income country"
    LOWER_MIDDLE = "lower-middle", "lower-middle-income country"
    UPPER_MIDDLE = "upper-middle", "upper-middle-income country"
    HIGH = "high", "high-income country"


class Power(Choice):
    """What a city may decide itself under the law of its country."""

    PLANNING = "planning", "land-use planning"
    TRANSPORT = "transport", "public transport"
    ROADS = "roads", "roads and parking"
    WATER = "water", "water and sewers"
    WASTE = "waste", "waste"
    ENERGY = "energy", "energy"
    HOUSING = "housing", "housing"
    EDUCATION = "education", "schools"
    HEALTH = "health", "health care"
    SOCIAL_SERVICES = "social-services", "social services"
    POLICING = "policing", "police"
    TAXATION = "taxation", "local taxes"


class SizeBand(Choice):
    """Size of a city by residents; the bands are those that readers compare cities by."""

    UNDER_20K = "under-20k", "under 20,000 residents"
    FROM_20K = "20k-50k", "20,000 to 50,000"
    FROM_50K = "50k-100k", "50,000 to 100,000"
    FROM_100K = "100k-250k", "100,000 to 250,000"
    FROM_250K = "250k-1m", "250,000 to 1 million"
    OVER_1M = "over-1m", "over 1 million"

    @classmethod
    def of(cls, population: int) -> "SizeBand":
        """The band for a number of residents; a limit belongs to the larger band."""
        limits = (20_000, 50_000, 100_000, 250_000, 1_000_000)
        return list(cls)[sum(population >= limit for limit in limits)]


# Nesta's Standards of Evidence, with 0 for a case that gives no account of impact. They say how well the outcome is
# known, whichever it is: that nothing changed can be shown as well as that something did.
EVIDENCE_LEVELS: dict[int, tuple[str, str]] = {
    0: ("No account of impact", "Nothing is said about what came of it"),
    1: ("Plausible", "A clear account of why it should have this effect"),
    2: ("Measured", "Data show what happened; the cause is not shown"),
    3: ("Cause shown", "A comparison shows that it was the cause"),
    4: ("Confirmed", "An independent evaluation or repetition found the same"),
    5: ("Repeatable", "Found the same in several places, with what is needed to repeat it"),
}


class Section(Choice):
    """The sections of a case's body, in their order; the label is the English heading."""

    SITUATION = "situation", "Situation", "The place and the problem before"
    DONE = "done", "What was done", "The measure itself"
    RESULTS = "results", "Results", "What changed, with sources"
    HOW_TO = "how-to", "How to do it", "Steps for a city that wants to repeat it"
    WENT_WRONG = "went-wrong", "What went wrong", "Mistakes, resistance, limits"

    @classmethod
    def named(cls, heading: str) -> "Self | None":
        """The section that begins with an English heading; None where none does."""
        return next((section for section in cls if section.label.casefold() == heading.casefold()), None)


# The languages in which the library expects questions, and so those in which every concept has its word.
LANGUAGES = ("en", "sv", "fi", "da", "de", "nl", "fr", "es", "it", "pt", "pl")
