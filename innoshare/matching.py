"""Has anyone solved this? A challenge in somebody's own words, answered with cases, evidence, or an honest no.

Two stages. The engine finds candidates, generously: any word counts. Then each candidate is looked at through
FEATURES, a table of (function, weight); a feature's docstring is what readers see under "How matching works", and what
it finds is `Evidence`: the words of the challenge beside the words of the case.

Strength comes from evidence, never from rank: how much of the challenge the case speaks of, in the same words or the
same concepts, how near it is in meaning, and whether one of its sentences answers. What is below the threshold is not
shown; where nothing is left, the verdict is `none`. Among cases of the same strength the engine's order counts most.
How like the asking city, how well proven, how often taken up and how fresh a case is can change places of near ones;
it never makes a case an answer.

Cases that failed or were stopped are never hidden: they come as cautions. A typed challenge is never logged or kept.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol, Self

from innoshare.case import Card, City, Concept
from innoshare.choices import EVIDENCE_LEVELS
from innoshare.errors import BadInput
from innoshare.search import CANDIDATES, Candidate, Candidates, Engine, Passage, joined

MIN_WORDS, MAX_WORDS = 3, 2_000  # Below, no sentence to answer; above, no single challenge.
MAX_CHARACTERS = 20_000  # 2,000 words of 9 letters and a space; refuses a megabyte before anything looks at it.

MATCHES = 10  # What a person compares: a short list, not a ranking of everything.

# What a case must speak of to have spoken of all of a challenge, in words (or concepts) of the rarest kind, those that
# one case alone has. A long challenge holds much that no case repeats, so there is a most; and a few words say too
# little to be answered, so there is a least. Found on our judged questions, with words alone, by the area under the
# curve (see STRONG): 4 to 6 words .922, 3 to 6 .915, 5 to 8 .915.
LEAST_RARE_WORDS, MOST_RARE_WORDS = 4, 6
LEAST_RARE_CONCEPTS, MOST_RARE_CONCEPTS = 1, 4

# Thresholds on `relevance` (0 to 1), found on two judged collections, each question asked of all cases and again
# without those that answer it (`innoshare evaluate`); a wrong "solved" costs more than a missed one, which still shows
# as possible. Found on 70 questions to 26 cases: STRONG called 75 % of those in English and 50 % of those in ten
# other languages solved where they were, and 6 % where they were not; POSSIBLE showed something for 82 % and 11 %. Now
# there are 88 cases and 64 more questions, which nobody had seen, and with STRONG .34 and POSSIBLE .28 it was 41 %,
# 51 % and 16 %, and 67 % and 33 %. A hundredth more for STRONG and two for POSSIBLE make it 38 %, 49 % and 14 %, and
# 62 % and 25 %: of 34 challenges that nothing answers, 76 % instead of 65 % are told so. On 5,260 short records, judged
# by finer shades of the same theme, STRONG says 41 % and 20 %. How far the best stands out from the other candidates
# was tried beside it, and tells nothing more (.68 to .71 by the area under the curve, .72 without).
STRONG, POSSIBLE = 0.35, 0.30

SCORE_DIGITS = 4  # Of a score: beyond, two cases answer equally well.

# Beside a case that answers well, one with less than this share of its relevance is not called strong, whatever it has:
# of a dozen challenges looked at one by one, it shared a word or two. Below NEAR a case has nothing to do with it.
BESIDE = 0.65
NEAR = 0.1

NEAREST = 3  # Cases named when nothing answers: a hint what the library has, short enough not to look like an answer.

THEMES = 2  # What a challenge is said to be about: its main theme and one beside it.

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
    """A case that answers a challenge. `score` (0 to 1) orders matches of the same strength."""

    card: Card
    strength: Strength
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Answer:
    """The verdict on a challenge in `language` ("" = not known); `matches` best first, `cautions` the matching cases
    that failed or were stopped. Only where there are neither, `nearest` names what comes nearest without answering.

    `themes` are what the challenge is about, by its concepts, most spoken of first. `reordered` says that cases stand
    elsewhere than they would if no city had been given.
    """

    challenge: Challenge
    language: str
    verdict: Verdict
    matches: tuple[Match, ...]
    cautions: tuple[Match, ...]
    nearest: tuple[Card, ...] = ()
    themes: tuple[str, ...] = ()
    reordered: bool = False


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
    """A challenge as the features see it: its words and concepts with their weights, and its sentences."""

    def __init__(self, challenge: Challenge, found: Candidates, concepts: Mapping[str, Concept], today: date) -> None:
        self.challenge, self.language, self.words, self.today = challenge, found.language, found.words, today
        self.rarest, self.ceiling, self._concepts = found.rarest, found.ceiling, concepts
        self.has_meaning = any(candidate.nearness for candidate in found.candidates)

    def weight(self, words: Set[int]) -> float:
        """How much these words weigh together."""
        return sum(self.words[index].weight for index in words)

    @cached_property
    def concepts(self) -> frozenset[int]:
        """The indices of its concepts; all others are words."""
        return frozenset(index for index, word in enumerate(self.words) if word.concept)

    @cached_property
    def whole(self) -> float:
        """The weight of words that counts as all of the challenge."""
        everything = self.weight(frozenset(range(len(self.words))) - self.concepts)
        return min(max(everything, LEAST_RARE_WORDS * self.rarest), MOST_RARE_WORDS * self.rarest) or 1.0

    @cached_property
    def whole_concepts(self) -> float:
        """The same for concepts."""
        return min(max(self.weight(self.concepts), LEAST_RARE_CONCEPTS * self.rarest),
                   MOST_RARE_CONCEPTS * self.rarest) or 1.0

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the challenge that hold any of its words; all of it, where no word was looked at."""
        text = self.challenge.text
        starts = [0, *(found.end() for found in re.finditer(r"[.!?;…]\s+|\n+", text))]
        places: dict[int, dict[int, list[tuple[int, int]]]] = {}
        for index, word in enumerate(self.words):
            for span in word.places:
                places.setdefault(bisect_right(starts, span[0]) - 1, {}).setdefault(index, []).append(span)
        return tuple(Sentence.of(text, starts[number], (*starts, len(text))[number + 1], places[number])
                     for number in sorted(places)) or (Sentence(text, {}),)

    def is_in(self, language: str) -> bool:
        """Whether a case in `language` can share words with the challenge; taken for so where its own is not known."""
        return self.language in (language, "")

    def beside(self, passage: Passage, language: str) -> Finding:
        """A passage of a case in `language` beside the sentence of the challenge that shares most with it, or that says
        most where only the meaning is near. In another language concepts stand for the words."""
        shared = passage.words or frozenset(range(len(self.words)))
        best = max(self.sentences, key=lambda sentence: self.weight(sentence.places.keys() & shared))
        marks = joined(span for index in best.places.keys() & passage.words for span in best.places[index])
        share = self.weight(passage.words - self.concepts) / self.whole
        if not self.is_in(language):
            share = self.weight(passage.words & self.concepts) / self.whole_concepts
        return Finding(min(1.0, max(share, passage.nearness)), best.text, passage.text, marks, passage.marks)

    def texts(self, words: frozenset[int]) -> str:
        """Those words as they stand in the challenge."""
        return ", ".join(dict.fromkeys(self.words[index].text for index in sorted(words)))

    def longest(self, words: frozenset[int]) -> frozenset[int]:
        """The concepts among those words, without those that stand only within another of them."""
        spans = {index: self.words[index].places for index in words & self.concepts}
        return frozenset(index for index, own in spans.items() if any(
            not any(first <= start and end <= last and (first, last) != (start, end)
                    for others in spans.values() for first, last in others) for start, end in own))

    def names(self, words: frozenset[int]) -> str:
        """What those concepts are called in the language of the challenge."""
        return ", ".join(self._concepts[slug].label_in(self.language) for index in sorted(words)
                         if (slug := self.words[index].concept) in self._concepts)


