"""Editions: immutable, fingerprinted builds of the library on disk.

    <data>/current                   the pointer: a text file with the fingerprint of the published edition
    <data>/editions/<fingerprint>/   catalogue.sqlite, index/ (Whoosh and arrays), edition.json, in-use
    <data>/vectors-<model>.npz       the vectors of all texts, for the next build

An edition is built in a directory of its own, renamed to its fingerprint when it is whole, and published by
replacing the pointer in one atomic step. Whoever reads keeps the edition it opened: `in-use` is locked (shared)
while open, and pruning leaves locked editions alone. A build of changed content that is killed at any moment leaves
the published edition as it was; its litter goes with the next build.

The fingerprint covers the bytes of the content, what git knows of them, and the recipe: the code that makes an edition
and the versions of the libraries it uses. So nobody has to remember to raise a version, and a stale edition cannot pass
for a fresh one.

Decision: a build reuses what has not changed (rendered bodies, indexed documents, vectors) from the published edition,
but only when that was made by the same recipe. Index files are unpickled by Whoosh, so an edition is trusted local
data: it is never accepted from outside, always built from Markdown.
"""

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import portalocker
from babel import Locale, localedata

from innoshare import catalogue, content, provenance, render, vectors
from innoshare.case import Case, City, OpenChallenge, Result
from innoshare.catalogue import Catalogue
from innoshare.choices import LANGUAGES, Section
from innoshare.content import Content
from innoshare.errors import BadInput, EditionError, Problem
from innoshare.matching import Challenge, Match, Matcher
from innoshare.provenance import History
from innoshare.render import Rendered
from innoshare.search import SIDES, Document, Engine, document, whoosh, words_of
from innoshare.search.concepts import Concepts
from innoshare.vectors import Embedder

# Modules whose code decides what stands in an edition, and libraries whose versions do.
RECIPE_MODULES = ("case.py", "choices.py", "content", "render", "catalogue.py", "edition.py", "matching.py",
                  "provenance", "search", "vectors.py")
RECIPE_LIBRARIES = ("markdown", "nh3", "pystemmer", "babel", "pydantic", "pyyaml", "sqlmodel")

# Fields whose sentences can answer a challenge, in the order in which ties are broken.
PASSAGE_FIELDS = ("challenge", "summary", "results", "lessons", "what_failed", "success_factors", "limiting_factors",
                  "core", "adaptable", "prerequisites", "side_effects")

NO_HISTORY = History({}, "", "", False, "Nothing is known of the history of these records.")

SIMILAR = 3  # Cases like a case that its page names: a row of cards.

FINGERPRINT_LENGTH = 20  # 80 bits: short enough for a folder's name and an ETag, far beyond accidental collision.
LOCK_SECONDS = 600  # How long a build waits for another one; a full build of 10,000 cases takes two to three minutes.

Progress = Callable[[str, int, int], None]  # (what is being done, done so far, in all)


@dataclass(frozen=True)
class Built:
    """What a build did. `fresh` is False where the published edition was already this one."""

    fingerprint: str
    fresh: bool
    cases: int
    cities: int
    rendered: int = 0
    indexed: int = 0
    problems: tuple[Problem, ...] = ()
    not_rendered: Mapping[str, str] = field(default_factory=dict)


class Edition:
    """An open edition: its catalogue and its index. Close it, or it is never pruned while this process lives."""

    def __init__(self, directory: Path, lock: Any, embedder: Embedder | None, sides: Set[str]) -> None:
        self._lock = lock
        try:
            self.about: dict[str, Any] = json.loads((directory / "edition.json").read_text(encoding="utf-8"))
            self.fingerprint: str = self.about["fingerprint"]
            self.built: str = self.about["built"]
            self.history_reason: str = self.about["history"]["reason"]
            if _checksum(directory / "catalogue.sqlite") != self.about["catalogue"]:
                raise ValueError("the catalogue is not as it was written")
            self.engine = whoosh.WhooshEngine(directory / "index", embedder, sides=sides)
            self.catalogue = Catalogue(directory / "catalogue.sqlite")
        except EditionError:
            lock.close()
            raise
        except Exception as error:  # Whatever a damaged file makes of itself: who runs this needs one thing.
            lock.close()
            raise EditionError(f"The edition {directory.name} cannot be read ({error}); build the library again "
                               "with `innoshare build`.") from error

    def close(self) -> None:
        self.engine.close()
        self.catalogue.close()
        self._lock.close()


