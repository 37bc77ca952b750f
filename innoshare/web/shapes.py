"""What goes out: every JSON body as a Pydantic model, and what the pages add to them.

A body here is a promise to everybody who builds on the API, and the same object feeds the page: a page can show
nothing that the API does not also give, and a test of a body is a test of both. Fields may be added, never
renamed or removed, within `/api/v1`. Nothing here knows Flask, so the command line prints the same bodies.

Links are absolute where `base_url` is given, and begin at the root of the site where it is empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, computed_field

from innoshare.case import Card, Case, City, OpenChallenge, Short, Slug, Term, Translation, is_stale
from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES, ChallengeStatus, Choice, IncomeBand, Outcome, SizeBand, Stage
from innoshare.forge import Forge
from innoshare.library import ChallengeEntry, Entry, Found, Learned, Library, Suggestion
from innoshare.matching import Answer, Match, Strength, Verdict
from innoshare.provenance import FileHistory
from innoshare.render import Rendered
from innoshare.search import MAX_OFFSET, Query

FEED, JSON_FEED = "feed.atom", "feed.json"  # What the address of a feed ends with.


class Shape(BaseModel):
    """Common rules of a body: what is not declared does not go out, and nothing changes once it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HighlightBody(Shape):
    field: str = Field(description="Part of the case the text is from")
    text: str = Field(description="Plain text, not HTML")
    marks: tuple[tuple[int, int], ...] = Field(description="Where the words asked for stand: (start, end) offsets")


class CardBody(Shape):
    """A case in a list."""

    slug: str
    title: str
    summary: str
    language: str = Field(description="Language of title and summary, ISO 639-1")
    city: str = Field(description="Name of the city, in English")
    city_slug: str
    country: str = Field(description="ISO 3166-1 alpha-2")
    country_name: str
    year: int | None = Field(description="When it began; null where unknown")
    url: str
    stage: Stage
    outcome: Outcome
    evidence_level: int = Field(ge=0, le=5, description="Nesta's Standards of Evidence; 0 = no account of impact")
    themes: tuple[str, ...]
    taken_up: int = Field(description="How many other places use it or try it out")
    updated: str
    checked: str = Field(description="The day somebody last said that it is true")
    is_warning: bool = Field(description="It failed, had no effect, or was stopped without working")


class HitBody(CardBody):
    score: float = Field(description="Comparable within one answer only")
    highlights: tuple[HighlightBody, ...]


class FacetValue(Shape):
    value: str
    label: str
    count: int = Field(description="Cases, were this value chosen and the other facets left as they are")
    selected: bool


class SearchBody(Shape):
    total: int
    page: int
    per_page: int
    hits: tuple[HitBody, ...]
    facets: dict[str, tuple[FacetValue, ...]]
    did_you_mean: str | None = Field(description="A whole query to try instead")
    edition: str = Field(description="Fingerprint of the library that answered")


class EvidenceBody(Shape):
    feature: str
    label: str
    weight: float
    score: float = Field(description="0 to 1")
    challenge_text: str = Field(description="What in the challenge speaks for the case")
    case_text: str = Field(description="What in the case answers it")
    challenge_marks: tuple[tuple[int, int], ...] = Field(description="Words of challenge_text that both have: offsets")
    case_marks: tuple[tuple[int, int], ...] = Field(description="The same in case_text")


class MatchedCase(Shape):
    case: CardBody
    strength: Strength
    score: float
    evidence: tuple[EvidenceBody, ...]


class NextStep(Shape):
    text: str
    url: str


class ThemeBody(Shape):
    slug: str
    label: str


class MatchBody(Shape):
    verdict: Verdict
    language: str = Field(description="Of the challenge as it was understood, ISO 639-1; empty where not known")
    themes: tuple[ThemeBody, ...] = Field(description="What it is about, by its concepts: most spoken of first")
    reordered: bool = Field(description="Cases stand elsewhere than they would if no city had been given")
    matches: tuple[MatchedCase, ...]
    cautions: tuple[MatchedCase, ...] = Field(description="Similar attempts that failed or were stopped")
    nearest: tuple[CardBody, ...] = Field(description="What comes nearest where there is neither; no answer")
    next_steps: tuple[NextStep, ...] = Field(description="What to do where nobody has solved it; else empty")
    edition: str


class SuggestionBody(Shape):
    kind: str
    text: str
    value: str
    url: str