@dataclass(frozen=True)
class Subject:
    """What a feature looks at: one candidate, with its card and its city."""

    candidate: Candidate
    card: Card
    city: City


def shared_words(question: Question, subject: Subject) -> Finding | None:
    """How much of your challenge the case speaks of in the same words, and how often. Rare words count more than common
    ones, and a word in the title, the summary or the description of the problem more than one in a long text."""
    score = subject.candidate.shared / (question.whole * question.ceiling)
    return Finding(min(1.0, score), question.texts(subject.candidate.words - question.concepts))


def shared_concepts(question: Question, subject: Subject) -> Finding | None:
    """How many concepts of city life, as “rough sleeping” or “congestion charge”, both speak of, in whatever words
    and language. Rare concepts count more than common ones."""
    held = question.longest(subject.candidate.words)
    score = subject.candidate.common / (question.whole_concepts * question.ceiling)
    return Finding(min(1.0, score), question.texts(held), question.names(held))


def near_in_meaning(question: Question, subject: Subject) -> Finding | None:
    """How near the beginning of the case (title, summary, problem) is to your challenge in meaning, as a language model
    sees it; it knows nothing of what works."""
    return Finding(subject.candidate.nearness or 0.0)


def same_problem(question: Question, subject: Subject) -> Finding | None:
    """The sentence in which the case tells its problem that comes closest to your challenge."""
    return question.beside(subject.candidate.problem, subject.card.language) if subject.candidate.problem else None


