import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bench.generated import documents, questions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innoshare.errors import BadInput, EditionError
from innoshare.search import FACETS, MAX_OFFSET, MAX_QUERY_CHARACTERS, TEXT_FIELDS, Document, Query, Results, Sort
from innoshare.search.ranker import STALE_LOSS
from innoshare.search.whoosh import WhooshEngine, build


def case(slug: str, title: str, body: str = "", language: str = "en", **more: Any) -> Document:
    """A document with what a test is about; its passages are the sentences of its body, parted by bars; the second
    tells the problem, the others what was done."""
    facets = dict.fromkeys(FACETS, ()) | {"language": (language,)} | more.pop("facets", {})
    values = {"year": 2020, "evidence_level": 1, "adoptions": 0, "updated": "2024-05-01",
              "checked": "2024-05-01"} | more
    return Document(slug, slug, language, dict.fromkeys(TEXT_FIELDS, "") | {"title": title, "body": body},
                    tuple(("situation" if place == 1 else "done", part.strip())
                          for place, part in enumerate(body.split("|")) if part.strip()), facets, **values)


HEAT = [
    case("cool-schools", "Cool schools", "Trees shade the yards of schools. | In summer the heat makes lessons hard. | "
                                         "The cost of living rises.", updated="2024-01-01"),
    case("heat-plan", "A heat plan", "Heat kills. | Heat heat heat and more heat, says the plan for the heat.",
         updated="2024-03-01", adoptions=3),
    case("school-meals", "School meals", "Schools cook. | Each school has a kitchen; schools schools schools.",
         updated="2024-02-01", evidence_level=4),
    case("co-design", "Co-design of parks", "Residents and planners design parks together. | "
                                            "IT services help to organise the accessibility review.", year=2012),
    case("codesign", "Codesigning a library", "The library was made with its readers.", year=None),
    case("ecole-fraiche", "Des écoles fraîches", "La chaleur dans les écoles est réduite par des arbres. | "
                                                 "L'éducation continue en été.", "fr"),
    case("viileat-koulut", "Viileät koulut Helsingissä", "Koulujen kuumuus väheni. | Helsinki istutti puita.", "fi"),
]


def index(directory: Path, held: Sequence[Document]) -> WhooshEngine:
    build(directory, held, None, lambda _: None)
    return WhooshEngine(directory)


@pytest.fixture(scope="module")
def heat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhooshEngine]:
    engine = index(tmp_path_factory.mktemp("heat"), HEAT)
    yield engine
    engine.close()


CASES = list(documents(150))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("many")
    build(directory, CASES, None, lambda _: None)
    return directory


def slugs(engine: WhooshEngine, text: str, **more: Any) -> list[str]:
    return [hit.slug for hit in engine.search(Query(text, **more)).hits]


# What people type

def test_cases_with_more_of_the_words_come_first(heat: WhooshEngine) -> None:
    assert slugs(heat, "heat schools")[0] == "cool-schools"
    assert set(slugs(heat, "heat schools")[1:3]) == {"heat-plan", "school-meals"}


def test_of_cases_that_answer_equally_well_the_one_checked_last_comes_first_and_a_stale_one_sinks(tmp_path: Path
                                                                                                 ) -> None:
    today = datetime.now(UTC).date()
    days = {"a-stale": "2001-01-01", "b-fresh": (today - timedelta(days=300)).isoformat(),
            "c-fresher": today.isoformat()}
    same = "Heat kills in summer. | Trees shade the yards."
    engine = index(tmp_path, [*(case(slug, "A heat plan", same, checked=day) for slug, day in days.items()),
                              case("d-better", "A heat plan for old people", same, checked="2001-01-01")])
    found = {hit.slug: hit.score for hit in engine.search(Query("heat plan people")).hits}
    assert list(found) == ["d-better", "c-fresher", "b-fresh", "a-stale"]
    assert found["c-fresher"] == found["b-fresh"]
    assert found["a-stale"] == pytest.approx(found["b-fresh"] * (1 - STALE_LOSS))
    assert slugs(engine, "heat plan people", sort=Sort.EVIDENCE) == list(found), "and so where all else is equal"


