"""What comes in and what goes out, without a web server: parameters, bodies, and the words of the pages."""

import json
import math
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES, Outcome, SizeBand
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import NEAREST, Answer, Challenge, Verdict
from innoshare.search import MAX_OFFSET, MAX_PER_PAGE, MAX_QUERY_CHARACTERS, Query, Sort
from innoshare.web import parameters, shapes, wording
from innoshare.web.parameters import MAX_FIELDS, MAX_MISTAKES, MAX_VALUES, Parameters

# Names that others rely on: fields may be added, never renamed or removed.
HIT = {"slug", "title", "summary", "city", "country", "year", "url", "outcome", "evidence_level", "themes", "score",
       "highlights"}
EVIDENCE = {"feature", "label", "weight", "score", "challenge_text", "case_text", "challenge_marks", "case_marks"}


def mistakes(library: Library, *pairs: tuple[str, object]) -> dict[str, str]:
    """What is refused of a search with these parameters: parameter -> message."""
    with pytest.raises(BadInput) as caught:
        parameters.query(pairs, library)
    return dict(caught.value.mistakes)


@pytest.mark.parametrize(("name", "value"), [
    ("page", "abc"), ("page", "-5"), ("page", "0"), ("page", "1" + "0" * 23), ("page", "٣"), ("page", "1_0"),
    ("page", "+1"), ("page", "1.0"), ("page", "²"), ("per_page", "51"), ("per_page", "0"), ("evidence", "6"),
    ("evidence", "high"), ("year_from", "99"), ("year_to", "3000"), ("sort", "best"), ("theme", "nonsense"),
    ("challenge_type", "mobility"),
    ("approach", "x"), ("country", "se"), ("country", "ZQ"), ("city_size", "huge"), ("outcome", "good"),
    ("language", "english"), ("language", "xx"), ("tag", "two words"), ("tag", "-"), ("tag", "a" * 41),
    ("q", "a" * (MAX_QUERY_CHARACTERS + 1)), ("q", "nul\0"), ("q", "lone \ud800"), ("theme", "mobility\x1b"),
    ("q", ["a list"]), ("q", True), ("page", 10**3000), ("nothing", "1"),
])
def test_a_wrong_parameter_is_refused_by_name_without_repeating_it(library: Library, name: str, value: object) -> None:
    found = mistakes(library, (name, value))
    assert set(found) == {name}
    assert len(found[name]) > 10
    if isinstance(value, str) and len(value) > 3:
        assert value not in found[name]


def test_all_mistakes_are_told_at_once(library: Library) -> None:
    found = mistakes(library, ("page", "x"), ("theme", "y"), ("year_from", "2020"), ("year_to", "2010"), ("hue", "z"))
    assert set(found) == {"page", "theme", "year_from", "hue"}


def test_a_misspelt_parameter_is_answered_with_the_right_one(library: Library) -> None:
    assert "Did you mean theme?" in mistakes(library, ("themes", "mobility"))["themes"]


def test_an_unreadable_name_is_not_repeated(library: Library) -> None:
    assert set(mistakes(library, ("<b>bad\0", "x"))) == {"(unreadable)"}


def test_what_may_stand_once_is_refused_twice(library: Library) -> None:
    assert set(mistakes(library, ("q", "a"), ("q", "b"), ("page", "1"), ("page", "2"))) == {"q", "page"}


def test_of_many_mistakes_the_first_are_told(library: Library) -> None:
    """Neither the time nor the length of the answer grows with what is sent."""
    sent = [("name_" + "x" * number, "1") for number in range(MAX_MISTAKES + 9)]
    iterator = iter(sent)
    with pytest.raises(BadInput) as caught:
        parameters.query(iterator, library)
    assert len(caught.value.mistakes) == MAX_MISTAKES + 1
    assert caught.value.mistakes[-1][1].startswith("And more")
    assert next(iterator) in sent[:MAX_MISTAKES + 3]  # The rest was not even looked at.

    assert len(mistakes(library, *sent[:MAX_MISTAKES])) == MAX_MISTAKES


