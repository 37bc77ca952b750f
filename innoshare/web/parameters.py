"""What comes in: request parameters become a `Query`, or one `BadInput` with every mistake in it.

Pages and API read their parameters here and nowhere else, so a link copied from a page answers the same when it
is asked of the API. Nothing is guessed: a repeated, unknown, misspelt or unreadable parameter is refused with a
sentence that says what to send instead, because a filter that is silently dropped gives an answer to another
question. An empty value means "not given": a form sends its empty fields along.

Refused text is never repeated in a message: a message may end up in a page, and a page does not speak a
stranger's words. `pairs` is the way back from a `Query` to parameters, for links.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from urllib.parse import urlencode

from babel import Locale
from pydantic import TypeAdapter, ValidationError

from innoshare.case import EARLIEST_YEAR, LATEST_YEAR, City, Tag
from innoshare.choices import EVIDENCE_LEVELS, ChallengeStatus, Outcome, SizeBand
from innoshare.choices import LANGUAGES as QUESTION_LANGUAGES
from innoshare.errors import BadInput
from innoshare.library import WANTED, Library
from innoshare.matching import MAX_CHARACTERS, Challenge
from innoshare.search import FACETS, MAX_OFFSET, MAX_PER_PAGE, MAX_QUERY_CHARACTERS, PER_PAGE, Query, Sort

SEARCH = ("q", "theme", "challenge_type", "approach", "country", "city_size", "outcome", "evidence", "tag", "language",
          "year_from", "year_to", "sort", "page", "per_page")
MATCH = ("challenge", "city", "language", "limit")

MAX_VALUES = 60  # Of one facet. More than the longest vocabulary; stops a URL of a thousand tags.
MAX_FIELDS = 30  # Beside the values of facets. Twice what any address takes; stops a body of a hundred thousand names.
MAX_MISTAKES = 20  # Told at once. Whoever has more has sent something else altogether, and an answer stays small.
MAX_LIMIT = 20  # Matches or suggestions in one answer: more is not read, and each match carries its evidence.

# Mailing systems and social networks add these to every link; a newsletter's reader must not be refused for it.
FOREIGN_PARAMETERS = ("utm_", "fbclid", "gclid", "mc_")

_ENGLISH = Locale("en")
COUNTRIES = frozenset(str(code) for code in _ENGLISH.territories if re.fullmatch("[A-Z]{2}", str(code)))
LANGUAGES = frozenset(str(code) for code in _ENGLISH.languages if re.fullmatch("[a-z]{2}", str(code)))

COUNTRY_HINT = "Send the two capital letters of the country, as SE."

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TAG: TypeAdapter[str] = TypeAdapter(Tag)  # The rule of the files: a second one would refuse links to their tags.


def given(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """The parameters of an address, without those that others have added on its way."""
    return (pair for pair in pairs if not pair[0].startswith(FOREIGN_PARAMETERS))


class Parameters:
    """The parameters of one request, taken one by one. Mistakes are gathered; `finish` raises them together."""

    def __init__(self, given: Iterable[tuple[str, object]], known: Collection[str], many: Collection[str] = ()) -> None:
        """`given` are (name, value) pairs, names may repeat; `known` the names this address takes, and `many` those of
        them that may have several values."""
        self.values: dict[str, list[str]] = {}
        self.mistakes: dict[tuple[str, str], None] = {}  # In the order in which they were found.
        most = MAX_FIELDS + MAX_VALUES * len(many)
        for count, (name, value) in enumerate(given, 1):
            if count > most:
                self.refuse("(all)", f"At most {most} fields.")
                break
            if len(self.mistakes) > MAX_MISTAKES:  # Before the next one is thought about.
                break
            if name not in known:
                close = get_close_matches(name[:40], known, 1)
                self.refuse(name if re.fullmatch("[a-z_]{1,40}", name) else "(unreadable)",
                            f"There is no such parameter. {f'Did you mean {close[0]}?' if close else 'Known are:'} "
                            f"{'' if close else ', '.join(known) or 'none'}".strip())
            elif isinstance(value, int) and not isinstance(value, bool):
                self.values.setdefault(name, []).append(str(value) if abs(value) < 10**9 else "too large")
            elif not isinstance(value, str):
                self.refuse(name, "Send text, or a whole number.")
            elif _UNREADABLE.search(value):
                self.refuse(name, "It holds a control character. Send plain text.")
            elif value.strip():
                self.values.setdefault(name, []).append(value.strip())

    def refuse(self, name: str, text: str) -> None:
        self.mistakes[name, text] = None

    def finish(self) -> None:
        if self.mistakes:
            told = list(self.mistakes)[:MAX_MISTAKES]
            if len(self.mistakes) > MAX_MISTAKES:
                told.append(("(all)", "And more. Mend these first."))
            raise BadInput(told)

    def text(self, name: str, limit: int, instead: str = "") -> str:
        """One text of at most `limit` characters, "" where none was sent; `instead` says where longer text goes."""
        values = self.values.get(name, [])
        if len(values) > 1:
            self.refuse(name, f"It was sent {len(values)} times. Send it once.")
        elif values and len(values[0]) > limit:
            self.refuse(name, f"At most {limit:,} characters. {instead}".strip())
        else:
            return values[0] if values else ""
        return ""

    def number(self, name: str, low: int, high: int) -> int | None:
        """One whole number in western digits, or None."""
        text = self.text(name, limit=20)
        if not text:
            return None
        # int() alone would also take "٣", "1_0" and "+1".
        if not re.fullmatch("[0-9]{1,9}", text) or not low <= int(text) <= high:
            self.refuse(name, f"Send a whole number from {low} to {high}.")
            return None
        return int(text)

    def several(self, name: str) -> tuple[str, ...]:
        """Up to MAX_VALUES values, without repetitions."""
        values = tuple(dict.fromkeys(self.values.get(name, [])))
        if len(values) > MAX_VALUES:
            self.refuse(name, f"At most {MAX_VALUES} values.")
            return ()
        return values

    def choices(self, name: str, allowed: Collection[str], library: Library | None = None, hint: str = ""
                ) -> tuple[str, ...]:
        """Values of a facet out of `allowed`, or such as the cases of the `library` hold, if one is given; a refusal
        names `allowed`, or says `hint`.

        Lists change with Babel and with the vocabulary, and a file may say what is on none: whatever the pages offer
        as a filter must be taken back from them."""
        values = self.several(name)
        strange = tuple(value for value in values if value not in allowed)
        if strange and not (library and set(strange) <= held(library, name, strange)):
            self.refuse(name, f"Unknown value. {hint or 'Choose from: ' + ', '.join(allowed) + '.'}")
        return values

    def years(self) -> tuple[int | None, int | None]:
        first, last = (self.number(name, EARLIEST_YEAR, LATEST_YEAR) for name in ("year_from", "year_to"))
        if first and last and first > last:
            self.refuse("year_from", "It must not be later than year_to.")
        return first, last

    def paging(self) -> tuple[int, int]:
        """(page, per_page)"""
        page, per_page = self.number("page", 1, MAX_OFFSET) or 1, self.number("per_page", 1, MAX_PER_PAGE) or PER_PAGE
        if page * per_page > MAX_OFFSET:
            self.refuse("page", f"Only the first {MAX_OFFSET:,} cases can be paged through. Narrow the search.")
        return page, per_page


def held(library: Library, facet: str, values: Sequence[str]) -> set[str]:
    """Those of `values` that the library holds, whatever the lists say."""
    found = library.search(Query(filters={facet: tuple(values)}, per_page=1)).results.facets
    return {value for item in found if item.field == facet for value, count in item.counts if count and value in values}


def query(given: Iterable[tuple[str, object]], library: Library) -> Query:
    """The search that these parameters ask for. Raises BadInput with all mistakes (or the first MAX_MISTAKES).

    A value of a facet is taken if the vocabulary, or the list of its kind, has it, or else if the library holds it."""
    asked, vocabulary = Parameters(given, SEARCH, FACETS), library.vocabulary
    filters = {
        "theme": asked.choices("theme", vocabulary["themes"], library),
        "challenge_type": asked.choices("challenge_type", vocabulary["challenge_types"], library),
        "approach": asked.choices("approach", vocabulary["approaches"], library),
        "country": asked.choices("country", COUNTRIES, library, COUNTRY_HINT),
        "city_size": asked.choices("city_size", [band.value for band in SizeBand], library),
        "outcome": asked.choices("outcome", [outcome.value for outcome in Outcome], library),
        "language": asked.choices("language", LANGUAGES, library, "Send the two small letters of the language, as en."),
        "tag": asked.several("tag"),
    }
    try:
        for tag in filters["tag"]:
            _TAG.validate_python(tag)
    except ValidationError:
        asked.refuse("tag", "A tag is one word, or words joined by hyphens, of at most 40 characters.")
    year_from, year_to = asked.years()
    sort = asked.text("sort", limit=20)
    if sort and sort not in list(Sort):
        asked.refuse("sort", f"Unknown value. Choose from: {', '.join(Sort)}.")
        sort = ""
    page, per_page = asked.paging()
    result = Query(
        text=asked.text("q", MAX_QUERY_CHARACTERS, "For a longer text, use the matcher."),
        filters={name: values for name, values in filters.items() if values},
        minimum_evidence=asked.number("evidence", 0, max(EVIDENCE_LEVELS)),
        year_from=year_from,
        year_to=year_to,
        sort=Sort(sort or Sort.RELEVANCE),
        page=page,
        per_page=per_page,
    )
    asked.finish()
    return result


def wanted(given: Iterable[tuple[str, object]], library: Library) -> dict[str, tuple[str, ...]]:
    """The challenges of the wanted board that these parameters ask for: facet (of WANTED) -> one of these values.
    Raises BadInput with all mistakes."""
    asked = Parameters(given, WANTED, WANTED)
    countries = COUNTRIES | {city.country for city in library.cities.values()}  # a file may have one that is no more
    filters = {"status": asked.choices("status", list(ChallengeStatus)),
               "theme": asked.choices("theme", library.vocabulary["themes"]),
               "country": asked.choices("country", countries, hint=COUNTRY_HINT)}
    asked.finish()
    return {name: values for name, values in filters.items() if values}


def pairs(query: Query) -> Iterator[tuple[str, str]]:
    """The parameters that ask for `query`, in the order of SEARCH, without what is default anyway."""
    if query.text:
        yield "q", query.text
    for name in SEARCH:
        if name == "evidence" and query.minimum_evidence is not None:
            yield name, str(query.minimum_evidence)
        for value in query.filters.get(name, ()):
            yield name, value
    for name, number in (("year_from", query.year_from), ("year_to", query.year_to)):
        if number is not None:
            yield name, str(number)
    if query.sort is not Sort.RELEVANCE:
        yield "sort", query.sort.value
    if query.page != 1:
        yield "page", str(query.page)
    if query.per_page != PER_PAGE:
        yield "per_page", str(query.per_page)


def address(query: Query, path: str = "/search") -> str:
    """The link that asks for `query`."""
    text = urlencode(list(pairs(query)))
    return f"{path}?{text}" if text else path


def challenge(asked: Parameters, cities: Mapping[str, City]) -> Challenge:
    """The challenge among the parameters `asked`. Raises BadInput with all mistakes, those found before as well."""
    city = asked.text("city", limit=60)
    if city and city not in cities:
        asked.refuse("city", "There is no city of this name in the library. Leave it out, or choose one of its size.")
    language = asked.text("language", limit=20)
    if language and language not in QUESTION_LANGUAGES:
        asked.refuse("language", f"Choose from: {', '.join(QUESTION_LANGUAGES)}. Or leave it out: the library "
                                 "finds out by itself which language it is.")
    text = asked.text("challenge", MAX_CHARACTERS, "Describe one challenge.")
    try:
        result = Challenge.of(text, cities.get(city), language)
    except BadInput as error:
        if not any(name == "challenge" for name, _ in asked.mistakes):
            for name, advice in error.mistakes:
                asked.refuse(name, advice)
    asked.finish()
    return result
