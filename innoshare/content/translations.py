"""One case in several languages: does each version say the same as the others, and lead to them?

A translation tells the same story in other words, but its facts are the same: city, start, outcome. Each version has a
file of its own, so nobody who changes one sees that the others have fallen behind; `mismatches` sees it. What a single
file says wrongly under `translations` (a case that does not exist, a language twice) `rules` has told already.

Decision: what would lead readers astray is an error, namely a link to another language than it says, or to a case of
another city. That a version has fallen behind in its facts is advice: whoever corrects one often cannot write the
language of the other, and must not be kept from correcting.
"""

import re
from collections.abc import Iterator, Mapping

from innoshare.content.mending import shown
from innoshare.content.rules import Found, Page
from innoshare.errors import Problem

_FACTS = ("start", "end", "stage", "outcome", "evidence_level")

# Every field that `mismatches` looks at.
COMPARED = ("language", "city", "updated", "results", "translations", *_FACTS)


def mismatches(pages: Mapping[str, Page]) -> Found:
    """Problems of versions that do not fit together. `pages` holds every case file by its name, drafts included.

    A wrong link is told where it stands. What two versions say differently is told once, in the one that was changed
    later, because there somebody knows what changed.
    """
    told: set[tuple[str, str]] = set()
    named = {name: {case for _, case in page.each("translations", "case")} for name, page in pages.items()}
    for name, page in sorted(pages.items()):
        for steps, case in page.each("translations", "case"):
            other = pages.get(case)
            if other is None or case == name:
                continue
            yield from _link(page, int(steps[1]), other, name in named[case])
            first, second = sorted((page, other), key=lambda one: (one.text("updated"), one.slug))
            if (name not in named[case] or page is second) and (first.slug, second.slug) not in told:
                told.add((first.slug, second.slug))
                yield from _same(second, first)


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


def _same(page: Page, other: Page) -> Iterator[Problem]:
    """Two versions tell the same facts; `page` is the one in which it is told that they do not."""
    city, theirs = page.text("city"), other.text("city")
    if city and theirs and city != theirs:
        yield page.problem(("city",), f"`city` is {shown(city)}, but {shown(theirs)} in {other.path}, which is said to "
                           "be the same case in another language.", "Correct one of the two. If these are two cases, "
                           "remove the lines under `translations` in both files.")
        return
    for name in _FACTS:
        own, theirs = page.text(name), other.text(name)
        if own and theirs and own != theirs:
            yield page.problem((name,), f"`{name}` is {shown(own)}, but {shown(theirs)} in {other.path}, which is this "
                               "case in another language.", "Write in both files what is true now; a value of the "
                               "header can be changed without knowing the language.", "advice")
    here, there = (len(found) if isinstance(found := one.at("results"), list) else 0 for one in (page, other))
    if here and there and here != there:
        yield page.problem(("results",), f"The number of `results` is {here} here, but {there} in {other.path}, which "
                           "is this case in another language.", "List the same ones in both files.", "advice")