@pytest.mark.parametrize(("text", "expected"), [
    ('"cost of living"', {"cool-schools"}),
    ("“cost of living”", {"cool-schools"}),
    ('"living cost"', set()),
    ('"cost living"', set()),  # the word between counts
    ('heat "shade the yards"', {"cool-schools"}),
    ("heat -schools", {"heat-plan"}),
    ("-heat", {"school-meals", "co-design", "codesign", "ecole-fraiche", "viileat-koulut"}),
    ('school -"shade the yards"', {"school-meals"}),
    ("kitch*", {"school-meals"}),
    ("librar* meals -mad*", {"school-meals"}),
    ("access* kitch*", {"co-design", "school-meals"}),
    ("IT", {"co-design"}),
    ('"unclosed heat', {"heat-plan", "cool-schools"}),
    ("heat OR NOT title:(x", {"heat-plan", "cool-schools"}),
    ("the", set()),
    ("xyzzy", set()),
])
def test_the_four_forms_of_a_query(heat: WhooshEngine, text: str, expected: set[str]) -> None:
    results = heat.search(Query(text, language="en"))
    assert {hit.slug for hit in results.hits} == expected
    assert results.total == len(expected)


@pytest.mark.parametrize("text", ["co-design", "codesign", "co‑design"])
def test_hyphens_are_a_matter_of_taste(heat: WhooshEngine, text: str) -> None:
    assert set(slugs(heat, text)) == {"co-design", "codesign"}


@pytest.mark.parametrize(("text", "language", "first"), [
    ("ecole chaleur", "fr", "ecole-fraiche"),
    ("ECOLE", "", "ecole-fraiche"),
    ("education en ete", "", "ecole-fraiche"),  # typed without accents
    ("koulussa", "fi", "viileat-koulut"),
    ("Helsinki", "en", "viileat-koulut"),
    ("Helsinki", "fr", "viileat-koulut"),
    ("Helsinki", "", "viileat-koulut"),
    ("comment réduire la chaleur", "", "ecole-fraiche"),
])
def test_questions_in_many_languages(heat: WhooshEngine, text: str, language: str, first: str) -> None:
    assert slugs(heat, text, language=language)[0] == first


def test_a_word_is_not_rare_because_its_language_is(tmp_path: Path) -> None:
    """The one Swedish case does not answer every question in Swedish by its everyday words."""
    engine = index(tmp_path, [*CASES[:40], case("squares", "Water squares", "Rotterdam stores rain."),
                              case("energi", "Kommunen sparar energi", "Kommunen sparar. | Den byter pannor.", "sv")])
    try:
        assert slugs(engine, "kommunen Rotterdam", language="sv")[0] == "squares"
        assert slugs(engine, "kommunen energi", language="sv")[0] == "energi"
    finally:
        engine.close()


def test_no_text_finds_everything_newest_first(heat: WhooshEngine) -> None:
    for text in ("", "  ", "***", "?!"):
        assert slugs(heat, text, per_page=3, page=1) == ["ecole-fraiche", "viileat-koulut", "co-design"]
    assert slugs(heat, "", per_page=7)[-3:] == ["heat-plan", "school-meals", "cool-schools"]


def test_order_filters_and_pages(heat: WhooshEngine) -> None:
    assert slugs(heat, "school", sort=Sort.NEWEST) == ["school-meals", "cool-schools"]
    assert slugs(heat, "school heat", sort=Sort.ADOPTED)[0] == "heat-plan"
    assert slugs(heat, "school heat", sort=Sort.EVIDENCE)[0] == "school-meals"
    assert slugs(heat, "", filters={"language": ("fr", "fi")}) == ["ecole-fraiche", "viileat-koulut"]
    assert slugs(heat, "", minimum_evidence=2) == ["school-meals"]
    assert slugs(heat, "", year_to=2015) == ["co-design"]
    assert slugs(heat, "", per_page=2, page=4) == ["cool-schools"]
    assert heat.search(Query(page=9)).total == len(HEAT)
    assert heat.every(Query(page=9)) == tuple(slugs(heat, "", per_page=50))


