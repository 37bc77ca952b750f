"""What somebody probably meant: the forms that values follow, and the nearest of the values on a list.

Many fields follow a pattern (a date, an address, a country) or come from a list. FORMS says of each pattern what it
looks like, with an example and a guess at what was meant; `one_of` finds the likeliest value of a list. Nothing is
judged here: `fields`, `rules` and the reading of files find the mistakes and ask for a suggestion.

Decision: a guess is offered only where there is one way to read what was written. Where dates are written with full
stops the day comes first; `3/5/2026` is a day in May in one country and in March in another, so it gets an example and
no guess.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from anyascii import anyascii
from babel import Locale

from innoshare.case import Country, Currency, Day, Language, PartialDate, SdgTarget, Slug, Url, WikidataId, is_tag
from innoshare.choices import LANGUAGES

MAX_SLUG = next(item.max_length for item in Slug.__metadata__)  # type: ignore[attr-defined]  # of Annotated
_APOSTROPHES = "'’ʼ"  # in a word, not between two: Ærø's is aeros

MONTHS = 12  # of a year: a larger number in a date is a day

SIMILAR = 0.6  # difflib's own default: `titel` finds `title`, `colour` does not find `country`.


def similar(value: str, allowed: Collection[str], count: int = 1) -> list[str]:
    """The allowed values that somebody who wrote `value` may have meant, at most `count`, the likeliest first."""
    return get_close_matches(value.lower(), allowed, n=count, cutoff=SIMILAR)


def nearest(value: str, allowed: list[str]) -> list[str]:
    """The allowed values, those most like `value` first."""
    like = similar(value, allowed, 3)
    return like + [name for name in allowed if name not in like]


def one_of(value: str, allowed: list[str]) -> str:
    """The remedy for a value that is not on a list."""
    like = similar(value, allowed, 3)
    listed = ", ".join(f"`{name}`" for name in [*like, *(name for name in allowed if name not in like)])
    return (f"Did you mean `{like[0]}`? " if like else "") + f"Write one of: {listed}."


def slug_of(text: str) -> str:
    """A text of any script in small letters a to z with hyphens, of any length; empty where it holds neither letter nor
    digit."""
    spoken = "".join(letter for letter in text if letter not in _APOSTROPHES and unicodedata.category(letter) != "So")
    return re.sub(r"[^a-z0-9]+", "-", anyascii(spoken).lower()).strip("-")


def named_after(city: str, title: str, most: int = MAX_SLUG) -> str:
    """A name for a file: city and title in small letters with hyphens, cut between words at `most` letters; empty where
    no letter of the title is left."""
    city, whole = slug_of(city), slug_of(title)
    if whole and city and not f"{whole}-".startswith(f"{city}-"):
        whole = f"{city}-{whole}"
    return whole if len(whole) <= most else whole[: most + 1].rpartition("-")[0] or whole[:most]


def _file_name(value: str) -> str:
    return slug_of(value.strip().lower().removesuffix(".md"))[:MAX_SLUG].strip("-")


def western(value: str) -> str:
    """The value with the digits of any script written as 0 to 9."""
    return value if value.isascii() else "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in value)


def _day(value: str) -> str:
    """A date as people write it, the year first; only where it cannot be read in two ways."""
    value = western(value)
    if match := re.fullmatch(r"([0-9]{1,2})\.\s*([0-9]{1,2})\.\s*([0-9]{4})", value):
        return f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    if match := re.fullmatch(r"([0-9]{4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})(?:[ T].*)?", value) or re.fullmatch(
            r"([0-9]{4})([0-9]{2})([0-9]{2})", value):
        return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"
    if match := re.fullmatch(r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4})", value):
        first, second = int(match[1]), int(match[3])
        if (first > MONTHS) != (second > MONTHS):
            return f"{match[4]}-{min(first, second):0>2}-{max(first, second):0>2}"
    if match := re.fullmatch(r"([0-9]{4})[./-]([0-9]{1,2})|([0-9]{1,2})[./-]([0-9]{4})", value):
        return f"{match[1] or match[4]}-{match[2] or match[3]:0>2}"
    return value


def tag(value: str) -> str:
    """A tag made of what was written, with hyphens for all that is neither letter nor digit; it may be empty."""
    letters = "".join(letter if is_tag("x" + letter) and letter != "-" else " " for letter in value)
    return "-".join(word for word in letters.split() if is_tag(word))


def _address(value: str) -> str:
    """A full address, of one that lacks its beginning, holds spaces or stands in signs of Markdown."""
    inner = re.fullmatch(r"<(\S+)>|\[[^\[\]]*\]\((\S+)\)", value)
    value = (inner[1] or inner[2]) if inner else value
    value = re.sub(r"(?i)^https?://", lambda sign: sign[0].lower(), value)
    if number := re.fullmatch(r"(?i)(?:doi:\s*)?(10\.[0-9]{4,9}/\S+)", value):
        return f"https://doi.org/{number[1]}"
    if re.match(r"(www\.)?[\w-]+(\.[\w-]+)*\.[a-z]{2,}(/\S*)?$", value):
        return "https://" + value
    return "" if "," in value or value.count("://") > 1 else value.replace(" ", "%20")


# Names of countries that people use and the Unicode CLDR, where the others come from, does not list.
_ALSO = {"uk": "GB", "great-britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern-ireland": "GB",
         "el": "GR", "usa": "US", "united-states-of-america": "US", "holland": "NL", "czech-republic": "CZ",
         "turkey": "TR"}


@cache
def _codes(kind: str) -> dict[str, str]:
    """The names of all `territories` or `languages` in each of LANGUAGES, as slugs, and the codes they stand for."""
    return {slug_of(name): code for spoken in LANGUAGES for code, name in getattr(Locale(spoken), kind).items()
            if re.fullmatch("[A-Za-z]{2}", code)}


# Every language that has two letters of its own (ISO 639-1), with its English name.
SPOKEN = {str(code): str(name) for code, name in Locale("en", "GB").languages.items()
          if re.fullmatch("[a-z]{2}", str(code))}


def _country(value: str) -> str:
    name = slug_of(value.replace(".", "")).removeprefix("the-")
    return _ALSO.get(name) or (_codes("territories").get(name) if len(name) > 2 else None) or value.upper()


def _language(value: str) -> str:
    return value.lower()[:2] if re.fullmatch(r"[A-Za-z]{2}([-_]\w+)?", value) else (
        _codes("languages").get(slug_of(value), ""))


@dataclass(frozen=True)
class Form:
    """What a value that follows a pattern looks like, an example, and a guess at what somebody meant."""

    pattern: str
    looks: str
    example: str
    guess: Callable[[str], str]


def pattern_of(annotated: Any) -> str:
    """The pattern of a kind of text that `case` declares."""
    return next(str(item.pattern) for item in annotated.__metadata__ if getattr(item, "pattern", None))


def _form(annotated: Any, looks: str, example: str, guess: Callable[[str], str]) -> tuple[str, Form]:
    pattern = pattern_of(annotated)
    return pattern, Form(pattern, looks, example, guess)


FORMS = dict((
    _form(Slug, "the name of a file without .md: small letters a to z, digits and hyphens", "stockholm", _file_name),
    _form(Url, "a full public address that begins with https://", "https://example.org/report", _address),
    _form(Day, "a day as year-month-day", "2026-05-31", _day),
    _form(PartialDate, "a year, a month or a day, the year first", "2019`, `2019-05` or `2019-05-31", _day),
    _form(Language, "the two small letters of a language", "en", _language),
    _form(Country, "the two capital letters of a country (ISO 3166)", "SE", _country),
    _form(Currency, "the three capital letters of a currency", "EUR",
          lambda value: {"€": "EUR", "£": "GBP"}.get(value, value.upper())),
    _form(SdgTarget, "the number of a target of the Sustainable Development Goals, in quotes", '"11.2"',
          lambda value: f'"{western(value).strip().rstrip(".").removeprefix("SDG ")}"'),
    _form(WikidataId, "a Wikidata number, the letter Q and digits", "Q1748",
          lambda value: "".join(re.findall(r"[Qq][0-9]+$", western(value))).upper()),
))

SLUG, COUNTRY, URL = re.compile(pattern_of(Slug)), pattern_of(Country), pattern_of(Url)


def safe_slug(name: str) -> str:
    """The name, or a stand-in where it is no slug, so that the fields can be checked all the same."""
    return name if SLUG.fullmatch(name) and len(name) <= MAX_SLUG else "x"
