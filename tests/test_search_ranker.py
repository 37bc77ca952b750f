import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.generated import documents, questions
from whoosh import index as whoosh_index
from whoosh import query as whoosh_query
from whoosh import scoring as whoosh_scoring

from innoshare.case import STALE_AFTER
from innoshare.search import FACETS, TEXT_FIELDS, Document, Query, Sort
from innoshare.search import text as analysis
from innoshare.search.ranker import STALE_LOSS, Columns, Ranker, Scoring, lucene_idf
from innoshare.search.whoosh import build

CASES = list(documents(400))
TODAY = date(2026, 5, 31)


def whoosh_idf(documents: int, holding: int) -> float:
    return math.log(documents / (holding + 1)) + 1


def as_whoosh(b: float, k1: float) -> Scoring:
    return Scoring(dict.fromkeys(TEXT_FIELDS, 1.0), dict.fromkeys(TEXT_FIELDS, b), k1, whoosh_idf,
                   per_field=True, count_deleted=True)


def ranker_over(reader: Any, scoring: Scoring, slugs: Sequence[str] = (), **options: Any) -> Ranker:
    """A ranker of the documents of a reader; its rows are in the order of their slugs."""
    total = reader.doc_count_all()
    row_of = {slug: row for row, slug in enumerate(slugs)}
    rows = np.full(total, -1)
    for number, stored in reader.iter_docs():
        rows[number] = row_of[stored["slug"]]
    lengths = {name: np.array([float(reader.doc_field_length(number, name) or 0) for number in range(total)])
               for name in TEXT_FIELDS}
    return Ranker(list(reader.leaf_readers()), rows, lengths, scoring, **options)


@pytest.fixture(scope="module")
def one_segment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Document]]:
    directory = tmp_path_factory.mktemp("one")
    build(directory, CASES, None, lambda _: None)
    return directory, CASES


@pytest.fixture(scope="module")
def several_segments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Document]]:
    """Built in three steps, with documents changed and deleted in each."""
    directory = tmp_path_factory.mktemp("several")
    build(directory, CASES[:250], None, lambda _: None)
    changed = [replace(case, texts=case.texts | {"title": "Renamed " + case.texts["summary"]}) for case in CASES[:15]]
    held = changed + CASES[15:350]
    build(directory, held, {case.slug for case in changed} | {case.slug for case in CASES[250:350]}, lambda _: None)
    held = [*held[:5], *held[20:], *CASES[350:]]
    build(directory, held, {case.slug for case in CASES[350:]}, lambda _: None)
    return directory, held


@pytest.mark.parametrize("segments", ["one_segment", "several_segments"])
@pytest.mark.parametrize(("b", "k1"), [(0.75, 1.2), (0.3, 2.0)])
def test_the_top_ten_are_whooshs_own(request: pytest.FixtureRequest, segments: str, b: float, k1: float) -> None:
    directory, held = request.getfixturevalue(segments)
    slugs = sorted(case.slug for case in held)
    searcher = whoosh_index.open_dir(str(directory)).searcher(weighting=whoosh_scoring.BM25F(B=b, K1=k1))
    reader = searcher.reader()
    assert (len(list(reader.leaf_readers())) > 1, reader.has_deletions()) == ((segments == "several_segments"),) * 2
    ranker = ranker_over(reader, as_whoosh(b, k1), slugs,
                         averages={name: searcher.avg_field_length(name) for name in TEXT_FIELDS})
    asked = [question for length in (1, 2, 3, 8, 20) for question in questions(held, 40, length, seed=length)]
    compared = 0
    for question in asked:
        terms = [token.term for token in analysis.tokens(question, "en")]
        any_of = [whoosh_query.Term(name, term) for term in terms for name in TEXT_FIELDS]
        theirs = [(hit["slug"], hit.score) for hit in searcher.search(whoosh_query.Or(any_of), limit=10)]
        scores = ranker.scores((ranker.word((term,)), count) for term, count in Counter(terms).items())
        ours = np.sort(scores[scores > 0])[::-1][:10]
        assert [score for _, score in theirs] == pytest.approx(ours.tolist(), abs=1e-6)
        for slug, score in theirs:
            assert scores[slugs.index(slug)] == pytest.approx(score, abs=1e-6)
        compared += bool(theirs)
    assert compared >= 190  # Of 200; a question of nothing but grammar finds nothing.