class SuggestBody(Shape):
    suggestions: tuple[SuggestionBody, ...]
    edition: str


class CasesBody(Shape):
    total: int
    page: int
    per_page: int
    cases: tuple[CardBody, ...]
    edition: str


class CityBody(Shape):
    slug: str
    name: str
    country: str
    url: str
    population: int
    population_year: int
    size_band: SizeBand
    density: float | None = Field(description="Residents per square kilometre; null where unknown")
    income_band: IncomeBand
    latitude: float
    longitude: float


class CitiesBody(Shape):
    total: int
    cities: tuple[CityBody, ...]
    edition: str


class SectionBody(Shape):
    section: str | None = Field(description="situation, done, results, how-to, went-wrong; null for any other heading")
    heading: str
    id: str
    html: str = Field(description="Sanitised")
    text: str


class CostPerResident(Shape):
    setup: float | None
    running_per_year: float | None
    currency: str | None


class ProvenanceBody(Shape):
    """What the history of the library's files says of one of them."""

    first_published: str | None = Field(description="The day; null where the history does not reach back to it")
    last_changed: str | None = Field(description="The day of the last change; null where none is known")
    contributors: int | None = Field(description="How many people had a hand in it, as far as known")
    commit: str | None = Field(description="The commit of the last change")
    uncommitted: bool = Field(description="What is shown is not yet in the history")
    permalink: str | None = Field(description="The file at that commit; null where the library names no repository")
    history: str | None = Field(description="All changes of the file; null likewise")
    complete: bool = Field(description="Whether all of the history is known")
    reason: str = Field(description="Why not; empty where all of it is known")


class LearnedBody(Shape):
    slug: Slug
    title: str
    city: str
    url: str
    depth: int = Field(description="Steps of learning between this case and the one that was asked for; from 1")


class CaseBody(Case):
    """Everything the file of a case says, under the names of the front matter, and what follows from it.

    As in every other answer `city` is the name of the city; `city_slug` is what the file has under `city`.
    """

    city: Short
    city_slug: Slug
    country: str
    country_name: str
    url: str
    population: int
    size_band: SizeBand
    cost_per_resident: CostPerResident | None
    completeness_share: float = Field(description="Share of the wanted fields that say something, 0 to 1")
    stale: bool = Field(description="Nobody has said for two years that it is true")
    similar: tuple[CardBody, ...] = Field(description="Other cases like it, most like it first")
    translations: list[Translation] = Field(description="This case in other languages, the original first")
    learned_from: tuple[LearnedBody, ...] = Field(description="Cases that it learned from, each followed by those that "
                                                  "this one learned from")
    learned_from_it: tuple[LearnedBody, ...] = Field(description="Cases that learned from it, each followed by those "
                                                     "that learned from this one")
    answers_challenges: tuple[Slug, ...] = Field(description="Challenges of the wanted board that it may answer")
    provenance: ProvenanceBody
    sections: tuple[SectionBody, ...]
    edition: str

    # What a case in a list says as well has the same name here. mypy knows no decorator on top of a property
    # (python/mypy#1362).
    @computed_field(description="When it began; null where unknown")  # type: ignore[prop-decorator]
    @property
    def year(self) -> int | None:
        return super().year

    @computed_field(description="It failed, had no effect, or was stopped without working")  # type: ignore[prop-decorator]
    @property
    def is_warning(self) -> bool:
        return super().is_warning

    @computed_field(description="How many other places use it or try it out")  # type: ignore[prop-decorator]
    @property
    def taken_up(self) -> int:
        return super().taken_up

    @computed_field(description="The day somebody last said that it is true")  # type: ignore[prop-decorator]
    @property
    def checked(self) -> str:
        return super().checked


class WantedBody(Shape):
    """A challenge of the wanted board in a list."""

    slug: str
    title: str
    challenge: str = Field(description="The problem, in the words of those who have it")
    language: str = Field(description="Language of title and challenge, ISO 639-1")
    city: str = Field(description="Name of the city, in English")
    city_slug: str
    country: str = Field(description="ISO 3166-1 alpha-2")
    country_name: str
    url: str
    feed: str = Field(description="Tells of new answers; Atom")
    status: ChallengeStatus
    published: str
    updated: str
    wanted_by: str | None = Field(description="Until when: 2027, 2027-05 or 2027-05-31; null where not said")
    themes: tuple[str, ...]
    challenge_types: tuple[str, ...]
    confirmed: int = Field(description="Cases that the city itself found to answer it")
    strong: int = Field(description="Cases that the library found to answer it")
    possible: int = Field(description="Cases that answer a part of it, as far as the library can tell")


