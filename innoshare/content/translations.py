"""One case in several languages: which version is the original, and does each say the same as the others?

A translation names its original under `translation_of`, and the original need not know of it; versions that were
written side by side name each other under `translations`. `originals` tells which files are one case.

A translation tells the same story in other words, but its facts are the same: city, start, outcome. Each version has a
file of its own, so nobody who changes one sees that the others have fallen behind; `mismatches` sees it. What a single
file says wrongly (a case that does not exist, a language twice) `rules` has told already.

Decision: what would lead readers astray is an error, namely a link to another language than it says, or to a case of
another city. That a version has fallen behind in its facts is advice: whoever corrects one often cannot write the
language of the other, and must not be kept from correcting.

Decision: who has taken a case up is known of the case, not of one of its files. It is added to the original, by the
smallest of changes, and each translation has it too (`with_ledger`); what a translation lists itself tells it in its
language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from innoshare.case import Case
from innoshare.choices import Status
from innoshare.content.mending import shown
from innoshare.content.pages import Found, Page
from innoshare.errors import Problem

_FACTS = ("start", "end", "stage", "outcome", "evidence_level", "time_to_launch_months")

# Every field that `mismatches` looks at.
COMPARED = ("language", "city", "updated", "translation_of", "translations", "results", "adoptions", *_FACTS)


def originals(cases: Mapping[str, Case]) -> dict[str, str]:
    """Each published one of `cases` -> the one that it tells in another language, itself where it is no translation.

    Of versions that were written side by side, or whose original is not published, the first by name stands for it, so
    that every case has one. Sorted by slug.
    """
    cases = {slug: case for slug, case in sorted(cases.items()) if case.status is Status.PUBLISHED}
    versions: dict[str, set[str]] = {slug: set() for slug in cases}
    for slug, case in cases.items():
        for other in (case.translation_of or slug, *(item.case for item in case.translations)):
            if other in cases:
                versions[slug].add(other)
                versions[other].add(slug)
    found: dict[str, str] = {}
    for slug in cases:
        if slug not in found:
            same, waiting = {slug}, [slug]
            while waiting:
                new = versions[waiting.pop()] - same
                same |= new
                waiting += new
            original = min(same, key=lambda one: (cases[one].translation_of is not None, one))
            found |= dict.fromkeys(same, original)
    return dict(sorted(found.items()))


def with_ledger(case: Case, original: Case) -> Case:
    """A translation with all adoptions of its `original`, in their order: in its own words where it lists them as well,
    else in those of the original. What only the translation lists comes last."""
    own = case.adoptions
    same = _same_adoptions([item.model_dump() for item in own], [item.model_dump() for item in original.adoptions])
    told = {theirs: own[number] for number, theirs in same.items()}
    return case.model_copy(update={"adoptions": [
        *(told.get(number, item) for number, item in enumerate(original.adoptions)),
        *(item for number, item in enumerate(own) if number not in same)]})


def _same_adoptions(some: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Number of an adoption among `some` -> that of the same one among `others`: of the same place, or, as the names of
    places change with the language, in the same country by the same source."""
    found: dict[int, int] = {}
    for known_by in (_place, _document):
        for number, item in enumerate(some):
            same = next((other for other, theirs in enumerate(others) if known_by(item) == known_by(theirs) is not None
                         and other not in found.values()), None)
            if number not in found and same is not None:
                found[number] = same
    return found


def _place(item: Mapping[str, Any]) -> object:
    return item.get("city"), item.get("place"), item.get("country")


def _document(item: Mapping[str, Any]) -> object:
    """Where an adoption can be read of, in a country; None where that is not said."""
    return (item.get("country"), item["source"]) if item.get("source") else None


def mismatches(pages: Mapping[str, Page]) -> Found:
    """Problems of versions that do not fit together. `pages` holds every case file by its name, drafts included.

    A wrong link is told where it stands. What two versions say differently is told once, in the one that was changed
    later, because there somebody knows what changed.
    """
    told: set[tuple[str, str]] = set()
    named = {name: {case for _, case in page.each("translations", "case")} for name, page in pages.items()}
    tied = {frozenset((name, page.text("translation_of"))) for name, page in pages.items()}
    made: dict[tuple[str, str], str] = {}  # (original, language) -> the translation of it.
    for name, page in sorted(pages.items()):
        original = pages.get(page.text("translation_of"))
        if original is not None and original is not page:
            first = made.setdefault((original.slug, page.text("language")), name)
            yield from _translated(page, original, first)
            yield from _same_city(page, original) or (*_same_facts(page, original), *_same_ledger(page, original))
        for steps, case in page.each("translations", "case"):
            other = pages.get(case)
            if other is None or case == name:
                continue
            is_tied = frozenset((name, case)) in tied  # Leads back without a list, and is compared above.
            yield from _link(page, int(steps[1]), other, is_tied or name in named[case])
            later, earlier = _later_first(page, other)
            if not is_tied and (name not in named[case] or page is later) and (later.slug, earlier.slug) not in told:
                told.add((later.slug, earlier.slug))
                yield from _same_city(later, earlier) or _same_facts(page, other)


