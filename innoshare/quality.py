"""How good are the answers, and how honest? Judged collections in, nDCG@10, MRR@10, recall@5 and @20 out, beside a
baseline, and how often the matcher says "solved" where it is, and where it is not.

A collection is a folder in BEIR layout: `corpus.jsonl` (_id, title, text, metadata.lang), `queries.jsonl` (_id,
text, metadata.kind and .lang) and `qrels/test.tsv` (question, document, grade from 0). Without `corpus.jsonl` its
documents are the cases of the library's own content, named by slug.

Documents become cases and an edition is built of them in a temporary place; the questions are asked of the library
itself, through the code that serves everybody: keywords of search, challenges of the matcher (its full ranking,
before the threshold hides what is too weak). The baseline is what one gets from Whoosh without us: BM25F, any word
counts (OrGroup), its own analysis, on title and text.
"""

import json
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from innoshare import edition, vectors
from innoshare.case import Case, City, Concept, Contact, Source
from innoshare.choices import IncomeBand, Outcome, Section, Stage, Status
from innoshare.content import Content
from innoshare.errors import BadInput, CollectionError
from innoshare.library import Library
from innoshare.matching import MIN_WORDS, STRONG, Challenge, Judged
from innoshare.render import Block, Rendered
from innoshare.search import CANDIDATES, SIDES, Query, stock

# What answers a challenge, of grades from 0; where a collection knows none as high, the highest that it has.
ANSWERS = 2

UNANSWERED = "unanswered"  # The kind of a challenge that nothing answers; it has no grades.

DEPTH = 20  # Deep enough for recall@20, the deepest measure.
NDCG_DEPTH = MRR_DEPTH = 10  # What a person looks at: one page of hits.
FIRST = 5  # What a person sees without scrolling.

Run = dict[str, list[tuple[str, float]]]  # question -> (document, score), best first


@dataclass(frozen=True)
class Text:
    """A document or a question. `kind` (of a question) is `challenge`, `keyword` or any other name."""

    id: str
    text: str
    title: str = ""
    language: str = ""
    kind: str = "challenge"


@dataclass(frozen=True)
class Collection:
    """Questions with graded answers, and challenges that nothing answers (kind `unanswered`). `documents` is None where
    the library's own content is asked."""

    name: str
    questions: Sequence[Text]
    grades: Mapping[str, Mapping[str, int]]
    documents: Sequence[Text] | None = None
    unanswered: Sequence[Text] = ()


@dataclass(frozen=True)
class Measures:
    """Means over questions, each from 0 to 1. `judged_ndcg` leaves out documents that nobody judged."""

    questions: int
    ndcg: float
    mrr: float
    recall_first: float
    recall: float
    judged_ndcg: float


@dataclass(frozen=True)
class Honesty:
    """How often a strong answer is given (a solution, or a warning by a case that failed), as shares of 1: to
    challenges that have answers (`solved`), and to the same without the documents that answer them and those that
    nothing answers (`wrongly`). `curve` is the area under the curve: how often, of one of each kind, the answered one
    looks more answered, whatever the threshold (.5 is chance). `none` is the share of the `unanswered` challenges,
    those that nothing answers, that are told so: not even a possible answer is shown; None where there are no such."""

    answered: int
    without: int
    solved: float
    wrongly: float
    curve: float
    unanswered: int
    none: float | None


@dataclass(frozen=True)
class Report:
    """Measures of the library and of the baseline: overall (`all`) and per kind of question. `honesty` is None where no
    challenge is asked."""

    collection: str
    documents: int
    library: Mapping[str, Measures]
    baseline: Mapping[str, Measures]
    honesty: Honesty | None
    run: Run = field(repr=False)


def read(folder: Path) -> Collection:
    """Read a collection. Raises CollectionError that names file and line."""
    corpus = folder / "corpus.jsonl"
    documents = list(_texts(corpus)) if corpus.exists() else None
    questions = list(_texts(folder / "queries.jsonl"))
    grades: dict[str, dict[str, int]] = {}
    known = {question.id for question in questions}
    for number, line in enumerate(_lines(folder / "qrels" / "test.tsv"), 1):
        if number == 1 and line.startswith("query-id"):
            continue
        try:
            question, document, grade = line.split("\t")
            grades.setdefault(question, {})[document] = int(grade)
        except ValueError:
            raise CollectionError(f"{folder / 'qrels' / 'test.tsv'}:{number}: write question, document and a whole "
                                  "number, with a tab between them") from None
        if question not in known:
            raise CollectionError(f"{folder / 'qrels' / 'test.tsv'}:{number}: there is no question {question!r} in "
                                  "queries.jsonl")
    return Collection(folder.name, [question for question in questions if question.id in grades], grades, documents,
                      [question for question in questions if question.kind == UNANSWERED])


