"""Has anyone solved this? A challenge in somebody's own words, answered with cases, evidence, or an honest no.

Two stages. The engine finds candidates, generously: any word counts. Then each candidate is looked at through
FEATURES, a table of (function, weight); a feature's docstring is what readers see under "How matching works", and what
it finds is `Evidence`: the words of the challenge beside the words of the case.

Strength comes from evidence, never from rank: how much of the challenge the case speaks of, and whether one of its
sentences answers. What is below the threshold is not shown; where nothing is left, the verdict is `none`. How well
a case is proven, how many took it up, how fresh it is and how like the asking city, only order cases of the same
strength; they never make a case an answer.

Cases that failed or were stopped are never hidden: they come as cautions. A typed challenge is never logged or kept.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Self

from innoshare.case import EVIDENCE_LEVELS, Card, City
from innoshare.errors import BadInput
from innoshare.search import Candidate, Candidates, Passage, joined

MIN_WORDS, MAX_WORDS = 3, 2_000  # Below, no sentence to answer; above, no single challenge.
MAX_CHARACTERS = 20_000  # 2,000 words of 9 letters and a space; refuses a megabyte before anything looks at it.

MATCHES = 10  # What a person compares: a short list, not a ranking of everything.

# What a case must speak of to have spoken of all of a challenge, in words of the rarest kind (those that one case alone
# has). A long challenge holds much that no case repeats, so there is a most; and a few words say too little to be
# answered, so there is a least. Found on our judged questions (32 with an answer; against them the same with their
# answers taken away, and 20 that nobody here has solved): area under the curve .922, for 3 to 6 .915, 5 to 8 .915.
LEAST_RARE_WORDS, MOST_RARE_WORDS = 4, 6

# Thresholds on `relevance` (0 to 1), found on the same questions: STRONG calls 81 % of those with an answer solved and
# 8 % of the others; POSSIBLE shows something for 91 % and 25 %. A wrong "solved" costs more than a missed one.
STRONG, POSSIBLE = 0.29, 0.23

NEAREST = 3  # Cases named when nothing answers: a hint what the library has, short enough not to look like an answer.

Marks = tuple[tuple[int, int], ...]  # (start, end) offsets into a text


@dataclass(frozen=True)
class Challenge:
    """A problem somebody brings: `text` of 3 to 2,000 words, from a `city` if given, in a `language` if known."""

    text: str
    city: City | None = None
    language: str = ""

    @classmethod
    def of(cls, text: str, city: City | None = None, language: str = "") -> Self:
        """A challenge within the bounds. Raises BadInput that says what to change."""
        text = text.strip()
        if len(text) > MAX_CHARACTERS:
            raise BadInput([("challenge", f"This is longer than {MAX_CHARACTERS:,} characters. Describe one challenge, "
                                          f"in at most {MAX_WORDS:,} words.")])
        words = len(re.findall(r"\w+", text))
        if words < MIN_WORDS:
            raise BadInput([("challenge", "Describe the challenge in a sentence or two, with at least "
                                          f"{MIN_WORDS} words: what happens, to whom, and what stands in the way. For "
                                          "single words there is the search.")])
        if words > MAX_WORDS:
            raise BadInput([("challenge", f"These are {words:,} words. Describe one challenge, in at most "
                                          f"{MAX_WORDS:,} words.")])
        return cls(text, city, language)


class Strength(StrEnum):
    STRONG = "strong"
    POSSIBLE = "possible"


class Verdict(StrEnum):
    SOLVED = "solved"
    RELATED = "related"
    NONE = "none"


@dataclass(frozen=True)
class Evidence:
    """What one feature found: `score` from 0 to 1, the words of the challenge and of the case that it rests on, and
    where in these texts the words stand that both have (start and end offsets)."""

    feature: str
    label: str
    weight: float
    score: float
    challenge_text: str
    case_text: str
    challenge_marks: Marks = ()
    case_marks: Marks = ()


@dataclass(frozen=True)
class Match:
    """A case that answers a challenge. `score` (0 to 1) is the weighted mean of its evidence; what cannot be said, as
    the likeness of a city that was not given, counts as 0."""

    card: Card
    strength: Strength
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Answer:
    """The verdict on a challenge; `matches` best first, `cautions` the matching cases that failed or were stopped.
    Only where there are neither, `nearest` names what comes nearest without answering."""

    challenge: Challenge
    verdict: Verdict
    matches: tuple[Match, ...]
    cautions: tuple[Match, ...]
    nearest: tuple[Card, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence of the challenge, with the places of the question's words in it, by their indices."""

    text: str
    places: Mapping[int, Marks]

    @classmethod
    def of(cls, text: str, start: int, end: int, places: Mapping[int, Iterable[tuple[int, int]]]) -> Self:
        """The sentence from `start` to `end` of `text`; `places` are offsets into the whole text."""
        inside = text[start:end]
        start += len(inside) - len(inside.lstrip())
        return cls(inside.strip(), {index: tuple((first - start, last - start) for first, last in spans)
                                    for index, spans in places.items()})


