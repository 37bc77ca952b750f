"""Concepts are found in texts by any of their labels, in any language, where they stand."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innoshare.case import Concept
from innoshare.choices import LANGUAGES
from innoshare.content import read
from innoshare.search.concepts import LINKS, Concepts, slug_of, term_of
from innoshare.search.text import stems

Labels = dict[str, list[str]]  # slug -> its labels in one language


def concepts(**languages: Labels) -> Concepts:
    """Concepts with these labels; a slug is also an English label where English is not among the languages."""
    slugs = dict.fromkeys(slug for labels in languages.values() for slug in labels)
    names = {slug: {"en": [slug]} | {code: labels[slug] for code, labels in languages.items() if slug in labels}
             for slug in slugs}
    return Concepts(Concepts.compiled(
        Concept(slug=slug, label={code: first for code, (first, *_) in named.items()},
                synonyms={code: others for code, (_, *others) in named.items()}) for slug, named in names.items()))


def found(known: Concepts, text: str, *languages: str) -> list[tuple[str, str]]:
    return [(item.slug, text[item.start:item.end]) for item in known.find(text, languages)]


CYCLING = concepts(en={"cycling": ["cycling", "bike"], "lane": ["bike lane"], "safe-lane": ["protected bike lane"]})


def test_a_search_is_for_the_longest_label_and_a_text_speaks_of_those_within_as_well() -> None:
    text = "A protected bike lane, a protected bike"
    longest = CYCLING.asked(text, "en", within=False)
    assert [(item.slug, text[item.start:item.end]) for item in longest] == [
        ("safe-lane", "protected bike lane"), ("cycling", "bike")]
    assert found(CYCLING, text, "en") == [
        ("safe-lane", "protected bike lane"), ("lane", "bike lane"), ("cycling", "bike"), ("cycling", "bike")]


def test_labels_may_overlap() -> None:
    known = concepts(en={"shortage": ["missing homes"], "affordable": ["homes that people can pay"]})
    assert found(known, "missing homes that people can pay", "en") == [
        ("shortage", "missing homes"), ("affordable", "homes that people can pay")]


def test_a_label_is_found_anew_behind_one_that_began_in_vain() -> None:
    known = concepts(en={"long": ["city of short ways"], "city": ["city"], "ways": ["short ways"]})
    assert found(known, "a city of short distances, short ways", "en") == [("city", "city"), ("ways", "short ways")]


@pytest.mark.parametrize(("language", "label", "text"), [
    ("en", "bike lane", "BIKE LANES"), ("sv", "cykelbana", "cykelbanorna"), ("sv", "skola", "skolan"),
    ("fi", "pyörätie", "pyörätiellä"), ("da", "cykelsti", "cykelstierne"), ("de", "Radweg", "Radwegen"),
    ("de", "Stadt", "Städte"), ("nl", "gemeente", "gemeenten"), ("fr", "piste cyclable", "Pistes cyclables"),
    ("fr", "eau", "d'eau"), ("es", "ciclovía", "ciclovías"), ("it", "pista ciclabile", "piste ciclabili"),
    ("pt", "ciclovia", "ciclovias"), ("pl", "ścieżka rowerowa", "ścieżki rowerowe"),
])
def test_a_label_is_found_with_its_endings(language: str, label: str, text: str) -> None:
    assert [slug for slug, _ in found(concepts(**{language: {"it": [label]}}), text, language)] == ["it"]


@pytest.mark.parametrize(("label", "text"), [
    ("park and ride", "park-and-ride"), ("co-housing", "co housing"), ("long-term care", "long‑term-care"),
    ("elderly people's home", "elderly peoples home"),
])
def test_hyphens_make_no_difference(label: str, text: str) -> None:
    assert found(concepts(en={"it": [label]}), f"a {text}, too", "en") == [("it", text)]


@pytest.mark.parametrize(("language", "label", "text"), [
    ("fr", "piéton", "PIETONS"), ("sv", "väder", "vader"), ("fi", "pyörätie", "pyoratie"), ("de", "Straße", "Strasse"),
])
def test_who_types_without_accents_is_understood(language: str, label: str, text: str) -> None:
    assert [slug for slug, _ in found(concepts(**{language: {"it": [label]}}), text, language)] == ["it"]


@pytest.mark.parametrize(("language", "label"), [("sv", "äldre"), ("fi", "pyörätie"), ("fr", "été"), ("de", "Öl")])
def test_accents_may_be_signs_of_their_own(language: str, label: str) -> None:
    apart = unicodedata.normalize("NFD", label)
    assert found(concepts(**{language: {"it": [label]}}), f"x {apart} x", language) == [("it", apart)]


def test_letters_of_their_own_make_other_words() -> None:
    assert found(concepts(sv={"street": ["väg"]}), "de vågar inte, men vägarna är öppna", "sv") == [
        ("street", "vägarna")]


def test_of_labels_with_one_stem_the_one_that_is_written_counts() -> None:
    known = concepts(en={"train": ["train"], "training": ["training"], "park": ["park"], "parking": ["parking"]})
    assert found(known, "training in trains, parking in parks", "en") == [
        ("training", "training"), ("train", "trains"), ("parking", "parking"), ("park", "parks")]


def test_words_whose_stems_agree_by_accident_are_no_concept() -> None:
    known = concepts(fr={"law": ["loi"]})
    assert [word.term for word in stems("loi loyer", "fr")] == ["loi", "loi"]
    assert found(known, "la loi sur les loyers", "fr") == [("law", "loi")]


def test_words_of_grammar_within_a_phrase_may_be_others() -> None:
    known = concepts(en={"price": ["price of housing"], "housing": ["housing"]})
    assert found(known, "the price of housing, the price of the housing, housing at any price", "en") == [
        ("price", "price of housing"), ("housing", "housing"), ("price", "price of the housing"),
        ("housing", "housing"), ("housing", "housing")]


def test_a_word_of_grammar_is_no_form_of_a_label() -> None:
    known = concepts(de={"goods": ["Ware"]})
    assert found(known, "Wir waren bei der Ware", "de") == [("goods", "Ware")]


# --- words that are joined ----------------------------------------------------------------------------------------

JOINED = [
    ("de", "Radverkehrsförderung", {"cycling": "Radverkehr", "subsidy": "Förderung"}),
    ("de", "Schulhöfe", {"school": "Schule", "yard": "Hof"}),
    ("sv", "cykelparkeringar", {"cycling": "cykel", "parking": "parkering"}),
    ("sv", "ungdomsarbetslösheten", {"youth": "ungdom", "unemployment": "arbetslöshet"}),
    ("fi", "nuorisotyöttömyys", {"youth": "nuoriso", "unemployment": "työttömyys"}),
    ("fi", "lastensuojelu", {"children": "lasten", "protection": "suojelu"}),
    ("nl", "jeugdwerkloosheid", {"youth": "jeugd", "unemployment": "werkloosheid"}),
    ("da", "ungdomsarbejdsløshed", {"youth": "ungdom", "unemployment": "arbejdsløshed"}),
]


@pytest.mark.parametrize(("language", "word", "parts"), JOINED)
def test_joined_words_are_taken_apart(language: str, word: str, parts: dict[str, str]) -> None:
    known = concepts(**{language: {slug: [label] for slug, label in parts.items()}})
    text = f"12 {word}!"
    items = known.find(text, [language])
    assert [item.slug for item in items] == list(parts)
    assert {item.position for item in items} == {1}
    assert items[0].start == 3
    assert items[0].end <= items[1].start
    assert items[1].end == len(text) - 1


def test_other_languages_join_no_words() -> None:
    parts = {"cycling": ["Radverkehr"], "subsidy": ["Förderung"]}
    known = concepts(de=parts, en=parts, fr=parts)
    assert not found(known, "Radverkehrsförderung", "en", "fr")
    assert len(found(known, "Radverkehrsförderung", "de")) == 2


def test_a_joined_word_that_is_a_label_is_not_taken_apart() -> None:
    known = concepts(de={"kindergarten": ["Kindergarten"], "child": ["Kinder"], "garden": ["Garten"]})
    assert found(known, "Kindergärten, Kindergartenplätze", "de") == [
        ("kindergarten", "Kindergärten"), ("kindergarten", "Kindergarten")]


def test_a_part_beside_which_nothing_is_known_must_be_long() -> None:
    known = concepts(de={"park": ["Park"], "water": ["Wasser"]})
    assert found(known, "Parkuhren, Wasseruhren", "de") == [("water", "Wasser")]


# --- places and languages -----------------------------------------------------------------------------------------


def test_positions_count_all_words() -> None:
    known = concepts(en={"lane": ["bike lane"], "design": ["design"]})
    text = "The co-design of a bike-lane, and a bike lane"
    assert [(item.slug, item.position, text[item.start:item.end]) for item in known.find(text, ["en"])] == [
        ("design", 2, "design"), ("lane", 5, "bike-lane"), ("lane", 9, "bike lane")]


def test_tokens_have_terms_that_no_word_can_have() -> None:
    text = "Bikes and bike lanes"
    assert [(slug_of(token.term), text[token.start:token.end], token.position) for token in CYCLING.tokens(text, "en")
            ] == [("cycling", "Bikes", 0), ("lane", "bike lanes", 2), ("cycling", "bike", 2)]
    assert slug_of(term_of("lane")) == "lane"
    assert slug_of("lane") == ""
    assert not [word for word in stems(f"{term_of('lane')} ~~lane", "en") if slug_of(word.term)]


TWO = concepts(en={"cycling": ["bike"], "park": ["park"]}, sv={"cycling": ["cykel"], "park": ["park"]})


def test_two_languages_are_looked_through_at_once() -> None:
    assert found(TWO, "a bike, en cykel, a park", "en", "sv", "xx") == [
        ("cycling", "bike"), ("cycling", "cykel"), ("park", "park")]
    assert found(TWO, "a bike, en cykel", "sv") == [("cycling", "cykel")]
    assert not found(TWO, "a bike", "xx")


@pytest.mark.parametrize("language", ["en", "fi", "xx", ""])
def test_a_question_whose_language_is_said_wrongly_is_understood(language: str) -> None:
    assert [item.slug for item in TWO.asked("en cykel", language)] == ["cycling"]


def test_a_question_in_its_language_is_not_taken_for_another() -> None:
    known = concepts(sv={"child": ["barn"], "school": ["skola"]}, en={"child": ["child"], "farm": ["barn"]})
    assert [item.slug for item in known.asked("barn i skola", "sv")] == ["child", "school"]


def test_what_is_compiled_can_be_kept_as_json() -> None:
    own = [Concept(slug="bike-lane", label={"en": "bike lane", "de": "Radweg"}, synonyms={"de": ["Fahrradweg"]})]
    compiled = Concepts.compiled(own)
    kept = json.loads(json.dumps(compiled))
    assert kept == compiled
    known = Concepts(kept)
    assert known.english == {"bike-lane": "bike lane"}
    assert found(known, "Fahrradwege", "de") == [("bike-lane", "Fahrradwege")]


def test_no_concepts_are_found_where_there_are_none() -> None:
    none = Concepts(Concepts.compiled([]))
    assert none.asked("bikes", "en") == []
    assert list(none.tokens("bikes", "en")) == []


ANY = concepts(**{code: {"water": ["Wasser"], "subsidy": ["Förderung", "förder ung"], "park": ["Park", "parkering"]}
                  for code in ("en", "fr", *LINKS)})
ANY_TEXT = st.text(st.characters()) | st.lists(st.sampled_from(
    ["wasser", "FÖRDERUNG", "fo\u0308rderung", "park", "ering", "İ", "ß", "\u00ad", "-", "'", " ", "s", "ung", "ﬁ"])
).map("".join)


@given(ANY_TEXT, st.sets(st.sampled_from(["en", "fr", *LINKS, "xx"])))
def test_any_text_gives_concepts_where_they_stand(text: str, languages: set[str]) -> None:
    items = ANY.find(text, languages)
    assert items == sorted(set(items), key=items.index)
    for item in items:
        assert 0 <= item.start < item.end <= len(text)
        assert any(letter.isalnum() for letter in text[item.start:item.end])
        assert item.slug in ANY.english


# --- our own concepts ---------------------------------------------------------------------------------------------

SENTENCES = {
    "en": ("Rough sleepers refuse the shelter, and rents keep rising", {"rough-sleeping", "rent"}),
    "sv": ("Cyklister och fotgängare skadas när cykelbanan inte plogas", {"cycling", "pedestrian", "cycle-lane"}),
    "fi": ("Asunnottomuus ja yksinäisyys lisääntyvät, ja vuokrat nousevat", {"homelessness", "loneliness", "rent"}),
    "da": ("Cykelstierne er farlige, hjemløse sover på gaden, og huslejen stiger", {"cycle-lane", "rough-sleeping",
                                                                                     "rent"}),
    "de": ("Die Radwege sind zu schmal, und in der Innenstadt fehlen Parkplätze", {"cycle-lane", "city-centre",
                                                                                 "parking"}),
    "nl": ("Ouderen zijn eenzaam, en er is veel fijnstof en lawaai", {"older-people", "loneliness", "noise"}),
    "fr": ("Les pistes cyclables manquent, et les embouteillages augmentent devant les écoles",
           {"cycle-lane", "congestion", "school"}),
    "es": ("Faltan bibliotecas, hay mucho ruido y el desempleo crece", {"library", "noise", "unemployment"}),
    "it": ("Il traffico e lo smog peggiorano la qualità dell'aria", {"traffic", "smog", "air-quality"}),
    "pt": ("As inundações atingem as favelas, e o desemprego cresce", {"flood", "informal-settlement", "unemployment"}),
    "pl": ("Smog i hałas szkodzą zdrowiu mieszkańców", {"smog", "noise", "health"}),
}


def test_our_own_concepts_are_found_in_everyday_sentences() -> None:
    own = read(Path(__file__).parent.parent / "content").concepts
    assert len(own) >= 500
    assert {slug for slug, concept in own.items() if set(concept.label) != set(LANGUAGES)} == set()
    known = Concepts(Concepts.compiled(own.values()))
    assert set(SENTENCES) == set(LANGUAGES)
    for language, (text, expected) in SENTENCES.items():
        assert expected <= {item.slug for item in known.find(text, [language])}, language
