"""What comes in: request parameters become a `Query`, or one `BadInput` with every mistake in it.

Pages and API read their parameters here and nowhere else, so a link copied from a page answers the same when it
is asked of the API. Nothing is guessed: a repeated, unknown, misspelt or unreadable parameter is refused with a
sentence that says what to send instead, because a filter that is silently dropped gives an answer to another
question. An empty value means "not given": a form sends its empty fields along.

Refused text is never repeated in a message: a message may end up in a page, and a page does not speak a
stranger's words. `pairs` is the way back from a `Query` to parameters, for links.

Each parameter is described once, as a `Text`, a `Number`, a `OneOf` or a `Several`. What is described so is read so,
and stands so in the document of the API (`openapi`): neither can promise what the other does not hold.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar
from urllib.parse import urlencode

from babel import Locale
from pydantic import TypeAdapter, ValidationError

from innoshare.case import EARLIEST_YEAR, LATEST_YEAR, City, Tag
from innoshare.choices import EVIDENCE_LEVELS, ChallengeStatus, Outcome, SizeBand
from innoshare.choices import LANGUAGES as QUESTION_LANGUAGES
from innoshare.content.forms import SPOKEN
from innoshare.errors import BadInput
from innoshare.library import WANTED, Library
from innoshare.matching import MATCHES, MAX_CHARACTERS, Challenge
from innoshare.search import FACETS, MAX_OFFSET, MAX_PER_PAGE, MAX_QUERY_CHARACTERS, PER_PAGE, Query, Sort

MAX_VALUES = 60  # Of one facet. More than the longest vocabulary; stops a URL of a thousand tags.
MAX_FIELDS = 30  # Beside the values of facets. Twice what any address takes; stops a body of a hundred thousand names.
MAX_MISTAKES = 20  # Told at once. Whoever has more has sent something else altogether, and an answer stays small.
MAX_LIMIT = 20  # Matches or suggestions in one answer: more is not read, and each match carries its evidence.
SUGGESTIONS = 8  # What fits under a search box without scrolling on a phone.

# Mailing systems and social networks add these to every link; a newsletter's reader must not be refused for it.
FOREIGN_PARAMETERS = ("utm_", "fbclid", "gclid", "mc_")

_ENGLISH = Locale("en")
COUNTRIES = frozenset(str(code) for code in _ENGLISH.territories if re.fullmatch("[A-Z]{2}", str(code)))
LANGUAGES = frozenset(SPOKEN)

COUNTRY_HINT = "Send the two capital letters of the country, as SE."
NO_SUCH_CITY = "There is no city of this name in the library. Leave it out, or choose one of its size."

# What no text may hold: control characters, and halves of characters (which no pattern of a document can name).
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_UNREADABLE = re.compile(f"[{_CONTROLS}\ud800-\udfff]")
_READABLE = f"^[^{_CONTROLS}]*$"
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
                self.values.setdefault(name, []).append(value)

    def refuse(self, name: str, text: str) -> None:
        self.mistakes[name, text] = None

    def finish(self) -> None:
        if self.mistakes:
            told = list(self.mistakes)[:MAX_MISTAKES]
            if len(self.mistakes) > MAX_MISTAKES:
                told.append(("(all)", "And more. Mend these first."))
            raise BadInput(told)

    def text(self, name: str, limit: int, instead: str = "") -> str:
        """One text of at most `limit` characters without what is blank around it, "" where none was sent; `instead`
        says where longer text goes."""
        return self._one(name, limit, instead).strip()

    def _one(self, name: str, limit: int, instead: str = "") -> str:
        """The same as it was sent."""
        values = self.values.get(name, [])
        if len(values) > 1:
            self.refuse(name, f"It was sent {len(values)} times. Send it once.")
        elif values and len(values[0].strip()) > limit:
            self.refuse(name, f"At most {limit:,} characters. {instead}".strip())
        else:
            return values[0] if values else ""
        return ""

    def number(self, name: str, low: int, high: int) -> int | None:
        """One whole number in western digits, or None."""
        text = self._one(name, limit=20)
        if not text:
            return None
        # int() alone would also take "٣", "1_0" and "+1". A blank before it is a + sent as it is; one behind it is what
        # the keyboards of phones add.
        if not re.fullmatch("[0-9]{1,9} *", text) or not low <= int(text) <= high:
            self.refuse(name, f"Send a whole number from {low} to {high}.")
            return None
        return int(text)

    def several(self, name: str) -> tuple[str, ...]:
        """Up to MAX_VALUES values; one that is repeated is given once."""
        values = self.values.get(name, ())
        if len(values) > MAX_VALUES:
            self.refuse(name, f"At most {MAX_VALUES} values.")
            return ()
        return tuple(dict.fromkeys(value.strip() for value in values))

    def choices(self, name: str, allowed: Collection[str], library: Library | None = None, hint: str = ""
                ) -> tuple[str, ...]:
        """Values of a facet out of `allowed`, or such as the cases of the `library` hold, if one is given; a refusal
        names `allowed`, or says `hint`.

        Lists change with Babel and with the vocabulary, and a file may say what is on none: whatever the pages offer
        as a filter must be taken back from them."""
        values = self.several(name)
        strange = tuple(value for value in values if value not in allowed)
        if strange and not (library and set(strange) <= held(library, name)):
            self.refuse(name, f"Unknown value. {hint or 'Choose from: ' + ', '.join(allowed) + '.'}")
        return values

    def years(self) -> tuple[int | None, int | None]:
        first, last = YEAR_FROM.read(self), YEAR_TO.read(self)
        if first and last and first > last:
            self.refuse("year_from", "It must not be later than year_to.")
        return first, last

    def paging(self) -> tuple[int, int]:
        """(page, per_page)"""
        page, per_page = PAGE.read(self) or 1, PER_PAGE_OF.read(self) or PER_PAGE
        if page * per_page > MAX_OFFSET:
            self.refuse("page", f"Only the first {MAX_OFFSET:,} cases can be paged through. Narrow the search, or take "
                                "all of its cases in one file, as from /api/v1/cases.jsonl.")
        return page, per_page


def held(library: Library, facet: str) -> set[str]:
    """The values of a facet that the library holds, whatever the lists say."""
    found = library.search(Query(per_page=1)).results.facets
    return {value for item in found if item.field == facet for value, count in item.counts if count}


Schema = dict[str, Any]  # JSON Schema, as OpenAPI 3.1 has it


@dataclass(frozen=True)
class Text:
    """A text of at most `longest` characters; `instead` says where a longer one goes. `pattern` and `shortest` tell
    readers of the document what it looks like; what is checked says more."""

    name: str
    about: str
    longest: int
    instead: str = ""
    pattern: str = _READABLE
    shortest: int = 0
    example: str = ""
    required: bool = False
    many: ClassVar[bool] = False

    def schema(self, library: Library) -> Schema:
        shortest = {"minLength": self.shortest} if self.shortest else {}
        return {"type": "string", **shortest, "maxLength": self.longest, "pattern": self.pattern}

    def read(self, asked: Parameters) -> str:
        return asked.text(self.name, self.longest, self.instead)


@dataclass(frozen=True)
class Number:
    """A whole number from `low` to `high`; `default` is what holds where none is sent."""

    name: str
    about: str
    low: int
    high: int
    default: int | None = None
    required: ClassVar[bool] = False
    many: ClassVar[bool] = False

    def schema(self, library: Library) -> Schema:
        default = {} if self.default is None else {"default": self.default}
        return {"type": "integer", "minimum": self.low, "maximum": self.high, **default}

    def read(self, asked: Parameters) -> int | None:
        number = asked.number(self.name, self.low, self.high)
        return self.default if number is None else number


@dataclass(frozen=True)
class OneOf:
    """One of `values`; "" where none is sent, which means `default`. `hint` follows the list in a refusal."""

    name: str
    about: str
    values: Collection[str]
    default: str = ""
    hint: str = ""
    required: ClassVar[bool] = False
    many: ClassVar[bool] = False

    def schema(self, library: Library) -> Schema:
        default = {"default": self.default} if self.default else {}
        return {"type": "string", "enum": [str(value) for value in self.values], **default}

    def read(self, asked: Parameters) -> str:
        value = asked.text(self.name, limit=20)
        if value and value not in self.values:
            asked.refuse(self.name, f"Unknown value. Choose from: {', '.join(self.values)}. {self.hint}".strip())
            return ""
        return value


@dataclass(frozen=True)
class Several:
    """Values of a facet, each of which may do. `values` are those that the library takes, whose cases may `hold` others
    (see `Parameters.choices`); a refusal names them, or says `hint`."""

    name: str
    about: str
    values: Callable[[Library], Collection[str]]
    hint: str = ""
    hold: bool = True
    required: ClassVar[bool] = False
    many: ClassVar[bool] = True

    def schema(self, library: Library) -> Schema:
        listed = [str(value) for value in self.values(library)]
        more = sorted(held(library, self.name) - set(listed)) if self.hold else []
        return {"type": "array", "items": {"type": "string", "enum": [*listed, *more]}, "maxItems": MAX_VALUES}

    def read(self, asked: Parameters, library: Library) -> tuple[str, ...]:
        return asked.choices(self.name, self.values(library), library if self.hold else None, self.hint)


@dataclass(frozen=True)
class Tags:
    """Tags, each of which may do: anybody may make up new ones."""

    name: str
    about: str
    required: ClassVar[bool] = False
    many: ClassVar[bool] = True

    def schema(self, library: Library) -> Schema:
        return {"type": "array", "items": {**_TAG.json_schema(), "pattern": _READABLE}, "maxItems": MAX_VALUES}

    def read(self, asked: Parameters) -> tuple[str, ...]:
        tags = asked.several(self.name)
        try:
            for tag in tags:
                _TAG.validate_python(tag)
        except ValidationError:
            asked.refuse(self.name, "A tag is one word, or words joined by hyphens, of at most 40 characters.")
        return tags


Parameter = Text | Number | OneOf | Several | Tags


def _terms(name: str) -> Callable[[Library], Collection[str]]:
    return lambda library: library.vocabulary[name]


def _countries_wanted(library: Library) -> Collection[str]:
    """A file may have one that is no more."""
    return sorted(COUNTRIES | {city.country for city in library.cities.values()})


Q = Text("q", 'Words to look for. "exact phrase", -without and begin* narrow it; empty: everything.',
         MAX_QUERY_CHARACTERS, "For a longer text, use the matcher.", example="flood")
THEME = Several("theme", "Field of city life, as listed by /vocabulary.", _terms("themes"))
CHALLENGE_TYPE = Several("challenge_type", "Kind of problem, as listed by /vocabulary.", _terms("challenge_types"))
APPROACH = Several("approach", "How it was tackled, as listed by /vocabulary.", _terms("approaches"))
COUNTRY = Several("country", "Country of the city, ISO 3166-1 alpha-2.", lambda _: sorted(COUNTRIES), COUNTRY_HINT)
CITY_SIZE = Several("city_size", "Residents of the city, from and to.", lambda _: [item.value for item in SizeBand])
OUTCOME = Several("outcome", "What came of it.", lambda _: [item.value for item in Outcome])
LANGUAGE = Several("language", "Language of the case, ISO 639-1.", lambda _: sorted(LANGUAGES),
                   "Send the two small letters of the language, as en.")
TAG = Tags("tag", "A tag as cases have it: a word, or words joined by hyphens.")
EVIDENCE = Number("evidence", "Lowest level of evidence, from 0 (no account of impact) to 5.", 0, max(EVIDENCE_LEVELS))
YEAR_FROM = Number("year_from", "It began in this year or later.", EARLIEST_YEAR, LATEST_YEAR)
YEAR_TO = Number("year_to", "It began in this year or earlier; not before year_from.", EARLIEST_YEAR, LATEST_YEAR)
SORT = OneOf("sort", "What comes first.", list(Sort), default=Sort.RELEVANCE.value)
PAGE = Number("page", f"Which page, counted from 1. Not beyond the first {MAX_OFFSET:,} cases: page × per_page is at "
              "most that.", 1, MAX_OFFSET, 1)
PER_PAGE_OF = Number("per_page", "How many on a page.", 1, MAX_PER_PAGE, PER_PAGE)

CHALLENGE = Text("challenge", "The challenge in your own words, in any of the languages that the library reads: a "
                 "sentence or two, at least three words.", MAX_CHARACTERS, "Describe one challenge.", shortest=5,
                 required=True, example="Cellars flood after every cloudburst")
CITY = Text("city", "Slug of your city, as listed by /cities: cases of cities like it come first.", 60,
            pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
ASKED_IN = OneOf("language", "Language of the challenge, ISO 639-1; left out: the library finds out by itself.",
                 QUESTION_LANGUAGES, hint="Or leave it out: the library finds out by itself which language it is.")
LIMIT = Number("limit", "How many matches at most.", 1, MAX_LIMIT, MATCHES)

SO_FAR = Text("q", "What has been typed so far.", MAX_QUERY_CHARACTERS, example="wat")
SUGGESTED = Number("limit", "How many suggestions at most.", 1, MAX_LIMIT, SUGGESTIONS)

STATUS = Several("status", "How far the challenge is.", lambda _: list(ChallengeStatus), hold=False)
THEME_WANTED = Several("theme", THEME.about, THEME.values, hold=False)
COUNTRY_WANTED = Several("country", COUNTRY.about, _countries_wanted, COUNTRY_HINT, hold=False)


def _named(*parameters: Parameter) -> Mapping[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters}


# What an address takes: name -> parameter, in the order in which links have them.
FILTERS = _named(Q, THEME, CHALLENGE_TYPE, APPROACH, COUNTRY, CITY_SIZE, OUTCOME, EVIDENCE, TAG, LANGUAGE, YEAR_FROM,
                 YEAR_TO, SORT)
PAGING = _named(PAGE, PER_PAGE_OF)
SEARCH = {**FILTERS, **PAGING}
MATCH = _named(CHALLENGE, CITY, ASKED_IN, LIMIT)
SUGGEST = _named(SO_FAR, SUGGESTED)
BOARD = _named(STATUS, THEME_WANTED, COUNTRY_WANTED)
NONE: Mapping[str, Parameter] = {}


def query(given: Iterable[tuple[str, object]], library: Library, known: Collection[str] = SEARCH) -> Query:
    """The search that these parameters ask for. Raises BadInput with all mistakes (or the first MAX_MISTAKES).

    `known` are the parameters that this address takes (of SEARCH). A value of a facet is taken if the vocabulary, or
    the list of its kind, has it, or else if the library holds it."""
    asked = Parameters(given, known, FACETS)
    filters = {facet.name: facet.read(asked, library)
               for facet in (THEME, CHALLENGE_TYPE, APPROACH, COUNTRY, CITY_SIZE, OUTCOME, LANGUAGE)}
    filters["tag"] = TAG.read(asked)
    year_from, year_to = asked.years()
    sort = SORT.read(asked)
    page, per_page = asked.paging()
    result = Query(
        text=Q.read(asked),
        filters={name: values for name, values in filters.items() if values},
        minimum_evidence=EVIDENCE.read(asked),
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
    asked = Parameters(given, BOARD, WANTED)
    filters = {facet.name: facet.read(asked, library) for facet in (STATUS, THEME_WANTED, COUNTRY_WANTED)}
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
    city = CITY.read(asked)
    if city and city not in cities:
        asked.refuse("city", NO_SUCH_CITY)
    language = ASKED_IN.read(asked)
    text = CHALLENGE.read(asked)
    try:
        result = Challenge.of(text, cities.get(city), language)
    except BadInput as error:
        if not any(name == "challenge" for name, _ in asked.mistakes):
            for name, advice in error.mistakes:
                asked.refuse(name, advice)
    asked.finish()
    return result
