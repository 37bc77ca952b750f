"""What a pull request changes, seen from all sides: its files, the content before it and with it, the library with it.

Facts only; the words for them are found above.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from innoshare import content, edition, provenance
from innoshare.case import Adoption, Case
from innoshare.config import Settings
from innoshare.content import FOLDERS, Content, vocabulary
from innoshare.content.frontmatter import MAX_FILE_BYTES, read
from innoshare.errors import BadInput, EditionError, NotFound, Problem, SettingsError
from innoshare.files import plain_bytes
from innoshare.library import Library
from innoshare.matching import Challenge, Match
from innoshare.provenance import Comparison, Difference

# Fields whose change leaves what a case tells as it was: who took it up, where that can be read, that it is still true.
# The name of a file is told as a renaming.
KEEPING = {"adoptions", "sources", "updated", "last_verified", "slug"}


@dataclass(frozen=True)
class File:
    """A changed file. `folder` is "" where it is no content; `record` is what it became, None where it is not shown."""

    path: str
    difference: Difference
    folder: str
    slug: str
    record: Any
    errors: tuple[Problem, ...]
    advice: tuple[Problem, ...]

    @property
    def is_there(self) -> bool:
        return self.difference.kind != "removed"


@contextmanager
def looked_at(settings: Settings, base: str) -> "Iterator[Change | None]":
    """What changes in the content since the revision `base`; None where that is nothing.

    The library with the change is built aside: what is published stays as it is. Raises GitError where git does not
    know what changes.
    """
    root = settings.content
    comparison = provenance.changed(root, base)
    if not comparison.files:
        yield None
        return
    paths = provenance.paths_at(root, comparison.base)
    unchanged = paths - {difference.old for difference in comparison.files.values()}
    before, now = _before(root, comparison, unchanged), content.read(root)
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        library, trouble, not_rendered = _library(settings, now, data)
        if library:
            stack.callback(library.close)
        yield Change(settings, comparison, unchanged, before, now, library, trouble, not_rendered)


def _before(root: Path, comparison: Comparison, unchanged: Collection[str]) -> Content:
    """The content as it was where the change departed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / os.fsdecode(content.label(root).encode())
        for place in FOLDERS:
            (copy / place).mkdir(parents=True, exist_ok=True)
        for path in unchanged:
            if _folder(path) in ("", *FOLDERS):
                with suppress(OSError):  # what cannot be read now could not be read before
                    shutil.copyfile(root / path, copy / path, follow_symlinks=False)
        for difference in comparison.files.values():
            if is_content(difference.old):
                data = provenance.text_at(root, comparison.base, difference.old)
                if data is not None:
                    (copy / difference.old).write_bytes(data)
        return content.read(copy)


def _library(settings: Settings, now: Content, data: Path) -> tuple[Library | None, str, Mapping[str, str]]:
    """The library with the change, kept in `data`; or None and why there is none. And why bodies cannot be rendered,
    by path."""
    with suppress(OSError):  # they only save time
        for vectors in settings.data.glob("vectors-*.npz"):
            shutil.copy(vectors, data)
    try:
        built = edition.build(settings.content, data, embeddings=settings.embeddings, found=now)
        if not built.fingerprint:
            return None, "No case can be shown as the content is now", built.not_rendered
        return Library.open(settings.model_copy(update={"data": data})), "", built.not_rendered
    except (EditionError, SettingsError) as error:
        return None, str(error).rstrip("."), {}


