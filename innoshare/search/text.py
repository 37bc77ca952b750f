"""Text becomes terms, language by language: what makes "Schools", "school" and "school's" the same word.

`tokens` cuts plain text into words with their places; each word becomes a *term*: lower-case, reduced to its stem
(Snowball, where it knows the language) and without accents. Words of grammar ("the", "och") become none. What it
does not do: understand.

Decision: a document is analysed in its own language, but terms of all languages share one space, so "Helsinki",
"transport" and most words that languages have borrowed from each other are found across them. The price, two words
of two languages that happen to share a stem, is small beside it.

Decision: stems come before folding, because the stemmers read accents. A question typed without accents is helped
by the engine, which knows the words as people wrote them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import Stemmer
from py3langid.langid import MODEL_FILE, LanguageIdentifier

# Languages with a Snowball stemmer, by ISO 639-1 code.
STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}

# Hardly a word in use is longer, German compounds included. What is longer is a paste accident and is read in pieces,
# so that no huge "word" costs a stemmer's time or a cache's memory. Likewise the hyphens in one compound.
MAX_WORD_LETTERS = 64
MAX_HYPHENS = 8

# Words of documents remembered per language while an index is built: the written forms of some 2,000 cases, 20 MB. When
# full, it starts anew. What a question holds is never remembered: it is somebody's, and there is no end to it.
CACHED_WORDS = 50_000

# So many words of grammar, and more than for any other language, make a language believed. One is not enough: "in",
# "die" and "a" stand in many lists.
WORDS_OF_A_LANGUAGE = 2

# What is believed of a text whose words of grammar tell nothing, and how much of it is read. From .9 on, none of 2,200
# labels of concepts in eleven languages and of 1,100 texts of three labels was called wrong (27 % and 60 % were called
# at all; without a limit 24 % and 3 % would be wrong).
CERTAIN = 0.9
CHARACTERS_OF_A_LANGUAGE = 1_000

# Accents and vowel signs belong to the word they stand in; `re` has no class for them. Likewise soft hyphens and
# joiners, which people do not see.
_MARKS = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M")
_LETTER = rf"[\w\u00ad\u200c\u200d{_MARKS}]"
_HYPHENS, _APOSTROPHES = "-‐‑", "'’ʼ"
_NUMBER_POINT = r"(?<=\d)[.,](?=\d)"
_RUN = rf"{_LETTER}{{1,{MAX_WORD_LETTERS}}}"
_COMPOUND = re.compile(rf"{_RUN}(?:(?:[{_HYPHENS}{_APOSTROPHES}]|{_NUMBER_POINT}){_RUN}){{0,{MAX_HYPHENS}}}")
_PART = re.compile(rf"{_RUN}(?:{_NUMBER_POINT}{_RUN})*")
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")

_ENDINGS = frozenset({"s", "t", "d", "m", "re", "ll", "ve"})  # city's, don't, we'd, I'm, they're, we'll, I've
_UNDECOMPOSED = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
                               "ħ": "h", "\u00ad": None, "\u200c": None, "\u200d": None})
# Accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic; not the vowel signs of Indic scripts.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]+")


# What a compound gives, as (word or term, start, end, position within it), and the number of positions it takes.
_Pieces = tuple[tuple[tuple[str, int, int, int], ...], int]


class Token(NamedTuple):
    """A word of a text: its term, where it stands (characters from `start` up to `end`) and the how manieth word
    it is. Words of grammar are left out but counted, so that a phrase can tell neighbours from near ones."""

    term: str
    start: int
    end: int
    position: int


class Word(NamedTuple):
    """A word of a question, with every term it may be in the index; `position` as in `Token`."""

    text: str
    start: int
    end: int
    position: int
    terms: tuple[str, ...]

    @property
    def compound(self) -> bool:
        """Whether it is a hyphenated word in one piece, whose parts are words as well."""
        return any(hyphen in self.text for hyphen in _HYPHENS)


def tokens(text: str, language: str) -> Iterator[Token]:
    """The words of `text` that carry meaning, in order. Any string will do; the time is linear in its length.

    A hyphenated word gives its parts and itself in one piece ("co-design": co, design, codesign), because people
    write it both ways. Elided articles ("l'eau") and endings ("city's") are dropped.
    """
    terms, position = _terms(language), 0
    for raw, at in _compounds(text):
        pieces, width = terms[raw]
        for term, start, end, place in pieces:
            yield Token(term, at + start, at + end, position + place)
        position += width


def words(text: str, language: str, languages: Collection[str]) -> list[Word]:
    """The words of a question that carry meaning, each with its terms in all of `languages` (of the index).

    `language` is that of the question, or "" where it is not known; its words of grammar are left out. Not known
    and not to be guessed from the text: those of `languages`, unless nothing would be left.
    """
    language = language.partition("-")[0].lower() or language_of(text)  # "en-GB" is "en"
    stops = frozenset().union(*(_stop_words(code) for code in ([language] if language else languages)))
    analysts = [_terms(code) for code in dict.fromkeys([*([language] if language else []), *languages])] or [_terms("")]
    kept: list[Word] = []
    grammar: list[Word] = []
    position = 0
    for raw, at in _compounds(text):
        parts, width = _parts(raw)
        for part, start, end, place in parts:
            terms = tuple(dict.fromkeys(filter(None, (analyst.stem(part) for analyst in analysts))))
            if terms:
                word = Word(text[at + start:at + end], at + start, at + end, position + place, terms)
                (grammar if _is_grammar(part, stops) else kept).append(word)
        position += width
    return kept if kept or language else grammar


def stems(text: str, language: str, remember: bool = False) -> Iterator[Token]:
    """Every word of `text` with its stem, in order, those of grammar as well: what a fixed phrase ("lack of access") is
    recognised by. A hyphenated word gives its parts only. `remember` what the library's own texts hold, to be quicker.
    """
    analyst, position = _terms(language), 0
    for raw, at in _compounds(text):
        pieces, width = analyst.every(raw, remember)
        for term, start, end, place in pieces:
            yield Token(term, at + start, at + end, position + place)
        position += width


def is_grammar(word: str, language: str) -> bool:
    """Whether a word is one of grammar in `language`, as "the" in English."""
    return _is_grammar(word, _stop_words(language))


def is_grammar_anywhere(word: str) -> bool:
    """Whether a word is one of grammar in any language."""
    return word.lower() in _languages_of_stop_words()


def stem(word: str, language: str) -> str:
    """The term of one word in `language`, be it a word of grammar; "" for what holds no letter and no digit."""
    return _terms(language).stem(word)


def language_of(text: str) -> str:
    """The language of `text`, or "" where it cannot be told: by its words of grammar, which are quick and never wrong
    where they tell it; else, as in a few words without any, by the letters that stand together."""
    counts: Counter[str] = Counter()
    owners = _languages_of_stop_words()
    for raw in {raw.lower() for raw, _ in _compounds(text)}:
        counts.update(owners.get(raw, ()))
    best = counts.most_common(2)
    if best and best[0][1] >= WORDS_OF_A_LANGUAGE and (len(best) == 1 or best[0][1] > best[1][1]):
        return best[0][0]
    language, certainty = _identifier().classify(text[:CHARACTERS_OF_A_LANGUAGE])
    return str(language) if certainty >= CERTAIN else ""


@cache
def _identifier() -> LanguageIdentifier:
    """Takes most of a second to load, so who serves calls `language_of` before anybody waits."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(set(identifier.labels) & STEMMERS.keys()))
    return identifier