def answering_sentence(question: Question, subject: Subject) -> Finding | None:
    """The sentence on what was done about it that comes closest to your challenge."""
    return question.beside(subject.candidate.answer, subject.card.language) if subject.candidate.answer else None


def evidence_level(question: Question, subject: Subject) -> Finding | None:
    """How well the result is proven, on Nesta's Standards of Evidence from 0 to 5."""
    level = subject.card.evidence_level
    return Finding(level / max(EVIDENCE_LEVELS), case_text=f"{level}: {EVIDENCE_LEVELS[level][0]}")


def adoptions(question: Question, subject: Subject) -> Finding | None:
    """How many other places are known to use it or to try it out; ten count as full."""
    count = subject.card.taken_up
    return Finding(min(1.0, math.log1p(count) / math.log(11)), case_text=f"{count} known")


def freshness(question: Question, subject: Subject) -> Finding | None:
    """How recently somebody said that the text is true. It loses half of this in five years."""
    years = max(0.0, (question.today - date.fromisoformat(subject.card.checked)).days / 365.25)
    return Finding(0.5 ** (years / 5), case_text=f"last checked {subject.card.checked}")


def like_your_city(question: Question, subject: Subject) -> Finding | None:
    """How like your city the case's city is: population, density, income band and powers count equally, where both are
    known. A city ten times larger or smaller counts half, a hundred times not at all; density likewise. Powers count by
    the share of those of either city that both have."""
    yours, theirs = question.challenge.city, subject.city
    assert yours
    parts = [_ratio_fit(yours.population, theirs.population), float(yours.income_band == theirs.income_band)]
    if isinstance(yours.density, float) and isinstance(theirs.density, float) and yours.density and theirs.density:
        parts.append(_ratio_fit(yours.density, theirs.density))
    if isinstance(yours.powers, list) and isinstance(theirs.powers, list) and (yours.powers or theirs.powers):
        mine, other = set(yours.powers), set(theirs.powers)
        parts.append(len(mine & other) / len(mine | other))
    return Finding(sum(parts) / len(parts), _profile(yours), _profile(theirs))


def _ratio_fit(one: float, other: float) -> float:
    return max(0.0, 1.0 - abs(math.log10(one / other)) / 2)


def _profile(city: City) -> str:
    return f"{city.name}: {city.population:,} residents, {city.income_band.label}"


