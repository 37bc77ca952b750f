"""How fast search and match are, beside stock Whoosh and SQLite FTS5, in one run on one machine:

    python tests/bench/bench_search.py [--documents 10000]

Every engine ranks the same cases for the same questions with warm caches; of ours, also the first question after the
index was opened. Ours does more work for its time: it finds the concepts of the real vocabulary, of which each case and
each question has some, compares vectors, and adds facets and highlights, for a challenge the passages of fifty
candidates. The others only rank the first ten.
"""

import argparse
import os
import random
import sqlite3
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore", module="whoosh")  # 2016, and says so

from generated import documents, questions  # noqa: E402  # after the filter: Whoosh warns when it is imported
from whoosh import index as whoosh_index  # noqa: E402
from whoosh import query as whoosh_query  # noqa: E402
from whoosh import scoring  # noqa: E402

from innoshare import content  # noqa: E402  # likewise, as are those below
from innoshare.search import TEXT_FIELDS, Query  # noqa: E402
from innoshare.search import text as analysis  # noqa: E402
from innoshare.search.concepts import Concepts  # noqa: E402  # likewise
from innoshare.search.whoosh import WhooshEngine, build  # noqa: E402
from innoshare.vectors import STATIC, embedder  # noqa: E402  # likewise

CONTENT = Path(__file__).parent.parent.parent / "content"
CONCEPTS_OF_A_CASE, CONCEPTS_OF_A_CHALLENGE = 15, 6  # About what the cases and challenges of the library have.


def timed(ask: Callable[[str], object], asked: list[str], warm: bool = True) -> tuple[float, float]:
    """Milliseconds: median and 95th percentile."""
    for question in asked if warm else asked[:1]:
        ask(question)
    times = []
    for question in asked:
        start = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - start) * 1000)
    return float(np.median(times)), float(np.percentile(times, 95))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    concepts, model = content.read(CONTENT).concepts.values(), embedder(STATIC)
    labels, chosen = [concept.label["en"] for concept in concepts], random.Random(1)
    cases = [replace(case, texts=case.texts | {"body": f"{case.texts['body']} "
                                               + " ".join(chosen.sample(labels, CONCEPTS_OF_A_CASE))})
             for case in documents(parser.parse_args().documents)]
    short = questions(cases, 60, 2) + questions(cases, 60, 3)
    long = [f"{text} {' '.join(chosen.sample(labels, CONCEPTS_OF_A_CHALLENGE))}" for text in questions(cases, 60, 60)]
    compiled = Concepts.compiled(concepts)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "index"
        start = time.perf_counter()
        build(directory, cases, None, lambda _: None, compiled, model)
        built = time.perf_counter() - start
        size = sum(path.stat().st_size for path in directory.iterdir())
        start = time.perf_counter()
        build(directory, cases, [cases[0].slug], lambda _: None, compiled, model)
        updated = time.perf_counter() - start
        start = time.perf_counter()
        engine = WhooshEngine(directory, model)
        opened = time.perf_counter() - start
        engine.candidates("ready")  # As a server does before anybody asks.
        start = time.perf_counter()
        engine.candidates(long[0])
        first = time.perf_counter() - start
        print(f"{len(cases)} cases of 400 words; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"build {built:.1f} s, update of one case {updated:.1f} s, open {opened:.2f} s, {size / 1e6:.0f} MB, "
              f"first challenge {first * 1000:.0f} ms\n")

        searcher = whoosh_index.open_dir(str(directory)).searcher(weighting=scoring.BM25F())

        def whoosh(question: str) -> object:
            words = [token.term for token in analysis.tokens(question, "en")]
            terms = [whoosh_query.Term(name, word) for word in words for name in TEXT_FIELDS]
            return [hit["slug"] for hit in searcher.search(whoosh_query.Or(terms), limit=10)]

        database = sqlite3.connect(":memory:")
        database.execute(f"create virtual table cases using fts5({', '.join(TEXT_FIELDS)}, tokenize='porter')")
        database.executemany(f"insert into cases values ({', '.join('?' * len(TEXT_FIELDS))})",
                             ([case.texts[name] for name in TEXT_FIELDS] for case in cases))

        def fts5(question: str) -> object:
            words = " OR ".join(Counter(f'"{token.term}"' for token in analysis.tokens(question, "en")))
            ranked = "select rowid from cases where cases match ? order by rank limit 10"
            return database.execute(ranked, (words,)).fetchall()

        ours = {
            "search of 2-3 words": (timed(lambda text: engine.search(Query(text)), short), short),
            "challenge of 60 words": (timed(engine.candidates, long), long),
        }
        print(f"{'':24}{'':10}{'p50 ms':>10}{'p95 ms':>10}{'times ours':>12}")
        for name, (own, asked) in ours.items():
            few = asked if len(asked[0].split()) <= 3 else asked[:3]  # Whoosh needs seconds for a challenge.
            rows = {"innoshare": own, "whoosh": timed(whoosh, few, warm=False), "fts5": timed(fts5, asked)}
            for engine_name, (median, high) in rows.items():
                print(f"{name:24}{engine_name:10}{median:10.2f}{high:10.2f}{median / own[0]:12.1f}")


if __name__ == "__main__":
    main()