def is_content(path: str) -> bool:
    """Whether a path, which somebody else has chosen, is that of a content file."""
    folder, name = _folder(path), path.rpartition("/")[2]
    return folder in FOLDERS and name.endswith(FOLDERS[folder]) and "\0" not in name


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@dataclass
class Change:
    """A change of the content. `unchanged` are the paths of all files that it leaves as they were; `library` is the one
    with the change, None for the reason `trouble`; `not_rendered` says by path why a body cannot be shown."""

    settings: Settings
    comparison: Comparison
    unchanged: frozenset[str]
    before: Content
    now: Content
    library: Library | None
    trouble: str
    not_rendered: Mapping[str, str]

    def named(self, path: str) -> str:
        """What Problems call the file of a path."""
        return f"{content.label(self.settings.content)}/{content.printable(path)}"

    # --- files ---

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The changed files, those with mistakes first."""
        found = [self._file(path, difference) for path, difference in self.comparison.files.items()]
        return tuple(sorted(found, key=lambda file: (not file.errors, file.path)))

    def _file(self, path: str, difference: Difference) -> File:
        folder, slug = _folder(path) if is_content(path) else "", Path(path).stem
        record = self.now.records.get(folder, {}).get(slug)
        mine = list(self._problems.get(self.named(path), ()))
        if path in self.not_rendered and record is not None:
            mine.append(Problem(path, 1, 1, "body", "error", "The text cannot be shown: "
                                f"{self.not_rendered[path].rstrip('.')}.", "Write it more simply."))
            record = None
        errors, advice = (tuple(one for one in mine if one.level == level) for level in ("error", "advice"))
        return File(path, difference, folder, slug, record, errors, advice)

    def was(self, file: File) -> Any:
        """The record that a file was before; None where it was none, or a draft."""
        return self.before.records.get(_folder(file.difference.old), {}).get(Path(file.difference.old).stem)

    def tells_the_same(self, file: File) -> bool:
        """Whether a case tells what it told before, all but what belongs to keeping it (KEEPING)."""
        before = self.was(file)
        return isinstance(before, Case) and isinstance(file.record, Case) and (
            before.model_dump(exclude=KEEPING) == file.record.model_dump(exclude=KEEPING))

    def taken_up(self, file: File) -> tuple[Adoption, ...]:
        """What the ledger of a case says that it did not say before."""
        before = self.was(file)
        if not isinstance(before, Case) or not isinstance(file.record, Case):
            return ()
        return tuple(item for item in file.record.adoptions if item not in before.adoptions)

    def checked_again(self, file: File) -> str:
        """The day on which a case was looked at again, as its change says; "" where it says nothing of it."""
        before = self.was(file)
        is_new = isinstance(before, Case) and isinstance(file.record, Case) and (
            before.last_verified != file.record.last_verified)
        return file.record.last_verified or "" if is_new else ""

    @cached_property
    def _problems(self) -> Mapping[str, Sequence[Problem]]:
        """The Problems of each file, since a change may be of thousands."""
        found: dict[str, list[Problem]] = {}
        for problem in self.now.problems:
            found.setdefault(problem.path, []).append(problem)
        return found

    @cached_property
    def caused(self) -> tuple[Problem, ...]:
        """Problems that files have which do not change, and had not before."""
        unchanged = {self.named(path) for path in self.unchanged}
        known = {(one.path, one.field, one.message) for one in self.before.problems}
        return tuple(one for one in self.now.problems
                     if one.path in unchanged and (one.path, one.field, one.message) not in known)

    def header(self, file: File) -> dict[str, Any]:
        """The header as it is written; what was refused in it left out."""
        data = self._bytes(file)
        values = read(data, file.path).values if data is not None else {}
        return {name: value for name, value in values.items() if isinstance(value, (str, list, dict)) and value}

    def _bytes(self, file: File) -> bytes | None:
        """The bytes of a plain file, as far as content is read; None where there is none."""
        try:
            return plain_bytes(self.settings.content / file.path, MAX_FILE_BYTES)
        except OSError:
            return None

    # --- what the library says of them ---

    @cached_property
    def pages(self) -> tuple[tuple[str, str], ...]:
        """(folder, slug) of every changed page that the library shows."""
        return tuple((file.folder, file.slug) for file in self.files if file.is_there and self.entry(file) is not None)

    def entry(self, file: File) -> Any:
        """What the library shows of a file; None where that is nothing."""
        if self.library is None or file.record is None:
            return None
        asked = {"cases": self.library.entry, "challenges": self.library.challenge, "cities": self.library.city}
        try:
            return asked[file.folder](file.slug)
        except NotFound:
            return None

    def answers(self, challenge: Any, language: Any) -> Sequence[Match]:
        """The cases that answer a challenge which is in no library, by the header of its file."""
        if self.library is None or not isinstance(challenge, str):
            return ()
        known = language if isinstance(language, str) and language in self.settings.languages else ""
        try:
            answer = self.library.match(Challenge.of(challenge, language=known))
        except BadInput:
            return ()
        return (*answer.matches, *answer.cautions)

    # --- what the change does elsewhere ---

    def users(self, file: File) -> dict[str, str]:
        """Path -> how, of every page that refers to a file."""
        return dict(_references(self.now, file.folder, file.slug))

    def left_behind(self, file: File) -> dict[str, str]:
        """The same of the name that a removed or renamed file had, with those pages that are not shown any more."""
        folder, slug = _folder(file.difference.old), Path(file.difference.old).stem
        here = self.unchanged | {one.path for one in self.files if one.is_there and one.record is None}
        return {**{path: how for path, how in _references(self.before, folder, slug) if path in here},
                **dict(_references(self.now, folder, slug))}

    # --- words ---

    def words(self, file: File) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """(language, word) of every word that a file of concepts adds, and of every one that it takes away."""
        old = file.difference.old
        before = provenance.text_at(self.settings.content, self.comparison.base, old) if old else None
        then, now = (_concept_words(file.path, data, self.now) for data in (before, self._bytes(file)))
        return now - then, then - now

    def values(self, file: File) -> tuple[set[str], set[str]]:
        """The values that a vocabulary adds, and those that it takes away."""
        then, now = (set(found.vocabulary.get(file.slug, {})) for found in (self.before, self.now))
        return now - then, then - now


def _references(found: Content, folder: str, slug: str) -> Iterator[tuple[str, str]]:
    """(path, how) of every page that refers to another one."""
    for case in found.cases.values():
        path = f"cases/{case.slug}.md"
        if folder == "cities":
            if case.city == slug:
                yield path, "its city"
            elif any(adoption.city == slug for adoption in case.adoptions):
                yield path, "under `adoptions`"
        elif folder == "cases" and case.slug != slug:
            if slug in case.inspired_by:
                yield path, "under `inspired_by`"
            elif case.translation_of == slug:
                yield path, "under `translation_of`"
            elif any(item.case == slug for item in case.translations):
                yield path, "under `translations`"
    for challenge in found.challenges.values():
        if (folder, challenge.city) == ("cities", slug):
            yield f"challenges/{challenge.slug}.md", "its city"
        elif folder == "cases" and slug in challenge.answered_by:
            yield f"challenges/{challenge.slug}.md", "under `answered_by`"
    for kind, records in found.records.items():
        for record in records.values():
            if (kind, record.slug) != (folder, slug) and re.search(
                    rf"\]\(/{re.escape(folder)}/{re.escape(slug)}(?![a-z0-9-])", record.body):
                yield f"{kind}/{record.slug}.md", "a link in the text"


def _concept_words(path: str, data: bytes | None, now: Content) -> set[tuple[str, str]]:
    """(language, word) of a file of concepts."""
    concepts = vocabulary.concepts([(path, data)], now.vocabulary)[0] if data else {}
    return {(language, word) for concept in concepts.values() for language, words in concept.names.items()
            for word in words}
