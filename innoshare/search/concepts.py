"""Concepts in texts: the bridge between words and between languages.

A concept is something in city life that people call by many words in many languages: a cycle lane, rough sleeping,
single parents. Its labels are found in a text over stemmed words, so that "pistes cyclables" and "bike lanes" are the
same thing said twice. Each place becomes a token of the text, with a term of its own that no word can have; index,
ranker and passages then treat it as one more word.

A text speaks of the longest label that stands in it and of the shorter ones within: who writes of sewer overflow
writes of sewers (nDCG@10 on 47 judged questions .470 by the longest only, .482 by all; .525 and .552 with a sentence
model). In a search, which names what it is about, only the longest count.

Languages that join words (German "Radverkehrsförderung") are split where both parts, or a long first one, are labels; a
word that is itself a label is not. Words are split into labels only, never into pieces that no vocabulary knows, so a
split can be wrong about a word but not invent one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, takewhile
from typing import Any, NamedTuple

from innoshare.case import Concept
from innoshare.search import text as analysis
from innoshare.search.text import Token

# What no word begins with: words are letters and digits. So a concept's term never meets a word's.
MARK = "~"

# What may stand between the parts of a compound, by language; "" is everywhere.
LINKS: Mapping[str, tuple[str, ...]] = {
    "de": ("", "s", "es", "n", "en", "er", "e"), "nl": ("", "s", "en", "e", "n"), "sv": ("", "s", "e", "o", "u"),
    "da": ("", "s", "e", "er"), "fi": ("", "n", "en", "in", "ien", "jen", "iden"),
}

# Letters a part of a compound must have: shorter ones stand in every other word by accident. A first part must have
# more where the rest is no label. A last part alone is none: Swedish "beskrivning" (a description) is no demolition
# ("rivning"), Finnish "varsinainen" (actual) no woman ("nainen").
MIN_PART, MIN_LONE_PART = 4, 6
MIN_REST = 3

# Endings that Snowball leaves on: Swedish "skolan" (the school) keeps its article.
ENDINGS_LEFT: Mapping[str, tuple[str, ...]] = {"sv": ("n", "t", "et")}

# Languages in which letters that others call accented are letters of their own: Swedish "vad" (what) has nothing of
# "väder" (weather), where German "Städte" is a form of "Stadt". Who types without any means either.
LETTERS_APART = frozenset({"da", "fi", "sv"})

# Letters that a label and the word in a text must begin with alike, or all but one of the shorter: stemmers make "loi"
# (a law) of "loyer" (the rent) and one stem of "répit" (respite) and "repas" (a meal). By more, forms are lost.
MIN_LIKENESS = 4
BEGINNING = 3  # Letters by which a word that begins no label is told at once.

# Words of grammar that may stand within a label which has any: "price of housing" is "price of the housing".
MAX_GRAMMAR = 3

MAX_SAME_STEMS = 50  # Labels with the same stems that are compared, each time these stand in a text; real ones are 9.

_ENDS = re.compile(r"[.!?;:](?=\s)|\n\s*\n")  # Beyond these, words do not belong together.

NO_CONCEPTS: Mapping[str, Any] = {"labels": {}, "loose": {}, "english": {}}  # What a library without any has compiled.


class Found(NamedTuple):
    """A concept in a text: its slug, the characters from `start` up to `end`, and the how manieth word it begins at."""

    slug: str
    start: int
    end: int
    position: int


def term_of(slug: str) -> str:
    """The term that stands for a concept in an index."""
    return MARK + slug


def slug_of(term: str) -> str:
    """The concept that a term stands for; "" where it is a word's."""
    return term[len(MARK):] if term.startswith(MARK) else ""