def fold(word: str) -> str:
    """`word` in lower case and without accents: "Élevé" and "eleve" are one."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold())).casefold().translate(_UNDECOMPOSED)
    return unicodedata.normalize("NFC", plain)


def _compounds(text: str) -> Iterator[tuple[str, int]]:
    """Words with their hyphens and apostrophes, and where they begin."""
    if text.isupper() and len(text.split()) > 1:  # That is shouting; else capitals tell IT from "it".
        text = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return ((match.group(), match.start()) for match in _COMPOUND.finditer(text.replace("_", " ")))


def _parts(raw: str) -> _Pieces:
    """The words that a compound is made of."""
    found = [(match.group(), match.start(), match.end()) for match in _PART.finditer(raw)]
    joints = {raw[end] for _, _, end in found[:-1]}
    parts: list[tuple[str, int, int, int]] = []
    for index, (part, start, end) in enumerate(found):
        if start and raw[start - 1] in _APOSTROPHES and part.lower() in _ENDINGS:
            continue
        if index < len(found) - 1 and raw[end] in _APOSTROPHES and len(part) <= 2:
            continue
        parts.append((part, start, end, len(parts)))
    width = len(parts)
    if width > 1 and joints <= set(_HYPHENS) and not all(part.isdigit() for part, *_ in parts):
        parts.append(("".join(part for part, *_ in parts), 0, len(raw), 0))
    return tuple(parts), width


class _Terms(dict[str, _Pieces]):
    """Compounds to terms in one language, without those of grammar: a dictionary that fills itself as it is asked.

    A Snowball stemmer must not be used by two threads at once.
    """

    def __init__(self, language: str) -> None:
        self._stops = _stop_words(language)
        algorithm = STEMMERS.get(language)
        self._stemmer = Stemmer.Stemmer(algorithm, 0) if algorithm else None  # 0: remembering is done here
        self._lock = Lock()
        self._every: dict[str, _Pieces] = {}

    def __missing__(self, raw: str) -> _Pieces:
        parts, width = _parts(raw)
        pieces = tuple((term, start, end, place) for part, start, end, place in parts
                       if not _is_grammar(part, self._stops) and (term := self.stem(part))), width
        if len(self) >= CACHED_WORDS:
            self.clear()
        self[raw] = pieces
        return pieces

    def every(self, raw: str, remember: bool) -> _Pieces:
        """The same with words of grammar, and of a hyphenated word the parts only."""
        if (known := self._every.get(raw)) is not None:
            return known
        parts, width = _parts(raw)
        pieces = tuple((term, start, end, place) for part, start, end, place in parts[:width]
                       if (term := self.stem(part))), width
        if remember:
            if len(self._every) >= CACHED_WORDS:
                self._every.clear()
            self._every[raw] = pieces
        return pieces

    def stem(self, word: str) -> str:
        """The term of a word, be it one of grammar; "" for what holds no letter and no digit."""
        stem = unicodedata.normalize("NFC", word).lower()
        if any(letter.isdigit() for letter in stem):
            stem = _THOUSANDS.sub("", stem)
        elif self._stemmer:
            with self._lock:
                stem = self._stemmer.stemWord(stem)
        return fold(stem)


def _terms(language: str) -> _Terms:
    return _known_terms(language if language in STEMMERS or _stop_words(language) else "")


@cache
def _known_terms(language: str) -> _Terms:
    return _Terms(language)


def _is_grammar(word: str, stops: Collection[str]) -> bool:
    """Capitals make a word of what would be grammar: IT, US, WHO."""
    return word.lower() in stops and not (len(word) > 1 and word.isupper())


@cache
def _stop_lists() -> dict[str, frozenset[str]]:
    lists: dict[str, frozenset[str]] = {}
    path = Path(__file__).with_name("stopwords.txt")
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    for section in "\n".join(lines).split("[")[1:]:
        code, _, listed = section.partition("]")
        lists[code] = frozenset(listed.split())
    return lists


def _stop_words(language: str) -> frozenset[str]:
    return _stop_lists().get({"nb": "no", "nn": "no"}.get(language, language), frozenset())


@cache
def _languages_of_stop_words() -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for language, listed in _stop_lists().items():
        for word in listed:
            owners.setdefault(word, []).append(language)
    return owners
