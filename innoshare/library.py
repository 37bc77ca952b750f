"""The library: the one object behind every face. Command line, pages and API open it and ask it.

It joins what an edition holds (catalogue and index) with the matcher, and answers with frozen values. It writes
nothing and keeps nothing of what is asked.
"""

import threading
import weakref
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from babel import Locale

from innoshare import content, edition
from innoshare.case import Adoption, Card, Case, City, OpenChallenge, Record, Vocabulary, mark
from innoshare.choices import EVIDENCE_LEVELS, ChallengeStatus, Choice, Outcome, SizeBand
from innoshare.config import Settings
from innoshare.content import World
from innoshare.edition import Edition, country_name
from innoshare.errors import EditionError, InnoshareError, NotFound, Problem, SettingsError
from innoshare.matching import MATCHES, Answer, Challenge, Judged, Match, Matcher, Strength
from innoshare.provenance import FileHistory
from innoshare.render import Rendered
from innoshare.search import CANDIDATES, Query, Results, Sort
from innoshare.search.text import fold

# A question that makes ready what the first one needs: models, and how languages are told apart.
WARMING = "ready"

WANTED = ("status", "theme", "country")  # The facets of the wanted board.

NEWEST = 6  # Cards on the home page: two rows of three on a wide screen.


# Cases of a lineage that are told in one direction: more than anybody follows, and a bound for an answer of the API.
MOST_LEARNED = 200


@dataclass(frozen=True)
class Learned:
    """A case in a lineage, `depth` steps from where it begins: its neighbours have depth 1."""

    card: Card
    depth: int


@dataclass(frozen=True)
class Entry:
    """A case with all that its page shows.

    `adopters` are the cities named in its adoptions that have a file; `borrowed` those adoptions that a translation
    tells in the words of its original. `origins` are the cases it learned from, as far as they are here, each followed
    by those that this one learned from; `learners` those that learned from it, each followed by those that learned from
    this one; of both at most MOST_LEARNED, each case once. `similar` are the cases like it, most like it first;
    `versions` the same case in other languages, the original first; `challenges` the open challenges that it answers,
    `named_by` those of which the city itself says so. `history` is what git knows of its file, None where that is
    nothing.
    """

    case: Case
    city: City
    country_name: str
    rendered: Rendered
    adopters: Mapping[str, City]
    borrowed: tuple[Adoption, ...]
    origins: tuple[Learned, ...]
    learners: tuple[Learned, ...]
    similar: tuple[Card, ...]
    versions: tuple[Card, ...]
    challenges: tuple[OpenChallenge, ...]
    named_by: tuple[OpenChallenge, ...]
    history: FileHistory | None

    @property
    def original(self) -> Card | None:
        """The case that this one is the translation of; None where it is none."""
        return next((card for card in self.versions if card.slug == self.case.translation_of), None)

    @property
    def inspirations(self) -> Mapping[str, Card]:
        """The cases that it names as what it learned from, as far as they are here."""
        return {learned.card.slug: learned.card for learned in self.origins if learned.depth == 1}


@dataclass(frozen=True)
class ChallengeEntry:
    """An open challenge with all that its page shows.

    `confirmed` are the cases that the city itself found to answer it; `matches` and `cautions` those that the library
    found, best first. `since` says of each of these on which day it came to stand here, or the case last changed.
    `history` is what git knows of its file, None where that is nothing.
    """

    challenge: OpenChallenge
    city: City
    country_name: str
    rendered: Rendered
    confirmed: tuple[Card, ...]
    matches: tuple[Match, ...]
    cautions: tuple[Match, ...]
    since: Mapping[str, str]
    history: FileHistory | None


@dataclass(frozen=True)
class CityEntry:
    """A city with its cases, and the cases of others that it took up. `history` is what git knows of its file, None
    where that is nothing."""

    city: City
    country_name: str
    rendered: Rendered
    cards: tuple[Card, ...]
    adopted: tuple[Card, ...]
    history: FileHistory | None


@dataclass(frozen=True)
class Found:
    """An answer to a search: the results, and the card of each hit."""

    results: Results
    cards: Mapping[str, Card]


