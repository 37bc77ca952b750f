"""What a library holds, in numbers: where it is strong, and where an editor should look for cases next.

Counted over the published cases of a content folder. A translation tells the same case once more, so cases are counted
without it. Every value of a vocabulary is named, those without a case too: a gap is what one looks for.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from babel import Locale

from innoshare import content
from innoshare.case import Case, OpenChallenge
from innoshare.choices import EVIDENCE_LEVELS, AdoptionStatus, ChallengeStatus, Outcome, SizeBand, Stage
from innoshare.content import Content
from innoshare.edition import country_name

# From how many cases on there is a choice: two can be one and its copy.
CHOICE = 3
SMALL = (SizeBand.UNDER_20K, SizeBand.FROM_20K)
UNSUCCESSFUL = (Outcome.MIXED, Outcome.NONE, Outcome.NEGATIVE)

_ENGLISH = Locale("en")


@dataclass(frozen=True)
class Group:
    """Numbers that are read together: label -> how many."""

    title: str
    counts: Mapping[str, int]


def holdings(found: Content) -> tuple[Group, ...]:
    """What the valid files of a content folder hold."""
    originals = content.originals(found.cases)
    every, cases = ([found.cases[slug] for slug in dict.fromkeys(slugs)] for slugs in (originals, originals.values()))
    countries = Counter(country_name(found.cities[case.city].country) for case in cases)
    sizes = Counter(found.cities[case.city].size_band for case in cases)
    words = sorted(len(case.body.split()) for case in cases)
    adoptions = [adoption for case in cases for adoption in case.adoptions]
    return (
        Group("The library", {
            "Cases": len(cases),
            "Translations of them": len(every) - len(cases),
            "Written in another language than English": sum(case.language != "en" for case in cases),
            "Cities": len(found.cities),
            "Countries with a case": len(countries),
            "Cases from the country with most": max(countries.values(), default=0),
            "Cases of cities below 50,000 residents": sum(sizes[band] for band in SMALL),
            "Open challenges": len(found.challenges),
        }),
        Group("What came of it", {
            **{outcome.label: sum(case.outcome is outcome for case in cases) for outcome in Outcome},
            "Mixed, none, negative or discontinued": sum(
                case.outcome in UNSUCCESSFUL or case.stage is Stage.DISCONTINUED for case in cases),
        }),
        Group("Stage", {stage.label: sum(case.stage is stage for case in cases) for stage in Stage}),
        Group("Evidence", {f"{level} {label}": sum(case.evidence_level == level for case in cases)
                           for level, (label, _) in EVIDENCE_LEVELS.items()}),
        Group("Taken up elsewhere", {
            "Cases that name who took them up": sum(bool(case.adoptions) for case in cases),
            "Places that are named": len(adoptions),
            **{status.label: sum(adoption.status is status for adoption in adoptions) for status in AdoptionStatus},
        }),
        *(Group(title, _used(name, cases, found)) for name, title in (
            ("themes", "Themes"), ("challenge_types", "Kinds of challenges"), ("approaches", "Approaches"))),
        Group(f"A theme and a kind of challenge with {CHOICE} cases or more", _choices(cases, found)),
        Group("Size of the city", {band.label: sizes[band] for band in SizeBand}),
        Group("Countries", dict(sorted(countries.items(), key=lambda item: (-item[1], item[0])))),
        Group("Languages", dict(Counter(_ENGLISH.languages.get(case.language, case.language)
                                        for case in every).most_common())),
        Group("Fields that say something", {
            name: sum(_says(getattr(case, name)) for case in cases)
            for name, field in Case.front_matter()
            if not field.is_required() and name not in ("licence", "translation_of", "translations")}),
        Group("Words of text", {"Fewest": words[0], "Half have more than": words[len(words) // 2],
                                "Most": words[-1]} if words else {}),
        Group("The wanted board", _by_status(found.challenges.values())),
    )


def _used(name: str, cases: Iterable[Case], found: Content) -> dict[str, int]:
    used = Counter(value for case in cases for value in getattr(case, name))
    return {term.label["en"]: used[slug] for slug, term in found.vocabulary.get(name, {}).items()}


def _choices(cases: Iterable[Case], found: Content) -> dict[str, int]:
    pairs = Counter(pair for case in cases for pair in product(case.themes, case.challenge_types))
    labels = {slug: term.label["en"] for terms in found.vocabulary.values() for slug, term in terms.items()}
    return {f"{labels[theme]}: {labels[kind].lower()}": count for (theme, kind), count in pairs.most_common()
            if count >= CHOICE}


def _says(value: object) -> bool:
    """Whether a field holds a fact; `unknown` is an honest answer, and none."""
    if isinstance(value, Collection) and not isinstance(value, str):
        return len(value) > 0
    return value not in (None, "unknown")


def _by_status(challenges: Iterable[OpenChallenge]) -> dict[str, int]:
    counts = Counter(challenge.status for challenge in challenges)
    return {status.label: counts[status] for status in ChallengeStatus}
