"""What a pull request is told: the text of one comment, the same on every code host and on a laptop.

`review` compares the content with the revision that it departed from and tells, file by file, what is fine and what to
mend, how complete a case is and what readers would ask next, which cases are like it, and which open challenges it
answers; and what the change does to files that it does not touch.

Decision: the text says what the check says about these files, and the check alone decides. So there is a text whatever
the content holds; where no library can be built of it, what only a library can tell is left out.

Decision: nothing of a contribution is trusted. Its words pass through `markdown_text` or stand in a code span; every
link is made here of a name that is a slug, and leads to the library's own site or its repository.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from babel import Locale

from innoshare import content, drafting, edition, provenance
from innoshare.case import VOCABULARIES, Card, Case, City, OpenChallenge, front_matter
from innoshare.choices import ChallengeStatus, Status
from innoshare.config import Settings
from innoshare.content import CONCEPTS, FOLDERS, Content, vocabulary
from innoshare.content.frontmatter import MAX_FILE_BYTES, read
from innoshare.errors import BadInput, EditionError, NotFound, Problem, SettingsError
from innoshare.files import plain_bytes
from innoshare.forge_api import MARKER, MAX_COMMENT
from innoshare.library import Library
from innoshare.matching import Challenge, Match
from innoshare.provenance import Comparison, Difference
from innoshare.report import markdown_text

# What one file may take of a comment, so that one bad file does not hide the others: more than anybody mends at once.
MAX_ERRORS, MAX_ADVICE = 20, 10
MAX_NAMED = 10  # Files, cases or words in one list; the rest is counted.
MAX_ALIKE = 3  # Cases that look like one: who has three to compare has enough.
MAX_ASKED = 3  # Missing fields that are asked for: one can be answered today, three this week.
MAX_WORDS = 300  # Characters of a contributed sentence that is quoted; the longest title has 100, a challenge 600.

# Room for the last sentences of a comment that was cut.
_END = 1_000

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLAIN_PATH = re.compile(r"[\w./ -]{1,200}", re.ASCII)
_PLAIN_FIELD = re.compile(r"[a-z0-9_.-]{1,100}")
_CODE = re.compile(r"(?<!`)`[^`|\n]+`(?!`)")

Show = Callable[[Library, Sequence[tuple[str, str]]], str]


def review(settings: Settings, base: str, show: Show | None = None) -> str:
    """The comment on what changes in the content since the revision `base`, in Markdown; its first line is MARKER.

    `show` is given the library with the change, and the (folder, slug) of every page of it that can be seen, and
    returns where they can be looked at. Raises GitError where git does not know what changes.
    """
    root = settings.content
    comparison = provenance.changed(root, base)
    if not comparison.files:
        return f"{MARKER}\nThank you. Nothing in the content of the library changes here, so there is nothing to say.\n"
    with ExitStack() as stack:
        before = stack.enter_context(_before(root, comparison))
        now = content.read(root)
        library, trouble, not_rendered = _library(settings)
        if library:
            stack.callback(library.close)
        look = _Look(settings, comparison, before, now, library, trouble, not_rendered)
        where = show(library, look.pages) if show and library and look.pages else ""
        return look.text(where)


@contextmanager
def _before(root: Path, comparison: Comparison) -> Iterator[Content]:
    """The content as it was where the change departed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (root.absolute().name or "content")
        copy.mkdir()
        for path in content.digests(root):
            if path not in comparison.files and (data := _bytes(root / path)) is not None:
                _put(copy / path, data)
        for difference in comparison.files.values():
            if difference.old and _counts(difference.old):
                data = provenance.text_at(root, comparison.base, difference.old)
                if data is not None:
                    _put(copy / difference.old, data)
        yield content.read(copy)


def _counts(path: str) -> bool:
    """Whether a path, which somebody else has chosen, is that of a content file."""
    folder, _, name = path.rpartition("/")
    return name.endswith(FOLDERS.get(folder, "//")) and "\0" not in name


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _bytes(path: Path) -> bytes | None:
    """The bytes of a plain file, as far as content is read; None where there is none."""
    try:
        return plain_bytes(path, MAX_FILE_BYTES)
    except OSError:
        return None


