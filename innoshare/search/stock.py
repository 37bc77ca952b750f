"""What Whoosh gives out of the box: the baseline that `innoshare evaluate` prints beside the library.

Its own stemming analysis, its own BM25F and any word counting (what its OrGroup parses a question to), on title and
text. Nobody is served from here; it stands alone so that no improvement of ours can leak into the baseline.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from whoosh.analysis import StemmingAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.index import create_in
from whoosh.query import Or, Term
from whoosh.scoring import BM25F


def run(directory: Path, documents: Iterable[tuple[str, str, str]], questions: Mapping[str, str],
        depth: int) -> dict[str, list[tuple[str, float]]]:
    """Index (name, title, text) documents in `directory` and ask the `questions` (name -> text).

    Returns question -> (document, score), best first, `depth` at most.
    """
    directory.mkdir(parents=True)
    analyzer = StemmingAnalyzer()
    index = create_in(directory, Schema(name=ID(stored=True), title=TEXT(analyzer), text=TEXT(analyzer)))
    writer = index.writer()
    for name, title, text in documents:
        writer.add_document(name=name, title=title, text=text)
    writer.commit()
    answers: dict[str, list[tuple[str, float]]] = {}
    with index.searcher(weighting=BM25F()) as searcher:
        for name, question in questions.items():
            words = dict.fromkeys(token.text for token in analyzer(question))
            query = Or([Term(field, word) for word in words for field in ("title", "text")])
            hits = searcher.search(query, limit=depth)
            answers[name] = [(hit["name"], float(hit.score)) for hit in hits]
    index.close()
    return answers
