"""The matcher answers with evidence, orders honestly, and can say no."""

from dataclasses import replace
from datetime import date

import pytest

from innoshare import matching
from innoshare.case import Card, City
from innoshare.choices import IncomeBand, Outcome, Stage
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import FEATURES, MAX_WORDS, Challenge, Strength, Verdict
from innoshare.search import Candidate, Candidates, QuestionWord


@pytest.mark.parametrize("text", ["", "  ", "heat", "too short", "?!? ...", "word " * (MAX_WORDS + 1), "x" * 1_000_000])
def test_a_challenge_outside_the_bounds_is_refused_with_advice(text: str) -> None:
    with pytest.raises(BadInput) as error:
        Challenge.of(text)
    ((field, advice),) = error.value.mistakes
    assert field == "challenge"
    assert "escribe" in advice


def test_the_bounds_themselves_are_allowed() -> None:
    assert Challenge.of(" three plain words ").text == "three plain words"
    assert Challenge.of("word " * MAX_WORDS)


def challenge_of(library: Library, slug: str) -> Challenge:
    return Challenge.of(library.entry(slug).case.challenge)


def published(library: Library) -> list[str]:
    return [card.slug for card in library.cases(1, 50)[1]]


def test_every_case_answers_its_own_challenge_strongly(library: Library) -> None:
    for slug in published(library):
        answer = library.match(challenge_of(library, slug))
        best = (*answer.matches, *answer.cautions)[0] if not library.entry(slug).case.is_warning else answer.cautions[0]
        assert best.card.slug == slug
        assert best.strength is Strength.STRONG


def test_the_evidence_is_sentences_of_the_case_beside_those_of_the_challenge(library: Library) -> None:
    for slug in published(library):
        entry = library.entry(slug)
        challenge = Challenge.of(f"{entry.case.challenge} {entry.case.summary}")
        answer = library.match(challenge)
        evidence = {item.feature: item for item in (*answer.matches, *answer.cautions)[0].evidence}
        if entry.case.is_warning:
            evidence = {item.feature: item for item in answer.cautions[0].evidence}
        everything = " ".join(f"{entry.case.challenge} {entry.case.summary} {entry.rendered.text}".split())
        assert evidence["same-problem"].case_text in " ".join(f"{entry.case.challenge} {entry.rendered.text}".split())
        assert evidence["answering-sentence"].case_text in everything
        for item in (evidence["same-problem"], evidence["answering-sentence"]):
            assert item.challenge_text in challenge.text
            assert 0 < item.score <= 1
            for text, marks in ((item.challenge_text, item.challenge_marks), (item.case_text, item.case_marks)):
                assert marks
                assert all(0 <= start < end <= len(text) and text[start:end].strip() for start, end in marks)
            words = [[text[start:end].lower()[:4] for start, end in marks] for text, marks in (
                (item.challenge_text, item.challenge_marks), (item.case_text, item.case_marks))]
            assert set(words[0]) & set(words[1]), "the marked words are the shared ones"


def test_nothing_like_it_in_the_library_gives_none(library: Library) -> None:
    answer = library.match(Challenge.of("Our opera house has lost its first violins and the ballet shoes are worn out"))
    assert answer.verdict is Verdict.NONE
    assert answer.matches == answer.cautions == ()


@pytest.mark.parametrize("text", [
    "the of and", "!!! ??? ... about between during", "\u202e\u0000 zzqx qqzx xqzz", "🚲 🚲 🚲 a b c"])
def test_words_that_say_nothing_give_none(library: Library, text: str) -> None:
    assert library.match(Challenge.of(text)).verdict is Verdict.NONE


def test_failed_cases_come_as_cautions_and_are_never_the_solution(library: Library) -> None:
    failed = [slug for slug in published(library) if library.entry(slug).case.is_warning]
    assert failed
    for slug in failed:
        answer = library.match(challenge_of(library, slug))
        assert slug in [match.card.slug for match in answer.cautions]
        assert slug not in [match.card.slug for match in answer.matches]


def test_a_city_orders_but_never_drags_in_a_case(library: Library) -> None:
    slug = published(library)[0]
    challenge = challenge_of(library, slug)
    without = library.match(challenge)
    for city in library.cities.values():
        answer = library.match(replace(challenge, city=city))
        assert {(match.card.slug, match.strength) for match in answer.matches} == {
            (match.card.slug, match.strength) for match in without.matches}
        assert all(any(item.feature == "like-your-city" for item in match.evidence) for match in answer.matches)


def place(**changes: object) -> City:
    fields: dict[str, object] = {
        "slug": "testby", "body": "", "name": "Testby", "country": "SE", "population": 100_000,
        "population_year": 2020, "population_source": "https://example.org/", "latitude": 60.0, "longitude": 18.0,
        "income_band": IncomeBand.HIGH} | changes
    return City.model_validate(fields)