def evaluate(collection: Collection, own: Library | None = None, concepts: Mapping[str, Concept] | None = None,
             embeddings: str = vectors.STATIC, sides: Set[str] = SIDES,
             progress: edition.Progress = lambda _what, _done, _all: None) -> Report:
    """Ask the library, and the baseline, all questions of a collection.

    `own` is the library of the content in use; it is needed only where the collection has no documents, and is asked as
    it was opened. Otherwise a library is made of the documents, with these `concepts` and `embeddings`, and looks at
    questions from these `sides`.
    """
    with tempfile.TemporaryDirectory(prefix="innoshare-evaluate-") as place:
        if collection.documents is None:
            if own is None:
                raise CollectionError(f"{collection.name} has no corpus.jsonl, and there is no library to ask.")
            library = own
            cases = [library.entry(slug) for slug in library.originals]
            documents = [Text(entry.case.slug, f"{entry.case.challenge}\n{entry.case.summary}\n{entry.rendered.text}",
                              entry.case.title) for entry in cases]
            names = library.originals  # Judged as one: in which language a case is shown is no matter of grades.
        else:
            documents = list(collection.documents)
            names = {f"d{number}": document.id for number, document in enumerate(documents)}
            library = _library_of(documents, Path(place), concepts or {}, embeddings, sides, progress)
        try:
            run = {}
            for done, question in enumerate(collection.questions, 1):
                run[question.id] = [(names[slug], score) for slug, score in _ask(library, question)]
                progress("Asking the library", done, len(collection.questions))
            honesty = _honesty(collection, library, names)
        finally:
            if collection.documents is not None:
                library.close()
        progress("Asking the baseline", 0, 1)
        asked = {question.id: question.text for question in collection.questions}
        texts = ((item.id, item.title, item.text) for item in documents)
        baseline = {question: _once(ranking, names) for question, ranking in
                    stock.run(Path(place) / "stock", texts, asked, 2 * DEPTH).items()}
        progress("Asking the baseline", 1, 1)
    return Report(collection.name, len(set(names.values())), measure(collection, run), measure(collection, baseline),
                  honesty, run)


def measure(collection: Collection, run: Run) -> dict[str, Measures]:
    """Measures of a run: `all`, then each kind of question in the order of its first question."""
    kinds = ["all", *dict.fromkeys(question.kind for question in collection.questions)]
    return {kind: _means(run, collection.grades,
                         [item.id for item in collection.questions if kind in ("all", item.kind)]) for kind in kinds}


def trec(run: Run) -> Iterator[str]:
    """The lines of a TREC run file: question, Q0, document, rank, score, name of the run."""
    for question, ranking in run.items():
        for rank, (document, score) in enumerate(ranking, 1):
            yield f"{question} Q0 {document} {rank} {score:.6f} innoshare"


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = NDCG_DEPTH) -> float:
    """Normalised discounted cumulative gain with gain 2^grade - 1 and discount log2(rank + 1)
    (Järvelin and Kekäläinen 2002; the exponential gain is that of Burges et al. 2005)."""
    def gained(levels: Iterable[int]) -> float:
        return sum((2.0**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(levels, 1))

    best = gained(sorted(grades.values(), reverse=True)[:depth])
    return gained(grades.get(document, 0) for document in ranking[:depth]) / best if best else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int], depth: int = MRR_DEPTH) -> float:
    """One over the rank of the first document with a grade above 0; 0 where there is none to `depth`."""
    return next((1 / rank for rank, document in enumerate(ranking[:depth], 1) if grades.get(document, 0) > 0), 0.0)


def recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """Share of the documents with a grade above 0 that are found to `depth`."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:depth])) / len(relevant) if relevant else 0.0


def _means(run: Run, grades: Mapping[str, Mapping[str, int]], questions: Sequence[str]) -> Measures:
    rankings = {question: [document for document, _ in run.get(question, [])] for question in questions}

    def mean(function: Callable[[Sequence[str], Mapping[str, int]], float]) -> float:
        return sum(function(rankings[item], grades[item]) for item in questions) / max(1, len(questions))

    def recall_first(ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        return recall(ranking, judged, FIRST)

    def of_judged(ranking: Sequence[str], judged: Mapping[str, int]) -> float:
        return ndcg([document for document in ranking if document in judged], judged)

    return Measures(len(questions), mean(ndcg), mean(reciprocal_rank), mean(recall_first), mean(recall),
                    mean(of_judged))


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often one of `positive` is greater than one of `negative`, ties counting half: the area under the receiver
    operating characteristic (Mann and Whitney 1947; Hanley and McNeil 1982)."""
    wins = sum((one > other) + (one == other) / 2 for one in positive for other in negative)
    return wins / (len(positive) * len(negative))


