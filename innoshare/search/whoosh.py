"""The Whoosh index: how it is built and updated, how a query is understood, and what is answered.

`build` writes the index, and beside it arrays made from the same documents: columns to filter, count and sort by,
passages, and the words as people write them. `WhooshEngine` opens the directory for reading, never writes, and gives
answers by the ranker. Words are alternatives, of which cases with more come first; a phrase must be there, a -without
must not. What is a word is said by `text`, what is a query by `syntax`, what is a better case by `ranker`.

Decision: neither Whoosh's query parser nor its spelling nor its highlighter. The parser raises on ordinary typing and
knows wildcards that compute for half a minute; the others need a hundred milliseconds for a word or a page.

Decision: the arrays are made anew by each build from all documents, also where only few changed and Whoosh's index is
updated: one way to make them is enough. It costs some 7 ms a case, most of it for finding concepts, so that an update
takes two thirds of a whole build (66 of 96 s for 10,000 cases, a fraction of a second for a hundred).
A manifest with checksums, written last, ties the parts together: a half-written or damaged index is refused with a
reason. It protects from accidents, not from malice: Whoosh unpickles its files, so an index is trusted local data.
"""

import json
import sys
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import whoosh
from whoosh import fields as whoosh_fields
from whoosh import index as whoosh_index
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from innoshare.errors import BadInput, EditionError
from innoshare.search import (
    ANSWER_FIELDS,
    CANDIDATES,
    PROBLEM_FIELDS,
    SIDES,
    TEXT_FIELDS,
    Candidate,
    Candidates,
    Document,
    Engine,
    Facet,
    Highlight,
    Hit,
    Passage,
    Query,
    QuestionWord,
    Results,
    Sort,
)
from innoshare.search import text as analysis
from innoshare.search.concepts import NO_CONCEPTS, Concepts, Found, slug_of, term_of
from innoshare.search.meaning import Meaning
from innoshare.search.passages import TITLE, Passages
from innoshare.search.ranker import Bools, Columns, Floats, Ints, Ranker, Scored, Scoring, fused
from innoshare.search.syntax import Clauses, check, understand
from innoshare.search.words import Words
from innoshare.vectors import NONE, Embedder, Vectors

# Raise whenever the files or what they hold change, so that an older index is rebuilt and not misread.
FORMAT = f"4 whoosh {whoosh.__version__}"
MANIFEST = "manifest.json"
LISTS = "lists.json"
CONCEPTS = "concepts.json"

# Segments that an index may have before an update merges them: each is one more place to look a term up in (some
# 10 µs), and merging writes everything again. The deleted share at which it merges too, since they are read in vain.
MAX_SEGMENTS = 8
MAX_DELETED = 0.2

# Megabytes that Whoosh may collect before it sorts to disk: holds 10,000 cases in one run, which writes one segment.
WRITER_MEGABYTES = 256

# Words that a prefix stands for: the most frequent are enough to rank by. 16 prefixes of so many words, the most that
# a query may have, take 50 ms to read the first time at 10,000 cases.
MAX_EXPANSIONS = 64

# Where few words are asked, people expect cases with all of them first, though one word repeated scores more. So the
# score is multiplied by the share of the words' worth that a case holds, in these words or by their concepts (nDCG@10
# on six judged searches .683; .695 without, .668 with the square). More words are prose, in which not every word
# matters: in questions of nine words and more, a power of 0.25 costs up to .03 and 1 up to .07, on both collections.
COORDINATED_WORDS = 4

# What a concept in common is worth beside a word in common; a case that has the very word gains both. A search names
# what it is about; a challenge speaks of much besides. Found on judged questions: for challenges .5 to .75 is a plateau
# (nDCG@10 .451 and .447, on the other collection .438 and .433), for searches .75 is better (.662 and .683).
CONCEPT_WEIGHT = 0.5
SEARCHED_CONCEPT_WEIGHT = 0.75

# What full nearness of a passage is worth, in words of the rarest kind, when the sentence is chosen that answers best:
# as much as two such words in common, so that words decide where they are there, and meaning where they are few.
NEAR_WORTH = 2.0

# What a case must score, as a share of what a case scores itself by its own title and challenge, to be called like it.
# On the cases of the library's own content, all pairs above a fourth are about the same thing, and hardly one below.
LIKE = 0.25

# Passages under a hit beside its title: two can show two sides of a question, more is not read.
HIGHLIGHTS = 2