class ChallengesBody(Shape):
    total: int
    challenges: tuple[WantedBody, ...]
    edition: str


class ChallengeBody(OpenChallenge):
    """Everything the file of an open challenge says, under the names of the front matter, and what answers it.

    As in every other answer `city` is the name of the city; `city_slug` is what the file has under `city`.
    """

    city: Short
    city_slug: Slug
    country: str
    country_name: str
    url: str
    feed: str = Field(description="Tells of new answers; Atom")
    population: int
    size_band: SizeBand
    confirmed: tuple[CardBody, ...] = Field(description="Cases that the city itself found to answer it")
    matches: tuple[MatchedCase, ...] = Field(description="Cases that the library found, best first")
    cautions: tuple[MatchedCase, ...] = Field(description="Similar attempts that failed or were stopped")
    provenance: ProvenanceBody
    sections: tuple[SectionBody, ...]
    edition: str


class ChoiceBody(Shape):
    value: str
    label: str
    help: str


class VocabularyBody(Shape):
    themes: tuple[Term, ...]
    challenge_types: tuple[Term, ...]
    approaches: tuple[Term, ...]
    outcome: tuple[ChoiceBody, ...]
    stage: tuple[ChoiceBody, ...]
    city_size: tuple[ChoiceBody, ...]
    evidence: tuple[ChoiceBody, ...]
    edition: str


class Mistake(Shape):
    parameter: str
    detail: str