def _honesty(collection: Collection, library: Library, names: Mapping[str, str]) -> Honesty | None:
    """Each challenge is asked once; then the documents that answer it are thought away. What they tell about how rare
    words are stays, which is too little to change an answer."""
    highest = max((grade for grades in collection.grades.values() for grade in grades.values()), default=0)
    answers = min(ANSWERS, highest)
    having, without = [], []
    for question in collection.questions:
        right = {document for document, grade in collection.grades[question.id].items() if grade >= answers}
        if _is_challenge(question) and right:
            ranking = library.rank(_challenge(question), CANDIDATES + len(right))
            having.append(_strongest(ranking))
            without.append(_strongest([item for item in ranking if names[item.card.slug] not in right]))
    if not having:
        return None
    answered = len(having)
    unanswered = [library.rank(_challenge(question)) for question in collection.unanswered]
    without += map(_strongest, unanswered)

    def solved(strengths: Sequence[float]) -> float:
        return sum(strength >= STRONG for strength in strengths) / len(strengths)

    silent = [not any(item.strength for item in ranking) for ranking in unanswered]
    return Honesty(answered, len(without), solved(having), solved(without), area_under_curve(having, without),
                   len(silent), sum(silent) / len(silent) if silent else None)


def _strongest(ranking: Sequence[Judged]) -> float:
    """Also of cases that failed: a warning answers, though it is no solution."""
    return max((item.relevance for item in ranking), default=0.0)


def _once(ranking: Iterable[tuple[str, float]], names: Mapping[str, str]) -> list[tuple[str, float]]:
    """The baseline's ranking with each case once, where it first stands in any of its languages."""
    best: dict[str, float] = {}
    for document, score in ranking:
        best.setdefault(names.get(document, document), score)
    return list(best.items())[:DEPTH]


def _is_challenge(question: Text) -> bool:
    return question.kind != "keyword" and len(question.text.split()) >= MIN_WORDS


def _challenge(question: Text) -> Challenge:
    return Challenge.of(question.text, language=question.language)


def _ask(library: Library, question: Text) -> list[tuple[str, float]]:
    if _is_challenge(question):
        return [(item.card.slug, item.score) for item in library.rank(_challenge(question))[:DEPTH]]
    try:
        found = library.search(Query(question.text, per_page=DEPTH, language=question.language))
    except BadInput as error:
        raise CollectionError(f"question {question.id}: {error}") from error
    return [(hit.slug, hit.score) for hit in found.results.hits]


def _library_of(documents: Sequence[Text], place: Path, concepts: Mapping[str, Concept], embeddings: str,
                sides: Set[str], progress: edition.Progress) -> Library:
    """A library whose cases are these documents, their texts taken for what was done; the n-th is called `dn`. All that
    a document does not say is `unknown`, which is a word that no index holds."""
    city = City(slug="unknown", body="", name="unknown", country="ZZ", population=1, population_year=2000,
                population_source="https://example.org/", latitude=0, longitude=0, income_band=IncomeBand.HIGH)
    cases, bodies = {}, {"cities/unknown.md": Rendered(())}
    for number, document in enumerate(documents):
        slug = f"d{number}"
        cases[slug] = Case(
            slug=slug, body="", title=_cut(document.title or document.text), summary="unknown",
            language=document.language or "en", city="unknown", status=Status.PUBLISHED, updated="2000-01-01",
            challenge="unknown", challenge_types=["unknown"], themes=["unknown"], approaches=["unknown"],
            stage=Stage.IMPLEMENTED, start="unknown", outcome=Outcome.POSITIVE, evidence_level=0,
            sources=[Source(url="https://example.org/", title="unknown", accessed="2000-01-01")],
            contact=Contact(role="unknown", organisation="unknown", url="https://example.org/"))
        body = document.text if len(document.title) <= len(cases[slug].title) else f"{document.title}\n{document.text}"
        bodies[f"cases/{slug}.md"] = Rendered((Block(Section.DONE, "", "", "", body),))
    found = Content(root=place, cases=cases, challenges={}, cities={"unknown": city}, vocabulary={}, concepts=concepts,
                    problems=(), digests={})
    edition.build_from(found, bodies, place / "data", embeddings, progress)
    return Library(edition.open_published(place / "data", embeddings, sides))


def _cut(title: str, limit: int = 100) -> str:
    """A title as long as a case's may be, cut between words; the whole one then begins the body."""
    if len(title) <= limit:
        return title or "unknown"
    return title[:limit + 1].rsplit(" ", 1)[0][:limit]


def _texts(path: Path) -> Iterator[Text]:
    for number, line in enumerate(_lines(path), 1):
        try:
            item: dict[str, Any] = json.loads(line)
            about = item.get("metadata") or {}
            yield Text(str(item["_id"]), str(item["text"]), str(item.get("title") or ""),
                       str(about.get("lang") or ""), str(about.get("kind") or "challenge"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CollectionError(f"{path}:{number}: this line is not a JSON object with `_id` and `text` "
                                  f"({error})") from None


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from (line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError(f"{path} cannot be read ({error}); a collection has queries.jsonl, qrels/test.tsv "
                              "and mostly corpus.jsonl.") from None