# A challenge has at most 2,000 words (matching.Challenge); this is twice that in long words, a limit for what comes
# by other ways.
MAX_CHALLENGE_CHARACTERS = 40_000


class _Terms(whoosh_fields.TEXT):  # type: ignore[misc]  # whoosh 2.7.4 has no types
    """A text field that takes tokens already made, with their positions, since each document has its language."""

    def index(self, value: Sequence[analysis.Token], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        places: dict[str, list[int]] = {}
        for token in value:
            places.setdefault(token.term, []).append(token.position)
        for term, positions in places.items():
            yield term.encode(), len(positions), float(len(positions)), self.format.encode(positions)


def schema() -> whoosh_fields.Schema:
    """What Whoosh keeps: the slug, to know a document by, and the terms of each of TEXT_FIELDS with positions."""
    texts = {name: _Terms() for name in TEXT_FIELDS}
    return whoosh_fields.Schema(slug=whoosh_fields.ID(stored=True, unique=True), **texts)


def build(directory: Path, documents: Iterable[Document], changed: Collection[str] | None,
          progress: Callable[[str], None], compiled: Mapping[str, Any] = NO_CONCEPTS, embedder: Embedder | None = None,
          ) -> int:
    """Make the index in `directory`, which is its alone, or update it, so that it holds exactly `documents`.

    `compiled` are the concepts to find in them (`Concepts.compiled`; other ones make it anew), `embedder` the model
    whose vectors it gets, if any.

    `changed` are the slugs whose document is new or different since the index in `directory` was written; None makes
    it anew, and so does a directory that holds no usable index. Nobody may read the directory meanwhile. `progress`
    is told each slug that is dealt with. Returns how many documents were written. Raises OSError where the disk
    refuses.
    """
    directory.mkdir(parents=True, exist_ok=True)
    by_slug = {document.slug: document for document in documents}
    ordered = [by_slug[slug] for slug in sorted(by_slug)]
    if changed is not None:
        try:
            _verify(directory)
            if json.loads((directory / CONCEPTS).read_text(encoding="utf-8")) != compiled:
                changed = None
        except EditionError:
            changed = None
    concepts = Concepts(compiled, remember=True)

    def analysed(text: str, language: str) -> list[analysis.Token]:
        return [*analysis.tokens(text, language), *concepts.tokens(text, language)]

    # From here on the directory holds no usable index until the new manifest is there.
    (directory / MANIFEST).unlink(missing_ok=True)
    if changed is None:
        for path in directory.iterdir():
            if path.is_file():
                path.unlink()
        index = whoosh_index.create_in(str(directory), schema())
        stale = held = frozenset[str]()
    else:
        index = whoosh_index.open_dir(str(directory))
        with index.reader() as reader:
            held = frozenset(stored["slug"] for stored in reader.all_stored_fields())
        stale = held & (set(changed) | (held - by_slug.keys()))

    numbers: dict[str, int] = {}
    written: Counter[str] = Counter()
    lengths: list[list[int]] = []
    added = 0
    writer = index.writer(limitmb=WRITER_MEGABYTES)
    try:
        for slug in stale:
            writer.delete_by_term("slug", slug)
        for document in ordered:
            tokens = {name: analysed(document.texts.get(name, ""), document.language) for name in TEXT_FIELDS}
            if document.slug not in held or document.slug in stale:
                writer.add_document(slug=document.slug, **tokens)
                added += 1
            for token in chain.from_iterable(tokens.values()):
                numbers.setdefault(token.term, len(numbers))
            words = {name: [token for token in found if not slug_of(token.term)] for name, found in tokens.items()}
            lengths.append([len(words[name]) for name in TEXT_FIELDS])
            written.update(Words.in_document(document, words))
            progress(document.slug)
        writer.commit(mergetype=_merge)
    except BaseException:
        with suppress(Exception):  # The first error is the one to know; a full disk makes a second one here.
            writer.cancel()
        raise
    columns, facets = Columns.of(ordered)
    passages, fields = Passages.of(ordered, analysed, lambda term: numbers.setdefault(term, len(numbers)))
    vectors = Meaning.of(ordered, concepts, embedder) if embedder else {}
    arrays = columns | passages | vectors | _by_number(index, [document.slug for document in ordered], lengths)
    for path in directory.glob("*.npy"):
        path.unlink()
    for array_name, array in arrays.items():
        np.save(directory / f"{array_name}.npy", array, allow_pickle=False)
    written_words, counts = Words.sort(written)
    (directory / CONCEPTS).write_text(json.dumps(compiled), encoding="utf-8")
    (directory / LISTS).write_text(json.dumps({
        "slugs": [document.slug for document in ordered], "facets": facets, "fields": fields, "terms": list(numbers),
        "languages": sorted({document.language for document in ordered}), "words": written_words, "counts": counts,
        "embeddings": embedder.name if embedder else NONE,
    }), encoding="utf-8")
    index.close()
    _seal(directory)
    return added


def _merge(writer: SegmentWriter, segments: list[Any]) -> list[Any]:
    """Whoosh asks at each commit which of the older segments to keep; the others are written into the new one."""
    deleted = sum(segment.deleted_count() for segment in segments)
    merged = []
    if deleted > MAX_DELETED * sum(segment.doc_count_all() for segment in segments):
        merged = segments
    elif len(segments) >= MAX_SEGMENTS:  # All but the largest, which would cost most to write again.
        merged = sorted(segments, key=lambda segment: segment.doc_count_all())[:-1]
    for segment in merged:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return [segment for segment in segments if segment not in merged]


def _by_number(index: Any, slugs: Sequence[str], lengths: Sequence[Sequence[int]]) -> dict[str, npt.NDArray[Any]]:
    """What the ranker knows by Whoosh's document numbers: the row of each (-1 where it is deleted) and the number of
    words in each of its TEXT_FIELDS. `slugs` and `lengths` are in rows. Whoosh counts the concepts among the words."""
    row_of = {slug: row for row, slug in enumerate(slugs)}
    with index.reader() as reader:
        rows = np.full(reader.doc_count_all(), -1, dtype=np.int64)
        for number, stored in reader.iter_docs():
            rows[number] = row_of[stored["slug"]]
    counts = np.zeros((len(rows), len(TEXT_FIELDS)))
    counts[rows >= 0] = np.array(lengths, dtype=np.float64).reshape(-1, len(TEXT_FIELDS))[rows[rows >= 0]]
    return {"rows": rows} | {f"length_{name}": counts[:, column] for column, name in enumerate(TEXT_FIELDS)}


def _sums(directory: Path) -> dict[str, int]:
    """A checksum of each file of the index. What Whoosh leaves lying about (its lock) is no part of it."""
    return {path.name: zlib.crc32(path.read_bytes()) for path in sorted(directory.iterdir())
            if path.suffix in (".npy", ".seg", ".toc") or path.name in (LISTS, CONCEPTS)}


def _seal(directory: Path) -> None:
    manifest = {"format": FORMAT, "files": _sums(directory)}
    part = directory / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest), encoding="utf-8")
    part.replace(directory / MANIFEST)