class ProblemBody(Shape):
    """RFC 9457 problem details. `type` is stable; `title` and `detail` are for people and may change."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Mistake, ...] = ()


class ReadyBody(Shape):
    ready: bool
    reason: str = ""
    edition: str = ""
    cases: int = 0
    built: str = ""
    age_seconds: int = 0


def url_of(base_url: str, *path: str) -> str:
    """The address of a page of ours."""
    return "/".join((base_url.rstrip("/"), *path))


def card_body(card: Card, base_url: str = "") -> CardBody:
    return CardBody.model_validate(_card_fields(card, base_url))


def _card_fields(card: Card, base_url: str) -> dict[str, object]:
    own = {name: getattr(card, name) for name in Card.__dataclass_fields__ if name not in ("city", "city_name")}
    return own | {"city": card.city_name, "city_slug": card.city, "url": url_of(base_url, "cases", card.slug)}


def search_body(found: Found, library: Library, base_url: str = "") -> SearchBody:
    """The answer to a search."""
    results = found.results
    return SearchBody(
        total=results.total,
        page=results.query.page,
        per_page=results.query.per_page,
        hits=tuple(
            HitBody.model_validate(_card_fields(found.cards[hit.slug], base_url) | {
                "score": hit.score,
                "highlights": tuple(HighlightBody(field=item.field, text=item.text, marks=item.marks)
                                    for item in hit.highlights),
            })
            for hit in results.hits
        ),
        facets={
            facet.field: tuple(
                FacetValue(value=value, label=library.facet_label(facet.field, value), count=count,
                           selected=value in facet.selected)
                for value, count in facet.counts
            )
            for facet in results.facets
        },
        did_you_mean=results.did_you_mean,
        edition=library.edition,
    )


def match_body(answer: Answer, library: Library, base_url: str = "") -> MatchBody:
    """The answer to a challenge."""
    themes = tuple(ThemeBody(slug=slug, label=library.facet_label("theme", slug)) for slug in answer.themes)
    steps: tuple[NextStep, ...] = ()
    if answer.verdict is Verdict.NONE:
        # The themes of a challenge in another language rest on words that look alike by accident.
        around = _held(themes, library) if answer.language in ("", *LANGUAGES) else ()
        steps = next_steps(around, base_url)
    return MatchBody(
        verdict=answer.verdict,
        language=answer.language,
        themes=themes,
        reordered=answer.reordered,
        matches=_matched(answer.matches, base_url),
        cautions=_matched(answer.cautions, base_url),
        nearest=tuple(card_body(card, base_url) for card in answer.nearest),
        next_steps=steps,
        edition=library.edition,
    )


def _matched(matches: Iterable[Match], base_url: str) -> tuple[MatchedCase, ...]:
    return tuple(
        MatchedCase(
            case=card_body(match.card, base_url), strength=match.strength, score=match.score,
            evidence=tuple(EvidenceBody(**asdict(item)) for item in match.evidence),
        )
        for match in matches
    )


def _held(themes: Sequence[ThemeBody], library: Library) -> list[ThemeBody]:
    """Those of `themes` that the library has cases on."""
    facets = library.search(Query(per_page=1)).results.facets if themes else ()
    counts = {value: count for facet in facets if facet.field == "theme" for value, count in facet.counts}
    return [theme for theme in themes if counts.get(theme.slug)]


def next_steps(themes: Iterable[ThemeBody] = (), base_url: str = "") -> tuple[NextStep, ...]:
    """What somebody can do whose challenge nobody here has solved; `themes` are those to look around in."""
    return (
        NextStep(text="Describe the problem rather than the solution you have in mind, and ask again.",
                 url=url_of(base_url, "match")),
        *(NextStep(text=f"Browse all cases on {theme.label}.",
                   url=url_of(base_url, f"search?{urlencode({'theme': theme.slug})}")) for theme in themes),
        NextStep(text="Search for single words, and look into neighbouring themes.", url=url_of(base_url, "search")),
        NextStep(text="When you solve it, be the first: publish your case, also if it did not work.",
                 url=url_of(base_url, "submit")),
    )


def suggest_body(suggestions: Iterable[Suggestion], library: Library, base_url: str = "") -> SuggestBody:
    def url(item: Suggestion) -> str:
        if item.kind == "case":
            return url_of(base_url, "cases", item.value)
        if item.kind == "city":
            return url_of(base_url, "cities", item.value)
        return url_of(base_url, "search?" + urlencode({"q" if item.kind == "word" else item.kind: item.value}))

    return SuggestBody(
        suggestions=tuple(SuggestionBody(kind=item.kind, text=item.text, value=item.value, url=url(item))
                          for item in suggestions),
        edition=library.edition,
    )


def cases_body(total: int, cards: Iterable[Card], page: int, per_page: int, library: Library, base_url: str = ""
               ) -> CasesBody:
    return CasesBody(total=total, page=page, per_page=per_page, edition=library.edition,
                     cases=tuple(card_body(card, base_url) for card in cards))


def last_page(total: int, per_page: int) -> int:
    """The last page that can be asked for; 1 where there is nothing."""
    return max(1, min(-(-total // per_page), MAX_OFFSET // per_page))


def cities_body(library: Library, base_url: str = "") -> CitiesBody:
    cities = library.cities
    return CitiesBody(
        total=len(cities),
        cities=tuple(
            CityBody(slug=city.slug, name=city.name, country=city.country, url=url_of(base_url, "cities", city.slug),
                     population=city.population, population_year=city.population_year, size_band=city.size_band,
                     density=known(city.density), income_band=city.income_band,
                     latitude=city.latitude, longitude=city.longitude)
            for city in cities.values()
        ),
        edition=library.edition,
    )


def provenance_body(path: str, history: FileHistory | None, reason: str, forge: Forge | None = None) -> ProvenanceBody:
    """What is known of the file at `path` (`cases/x.md`); `reason` says why not everything is, "" where it is."""
    commit = history.commit if history else None
    return ProvenanceBody(
        first_published=history.first_published if history else None,
        last_changed=history.last_changed if history else None,
        contributors=history.contributors if history else None,
        commit=commit,
        uncommitted=history.uncommitted if history else not reason,
        permalink=forge.at(path, commit) if forge and commit else None,
        history=forge.history(path) if forge and commit else None,
        complete=not reason,
        reason=reason,
    )


def _lineage(lineage: Iterable[Learned], base_url: str) -> tuple[LearnedBody, ...]:
    return tuple(LearnedBody(slug=learned.card.slug, title=learned.card.title, city=learned.card.city_name,
                             url=url_of(base_url, f"cases/{learned.card.slug}"), depth=learned.depth)
                 for learned in lineage)


def case_body(entry: Entry, library: Library, base_url: str = "", forge: Forge | None = None) -> CaseBody:
    case, city = entry.case, entry.city
    return CaseBody(
        **(case.model_dump() | {"city": city.name, "city_slug": city.slug, "translations": [
            {"language": card.language, "case": card.slug} for card in entry.versions]}),
        country=city.country,
        country_name=entry.country_name,
        url=url_of(base_url, "cases", case.slug),
        population=city.population,
        size_band=city.size_band,
        cost_per_resident=cost_per_resident(case, city),
        completeness_share=round(case.completeness, 2),
        stale=is_stale(case.checked, datetime.now(UTC).date()),
        similar=tuple(card_body(card, base_url) for card in entry.similar),
        learned_from=_lineage(entry.origins, base_url),
        learned_from_it=_lineage(entry.learners, base_url),
        answers_challenges=tuple(challenge.slug for challenge in entry.challenges),
        provenance=provenance_body(f"cases/{case.slug}.md", entry.history, library.history_reason, forge),
        sections=_sections(entry.rendered),
        edition=library.edition,
    )


def _sections(rendered: Rendered) -> tuple[SectionBody, ...]:
    return tuple(SectionBody(section=block.section, heading=block.heading, id=block.id, html=block.html,
                             text=block.text) for block in rendered.blocks)


def wanted_body(challenge: OpenChallenge, library: Library, base_url: str = "") -> WantedBody:
    city, counts = library.cities[challenge.city], library.answer_counts.get(challenge.slug, {})
    own = {name: getattr(challenge, name) for name in WantedBody.model_fields if name in OpenChallenge.model_fields}
    return WantedBody.model_validate(own | {
        "city": city.name, "city_slug": city.slug, "country": city.country,
        "country_name": library.facet_label("country", city.country),
        "url": url_of(base_url, "challenges", challenge.slug),
        "feed": url_of(base_url, "challenges", challenge.slug, FEED),
        "confirmed": len(library.cards(challenge.answered_by)), "strong": counts.get(Strength.STRONG, 0),
        "possible": counts.get(Strength.POSSIBLE, 0),
    })


def challenges_body(challenges: Iterable[OpenChallenge], library: Library, base_url: str = "") -> ChallengesBody:
    shown = tuple(wanted_body(challenge, library, base_url) for challenge in challenges)
    return ChallengesBody(total=len(shown), challenges=shown, edition=library.edition)


def challenge_body(entry: ChallengeEntry, library: Library, base_url: str = "", forge: Forge | None = None
                   ) -> ChallengeBody:
    challenge, city = entry.challenge, entry.city
    return ChallengeBody(
        **(challenge.model_dump() | {"city": city.name, "city_slug": city.slug}),
        country=city.country,
        country_name=entry.country_name,
        url=url_of(base_url, "challenges", challenge.slug),
        feed=url_of(base_url, "challenges", challenge.slug, FEED),
        population=city.population,
        size_band=city.size_band,
        confirmed=tuple(card_body(card, base_url) for card in entry.confirmed),
        matches=_matched(entry.matches, base_url),
        cautions=_matched(entry.cautions, base_url),
        provenance=provenance_body(f"challenges/{challenge.slug}.md", entry.history, library.history_reason, forge),
        sections=_sections(entry.rendered),
        edition=library.edition,
    )


def vocabulary_body(library: Library) -> VocabularyBody:
    def choices(of: type[Choice]) -> tuple[ChoiceBody, ...]:
        return tuple(ChoiceBody(value=choice.value, label=choice.label, help=choice.help) for choice in of)

    terms = {name: tuple(vocabulary.values()) for name, vocabulary in library.vocabulary.items()}
    return VocabularyBody(
        themes=terms["themes"], challenge_types=terms["challenge_types"], approaches=terms["approaches"],
        outcome=choices(Outcome), stage=choices(Stage), city_size=choices(SizeBand),
        evidence=tuple(ChoiceBody(value=str(level), label=label, help=help)
                       for level, (label, help) in EVIDENCE_LEVELS.items()),
        edition=library.edition,
    )


def known(value: float | str | None) -> float | None:
    """A number, or None where the file says `unknown` or nothing."""
    return float(value) if isinstance(value, (int, float)) else None


def cost_per_resident(case: Case, city: City) -> CostPerResident | None:
    """What it cost for each resident of the city, in the currency of the case; None where no cost is known."""
    if case.cost is None or case.cost == "unknown":
        return None
    setup, running = (None if amount is None else round(amount / city.population, 4)
                      for amount in (known(case.cost.setup), known(case.cost.running_per_year)))
    if setup is None and running is None:
        return None
    currency = case.cost.currency if case.cost.currency != "unknown" else None
    return CostPerResident(setup=setup, running_per_year=running, currency=currency)