def test_more_fields_than_anything_takes_are_refused(library: Library) -> None:
    with pytest.raises(BadInput, match=f"At most {MAX_FIELDS} fields"):
        parameters.challenge(Parameters([("challenge", "a")] * (MAX_FIELDS + 1), parameters.MATCH), library.cities)
    # Whatever the facets of a search may hold together is no mistake.
    every = [(name, f"tag-{number}") for name in ("tag",) for number in range(MAX_VALUES)]
    every += [("country", code) for code in sorted(parameters.COUNTRIES)[:MAX_VALUES]]
    every += [("language", code) for code in sorted(parameters.LANGUAGES)[:MAX_VALUES]]
    assert len(parameters.query(every, library).filters["country"]) == MAX_VALUES
    assert set(mistakes(library, *every, ("tag", "one-more"))) == {"tag"}


def test_the_library_says_which_values_it_holds(library: Library) -> None:
    assert "SE" in parameters.held(library, "country")
    assert "QQ" not in parameters.held(library, "country")
    assert "food-waste" in parameters.held(library, "tag")
    assert "nonsense" not in parameters.held(library, "tag")


@pytest.mark.parametrize("tag", ["flood", "road-pricing", "पानी", "น้ำ", "2030"])
def test_a_tag_is_what_a_file_may_have_as_one(library: Library, tag: str) -> None:
    assert parameters.query([("tag", tag)], library).filters == {"tag": (tag,)}


def test_no_page_beyond_the_bound(library: Library) -> None:
    last = str(MAX_OFFSET // MAX_PER_PAGE)
    assert parameters.query([("page", last), ("per_page", "50")], library).page == int(last)
    assert set(mistakes(library, ("page", str(int(last) + 1)), ("per_page", "50"))) == {"page"}


def test_empty_fields_of_a_form_are_not_given(library: Library) -> None:
    sent = [(name, " ") for name in parameters.SEARCH]
    assert parameters.query(sent, library) == Query()


def test_values_of_a_facet_may_be_repeated(library: Library) -> None:
    query = parameters.query([("outcome", "none"), ("outcome", "negative"), ("outcome", "none")], library)
    assert query.filters == {"outcome": ("none", "negative")}


def queries() -> st.SearchStrategy[Query]:
    years = st.none() | st.integers(1850, 2100)
    facets = st.fixed_dictionaries({}, optional={
        "outcome": st.lists(st.sampled_from([item.value for item in Outcome]), min_size=1, unique=True).map(tuple),
        "city_size": st.lists(st.sampled_from([item.value for item in SizeBand]), min_size=1, unique=True).map(tuple),
        "country": st.just(("SE", "NL")), "tag": st.just(("flood", "road-pricing")), "language": st.just(("en",)),
    })
    text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=100).map(str.strip)
    return st.builds(Query, text=text, filters=facets, minimum_evidence=st.none() | st.integers(0, 5),
                     year_from=years, sort=st.sampled_from(Sort), page=st.integers(1, 20), per_page=st.integers(1, 50))


@given(query=queries())
def test_a_link_to_a_search_asks_the_same_search(library: Library, query: Query) -> None:
    assert parameters.query(parameters.pairs(query), library) == query


@given(pairs=st.lists(st.tuples(st.sampled_from(list(parameters.SEARCH)) | st.text(max_size=20),
                                st.text(max_size=300) | st.integers() | st.none() | st.booleans()), max_size=20))
def test_any_parameters_give_a_query_or_bad_input(library: Library, pairs: list[tuple[str, object]]) -> None:
    try:
        query = parameters.query(pairs, library)
    except BadInput:
        return
    assert 1 <= query.page * query.per_page <= MAX_OFFSET


def test_a_challenge_is_read_with_its_city(library: Library) -> None:
    slug = next(iter(library.cities))
    asked = Parameters([("challenge", " Rain floods the cellars. "), ("city", slug)], parameters.MATCH)
    assert parameters.challenge(asked, library.cities) == Challenge("Rain floods the cellars.", library.cities[slug])