def test_highlights_are_whole_words_of_the_best_sentences(heat: WhooshEngine) -> None:
    first, *_ = heat.search(Query("heat schools")).hits
    marked = [(part.field, [part.text[start:end] for start, end in part.marks]) for part in first.highlights]
    assert marked == [("title", ["schools"]), ("done", ["schools"]), ("situation", ["heat"])] or marked == [
        ("title", ["schools"]), ("situation", ["heat"]), ("done", ["schools"])]
    (parks,) = (hit for hit in heat.search(Query("co-design")).hits if hit.slug == "co-design")
    assert [part.text[start:end] for part in parks.highlights[:1] for start, end in part.marks] == ["Co-design"]


@pytest.mark.parametrize(("text", "meant"), [
    ("kitchn", "kitchen"),
    ("acessibilty", "accessibility"),
    ('"cost of livign" -heat', '"cost of living" -heat'),
    ("shcools xqzzzzy", "schools xqzzzzy"),
    ("Helsinky", "helsinki"),
    ("ecoles", None),  # known, but for accents
    ("schooling", None),  # known by its stem
    ("xqzzzzy", None),
    ("heat", None),
    ("", None),
])
def test_unknown_words_are_doubted(heat: WhooshEngine, text: str, meant: str | None) -> None:
    assert heat.search(Query(text)).did_you_mean == meant


def test_words_are_completed_as_people_write_them(heat: WhooshEngine) -> None:
    assert heat.complete("acces") == ("accessibility",)
    assert heat.complete("SCHOO") == ("schools", "school")
    assert heat.complete("ecol") == ("écoles",)
    assert heat.complete("th") == ()  # words of grammar are no topic
    assert heat.complete("") == heat.complete("xyz") == ()
    assert len(heat.complete("s", limit=2)) == 2


# What the matcher is given

def test_candidates_say_which_words_stand_where(heat: WhooshEngine) -> None:
    text = "Our schools suffer from the heat. Schools need shade, and xylophones."
    found = heat.candidates(text)
    assert [word.text for word in found.words] == ["schools", "suffer", "heat", "need", "shade", "xylophones"]
    for word in found.words:
        assert {text[start:end].lower() for start, end in word.places} == {word.text.lower()}
    assert [len(word.places) for word in found.words] == [2, 1, 1, 1, 1, 1]
    weight = {word.text: word.weight for word in found.words}
    assert weight["xylophones"] > weight["shade"] > weight["schools"] > 0
    best = found.candidates[0]
    assert best.slug == "cool-schools"
    assert {found.words[i].text for i in best.words} == {"schools", "heat", "shade"}
    assert best.problem
    assert best.answer
    assert best.problem.text == "In summer the heat makes lessons hard."
    assert best.answer.text == "Trees shade the yards of schools."
    assert {found.words[i].text for i in best.answer.words} == {"schools", "shade"}
    assert [best.answer.text[start:end] for start, end in best.answer.marks] == ["shade", "schools"]
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert heat.candidates(text, limit=1).candidates == found.candidates[:1]


def test_candidates_have_no_syntax(heat: WhooshEngine) -> None:
    assert {c.slug for c in heat.candidates('-heat "school* meals"').candidates} >= {"heat-plan", "school-meals"}
    assert heat.candidates("").candidates == ()
    assert heat.candidates("the of and").words == ()


# Bounds: whatever is sent, an answer or BadInput, and soon

NASTY = [
    "*", "?*?*?*?", "[a TO z]", "word~9", "x~99", "NOT OR heat ~", "REQUIRE ANDNOT }}", "< ", "b:<5", "d:>x", "a\0b",
    "\ud800", "\u202eheat\u202c", "🚲🔥", "-", "--", '"', '""', '"" ""', '-"', '-""', "-*", "--heat", "- heat", "a*",
    "''", " ".join(f"*{letter}*" for letter in "abcdefghijklmnopqrst"), "NOT " * 2000, "(" * 5000,
    "x" * 1_000_000, "a b " * 300_000, '"' * 150, "-" * 150, "* " * 90, "heat-" * 40, "'" * 200, "\u0301" * 200,
    "العربية", "日本語の都市", "ΑΘΗΝΑ", "İstanbul",
]


def answer(engine: WhooshEngine, text: str) -> Results | None:
    """The answer, or None where there is a BadInput; both soon."""
    start, results = time.perf_counter(), None
    with suppress(BadInput):
        results = engine.search(Query(text))
    assert time.perf_counter() - start < 0.5
    return results


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_texts(heat: WhooshEngine, text: str) -> None:
    answer(heat, text)
    if len(text) < 40_000:
        heat.candidates(text)
    else:
        with pytest.raises(BadInput, match="challenge"):
            heat.candidates(text)
    heat.complete(text)