def test_bm25f_adds_up_fields_before_they_saturate(several_segments: tuple[Path, list[Document]]) -> None:
    """The formula once more, in plain Python over the texts themselves."""
    directory, held = several_segments
    held = sorted(held, key=lambda case: case.slug)
    terms = [{name: [token.term for token in analysis.tokens(text, "en")] for name, text in case.texts.items()}
             for case in held]
    scoring = Scoring(b=dict.fromkeys(TEXT_FIELDS, 0.0))  # Whoosh rounds lengths, so leave them out here.
    with whoosh_index.open_dir(str(directory)).reader() as reader:
        ranker = ranker_over(reader, scoring, [case.slug for case in held])
        for question in questions(held, 10, 2):
            for term in {token.term for token in analysis.tokens(question, "en")}:
                counts = [sum(scoring.weights[name] * found.count(term) for name, found in case.items())
                          for case in terms]
                idf = lucene_idf(len(held), sum(count > 0 for count in counts))
                expected = [idf * count * (scoring.k1 + 1) / (count + scoring.k1) for count in counts]
                assert ranker.scores([(ranker.word((term,)), 1)]) == pytest.approx(expected)


def test_alternatives_of_a_word_count_once(one_segment: tuple[Path, list[Document]]) -> None:
    directory, held = one_segment
    with whoosh_index.open_dir(str(directory)).reader() as reader:
        ranker = ranker_over(reader, Scoring(), [case.slug for case in held])
        frequent = Counter(token.term for case in held for token in analysis.tokens(case.texts["body"], "en"))
        first, second = (term for term, _ in frequent.most_common(2))
        alone = [ranker.word((term,)) for term in (first, second)]
        both = ranker.word((first, second))
    assert set(both.rows) == set(alone[0].rows) | set(alone[1].rows)
    assert both.idf < min(word.idf for word in alone)
    gains = np.zeros((2, len(held)))
    for gain, word in zip(gains, alone, strict=True):
        gain[word.rows] = word.gains
    assert both.gains == pytest.approx(gains.max(axis=0)[both.rows])


def test_a_small_cache_changes_nothing(one_segment: tuple[Path, list[Document]]) -> None:
    directory, held = one_segment
    slugs = [case.slug for case in held]
    with whoosh_index.open_dir(str(directory)).reader() as reader:
        small, large = ranker_over(reader, Scoring(), slugs, cache_bytes=5_000), ranker_over(reader, Scoring(), slugs)
        for question in questions(held, 20, 10) * 2:
            words = [(token.term,) for token in analysis.tokens(question, "en")]
            scores = [ranker.scores((ranker.word(terms), 1) for terms in words) for ranker in (small, large)]
            assert (scores[0] == scores[1]).all()
            assert 0 < small.cached_bytes <= 5_000
    assert large.cached_bytes > 5_000


def test_phrases_are_found_where_they_stand(several_segments: tuple[Path, list[Document]]) -> None:
    directory, held = several_segments
    held = sorted(held, key=lambda case: case.slug)
    places = [[{(token.term, token.position) for token in analysis.tokens(case.texts[name], "en")}
               for name in TEXT_FIELDS] for case in held]
    with whoosh_index.open_dir(str(directory)).reader() as reader:
        ranker = ranker_over(reader, Scoring(), [case.slug for case in held])
        for number in range(0, 300, 7):
            tokens = list(analysis.tokens(held[number].texts["body"], "en"))[number % 50:][:2 + number % 2]
            phrase = [((token.term,), token.position - tokens[0].position) for token in tokens]
            (first,), _ = phrase[0]
            expected = [any(all((term, begin + offset) in field for (term,), offset in phrase)
                            for field in fields for word, begin in field if word == first) for fields in places]
            assert expected[number]
            assert ranker.phrase(phrase).tolist() == expected


def columns() -> Columns:
    return Columns(*Columns.of(CASES))


def allowed(case: Document, query: Query, but: str = "") -> bool:
    """What a query's filters mean, said once more without numpy."""
    return (all(name == but or set(values) & set(case.facets[name]) for name, values in query.filters.items())
            and (but == "evidence" or query.minimum_evidence is None or case.evidence_level >= query.minimum_evidence)
            and (query.year_from is None or (case.year is not None and case.year >= query.year_from))
            and (query.year_to is None or (case.year is not None and case.year <= query.year_to)))