@pytest.mark.parametrize(("mine", "theirs", "score"), [
    (place(), place(), 1.0),
    (place(), place(population=1_000_000), 0.75),
    (place(), place(population=10_000_000), 0.5),
    (place(), place(income_band=IncomeBand.LOW), 0.5),
    (place(density=1000.0), place(density=10.0), (1 + 1 + 0) / 3),
    (place(density="unknown"), place(density=10.0), 1.0),
    (place(powers=["water", "waste"]), place(powers=["water", "roads"]), (1 + 1 + 1 / 3) / 3),
    (place(powers="unknown"), place(powers=["water"]), 1.0),
])
def test_likeness_of_cities(mine: City, theirs: City, score: float) -> None:
    question = matching.Question(Challenge("text", mine), Candidates("", (), (), 1.0, 1.0), {}, date(2026, 1, 1))
    subject = matching.Subject(candidate=None, card=None, city=theirs)  # type: ignore[arg-type]  # It looks at cities only.
    found = matching.like_your_city(question, subject)
    assert found
    assert found.score == pytest.approx(score)


def test_every_feature_explains_itself_to_readers() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    for feature in FEATURES:
        assert feature.explanation.endswith(".")
        assert feature.weight > 0


def test_two_questions_asked_twice_get_the_same_answer(library: Library) -> None:
    challenge = challenge_of(library, published(library)[1])
    assert library.match(challenge) == library.match(challenge)


def judged(first: dict[str, object], second: dict[str, object], mine: City | None = None, other: City | None = None,
           asking: City | None = None) -> list[matching.Judged]:
    """Two candidates with the same words, whose cards differ by what is given; the first one's city is like `mine`, the
    second one's is `other`. In their order for a challenge of the city `asking`."""
    fields: dict[str, object] = {
        "title": "A title", "summary": "A summary", "language": "en", "city_name": "Testby", "country": "SE",
        "country_name": "Sweden", "year": 2020, "stage": Stage.IMPLEMENTED, "outcome": Outcome.POSITIVE,
        "evidence_level": 2, "themes": (), "taken_up": 1, "updated": "2024-01-01", "checked": "2024-01-01",
        "is_warning": False}
    cards = {"a": Card(slug="a", city="here", **(fields | second)),  # type: ignore[arg-type]  # of the fields above
             "b": Card(slug="b", city="there", **(fields | first))}  # type: ignore[arg-type]  # likewise
    words = (QuestionWord("flood", ((0, 5),), 3.0),)
    found = Candidates("en", words, tuple(Candidate(slug, 1.0, 30.0, 0.0, None, frozenset({0}), None, None)
                                           for slug in cards), 3.0, 2.5)
    cities = {"there": mine or place(), "here": other or place()}
    return matching.judge(Challenge("flood here again", asking or mine), found, cards, cities, {})


def order(*arguments: dict[str, object], **cities: City) -> list[str]:
    first, second = arguments
    return [item.card.slug for item in judged(first, second, **cities)]


def test_of_two_equal_answers_the_better_proven_the_more_used_and_the_fresher_comes_first() -> None:
    assert order({}, {}) == ["a", "b"], "otherwise by slug"
    assert order({"evidence_level": 4}, {}) == ["b", "a"]
    assert order({"taken_up": 5}, {}) == ["b", "a"]
    assert order({"checked": "2025-01-01"}, {"checked": "2015-01-01"}) == ["b", "a"]


def test_of_two_equal_answers_the_one_from_a_city_like_yours_comes_first() -> None:
    small, large = place(population=20_000), place(population=5_000_000, income_band=IncomeBand.LOW)
    assert order({}, {}, mine=small, other=large) == ["b", "a"]
    assert order({}, {}, mine=large, other=small) == ["b", "a"]


def test_an_answer_says_whether_the_asking_city_changed_its_order() -> None:
    small, large = place(population=20_000), place(population=5_000_000, income_band=IncomeBand.LOW)
    for asking, changed in ((small, True), (large, False)):
        found = judged({}, {}, mine=small, other=large, asking=asking)
        answer = matching.answer(Challenge("flood here again", asking), Candidates("en", (), (), 3.0, 2.5), found, {})
        assert answer.reordered is changed


def test_proof_does_not_lift_a_case_over_a_stronger_answer(library: Library) -> None:
    slug = published(library)[0]
    answer = library.match(challenge_of(library, slug))
    for matches in (answer.matches, answer.cautions):
        strengths = [match.strength is not Strength.STRONG for match in matches]
        assert strengths == sorted(strengths)
