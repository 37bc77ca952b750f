"""How near a question and a case are in meaning, whatever words they use: sentence vectors beside the index.

Each case has one vector of its gist (title, challenge, summary, the beginning of its text) and one of each of its first
passages. `Meaning.of` makes them when an index is built; an open engine asks `Meaning` how near a question is.

Vectors are centred: the mean of all gists is taken off before comparing. What all cases have in common (that a city did
something) tells nothing about any, and without it nearness spreads from about 0 to 1 (nDCG@10 on the two judged
collections .438 and .440 with, .431 and .442 without it, for static vectors; .485 and .471, .467 and .448 for MiniLM).

A model that reads English only is told texts in other languages by the English labels of their concepts; what it makes
of their own words is noise.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from innoshare.search import Document
from innoshare.search.concepts import Concepts
from innoshare.vectors import Embedder, Vectors, unit

Array = npt.NDArray[Any]

# Texts of a case that its gist is made of, in this order; the model cuts what is too long.
GIST_FIELDS = ("title", "challenge", "summary", "body")

# Passages of a case that have a vector: challenge, summary and results come first. More would be a kilobyte of disk for
# each sentence and, with a sentence model, its time at every first build, for the "how to do it" of a case.
MAX_PASSAGES = 12


class Meaning:
    """The vectors of every row. Read only, safe to call from several threads."""

    def __init__(self, arrays: Mapping[str, Array], embedder: Embedder, concepts: Concepts) -> None:
        """`arrays` is what `of` gave, made by the same model."""
        self._a, self._embedder, self._concepts = arrays, embedder, concepts
        self.trust = embedder.trust

    @staticmethod
    def of(documents: Sequence[Document], concepts: Concepts, embedder: Embedder) -> dict[str, Array]:
        """The arrays for documents in the order of their rows."""
        passages = [[text for _, text in document.passages[:MAX_PASSAGES]] for document in documents]
        gists = ["\n".join(filter(None, (document.texts.get(name, "") for name in GIST_FIELDS)))
                 for document in documents]
        vectors = _embedded([*zip(gists, (document.language for document in documents), strict=True),
                             *((text, document.language) for document, texts in zip(documents, passages, strict=True)
                               for text in texts)], concepts, embedder)
        mean = vectors[:len(documents)].mean(axis=0) if documents else np.zeros(embedder.dimensions, dtype=np.float32)
        centred = unit(vectors - mean)
        return {
            "gist_vector": centred[:len(documents)],  # row -> its vector
            "gist_mean": mean.astype(np.float32),  # what was taken off
            "passage_vector": centred[len(documents):].astype(np.float16),  # all passages' vectors, row by row
            "passage_vector_first": np.cumsum([0, *map(len, passages)], dtype=np.int64),  # row -> its first of them
        }

    def of_question(self, text: str, language: str) -> Vectors:
        """The vector of a question; zeros where it says nothing."""
        (vector,) = _embedded([(text, language)], self._concepts, self._embedder)
        return unit(vector[None] - self._a["gist_mean"])[0] if vector.any() else vector

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


def _embedded(texts: Sequence[tuple[str, str]], concepts: Concepts, embedder: Embedder) -> Vectors:
    """The vectors of texts in their languages ("" = not known, taken for one that the model reads)."""
    def told(text: str, language: str) -> str:
        if embedder.english_only and language not in ("en", ""):
            return concepts.in_english(text, language) or text
        return text

    return embedder.embed([told(text, language) for text, language in texts])