@dataclass(frozen=True)
class Suggestion:
    """Something to offer while a person types.

    `kind` is a facet with a vocabulary (`theme`, `challenge_type`, `approach`), `city`, `case` or `word`; `text` is
    what to show, `value` the slug it stands for, or the words themselves.
    """

    kind: str
    text: str
    value: str


@dataclass(frozen=True)
class Facts:
    """What the library holds, for those who arrive."""

    cases: int
    cities: int
    countries: int
    newest: tuple[Card, ...]
    warnings: tuple[Card, ...]


class Library:
    """An open edition and the means to ask it. Safe to use from several threads."""

    def __init__(self, opened: Edition) -> None:
        self._catalogue, self._engine = opened.catalogue, opened.engine
        self.edition: str = opened.fingerprint
        self.built: str = opened.built
        self.history_reason: str = opened.history_reason
        self.vocabulary: Vocabulary = self._catalogue.vocabulary()
        self._close = weakref.finalize(self, opened.close)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the published edition. Raises EditionError where there is none that can be read, SettingsError where the
        embeddings cannot be had."""
        return cls(edition.open_published(settings.data, settings.embeddings))

    def close(self) -> None:
        self._close()

    def warm(self) -> None:
        """Compute what is computed once, before anybody waits for it."""
        _ = self._versions, self.facts, self.challenges, self.answer_counts, self.cities, self.languages, self._names
        self._engine.candidates(WARMING)

    def entry(self, slug: str) -> Entry:
        """A published or archived case. Raises NotFound."""
        found = self._catalogue.case(slug)
        if found is None:
            raise NotFound("There is no case of this name in the library.")
        case, rendered = found
        city = self.cities[case.city]
        original = self.originals.get(slug, slug)
        told = self._catalogue.case(original) if original != slug else None
        versions = self._versions.get(original, [slug])
        answered = self._catalogue.challenges_answered_by(versions)
        strong = [name for name, strength in answered.items() if strength is Strength.STRONG]
        return Entry(
            case, city, country_name(city.country), rendered,
            adopters={item.city: self.cities[item.city] for item in case.adoptions
                      if item.city and item.city in self.cities},
            borrowed=tuple(item for item in case.adoptions if told and item in told[0].adoptions),
            origins=self.origins(case),
            learners=self._lineage(original, self._learners),
            similar=tuple(self.cards(self._catalogue.similar(slug)).values()),
            versions=tuple(card for card in self.cards(versions).values() if card.slug != slug),
            challenges=() if case.is_warning else tuple(item for item in self.challenges if item.slug in strong
                                                     and item.status is not ChallengeStatus.SOLVED),
            named_by=tuple(item for item in self.challenges if not set(versions).isdisjoint(item.answered_by)),
            history=self._catalogue.history(f"cases/{slug}.md"))

    def origins(self, case: Case) -> tuple[Learned, ...]:
        """The cases that a case learned from, and what these learned from; it need not be in the library itself."""
        teachers: ChainMap[str, list[str]] = ChainMap({case.slug: case.inspired_by}, self._teachers)
        return self._lineage(case.slug, teachers)

    def _lineage(self, slug: str, neighbours: Mapping[str, Sequence[str]]) -> tuple[Learned, ...]:
        """The cases that are reached from `slug`, each once, those reached from one behind it."""
        seen, waiting, depths = {slug}, [(slug, 0)], dict[str, int]()
        while waiting and len(depths) <= MOST_LEARNED:
            case, depth = waiting.pop()
            depths[case] = depth
            new = [other for other in dict.fromkeys(neighbours.get(case, ())) if other not in seen]
            seen.update(new)
            waiting += [(other, depth + 1) for other in reversed(new)]
        del depths[slug]
        return tuple(Learned(card, depths[other]) for other, card in self.cards(depths).items())

    @cached_property
    def originals(self) -> Mapping[str, str]:
        """Published case, in each of its versions -> the one that it tells in another language, or itself."""
        return self._catalogue.originals()

    @cached_property
    def _versions(self) -> Mapping[str, Sequence[str]]:
        """Original -> itself and its translations."""
        return _grouped((original, slug) for slug, original in sorted(
            self.originals.items(), key=lambda pair: (pair[0] != pair[1], pair[0])))

    @cached_property
    def _teachers(self) -> dict[str, list[str]]:
        """Case -> the cases that it learned from."""
        return _grouped(self._catalogue.inspirations())

    @cached_property
    def _learners(self) -> Mapping[str, Sequence[str]]:
        """Case -> the cases that learned from it."""
        return _grouped((source, learner) for learner, source in self._catalogue.inspirations())

    def text(self, slug: str) -> str:
        """The file of a case, as it was when this edition was built; "" where the case never was a file."""
        return self._catalogue.text(f"cases/{slug}.md")

    def checked_before(self, day: date) -> tuple[Case, ...]:
        """The published cases that nobody has looked at since before `day`, the longest unseen first."""
        return tuple(self._catalogue.checked_before(day.isoformat()))

    def challenge(self, slug: str) -> ChallengeEntry:
        """A challenge of the wanted board. Raises NotFound."""
        found = self._catalogue.challenge(slug)
        if found is None:
            raise NotFound("There is no open challenge of this name in the library.")
        challenge, rendered = found
        return self._entry_of(challenge, rendered, self._catalogue.answers(slug),
                              self._catalogue.history(f"challenges/{slug}.md"))

    def foresee(self, challenge: OpenChallenge, rendered: Rendered) -> ChallengeEntry:
        """A challenge that is not in the library yet as it would be there; its city must be in the library."""
        return self._entry_of(challenge, rendered, edition.answers_to(challenge, self._matcher), None)

    def _entry_of(self, challenge: OpenChallenge, rendered: Rendered, answers: Sequence[Match],
                  history: FileHistory | None) -> ChallengeEntry:
        city = self.cities[challenge.city]
        confirmed = tuple(self.cards(challenge.answered_by).values())
        matches = tuple(match for match in answers if not match.card.is_warning)
        return ChallengeEntry(
            challenge, city, country_name(city.country), rendered, confirmed, matches,
            cautions=tuple(match for match in answers if match.card.is_warning),
            since={card.slug: max(challenge.published, card.updated, self._first_published(card.slug))
                   for card in (*confirmed, *(match.card for match in answers))},
            history=history)

    def _first_published(self, slug: str) -> str:
        """The day on which a case came into the library; "" where git does not know."""
        history = self._catalogue.history(f"cases/{slug}.md")
        return history.first_published or "" if history else ""

    def histories(self, paths: Iterable[str]) -> Mapping[str, FileHistory]:
        """What git knows of files below the content folder (`cases/x.md`), of those that it knows."""
        return self._catalogue.histories(paths)

    @cached_property
    def challenges(self) -> tuple[OpenChallenge, ...]:
        """The wanted board, newest first."""
        return tuple(self._catalogue.challenges())

    def wanted(self, filters: Mapping[str, Collection[str]]) -> tuple[OpenChallenge, ...]:
        """Those of the wanted board that have one of the values in each of `filters` (of WANTED), newest first."""
        return tuple(item for item in self.challenges
                     if all(set(self.kinds_of(item)[name]) & set(values) for name, values in filters.items()))

    def kinds_of(self, challenge: OpenChallenge) -> Mapping[str, Sequence[str]]:
        """The values that a challenge has in each facet of the wanted board."""
        return {"status": (challenge.status.value,), "theme": challenge.themes,
                "country": (self.cities[challenge.city].country,)}

    @cached_property
    def answer_counts(self) -> Mapping[str, Mapping[Strength, int]]:
        """Challenge -> how many cases were found to answer it, by strength; nothing where there are none."""
        return self._catalogue.answer_counts()

    def city(self, slug: str) -> CityEntry:
        """A city. Raises NotFound."""
        found = self._catalogue.city(slug)
        if found is None:
            raise NotFound("There is no city of this name in the library.")
        city, rendered = found
        return CityEntry(city, country_name(city.country), rendered, tuple(self._catalogue.of_city(slug)),
                         tuple(self._catalogue.adopted_by(slug)), self._catalogue.history(f"cities/{slug}.md"))

    @cached_property
    def cities(self) -> Mapping[str, City]:
        """Every city by slug, in the order of names."""
        return self._catalogue.cities()

    def cards(self, slugs: Iterable[str]) -> dict[str, Card]:
        """The cards of those `slugs` that exist, in their order."""
        return self._catalogue.cards(slugs)

    def cases(self, page: int, per_page: int) -> tuple[int, tuple[Card, ...]]:
        """How many cases are published, and one page of them (from 1), newest first."""
        total, cards = self._catalogue.newest((page - 1) * per_page, per_page)
        return total, tuple(cards)

    def last_changes(self) -> Sequence[tuple[str, str, str]]:
        """(slug, city, day of the last change) of every published case in each of its versions, newest first."""
        return self._catalogue.last_changes()

    def years(self) -> tuple[int | None, int | None]:
        """The first and the last year in which a published case began; None where no case says."""
        return self._catalogue.years()

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages that published cases are written in."""
        return frozenset(self._catalogue.languages())

    @cached_property
    def facts(self) -> Facts:
        newest, warnings = (tuple(self._catalogue.newest(0, NEWEST, warnings_only=only)[1]) for only in (False, True))
        return Facts(*self._catalogue.counts(), newest, warnings)

    def proofread(self, folder: str, name: str, text: str) -> tuple[Record | None, tuple[Problem, ...]]:
        """What a text would be as the file `name` (without ending) in a `folder` of the content (`cases`, `challenges`,
        `cities`), and every mistake in it, by the rules and beside the other files of this library.

        The record is None where there is an error, and for a draft."""
        return content.proofread(folder, name, text, replace(self._world, today=datetime.now(UTC).date()))

    @cached_property
    def file_names(self) -> Mapping[str, Collection[str]]:
        """Folder of the content (`cases`, `challenges`, `cities`) -> the names of its files without ending, also of
        drafts and of those with mistakes."""
        names: dict[str, set[str]] = {folder: set() for folder in content.KINDS}
        for path in self._catalogue.files():
            folder, _, name = path.removesuffix(".md").rpartition("/")
            if folder in names:
                names[folder].add(name)
        return names

    @cached_property
    def _world(self) -> World:
        return World("content", date.min, self.file_names, self.cities, self.vocabulary, {})

    def search(self, query: Query) -> Found:
        """The page of hits that `query` asks for. Raises BadInput where it goes beyond the bounds."""
        results = self._engine.search(query)
        return Found(results, self._catalogue.cards(hit.slug for hit in results.hits))

    def every(self, query: Query) -> Iterator[Entry]:
        """All cases that `query` asks for, in its order, whichever page of them it names: read one by one as they are
        taken, so that no number of them fills the memory. Raises BadInput where it goes beyond the bounds."""
        return map(self.entry, self._engine.every(query))

    def changes(self, query: Query) -> tuple[int, Sequence[Card]]:
        """How many cases `query` asks for, and those on its page of them, ordered by the day on which they changed or
        came into the library, the latest first, whatever its `sort`. Raises BadInput as `search` does."""
        slugs = sorted(self._engine.every(replace(query, sort=Sort.NEWEST)),
                       key=lambda slug: self._days.get(slug, ""), reverse=True)
        return len(slugs), tuple(self.cards(slugs[query.offset:query.offset + query.per_page]).values())

    @cached_property
    def _days(self) -> Mapping[str, str]:
        """The day of the last change of every published case in each of its versions; of one that came into the library
        later, that day: who follows the library has not seen it before, whatever day its file says."""
        changed = self.last_changes()
        histories = self.histories(f"cases/{slug}.md" for slug, _, _ in changed)
        first = {path: history.first_published or "" for path, history in histories.items()}
        return {slug: max(day, first.get(f"cases/{slug}.md", "")) for slug, _, day in changed}

    @property
    def catalogue_file(self) -> Path:
        """The SQLite file of this edition; it is there for as long as the library is open."""
        return self._catalogue.path

    def match(self, challenge: Challenge, limit: int = MATCHES) -> Answer:
        """Who has solved this, on what evidence; or `none`."""
        return self._matcher.match(challenge, limit)

    def rank(self, challenge: Challenge, limit: int = CANDIDATES) -> list[Judged]:
        """The `limit` best candidates for a challenge, best first, also those too weak to be shown as an answer."""
        return self._matcher.rank(challenge, limit)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._engine, self._catalogue, self.cities)

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """What a person who has typed `text` may mean: terms, cities and cases first, then words of the index."""
        typed = fold(text.strip())
        if not typed:
            return ()
        starts = [item for key, item in self._names if key.startswith(typed)]
        inside = [item for key, item in self._names if f" {typed}" in key and not key.startswith(typed)]
        *before, last = text.split()
        words = [Suggestion("word", " ".join([*before, word]), " ".join([*before, word]))
                 for word in self._engine.complete(last, limit)]
        unique: dict[str, Suggestion] = {}
        for item in (*starts, *inside, *words):
            unique.setdefault(fold(item.text), item)
        return tuple(unique.values())[:limit]

    @cached_property
    def _names(self) -> list[tuple[str, Suggestion]]:
        """(folded text, suggestion) of everything that has a name: terms, cities, titles."""
        named = [Suggestion(facet, term.label_in("en"), slug)
                 for facet, vocabulary in VOCABULARY_OF_FACET.items()
                 for slug, term in self.vocabulary[vocabulary].items()]
        named += [Suggestion("city", city.name, slug) for slug, city in self.cities.items()]
        named += [Suggestion("case", card.title, card.slug)
                  for card in self.cards(slug for slug, _, _ in self.last_changes()).values()]
        return [(fold(item.text), item) for item in named]

    def facet_label(self, facet: str, value: str) -> str:
        """What people call a value of a facet."""
        if vocabulary := VOCABULARY_OF_FACET.get(facet):
            term = self.vocabulary[vocabulary].get(value)
            return term.label_in("en") if term else value
        match facet:
            case "country":
                return country_name(value)
            case "language":
                return str(Locale("en").languages.get(value, value))
            case "evidence" if value.isdigit() and int(value) in EVIDENCE_LEVELS:
                return EVIDENCE_LEVELS[int(value)][0]
            case "outcome":
                return _choice_label(Outcome, value)
            case "city_size":
                return _choice_label(SizeBand, value)
            case "status":
                return _choice_label(ChallengeStatus, value)
        return value


