"""Scores, filters, facet counts and order: what turns the words of a question into the best cases, in numpy.

`Ranker` reads the postings that Whoosh wrote (which term stands in which field of which document, how often and
where), whole blocks at a time, and scores with BM25F. `Columns` holds what is known of each case beside its words.
Both count in *rows*: the documents of the index without gaps, in the order of their slugs. Neither knows a query
syntax, a language or a file; `whoosh` hands them readers and arrays.

Decision: not Whoosh's own scorer. It asks Python for each posting: 2.9 s for a 60-word challenge over 10,000 cases
where this takes milliseconds. A test holds that with Whoosh's formula both give the same top ten.

Decision: true BM25F, in which the fields of a case add up *before* they saturate, not Whoosh's sum of one BM25 per
field: a word in title and summary is one piece of news, not two (measured: see `Scoring`).
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from innoshare.case import STALE_AFTER
from innoshare.search import FACETS, Document, Facet, Query, Sort

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# How much a word counts by the field it stands in. Titles, challenges, summaries and topics are written to say what
# a case is about. 2 for titles was found on two judged collections (of 0.5, 1, 2, 3: nDCG@10 .365, .377, .382, .384
# and .409, .415, .418, .411); the other two kinds of judged field do not exist there and stand between.
WEIGHTS = {"title": 2.0, "challenge": 1.5, "summary": 1.5, "topics": 1.5, "place": 1.0, "body": 1.0}

# How far a field's length counts against it (0 not, 1 fully). Short fields are written to a limit, so their length
# says little; bodies differ tenfold. Body: .75 as everywhere; .6 to .85 differ by less than .01 on both collections.
B = {"title": 0.5, "challenge": 0.5, "summary": 0.5, "topics": 0.5, "place": 0.5, "body": 0.75}

# How fast repeating a word stops to help. 1.2 to 1.8 is a plateau on both collections; this is its middle.
K1 = 1.5

# Bytes of scored postings kept per process. 10,000 cases of 400 words have some 30 MB in all, so nothing is read
# twice; far beyond that size the rarest asked words are read again (about 1 ms each).
CACHE_BYTES = 64 * 1024 * 1024
ENTRY_BYTES = 1024  # What an entry costs beside its numbers: its key, the objects around them (measured: 0.5 to 1 KB).

# The share of its score that a stale case loses in a search: what is true today comes first among cases that answer
# about equally well, and a better answer stays above a fresher one. Found by calling any third of the cases stale, 20
# times, for 53 questions to our 26 cases and for 27 to 5,260 short records, where neighbours among the first ten differ
# by 14 % and 2 %. With .05 a stale one among them sinks by .2 and 1.3 places, and nDCG@10 changes by -.0005 and +.0009;
# with .1 by .4 and 3.2 places, -.0013 and -.0050; with .2 by .8 and 9.4, -.0061 and -.0221.
STALE_LOSS = 0.05

# Values listed per facet: enough for every country of the world; of tags, nobody reads on.
MAX_FACET_VALUES = 250

# Positions of one document fit below this, so that (row, position) is one number: 1 << 20 words is over 5 MB of text.
_POSITION_BITS = 20


def lucene_idf(documents: int, holding: int) -> float:
    """What a word is worth by how few documents hold it. Never negative, steeper than Whoosh's, which is so flat that
    common words drown rare ones in long questions (nDCG@10 on CISI .319 against .335)."""
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5))


@dataclass(frozen=True)
class Scoring:
    """The formula and its numbers. The defaults are what readers get; the rest exists to be compared with.

    `per_field` scores like Whoosh's BM25F: each field saturates alone, with an IDF of its own. True BM25F gained .006
    and .012 nDCG@10 on the two collections. `count_deleted` keeps documents that were deleted but not yet merged
    away in the statistics, as Whoosh does; then the same content would rank differently after different histories.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)
    b: Mapping[str, float] = field(default_factory=lambda: B)
    k1: float = K1
    idf: Callable[[int, int], float] = lucene_idf
    per_field: bool = False
    count_deleted: bool = False


class Scored(NamedTuple):
    """A word as it scores: the rows that hold it (ascending), its gain in each, and what it is worth (IDF)."""

    rows: npt.NDArray[np.int32]
    gains: Floats
    idf: float