@dataclass(frozen=True)
class Feature:
    """A way of looking at a candidate. `decides` marks what makes a case an answer; the rest only orders answers. Where
    it can say nothing (`applies`), it counts neither for nor against."""

    function: Callable[[Question, Subject], Finding | None]
    label: str
    weight: float
    decides: bool = False
    applies: Callable[[Question, Subject], bool] = lambda question, subject: True

    @property
    def name(self) -> str:
        return self.function.__name__.replace("_", "-")

    @property
    def explanation(self) -> str:
        """What readers are told: the function's docstring."""
        assert self.function.__doc__
        return " ".join(self.function.__doc__.split())


# Weights of what decides were found by the area under the curve (see STRONG) on our own questions in English and on a
# judged collection of 5,260 records: words alone .920 and .584, concepts .865 and .574, nearness .851 and .641; these
# together .956 and .655. Sentences add little to that, but an answer that shows no sentence convinces nobody. A case in
# another language than the challenge shares no words by nature, so these do not count there (.847 with them, .877
# without, over all our own questions).
#
# The rest is a stated preference, in parts of a score of which FIT is the engine's order: enough to change places of
# cases that answer about equally well. Fit to the asking city before proof, that before popularity and age.
FEATURES = (
    Feature(shared_words, "Words in common", 0.4, decides=True,
            applies=lambda question, subject: question.is_in(subject.card.language)),
    Feature(shared_concepts, "Concepts in common", 0.2, decides=True,
            applies=lambda question, subject: bool(question.concepts)),
    Feature(near_in_meaning, "Near in meaning", 0.4, decides=True,
            applies=lambda question, subject: question.has_meaning),
    Feature(same_problem, "The same problem", 0.1, decides=True),
    Feature(answering_sentence, "A sentence that answers", 0.1, decides=True),
    Feature(like_your_city, "A city like yours", 0.2,
            applies=lambda question, subject: question.challenge.city is not None),
    Feature(evidence_level, "How well it is proven", 0.04),
    Feature(adoptions, "Taken up elsewhere", 0.02),
    Feature(freshness, "How fresh the text is", 0.01),
)

FIT = 1.0 - sum(feature.weight for feature in FEATURES if not feature.decides)


@dataclass(frozen=True)
class Judged:
    """A candidate after all features have looked at it. `relevance` decides how strongly it answers, `score` orders
    those that answer as strongly; both are from 0 to 1. `strength` is None where there is too little evidence to call
    it an answer; `city` is the part of the score that the asking city made."""

    card: Card
    relevance: float
    score: float
    evidence: tuple[Evidence, ...]
    strength: Strength | None
    city: float = 0.0

    @property
    def order(self) -> tuple[bool, float, str]:
        """What answers first, of that the higher score; then the slug, so that order never wavers."""
        return self.strength is None, -self.score, self.card.slug

    def order_shown(self, city: bool = True) -> tuple[bool, float, str]:
        """The order in an answer: stronger first. Without `city`, as if none had asked."""
        score = self.score if city else round(self.score - self.city, SCORE_DIGITS)
        return self.strength is not Strength.STRONG, -score, self.card.slug


def judge(challenge: Challenge, found: Candidates, cards: Mapping[str, Card], cities: Mapping[str, City],
          concepts: Mapping[str, Concept]) -> list[Judged]:
    """Look closely at the candidates `found` for a challenge: all of them, best first.

    `cards` and `cities` hold the candidates' cards and the cards' cities, `concepts` those of the challenge.
    """
    question = Question(challenge, found, concepts, datetime.now(UTC).date())
    best = max((candidate.score for candidate in found.candidates), default=0.0) or 1.0
    judged = [_judge(question, Subject(candidate, card, cities[card.city]), candidate.score / best)
              for candidate in found.candidates if (card := cards.get(candidate.slug))]
    strong = max(STRONG, BESIDE * max((item.relevance for item in judged), default=0.0))
    judged = [replace(item, strength=None if item.relevance < POSSIBLE else
                      Strength.STRONG if item.relevance >= strong else Strength.POSSIBLE) for item in judged]
    return sorted(judged, key=lambda item: item.order)


