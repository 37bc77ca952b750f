"""How near a question and a case are in meaning, whatever words they use: sentence vectors beside the index.

Each case has one vector of its gist (title, challenge, summary, the beginning of its text) and one of each of its first
passages. `Meaning.of` makes them when an index is built; an open engine asks `Meaning` how near a question is.

Vectors are centred: the mean of all gists is taken off before comparing. What all cases have in common (that a city did
something) tells nothing about any, and without it nearness spreads from about 0 to 1 (nDCG@10 on the two judged
collections .438 and .440 with, .431 and .442 without it, for static vectors; .485 and .471, .467 and .448 for MiniLM).

A model that reads English only is told texts in other languages by the English labels of their concepts; what it makes
of their own words is noise.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from innoshare.search import Document
from innoshare.search.concepts import Concepts, Found
from innoshare.search.ranker import lucene_idf
from innoshare.vectors import MAX_CHARACTERS, Embedder, Vectors, unit

Array = npt.NDArray[Any]

# Texts of a case that its gist is made of, in this order, as far as there is room.
GIST_FIELDS = ("title", "challenge", "summary", "body")

# Passages of a case that have a vector: challenge, summary and results come first. More would be a kilobyte of disk for
# each sentence and, with a sentence model, its time at every first build, for the "how to do it" of a case.
MAX_PASSAGES = 12


NOTHING_FOUND: Mapping[int, Sequence[Found]] = {}  # No concepts are known beforehand.


class Meaning:
    """The vectors of every row. Read only, safe to call from several threads."""

    def __init__(self, arrays: Mapping[str, Array], embedder: Embedder, concepts: Concepts) -> None:
        """`arrays` is what `of` gave, made by the same model with the same concepts."""
        self._a = arrays
        self._reader = _Reader(embedder, concepts, arrays["concept_vector"], arrays["vector_means"])
        self.trust = embedder.trust

    @staticmethod
    def of(documents: Sequence[Document], concepts: Concepts, embedder: Embedder) -> dict[str, Array]:
        """The arrays for documents in the order of their rows."""
        gists = [("\n".join(filter(None, map(document.texts.get, GIST_FIELDS)))[:MAX_CHARACTERS], document.language)
                 for document in documents]
        passages = [[(text, document.language) for _, text in document.passages[:MAX_PASSAGES]]
                    for document in documents]
        reader = _Reader.of(gists, embedder, concepts)
        vectors = reader.read([*gists, *chain.from_iterable(passages)])
        return {
            "concept_vector": reader.concept_vectors,  # concept -> the vector of its label, as long as it is rare
            "vector_means": reader.means,  # what is taken off a text read in its own words, and off one by its concepts
            "gist_vector": vectors[:len(gists)],  # row -> its vector
            "passage_vector": vectors[len(gists):].astype(np.float16),  # all passages' vectors, row by row
            "passage_vector_first": np.cumsum([0, *map(len, passages)], dtype=np.int64),  # row -> its first of them
        }

    def of_question(self, text: str, language: str, found: Sequence[Found] | None = None) -> Vectors:
        """The vector of a question; zeros where it says nothing. `found` are its concepts, where they are known."""
        (vector,) = self._reader.read([(text, language)], {} if found is None else {0: found})
        return np.asarray(vector, dtype=np.float32)

    def of_rows(self, question: Vectors) -> Array:
        """How near each row's gist is, from 0 to 1: the cosine, below which nothing counts."""
        return np.maximum(self._a["gist_vector"] @ question, 0.0).astype(np.float64)

    def of_passages(self, question: Vectors, rows: Array) -> list[Array]:
        """The same of the first passages of each of `rows`, in their order."""
        first = self._a["passage_vector_first"]
        counts = first[rows + 1] - first[rows]
        places = np.concatenate([np.arange(first[row], first[row + 1]) for row in rows.tolist()]
                                or [np.empty(0, dtype=np.int64)])
        near = np.maximum(self._a["passage_vector"][places].astype(np.float32) @ question, 0.0).astype(np.float64)
        return np.split(near, np.cumsum(counts)[:-1]) if len(rows) else []


class _Reader:
    """Texts in any language to centred vectors of length 1."""

    def __init__(self, embedder: Embedder, concepts: Concepts, concept_vectors: Array, means: Array) -> None:
        self._embedder, self._concepts = embedder, concepts
        self.concept_vectors, self.means = concept_vectors, means
        self._place = {slug: place for place, slug in enumerate(concepts.english)}

    @classmethod
    def of(cls, gists: Sequence[tuple[str, str]], embedder: Embedder, concepts: Concepts) -> Self:
        """Learns from the gists of all cases how rare each concept is, and what all texts have in common."""
        found = [concepts.find(text, [language]) for text, language in gists]
        holding = Counter(chain.from_iterable({item.slug for item in items} for items in found))
        rarity = [lucene_idf(len(gists), holding[slug]) for slug in concepts.english]
        labels = embedder.embed(list(concepts.english.values()))
        reader = cls(embedder, concepts, labels * np.array(rarity, dtype=np.float32)[:, None],
                     np.zeros((2, embedder.dimensions), dtype=np.float32))
        own = embedder.embed([text for text, language in gists if not reader.is_foreign(language)])
        told = unit(np.array([reader.by_concepts(items) for items in found]).reshape(len(gists), embedder.dimensions))
        reader.means = np.array([rows.mean(axis=0) if len(rows) else reader.means[0] for rows in (own, told)])
        return reader

    def is_foreign(self, language: str) -> bool:
        """Whether texts in a language ("" = not known) are read by their concepts."""
        return language not in ("en", "") and self._embedder.english_only

    def by_concepts(self, found: Sequence[Found]) -> Array:
        """The vectors of all these concepts together, not yet of length 1."""
        together: Array = self.concept_vectors[[self._place[item.slug] for item in found]].sum(axis=0)
        return together

    def read(self, texts: Sequence[tuple[str, str]], found: Mapping[int, Sequence[Found]] = NOTHING_FOUND) -> Vectors:
        """The vectors of texts in their languages; zeros for one that says nothing. `found` maps places of texts to
        their concepts, where somebody has found them before."""
        vectors = np.zeros((len(texts), self._embedder.dimensions), dtype=np.float32)
        foreign = {place for place, (_, language) in enumerate(texts) if self.is_foreign(language)}
        for place in foreign:
            known = found.get(place)
            vectors[place] = self.by_concepts(self._concepts.asked(*texts[place]) if known is None else known)
        own = [place for place, (text, _) in enumerate(texts) if place not in foreign and any(map(str.isalnum, text))]
        vectors[own] = self._embedder.embed([texts[place][0] for place in own])
        vectors = unit(vectors)
        empty = ~vectors.any(axis=1)
        vectors -= self.means[[int(place in foreign) for place in range(len(texts))]]
        vectors[empty] = 0.0
        return unit(vectors)
