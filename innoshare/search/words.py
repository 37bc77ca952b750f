"""The words of the index as people write them: to complete what somebody types, and to doubt what nobody wrote.

Stems are for the index; a person wants to read "accessibility", not "access". So the written forms are kept, with the
number of cases they stand in, sorted without accents: a prefix, a first letter and a word typed without its accents
are each one stretch of the list.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from innoshare.search import Document
from innoshare.search.text import Token, fold

# Mistakes looked for: two is what a fast typist makes in one word. In short words every other word is two away.
MAX_MISTAKES = 2
SHORT_WORD_LETTERS = 5

# Shorter words are not doubted at all: they are abbreviations and names, and too many words are near to them.
MIN_DOUBTED_LETTERS = 4

_AFTER_ALL = chr(0x10FFFF)


class Words:
    """Written words with the number of cases they stand in. Read only."""

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        """`words` sorted by their folded form, as `sort` gives them."""
        self._words, self._counts = words, np.asarray(counts, dtype=np.int64)
        self._keys = [fold(word) for word in words]

    @staticmethod
    def in_document(document: Document, tokens: Mapping[str, Sequence[Token]]) -> set[str]:
        """The words of a document that hold a letter, in lower case. `tokens` are those of its texts, by field."""
        written = {document.texts[name][token.start:token.end].lower() for name, found in tokens.items()
                   for token in found}
        return {word for word in written if not word.isdigit()}

    @staticmethod
    def sort(counts: Mapping[str, int]) -> tuple[list[str], list[int]]:
        """What `Words` is made from."""
        words = sorted(counts, key=lambda word: (fold(word), word))
        return words, [counts[word] for word in words]

    def forms(self, word: str) -> Iterator[str]:
        """The written words that are `word` but for accents and capitals."""
        key = fold(word)
        for place in range(bisect_left(self._keys, key), len(self._keys)):
            if self._keys[place] != key:
                break
            yield self._words[place]

    def beginning(self, prefix: str, limit: int) -> list[str]:
        """At most `limit` words that begin with `prefix`, accents and capitals aside, most frequent first."""
        key = fold(prefix)
        low, high = bisect_left(self._keys, key), bisect_left(self._keys, key + _AFTER_ALL)
        if not key or low == high:
            return []
        order = low + np.argsort(-self._counts[low:high], kind="stable")
        return [self._words[place] for place in order[:limit].tolist()]

    def nearest(self, word: str) -> str | None:
        """The word that was probably meant, if the index does not know `word` itself and there is one.

        It begins with the same letter and differs by at most MAX_MISTAKES letters added, lost, changed or swapped;
        of several the nearest, of equally near ones the most frequent.
        """
        key = fold(word)
        if len(key) < MIN_DOUBTED_LETTERS or next(self.forms(word), None):
            return None
        low, high = bisect_left(self._keys, key[0]), bisect_left(self._keys, key[0] + _AFTER_ALL)
        if low == high:
            return None
        allowed = 1 if len(key) <= SHORT_WORD_LETTERS else MAX_MISTAKES
        away = cdist([key], self._keys[low:high], scorer=OSA.distance, score_cutoff=allowed, dtype=np.uint8)[0]
        best = int(np.lexsort((-self._counts[low:high], away))[0])
        return self._words[low + best] if away[best] <= allowed else None