def answer(challenge: Challenge, found: Candidates, judged: Sequence[Judged], concepts: Mapping[str, Concept],
           limit: int = MATCHES) -> Answer:
    """The answer that `judged` candidates give: at most `limit` matches and as many cautions, best first."""
    shown = sorted((item for item in judged if item.strength), key=lambda item: item.order_shown())
    solutions, warnings = ([item for item in shown if item.card.is_warning is warns] for warns in (False, True))
    matches, cautions = (tuple(Match(item.card, item.strength, item.score, item.evidence) for item in part[:limit]
                               if item.strength) for part in (solutions, warnings))
    verdict = Verdict.RELATED if shown else Verdict.NONE
    if any(match.strength is Strength.STRONG for match in matches):
        verdict = Verdict.SOLVED
    themes = Counter(theme for word in found.words if word.concept in concepts
                     for theme in concepts[word.concept].themes[:1])
    return Answer(challenge, found.language, verdict, matches, cautions,
                  nearest=() if shown else tuple(item.card for item in judged[:NEAREST] if item.relevance >= NEAR),
                  themes=tuple(theme for theme, _ in themes.most_common(THEMES)),
                  reordered=any(_changed(part, limit) for part in (solutions, warnings)))


class Shelf(Protocol):
    """Where a matcher looks up what candidates are."""

    def cards(self, slugs: Iterable[str]) -> dict[str, Card]: ...

    def concepts(self, slugs: Iterable[str]) -> dict[str, Concept]: ...


@dataclass(frozen=True)
class Matcher:
    """Answers challenges from the candidates of an engine. `cities` are those of all cases."""

    engine: Engine
    shelf: Shelf
    cities: Mapping[str, City]

    def match(self, challenge: Challenge, limit: int = MATCHES) -> Answer:
        """Who has solved this, on what evidence; or `none`."""
        found, concepts, judged = self._judged(challenge, CANDIDATES)
        return answer(challenge, found, judged, concepts, limit)

    def rank(self, challenge: Challenge, limit: int = CANDIDATES) -> list[Judged]:
        """The `limit` best candidates for a challenge, best first, also those too weak to be shown as an answer."""
        return self._judged(challenge, limit)[2]

    def _judged(self, challenge: Challenge, limit: int) -> tuple[Candidates, Mapping[str, Concept], list[Judged]]:
        found = self.engine.candidates(challenge.text, challenge.language, limit)
        concepts = self.shelf.concepts(word.concept for word in found.words if word.concept)
        cards = self.shelf.cards(candidate.slug for candidate in found.candidates)
        return found, concepts, judge(challenge, found, cards, self.cities, concepts)


def _changed(shown: Sequence[Judged], limit: int) -> bool:
    """Whether the first `limit` are others, or stand elsewhere, than if no city had asked."""
    return sorted(shown, key=lambda item: item.order_shown(city=False))[:limit] != list(shown[:limit])


def _judge(question: Question, subject: Subject, fit: float) -> Judged:
    evidence: list[Evidence] = []
    decided, decisive, preferred, city = 0.0, 0.0, 0.0, 0.0
    for feature in FEATURES:
        if not feature.applies(question, subject):
            continue
        decisive += feature.weight if feature.decides else 0.0
        finding = feature.function(question, subject)
        if finding is None:
            continue
        part = feature.weight * finding.score
        if feature.decides:
            decided += part
        else:
            preferred += part
            city += part if feature.function is like_your_city else 0.0
        evidence.append(Evidence(feature.name, feature.label, feature.weight, round(finding.score, 3),
                                 finding.challenge_text, finding.case_text, finding.challenge_marks,
                                 finding.case_marks))
    score = round(FIT * fit + preferred, SCORE_DIGITS)
    return Judged(subject.card, decided / decisive, score, tuple(evidence), None, city)