def _library(settings: Settings) -> tuple[Library | None, str, Mapping[str, str]]:
    """The library with the change; or None and why there is none. And why bodies cannot be rendered, by path."""
    try:
        built = edition.build(settings.content, settings.data, embeddings=settings.embeddings)
        if not built.fingerprint:
            return None, "No case can be shown as the content is now", built.not_rendered
        return Library.open(settings), "", built.not_rendered
    except (EditionError, SettingsError) as error:
        return None, str(error).rstrip("."), {}


@dataclass(frozen=True)
class _File:
    """A changed file. `folder` is "" where it is no content; `record` is what it became, None where it is not shown."""

    path: str
    difference: Difference
    folder: str
    slug: str
    record: Any
    errors: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()

    @property
    def there(self) -> bool:
        return self.difference.kind != "removed"


@dataclass
class _Look:
    """A change, looked at from all sides."""

    settings: Settings
    comparison: Comparison
    before: Content
    now: Content
    library: Library | None
    trouble: str
    not_rendered: Mapping[str, str]
    label: str = field(init=False)

    def __post_init__(self) -> None:
        self.label = self.settings.content.absolute().name or "content"

    # --- what there is ---

    @cached_property
    def files(self) -> tuple[_File, ...]:
        """The changed files, those with mistakes first."""
        found = [self._file(path, difference) for path, difference in self.comparison.files.items()]
        return tuple(sorted(found, key=lambda file: (not file.errors, file.path)))

    def _file(self, path: str, difference: Difference) -> _File:
        folder = path.rpartition("/")[0] if _counts(path) else ""
        slug = Path(path).stem
        record = {"cases": self.now.cases, "challenges": self.now.challenges, "cities": self.now.cities}.get(
            folder, {}).get(slug) if _SLUG.fullmatch(slug) else None
        mine = [problem for problem in self.now.problems if problem.path == self._told(path)]
        if path in self.not_rendered and record is not None:
            mine.append(Problem(path, 1, 1, "body", "error", "The text cannot be shown: "
                                f"{self.not_rendered[path].rstrip('.')}.", "Write it more simply."))
            record = None
        errors, advice = (tuple(one for one in mine if one.level == level) for level in ("error", "advice"))
        return _File(path, difference, folder, slug, record, errors, advice)

    @cached_property
    def caused(self) -> tuple[Problem, ...]:
        """Problems that files have which do not change, and had not before."""
        changed = {self._told(path) for path in self.comparison.files}
        known = {(one.path, one.field, one.message) for one in self.before.problems}
        return tuple(one for one in self.now.problems
                     if one.path not in changed and (one.path, one.field, one.message) not in known)

    @cached_property
    def pages(self) -> tuple[tuple[str, str], ...]:
        """(folder, slug) of every changed page that the library shows."""
        return tuple((file.folder, file.slug) for file in self.files if file.there and self._entry(file) is not None)

    def _entry(self, file: _File) -> Any:
        """What the library shows of a file; None where that is nothing."""
        if self.library is None or file.record is None:
            return None
        asked = {"cases": self.library.entry, "challenges": self.library.challenge, "cities": self.library.city}
        try:
            return asked[file.folder](file.slug)
        except NotFound:
            return None

    def _told(self, path: str) -> str:
        """What Problems call the file of a path."""
        return f"{self.label}/{content.printable(path)}"

    # --- the text ---

    def text(self, where: str) -> str:
        """The comment; `where` says where previews are, if anywhere."""
        end = "".join(f"\n{line}\n" for line in self._end(where))
        parts, left = [f"{MARKER}\n{self._greeting()}\n"], MAX_COMMENT - _END - len(end)
        sections = [*(self._section(file) for file in self.files), *self._because()]
        left -= len(parts[0])
        for number, section in enumerate(sections):
            if len(section) > left:
                more = _count(len(sections) - number, "file")
                parts.append(f"\nThere is more to say than a comment can hold: {more} not told of here. "
                             "`innoshare check` names every mistake.\n")
                break
            parts.append(section)
            left -= len(section)
        return "".join(parts) + end

    def _greeting(self) -> str:
        files = _count(len(self.files), "file")
        looked = f"**Thank you for this contribution.** {files} of the content changed"
        errors = sum(len(file.errors) for file in self.files) + sum(one.level == "error" for one in self.caused)
        if not errors:
            return f"{looked}, and nothing has to be mended."
        return (f"{looked}. {_count(errors, 'thing')} {'has' if errors == 1 else 'have'} to be mended before readers "
                "can see all of it. Each is named below, with what to write instead. Change the file again as often as "
                "you like; this text follows by itself.")

    def _end(self, where: str) -> Iterator[str]:
        if self.trouble:
            yield (f"What only a built library can tell is missing here (which cases are alike, which challenges are "
                   f"answered): {_words(self.trouble)}.")
        if where:
            yield (f"**See it as readers will:** open `{where}` ({_count(len(self.pages), 'page')}). On a code host, "
                   "download the whole folder first; it is among the artifacts of this run.")
        yield "The same check on your own machine: `innoshare check`."

    def _section(self, file: _File) -> str:
        told = {"cases": self._case, "challenges": self._challenge, "cities": self._city, CONCEPTS: self._concepts,
                "vocabulary": self._vocabulary}.get(file.folder, self._other)
        how = {"added": "new", "renamed": f"renamed from {_path(self._told(file.difference.old))}"}.get(
            file.difference.kind, file.difference.kind)
        paragraphs = [f"#### {_path(self._told(file.path))} ({how})", *self._verdict(file)]
        if file.there:
            paragraphs += told(file)
        paragraphs += self._left_behind(file)
        return "".join(f"\n{paragraph}\n" for paragraph in paragraphs)

    def _verdict(self, file: _File) -> Iterator[str]:
        """What is fine and what to mend."""
        if file.there and file.folder and not file.errors:
            yield ("This is a draft: it is checked leniently and not shown. Once you write `status: published`, the "
                   "rest is checked as well." if self._is_draft(file) else "Nothing has to be mended.")
        yield from _listed(file.errors, file.advice)

    def _is_draft(self, file: _File) -> bool:
        return file.folder == "cases" and self._values(file).get("status") == Status.DRAFT

    def _values(self, file: _File) -> dict[str, Any]:
        """The header as it is written; what was refused in it left out."""
        data = _bytes(self.settings.content / file.path)
        values = read(data, file.path).values if data is not None else {}
        return {name: value for name, value in values.items() if isinstance(value, (str, list, dict)) and value}

    # --- cases ---

    def _case(self, file: _File) -> Iterator[str]:
        written = self._values(file)
        yield _completeness(file.record, written)
        entry = self._entry(file)
        if entry is None:
            yield from self._alike(self._matched(written.get("challenge"), written.get("language"), file.slug))
            return
        if entry.challenges:
            yield _list("On the wanted board, it answers:", [
                f"{self._link('challenges', item.slug, item.title)} ({self._city_of(item)})" for item in entry.challenges])
        elif self.now.challenges and not entry.case.is_warning:
            yield "It answers none of the open challenges on the wanted board."
        yield from self._alike(entry.similar)

    def _alike(self, cards: Sequence[Card]) -> Iterator[str]:
        if cards:
            yield _list("Cases that look like it. If it is one of them, add to that file instead; if not, tell what is "
                        "different:", [self._card(card) for card in cards[:MAX_ALIKE]])

    def _matched(self, challenge: Any, language: Any, slug: str) -> list[Card]:
        """The cases that answer a challenge that is in no library."""
        return [match.card for match in self._answers(challenge, language) if match.card.slug != slug]

    def _answers(self, challenge: Any, language: Any) -> Sequence[Match]:
        if self.library is None or not isinstance(challenge, str):
            return ()
        known = language if isinstance(language, str) and language in self.settings.languages else ""
        try:
            answer = self.library.match(Challenge.of(challenge, language=known))
        except BadInput:
            return ()
        return (*answer.matches, *answer.cautions)

    # --- challenges and cities ---

    def _challenge(self, file: _File) -> Iterator[str]:
        if self.library is None:
            return
        entry, written = self._entry(file), self._values(file)
        found = (*entry.matches, *entry.cautions) if entry else self._answers(written.get("challenge"),
                                                                              written.get("language"))
        if found:
            yield _list("The library has looked. Somebody may have solved this before:",
                        [self._match(match) for match in found])
        else:
            yield ("The library has looked: nobody here has solved this yet. From now on it looks again whenever a "
                   "case is added.")
        record = file.record
        if isinstance(record, OpenChallenge) and record.status is not ChallengeStatus.OPEN:
            yield _list("The city itself names as an answer:",
                        [self._card(card) for card in self.library.cards(record.answered_by).values()])

    def _match(self, match: Match) -> str:
        said = next((one.case_text for name in ("answering-sentence", "same-problem") for one in match.evidence
                     if one.feature == name and one.case_text), "")
        how = "a warning" if match.card.is_warning else f"a {match.strength.value} match"
        return f"{self._card(match.card)}, {how}" + (f": “{_words(said)}”" if said else "")

    def _city(self, file: _File) -> Iterator[str]:
        city = file.record
        if isinstance(city, City):
            missing = [name for name, info in front_matter(City)
                       if not info.is_required() and getattr(city, name) in (None, [])]
            also = ", ".join(f"`{one}`" for one in missing)
            yield f"The profile holds all that is needed. It could also say: {also}." if also else (
                "The profile is complete.")
        users = list(_references(self.now, "cities", file.slug))
        if users:
            yield _list(f"{_count(len(users), 'file')} {'names' if len(users) == 1 else 'name'} it:",
                        [f"{_path(self._told(path))} ({how})" for path, how in users])
        else:
            yield "No case names it yet."

    # --- words ---

    def _concepts(self, file: _File) -> Iterator[str]:
        words = [_concept_words(file.path, data, self.now)
                 for data in (provenance.text_at(self.settings.content, self.comparison.base, file.difference.old)
                              if file.difference.old else None, _bytes(self.settings.content / file.path))]
        names: Mapping[str, str] = Locale("en").languages
        for verb, more in (("adds", words[1] - words[0]), ("takes away", words[0] - words[1])):
            counts = Counter(language for language, _ in more)
            if counts:
                told = [f"{number} in {names.get(language, language)}" for language, number in sorted(counts.items())
                        if language in names]
                shown = ", ".join(f"`{word}`" if re.fullmatch(r"[\w -]{1,60}", word) else _words(word)
                                  for _, word in sorted(more)[:MAX_NAMED])
                more_words = f" and {len(more) - MAX_NAMED} more" if len(more) > MAX_NAMED else ""
                yield f"It {verb} {_count(len(more), 'word')}: {', '.join(told)}. ({shown}{more_words})"

    def _vocabulary(self, file: _File) -> Iterator[str]:
        name = file.slug
        if name in VOCABULARIES:
            before, now = (set(one.vocabulary.get(name, {})) for one in (self.before, self.now))
            for verb, more in (("adds", now - before), ("takes away", before - now)):
                if more:
                    yield f"It {verb} {_count(len(more), 'value')}: {', '.join(f'`{one}`' for one in sorted(more))}."

    def _other(self, file: _File) -> Iterator[str]:
        if not file.errors and not file.advice:
            yield "This file is no part of the content that readers see."

    # --- what the change does elsewhere ---

    def _left_behind(self, file: _File) -> Iterator[str]:
        """Who still refers to a file that is not there any more."""
        old = file.difference.old
        if file.difference.kind not in ("removed", "renamed") or not _counts(old):
            return
        folder, slug = old.rpartition("/")[0], Path(old).stem
        still = dict(_references(self.now, folder, slug))
        still |= {path: how for path, how in _references(self.before, folder, slug)
                  if path not in self.comparison.files or (self.comparison.files[path].kind != "removed"
                                                           and not self._is_valid(path))}
        if still:
            yield _list(f"Still referred to as `{slug}`; change these files too:",
                        [f"{_path(self._told(path))} ({how})" for path, how in sorted(still.items())])
        elif folder in ("cases", "challenges", "cities"):
            yield f"No other file refers to `{slug}`." if _SLUG.fullmatch(slug) else "No other file refers to it."

    def _is_valid(self, path: str) -> bool:
        return any(file.path == path and file.record is not None for file in self.files)

    def _because(self) -> Iterator[str]:
        """Problems of files that do not change."""
        by_path: dict[str, list[Problem]] = {}
        for problem in self.caused:
            by_path.setdefault(problem.path, []).append(problem)
        for path, problems in sorted(by_path.items()):
            errors, advice = ([one for one in problems if one.level == level] for level in ("error", "advice"))
            paragraphs = [f"#### {_path(path)}: because of this change", *_listed(errors, advice)]
            yield "".join(f"\n{paragraph}\n" for paragraph in paragraphs)

    # --- names and links ---

    def _card(self, card: Card) -> str:
        return f"{self._link('cases', card.slug, card.title)} ({_words(card.city_name)})"

    def _city_of(self, challenge: OpenChallenge) -> str:
        city = self.now.cities.get(challenge.city)
        return _words(city.name) if city else f"`{challenge.city}`"

    def _link(self, folder: str, slug: str, title: str) -> str:
        """A title that leads to its page, where that is published already."""
        address = ""
        if f"{folder}/{slug}.md" not in self.comparison.files and _SLUG.fullmatch(slug):
            if self.settings.base_url:
                address = f"{self.settings.base_url}/{folder}/{slug}"
            elif host := self.settings.code_host:
                address = host.view(f"{folder}/{slug}.md")
        return f"[{_words(title)}]({address})" if address and not set(address) & set("()<> ") else _words(title)