def _link(page: Page, number: int, other: Page, is_mutual: bool) -> Iterator[Problem]:
    """One entry under `translations`: it names the language of the other file, which names this one."""
    steps = ("translations", number, "language")
    said, language = page.text(*steps), other.text("language")
    if said and said != language and re.fullmatch("[a-z]{2}", language):
        yield page.problem(steps, f"{shown(other.slug)} is in {shown(language)}, not in {shown(said)}.",
                           f"Write `language: {language}`, or name the file that is in {shown(said)}.")
    if not is_mutual:
        yield page.problem(("translations", number, "case"), f"{shown(other.slug)} does not lead back to this case.",
                           f"Add to {other.path}, below a line `translations:`, the two lines `  - language: "
                           f"{page.text('language') or 'en'}` and `    case: {page.slug}`.", "advice")


def _translated(page: Page, original: Page, first: str) -> Iterator[Problem]:
    """A translation is in another language than its original, the first in its language, and of no other translation.
    """
    steps, language = ("translation_of",), page.text("language")
    if further := original.text("translation_of"):
        yield page.problem(steps, f"{shown(original.slug)} is itself a translation, of {shown(further)}.",
                           f"Name the original: `translation_of: {further}`.")
    if language and language == original.text("language"):
        yield page.problem(("language",), f"This file and its original, {original.path}, are both in "
                           f"{shown(language)}.", "Write here the language of this text, or remove the line "
                           "`translation_of`.")
    elif first != page.slug:
        yield page.problem(steps, f"{shown(original.slug)} is told in {shown(language)} already, by {shown(first)}.",
                           "Bring the better parts of both into one file, and remove the other.")


def _later_first(one: Page, other: Page) -> tuple[Page, Page]:
    earlier, later = sorted((one, other), key=lambda page: (page.text("updated"), page.slug))
    return later, earlier


def _same_city(page: Page, other: Page) -> list[Problem]:
    """Two versions are about one city; `page` is the one in which it is told that they are not."""
    city, theirs = page.text("city"), other.text("city")
    if not city or not theirs or city == theirs:
        return []
    return [page.problem(("city",), f"`city` is {shown(city)}, but {shown(theirs)} in {other.path}, which is said to "
                         "be the same case in another language.", "Correct one of the two. If these are two cases, "
                         "remove the lines `translation_of` and `translations` that tie them.")]


def _same_facts(one: Page, two: Page) -> Iterator[Problem]:
    """Two versions tell the same facts; that they do not is told in the one that was changed later."""
    page, other = _later_first(one, two)
    for name in _FACTS:
        own, theirs = page.text(name), other.text(name)
        if own and theirs and own != theirs:
            yield page.problem((name,), f"`{name}` is {shown(own)}, but {shown(theirs)} in {other.path}, which is this "
                               "case in another language.", "Write in both files what is true now; a value of the "
                               "header can be changed without knowing the language.", "advice")
    here, there = (len(_listed(one, "results")) for one in (page, other))
    if here and there and here != there:
        yield page.problem(("results",), f"The number of `results` is {here} here, but {there} in {other.path}, which "
                           "is this case in another language.", "List the same ones in both files.", "advice")


def _same_ledger(page: Page, original: Page) -> Iterator[Problem]:
    """What a translation says of who has taken the case up, its original says too."""
    listed = _listed(page, "adoptions")
    same = _same_adoptions(listed, _listed(original, "adoptions"))
    for number in range(len(listed)):
        if number not in same:
            yield page.problem(("adoptions", number), f"This adoption is not in {original.path}, the original.",
                               "Add it there, and it is shown here as well. If it is there already, write the same "
                               "`city`, or `country` and `source`, in both files.", "advice")


def _listed(page: Page, name: str) -> list[Mapping[str, Any]]:
    found = page.at(name)
    return [item if isinstance(item, dict) else {} for item in found] if isinstance(found, list) else []