@dataclass(frozen=True)
class Finding:
    """What a feature found: a score from 0 to 1, and the words of challenge and case that it rests on, if any."""

    score: float
    challenge_text: str = ""
    case_text: str = ""
    challenge_marks: Marks = ()
    case_marks: Marks = ()


class Question:
    """A challenge as the features see it: its words with their weights, and its sentences."""

    def __init__(self, challenge: Challenge, found: Candidates, today: date) -> None:
        self.challenge, self.words, self.today = challenge, found.words, today
        self.rarest, self.ceiling = found.rarest, found.ceiling

    def weight(self, words: Set[int]) -> float:
        """How much these words weigh together."""
        return sum(self.words[index].weight for index in words)

    @cached_property
    def whole(self) -> float:
        """The weight of words that counts as all of the challenge."""
        everything = self.weight(frozenset(range(len(self.words))))
        return min(max(everything, LEAST_RARE_WORDS * self.rarest), MOST_RARE_WORDS * self.rarest) or 1.0

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the challenge that hold any of its words."""
        text = self.challenge.text
        starts = [0, *(found.end() for found in re.finditer(r"[.!?;:…]\s+|\n+", text))]
        places: dict[int, dict[int, list[tuple[int, int]]]] = {}
        for index, word in enumerate(self.words):
            for span in word.places:
                places.setdefault(bisect_right(starts, span[0]) - 1, {}).setdefault(index, []).append(span)
        return tuple(Sentence.of(text, starts[number], (*starts, len(text))[number + 1], places[number])
                     for number in sorted(places))

    def beside(self, passage: Passage) -> Finding:
        """A passage of a case beside the sentence of the challenge that shares most with it."""
        best = max(self.sentences, key=lambda sentence: self.weight(sentence.places.keys() & passage.words))
        marks = joined(span for index in best.places.keys() & passage.words for span in best.places[index])
        return Finding(min(1.0, self.weight(passage.words) / self.whole), best.text, passage.text, marks,
                       passage.marks)

    def texts(self, words: frozenset[int]) -> str:
        """Those words as they stand in the challenge."""
        return ", ".join(self.words[index].text for index in sorted(words))


@dataclass(frozen=True)
class Subject:
    """What a feature looks at: one candidate, with its card and its city."""

    candidate: Candidate
    card: Card
    city: City


def shared_words(question: Question, subject: Subject) -> Finding | None:
    """How much of your challenge the case speaks of, and how often. Rare words count more than common ones, and a
    word in the title, the summary or the description of the problem more than one in a long text."""
    score = subject.candidate.score / (question.whole * question.ceiling)
    return Finding(min(1.0, score), question.texts(subject.candidate.words))


def same_problem(question: Question, subject: Subject) -> Finding | None:
    """The sentence in which the case tells its problem that shares most with your challenge."""
    return question.beside(subject.candidate.problem) if subject.candidate.problem else None


def answering_sentence(question: Question, subject: Subject) -> Finding | None:
    """The sentence on what was done about it that shares most with your challenge."""
    return question.beside(subject.candidate.answer) if subject.candidate.answer else None


def evidence_level(question: Question, subject: Subject) -> Finding | None:
    """How well the result is proven, on Nesta's Standards of Evidence from 0 to 5."""
    level = subject.card.evidence_level
    return Finding(level / max(EVIDENCE_LEVELS), case_text=f"{level}: {EVIDENCE_LEVELS[level][0]}")


def adoptions(question: Question, subject: Subject) -> Finding | None:
    """How many other places are known to use it or to try it out; ten count as full."""
    count = subject.card.adoptions
    return Finding(min(1.0, math.log1p(count) / math.log(11)), case_text=f"{count} known")


def freshness(question: Question, subject: Subject) -> Finding | None:
    """How recently the text was changed. A text loses half of this in five years."""
    years = max(0.0, (question.today - date.fromisoformat(subject.card.updated)).days / 365.25)
    return Finding(0.5 ** (years / 5), case_text=f"last changed {subject.card.updated}")


def like_your_city(question: Question, subject: Subject) -> Finding | None:
    """How like your city the case's city is: population, density and income band count equally, where known.
    A city ten times larger or smaller counts half, a hundred times not at all; density likewise."""
    yours, theirs = question.challenge.city, subject.city
    if yours is None:
        return None
    parts = [_ratio_fit(yours.population, theirs.population), float(yours.income_band == theirs.income_band)]
    if isinstance(yours.density, float) and isinstance(theirs.density, float) and yours.density and theirs.density:
        parts.append(_ratio_fit(yours.density, theirs.density))
    return Finding(sum(parts) / len(parts), _profile(yours), _profile(theirs))