class _Block(NamedTuple):
    """Up to 128 postings: document numbers within the segment, how often the term stands there, and where."""

    ids: list[int]
    weights: list[float]
    positions: list[list[int]]


class Ranker:
    """BM25F over the postings of one open index. Safe to call from several threads.

    `leaves` are the readers of Whoosh's segments with the number of their first document; `rows` maps a document
    number to its row, or -1 where it is deleted; `lengths` maps a field to the number of its terms by document number.
    `averages` of these need only be given where they are not the mean (Whoosh's are of lengths it rounded later).
    """

    def __init__(self, leaves: Sequence[tuple[Any, int]], rows: Ints, lengths: Mapping[str, Floats],
                 scoring: Scoring | None = None, averages: Mapping[str, float] | None = None,
                 cache_bytes: int = CACHE_BYTES) -> None:
        self.scoring = scoring or Scoring()
        self._leaves, self._rows = leaves, rows
        live = rows >= 0
        counted = np.ones_like(live) if self.scoring.count_deleted else live
        self.count = int(live.sum())
        self._documents = int(counted.sum())
        self._norms: dict[str, Floats] = {}
        for name, length in lengths.items():
            average = (averages or {}).get(name) or (length[counted].mean() if self._documents else 0.0)
            b = self.scoring.b[name]
            self._norms[name] = 1 - b + b * length / (average or 1.0)
        self._cache: OrderedDict[object, tuple[npt.NDArray[Any], ...]] = OrderedDict()
        self._cache_bytes, self._left = cache_bytes, cache_bytes
        self._lock = RLock()  # Whoosh's files have one reading position each; and the cache one order.

    @property
    def cached_bytes(self) -> int:
        """What the cache holds now; above its bound only where a single entry is larger."""
        return self._cache_bytes - self._left

    def word(self, terms: tuple[str, ...], among: Bools | None = None) -> Scored:
        """A word that may stand as any of `terms`: each document scores by its best one, and what the word is worth
        comes from all documents that hold any, so a rare accidental form is worth no more than the word.

        `among` are the rows in the language of the question, if that is known and has any. How rare a word is, is
        counted among these where it stands in any: the commonest French words are rare in a library of English cases.
        Where a language has few cases, none of its words is rare there, so that a question in Swedish does not find
        the one Swedish case whatever it asks; concepts and meaning decide. (Asked only of languages with 30 cases and
        more, as before, nDCG@10 of 40 judged questions in ten languages was .570, with any number it is .636.)
        """
        rows, gains, idf = self._cached(terms, lambda: self._score(terms))
        worth = float(idf[0])
        if among is not None and (holding := int(np.count_nonzero(among[rows]))):
            size = int(np.count_nonzero(among))
            worth = min(worth, self.scoring.idf(size, holding))
        return Scored(rows, gains, worth)

    def scores(self, words: Iterable[tuple[Scored, float]]) -> Floats:
        """The score of each row for words with their weights in the question (how often they stand there)."""
        total = np.zeros(self.count)
        for word, weight in words:
            total[word.rows] += word.gains * (word.idf * weight)
        return total

    def coverage(self, words: Collection[tuple[Scored, Sequence[Scored]]]) -> Floats:
        """For each row, the share (0 to 1) of the words' worth that it holds at all; for each word, with what may stand
        for it."""
        total, whole = np.zeros(self.count), 0.0
        for word, others in words:
            rows = np.unique(np.concatenate([word.rows, *(other.rows for other in others)]))
            total[rows] += word.idf
            whole += word.idf if len(rows) else 0.0
        return total / (whole or 1.0)

    def phrase(self, words: Sequence[tuple[tuple[str, ...], int]]) -> Bools:
        """The rows in which words stand as a phrase within one field; each is (terms, position in the phrase)."""
        found = np.zeros(self.count, dtype=bool)
        for name in self._norms:
            keys: Ints | None = None
            for terms, position in words:
                here = self._places(name, terms) - position
                keys = here if keys is None else keys[np.isin(keys, here, assume_unique=True)]
                if not len(keys):
                    break
            if keys is not None:
                found[keys >> _POSITION_BITS] = True
        return found

    def _score(self, terms: tuple[str, ...]) -> tuple[npt.NDArray[Any], ...]:
        scoring, size = self.scoring, len(self._rows)
        best, holds = np.zeros(size), np.zeros(size, dtype=bool)
        for term in terms:
            gain = np.zeros(size)
            for name, norms in self._norms.items():
                numbers, counts = self._postings(name, term)
                holds[numbers] = True
                frequency = counts / norms[numbers]
                if scoring.per_field:
                    frequency *= (scoring.k1 + 1) / (frequency + scoring.k1)
                    frequency *= self._idf(numbers)
                gain[numbers] += scoring.weights[name] * frequency
            if not scoring.per_field:
                gain *= (scoring.k1 + 1) / (gain + scoring.k1)
            np.maximum(best, gain, out=best)
        numbers = np.flatnonzero(holds)
        idf = np.array([1.0 if scoring.per_field else self._idf(numbers)])
        numbers = numbers[self._rows[numbers] >= 0]
        rows = self._rows[numbers]
        order = np.argsort(rows, kind="stable")
        return rows[order].astype(np.int32), best[numbers][order], idf

    def _idf(self, numbers: Ints) -> float:
        counts = self.scoring.count_deleted
        return self.scoring.idf(self._documents, len(numbers) if counts else int((self._rows[numbers] >= 0).sum()))

    def _postings(self, name: str, term: str) -> tuple[Ints, Floats]:
        """Document numbers that hold a term in a field, and how often."""
        blocks = [(base + np.array(block.ids, dtype=np.int64), np.array(block.weights, dtype=np.float64))
                  for base, block in self._blocks(name, term)]
        if not blocks:
            return np.empty(0, dtype=np.int64), np.empty(0)
        return np.concatenate([ids for ids, _ in blocks]), np.concatenate([weights for _, weights in blocks])

    def _places(self, name: str, terms: tuple[str, ...]) -> Ints:
        """Where any of `terms` stands in a field: one number, row and position, for each place."""
        def read() -> tuple[npt.NDArray[Any], ...]:
            keys = [(row << _POSITION_BITS) + position
                    for term in terms for base, block in self._blocks(name, term, positions=True)
                    for number, places in zip(block.ids, block.positions, strict=True)
                    if (row := int(self._rows[base + number])) >= 0 for position in places]
            return (np.unique(np.array(keys, dtype=np.int64)),)

        return self._cached((name, terms), read)[0]

    def _blocks(self, name: str, term: str, positions: bool = False) -> Iterator[tuple[int, _Block]]:
        """The postings of a term, deleted documents included, with the number that its segment begins at.

        Reads whole blocks by Whoosh's private names, the same in 2.7.4 and whoosh3; what has no blocks (a term of one
        document) or would have other names is read posting by posting, slower and by public names.
        """
        for leaf, base in self._leaves:
            if (name, term) not in leaf:
                continue
            matcher = leaf.postings(name, term)
            while hasattr(matcher, "child"):  # Whoosh wraps the postings to leave out deleted documents; we know them.
                matcher = matcher.child
            matcher.reset()
            decode = leaf.schema[name].format.decode_positions
            if hasattr(matcher, "_read_ids"):
                while True:
                    matcher._read_ids()
                    matcher._read_weights()
                    if positions:
                        matcher._read_values()
                    yield base, _Block(matcher._ids, matcher._weights,
                                       [decode(value) for value in matcher._values or ()] if positions else [])
                    if matcher._lastblock:
                        break
                    matcher._next_block()
            else:
                single = _Block([], [], [])
                while matcher.is_active():
                    single.ids.append(matcher.id())
                    single.weights.append(matcher.weight())
                    single.positions.append(decode(matcher.value()))
                    matcher.next()
                yield base, single

    def _cached(self, key: object, make: Callable[[], tuple[npt.NDArray[Any], ...]]) -> tuple[npt.NDArray[Any], ...]:
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
            made = make()
            if len(made[0]):  # What nothing holds is found again as fast, and strangers could type it without end.
                self._cache[key] = made
                self._left -= _bytes(made)
            while self._left < 0 and len(self._cache) > 1:
                self._left += _bytes(self._cache.popitem(last=False)[1])
            return made


