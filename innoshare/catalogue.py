"""The catalogue of an edition: cases, open challenges with their answers, cities and terms as tables in one SQLite
file, with their HTML and what git knows of their files.

Written once, by a build, and only read afterwards. A row keeps the whole record as JSON (`data`) and its rendered
text (`blocks`) beside the few columns that lists are made of; nothing is computed when a page is asked for.

Decision: one JSON column instead of a table for each nested list. Nobody queries "all prerequisites"; pages
need a case as a whole, and a new front-matter field then changes no table. What is asked across cases, terms and
adoptions, has a table.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, col, func, select

from innoshare.case import VOCABULARIES, Card, Case, City, Concept, OpenChallenge, Term, Vocabulary, mark
from innoshare.choices import TAKEN_UP, Outcome, Stage, Status
from innoshare.errors import EditionError
from innoshare.matching import Evidence, Match, Strength
from innoshare.provenance import FileHistory
from innoshare.render import Rendered

# Cards kept in memory for each open edition. A card is about 1 KB: 20 MB at most, no query for a page of hits.
CARDS_IN_MEMORY = 20_000

# The version of the tables, kept in the file as its `user_version`: the file is handed out, and who reads it must be
# able to tell. Raise it with every change of them; a test compares.
TABLES_VERSION = 2
# Values that are compared in one statement: SQLite takes 32,766 by default, older ones 999.
MOST_VARIABLES = 900


class CaseRow(SQLModel, table=True):
    """A published or archived case. `digest` is that of its file, `document_digest` that of what was indexed.

    `original` is the case that it tells in another language, itself where it is no translation. Lists and counts are of
    cases, each once: of those that are their own original.
    """

    __tablename__ = "case"
    slug: str = Field(primary_key=True)
    digest: str
    document_digest: str
    original: str = Field(index=True)
    status: str = Field(index=True)
    title: str
    summary: str
    language: str
    city: str = Field(foreign_key="city.slug", index=True)
    city_name: str
    country: str = Field(index=True)
    country_name: str
    year: int | None
    stage: str
    outcome: str
    evidence_level: int
    taken_up: int
    updated: str = Field(index=True)
    checked: str
    is_warning: bool = Field(index=True)
    data: str
    blocks: str


class CityRow(SQLModel, table=True):
    __tablename__ = "city"
    slug: str = Field(primary_key=True)
    digest: str
    name: str
    country: str = Field(index=True)
    data: str
    blocks: str


class ChallengeRow(SQLModel, table=True):
    """An open challenge of the wanted board."""

    __tablename__ = "challenge"
    slug: str = Field(primary_key=True)
    digest: str
    city: str = Field(foreign_key="city.slug", index=True)
    status: str
    published: str
    data: str
    blocks: str


class AnswerRow(SQLModel, table=True):
    """A case that the library found to answer an open challenge (or to warn of it), best first."""

    __tablename__ = "answer"
    challenge: str = Field(primary_key=True, foreign_key="challenge.slug")
    position: int = Field(primary_key=True)
    case: str = Field(foreign_key="case.slug", index=True)
    strength: str
    score: float
    evidence: str


class HistoryRow(SQLModel, table=True):
    """What git knows of a file; `path` is below the content folder."""

    __tablename__ = "history"
    path: str = Field(primary_key=True)
    data: str


class TextRow(SQLModel, table=True):
    """The file of a case as it was read, for those who want to add to it; `path` is below the content folder."""

    __tablename__ = "text"
    path: str = Field(primary_key=True)
    text: str


class FileRow(SQLModel, table=True):
    """A file of the content folder, in order or not; `path` is below that folder."""

    __tablename__ = "file"
    path: str = Field(primary_key=True)


class TermRow(SQLModel, table=True):
    """A vocabulary's term; `position` keeps the order of the file."""

    __tablename__ = "term"
    vocabulary: str = Field(primary_key=True)
    slug: str = Field(primary_key=True)
    position: int
    data: str


class ConceptRow(SQLModel, table=True):
    __tablename__ = "concept"
    slug: str = Field(primary_key=True)
    data: str


class TagRow(SQLModel, table=True):
    """One value that a case has in a vocabulary or among its free tags."""

    __tablename__ = "tag"
    case: str = Field(primary_key=True, foreign_key="case.slug")
    vocabulary: str = Field(primary_key=True)
    value: str = Field(primary_key=True, index=True)


