"""Concepts in texts: the bridge between words and between languages.

A concept is something in city life that people call by many words in many languages: a cycle lane, rough sleeping,
single parents. Its labels are found in a text by longest match over stemmed words, so that "pistes cyclables" and
"bike lanes" are the same thing said twice. Each place becomes a token of the text, with a term of its own that no word
can have; index, ranker and passages then treat it as one more word.

Languages that join words (German "Radverkehrsförderung") are split where both parts, or a long one, are labels; a word
that is itself a label is not. Words are split into labels only, never into pieces that no vocabulary knows, so a
split can be wrong about a word but not invent one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
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

# Letters a part of a compound must have: shorter ones stand in every other word by accident. A part beside which the
# rest is no label must be longer still.
MIN_PART, MIN_LONE_PART = 4, 6
MIN_REST = 3  # Letters that a rest which is no label must have, or it is an ending and not a word.

# Letters that a label and the word in a text must begin with alike: stemmers make "loi" (a law) of "loyer" (the rent).
MIN_LIKENESS = 3


NO_CONCEPTS: Mapping[str, Any] = {"labels": {}, "english": {}}  # What a library without any has compiled.


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


class Concepts:
    """The labels of all concepts, ready to be found in texts. Read only, safe to call from several threads."""

    def __init__(self, compiled: Mapping[str, Any], remember: bool = False) -> None:
        """`compiled` is what `compiled` gave. `remember` how words were split only where texts are the library's own:
        what people ask is not kept."""
        self._labels: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]] = compiled["labels"]
        self.english: Mapping[str, str] = compiled["english"]
        self._longest: dict[str, dict[str, int]] = {}
        for language, labels in self._labels.items():
            longest = self._longest[language] = {}
            for stems in labels:
                first, words = stems.partition(" ")[0], stems.count(" ") + 1
                longest[first] = max(words, longest.get(first, 0))
        self._split = lru_cache(analysis.CACHED_WORDS)(self._parts) if remember else self._parts

    @staticmethod
    def compiled(concepts: Iterable[Concept]) -> dict[str, Any]:
        """What is needed to find concepts, in a form that can be kept as JSON: `labels`, language -> stems of a label,
        separated by spaces -> the labels with these stems, each as it is written (folded) and with its slug, the
        shortest first; and `english`, slug -> label."""
        labels: dict[str, dict[str, list[list[str]]]] = {}
        english = {}
        for concept in concepts:
            english[concept.slug] = concept.label_in("en")
            for language, names in concept.names.items():
                for name in names:
                    if words := list(analysis.stems(name, language)):
                        labels.setdefault(language, {}).setdefault(_stems(words), []).append(
                            [_written(name, words), concept.slug])
        for stems in labels.values():
            for same in stems.values():
                same.sort(key=lambda label: (len(label[0]), label))
        return {"labels": labels, "english": english}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that any label is in."""
        return tuple(self._labels)

    def find(self, text: str, languages: Iterable[str]) -> list[Found]:
        """The concepts of `text` by their labels in any of `languages`, in the order of their places; each place once
        per concept."""
        found = {item for language in languages if language in self._labels
                 for item in self._in_language(text, language)}
        return sorted(found, key=lambda item: (item.start, -item.end, item.slug))

    def asked(self, text: str, language: str) -> list[Found]:
        """The concepts of a question in `language`. Where that is not known, or was said wrongly, so that nothing is
        found by it: those of all languages."""
        return self.find(text, [language]) or self.find(text, self._labels)

    def tokens(self, text: str, language: str) -> Iterator[Token]:
        """The concepts of a text in `language` as tokens for an index."""
        return (Token(term_of(slug), start, end, position)
                for slug, start, end, position in self.find(text, [language]))

    def _in_language(self, text: str, language: str) -> Iterator[Found]:
        longest = self._longest[language]
        words = list(analysis.stems(text, language))
        place = 0
        while place < len(words):
            word = words[place]
            for length in range(min(longest.get(word.term, 0), len(words) - place), 0, -1):
                here = words[place:place + length]
                if slug := self._label(_stems(here), _written(text, here), language):
                    yield Found(slug, word.start, here[-1].end, word.position)
                    place += length
                    break
            else:
                if language in LINKS:
                    for slug, start, end in self._split(text[word.start:word.end].lower(), language):
                        yield Found(slug, word.start + start, word.start + end, word.position)
                place += 1

    def _label(self, stems: str, written: str, language: str) -> str:
        """The concept of a label with these stems: of several the one that looks most like what is written, so that
        "training" is not a train and "parks" are no parking; "" where there is none, or stems agree by accident."""
        best, most = "", MIN_LIKENESS - 1
        for label, slug in self._labels[language].get(stems, ()):
            if label == written:
                return slug
            alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(label, written, strict=False)))
            if alike > most:
                best, most = slug, alike
        return best

    def _parts(self, word: str, language: str) -> tuple[tuple[str, int, int], ...]:
        """The labels that a compound is made of, as (slug, start, end); of several ways to split it the one with most
        of its letters in labels."""
        best: tuple[tuple[str, int, int], ...] = ()
        best_letters = 0
        for cut in range(MIN_REST, len(word) - MIN_REST + 1):
            left, left_end = self._left(word[:cut], language)
            right = self._part(word[cut:], language)
            letters = left_end + (len(word) - cut if right else 0)
            lone = not (left and right)
            if letters > best_letters and (not lone or max(left_end, len(word) - cut if right else 0) >= MIN_LONE_PART):
                best_letters = letters
                best = tuple(part for part in ((left, 0, left_end), (right, cut, len(word))) if part[0])
        return best

    def _left(self, part: str, language: str) -> tuple[str, int]:
        """The label that a first part is, with or without what links it to the next, and how many letters it has."""
        for link in LINKS[language]:
            if part.endswith(link) and (slug := self._part(part[:len(part) - len(link)], language)):
                return slug, len(part) - len(link)
        return "", 0

    def _part(self, part: str, language: str) -> str:
        if len(part) < MIN_PART:
            return ""
        return self._label(analysis.stem(part, language), analysis.fold(part), language)


def _stems(words: Sequence[Token]) -> str:
    return " ".join(word.term for word in words)


def _written(text: str, words: Sequence[Token]) -> str:
    return " ".join(analysis.fold(text[word.start:word.end]) for word in words)