def _path(path: str) -> str:
    return f"`{path}`" if _PLAIN_PATH.fullmatch(path) else _words(path)


def _words(text: str) -> str:
    """Words that somebody else may have written, in one line. What stands in backticks stays code."""
    text = " ".join(text.split())
    if len(text) > MAX_WORDS:
        text = text[:MAX_WORDS - 1] + "…"
    parts, end = [], 0
    for code in _CODE.finditer(text):
        if code[0].isprintable():
            parts += [_between(text[end:code.start()]), code[0]]
            end = code.end()
    return "".join((*parts, _between(text[end:])))


def _between(text: str) -> str:
    """Words beside code, with the space that parts them from it."""
    words = text.strip()
    return text.replace(words, markdown_text(words), 1) if words else text


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _list(head: str, items: Sequence[str]) -> str:
    more = [f"and {len(items) - MAX_NAMED} more"] if len(items) > MAX_NAMED else []
    return "\n".join((head, "", *(f"- {item}" for item in (*items[:MAX_NAMED], *more))))


def _listed(errors: Sequence[Problem], advice: Sequence[Problem]) -> Iterator[str]:
    """Mistakes one by one; advice folded away."""
    if errors:
        more = len(errors) - MAX_ERRORS
        yield "\n".join((f"**{_count(len(errors), 'thing')} to mend:**", "", *map(_problem, errors[:MAX_ERRORS]), *(
            [f"- and {_count(more, 'more mistake')}; `innoshare check` names all"] if more > 0 else [])))
    if advice:
        more = len(advice) - MAX_ADVICE
        yield "\n".join((f"<details><summary>Advice ({len(advice)}); nothing that must be done</summary>", "",
                         *map(_problem, advice[:MAX_ADVICE]), *([f"- and {more} more"] if more > 0 else []),
                         "", "</details>"))


