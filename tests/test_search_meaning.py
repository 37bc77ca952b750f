"""How near questions and cases are in meaning: with the static vectors, which read English only, and a few concepts."""

from collections.abc import Sequence

import numpy as np
import pytest

from innoshare.case import Concept
from innoshare.search import Document
from innoshare.search.concepts import Concepts
from innoshare.search.meaning import MAX_PASSAGES, Meaning
from innoshare.vectors import Embedder, embedder

CONCEPTS = Concepts(Concepts.compiled(
    Concept(slug=slug, label={"en": english, "fi": finnish, "sv": swedish}) for slug, english, finnish, swedish in [
        ("homelessness", "homelessness", "asunnottomuus", "hemlöshet"), ("flood", "flood", "tulva", "översvämning"),
        ("reading", "reading skills", "lukutaito", "läsförmåga"), ("rent", "rent", "vuokra", "hyra"),
        ("bus", "bus", "bussi", "buss"), ("waste", "food waste", "ruokahävikki", "matsvinn")]))


def document(slug: str, language: str, title: str, challenge: str, sentences: Sequence[str] = ()) -> Document:
    return Document(slug, slug, language, {"title": title, "challenge": challenge},
                    tuple(("challenge", sentence) for sentence in sentences), {}, None, 0, 0, "2026-01-01",
                    "2026-01-01")


DOCUMENTS = [
    document("floods", "en", "Parks that hold back the water", "Cellars flood after every cloudburst.",
             [f"Cellars flood for the {number}th time." for number in range(MAX_PASSAGES + 3)]),
    document("rent", "en", "A fund that pays rent arrears", "Tenants are evicted and end in homelessness."),
    document("reading", "en", "Tutors in the library", "Pupils finish school without reading skills.",
             ["Pupils cannot read.", "Tutors help them in the library.", "Tutors were paid by the hour."]),
    document("waste", "sv", "Matsvinn vägs i skolans kök", "Halva maten slängs, och matsvinn kostar.",
             ["Matsvinn kostar.", "Det var allt."]),
]
SLUGS = [item.slug for item in DOCUMENTS]


@pytest.fixture(scope="module")
def static() -> Embedder:
    made = embedder("static")
    assert made
    return made


@pytest.fixture(scope="module")
def meaning(static: Embedder) -> Meaning:
    return Meaning(Meaning.of(DOCUMENTS, CONCEPTS, static), static, CONCEPTS)


@pytest.mark.parametrize(("question", "language", "nearest"), [
    ("Basements are under water when it rains hard", "en", "floods"),
    ("People lose their home because they cannot pay", "", "rent"),
    ("Asunnottomuus lisääntyy, ja vuokrat nousevat", "fi", "rent"),
    ("Tulvat täyttävät kellarit", "fi", "floods"),
    ("Barns läsförmåga sjunker", "sv", "reading"),
    ("Läsförmåga", "fi", "reading"),  # the language is said wrongly
    ("Children leave half of their lunch on the plate, all this food waste", "en", "waste"),
    ("Ruokahävikki", "fi", "waste"),
])
def test_a_question_is_near_the_case_it_is_about(meaning: Meaning, question: str, language: str, nearest: str) -> None:
    near = meaning.of_rows(meaning.of_question(question, language))
    assert SLUGS[int(near.argmax())] == nearest
    assert near.min() >= 0
    assert near.max() <= 1 + 1e-6


@pytest.mark.parametrize(("text", "language"), [("", "en"), ("", ""), ("", "fi"), ("kissa istuu", "fi")])
def test_a_text_that_says_nothing_is_near_nothing(meaning: Meaning, text: str, language: str) -> None:
    question = meaning.of_question(text, language)
    assert not question.any()
    assert not meaning.of_rows(question).any()
    assert not np.concatenate(meaning.of_passages(question, np.arange(len(SLUGS)))).any()


@pytest.mark.parametrize("text", [" ", "\n", "…", "?!"])
def test_a_text_without_a_word_says_nothing(meaning: Meaning, text: str) -> None:
    assert not meaning.of_question(text, "en").any()


def test_passages_come_row_by_row(meaning: Meaning) -> None:
    question = meaning.of_question("Who pays tutors?", "en")
    rows = np.array([2, 0, 1, 3])
    near = meaning.of_passages(question, rows)
    assert [len(item) for item in near] == [3, MAX_PASSAGES, 0, 2]
    for row, item in zip(rows, near, strict=True):
        np.testing.assert_allclose(meaning.of_passages(question, np.array([row]))[0], item, atol=1e-6)
    assert near[0].argmax() == 2
    assert meaning.of_passages(question, np.array([], dtype=np.int64)) == []


def test_vectors_are_centred_and_have_length_1_or_0(static: Embedder) -> None:
    empty = document("empty", "fi", "Kissa", "Kissa istuu.", ["Kissa istuu.", "Tulva."])
    arrays = Meaning.of([*DOCUMENTS, empty], CONCEPTS, static)
    gists = np.linalg.norm(arrays["gist_vector"], axis=1)
    np.testing.assert_allclose(gists, [1, 1, 1, 1, 0], atol=1e-5)
    passages = np.linalg.norm(arrays["passage_vector"].astype(np.float32), axis=1)
    np.testing.assert_allclose(passages, [1] * (MAX_PASSAGES + 3 + 1) + [0, 0, 1], atol=1e-2)
    own = static.embed(["\n".join(item.texts.values()) for item in DOCUMENTS[:3]])
    np.testing.assert_allclose(arrays["vector_means"][0], own.mean(axis=0), atol=1e-6)


def test_what_all_cases_have_in_common_makes_nothing_near(static: Embedder) -> None:
    same = [document(slug, "en", "A fund that pays rent arrears", "Tenants are evicted.") for slug in "abc"]
    assert not Meaning.of(same, CONCEPTS, static)["gist_vector"].any()


def test_a_library_may_be_empty_or_without_concepts(static: Embedder) -> None:
    none = Concepts(Concepts.compiled([]))
    for documents, concepts in (([], CONCEPTS), (DOCUMENTS, none), ([], none)):
        meaning = Meaning(Meaning.of(documents, concepts, static), static, concepts)
        for language in ("en", "fi"):
            assert len(meaning.of_rows(meaning.of_question("floods", language))) == len(documents)