class _Language:
    """The labels of one language (stems -> (written, slug) of each), and those without their words of grammar; of each
    stem that begins any, the words of the longest; and the letters that single words begin with."""

    def __init__(self, labels: Mapping[str, Sequence[tuple[str, str]]],
                 loose: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        self.labels, self.loose = labels, loose
        self.longest: dict[str, int] = {}
        for stems, more in chain(((stems, 0) for stems in labels), ((stems, MAX_GRAMMAR) for stems in loose)):
            first, words = stems.partition(" ")[0], stems.count(" ") + 1
            self.longest[first] = max(words + more, self.longest.get(first, 0))
        self.beginnings = frozenset(analysis.fold(label)[:BEGINNING] for stems, same in labels.items()
                                    if " " not in stems for label, _ in same)


class Concepts:
    """The labels of all concepts, ready to be found in texts. Read only, safe to call from several threads."""

    def __init__(self, compiled: Mapping[str, Any], remember: bool = False) -> None:
        """`compiled` is what `compiled` gave. `remember` how words were read only where texts are the library's own:
        what people ask is not kept."""
        self._labels: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]] = compiled["labels"]
        self._loose: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]] = compiled["loose"]
        self.english: Mapping[str, str] = compiled["english"]
        self._remember = remember
        self._known: dict[str, _Language] = {}
        self._in_word = lru_cache(analysis.CACHED_WORDS)(self._look_into) if remember else self._look_into

    @staticmethod
    def compiled(concepts: Iterable[Concept]) -> dict[str, Any]:
        """What is needed to find concepts, in a form that can be kept as JSON: `labels`, language -> stems of a label,
        separated by spaces -> the labels with these stems, each as it is written (in small letters) and with its slug,
        the shortest first; `loose`, the same of labels with words of grammar, without these; `english`, slug -> label.
        """
        labels: dict[str, dict[str, list[list[str]]]] = {}
        english = {}
        loose: dict[str, dict[str, list[list[str]]]] = {}
        for concept in concepts:
            english[concept.slug] = concept.label_in("en")
            for language, names in concept.names.items():
                # Also as it is typed without accents: stemmers read these, and give another stem.
                for own, typed in {(name, typed) for name in names for typed in (name, analysis.fold(name))}:
                    words = list(analysis.stems(typed, language))
                    telling = _without_grammar(typed, words, language)
                    shown = own if len(own) == len(typed) else typed
                    for kept, those in ((labels, words), (loose, telling if 1 < len(telling) < len(words) else ())):
                        if those:
                            kept.setdefault(language, {}).setdefault(_stems(those), []).append(
                                [_written(shown, those), concept.slug])
        for kept in (labels, loose):
            for in_language in kept.values():
                for same in in_language.values():
                    unique = sorted(map(list, set(map(tuple, same))), key=lambda label: (len(label[0]), label))
                    same[:] = unique[:MAX_SAME_STEMS]
        return {"labels": labels, "loose": loose, "english": english}

    def find(self, text: str, languages: Iterable[str], compounds: bool = True, within: bool = True) -> list[Found]:
        """The concepts of `text` by their labels in any of `languages`, in the order of their places; each place once
        per concept. Without `compounds`, words are not looked into; without `within`, neither are longer labels for the
        shorter ones that stand in them or overlap with them."""
        found = {item for language in languages if language in self._labels
                 for item in self._in_language(text, language, compounds, within)}
        return sorted(found, key=lambda item: (item.start, -item.end, item.slug))

    def language_of(self, text: str) -> str:
        """The language whose labels cover most of `text`, where its words tell nothing else; "" where none does. Words
        of grammar, of whatever language, say nothing about it."""
        covered = {language: sum(end - start for _, start, end, _ in self.find(text, [language], False, False)
                                 if not analysis.is_grammar_anywhere(text[start:end]))
                   for language in self._labels}
        best = max(covered, key=lambda language: covered[language], default="")
        return best if best and covered[best] else ""

    def asked(self, text: str, language: str, within: bool = True) -> list[Found]:
        """The concepts of a question in `language`; where nothing is found by that, because it was said wrongly, by the
        language that fits best."""
        return self.find(text, [language], within=within) or self.find(text, [self.language_of(text)], False, within)

    def tokens(self, text: str, language: str) -> Iterator[Token]:
        """The concepts of a text in `language` as tokens for an index."""
        return (Token(term_of(slug), start, end, position)
                for slug, start, end, position in self.find(text, [language]))

    def _language(self, language: str) -> _Language:
        """Made when it is first needed: a process that asks one question needs one or two."""
        if language not in self._known:
            self._known[language] = _Language(self._labels[language], self._loose.get(language, {}))
        return self._known[language]

    def _in_language(self, text: str, language: str, compounds: bool, within: bool) -> Iterator[Found]:
        known = self._language(language)
        words = list(analysis.stems(text, language, self._remember))
        folded = language not in LETTERS_APART or text.isascii()
        look_into = language in ENDINGS_LEFT or (compounds and language in LINKS)
        place = 0
        while place < len(words):
            word, taken = words[place], 0
            for length in range(min(known.longest.get(word.term, 0), len(words) - place), 1, -1):
                phrase = words[place:place + length]
                if _ENDS.search(text, word.end, phrase[-1].start):
                    continue
                if slug := self._phrase(phrase, text, language, folded):
                    yield Found(slug, word.start, phrase[-1].end, word.position)
                    taken = taken or length
                    if not within:
                        break
            if (within or not taken) and (look_into or word.term in known.labels):
                for slug, start, end in self._in_word(text[word.start:word.end], language, folded, compounds):
                    yield Found(slug, word.start + start, word.start + end, word.position)
            place += 1 if within else max(1, taken)

    def _look_into(self, word: str, language: str, folded: bool, compounds: bool) -> tuple[tuple[str, int, int], ...]:
        """The concepts of one word, with their places in it: of the whole word, else of its parts."""
        if slug := self._word(word, language, folded):
            return ((slug, 0, len(word)),)
        if compounds and language in LINKS and len(word) >= 2 * MIN_PART:
            return self._parts(word, language, folded)
        return ()

    def _word(self, word: str, language: str, folded: bool) -> str:
        if analysis.fold(word[:2 * BEGINNING])[:BEGINNING] not in self._language(language).beginnings:
            return ""
        for ending in ("", *ENDINGS_LEFT.get(language, ())):
            if word.endswith(ending):
                base = word[:len(word) - len(ending)]
                same = self._language(language).labels.get(analysis.stem(base, language), ())
                if slug := _most_alike(same, _lower(base), language, folded):
                    return slug
        return ""

    def _phrase(self, words: Sequence[Token], text: str, language: str, folded: bool) -> str:
        """The concept that several words name together: as they stand, else without those of grammar between them."""
        known = self._language(language)
        if same := known.labels.get(_stems(words)):
            return _most_alike(same, _written(text, words), language, folded)
        telling = _without_grammar(text, words, language)
        if telling and telling[-1] is words[-1] and (same := known.loose.get(_stems(telling))):
            return _most_alike(same, _written(text, telling), language, folded)
        return ""

    def _parts(self, word: str, language: str, folded: bool) -> tuple[tuple[str, int, int], ...]:
        """The labels that a compound is made of, as (slug, start, end); of several ways to split it the one with most
        of its letters in labels."""
        best: tuple[tuple[str, int, int], ...] = ()
        most = 0
        for cut in range(MIN_PART, len(word) - MIN_REST + 1):
            left, left_end = self._first(word[:cut], language, folded)
            right = self._word(word[cut:], language, folded) if len(word) - cut >= MIN_PART else ""
            if left and not right and left_end < MIN_LONE_PART:
                left = ""
            if not left:  # What a word ends with alone is as often chance as not.
                right = ""
            letters = (left_end if left else 0) + (len(word) - cut if right else 0)
            if letters > most:
                most = letters
                best = tuple(part for part in ((left, 0, left_end), (right, cut, len(word))) if part[0])
        return best

    def _first(self, part: str, language: str, folded: bool) -> tuple[str, int]:
        """The label that a first part is, with or without what links it to the next, and how many letters it has."""
        for link in LINKS[language]:
            end = len(part) - len(link)
            if end >= MIN_PART and part.endswith(link) and (slug := self._word(part[:end], language, folded)):
                return slug, end
        return "", 0


def _most_alike(labels: Sequence[tuple[str, str]], written: str, language: str, folded: bool) -> str:
    """The concept of labels with the same stems: of several the one that looks most like what is written, so that
    "training" is not a train and "parks" are no parking; "" where stems agree by accident."""
    best, most = "", 0
    for label, slug in labels:
        if label == written:
            return slug
        pair = (analysis.fold(label), analysis.fold(written)) if folded else (label, written)
        alike = sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], zip(*pair, strict=False)))
        if alike > most and alike >= min(MIN_LIKENESS, min(map(len, pair)) - 1):
            best, most = slug, alike
    return "" if best and analysis.is_grammar(written, language) else best


def _without_grammar(text: str, words: Sequence[Token], language: str) -> list[Token]:
    return [word for word in words if not analysis.is_grammar(text[word.start:word.end], language)]


def _stems(words: Sequence[Token]) -> str:
    return " ".join(word.term for word in words)


def _written(text: str, words: Sequence[Token]) -> str:
    return " ".join(_lower(text[word.start:word.end]) for word in words)


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
