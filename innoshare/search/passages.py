"""The sentences of all cases, ready to be asked: which sentence of this case answers these words best, and where.

Each case keeps its title and its passages (sentences with the field they come from) as arrays of term numbers and
character offsets, made once when the index is built. A page's highlights and the evidence of fifty candidates then
cost well under a millisecond, because nothing is cut, stemmed or compared as text while somebody waits.

Decision: files of our own beside the Whoosh index, mapped into memory. Stored fields would be unpickled whole, case
by case, for two sentences of each.
"""

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from innoshare.search import Document, Passage, joined
from innoshare.search.text import Token

Array = npt.NDArray[Any]

# Offsets are kept in 16 bits; longer "sentences" are lists or tables that slipped through, whose beginning will do.
MAX_PASSAGE_CHARACTERS = 65_535

TITLE = "title"  # The field of the first passage of each case.


class Passages:
    """The passages of every row. Read only, safe to call from several threads."""

    def __init__(self, arrays: Mapping[str, Array], fields: Sequence[str], terms: int) -> None:
        """`terms` is how many terms are numbered; `arrays` and `fields` are what `of` gave."""
        self._fields, self._terms, self._a = fields, terms, arrays

    @staticmethod
    def of(documents: Iterable[Document], tokens: Callable[[str, str], Iterable[Token]], number: Callable[[str], int],
           ) -> tuple[dict[str, Array], list[str]]:
        """The arrays and the names of fields for documents in the order of their rows. `tokens` analyses a text in a
        language, `number` numbers terms."""
        fields: dict[str, int] = {TITLE: 0}
        first, field, text_end, token_first = [0], [], [0], [0]
        text, term, span = bytearray(), array("i"), array("H")
        for document in documents:
            others = [pair for pair in document.passages if pair[0] != TITLE]
            for name, passage in [(TITLE, document.texts.get(TITLE, "")), *others]:
                passage = passage[:MAX_PASSAGE_CHARACTERS]
                field.append(fields.setdefault(name, len(fields)))
                text += passage.encode(errors="replace")
                text_end.append(len(text))
                for word, start, end, _ in tokens(passage, document.language):
                    term.append(number(word))
                    span.append(start)
                    span.append(end)
                token_first.append(len(term))
            first.append(len(field))
        return {
            "passage_first": np.array(first, dtype=np.int64),  # row -> its first passage, which is its title
            "passage_field": np.array(field, dtype=np.uint8),
            "passage_text": np.frombuffer(bytes(text), dtype=np.uint8),  # all texts, one after the other, in UTF-8
            "passage_text_end": np.array(text_end, dtype=np.int64),  # passage -> where its text begins in it
            "passage_token_first": np.array(token_first, dtype=np.int64),  # passage -> its first token
            "passage_term": np.frombuffer(term.tobytes(), dtype=np.int32),  # token -> number of its term
            "passage_span": np.frombuffer(span.tobytes(), dtype=np.uint16).reshape(-1, 2),  # token -> start, end
        }, list(fields)

    def best(self, rows: Sequence[int], words: Sequence[Iterable[int]], weights: Sequence[float],
             groups: Sequence[Collection[str]], most: int = 0, near: Sequence[Array] = (), near_worth: float = 0.0,
             ) -> list[list[Passage | None]]:
        """For each row its best passages: by the summed weight of the words in them, and by nearness in meaning;
        shorter before longer. `words` are the question's, each as the numbers of its terms; `near` holds for each row
        how near its first passages (after the title) are, from 0 to 1, and `near_worth` the weight of 1.

        First the best passage of each group of fields, None where none has any worth; then the best `most` of the
        other fields. Titles take no part unless a group names them.
        """
        if not len(rows) or not (len(words) or len(near)):
            return [[None] * len(groups) for _ in rows]
        word_of = np.full(self._terms, -1, dtype=np.int32)
        for index, numbers in enumerate(words):
            word_of[list(numbers)] = index
        token, word, passage = self._hits(rows, word_of)
        # Each word once per passage, however often it stands there.
        pairs, count = np.unique(passage * len(weights) + word), max(1, len(weights))
        first = self._a["passage_first"]
        held: Array = np.concatenate([pairs // count, *(int(first[row]) + 1 + np.arange(len(here))
                                                 for row, here in zip(rows, near, strict=bool(near)))])
        nearness: Array = np.concatenate([np.zeros(len(pairs)), *near])
        worth: Array = near_worth * nearness
        worth[:len(pairs)] = np.asarray(weights, dtype=np.float64)[pairs % count]
        passages, of = np.unique(held[worth > 0], return_inverse=True)
        nearness = np.bincount(of, nearness[worth > 0], len(passages))
        worth = np.bincount(of, worth[worth > 0], len(passages))
        token_first = self._a["passage_token_first"]
        lengths = token_first[passages + 1] - token_first[passages]
        bounds = np.searchsorted(passage, [passages, passages + 1]).tolist()  # which hits each passage has
        spans, hits = self._a["passage_span"][token].tolist(), word.tolist()
        group_of = np.full(len(self._fields), len(groups), dtype=np.int64)
        group_of[self._fields.index(TITLE)] = -1
        for number, name in enumerate(self._fields):
            group_of[number] = next((index for index, names in enumerate(groups) if name in names), group_of[number])
        group = group_of[self._a["passage_field"][passages]]
        found: list[list[Passage | None]] = []
        for row in rows:
            low, high = np.searchsorted(passages, first[row:row + 2]).tolist()
            order = low + np.lexsort((passages[low:high], lengths[low:high], -worth[low:high]))
            chosen = [next(iter(order[group[order] == index].tolist()), None) for index in range(len(groups))]
            chosen += order[group[order] == len(groups)][:most].tolist()
            found.append([None if i is None else
                          self._passage(int(passages[i]), hits[bounds[0][i]:bounds[1][i]],
                                        spans[bounds[0][i]:bounds[1][i]], float(nearness[i]))
                          for i in chosen])
        return found

    def _hits(self, rows: Sequence[int], word_of: Array) -> tuple[Array, Array, Array]:
        """Every place in `rows` where a word of the question stands: token, word, passage, ascending."""
        first, token_first = self._a["passage_first"], self._a["passage_token_first"]
        spans = [(int(first[row]), int(first[row + 1])) for row in sorted(rows)]
        passages = np.concatenate([np.arange(low, high) for low, high in spans])
        tokens = np.concatenate([np.arange(token_first[low], token_first[high]) for low, high in spans])
        word = word_of[self._a["passage_term"][tokens]]
        passage = np.repeat(passages, token_first[passages + 1] - token_first[passages])
        hit = word >= 0
        return tokens[hit], word[hit], passage[hit]

    def _passage(self, number: int, words: Sequence[int], spans: Sequence[tuple[int, int]], nearness: float
                 ) -> Passage:
        low, high = self._a["passage_text_end"][number:number + 2].tolist()
        text = self._a["passage_text"][low:high].tobytes().decode()
        return Passage(self._fields[self._a["passage_field"][number]], text, frozenset(words),
                       joined((start, end) for start, end in spans), nearness)