PIECES = st.sampled_from(["heat", "schools", "-", '"', "*", " ", "“", "é", "sch*"])


@given(st.lists(st.one_of(st.text(max_size=12), PIECES), max_size=30).map("".join))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text(heat: WhooshEngine, text: str) -> None:
    results = answer(heat, text)
    if results:
        assert results.total >= len(results.hits)
        for hit in results.hits:
            for part in hit.highlights:
                assert all(0 <= start < end <= len(part.text) for start, end in part.marks)


@pytest.mark.parametrize(("query", "parameter"), [
    (Query("x" * (MAX_QUERY_CHARACTERS + 1)), "q"),
    (Query(" ".join(f"w{i}" for i in range(17))), "q"),
    (Query('"a1 b1 c1 d1 e1 f1 g1 h1" i1 j1 k1 l1 m1 n1 -o1 pqr* -stu*'), "q"),
    (Query("ab*"), "q"),
    (Query(page=0), "page"),
    (Query(page=MAX_OFFSET // 10 + 1), "page"),
    (Query(per_page=0), "per_page"),
    (Query(per_page=51), "per_page"),
    (Query(filters={"colour": ("red",)}), "colour"),
])
def test_beyond_the_bounds(heat: WhooshEngine, query: Query, parameter: str) -> None:
    with pytest.raises(BadInput) as caught:
        heat.search(query)
    assert [name for name, _ in caught.value.mistakes] == [parameter]


def test_the_worst_legal_query_is_quick(many: Path) -> None:
    engine = WhooshEngine(many)
    common = [word for letter in "abcdefghij" for word in engine.complete(letter, 2)][:16]
    for text in (" ".join(common)[:200], f'"{" ".join(common[:8])}" "{" ".join(common[8:])}"'[:200],
                 " ".join(word[:3] + "*" for word in common if word[:3].isalpha() and len(word) > 2)[:200]):
        start = time.perf_counter()
        engine.search(Query(text))
        assert time.perf_counter() - start < 1  # cold; 0.1 s here when nothing else runs


# Building

def everything(engine: WhooshEngine, asked: Sequence[str]) -> list[Any]:
    """What can be told apart of an index: results, candidates and completions."""
    found: list[Any] = [engine.complete("a"), engine.complete("st")]
    for text in asked:
        results, candidates = engine.search(Query(text)), engine.candidates(text).candidates
        found += [(hit.slug, pytest.approx(hit.score), hit.highlights) for hit in results.hits]
        found += [results.total, results.facets, results.did_you_mean]
        found += [(item.slug, item.words, item.problem, item.answer) for item in candidates[:5]]
    return found


def test_an_updated_index_answers_like_a_new_one(tmp_path: Path) -> None:
    """Also after many updates, when Whoosh has merged segments, and after deletions."""
    held = {document.slug: document for document in CASES[:100]}
    build(tmp_path / "updated", held.values(), None, lambda _: None)
    asked = [*questions(CASES, 20, 2), *questions(CASES, 10, 3), ""]
    chance = random.Random(0)
    for step in range(12):
        changed = set(chance.sample(sorted(held), 4))
        for slug in changed:
            title = f"{held[slug].texts['title']} again{step}"
            held[slug] = replace(held[slug], texts=held[slug].texts | {"title": title})
        new = CASES[100 + 4 * step:104 + 4 * step]
        held |= {document.slug: document for document in new}
        for slug in chance.sample(sorted(held.keys() - changed), 6):
            del held[slug]
        build(tmp_path / "updated", held.values(), changed | {document.slug for document in new}, lambda _: None)
    updated, fresh = WhooshEngine(tmp_path / "updated"), index(tmp_path / "fresh", list(held.values()))
    assert everything(updated, asked) == everything(fresh, asked)
    assert len(list((tmp_path / "updated").glob("*.seg"))) <= 9


def test_an_update_without_an_index_makes_one(tmp_path: Path) -> None:
    build(tmp_path / "new", HEAT, [], lambda _: None)
    assert slugs(WhooshEngine(tmp_path / "new"), "kitchen") == ["school-meals"]


def test_an_empty_library_can_be_searched(tmp_path: Path) -> None:
    engine = index(tmp_path, [])
    assert engine.search(Query("heat")).total == engine.search(Query()).total == 0
    assert engine.candidates("heat in schools").candidates == ()
    assert engine.complete("he") == ()
    build(tmp_path, HEAT, [document.slug for document in HEAT], lambda _: None)
    assert slugs(WhooshEngine(tmp_path), "kitchen") == ["school-meals"]
    build(tmp_path, [], [], lambda _: None)
    assert WhooshEngine(tmp_path).search(Query()).total == 0


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    build(tmp_path, HEAT, None, told.append)
    assert told


# Accidents

def test_every_damage_is_refused_with_a_reason(many: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in many.iterdir() if not path.name.endswith("LOCK"))
    assert len(names) > 10
    for name in names:
        for damage in ("missing", "truncated", "flipped"):
            copy = tmp_path / f"{name}-{damage}"
            copy.mkdir()
            for path in many.iterdir():
                os.link(path, copy / path.name)
            content = (many / name).read_bytes()
            (copy / name).unlink()
            if damage == "truncated":
                (copy / name).write_bytes(content[:len(content) // 2])
            elif damage == "flipped":
                middle = len(content) // 2
                (copy / name).write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:])
            with pytest.raises(EditionError, match="innoshare build"):
                WhooshEngine(copy)
    with pytest.raises(EditionError, match="not there"):
        WhooshEngine(tmp_path / "nowhere")
    assert WhooshEngine(many).search(Query()).total == len(CASES)


BUILDER = """
import resource
import sys
from pathlib import Path
from bench.generated import documents
from innoshare.search.whoosh import build
cases = list(documents(60))
if limit := int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
build(Path(sys.argv[1]), cases, [case.slug for case in cases[:30]], lambda _: None)
"""


def start_update(directory: Path, largest_file: int = 0) -> "subprocess.Popen[str]":
    tests = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}", "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen([sys.executable, "-c", BUILDER, str(directory), str(largest_file)], env=environment,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_update_leaves_a_whole_index_or_none(tmp_path: Path) -> None:
    cases = CASES[:60]
    for number in range(6):
        build(tmp_path, cases[:50], None, lambda _: None)
        process = start_update(tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.03 * number)
        process.kill()
        process.communicate()
        with suppress(EditionError):
            assert WhooshEngine(tmp_path).search(Query()).total in (50, 60)
        build(tmp_path, cases, [], lambda _: None)
        assert WhooshEngine(tmp_path).search(Query()).total == 60


def test_a_full_disk_leaves_a_whole_index_or_none(tmp_path: Path) -> None:
    cases = CASES[:60]
    for limit in (1, 1_000, 20_000, 60_000, 200_000):
        build(tmp_path, cases[:50], None, lambda _: None)
        process = start_update(tmp_path, limit)
        _, errors = process.communicate()
        if process.returncode:
            assert "OSError" in errors
        with suppress(EditionError):
            assert WhooshEngine(tmp_path).search(Query()).total in (50, 60)
        build(tmp_path, cases, [], lambda _: None)
        assert WhooshEngine(tmp_path).search(Query()).total == 60


def test_eight_readers_while_another_index_is_built(many: Path, tmp_path: Path) -> None:
    asked = [*questions(CASES, 30, 2), *questions(CASES, 5, 30), '"the of" -x', "str* pre*", ""]
    asked = [text[:200].rsplit(" ", 1)[0] if len(text) > 60 else text for text in asked]
    asked = [" ".join(text.split()[:16]) for text in asked]
    files = {path: path.stat().st_mtime_ns for path in many.iterdir()}
    expected = everything(WhooshEngine(many), asked)
    engine = WhooshEngine(many)  # cold, so that threads fill its caches at once
    with ThreadPoolExecutor(9) as pool:
        building = pool.submit(build, tmp_path, documents(60), None, lambda _: None)
        answers = list(pool.map(lambda _: everything(engine, asked), range(16)))
        building.result()
    assert all(found == expected for found in answers)
    assert {path: path.stat().st_mtime_ns for path in many.iterdir()} == files
    engine.close()