# Facet (`theme`) -> vocabulary (`themes`), from the marks on the fields of a case.
VOCABULARY_OF_FACET = {mark(info).facet or "": name for _, info in Case.front_matter()
                       if (name := mark(info).vocabulary)}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _choice_label(choices: type[Choice], value: str) -> str:
    return next((choice.label for choice in choices if choice == value), value)


class Latest:
    """The library of the published edition, opened anew when another edition has been published.

    Whoever asks keeps the library it got; the old edition is closed when the last user lets go of it. Only one thread
    opens a new edition, while the others go on with the old one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._library: Library | None = None
        self._seen: tuple[int, int] | None = None  # The publication that was opened, or found not to be readable.
        self._refused: InnoshareError | None = None

    def __call__(self) -> Library:
        """The current library. Raises EditionError where nothing usable was ever published, SettingsError where the
        embeddings cannot be had.

        A look at the pointer costs some 5 microseconds. A new edition that cannot be read leaves the old one open; it
        is not tried again until something else is published.
        """
        library, publication = self._library, edition.publication(self._settings.data)
        if library is not None and (publication == self._seen or not self._lock.acquire(blocking=False)):
            return library
        if library is None:
            self._lock.acquire()
        try:
            if publication != self._seen or self._library is None:
                self._open(publication)
            assert self._library
            return self._library
        finally:
            self._lock.release()

    def _open(self, publication: tuple[int, int] | None) -> None:
        if publication is not None and publication == self._seen and self._refused:
            raise self._refused
        self._seen = publication
        try:
            opened = Library.open(self._settings)
            opened.warm()
            self._library = opened
        except (EditionError, SettingsError) as error:
            self._refused = error
            if self._library is None:
                raise
