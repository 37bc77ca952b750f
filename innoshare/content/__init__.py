"""A content folder becomes cases, challenges, cities and vocabulary, or Problems that say what to mend in which line.

    content/cases/<slug>.md           content/vocabulary/<name>.yaml
    content/challenges/<slug>.md      content/vocabulary/concepts/<any>.yaml
    content/cities/<slug>.md

`read` looks at every file in one pass and names every mistake in it; it raises for none. A bad file never hides the
good ones: what has an error is left out, the rest is there. `proofread` does the same for one text that is no file
yet, judged by the `world` round it. `digests` says which files there are, without reading what they mean; a build asks
it whether anything changed.

This room puts the parts together. Below it, each without knowing those above:

    vocabulary    files of terms: the vocabularies, and the concepts with their words in every language
    translations  one case in several languages
    lineage       who learned from whom, in a circle
    duplicates    cases that may be here already
    rules         what concerns several fields, other files or the calendar
    body          the text below the header: its words, its Markdown, its sections
    pages         a file under check, and what lies outside it
    persons       by what a person can be reached: e-mail addresses and telephone numbers
    fields        single fields: Pydantic finds the mistakes by the declarations in `case`, here they get our words
    forms         what somebody probably meant: patterns with examples and guesses, the nearest value of a list
    folders       which files count, and what they are called
    frontmatter   bytes to header and body, with the place of every key and value
    mending       a YAML syntax mistake in plain words; how a message quotes

What Markdown may hold `render` knows.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from innoshare.case import VOCABULARIES, Case, City, Concept, OpenChallenge, Record, Term, Vocabulary
from innoshare.choices import Status
from innoshare.content import duplicates, folders, lineage, translations, vocabulary
from innoshare.content.fields import WORDS, Spot, check
from innoshare.content.folders import CONCEPTS, FOLDERS, File, digests, label, printable
from innoshare.content.forms import FORMS, one_of, safe_slug
from innoshare.content.frontmatter import read as read_front_matter
from innoshare.content.mending import shown
from innoshare.content.pages import Found, Page, Rule, World
from innoshare.content.rules import EVERY_CASE, EVERY_CHALLENGE, EVERY_PAGE
from innoshare.content.translations import originals, with_ledger
from innoshare.errors import Problem

__all__ = ["CONCEPTS", "EVERY_CASE", "EVERY_CHALLENGE", "EVERY_PAGE", "FOLDERS", "FORMS", "KINDS",
           "MAX_PROBLEMS_PER_FILE", "WORDS", "Content", "Spot", "World", "check", "digests", "label", "originals",
           "printable", "proofread", "read", "with_ledger", "world"]

MAX_PROBLEMS_PER_FILE = 100  # More cannot be read by anybody; a file like that is better begun again.
MAX_ALIKE = 5  # Cases that one case is said to repeat; of a folder that was copied each would repeat all.
MAX_NAMED = 10  # Cases of a circle that a message names; who has read so many sees which way it goes.

# Folder -> what its files are, and the rules for them; in the order in which they are read, since cases and challenges
# are judged by the cities that are in order.
KINDS: Mapping[str, tuple[type[Record], tuple[Rule, ...]]] = {
    "cities": (City, EVERY_PAGE), "cases": (Case, EVERY_CASE), "challenges": (OpenChallenge, EVERY_CHALLENGE)}


@dataclass(frozen=True)
class Content:
    """Everything valid in a content folder, and what is wrong with the rest.

    `cases` holds every published or archived case without an error, `challenges` and `cities` every one without, all
    sorted by slug. `digests` is what `digests` would have given for the files that were read; `texts` are those of the
    cases, to the byte, by path below `root`.
    """

    root: Path
    cases: Mapping[str, Case]
    challenges: Mapping[str, OpenChallenge]
    cities: Mapping[str, City]
    vocabulary: Vocabulary
    concepts: Mapping[str, Concept]
    problems: tuple[Problem, ...]
    digests: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def records(self) -> Mapping[str, Mapping[str, Case | OpenChallenge | City]]:
        """Folder of KINDS -> its valid records by slug."""
        return {"cases": self.cases, "challenges": self.challenges, "cities": self.cities}


# --- reading ------------------------------------------------------------------------------------------------------


@dataclass
class _Gathered:
    """What has been read so far."""

    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[File]] = field(default_factory=lambda: {folder: [] for folder in FOLDERS})

    def note(self, problems: Collection[Problem]) -> bool:
        """Keep the Problems of one file. True where none of them is an error."""
        kept = sorted(problems)
        if len(kept) > MAX_PROBLEMS_PER_FILE:
            more = len(kept) - MAX_PROBLEMS_PER_FILE
            kept = kept[:MAX_PROBLEMS_PER_FILE]
            kept.append(folders.of_file(kept[0].path, f"There are {more} more problems in this file.",
                                        "Mend the others first."))
        self.problems += kept
        return not any(problem.level == "error" for problem in problems)


def _gathered(root: Path) -> _Gathered:
    """The files that count, unread."""
    gathered = _Gathered()
    for file in folders.files(root):
        if isinstance(file, Problem):
            gathered.problems.append(file)
        else:
            gathered.digests[file.key] = file.digest
            gathered.files[file.folder].append(file)
    return gathered


def _world(gathered: _Gathered, label: str, today: date | None) -> World:
    """What cases and challenges are judged by."""
    terms, broken_terms = _vocabulary(gathered, label)
    names = {folder: {file.name for file in gathered.files[folder]} for folder in KINDS}
    empty = World(label, today or date.today(), names, {}, terms, broken_terms)
    return replace(empty, cities=_sound(gathered, _judged(gathered, "cities", empty)))


def _judged(gathered: _Gathered, folder: str, world: World) -> "dict[str, _Judged]":
    """The files of a folder by name, each judged by itself and by the World."""
    return {file.name: _page(file, world) for file in sorted(gathered.files[folder], key=lambda file: file.name)}


def _sound(gathered: _Gathered, judged: "Mapping[str, _Judged]") -> dict[str, Any]:
    """The records of those without an error; the Problems of all are kept."""
    return {name: one.record for name, one in judged.items()
            if gathered.note(one.problems) and one.record is not None}


def read(root: Path, today: date | None = None) -> Content:
    """Everything in a content folder, and every mistake in it. Raises for no mistake of a contributor.

    `today` is what dates are compared with, the present day unless given. Paths of Problems begin with the folder's
    own name: `content/cases/….md`.
    """
    if not root.is_dir():
        return _nothing(root, f"There is no folder {shown(root)} with content.",
                        "Go to the folder of your library and try again, or name its content: `innoshare check "
                        "our-library/content`.")
    gathered = _gathered(root)
    gathered.problems += folders.strays(root)
    if not any(gathered.files.values()) and not gathered.problems:
        return _nothing(root, "The content folder is empty.", "Add cases, cities and vocabulary; `innoshare init` "
                        "makes a folder with examples.")

    world = _world(gathered, label(root), today)
    concepts = _concepts(gathered, world.vocabulary)
    found: dict[str, dict[str, Any]] = {}
    for folder in ("cases", "challenges"):
        judged = _judged(gathered, folder, world)
        if folder == "cases":
            _compare(judged)
        found[folder] = _sound(gathered, judged)
    cases: dict[str, Case] = found["cases"]
    gathered.problems += _duplicates(cases, {file.name: file.path for file in gathered.files["cases"]})
    if any(name not in world.vocabulary for name in VOCABULARIES):
        found["cases"] = found["challenges"] = {}  # their themes would have no names; the Problem stands there
    texts = {file.key: file.data.decode() for file in gathered.files["cases"] if file.name in found["cases"]}
    return Content(root, found["cases"], found["challenges"], world.cities, world.vocabulary, concepts,
                   tuple(sorted(gathered.problems)), dict(sorted(gathered.digests.items())), texts)


def _nothing(root: Path, message: str, remedy: str) -> Content:
    """Of a folder in which there is nothing to read, with the reason."""
    return Content(root, {}, {}, {}, {}, {}, (folders.of_file(label(root), message, remedy),), {})


def world(root: Path, today: date | None = None) -> World:
    """What a text that is no file of a content folder yet is judged by: names, cities and vocabulary that are there.

    No case is read for it, so that it takes little time among thousands. Raises for no mistake of a contributor.
    """
    return _world(_gathered(root), label(root), today)


def proofread(folder: str, name: str, text: str, world: World) -> tuple[Any, tuple[Problem, ...]]:
    """What a text would be as the file `name` (without ending) of a `folder` of KINDS, and every mistake in it.

    The record is a Case, City or OpenChallenge; None where there is an error, and for a draft. `world` is what the text
    is judged by besides itself.
    """
    gathered = _Gathered()
    file = File(folder, name, f"{world.root}/{folder}/{printable(name)}{FOLDERS[folder]}",
                 text.encode("utf-8", "surrogatepass"))
    judged = _page(file, world)
    return judged.record if gathered.note(judged.problems) else None, tuple(gathered.problems)


# --- what files say of each other -----------------------------------------------------------------------------------


def _compare(judged: Mapping[str, "_Judged"]) -> None:
    """Adds to case files what they say of each other that cannot all be true."""
    pages = {name: one.page for name, one in judged.items() if safe_slug(name) == name}
    of = {one.page.path: one for one in judged.values()}
    named = {_place(problem) for one in judged.values() for problem in one.problems}
    for problem in (*_circles(pages), *translations.mismatches(pages)):
        if _place(problem) not in named:
            of[problem.path].problems.append(problem)


def _circles(pages: Mapping[str, Page]) -> Found:
    """Who learned from a case did not teach it. A circle is told in the file whose name comes first."""
    graph = {name: [case for _, case in page.each("inspired_by") if case != name]  # who names herself, `rules` tell
             for name, page in pages.items()}
    for circle in lineage.cycles(graph):
        steps = [f"{shown(one)} from {shown(other)}" for one, other in zip(circle, (*circle[1:], circle[0]),
                                                                           strict=True)]
        if len(steps) > MAX_NAMED:
            steps[MAX_NAMED - 1 : -1] = [f"and so on over {len(steps) - MAX_NAMED} more"]
        page = pages[circle[0]]
        yield Problem(page.path, *page.parts.keys.get(("inspired_by",), (1, 1)), "inspired_by", "error",
                      f"These cases say that they learned from each other in a circle: {', '.join(steps)}.",
                      "Find out which of them came first, and remove from its `inspired_by` the one that came later; "
                      f"if it was this one, remove {shown(circle[1])} here.")


def _duplicates(cases: Mapping[str, Case], paths: Mapping[str, str]) -> Found:
    """Advice where a case is perhaps there already, told in the file that was changed later."""
    found: dict[tuple[str, str], str] = {}
    for later, earlier, share in duplicates.alike(cases):
        found[later, earlier] = f"shares {share:.0%} of its words with it, and is of the same city"
    for later, earlier, run in duplicates.copied(cases):
        found.setdefault((later, earlier), f"says in the same words: {shown(run + ' …')}")
    told = Counter[str]()
    for (later, earlier), why in found.items():
        told[later] += 1
        if told[later] > MAX_ALIKE:
            continue
        yield folders.of_file(
            paths[later], f"This case may be here already as {shown(earlier)}: it {why}.",
            f"If it is the same, add what is new to {paths[earlier]} and remove this file. If not, say in the summary "
            "what is different, or write the shared part once and link to it.", level="advice")


@dataclass
class _Judged:
    """A file that was looked at: its record, where it could become one, and its Problems so far."""

    page: Page
    record: Any
    problems: list[Problem]


def _page(file: File, world: World) -> _Judged:
    """What a file says, judged by itself and by the World."""
    model, rules = KINDS[file.folder]
    parts = read_front_matter(file.data, file.path)
    draft = model is Case and parts.values.get("status") == Status.DRAFT
    page = Page(model, file.path, file.name, parts, draft)
    problems = [*parts.problems, *folders.misnamed(file, world.files[file.folder])]
    record, found = check(model, parts, file.path, draft, vocabulary=world.vocabulary, slug=safe_slug(file.name),
                          body=parts.body)
    problems += found
    named = {_place(problem) for problem in problems if problem.field}
    rules = rules if parts.values or parts.body else ()  # nothing could be read, and why is said already
    problems += [problem for rule in rules for problem in rule(page, world)
                 if _place(problem) not in named]  # one place, one Problem
    return _Judged(_compared(page) if model is Case else page, record, problems)


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return problem.path, problem.line, problem.column, problem.field


def _compared(page: Page) -> Page:
    """A case with only what other files are compared with; of 10,000 whole ones the memory would be full."""
    parts, names = page.parts, {*translations.COMPARED, "inspired_by"}
    return replace(page, parts=replace(
        parts, values={name: value for name, value in parts.values.items() if name in names},
        keys={steps: place for steps, place in parts.keys.items() if steps == ("inspired_by",)},
        places={steps: place for steps, place in parts.places.items() if not steps or steps[0] in names},
        body="", problems=()))


def _vocabulary(gathered: _Gathered, label: str) -> tuple[Vocabulary, dict[str, list[str]]]:
    """The vocabularies that could be read, and which of their terms have mistakes."""
    found: dict[str, Mapping[str, Term]] = {}
    broken: dict[str, list[str]] = {}
    for file in gathered.files["vocabulary"]:
        if file.name not in VOCABULARIES:
            gathered.problems.append(folders.of_file(file.path, "No field has a vocabulary of this name.",
                                                     one_of(file.name, list(VOCABULARIES)), level="advice"))
            continue
        terms, mistaken, problems = vocabulary.terms(file.path, file.data)
        gathered.note(problems)
        if terms:
            found[file.name], broken[file.name] = terms, mistaken
    for name in VOCABULARIES:
        if name not in found:
            gathered.problems.append(folders.of_file(
                f"{label}/vocabulary/{name}.yaml", f"There is no usable list of {name.replace('_', ' ')}. No case can "
                "be shown until this file is in order.", "Mend or add this file first: each term with `label:` and "
                "`help:`, both in English."))
    return found, broken


def _concepts(gathered: _Gathered, found: Vocabulary) -> dict[str, Concept]:
    """Every concept without a mistake. A library may do without them: then it finds by words only."""
    concepts, problems = vocabulary.concepts([(file.path, file.data) for file in gathered.files[CONCEPTS]], found)
    for file in gathered.files[CONCEPTS]:
        gathered.note([problem for problem in problems if problem.path == file.path])
    return concepts