def _verify(directory: Path) -> None:
    """Raises EditionError, with what is wrong and what to do, unless the index is whole and of this version."""
    def refuse(reason: str) -> EditionError:
        return EditionError(f"The search index in {directory} {reason}. Run `innoshare build` to make it again.")

    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise refuse("was made by another version of innoshare")
        sums, files = _sums(directory), manifest["files"]
    except FileNotFoundError:
        raise refuse("is not there, or its making was interrupted") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise refuse(f"cannot be read ({error})") from error
    for name in sorted(files.keys() | sums.keys()):
        if name not in sums:
            raise refuse(f"is damaged: the file {name} is missing")
        if files.get(name) != sums[name]:
            raise refuse(f"is damaged: the file {name} is not as it was written")


class _Weighed(NamedTuple):
    """A challenge as it was understood, and how every row fits it: its words and concepts (as the terms that they may
    be) with their places and postings; its vector; and of each row the score of its words, of its concepts, its
    nearness and its score by all of them."""

    language: str
    places: Mapping[tuple[str, ...], Sequence[tuple[int, int]]]
    scored: Mapping[tuple[str, ...], Scored]
    shared: Floats
    common: Floats
    question: Vectors
    near: Floats | None
    scores: Floats


class _Answer(NamedTuple):
    """A search as it was understood: its clauses; which rows it finds, their scores and what they are sorted by; how
    they spread over the facets; and what was looked up."""

    asked: Clauses
    found: Bools
    scores: Floats
    sort: Sort
    facets: tuple[Facet, ...]
    scored: Mapping[tuple[str, ...], Scored]