def _bytes(entry: tuple[npt.NDArray[Any], ...]) -> int:
    return ENTRY_BYTES + sum(array.nbytes for array in entry)


def fused(texts: Floats, near: Floats, trust: float) -> Floats:
    """The scores of rows by what their texts have in common with a question (from 0 up) and by their nearness in
    meaning (0 to 1): each as a share of the best one's, `trust` saying how much nearness counts.

    Shares of the best, not ranks, which forget how far the best stands out (reciprocal rank fusion with static vectors:
    nDCG@10 .402 and .423 on the two judged collections, shares .413 and .442).
    """
    return texts / (texts.max(initial=0.0) or 1.0) + trust * near / (near.max(initial=0.0) or 1.0)


FALLBACK = "en"  # Whoever reads the pages reads it.


class Columns:
    """What is known of each case beside its words, one entry per row: facets, years, evidence, adoptions, days.

    All facets lie in one pair of arrays, a row and a value's number for each value that a case has, in the order of
    the numbers; the values of all of FACETS are numbered through. So one pass counts all facets.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Sequence[str]]) -> None:
        self._arrays, self._values = arrays, values
        self.count = len(arrays["year"])
        self._owners, self._numbers = arrays["facet_owner"], arrays["facet_number"]
        self._original = arrays["original"]
        # The rows of cases in several languages, which are few: all others need no second look.
        self._told_again = np.flatnonzero(np.bincount(self._original, minlength=self.count)[self._original] > 1)
        bounds = np.cumsum([0, *(len(values[name]) for name in FACETS)])
        self._range = {name: (int(bounds[i]), int(bounds[i + 1])) for i, name in enumerate(FACETS)}
        cuts = np.searchsorted(self._numbers, bounds)
        self._part = {name: slice(int(cuts[i]), int(cuts[i + 1])) for i, name in enumerate(FACETS)}
        self._index = {name: {value: i for i, value in enumerate(values[name])} for name in FACETS}

    @staticmethod
    def of(documents: Sequence[Document]) -> tuple[dict[str, npt.NDArray[Any]], dict[str, list[str]]]:
        """The arrays and the values of facets for documents in the order of their rows, to be kept and given back."""
        values = {name: sorted({value for document in documents for value in document.facets.get(name, ())})
                  for name in FACETS}
        number = {pair: i for i, pair in enumerate((name, value) for name in FACETS for value in values[name])}
        pairs = sorted((number[name, value], row) for row, document in enumerate(documents) for name in FACETS
                       for value in set(document.facets.get(name, ())))
        row_of = {document.slug: row for row, document in enumerate(documents)}
        original = [row_of.get(document.original, row) for row, document in enumerate(documents)]
        day = [int(document.updated.replace("-", "") or 0) for document in documents]
        year = [document.year or 0 for document in documents]
        return {
            "facet_number": np.array([number for number, _ in pairs], dtype=np.int32),
            "facet_owner": np.array([row for _, row in pairs], dtype=np.int32),
            "original": np.array(original, dtype=np.int32),
            "year": np.array(year, dtype=np.int16),
            "newest": np.array(day, dtype=np.int64) * 10_000 + np.array(year, dtype=np.int64),
            "evidence": np.array([document.evidence_level for document in documents], dtype=np.int64),
            "adopted": np.array([document.adoptions for document in documents], dtype=np.int64),
            "checked": np.array([date.fromisoformat(document.checked).toordinal() for document in documents],
                                dtype=np.int64),
        }, values

    def versions_of(self, row: int) -> Bools:
        """The rows of the same case, in whatever language."""
        same: Bools = self._original == self._original[row]
        return same

    def once(self, found: Bools, scores: Floats, language: str) -> tuple[Bools, Floats]:
        """`found` with one row of each case: of those in `language` if it has any, else of those in English if the
        language is known, else of all, the one that scores highest, of equals the original. Its score is that of the
        version that scores highest, so that a case stands where its best version would, and is read in the language of
        the question."""
        rows = self._told_again[found[self._told_again]]
        if not len(rows):
            return found, scores
        case = self._original[rows]
        strange = np.zeros(len(rows), dtype=np.int8)
        if language:
            strange += 2 - 2 * self.having("language", [language])[rows] - self.having("language", [FALLBACK])[rows]
        order = np.lexsort((rows != case, -scores[rows], strange, case))
        rows, case = rows[order], case[order]
        first = np.flatnonzero(np.r_[True, case[1:] != case[:-1]])
        found, scores = found.copy(), scores.copy()
        found[rows] = False
        found[rows[first]] = True
        scores[rows[first]] = np.maximum.reduceat(scores[rows], first)
        return found, scores

    def narrow(self, found: Bools, scores: Floats, query: Query, language: str
               ) -> tuple[Bools, Floats, tuple[Facet, ...]]:
        """The rows of `found` that the filters of `query` allow, each case `once`, with its score; and the facets with
        their counts."""
        year = self._arrays["year"]
        if query.year_from is not None:
            found = found & (year >= query.year_from) & (year > 0)
        if query.year_to is not None:
            found = found & (year <= query.year_to) & (year > 0)
        allowed = {name: self.having(name, values) for name, values in query.filters.items() if values}
        selected = {name: frozenset(query.filters[name]) for name in allowed}
        if query.minimum_evidence is not None:
            enough = self._arrays["evidence"] >= query.minimum_evidence
            allowed["evidence"] = enough & allowed.get("evidence", True)
            selected["evidence"] = frozenset(
                value for value in self._values["evidence"] if int(value) >= query.minimum_evidence)
        refusals = sum((~mask for mask in allowed.values()), np.zeros(self.count, dtype=np.int8))
        result = found & (refusals == 0)
        hits, raised = self.once(result, scores, language)
        counts = np.bincount(self._numbers[hits[self._owners]], minlength=self._range[FACETS[-1]][1])
        facets = []
        for name in FACETS:
            low, high = self._range[name]
            here = counts[low:high]
            if name in allowed or name == "language":
                # As if this facet had no selection: refused by nothing but itself. A case has each of its languages.
                own = ~allowed[name] if name in allowed else False
                mask, part = found & (refusals == own), self._part[name]
                mask = mask if name == "language" else self.once(mask, scores, language)[0]
                here = np.bincount(self._numbers[part][mask[self._owners[part]]] - low, minlength=high - low)
            facets.append(self._facet(name, here, selected.get(name, frozenset())))
        return hits, raised, tuple(facets)

    def aged(self, scores: Floats, today: date) -> Floats:
        """The scores of a search, those of stale cases lower by STALE_LOSS."""
        stale = self._arrays["checked"] < (today - STALE_AFTER).toordinal()
        return np.where(stale, scores * (1 - STALE_LOSS), scores)

    def top(self, result: Bools, scores: Floats, sort: Sort, offset: int, limit: int) -> Ints:
        """The rows of one page: by what is sorted by, then by score, then the one that was checked last, then by slug
        (which is the order of rows)."""
        rows = np.flatnonzero(result)
        keys = scores if sort is Sort.RELEVANCE else self._arrays[sort.value]
        here = keys[rows]
        if len(rows) > offset + limit:  # Sort only what can be on the page: nothing below the last place on it.
            rows = rows[here >= np.partition(here, -(offset + limit))[-(offset + limit)]]
        order = np.lexsort((rows, -self._arrays["checked"][rows], -scores[rows], -keys[rows]))
        return rows[order[offset:offset + limit]]

    def having(self, name: str, values: Iterable[str]) -> Bools:
        """The rows that have any of `values` of a facet."""
        low, index, part = self._range[name][0], self._index[name], self._part[name]
        wanted = [low + index[value] for value in values if value in index]
        mask = np.zeros(self.count, dtype=bool)
        mask[self._owners[part][np.isin(self._numbers[part], wanted)]] = True
        return mask

    def _facet(self, name: str, counts: Ints, selected: frozenset[str]) -> Facet:
        values = self._values[name]
        frequent = np.flatnonzero(counts)
        frequent = frequent[np.argsort(-counts[frequent], kind="stable")][:MAX_FACET_VALUES]
        shown = [(values[i], int(counts[i])) for i in frequent.tolist()]
        # A chosen value stays in sight when nothing has it, or it could not be taken back.
        missing = selected - {value for value, _ in shown}
        shown += [(value, int(counts[self._index[name][value]]) if value in self._index[name] else 0)
                  for value in sorted(missing)]
        return Facet(name, tuple(shown), selected)
