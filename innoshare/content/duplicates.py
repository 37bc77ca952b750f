"""Is this case already here? Cases that tell of the same thing twice, and text that stands in two of them.

Two cases of one city whose title, summary and challenge share many words are probably one; anywhere, many words in the
same order are copied. Both are advice: a city may have done two similar things, and may quote itself.

Decision: words, not vectors. A check must be quick and the same on every laptop, and who reports a case twice names the
same things.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

from innoshare.case import Case

# Share of the words of the shorter text that the other has as well. Of the cases that the library was begun with, the
# most alike, two cities with the same measure, share .28, and all other pairs at most .22.
SAME_WORDS = 0.35
MIN_LETTERS = 4  # Shorter words are mostly grammar.

# Words in the same order that nobody writes twice by chance, and how many such runs make a copy: a shared sentence of
# an official name or a quotation has some ten.
RUN_WORDS, MIN_RUNS = 8, 20
# Where a link leads: two cases may rest on the same source, and an address in a newspaper has a dozen words.
_ADDRESS = re.compile(r"\]\([^()\s]*\)|https?://\S+")


def alike(cases: Mapping[str, Case]) -> Iterator[tuple[str, str, float]]:
    """Pairs of cases (the later changed one first) of the same city that seem to be one, with the share of words that
    both have (0 to 1). Translations of each other are left out, here and below."""
    by_city = defaultdict(list)
    for case in cases.values():
        by_city[case.city].append(case)
    for group in by_city.values():
        words = {case.slug: _words(f"{case.title} {case.summary} {case.challenge}") for case in group}
        for one, other in combinations(group, 2):
            shorter = min(len(words[one.slug]), len(words[other.slug])) or 1
            share = len(words[one.slug] & words[other.slug]) / shorter
            if share >= SAME_WORDS and not _known(one, other):
                yield *_later_first(one, other), share


def copied(cases: Mapping[str, Case]) -> Iterator[tuple[str, str, str]]:
    """Pairs of cases (the later changed one first) that share at least MIN_RUNS runs of RUN_WORDS words, with one."""
    holders: dict[int, str] = {}
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for case in cases.values():
        words = re.findall(r"\w+", _ADDRESS.sub("", f"{case.summary}\n{case.challenge}\n{case.body}"))
        for at in range(len(words) - RUN_WORDS + 1):
            run = " ".join(words[at:at + RUN_WORDS])
            holder = holders.setdefault(hash(run.casefold()), case.slug)
            if holder != case.slug:
                shared[holder, case.slug].append(run)
    for (one, other), runs in shared.items():
        if len(runs) >= MIN_RUNS and not _known(cases[one], cases[other]):
            yield *_later_first(cases[one], cases[other]), runs[0]


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) >= MIN_LETTERS}


def _known(one: Case, other: Case) -> bool:
    """Whether one is said to be a translation of the other."""
    return any(second.slug in (first.translation_of, *(item.case for item in first.translations))
               for first, second in ((one, other), (other, one)))


def _later_first(one: Case, other: Case) -> tuple[str, str]:
    earlier, later = sorted((one, other), key=lambda case: (case.updated, case.slug))
    return later.slug, earlier.slug