class AdoptionRow(SQLModel, table=True):
    """A take-up of a case, in the order of its file."""

    __tablename__ = "adoption"
    case: str = Field(primary_key=True, foreign_key="case.slug")
    position: int = Field(primary_key=True)
    city: str | None = Field(default=None, index=True)
    status: str


class InspirationRow(SQLModel, table=True):
    """A case that another one learned from."""

    __tablename__ = "inspiration"
    case: str = Field(primary_key=True, foreign_key="case.slug")
    source: str = Field(primary_key=True, index=True)


class SimilarRow(SQLModel, table=True):
    """A case like another one, most like it first."""

    __tablename__ = "similar"
    case: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    other: str


# What lists and counts are of.
_CASES = CaseRow.status == Status.PUBLISHED, CaseRow.original == CaseRow.slug

R = TypeVar("R", Case, City, OpenChallenge)

_Renderings = TypeAdapter(Rendered)
_Histories = TypeAdapter(FileHistory)
_Evidence = TypeAdapter(tuple[Evidence, ...])


class Catalogue:
    """The tables of one edition, read-only. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = _database(path, read_only=True)
        self._cards: dict[str, Card] = {}

    def close(self) -> None:
        self._database.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        try:
            with Session(self._database) as session:
                yield session
        except SQLAlchemyError as error:
            raise EditionError("The catalogue of the library cannot be read; build the library again.") from error

    def case(self, slug: str) -> tuple[Case, Rendered] | None:
        """A published or archived case with its rendered body; None where there is none of that name."""
        return self._page(CaseRow, Case, slug)

    def city(self, slug: str) -> tuple[City, Rendered] | None:
        return self._page(CityRow, City, slug)

    def challenge(self, slug: str) -> tuple[OpenChallenge, Rendered] | None:
        return self._page(ChallengeRow, OpenChallenge, slug)

    def _page(self, table: type[CaseRow] | type[CityRow] | type[ChallengeRow], model: type[R], slug: str
              ) -> tuple[R, Rendered] | None:
        with self._reading() as session:
            row = session.exec(select(table.data, table.blocks).where(table.slug == slug)).first()
        return (model.model_validate_json(row[0]), _Renderings.validate_json(row[1])) if row else None

    def challenges(self) -> list[OpenChallenge]:
        """Every challenge of the wanted board, newest first."""
        newest_first = col(ChallengeRow.published).desc(), col(ChallengeRow.slug)
        with self._reading() as session:
            rows = session.exec(select(ChallengeRow.data).order_by(*newest_first))
            return [OpenChallenge.model_validate_json(data) for data in rows]

    def answers(self, challenge: str) -> list[Match]:
        """The cases that the library found for a challenge, answers and warnings, best first."""
        with self._reading() as session:
            rows = session.exec(select(AnswerRow).where(AnswerRow.challenge == challenge)
                                .order_by(col(AnswerRow.position))).all()
        cards = self.cards(row.case for row in rows)
        return [Match(cards[row.case], Strength(row.strength), row.score, _Evidence.validate_json(row.evidence))
                for row in rows]

    def answer_counts(self) -> dict[str, Counter[Strength]]:
        """Challenge -> how many cases were found to answer it, by strength. Warnings do not count."""
        columns = AnswerRow.challenge, AnswerRow.strength, func.count()
        found: dict[str, Counter[Strength]] = {}
        with self._reading() as session:
            rows = session.exec(select(*columns).join(CaseRow).where(~col(CaseRow.is_warning))
                                .group_by(AnswerRow.challenge, AnswerRow.strength))
            for challenge, strength, count in rows:
                found.setdefault(challenge, Counter())[Strength(strength)] = count
        return found

    def challenges_answered_by(self, versions: Collection[str]) -> dict[str, Strength]:
        """The challenges that a case, in any of its versions, answers or warns of, with how strongly."""
        with self._reading() as session:
            rows = session.exec(select(AnswerRow.challenge, AnswerRow.strength)
                                .where(col(AnswerRow.case).in_(versions)))
            return {challenge: Strength(strength) for challenge, strength in rows}

    def inspirations(self) -> list[tuple[str, str]]:
        """Pairs of a case and one that it learned from; of what a translation says as of its original."""
        with self._reading() as session:
            return list(session.exec(select(InspirationRow.case, InspirationRow.source)
                                     .order_by(InspirationRow.case, InspirationRow.source)))

    def history(self, path: str) -> FileHistory | None:
        """What git knows of a file below the content folder; None where it knows nothing."""
        with self._reading() as session:
            row = session.get(HistoryRow, path)
            return _Histories.validate_json(row.data) if row else None

    def histories(self, paths: Iterable[str]) -> dict[str, FileHistory]:
        """The same of those of `paths` that git knows."""
        wanted, found = list(paths), dict[str, FileHistory]()
        with self._reading() as session:
            for at in range(0, len(wanted), MOST_VARIABLES):
                some = col(HistoryRow.path).in_(wanted[at:at + MOST_VARIABLES])
                found |= {row.path: _Histories.validate_json(row.data)
                          for row in session.exec(select(HistoryRow).where(some))}
        return found

    def text(self, path: str) -> str:
        """The file of a case as it was read; "" where there is none."""
        with self._reading() as session:
            row = session.get(TextRow, path)
            return row.text if row else ""

    def files(self) -> list[str]:
        """The paths of all files of the content folder, also of drafts and of those with mistakes."""
        with self._reading() as session:
            return list(session.exec(select(FileRow.path)))

    def checked_before(self, day: str) -> list[Case]:
        """The published cases that nobody has looked at since before `day`, the longest unseen first."""
        wanted = CaseRow.status == Status.PUBLISHED, CaseRow.checked < day
        with self._reading() as session:
            rows = session.exec(select(CaseRow.data).where(*wanted).order_by(CaseRow.checked, CaseRow.slug))
            return [Case.model_validate_json(data) for data in rows]

    def cities(self) -> dict[str, City]:
        with self._reading() as session:
            rows = session.exec(select(CityRow.data).order_by(CityRow.name))
            return {city.slug: city for city in map(City.model_validate_json, rows)}

    def vocabulary(self) -> Vocabulary:
        vocabulary: dict[str, dict[str, Term]] = {name: {} for name in VOCABULARIES}
        with self._reading() as session:
            for row in session.exec(select(TermRow).order_by(col(TermRow.position))):
                vocabulary[row.vocabulary][row.slug] = Term.model_validate_json(row.data)
        return vocabulary

    def concepts(self, slugs: Iterable[str]) -> dict[str, Concept]:
        """The concepts of those `slugs` that exist."""
        with self._reading() as session:
            rows = session.exec(select(ConceptRow.data).where(col(ConceptRow.slug).in_(set(slugs))))
            return {concept.slug: concept for concept in map(Concept.model_validate_json, rows)}

    def similar(self, slug: str) -> list[str]:
        """The slugs of cases like a case, most like it first."""
        with self._reading() as session:
            return list(session.exec(select(SimilarRow.other).where(SimilarRow.case == slug)
                                     .order_by(col(SimilarRow.position))))

    def cards(self, slugs: Iterable[str]) -> dict[str, Card]:
        """The cards of those `slugs` that exist, in their order."""
        wanted, known = list(slugs), self._cards
        missing = [slug for slug in wanted if slug not in known]
        if missing:
            if len(known) + len(missing) > CARDS_IN_MEMORY:
                known, missing = {}, wanted
            # A new dictionary, since other threads read the old one.
            self._cards = known = known | {card.slug: card for card in self._read_cards(col(CaseRow.slug).in_(missing))}
        return {slug: known[slug] for slug in wanted if slug in known}

    def newest(self, offset: int, limit: int, *, warnings_only: bool = False) -> tuple[int, list[Card]]:
        """How many cases are published, and a page of them, newest first."""
        wanted: list[Any] = [*_CASES]
        if warnings_only:
            wanted.append(col(CaseRow.is_warning))
        with self._reading() as session:
            total = session.exec(select(func.count()).select_from(CaseRow).where(*wanted)).one()
        return total, self._read_cards(*wanted, offset=offset, limit=limit)

    def last_changes(self) -> list[tuple[str, str, str]]:
        """(slug, city, day of the last change) of every published case in each of its versions, newest first."""
        newest_first = col(CaseRow.updated).desc(), col(CaseRow.slug)
        with self._reading() as session:
            return list(session.exec(select(CaseRow.slug, CaseRow.city, CaseRow.updated)
                                     .where(CaseRow.status == Status.PUBLISHED).order_by(*newest_first)))

    def years(self) -> tuple[int | None, int | None]:
        """The first and the last year in which a published case began; None where no case says."""
        with self._reading() as session:
            return session.exec(select(func.min(CaseRow.year), func.max(CaseRow.year))
                                .where(CaseRow.status == Status.PUBLISHED)).one()

    def of_city(self, city: str) -> list[Card]:
        """The published cases of a city."""
        return self._read_cards(CaseRow.city == city, *_CASES)

    def adopted_by(self, city: str) -> list[Card]:
        """The published cases that a city took up from elsewhere."""
        taken = select(AdoptionRow.case).where(AdoptionRow.city == city, col(AdoptionRow.status).in_(TAKEN_UP))
        return self._read_cards(col(CaseRow.slug).in_(taken), *_CASES)

    def counts(self) -> tuple[int, int, int]:
        """Published cases, their cities, their countries."""
        columns = func.count(), func.count(func.distinct(CaseRow.city)), func.count(func.distinct(CaseRow.country))
        with self._reading() as session:
            cases, cities, countries = session.exec(select(*columns).where(*_CASES)).one()
            return cases, cities, countries

    def originals(self) -> dict[str, str]:
        """Published case, in each of its versions -> its original."""
        with self._reading() as session:
            return dict(session.exec(select(CaseRow.slug, CaseRow.original)
                                     .where(CaseRow.status == Status.PUBLISHED)).all())

    def languages(self) -> list[str]:
        with self._reading() as session:
            return list(session.exec(select(CaseRow.language).where(CaseRow.status == Status.PUBLISHED).distinct()))

    def documents(self) -> dict[str, str]:
        """Slug -> digest of the indexed document, of every case that is searched."""
        with self._reading() as session:
            return dict(session.exec(select(CaseRow.slug, CaseRow.document_digest).where(CaseRow.document_digest != "")
                                     ).all())

    def renderings(self) -> dict[str, Rendered]:
        """Digest of a file -> its rendered body, of every page: what a next build need not render."""
        with self._reading() as session:
            rows = [*session.exec(select(CaseRow.digest, CaseRow.blocks)),
                    *session.exec(select(ChallengeRow.digest, ChallengeRow.blocks)),
                    *session.exec(select(CityRow.digest, CityRow.blocks))]
        return {digest: _Renderings.validate_json(blocks) for digest, blocks in rows}

    def _read_cards(self, *wanted: Any, offset: int = 0, limit: int = -1) -> list[Card]:
        newest_first = col(CaseRow.updated).desc(), col(CaseRow.year).desc(), col(CaseRow.slug)
        with self._reading() as session:
            query = select(CaseRow).where(*wanted).order_by(*newest_first).offset(offset).limit(limit)
            rows = session.exec(query).all()
            themes: dict[str, list[str]] = {}
            slugs = [row.slug for row in rows]
            for case, value in session.exec(
                    select(TagRow.case, TagRow.value)
                    .where(col(TagRow.case).in_(slugs), TagRow.vocabulary == "themes").order_by(TagRow.value)):
                themes.setdefault(case, []).append(value)
            return [_card(row, tuple(themes.get(row.slug, ()))) for row in rows]


_TABLES = (CityRow, CaseRow, ChallengeRow, AnswerRow, FileRow, HistoryRow, TextRow, TermRow, ConceptRow, TagRow,
           AdoptionRow, InspirationRow, SimilarRow)


@contextmanager
def _writing(path: Path) -> Iterator[Session]:
    database = _database(path)
    try:
        SQLModel.metadata.create_all(database, tables=[SQLModel.metadata.tables[table.__tablename__]
                                                       for table in _TABLES])
        with Session(database) as session:
            session.connection().exec_driver_sql(f"PRAGMA user_version={TABLES_VERSION}")
            yield session
            session.commit()
    except SQLAlchemyError as error:
        raise EditionError(f"The catalogue cannot be written ({error.__cause__ or error}).") from error
    finally:
        database.dispose()


def write(path: Path, *, cases: Mapping[str, Case], challenges: Mapping[str, OpenChallenge], cities: Mapping[str, City],
          vocabulary: Vocabulary, concepts: Mapping[str, Concept], rendered: Mapping[str, Rendered],
          digests: Mapping[str, str], documents: Mapping[str, str], originals: Mapping[str, str],
          similar: Mapping[str, Sequence[str]], country_names: Mapping[str, str],
          histories: Mapping[str, FileHistory], texts: Mapping[str, str]) -> None:
    """Write the catalogue of an edition to `path`, which must not exist.

    `rendered`, `digests`, `histories` and `texts` map a file's path (`cases/x.md`) to its rendered body, its digest (of
    every file, in order or not), what git knows of it and (of cases) all it says; `documents`, `originals` and
    `similar` map a published case's slug to the digest of its document, to the case that it tells in another language
    (or to itself) and to the slugs of cases like it; `country_names` maps country codes to names. Raises EditionError
    where the disk refuses.
    """
    with _writing(path) as session:
        for file, history in histories.items():
            session.add(HistoryRow(path=file, data=_Histories.dump_json(history).decode()))
        for file, text in texts.items():
            session.add(TextRow(path=file, text=text))
        for file in digests:
            session.add(FileRow(path=file))
        for city in cities.values():
            file = f"cities/{city.slug}.md"
            session.add(CityRow(slug=city.slug, digest=digests.get(file, ""), name=city.name, country=city.country,
                                data=city.model_dump_json(), blocks=_blocks(rendered[file])))
        for vocabulary_name, terms in vocabulary.items():
            for position, term in enumerate(terms.values()):
                session.add(TermRow(vocabulary=vocabulary_name, slug=term.slug, position=position,
                                    data=term.model_dump_json()))
        for concept in concepts.values():
            session.add(ConceptRow(slug=concept.slug, data=concept.model_dump_json()))
        session.flush()
        for case in cases.values():
            file, city = f"cases/{case.slug}.md", cities[case.city]
            session.add(CaseRow(
                slug=case.slug, digest=digests.get(file, ""), document_digest=documents.get(case.slug, ""),
                original=originals.get(case.slug, case.slug),
                status=case.status, title=case.title, summary=case.summary, language=case.language, city=case.city,
                city_name=city.name, country=city.country, country_name=country_names[city.country], year=case.year,
                stage=case.stage, outcome=case.outcome, evidence_level=case.evidence_level,
                taken_up=case.taken_up, updated=case.updated, checked=case.checked, is_warning=case.is_warning,
                data=case.model_dump_json(), blocks=_blocks(rendered[file])))
            for field, value in _tags(case):
                session.add(TagRow(case=case.slug, vocabulary=field, value=value))
            for position, other in enumerate(similar.get(case.slug, ())):
                session.add(SimilarRow(case=case.slug, position=position, other=other))
            for position, adoption in enumerate(case.adoptions):
                session.add(AdoptionRow(case=case.slug, position=position, city=adoption.city,
                                        status=adoption.status))
        for learner, source in sorted({(originals.get(case.slug, case.slug), originals.get(source, source))
                                       for case in cases.values() for source in case.inspired_by if source in cases}):
            session.add(InspirationRow(case=learner, source=source))
        for challenge in challenges.values():
            file = f"challenges/{challenge.slug}.md"
            session.add(ChallengeRow(slug=challenge.slug, digest=digests.get(file, ""), city=challenge.city,
                                     status=challenge.status, published=challenge.published,
                                     data=challenge.model_dump_json(), blocks=_blocks(rendered[file])))


def write_answers(path: Path, answers: Mapping[str, Sequence[Match]]) -> None:
    """Add to a catalogue what was found for each challenge, best first. Raises EditionError where the disk refuses."""
    with _writing(path) as session:
        for challenge, matches in answers.items():
            for position, match in enumerate(matches):
                session.add(AnswerRow(challenge=challenge, position=position, case=match.card.slug,
                                      strength=match.strength, score=match.score,
                                      evidence=_Evidence.dump_json(match.evidence).decode()))


def _tags(case: Case) -> set[tuple[str, str]]:
    fields = [(mark(info).vocabulary, name) for name, info in Case.front_matter()]
    pairs = {(vocabulary, value) for vocabulary, name in fields if vocabulary for value in getattr(case, name)}
    return pairs | {("tags", tag) for tag in case.tags}


def _blocks(rendered: Rendered) -> str:
    return _Renderings.dump_json(rendered).decode()


def _card(row: CaseRow, themes: tuple[str, ...]) -> Card:
    fields = {name: getattr(row, name) for name in Card.__dataclass_fields__ if name in CaseRow.model_fields}
    fields |= {"stage": Stage(row.stage), "outcome": Outcome(row.outcome), "themes": themes}
    return Card(**fields)


def _database(path: Path, *, read_only: bool = False) -> Database:
    suffix = "?mode=ro&immutable=1&uri=true" if read_only else "?uri=true"
    database = create_engine(f"sqlite:///file:{quote(path.resolve().as_posix())}{suffix}")
    if not read_only:
        @event.listens_for(database, "connect")
        def unsafe_but_fast(connection: Any, _record: Any) -> None:
            # The file is thrown away if the build does not finish, so it needs no journal of its own.
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
    return database
