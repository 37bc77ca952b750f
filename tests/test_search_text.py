import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innoshare.search.text import MAX_WORD_LETTERS, STEMMERS, fold, language_of, stem, tokens, words


def terms(text: str, language: str = "en") -> list[str]:
    return [token.term for token in tokens(text, language)]


@pytest.mark.parametrize(("language", "forms"), [
    ("en", "school schools school's Schools SCHOOLS school’s"),
    ("sv", "skola skolor skolorna"),
    ("fi", "koulu koulut koulua koululle"),
    ("de", "Schule Schulen"),
    ("fr", "école écoles ÉCOLES l'école d’écoles"),
    ("es", "escuela escuelas"),
    ("it", "scuola scuole dell'scuola"),
    ("nl", "gemeente gemeenten"),
    ("pt", "cidade cidades"),
    ("da", "skole skoler skolerne"),
    ("nb", "skole skoler"),
    ("ru", "школа школы школе"),
    ("hu", "iskola iskolában iskolának"),
    ("tr", "okul okullar okulda"),
    ("ro", "oraș orașe"),
])
def test_forms_of_a_word_are_one_term(language: str, forms: str) -> None:
    assert len(set(terms(forms, language))) == 1


@pytest.mark.parametrize(("text", "expected"), [
    ("", []),
    ("heat and cold", ["heat", "cold"]),
    ("PM2.5 rose by 1,000 in 2019", ["pm2.5", "rose", "1000", "2019"]),
    ("a co-design, e‑mail", ["co", "design", "codesign", "e", "mail", "email"]),
    ("2019-2020", ["2019", "2020"]),
    ("don't we'll Jordan's", ["jordan"]),
    ("snake_case #tag @name", ["snake", "case", "tag", "name"]),
    ("e\u0301cole = école", ["ecole", "ecole"]),  # accents in two ways
    ("soft\u00adhyphen", ["softhyphen"]),
    ("Øresund Łódź Straße Ærø", ["oresund", "lodz", "strasse", "aero"]),
    ("an IT office, it says", ["it", "offic", "say"]),
    ("THE IT OFFICE", ["offic"]),
    ("IT", ["it"]),
    ("हिन्दी", ["हिन्दी"]),
    ("🚲 bikes\u202e \x00 \ud800", ["bike"]),
])
def test_words_of_english(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_language_without_a_stemmer_is_folded_only() -> None:
    assert terms("Škola ŠKOLY", "sk") == ["skola", "skoly"]
    assert terms("the Škola", "xx") == ["the", "skola"]


def test_positions_count_words_of_grammar() -> None:
    found = [(token.term, token.position) for token in tokens("cost of the co-design of parks", "en")]
    assert found == [("cost", 0), ("co", 3), ("design", 4), ("codesign", 3), ("park", 6)]


@given(st.text(), st.sampled_from([*sorted(STEMMERS), "", "xx"]))
def test_any_text_gives_words_where_they_stand(text: str, language: str) -> None:
    for token in tokens(text, language):
        assert 0 <= token.start < token.end <= len(text)
        assert token.term
        assert token.term.encode()  # can be stored
        assert any(unicodedata.category(letter)[0] not in "ZP" for letter in text[token.start:token.end])
    for word in words(text, language, ["en", "fr", "fi"]):
        assert word.text == text[word.start:word.end]


@given(st.text())
def test_folding_is_final(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("text", [
    "x" * 1_000_000, "heat in the city " * 60_000, "a-" * 500_000, "'" * 1_000_000, "\u0301" * 1_000_000,
    "e\u0301" * 500_000, "1," * 500_000, "学" * 1_000_000, "İ" * 1_000_000,
])
def test_a_megabyte_costs_little(text: str) -> None:
    start = time.perf_counter()
    longest = max((len(token.term) for token in tokens(text, "en")), default=0)
    assert time.perf_counter() - start < 3  # 0.3 s here when nothing else runs
    assert longest <= 4 * MAX_WORD_LETTERS


@pytest.mark.parametrize(("text", "language"), [
    ("How can we keep our schools cool in the summer?", "en"),
    ("Comment garder nos écoles fraîches pendant les étés ?", "fr"),
    ("Wie können wir die Schulen im Sommer kühl halten?", "de"),
    ("¿Cómo podemos mantener frescas las escuelas en el verano?", "es"),
    ("Miten me voimme pitää koulut viileinä, kun on kesä ja kuuma?", "fi"),
    ("Hur kan vi hålla skolorna svala när det är sommar?", "sv"),
    ("heat schools", ""),
    ("in", ""),
    ("", ""),
])
def test_a_language_is_known_by_its_words_of_grammar(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_word_has_its_terms_in_all_languages() -> None:
    (word,) = words("transportation", "", ["en", "fr", "fi"])
    assert word.terms == tuple(dict.fromkeys(stem("transportation", code) for code in ("en", "fr", "fi")))
    assert len(word.terms) > 1


def test_words_of_grammar_are_those_of_the_question() -> None:
    assert [word.text for word in words("die hitze", "de", ["en"])] == ["hitze"]
    assert [word.text for word in words("die of heat", "en", ["de"])] == ["die", "heat"]
    assert [word.text for word in words("die Hitze", "", ["en", "de"])] == ["Hitze"]
    assert [word.text for word in words("die", "", ["en", "de"])] == ["die"]  # or nothing would be left
    assert words("the", "en", ["en"]) == []


def test_threads_share_the_stemmers() -> None:
    forms = [f"{root}{end}" for root in ("hous", "plann", "transport", "organis") for end in
             ("e", "es", "ed", "ing", "ation", "ations", "er", "ers")]
    texts = [" ".join(f"{form}{chr(97 + number % 26)}{number}x {form}" for form in forms) for number in range(64)]
    expected = [terms(text, "en") for text in texts]
    fresh = [text.replace(" ", "  ").upper() + " x" for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(terms, texts * 4)) == expected * 4
        results = list(pool.map(terms, fresh * 4))
    assert results == [terms(text) for text in fresh] * 4