def test_a_challenge_may_say_its_language(library: Library) -> None:
    text = "Rain floods the cellars."
    for code in LANGUAGES:
        asked = Parameters([("challenge", text), ("language", code)], parameters.MATCH)
        challenge = parameters.challenge(asked, library.cities)
        assert challenge == Challenge(text, None, code)
        assert shapes.match_body(library.match(challenge), library).language == code


@pytest.mark.parametrize("language", ["English", "xx", "EN", "hu", "en,sv"])
def test_another_language_is_refused_with_those_there_are(library: Library, language: str) -> None:
    with pytest.raises(BadInput) as caught:
        parameters.challenge(Parameters([("challenge", "a b c"), ("language", language)], parameters.MATCH),
                             library.cities)
    [(name, advice)] = caught.value.mistakes
    assert name == "language"
    assert ", ".join(LANGUAGES) in advice


@pytest.mark.parametrize("text", ["", "two words", "word " * 2001, "x" * 20_001])
def test_a_challenge_out_of_bounds_and_an_unknown_city_are_both_told(library: Library, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parameters.challenge(Parameters([("challenge", text), ("city", "atlantis")], parameters.MATCH), library.cities)
    assert sorted(name for name, _ in caught.value.mistakes) == ["challenge", "city"]


def test_a_search_body_has_the_promised_names(library: Library) -> None:
    body = shapes.search_body(library.search(Query()), library, "https://library.example/")
    plain = body.model_dump(mode="json")
    assert set(plain) == {"total", "page", "per_page", "hits", "facets", "did_you_mean", "edition"}
    assert set(plain["hits"][0]) >= HIT
    assert plain["hits"][0]["url"] == f"https://library.example/cases/{plain['hits'][0]['slug']}"
    assert plain["hits"][0]["city"] == library.cities[plain["hits"][0]["city_slug"]].name
    assert all(set(value) == {"value", "label", "count", "selected"} for values in plain["facets"].values()
               for value in values)


def test_the_count_beside_a_value_is_what_choosing_it_gives(library: Library) -> None:
    for name, values in shapes.search_body(library.search(Query()), library).facets.items():
        for value in values:
            query = Query(minimum_evidence=int(value.value)) if name == "evidence" else Query(
                filters={name: (value.value,)})
            total = library.search(query).results.total
            assert total == value.count or (name == "evidence" and total >= value.count), (name, value)


def test_the_evidence_filter_tells_how_many_cases_reach_a_level(library: Library) -> None:
    for level, _, count in wording.search_page(library.search(Query()), library).levels:
        assert library.search(Query(minimum_evidence=level)).results.total == count


def test_a_chosen_value_that_nothing_has_stays_in_sight(library: Library) -> None:
    body = shapes.search_body(library.search(Query(filters={"country": ("AQ",)})), library)
    assert body.total == 0
    assert [value.label for value in body.facets["country"] if value.selected] == ["Antarctica"]


def test_a_match_body_has_the_promised_names_and_says_none(library: Library) -> None:
    case = library.entry(library.cases(1, 1)[1][0].slug).case
    body = shapes.match_body(library.match(Challenge.of(case.challenge)), library).model_dump(mode="json")
    assert {"verdict", "language", "themes", "reordered", "matches", "cautions", "nearest", "next_steps",
            "edition"} == set(body)
    first = (body["matches"] + body["cautions"])[0]
    assert first["case"]["slug"] == case.slug
    assert set(first["evidence"][0]) == EVIDENCE
    assert body["next_steps"] == []

    nothing = shapes.match_body(library.match(Challenge.of("zyxwv utsrq ponml kjihg")), library)
    assert (nothing.verdict, nothing.matches, nothing.cautions) == (Verdict.NONE, (), ())
    assert len(nothing.next_steps) >= 2


@pytest.mark.parametrize(("outcome", "heading"), [
    (Outcome.POSITIVE, "Solved elsewhere: 1 city"), (Outcome.MIXED, "Tackled elsewhere: 1 city"),
    (Outcome.TOO_EARLY, "Tackled elsewhere: 1 city")])
def test_the_verdict_counts_cities_other_than_your_own_and_tells_what_came_of_it(
        library: Library, outcome: Outcome, heading: str) -> None:
    case = library.entry(next(card.slug for card in library.cases(1, 50)[1] if not card.is_warning)).case
    answer = library.match(Challenge.of(case.challenge), limit=1)
    match = replace(answer.matches[0], card=replace(answer.matches[0].card, outcome=outcome))
    body = shapes.match_body(replace(answer, matches=(match,)), library)
    assert wording.verdict_words(body, answer.challenge, library.languages)[0] == heading
    at_home = Challenge.of(case.challenge, library.cities[case.city])
    assert wording.verdict_words(body, at_home, library.languages)[0] == "Solved in your own city"


def nothing(library: Library, text: str) -> tuple[shapes.MatchBody, str, str]:
    """The body, the heading and the sentence of an answer that found nothing."""
    answer = library.match(Challenge.of(text))
    body = shapes.match_body(answer, library)
    assert body.verdict is Verdict.NONE
    return body, *wording.verdict_words(body, answer.challenge, library.languages)


def test_a_question_in_a_language_that_is_not_understood_is_not_answered_with_nobody_has_solved_it(
        library: Library) -> None:
    body, heading, sentence = nothing(
        library, "A balettcipők régiek és a hegedűk már nem használhatók az operában, ezért nincs előadás")
    assert body.language == "hu"
    assert heading == "Nothing found for a question in Hungarian"
    assert "English, Swedish, Finnish, Danish, German, Dutch, French, Spanish, Italian, Portuguese and Pol" in sentence
    # Where cases are in that language, its words are understood.
    understood = wording.verdict_words(body, Challenge.of("egy két három"), {"en", "hu"})
    assert understood[0] == "Nobody in this library has solved this yet"


def test_a_question_in_one_of_the_languages_is_answered_as_in_english(library: Library) -> None:
    body, heading, sentence = nothing(
        library, "Die Ballettschuhe unserer Oper sind alt und die Geigen sind nicht mehr zu gebrauchen")
    assert body.language == "de"
    assert heading == "Nobody in this library has solved this yet"
    assert "translated" not in sentence


@pytest.fixture
def unanswered(own_library: Library) -> Answer:
    """An answer without cases to a challenge about two themes, of which the library has cases on the first only."""
    held, empty = "mobility", "nobody-wrote-on-this"
    answer = own_library.match(Challenge.of("zyxwv utsrq ponml kjihg"))
    return replace(answer, themes=(held, empty))


def test_where_nothing_answers_the_themes_that_have_cases_lead_on(own_library: Library, unanswered: Answer) -> None:
    body = shapes.match_body(unanswered, own_library, "https://library.example")
    label = own_library.facet_label("theme", "mobility")
    assert [(theme.slug, theme.label) for theme in body.themes] == [
        ("mobility", label), ("nobody-wrote-on-this", "nobody-wrote-on-this")]
    assert [step.url for step in body.next_steps if step.text.startswith("Browse")] == [
        "https://library.example/search?theme=mobility"]
    assert f"Browse all cases on {label}." in [step.text for step in body.next_steps]
    # Of a language that is not understood, concepts are found by accident.
    body = shapes.match_body(replace(unanswered, language="hu"), own_library)
    assert not [step for step in body.next_steps if step.text.startswith("Browse")]


def test_a_question_in_another_language_finds_a_case_and_names_what_both_speak_of(own_library: Library) -> None:
    body = shapes.match_body(own_library.match(Challenge.of(
        "Bei Starkregen laufen die Keller voll, die Kanalisation schafft das Wasser nicht und alles ist versiegelt")),
        own_library)
    assert body.language == "de"
    assert "water-sanitation" in [theme.slug for theme in body.themes]
    first = next(match for match in body.matches if match.case.language == "en")
    assert "Starkregen" in wording.concepts(first.evidence)


def evidence(feature: str, challenge_text: str = "", case_text: str = "") -> shapes.EvidenceBody:
    return shapes.EvidenceBody(feature=feature, label="x", weight=0.1, score=0.5, challenge_text=challenge_text,
                               case_text=case_text, challenge_marks=(), case_marks=())


@pytest.mark.parametrize(("item", "yours", "theirs"), [
    (evidence("shared-words"), "none", "none"),
    (evidence("shared-words", "flood, cellar"), "flood, cellar", "the same words"),
    (evidence("shared-concepts"), "none", "none"),
    (evidence("shared-concepts", "viemärit", "viemäri"), "viemärit", "viemäri"),
    (evidence("near-in-meaning"), "all of it", "title, summary and problem"),
    (evidence("same-problem", "It rains.", "It pours."), "It rains.", "It pours."),
    (evidence("adoptions", "", "3 known"), "–", "3 known")])
def test_evidence_reads_well_also_where_it_rests_on_no_word(item: shapes.EvidenceBody, yours: str, theirs: str) -> None:
    assert wording.compared(item) == (yours, theirs)


def test_the_link_to_an_answer_asks_the_same(library: Library) -> None:
    city = next(iter(library.cities.values()))
    for challenge in (Challenge("Rain & floods & mud"), Challenge("Rain & floods & mud", city, "sv")):
        query = parse_qsl(urlsplit(wording.match_address(challenge)).query)
        assert parameters.challenge(Parameters(query, parameters.MATCH), library.cities) == challenge


def test_where_nothing_answers_the_nearest_cases_are_named(library: Library) -> None:
    body = shapes.match_body(library.match(Challenge.of("The night watchman of the museum plays the violin")), library)
    assert body.verdict == "none"
    assert 0 < len(body.nearest) <= NEAREST
    assert body.next_steps


def test_a_case_body_holds_all_of_the_file(library: Library) -> None:
    for card in library.cases(1, 50)[1]:
        entry = library.entry(card.slug)
        body = json.loads(shapes.case_body(entry, library).model_dump_json())
        assert [item["slug"] for item in body["similar"]] == [other.slug for other in entry.similar]
        assert body["translations"] == [{"language": other.language, "case": other.slug} for other in entry.versions]
        in_file = json.loads(entry.case.model_dump_json(exclude={"translations"}))
        assert body | {"city": body["city_slug"]} == body | in_file
        assert "".join(section["text"] for section in body["sections"])


def test_no_number_in_a_body_is_not_a_number(library: Library) -> None:
    evidence = shapes.EvidenceBody(feature="x", label="x", weight=math.nan, score=math.inf, challenge_text="",
                                   case_text="", challenge_marks=(), case_marks=())
    assert json.loads(evidence.model_dump_json(), parse_constant=pytest.fail)["weight"] is None


def test_vocabulary_explains_every_value(library: Library) -> None:
    body = shapes.vocabulary_body(library)
    assert [item.value for item in body.evidence] == [str(level) for level in EVIDENCE_LEVELS]
    assert all(item.label and item.help for item in (*body.outcome, *body.stage, *body.evidence))
    assert [term.slug for term in body.themes] == list(library.vocabulary["themes"])


def test_cost_per_resident_is_known_only_where_cost_is(library: Library) -> None:
    for card in library.cases(1, 50)[1]:
        entry = library.entry(card.slug)
        share, cost = shapes.cost_per_resident(entry.case, entry.city), entry.case.cost
        if cost is None or cost == "unknown":
            assert share is None
        elif isinstance(cost.setup, float):
            assert share
            assert share.setup == pytest.approx(cost.setup / entry.city.population, abs=1e-4)


def test_each_chip_takes_one_filter_back(library: Library) -> None:
    query = Query(text="city", filters={"outcome": ("positive", "mixed")}, minimum_evidence=1, year_from=1900)
    page = wording.search_page(library.search(query), library)
    assert [chip.text for chip in page.chips] == [
        "What came of it: It worked", "What came of it: Mixed results", "Evidence: at least 1", "Since 1900"]
    assert page.chips[0].url == "/search?q=city&outcome=mixed&evidence=1&year_from=1900"
    assert page.chips[2].url == "/search?q=city&outcome=positive&outcome=mixed&year_from=1900"


def test_a_highlight_is_marked_in_the_text_that_it_is_part_of() -> None:
    parts = [shapes.HighlightBody(field="summary", text="Trees <shade> it.", marks=((0, 5), (13, 15))),
             shapes.HighlightBody(field="body", text="Elsewhere.", marks=((0, 9),))]
    assert str(wording.highlighted("It is hot. Trees <shade> it. No more.", parts)) == (
        "It is hot. <mark>Trees</mark> &lt;shade&gt;<mark> i</mark>t. No more.")


@pytest.mark.parametrize(("marks", "expected"), [
    ((), "a &lt;b&gt; c"), (((2, 5),), "a <mark>&lt;b&gt;</mark> c"), (((6, 7), (0, 1)),
     "<mark>a</mark> &lt;b&gt; <mark>c</mark>"), (((0, 1), (0, 1), (0, 1)), "<mark>a</mark> &lt;b&gt; c"),
    (((0, 3), (2, 5)), "<mark>a &lt;b&gt;</mark> c"), (((0, 5), (2, 3), (4, 5)), "<mark>a &lt;b&gt;</mark> c"),
    (((0, 1), (1, 2)), "<mark>a</mark><mark> </mark>&lt;b&gt; c")])
def test_marked_words_are_escaped(marks: tuple[tuple[int, int], ...], expected: str) -> None:
    assert str(wording.marked("a <b> c", marks)) == expected


@pytest.mark.parametrize(("amount", "currency", "expected"), [
    (4_500_000, "EUR", "€4.5 million"), (6.7734, "EUR", "€6.77"), (0.004, "EUR", "less than €0.01"),
    (3_800_000_000, "SEK", "SEK\N{NO-BREAK SPACE}3.8 billion"), (5, "USD", "US$5"), (0, "EUR", "€0"),
    (12, None, "12 (currency unknown)")])
def test_money(amount: float, currency: str | None, expected: str) -> None:
    assert wording.money(amount, currency) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("2019", "2019"), ("2019-05", "May 2019"), ("2019-05-31", "31 May 2019"), ("unknown", "unknown")])