class WhooshEngine(Engine):
    """Answers from an index that `build` made. Opens it for reading only; safe to call from several threads."""

    def __init__(self, directory: Path, embedder: Embedder | None = None, scoring: Scoring | None = None,
                 sides: Set[str] = SIDES) -> None:
        """`embedder` is the model that made the index's vectors; without one, meaning is no side. Raises EditionError,
        with the reason, where the index is missing, damaged, of another version or of another model."""
        _verify(directory)
        try:
            lists = json.loads((directory / LISTS).read_text(encoding="utf-8"))
            compiled = json.loads((directory / CONCEPTS).read_text(encoding="utf-8"))
            # Mapped, not read: many workers share one copy, and what nobody asks for stays on disk.
            arrays = {path.stem: np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
                      for path in directory.glob("*.npy")}
            self._index = whoosh_index.open_dir(str(directory), readonly=True)
            self._reader = self._index.reader()
        except Exception as error:  # Whoosh and numpy raise what they like; who runs this needs one thing.
            raise EditionError(f"The search index in {directory} cannot be opened ({error}). "
                               "Run `innoshare build` to make it again.") from error
        if embedder and lists["embeddings"] != embedder.name:
            raise EditionError(f"The published edition was built with other embeddings ({lists['embeddings']}) than "
                               f"INNOSHARE_EMBEDDINGS asks for ({embedder.name}). Run `innoshare build`.")
        self._sides = sides
        self._concepts = Concepts(compiled)
        self._meaning = Meaning(arrays, embedder, self._concepts) if embedder and "meaning" in sides else None
        self._slugs: list[str] = lists["slugs"]
        self._languages: list[str] = lists["languages"]
        self._numbers: dict[str, int] = {term: number for number, term in enumerate(lists["terms"])}
        self._words = Words(lists["words"], lists["counts"])
        self._columns = Columns(arrays, lists["facets"])
        self._passages = Passages(arrays, lists["fields"], len(self._numbers))
        lengths = {name: arrays[f"length_{name}"] for name in TEXT_FIELDS}
        self._ranker = Ranker(list(self._reader.leaf_readers()), arrays["rows"], lengths, scoring)

    def search(self, query: Query) -> Results:
        """The page of hits that `query` asks for. Raises BadInput, with what to do, where it is beyond the bounds."""
        answer = self._answer(query)
        rows = self._columns.top(answer.found, answer.scores, answer.sort, query.offset, query.per_page).tolist()
        return Results(
            query, int(np.count_nonzero(answer.found)),
            tuple(Hit(self._slugs[row], float(answer.scores[row]), highlights)
                  for row, highlights in zip(rows, self._highlights(rows, answer.scored), strict=True)),
            answer.facets,
            self._did_you_mean(query.text, answer.asked),
        )

    def every(self, query: Query) -> tuple[str, ...]:
        """The slugs of all cases that `query` asks for, in its order. Raises BadInput as `search` does."""
        answer = self._answer(query)
        rows = self._columns.top(answer.found, answer.scores, answer.sort, 0, len(self._slugs))
        return tuple(self._slugs[row] for row in rows.tolist())

    def _answer(self, query: Query) -> _Answer:
        """What every row is to `query`."""
        check(query)
        language = self._language(query.text, query.language)
        asked = understand(query.text, language, self._languages)
        plain = _only(query.text, asked.words)  # Without what syntax asks for: phrases, prefixes, exclusions.
        keys = {word: self._key(word) for word in chain(asked.words, *asked.phrases)}
        words = [keys[word] for word in chain(asked.words, *asked.phrases)] if "words" in self._sides else []
        words += [self._expanded(prefix) for prefix in asked.prefixes]
        counts = Counter(words)
        scored = self._scored(counts, language)
        concepts = _by_term(self._concepts.asked(plain, language, within=False) if "concepts" in self._sides else ())
        common = self._scored(concepts)
        found = self._found(asked, query.text, [*scored.values(), *common.values()])
        scores = self._ranker.scores((word, counts[terms]) for terms, word in scored.items())
        scores += SEARCHED_CONCEPT_WEIGHT * self._ranker.scores((concept, len(concepts[terms]))
                                                                for terms, concept in common.items())
        if 1 < len(scored) <= COORDINATED_WORDS:
            scores *= self._ranker.coverage([
                (word, [common[other] for other, places in concepts.items()
                        if any(start <= item.start and item.end <= end for item in asked.words
                               if keys[item] == terms for start, end in places)])
                for terms, word in scored.items()])
        if self._meaning and asked.words:
            near = self._meaning.of_rows(self._meaning.of_question(plain, language))
            scores = fused(scores, near, self._meaning.trust)
        scores = self._columns.aged(scores, datetime.now(UTC).date())
        result, scores, facets = self._columns.narrow(found, scores, query, language)
        sort = Sort.NEWEST if query.sort is Sort.RELEVANCE and not scored else query.sort
        return _Answer(asked, result, scores, sort, facets, scored | common)

    def candidates(self, text: str, language: str = "", limit: int = CANDIDATES) -> Candidates:
        """The `limit` best cases for a challenge, plain words without any syntax, and what in them answers it."""
        if len(text) > MAX_CHALLENGE_CHARACTERS:
            raise BadInput([("challenge", f"This text has {len(text)} characters, and up to {MAX_CHALLENGE_CHARACTERS} "
                                          "can be matched. Send the part that describes the problem")])
        weighed = self._weigh(text, self._language(text, language))
        found, scores = self._columns.once(weighed.scores > 0, weighed.scores, weighed.language)
        rows = self._columns.top(found, scores, Sort.RELEVANCE, 0, limit)
        passages = self._best(
            rows.tolist(), weighed.scored, (PROBLEM_FIELDS, ANSWER_FIELDS),
            near=self._meaning.of_passages(weighed.question, rows) if self._meaning else ())
        scoring, near = self._ranker.scoring, weighed.near
        return Candidates(
            weighed.language,
            tuple(QuestionWord(text[slice(*spans[0])], tuple(spans), weighed.scored[terms].idf, slug_of(terms[0]))
                  for terms, spans in weighed.places.items()),
            tuple(Candidate(self._slugs[row], float(scores[row]), float(weighed.shared[row]),
                            float(weighed.common[row]), None if near is None else float(near[row]), held, *best)
                  for row, held, best in zip(rows.tolist(), _held(rows, list(weighed.scored.values())), passages,
                                             strict=True)),
            scoring.idf(self._ranker.count, 1),
            scoring.k1 + 1,
        )

    def similar(self, slug: str, text: str, language: str, limit: int) -> tuple[str, ...]:
        """At most `limit` other cases like the case `slug`, which `text` tells of: those that score at least LIKE of
        what it scores itself."""
        row, scores = bisect_left(self._slugs, slug), self._weigh(text, language).scores
        like = (scores >= max(LIKE * scores[row], sys.float_info.min)) & ~self._columns.versions_of(row)
        like, scores = self._columns.once(like, scores, language)
        return tuple(self._slugs[other] for other in
                     self._columns.top(like, scores, Sort.RELEVANCE, 0, limit).tolist())

    def _weigh(self, text: str, language: str) -> _Weighed:
        """How well every row fits a challenge, from all sides."""
        words: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for word in analysis.words(text, language, self._languages) if "words" in self._sides else ():
            words.setdefault(self._key(word), []).append((word.start, word.end))
        found = self._concepts.asked(text, language) if "concepts" in self._sides else None
        concepts = _by_term(found or ())
        places = words | concepts
        scored = self._scored(words, language) | self._scored(concepts)
        shared, common = (self._ranker.scores((scored[terms], len(spans)) for terms, spans in side.items())
                          for side in (words, concepts))
        scores = shared + CONCEPT_WEIGHT * common
        question, near = np.empty(0, dtype=np.float32), None
        if self._meaning:
            question = self._meaning.of_question(text, language, found)
            near = self._meaning.of_rows(question)
            scores = fused(scores, near, self._meaning.trust)
        if not places and self._sides != {"meaning"}:  # Only grammar and signs: everything and nothing is near them.
            scores = np.zeros(self._ranker.count)
        return _Weighed(language, places, scored, shared, common, question, near, scores)

    def complete(self, prefix: str, limit: int = 8) -> tuple[str, ...]:
        """Words of the index that begin with `prefix`, as people write them, most frequent first."""
        return tuple(self._words.beginning(prefix.strip(), limit))

    def close(self) -> None:
        self._reader.close()
        self._index.close()

    def _language(self, text: str, stated: str) -> str:
        """The language of a question: as stated, unless the text tells another and no concept is found by what was
        stated; else as the text tells, by its words or at least by its concepts."""
        told = analysis.language_of(text)
        stated = stated.partition("-")[0].lower()
        if stated and (not told or told == stated or self._concepts.find(text, [stated], within=False)):
            return stated
        return told or self._concepts.language_of(text)

    def _terms(self, word: analysis.Word) -> tuple[str, ...]:
        """The terms of the index that a word may be: its own in every language, and those of the same word written
        with accents, if it was typed without."""
        terms = dict.fromkeys(term for term in word.terms if term in self._numbers)
        for form in self._words.forms(word.text):
            if form != word.text.lower():
                terms |= dict.fromkeys(term for language in self._languages
                                       if (term := analysis.stem(form, language)) in self._numbers)
        return tuple(terms)

    def _key(self, word: analysis.Word) -> tuple[str, ...]:
        """What a word is looked up by; one that the index does not know keeps a term of its own."""
        return self._terms(word) or word.terms[:1]

    def _scored(self, words: Iterable[tuple[str, ...]], language: str = "") -> dict[tuple[str, ...], Scored]:
        among = self._columns.having("language", [language]) if language in self._languages else None
        return {terms: self._ranker.word(terms, among) for terms in words}

    def _expanded(self, prefix: str) -> tuple[str, ...]:
        forms = self._words.beginning(prefix, MAX_EXPANSIONS)
        return tuple(dict.fromkeys(term for form in forms for language in self._languages
                                   if (term := analysis.stem(form, language)) in self._numbers))

    def _found(self, asked: Clauses, text: str, words: Sequence[Scored]) -> Bools:
        """The rows that hold any of the words, and all that must and nothing that must not be there."""
        # A text of nothing but exclusions, or without a single word, says nothing about what to find.
        found = np.full(self._ranker.count, not words and (bool(asked.without or asked.without_prefixes)
                                                           or not any(map(str.isalnum, text))))
        for word in words:
            found[word.rows] = True
        for phrase in asked.phrases:
            found &= self._phrase(phrase)
        for phrase in asked.without:
            found &= ~self._phrase(phrase)
        for prefix in asked.without_prefixes:
            found[self._ranker.word(self._expanded(prefix)).rows] = False
        return found

    def _phrase(self, words: Sequence[analysis.Word]) -> Bools:
        return self._ranker.phrase([(self._terms(word), word.position - words[0].position) for word in words])

    def _best(self, rows: Sequence[int], scored: Mapping[tuple[str, ...], Scored], groups: Sequence[Collection[str]],
              most: int = 0, near: Sequence[Floats] = ()) -> list[list[Passage | None]]:
        numbers = [[self._numbers[term] for term in terms if term in self._numbers] for terms in scored]
        return self._passages.best(rows, numbers, [word.idf for word in scored.values()], groups, most, near,
                                   NEAR_WORTH * self._ranker.scoring.idf(self._ranker.count, 1))

    def _highlights(self, rows: Sequence[int], scored: Mapping[tuple[str, ...], Scored]) -> list[tuple[Highlight, ...]]:
        """The title, where a word stands in it, and the best passages; a second one only if it has another word."""
        shown = []
        for title, *passages in self._best(rows, scored, [(TITLE,)], HIGHLIGHTS):
            first = passages[0] if passages else None
            shown.append(tuple(Highlight(passage.field, passage.text, passage.marks) for passage in (title, *passages)
                               if passage and (passage in (title, first)
                                               or (first and passage.words - first.words))))
        return shown

    def _did_you_mean(self, text: str, asked: Clauses) -> str | None:
        """`text` with each word that the index does not know replaced by the nearest that it knows, if any."""
        corrected = text
        unknown = [word for word in chain(asked.words, *asked.phrases) if not word.compound and not self._terms(word)]
        for word in sorted(unknown, key=lambda word: -word.start):
            if nearest := self._words.nearest(word.text):
                corrected = corrected[:word.start] + nearest + corrected[word.end:]
        return corrected if corrected != text else None


def _only(text: str, words: Iterable[analysis.Word]) -> str:
    """`text` with everything but these words blanked, each at its place."""
    kept = [" "] * len(text)
    for word in words:
        kept[word.start:word.end] = text[word.start:word.end]
    return "".join(kept)


def _by_term(found: Iterable[Found]) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """The concepts of a question, as the term that each is in the index, with the places where they stand."""
    places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for slug, start, end, _ in found:
        places.setdefault((term_of(slug),), []).append((start, end))
    return places


def _held(rows: Ints, words: Sequence[Scored]) -> list[frozenset[int]]:
    """For each of `rows`, the indices of the words that it holds."""
    held: list[set[int]] = [set() for _ in rows]
    for index, word in enumerate(words):
        if len(word.rows):
            near = np.searchsorted(word.rows, rows).clip(max=len(word.rows) - 1)
            for place in np.flatnonzero(word.rows[near] == rows).tolist():
                held[place].add(index)
    return [frozenset(indices) for indices in held]