def published(data: Path) -> str | None:
    """The fingerprint that the pointer in `data` names; None where nothing has been published, or the pointer is not
    one."""
    try:
        name = (data / "current").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return name if re.fullmatch(r"[a-z0-9-]{1,64}", name) else None


def publication(data: Path) -> tuple[int, int] | None:
    """Changes whenever an edition is published, also if it is the same one built again; None before the first."""
    try:
        pointer = (data / "current").stat()
    except OSError:
        return None
    return pointer.st_ino, pointer.st_mtime_ns


def open_published(data: Path, embeddings: str = vectors.STATIC, sides: Set[str] = SIDES) -> Edition:
    """Open the published edition of `data`, to be asked with the embeddings it was built with, or with `none`.

    `sides` are those from which its engine looks at questions. Raises EditionError where there is no edition or it
    cannot be read, SettingsError where the embeddings cannot be had.
    """
    embedder = vectors.embedder(embeddings)
    while fingerprint := published(data):
        directory = data / "editions" / fingerprint
        try:
            lock = (directory / "in-use").open("rb")
        except OSError as error:
            if published(data) != fingerprint:
                continue  # Replaced and pruned between the two looks.
            raise EditionError(f"The edition {fingerprint} is missing; build the library again.") from error
        try:
            portalocker.lock(lock, portalocker.LockFlags.SHARED | portalocker.LockFlags.NON_BLOCKING)
        except portalocker.AlreadyLocked:
            lock.close()
            continue  # Being pruned right now; the pointer has moved on.
        except portalocker.LockException as error:
            lock.close()
            raise EditionError(f"The disk of {data} knows no file locks ({error}); set INNOSHARE_DATA to a folder on "
                               "one that does.") from error
        if directory.exists():
            return Edition(directory, lock, embedder, sides)
        lock.close()
    raise EditionError("Nothing has been built yet; run `innoshare build`.")


def fingerprint(root: Path, embeddings: str = vectors.STATIC, digests: Mapping[str, str] | None = None) -> str:
    """The fingerprint of an edition of the content in `root`, whose files have these `digests` if they are known
    already. Raises SettingsError as `build` does."""
    files = content.digests(root) if digests is None else digests
    return _hash([recipe(), vectors.name_of(embeddings), provenance.state(root),
                  sorted(files.items())])[:FINGERPRINT_LENGTH]


@cache
def recipe() -> str:
    """What editions are made with: a digest of code and library versions."""
    package = Path(__file__).parent
    files = sorted(file for name in RECIPE_MODULES
                   for file in ((package / name).rglob("*.*") if (package / name).is_dir() else [package / name])
                   if file.suffix != ".pyc")
    code = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return _hash([code, [version(name) for name in RECIPE_LIBRARIES], whoosh.FORMAT])


def build(root: Path, data: Path, *, embeddings: str = vectors.STATIC, strict: bool = False, force: bool = False,
          found: Content | None = None, progress: Progress = lambda _what, _done, _all: None) -> Built:
    """Build an edition of the content in `root` and publish it in `data`, unless it is published already.

    `embeddings` is what INNOSHARE_EMBEDDINGS says; `found` what `content.read` says of `root`, for who has read it.

    Files with mistakes are left out and reported. Nothing is published (the fingerprint of what is returned is empty)
    where no valid case is left, so that bad content never replaces a good edition; with `strict` neither where any
    file has a mistake. `force` builds even what is already there. Raises EditionError where `data` cannot be written
    to or another build does not end, SettingsError where the embeddings cannot be had.
    """
    with _only_builder(data):
        name = fingerprint(root, embeddings, found.digests if found else None)
        _sweep(data)
        about = None if force or name != published(data) else _about_published(data)
        if about and not about["not_rendered"] and not about["history"]["failed"]:
            return Built(name, False, about["cases"], about["cities"],
                         problems=tuple(Problem(**problem) for problem in about["problems"]))
        progress("Reading", 0, 1)
        found = found or content.read(root)
        errors = [problem for problem in found.problems if problem.level == "error"]
        if not found.cases or (strict and errors):
            return Built("", False, len(found.cases), len(found.cities), problems=found.problems)
        progress("Reading", 1, 1)
        # Of the bytes that were read: files may have changed a moment ago.
        name = fingerprint(root, embeddings, found.digests)
        previous = _previous(data)
        rendered, not_rendered, missing = _render(found, previous, progress)
        if not any(f"cases/{slug}.md" in rendered for slug in found.cases):
            return Built("", False, 0, 0, problems=found.problems, not_rendered=not_rendered)
        cases, cities, indexed = _make(data, name, found, rendered, not_rendered, provenance.history(root), previous,
                                       embeddings, progress)
        prune(data)
        return Built(name, True, cases, cities, missing, indexed, found.problems, not_rendered)