def _problem(problem: Problem) -> str:
    name = f", `{problem.field}`" if _PLAIN_FIELD.fullmatch(problem.field) else ""
    return f"- Line {problem.line}{name}: {_words(problem.message)} **{_words(problem.remedy)}**"


def _completeness(record: Any, written: Mapping[str, Any]) -> str:
    """How much of what readers ask a case answers, and what to answer next."""
    wanted = [name for name, info in Case.front_matter() if not info.is_required() and name != "licence"]
    share = record.completeness if isinstance(record, Case) else sum(name in written for name in wanted) / len(wanted)
    asked = drafting.missing(written)[:MAX_ASKED]
    told = f"**{share:.0%} complete**, counted in what readers like to know beyond the necessary."
    return told if not asked else "\n".join((
        f"{told} What would help them most:", "", *(f"- {question} (`{name}`)" for name, question in asked)))


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
            elif any(item.case == slug for item in case.translations):
                yield path, "under `translations`"
    for challenge in found.challenges.values():
        if (folder, challenge.city) == ("cities", slug):
            yield f"challenges/{challenge.slug}.md", "its city"
        elif folder == "cases" and slug in challenge.answered_by:
            yield f"challenges/{challenge.slug}.md", "under `answered_by`"
    for kind, records in (("cases", found.cases), ("challenges", found.challenges), ("cities", found.cities)):
        for record in records.values():
            if (kind, record.slug) != (folder, slug) and re.search(
                    rf"\]\(/{re.escape(folder)}/{re.escape(slug)}(?![a-z0-9-])", record.body):
                yield f"{kind}/{record.slug}.md", "a link in the text"


def _concept_words(path: str, data: bytes | None, now: Content) -> set[tuple[str, str]]:
    """(language, word) of a file of concepts."""
    concepts = vocabulary.concepts([(path, data)], now.vocabulary)[0] if data else {}
    return {(language, word) for concept in concepts.values() for language, words in concept.names.items()
            for word in words}
