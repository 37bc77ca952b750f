"""What a page adds to a body: links made from the same query, headings, and the words for people.

`search_page` turns an answer into what the search page shows; the functions that end the module are the filters of
the templates (money, dates, marked words). The API has none of this, and nothing here knows Flask.

Decision: one locale, British English, until the pages speak other languages.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from babel import Locale
from babel.core import get_global
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_currency, format_decimal, get_currency_symbol
from markupsafe import Markup, escape

from innoshare.case import Adoption, is_stale
from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES, Outcome
from innoshare.library import Found, Library
from innoshare.matching import Challenge, Strength, Verdict
from innoshare.search import FACETS, PER_PAGE, Query, Sort, joined
from innoshare.web.exporting import FORMATS
from innoshare.web.parameters import address
from innoshare.web.shapes import (
    FEED,
    EvidenceBody,
    FacetValue,
    HighlightBody,
    MatchBody,
    SearchBody,
    WantedBody,
    last_page,
    search_body,
    url_of,
)

LOCALE = Locale("en", "GB")

LEGENDS = {"theme": "Theme", "challenge_type": "Kind of challenge", "approach": "Approach",
           "outcome": "What came of it", "evidence": "Evidence", "city_size": "Size of the city", "country": "Country",
           "language": "Language", "tag": "Tag", "status": "Status"}
# What the search form calls its fields: a message names a field in these words, never in those of the address.
FIELDS = LEGENDS | {"q": "Words to search for", "year_from": "Began in or after", "year_to": "Began in or before",
                    "sort": "Order", "page": "Page", "per_page": "Cases on a page"}
SORTS = {Sort.RELEVANCE: "Best match", Sort.NEWEST: "Newest", Sort.ADOPTED: "Most taken up",
         Sort.EVIDENCE: "Strongest evidence"}
FOLD_AFTER = 6  # Values of a facet before "more": keeps nine facets within about two screens.
FOLDED = 40  # Values behind "more": whole vocabularies and all countries of Europe; the rarest tags are left to words.
PAGE_LINKS = 2  # Neighbours of the current page in the row of page numbers: fits on a phone.


@dataclass(frozen=True)
class Link:
    text: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class FacetGroup:
    """One facet as a set of boxes to tick. `shown` come first; `more` are folded away."""

    name: str
    legend: str
    shown: tuple[FacetValue, ...]
    more: tuple[FacetValue, ...]


@dataclass(frozen=True)
class SearchPage:
    """The search page. `levels` are (minimum level, label, number of cases) of the evidence filter; `feed` tells of new
    cases that the search finds; `embed` shows how to put it into another site; `downloads` are files of all
    cases that it finds, none where it finds nothing."""

    query: Query
    body: SearchBody
    headline: str
    chips: tuple[Link, ...]
    groups: tuple[FacetGroup, ...]
    levels: tuple[tuple[int, str, int], ...]
    sorts: tuple[Link, ...]
    pages: tuple[Link, ...]
    previous: str | None
    next: str | None
    did_you_mean: Link | None
    feed: str
    embed: str
    downloads: tuple[Link, ...]


def search_page(found: Found, library: Library, base_url: str = "") -> SearchPage:
    """The search page for an answer: the body, and links that change one thing about the query."""
    query, body = found.results.query, search_body(found, library, base_url)
    path = url_of(base_url, "search")
    last = last_page(body.total, query.per_page)
    unpaged = replace(query, page=1, per_page=PER_PAGE)

    def to_page(page: int) -> str:
        return address(replace(query, page=page), path)

    near = sorted({1, last, *range(max(1, query.page - PAGE_LINKS), min(last, query.page + PAGE_LINKS) + 1)})
    counts = Counter({int(value.value): value.count for value in body.facets.get("evidence", ())})
    return SearchPage(
        query=query,
        body=body,
        headline={0: "No case found", 1: "1 case"}.get(body.total, f"{body.total:,} cases"),
        chips=tuple(_chips(query, library, path)),
        groups=tuple(_groups(body)),
        levels=tuple((level, EVIDENCE_LEVELS[level][0], sum(n for at, n in counts.items() if at >= level))
                     for level in EVIDENCE_LEVELS if level),
        sorts=tuple(Link(label, sort.value, sort is query.sort) for sort, label in SORTS.items()),
        pages=tuple(Link(str(page), to_page(page), page == query.page) for page in near) if last > 1 else (),
        previous=to_page(query.page - 1) if 1 < query.page <= last else None,
        next=to_page(query.page + 1) if query.page < last else None,
        did_you_mean=Link(body.did_you_mean, address(replace(query, text=body.did_you_mean, page=1), path))
        if body.did_you_mean else None,
        feed=address(followed(query), url_of(base_url, FEED)),
        embed=address(unpaged, url_of(base_url, "embed")),
        downloads=tuple(Link(kind.label, address(unpaged, url_of(base_url, "api", "v1", f"cases.{kind.ending}")))
                        for kind in FORMATS.values()) if body.total else (),
    )


def followed(query: Query) -> Query:
    """What one follows who follows a search: its words and filters, in the order of the feed."""
    return replace(query, sort=Sort.RELEVANCE, page=1, per_page=PER_PAGE)


def asked_for(query: Query, library: Library) -> list[str]:
    """The words and filters of a search, as a title says them."""
    return [*([f"“{query.text}”"] if query.text else ()), *(chip.text for chip in _chips(query, library, ""))]


def _groups(body: SearchBody) -> Iterable[FacetGroup]:
    for name in FACETS:
        # Chosen values lead, so that a filter in force is never folded away.
        values = sorted(body.facets.get(name, ()), key=lambda value: not value.selected)
        if name == "tag":  # A word that one case alone uses opens that case, it narrows nothing.
            values = [value for value in values if value.selected or value.count > 1]
        chosen = sum(value.selected for value in values)
        # A single value that nobody chose narrows nothing; evidence is asked for as a minimum, beside the years.
        if (len(values) > 1 or chosen) and name != "evidence":
            fold = max(FOLD_AFTER, chosen)
            yield FacetGroup(name, LEGENDS[name], tuple(values[:fold]), tuple(values[fold:fold + FOLDED]))


def _chips(query: Query, library: Library, path: str) -> Iterable[Link]:
    """One link for each filter in force, which takes it back."""
    first = replace(query, page=1)
    for name in FACETS:
        for value in query.filters.get(name, ()):
            rest = tuple(other for other in query.filters[name] if other != value)
            yield Link(f"{LEGENDS[name]}: {library.facet_label(name, value)}",
                       address(replace(first, filters={**query.filters, name: rest}), path))
    if query.minimum_evidence:
        yield Link(f"Evidence: at least {query.minimum_evidence}", address(replace(first, minimum_evidence=None), path))
    if query.year_from is not None:
        yield Link(f"Since {query.year_from}", address(replace(first, year_from=None), path))
    if query.year_to is not None:
        yield Link(f"Until {query.year_to}", address(replace(first, year_to=None), path))


def verdict_words(body: MatchBody, challenge: Challenge, languages: Collection[str]) -> tuple[str, str]:
    """(heading, sentence) that say what was found for a challenge in a library of cases in `languages`.

    A question in one of LANGUAGES is understood by its concepts, one in a language of the cases by its words."""
    own = challenge.city.slug if challenge.city else ""
    strong = [match.case for match in body.matches if match.strength is Strength.STRONG and match.case.city_slug != own]
    cities = plural(len({case.city_slug for case in strong}), "city", "cities")
    worked = {case.city_slug for case in strong if case.outcome is Outcome.POSITIVE}
    if body.verdict is Verdict.SOLVED and not strong:
        return "Solved in your own city", "Nobody else in this library has tackled it. Read what your colleagues did."
    if body.verdict is Verdict.SOLVED:
        read = "Read what they did, what it cost and what went wrong. Below each case you see why it was chosen."
        return (f"Solved elsewhere: {cities}", f"It worked in {len(worked)} of them. {read}"
                if len(worked) < len({case.city_slug for case in strong}) else read) if worked else (
            f"Tackled elsewhere: {cities}", f"With mixed results, or too early to say. {read}")
    if body.matches:
        return ("Related work, but no clear answer",
                "These cases share part of your challenge. Look at what differs before you borrow from them.")
    if body.cautions:
        return "Nobody in this library has solved this yet", f"{caution_words(body)}. Read why before you begin."
    if body.language and body.language not in {*LANGUAGES, *languages}:
        names = [language_name(code) for code in LANGUAGES]
        return (f"Nothing found for a question in {language_name(body.language)}",
                f"The library may not understand it: it knows the words of city life in {listed(names)}. Please ask in "
                "one of these before you conclude that nobody has solved it.")
    return ("Nobody in this library has solved this yet",
            "That is an answer too: we would rather say so than show cases that do not fit.")


def caution_words(body: MatchBody) -> str:
    """How many cities tried something like this in vain; "" where none is known."""
    cities = {match.case.city_slug for match in body.cautions}
    return f"{plural(len(cities), 'city', 'cities')} tried something like this, and it failed or was stopped" \
        if cities else ""


def match_address(challenge: Challenge, base_url: str = "") -> str:
    """The link that asks the same again. It holds the challenge in full: only for those who want to share it."""
    others = {"city": challenge.city.slug if challenge.city else "", "language": challenge.language}
    given = {name: value for name, value in others.items() if value}
    return url_of(base_url, "match?" + urlencode({"challenge": challenge.text, **given}))


def compared(item: EvidenceBody) -> tuple[str, str]:
    """(in your words, in the case): what the table of evidence says of a finding, also where that rests on no words."""
    if item.feature == "near-in-meaning":
        return "all of it", "title, summary and problem"
    if item.feature in ("shared-words", "shared-concepts") and not item.challenge_text:
        return "none", "none"
    return item.challenge_text or "–", item.case_text or ("the same words" if item.challenge_text else "–")


def concepts(evidence: Iterable[EvidenceBody]) -> list[str]:
    """What the concepts are called that challenge and case both speak of."""
    return [name for item in evidence if item.feature == "shared-concepts" for name in item.case_text.split(", ")
            if name]


# Likeness of two cities, 0 to 1, from which words are used: “much” leaves room for one small difference in size or
# income, “somewhat” for one large one. Chosen by looking at pairs of known cities, not measured.
MUCH_LIKE, SOMEWHAT_LIKE = 0.85, 0.6


def likeness(score: float) -> str:
    """How like two cities are, in words that the name of one follows."""
    return "Much like" if score >= MUCH_LIKE else "Somewhat like" if score >= SOMEWHAT_LIKE else "Unlike"


def answers_found(challenge: WantedBody) -> str:
    """What the library found for a challenge of the wanted board: “2 cases may help”; nobody has looked."""
    found = challenge.strong or challenge.possible
    return f"{plural(found, 'case')} may help" if found else "Nothing here yet"


# What the ledger of a case says together; those who changed something use it as well.
_TAKEN_UP = ((("adopted", "adapted"), "in use"), (("piloting",), "being tried"), (("considering",), "being considered"),
             (("abandoned",), "given up"))


def ledger(adoptions: Collection[Adoption]) -> str:
    """How many places stand where with a case: “In use in 3 places, being tried in 1.”"""
    counted = [(sum(item.status in statuses for item in adoptions), words) for statuses, words in _TAKEN_UP]
    parts = [f"{words} in {number(count)}" for count, words in counted if count]
    if parts:
        first = next(count for count, _ in counted if count)
        parts[0] = f"{parts[0][0].upper()}{parts[0][1:]} {'place' if first == 1 else 'places'}"
    return f"{', '.join(parts)}." if parts else ""


# The filters of the templates.

def stale(checked: str) -> bool:
    """Whether what was last said to be true on that day should be checked again."""
    return is_stale(checked, datetime.now(UTC).date())


def marked(text: str, marks: Iterable[tuple[int, int]]) -> Markup:
    """Text with its marked words, escaped piece by piece; the marks may come from several findings."""
    pieces, at = [], 0
    for start, end in joined(marks):
        pieces.append(Markup("{}<mark>{}</mark>").format(text[at:start], text[start:end]))
        at = end
    return Markup("").join(pieces) + escape(text[at:])


def highlighted(text: str, highlights: Iterable[HighlightBody]) -> Markup:
    """A text that is shown anyway, with the words of those highlights marked that are part of it."""
    return marked(text, [(at + start, at + end) for item in highlights if (at := text.find(item.text)) >= 0
                         for start, end in item.marks])


def number(value: float) -> str:
    return format_decimal(value, locale=LOCALE)


COMPACT_FROM = 1_000_000  # "13.4 billion" can be read at a glance, 13,400,000,000 cannot; no budget turns on the rest.


def money(amount: float, currency: str | None) -> str:
    """An amount; small ones with cents, because cost per resident is often a few."""
    if currency in (None, "unknown"):
        return f"{number(round(amount))} (currency unknown)"
    if 0 < amount < 0.01:
        return f"less than {money(0.01, currency)}"
    if amount >= COMPACT_FROM:
        compact = format_compact_decimal(amount, format_type="long", locale=LOCALE, fraction_digits=1)
        text = f"{get_currency_symbol(currency, LOCALE)}{compact}"
    else:
        digits = "#,##0.00" if amount < 100 and amount != int(amount) else "#,##0"
        text = format_currency(amount, currency, f"¤{digits}", locale=LOCALE, currency_digits=False)
    return re.sub(r"^([A-Z]+)(?=\d)", "\\1\N{NO-BREAK SPACE}", text)  # SEK 5, but €5 and US$5.


def day(text: str) -> str:
    """2019, 2019-05 or 2019-05-31 as people write it."""
    if text == "unknown" or len(text) == 4:
        return text
    if len(text) == 7:
        return format_date(date.fromisoformat(f"{text}-01"), "MMMM y", locale=LOCALE)
    return format_date(date.fromisoformat(text), "d MMMM y", locale=LOCALE)


def language_name(code: str) -> str:
    return str(LOCALE.languages.get(code, code))


def locale_of(code: str) -> str:
    """A language with the country where most of those live who speak it, as Open Graph wants it: sv_SE."""
    country = LOCALE.territory if code == LOCALE.language else get_global("likely_subtags").get(code, "")[-2:]
    return f"{code}_{country}" if country else code


def own_name(code: str) -> str:
    """What a language is called by those who speak it, as on a button: "Suomi"."""
    name = str(Locale(code).language_name)
    return name[:1].upper() + name[1:]


def listed(names: Sequence[str], last: str = "and") -> str:
    """ "one", "one and two", "one, two and three"."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def plural(count: int, one: str, many: str = "") -> str:
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def duration(seconds: int) -> str:
    """In the largest unit of which it is a whole number: 90 is "90 seconds", 120 is "2 minutes"."""
    unit, size = next((unit, size) for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
                      if seconds % size == 0)
    return plural(seconds // size, unit)