def build_from(found: Content, rendered: Mapping[str, Rendered], data: Path, embeddings: str = vectors.STATIC,
               progress: Progress = lambda _what, _done, _all: None) -> None:
    """Build and publish an edition of records that never were files. `rendered` maps what would be their paths to
    their bodies."""
    with _only_builder(data):
        _make(data, "from-records", found, rendered, {}, NO_HISTORY, _Previous(), embeddings, progress)


def prune(data: Path) -> None:
    """Delete editions that are neither published nor open anywhere."""
    keep = published(data)
    for directory in (data / "editions").iterdir():
        if directory.is_dir() and directory.name != keep:
            _delete_unless_open(directory)


def _sweep(data: Path) -> None:
    """Delete what killed builds left behind: folders with a dot, which only the one builder, who calls this, makes."""
    for directory in (data / "editions").glob(".*"):
        shutil.rmtree(directory, ignore_errors=True)


def _delete_unless_open(directory: Path) -> None:
    try:
        with (directory / "in-use").open("rb") as lock:
            portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
            gone = directory.with_name(f".old-{directory.name}")
            directory.rename(gone)
    except portalocker.LockException:
        return  # Somebody reads it.
    except FileNotFoundError:
        gone = directory  # Not a whole edition.
    shutil.rmtree(gone, ignore_errors=True)


@dataclass(frozen=True)
class _Previous:
    """What a build may take over from the published edition. All empty where the recipe was another."""

    index: Path | None = None
    renderings: Mapping[str, Rendered] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


def _previous(data: Path) -> _Previous:
    try:
        edition = open_published(data, vectors.NONE)
    except EditionError:
        return _Previous()
    try:
        if edition.about.get("recipe") != recipe():
            return _Previous()
        return _Previous(data / "editions" / edition.fingerprint / "index", edition.catalogue.renderings(),
                         edition.catalogue.documents())
    finally:
        edition.close()


def _make(data: Path, name: str, found: Content, rendered: Mapping[str, Rendered], not_rendered: Mapping[str, str],
          history: History, previous: _Previous, embeddings: str, progress: Progress) -> tuple[int, int, int]:
    """Build an edition beside the published one, then publish it. Returns its number of cases and cities, and how
    many documents were indexed anew. Raises EditionError, and leaves nothing behind, where the disk refuses."""
    editions = data / "editions"
    directory, replaced = editions / f".building-{name}", editions / f".old-{name}"
    try:
        directory.mkdir(parents=True)
        model = vectors.embedder(embeddings)
        remembered = vectors.Remembered(model, data, recipe()) if model else None
        made = _write(directory, name, found, rendered, not_rendered, history, previous, remembered, progress)
        if remembered:
            remembered.save()
        target = editions / name
        if target.exists():  # Not published any more, damaged, or built again by force.
            target.rename(replaced)
        directory.rename(target)
        _publish(data, name)
        return made
    except (OSError, shutil.Error) as error:
        raise EditionError(f"The edition could not be written ({error}).") from error
    finally:
        for left in (directory, replaced):
            shutil.rmtree(left, ignore_errors=True)