def test_day(text: str, expected: str) -> None:
    assert wording.day(text) == expected


@pytest.mark.parametrize(("names", "expected"), [
    ([], ""), (["one"], "one"), (["one", "two"], "one and two"), (["one", "two", "three"], "one, two and three")])
def test_listed(names: list[str], expected: str) -> None:
    assert wording.listed(names) == expected


def test_languages_are_called_by_their_own_names() -> None:
    assert [wording.own_name(code) for code in ("fi", "pt", "de")] == ["Suomi", "Português", "Deutsch"]


def test_plural() -> None:
    assert [wording.plural(count, "case") for count in (0, 1, 1200)] == ["0 cases", "1 case", "1,200 cases"]
    assert wording.plural(2, "city", "cities") == "2 cities"


def test_names_come_before_words_in_suggestions(library: Library) -> None:
    city = next(iter(library.cities.values()))
    kinds = [item.kind for item in library.suggest(city.name[:4].lower())]
    assert "city" in kinds
    assert kinds == sorted(kinds, key=lambda kind: kind == "word")


@pytest.mark.parametrize(("total", "per_page", "last"), [(0, 10, 1), (21, 10, 3), (1_000, 30, 33), (5_000, 50, 20)])
def test_the_last_page_can_be_asked_for(total: int, per_page: int, last: int) -> None:
    assert shapes.last_page(total, per_page) == last
    assert last * per_page <= MAX_OFFSET