@pytest.mark.parametrize("query", [
    Query(),
    Query(filters={"theme": ("theme-3",)}),
    Query(filters={"theme": ("theme-3", "theme-4"), "country": ("DE", "FR", "nowhere")}, year_from=2012),
    Query(filters={"tag": ("tag-1",), "outcome": ("positive", "mixed")}, minimum_evidence=3, year_to=2020),
    Query(filters={"country": ("nowhere",)}),
    Query(minimum_evidence=5, year_from=2030),
])
def test_filters_and_counts_are_those_of_plain_loops(query: Query) -> None:
    found = np.arange(len(CASES)) % 3 > 0
    scores = np.zeros(len(CASES))
    result, same, facets = columns().narrow(found, scores, query, "en")
    assert same is scores
    assert result.tolist() == [bool(here) and allowed(case, query) for here, case in zip(found, CASES, strict=True)]
    assert [facet.field for facet in facets] == list(FACETS)
    for facet in facets:
        counts = Counter(value for here, case in zip(found, CASES, strict=True)
                         if here and allowed(case, query, but=facet.field) for value in set(case.facets[facet.field]))
        assert {value: count for value, count in facet.counts if count} == counts
        shown = [count for value, count in facet.counts if value in counts]
        assert shown == sorted(shown, reverse=True)
        assert facet.selected <= {value for value, _ in facet.counts}  # What is chosen can be seen, and unchosen.


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_are_cut_from_one_order(sort: Sort) -> None:
    scores = np.random.default_rng(0).integers(0, 20, len(CASES)).astype(float)
    keys = {Sort.RELEVANCE: lambda case: 0, Sort.NEWEST: lambda case: (case.updated, case.year),
            Sort.ADOPTED: lambda case: case.adoptions, Sort.EVIDENCE: lambda case: case.evidence_level}
    by_slug = sorted(range(len(CASES)), key=lambda row: CASES[row].slug)
    by_day = sorted(by_slug, key=lambda row: CASES[row].checked, reverse=True)
    by_score = sorted(by_day, key=lambda row: -scores[row])
    expected = sorted(by_score, key=lambda row: keys[sort](CASES[row]), reverse=True)
    here = columns()
    everything = np.ones(len(CASES), dtype=bool)
    pages = [here.top(everything, scores, sort, offset, 30).tolist() for offset in range(0, 420, 30)]
    assert [row for page in pages for row in page] == expected


def test_a_stale_case_loses_a_part_of_its_score_and_no_other_does() -> None:
    last = TODAY - STALE_AFTER
    days = [TODAY, last, last - timedelta(days=1), date(1990, 1, 1)]
    here = Columns(*Columns.of([replace(CASES[0], checked=day.isoformat()) for day in days]))
    assert here.aged(np.full(4, 2.0), TODAY).tolist() == [2.0, 2.0, 2.0 * (1 - STALE_LOSS), 2.0 * (1 - STALE_LOSS)]


def told_in(case: Document, original: int, language: str, **more: Any) -> Document:
    return replace(case, original=CASES[original].slug, language=language,
                   facets={**case.facets, "language": (language,)}, **more)


def test_a_case_in_several_languages_is_one_hit_and_has_each_of_its_languages() -> None:
    """Rows 0 (English), 1 (Swedish) and 2 (Finnish) are one case, row 3 (Swedish) is another one."""
    facets = CASES[0].facets
    rows = [told_in(replace(case, facets=facets), original, language) for case, original, language in
            zip(CASES[:4], (0, 0, 0, 3), ("en", "sv", "fi", "sv"), strict=True)]
    here, scores, everything = Columns(*Columns.of(rows)), np.array([2.0, 3.0, 1.0, 2.5]), np.ones(4, dtype=bool)
    for language, kept in (("en", 0), ("sv", 1), ("fi", 2), ("", 1), ("de", 0)):
        found, raised, counted = here.narrow(everything, scores, Query(), language)
        assert np.flatnonzero(found).tolist() == [kept, 3], language
        assert raised[kept] == 3.0, "a case stands where its best version does"
        counts = {facet.field: dict(facet.counts) for facet in counted}
        assert counts["language"] == {"en": 1, "sv": 2, "fi": 1}
        assert counts["theme"] == dict.fromkeys(facets["theme"], 2)
    assert scores.tolist() == [2.0, 3.0, 1.0, 2.5], "what was given is left as it was"
    for language in ("", "de"):
        equals = here.once(everything, np.zeros(4), language)[0]
        assert np.flatnonzero(equals).tolist() == [0, 3], "of equals the original"
    assert np.flatnonzero(here.once(np.array([False, True, True, True]), scores, "de")[0]).tolist() == [1, 3]
    found, _, counted = here.narrow(everything, scores, Query(filters={"language": ("fi", "sv")}), "en")
    assert np.flatnonzero(found).tolist() == [1, 3]
    assert {facet.field: dict(facet.counts) for facet in counted}["language"] == {"en": 1, "sv": 2, "fi": 1}
    found, _, counted = here.narrow(everything, scores, Query(filters={"theme": facets["theme"][:1]}), "en")
    assert {facet.field: dict(facet.counts) for facet in counted}["theme"] == dict.fromkeys(facets["theme"], 2)
    assert here.versions_of(1).tolist() == [True, True, True, False]


def test_nothing_at_all() -> None:
    empty = Columns(*Columns.of([]))
    query = Query(filters={"theme": ("x",)}, minimum_evidence=1)
    result, _, facets = empty.narrow(np.ones(0, dtype=bool), np.empty(0), query, "")
    assert not len(result)
    assert [facet.counts for facet in facets if facet.counts] == [(("x", 0),)]
    assert not len(empty.top(result, np.empty(0), Sort.NEWEST, 0, 10))