def _write(directory: Path, name: str, found: Content, rendered: Mapping[str, Rendered],
           not_rendered: Mapping[str, str], history: History, previous: _Previous, embedder: Embedder | None,
           progress: Progress) -> tuple[int, int, int]:
    """Write a whole edition into an empty `directory`. Returns what `_make` does."""
    cities = {slug: city for slug, city in found.cities.items() if f"cities/{slug}.md" in rendered}
    cases = {slug: case for slug, case in found.cases.items()
             if f"cases/{slug}.md" in rendered and case.city in cities}
    challenges = {slug: challenge for slug, challenge in found.challenges.items()
                  if f"challenges/{slug}.md" in rendered and challenge.city in cities}
    # In every language: whoever asks in another than the case's finds it at least by its theme.
    labels = {name: {slug: "\n".join(dict.fromkeys(term.label.values())) for slug, term in terms.items()}
              for name, terms in found.vocabulary.items()}
    originals = content.originals(cases)
    cases |= {slug: content.with_ledger(cases[slug], cases[original]) for slug, original in originals.items()
              if slug != original}
    documents = [_document(cases[slug], original, cities[cases[slug].city], labels, rendered[f"cases/{slug}.md"])
                 for slug, original in originals.items()]
    digests = {item.slug: _hash(asdict(item)) for item in documents}
    changed: set[str] | None = None
    if previous.index is not None:
        shutil.copytree(previous.index, directory / "index")
        changed = {slug for slug, digest in digests.items() if previous.documents.get(slug) != digest}
    indexed = whoosh.build(directory / "index", documents, changed, _counted("Indexing", len(documents), progress),
                           Concepts.compiled(found.concepts.values()), embedder)
    engine = whoosh.WhooshEngine(directory / "index", embedder)
    try:
        catalogue.write(directory / "catalogue.sqlite", cases=cases, challenges=challenges, cities=cities,
                        vocabulary=found.vocabulary, concepts=found.concepts, rendered=rendered,
                        digests=found.digests, documents=digests, originals=originals,
                        similar=_similar(engine, documents, cases, progress),
                        country_names={city.country: country_name(city.country) for city in cities.values()},
                        histories={path: known for path, known in history.files.items() if path in rendered},
                        texts={path: text for path, text in found.texts.items() if path in rendered})
        shelf = Catalogue(directory / "catalogue.sqlite")
        try:
            answers = _answers(Matcher(engine, shelf, cities), challenges, progress)
        finally:
            shelf.close()
        catalogue.write_answers(directory / "catalogue.sqlite", answers)
    finally:
        engine.close()
    (directory / "in-use").touch()
    (directory / "edition.json").write_text(json.dumps({
        "fingerprint": name, "recipe": recipe(), "built": datetime.now(UTC).isoformat(timespec="seconds"),
        "catalogue": _checksum(directory / "catalogue.sqlite"),
        "cases": len(cases), "cities": len(cities), "problems": [asdict(problem) for problem in found.problems],
        "not_rendered": dict(not_rendered),
        "history": {"reason": history.reason, "failed": history.failed},
    }, indent=1), encoding="utf-8")
    return len(cases), len(cities), indexed


def _similar(engine: Engine, documents: Sequence[Document], cases: Mapping[str, Case], progress: Progress
             ) -> dict[str, tuple[str, ...]]:
    """For each case those like it, by its title and its challenge, that share a theme with it."""
    step = _counted("Comparing", len(documents), progress)
    similar = {}
    for item in documents:
        told = f"{item.texts['title']}\n{item.texts['challenge']}"
        found = engine.similar(item.slug, told, item.language, 2 * SIMILAR)
        similar[item.slug] = tuple(other for other in found
                                   if set(cases[other].themes) & set(cases[item.slug].themes))[:SIMILAR]
        step(item.slug)
    return similar


def _answers(matcher: Matcher, challenges: Mapping[str, OpenChallenge], progress: Progress
             ) -> dict[str, tuple[Match, ...]]:
    step = _counted("Matching", len(challenges), progress)
    answers: dict[str, tuple[Match, ...]] = {}
    for slug, challenge in challenges.items():
        answers[slug] = answers_to(challenge, matcher)
        step(slug)
    return answers


