"""The search port: a `Query` goes in, `Results` come out; no engine's own object crosses this border.

Cases become `Document`s by the marks on their fields (`case.Mark`); an `Engine` indexes documents and answers
queries over them. `whoosh` is the engine; `text` turns words into terms, `ranker` scores. This module imports
none of them, so a reader of the port needs to read only this page.

Facets: values of one facet are alternatives (OR), facets narrow each other (AND), and the counts of a facet
ignore its own selection, so that a page can show what choosing another value would give.

Versions: a case in several languages is several documents that name the same `original`, and one hit: in the language
of the question if there is one in it, else in English, else the one that fits best. Facets count it once too, but each
of its languages.

Passages: each case is also kept as its sentences. The best passage of a hit is its highlight; the best passage
of a candidate is the evidence that the matcher shows. Search and match share them, as they share the ranker.

Three SIDES say how well a case fits a question: the words that both have, the concepts that both speak of in whatever
words and language, and how near they are in meaning. An engine may have only some of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel

from innoshare.case import Case, City, mark
from innoshare.choices import Choice

# The fields that words are searched in; their weights in a score stand in `ranker`.
TEXT_FIELDS = ("title", "challenge", "summary", "topics", "place", "body")

# Passages that tell the problem a case began with, and those that tell what was done about it. All others qualify it
# (what it needed, what went wrong): worth finding, but no answer to a challenge.
PROBLEM_FIELDS = ("challenge", "situation")
ANSWER_FIELDS = ("summary", "done", "how-to", "success_factors", "core", "lessons")

# In the order in which pages show them: what a searcher narrows by first comes first.
FACETS = ("theme", "challenge_type", "approach", "outcome", "evidence", "city_size", "country", "language", "tag")

# From how many sides a question is looked at: `words` (BM25F over stems), `concepts` (the same over the vocabulary's
# concepts) and `meaning` (nearness of sentence vectors).
SIDES = frozenset({"words", "concepts", "meaning"})

PER_PAGE = 10
MAX_PER_PAGE = 50  # Promised by the API: five screens of cards, and an answer that stays below 100 KB.
MAX_OFFSET = 1_000  # Nobody reads further; who wants all takes them from /api/v1/cases.
MAX_QUERY_CHARACTERS = 200  # A search box, not a challenge: longer text is asked of the matcher.
MAX_QUERY_TERMS = 16  # Measured bound of the worst legal query; what is beyond is said, not cut silently.
CANDIDATES = 50  # What the matcher looks at closely: generous for recall, 5 times what a page shows.


class Sort(StrEnum):
    RELEVANCE = "relevance"
    NEWEST = "newest"
    ADOPTED = "adopted"
    EVIDENCE = "evidence"


@dataclass(frozen=True)
class Query:
    """A search. An empty `text` finds everything that the filters allow.

    `filters` maps a facet to the values accepted; `evidence` there is not a list of levels but is given as
    `minimum_evidence`. Years are inclusive. `language` is that of the *question* ("" = not known);
    a filter on the language of the cases is in `filters`.
    """

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minimum_evidence: int | None = None
    year_from: int | None = None
    year_to: int | None = None
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    per_page: int = PER_PAGE
    language: str = ""

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page


@dataclass(frozen=True)
class Highlight:
    """A piece of plain text, with the words that answered the query as (start, end) pairs of character offsets.

    `field` is one of TEXT_FIELDS, or the front-matter field of a passage (`results`, `lessons` …).
    """

    field: str
    text: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Hit:
    """A case that answers a query. `score` is comparable within one `Results` only."""

    slug: str
    score: float
    highlights: tuple[Highlight, ...] = ()


@dataclass(frozen=True)
class Facet:
    """How the results spread over the values of one field: (value, count), most frequent first."""

    field: str
    counts: tuple[tuple[str, int], ...]
    selected: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Results:
    """One page of hits, and facts about all of them. `did_you_mean` is a whole query to try instead."""

    query: Query
    total: int
    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...]
    did_you_mean: str | None = None


@dataclass(frozen=True)
class QuestionWord:
    """A word of a challenge that carries meaning, or a concept in it: how it is first written, every place (start, end)
    where it stands, how much it weighs (its IDF), and the slug of the concept, "" for a word."""

    text: str
    places: tuple[tuple[int, int], ...]
    weight: float
    concept: str = ""


@dataclass(frozen=True)
class Passage:
    """A sentence of a case. `words` are indices of the question's words and concepts in it, `marks` where they stand;
    `nearness` (0 to 1) is how near it is to the question in meaning, 0 where that is not known."""

    field: str
    text: str
    words: frozenset[int]
    marks: tuple[tuple[int, int], ...]
    nearness: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """A case that might answer a challenge: its `score` by all sides, for their order; and how it scores by the words
    that both have (`shared`), by the concepts (`common`) and by its `nearness` in meaning (0 to 1; None where there are
    no vectors).

    `words` are the indices of words and concepts found anywhere in it; `problem` and `answer`, of its sentences in
    PROBLEM_FIELDS and of those in ANSWER_FIELDS, the one that fits best, or None where none does.
    """

    slug: str
    score: float
    shared: float
    common: float
    nearness: float | None
    words: frozenset[int]
    problem: Passage | None
    answer: Passage | None


@dataclass(frozen=True)
class Candidates:
    """What an engine found for a challenge in `language` ("" = not known), best first.

    `words` are the words and after them the concepts of the challenge. `rarest` is the weight of a word that one case
    alone has; `ceiling` is what a word of weight 1 adds to a score at most, however often a case says it. They make
    scores comparable between challenges and libraries.
    """

    language: str
    words: tuple[QuestionWord, ...]
    candidates: tuple[Candidate, ...]
    rarest: float
    ceiling: float


class Engine(Protocol):
    """What an index must be able to do. Safe to call from several threads."""

    def search(self, query: Query) -> Results:
        """The page of hits that `query` asks for. Raises BadInput where it goes beyond the bounds."""
        ...

    def every(self, query: Query) -> tuple[str, ...]:
        """The slugs of all hits that `query` asks for, in its order, whichever page of them it names. Raises BadInput
        where it goes beyond the bounds."""
        ...

    def candidates(self, text: str, language: str = "", limit: int = CANDIDATES) -> Candidates:
        """The `limit` best cases for a challenge of up to 2,000 words, plain words without any syntax."""
        ...

    def similar(self, slug: str, text: str, language: str, limit: int) -> tuple[str, ...]:
        """At most `limit` other cases like the case `slug`, most like it first; not its own versions in other
        languages. `text` tells of it in `language`."""
        ...

    def complete(self, prefix: str, limit: int = 8) -> tuple[str, ...]:
        """Words of the index that begin with `prefix`, as people write them, most frequent first."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Document:
    """A case as an engine sees it.

    `original` is the slug of the document that it tells in another language, its own where it is no translation;
    `texts` maps each of TEXT_FIELDS to plain text in `language`; `passages` are (field, sentence) pairs;
    `facets` maps each of FACETS to values; `year` is None where unknown; `adoptions` counts cities that took it
    up; `updated` and `checked` are ISO days: of the last change, and on which somebody last said that it is true.
    """

    slug: str
    original: str
    language: str
    texts: Mapping[str, str]
    passages: tuple[tuple[str, str], ...]
    facets: Mapping[str, tuple[str, ...]]
    year: int | None
    evidence_level: int
    adoptions: int
    updated: str
    checked: str