def _ratio_fit(one: float, other: float) -> float:
    return max(0.0, 1.0 - abs(math.log10(one / other)) / 2)


def _profile(city: City) -> str:
    return f"{city.name}: {city.population:,} residents, {city.income_band.label}"


@dataclass(frozen=True)
class Feature:
    """A way of looking at a candidate. `decides` marks what makes a case an answer; the rest only orders answers."""

    function: Callable[[Question, Subject], Finding | None]
    label: str
    weight: float
    decides: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__.replace("_", "-")

    @property
    def explanation(self) -> str:
        """What readers are told: the function's docstring."""
        assert self.function.__doc__
        return " ".join(self.function.__doc__.split())


# What decides is mostly the ranker's own score, as a share of the best possible. Sentences add nothing to the order
# (nDCG@10 on the two judged collections .380 and .420 without them, .380 and .418 with) and little to the "no", but an
# answer that shows no sentence convinces nobody, so they weigh a fifth. The rest is a stated preference, too small to
# lift a case over a more relevant one: proof and fit before popularity, that before age.
FEATURES = (
    Feature(shared_words, "Words in common", 0.8, decides=True),
    Feature(same_problem, "The same problem", 0.1, decides=True),
    Feature(answering_sentence, "A sentence that answers", 0.1, decides=True),
    Feature(evidence_level, "How well it is proven", 0.04),
    Feature(like_your_city, "A city like yours", 0.04),
    Feature(adoptions, "Taken up elsewhere", 0.02),
    Feature(freshness, "How fresh the text is", 0.01),
)


DECISIVE_WEIGHT = sum(feature.weight for feature in FEATURES if feature.decides)
FULL_WEIGHT = sum(feature.weight for feature in FEATURES)


@dataclass(frozen=True)
class Judged:
    """A candidate after all features have looked at it. `relevance` and `score` are from 0 to 1."""

    card: Card
    relevance: float
    score: float
    evidence: tuple[Evidence, ...]

    @property
    def strength(self) -> Strength | None:
        """None where there is too little evidence to call it an answer."""
        if self.relevance < POSSIBLE:
            return None
        return Strength.STRONG if self.relevance >= STRONG else Strength.POSSIBLE

    @property
    def order(self) -> tuple[int, float, str]:
        """Stronger first; within a strength the higher score; then the slug, so that order never wavers."""
        return [Strength.STRONG, Strength.POSSIBLE, None].index(self.strength), -self.score, self.card.slug


def judge(challenge: Challenge, found: Candidates, cards: Mapping[str, Card], cities: Mapping[str, City],
          ) -> list[Judged]:
    """Look closely at the candidates `found` for a challenge: all of them, best first.

    `cards` and `cities` hold the candidates' cards and the cards' cities.
    """
    question = Question(challenge, found, datetime.now(UTC).date())
    judged = [_judge(question, Subject(candidate, card, cities[card.city]))
              for candidate in found.candidates if (card := cards.get(candidate.slug))]
    return sorted(judged, key=lambda item: item.order)


def answer(challenge: Challenge, judged: Sequence[Judged], limit: int = MATCHES) -> Answer:
    """The answer that `judged` candidates give: at most `limit` matches and as many cautions, best first."""
    shown = [(item.card.is_warning, Match(item.card, item.strength, item.score, item.evidence))
             for item in judged if item.strength]
    matches = tuple(match for warns, match in shown if not warns)[:limit]
    cautions = tuple(match for warns, match in shown if warns)[:limit]
    verdict = Verdict.RELATED if shown else Verdict.NONE
    if any(match.strength is Strength.STRONG for match in matches):
        verdict = Verdict.SOLVED
    nearest = () if shown else tuple(item.card for item in judged[:NEAREST])
    return Answer(challenge, verdict, matches, cautions, nearest)


def _judge(question: Question, subject: Subject) -> Judged:
    evidence, decided, in_all = [], 0.0, 0.0
    for feature in FEATURES:
        finding = feature.function(question, subject)
        if finding is None:
            continue
        in_all += feature.weight * finding.score
        if feature.decides:
            decided += feature.weight * finding.score
        evidence.append(Evidence(feature.name, feature.label, feature.weight, round(finding.score, 3),
                                 finding.challenge_text, finding.case_text, finding.challenge_marks,
                                 finding.case_marks))
    return Judged(subject.card, decided / DECISIVE_WEIGHT, round(in_all / FULL_WEIGHT, 4), tuple(evidence))