def answers_to(challenge: OpenChallenge, matcher: Matcher) -> tuple[Match, ...]:
    """The cases that answer a challenge of the wanted board, then those that warn of it; each best first. None where it
    is too short to be answered: it is shown all the same."""
    try:
        asked = Challenge.of(challenge.challenge, matcher.cities[challenge.city], _asked_in(challenge.language))
    except BadInput:
        return ()
    found = matcher.match(asked)
    return (*found.matches, *found.cautions)


def _asked_in(language: str) -> str:
    """The language to tell the matcher; "" where it is none of those it expects, and has to find out itself."""
    return language if language in LANGUAGES else ""


def _render(found: Content, previous: _Previous, progress: Progress
            ) -> tuple[dict[str, Rendered], dict[str, str], int]:
    """Path -> rendered body; path -> why it could not be rendered; how many were rendered anew."""
    bodies = {f"{folder}/{slug}.md": record.body
              for folder, records in found.records.items() for slug, record in records.items()}
    kept = {path: previous.renderings[digest] for path in bodies
            if (digest := found.digests[path]) in previous.renderings}
    missing = {path: body for path, body in bodies.items() if path not in kept}
    fresh, failed = render.render_all(missing, _counted("Rendering", len(missing), progress))
    return kept | fresh, failed, len(missing)


def _document(case: Case, original: str, city: City, labels: Mapping[str, Mapping[str, str]],
              rendered: Rendered) -> Document:
    countries = {country_name(city.country, language) for language in (*LANGUAGES, case.language)}
    return document(case, original, city, sorted(countries), labels, rendered.text, _passages(case, rendered))


def _passages(case: Case, rendered: Rendered) -> Iterator[tuple[str, str]]:
    """(field, sentence) of everything in a case that could answer somebody's challenge."""
    for name in PASSAGE_FIELDS:
        value = getattr(case, name)
        for item in value if isinstance(value, list) else [value]:
            told = f"{item.metric}: {item.value}" if isinstance(item, Result) else ", ".join(words_of(item, False))
            yield from ((name, sentence) for sentence in render.sentences(told))
    for block in rendered.blocks:
        name = block.section.value if isinstance(block.section, Section) else "body"
        yield from ((name, sentence) for sentence in render.sentences(block.text))


@cache
def country_name(code: str, language: str = "en") -> str:
    """A country's name in `language`, else in English, else its code."""
    for tag in (language, "en"):
        names: Mapping[str, str] = Locale(tag).territories if localedata.exists(tag) else {}
        if code in names:
            return names[code]
    return code


def _counted(what: str, total: int, progress: Progress) -> Callable[[str], None]:
    done = 0

    def step(_item: str) -> None:
        nonlocal done
        done += 1
        progress(what, done, total)

    progress(what, 0, total)
    return step


@contextmanager
def _only_builder(data: Path) -> Iterator[None]:
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = portalocker.Lock(data / "build.lock", timeout=LOCK_SECONDS)
        lock.acquire()
    except portalocker.LockException as error:
        raise EditionError(f"Another build in {data} has not ended within {LOCK_SECONDS} seconds.") from error
    except OSError as error:
        raise EditionError(f"Cannot write to {data} ({error.strerror or error}); set INNOSHARE_DATA to a folder that "
                           "this user can write to.") from error
    try:
        yield
    finally:
        lock.release()


def _publish(data: Path, name: str) -> None:
    beside = data / "current.new"
    with beside.open("w", encoding="ascii") as pointer:
        pointer.write(name + "\n")
        pointer.flush()
        os.fsync(pointer.fileno())
    beside.replace(data / "current")


def _about_published(data: Path) -> dict[str, Any] | None:
    """What the published edition says of itself; None where it cannot be read, and so must be built again."""
    try:
        edition = open_published(data, vectors.NONE)
    except EditionError:
        return None
    edition.close()
    return edition.about


def _checksum(path: Path) -> int:
    """Finds damage by accident, in a tenth of a second for 100 MB; who could write here could do worse than lie."""
    return zlib.crc32(path.read_bytes())


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