def document(case: Case, original: str, city: City, country_names: Iterable[str],
             labels: Mapping[str, Mapping[str, str]], body_text: str, passages: Iterable[tuple[str, str]]) -> Document:
    """The document of a case.

    `original` is the slug of the case that it tells in another language, or its own; `country_names` are the names of
    the city's country that people may search for; `labels` maps a vocabulary to its slugs' labels and synonyms;
    `body_text` is the plain text of the rendered body.
    """
    texts: dict[str, list[str]] = {name: [] for name in TEXT_FIELDS}
    facets: dict[str, tuple[str, ...]] = {"city_size": (city.size_band,)}
    for record in (case, city):
        for name, info in type(record).model_fields.items():
            marks, value = mark(info), getattr(record, name)
            if marks.facet:
                facets[marks.facet] = tuple(str(item) for item in (value if isinstance(value, list) else [value]))
            if marks.search:
                names = labels.get(marks.vocabulary or "", {})
                texts[marks.search] += [names.get(text, text) for text in words_of(value)]
    texts["place"] += country_names
    texts["body"].append(body_text)
    return Document(
        slug=case.slug,
        original=original,
        language=case.language,
        texts={name: "\n".join(parts) for name, parts in texts.items()},
        passages=tuple(passages),
        facets=facets,
        year=case.year,
        evidence_level=case.evidence_level,
        adoptions=case.taken_up,
        updated=case.updated,
        checked=case.checked,
    )


def joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans in their order, those that overlap made one: a hyphenated word and its parts are one mark."""
    marks: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if marks and start < marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return tuple(marks)


def words_of(value: Any, choices: bool = True) -> list[str]:
    """Every text that a field's value holds for a reader, choices (if wanted) by their label; no addresses, no
    numbers."""
    if isinstance(value, Choice):
        return [value.label] if choices else []
    if isinstance(value, str):
        return [] if value == "unknown" or value.startswith(("http://", "https://")) else [value]
    if isinstance(value, BaseModel):
        return [text for name in type(value).model_fields for text in words_of(getattr(value, name), choices)]
    if isinstance(value, list):
        return [text for item in value for text in words_of(item, choices)]
    return []
