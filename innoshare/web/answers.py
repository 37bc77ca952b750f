"""What was answered in the form: taken from a request, made into the file, and looked over by the rules of the files.

`Answers.of` takes what was posted, `Answers.of_file` what stands in a file that was begun before. `written` makes the
file and says what is to be mended, in the words of the form: a person who answers questions has never seen the header,
so what the check says about a line becomes what to do about a question. Nothing is kept between two requests.

Decision: the answers are judged as the file they would make, by the same rules that judge every file. A second set of
rules for the form would drift from the first, and promise what the check later takes back.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_origin

from pydantic import BaseModel

from innoshare.case import Case, front_matter
from innoshare.choices import ChallengeStatus, Section, Status
from innoshare.content import FORMS, Spot, writing
from innoshare.content.forms import MAX_SLUG, SLUG, safe_slug
from innoshare.content.frontmatter import HIDDEN, FrontMatter, read
from innoshare.errors import BadInput, Level, Problem
from innoshare.library import Library
from innoshare.render import headings
from innoshare.web.form import ITEMS, SECTIONS, Kind, label_of, unnumbered

MAX_FIELDS = 2_000  # The richest real case has 350 keys and values; a header may hold 2,000.
MAX_NUMBER = 999  # Of a record in a list: far more than any list may hold.
MAX_STRANGE = 10  # Fields that are no questions, named one by one; a wrong program sends thousands.
MAX_NAME = 80  # Characters of a field's name; the longest real one has 30.
SUGGESTED = 44  # Characters of a suggested file name: a city and four or five words, as the files here have.

OF_THE_FILE = ("slug", "status")  # What is asked about the file as a whole, at the end.
OF_THE_FORM = ("step", "go", "at", "file")  # What the pages of the form say to the server, and no answer.

_NAME = re.compile(r"[a-z_]+(\.(0|[1-9][0-9]{0,2}))?(\.[a-z_-]+)?")
_IN_RECORD = re.compile(r"([a-z_]+)\.([0-9]+)(\..*)")


@dataclass(frozen=True)
class Answers:
    """Values by the path of their field, the fields that were said not to be known, how many records of each list were
    begun, and the names of what was sent and is no question of this form."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    strange: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: Kind, pairs: Iterable[tuple[str, str]]) -> "Answers":
        """What was posted. Raises BadInput where the form cannot have sent it: too many fields, or one twice.

        Records are numbered anew, so that one that was taken out, or says nothing, leaves no gap.
        """
        found: dict[str, list[str]] = {}
        unknown: set[str] = set()
        strange: dict[str, None] = {}
        known = kind.names | {*OF_THE_FILE}
        for number, (name, value) in enumerate(pairs, 1):
            if number > MAX_FIELDS:
                raise BadInput([("(all)", f"At most {MAX_FIELDS:,} fields. Start again from the form.")])
            is_name = len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None
            if name == "unknown" and len(value) <= MAX_NAME and _starred(value) in kind.unknowable:
                unknown.add(value)
            elif is_name and _starred(name) in known:
                found.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\r", "\n"))
            elif name not in OF_THE_FORM and len(strange) < MAX_STRANGE:
                strange[name if is_name else "(unreadable)"] = None
        for name, values in found.items():
            if len(values) > 1 and _starred(name) not in kind.several:
                raise BadInput([("(all)", f"The answer to “{_called(kind, name)}” was sent {len(values)} times. Start "
                                 "again from the form.")])
        return _numbered({name: tuple(values) for name, values in found.items()}, unknown, tuple(strange))

    @classmethod
    def of_file(cls, kind: Kind, text: str, cities: Collection[str]) -> "Answers":
        """The answers that stand in a file; what the form does not ask for is `strange`, if it says anything.

        Raises BadInput where the text is no such file.
        """
        parts = read(text.encode("utf-8", "replace"), "")
        if not parts.values:
            said = next((f" {problem.message}" for problem in parts.problems), "")
            raise BadInput([("file", f"This cannot be read as the file of a {kind.noun}.{said}")])
        made = ("status", "updated", "published")  # by the form itself
        found: dict[str, tuple[str, ...]] = {}
        unknown: set[str] = set()
        strange: dict[str, None] = {}
        for path, value in _flat((), parts.values):
            name = path if _starred(path) in kind.names else path.rpartition(".")[0]  # an item of a list
            if value == "unknown" and _starred(path) in kind.unknowable and not kind.spot(path).choices:
                unknown.add(path)
            elif _starred(path) in kind.names:
                found[path] = (value,)
            elif _starred(name) in kind.several:
                found[name] = (*found.get(name, ()), value)
            elif _starred(name) in kind.names:
                found[name] = ("\n".join((*found.get(name, ()), re.sub(r"\s*\n\s*", " ", value))),)
            elif path not in made and (path != "licence" or value != kind.model.model_fields["licence"].default):
                strange[unnumbered(path).split(".")[0]] = None
        if (city := found.get("city", ("",))[0]) not in cities and "city" in found:
            found |= {"city": ("",), "city_new": (city,)}
        found |= _sections(kind, parts)
        named = tuple(name if _NAME.fullmatch(name) else "(unreadable)" for name in strange)
        return _numbered(found, unknown, tuple(dict.fromkeys(named))[:MAX_STRANGE])

    def all(self, path: str) -> tuple[str, ...]:
        """The values given at a place."""
        return self.values.get(path, ())

    def text(self, path: str) -> str:
        """The one value given at a place, trimmed; "" where there is none."""
        return self.values.get(path, ("",))[0].strip()

    def is_unknown(self, path: str) -> bool:
        """Whether the field at a place was said not to be known."""
        return path in self.unknown

    def count(self, path: str) -> int:
        """How many records of a list were begun."""
        return self.counts.get(path, 0)

    def more(self, path: str) -> "Answers":
        """The same with one more record of a list."""
        return Answers(self.values, self.unknown, {**self.counts, path: max(1, self.count(path)) + 1}, self.strange)

    def carried(self, kind: Kind, step: int | None) -> Iterator[tuple[str, str]]:
        """What the page of a step sends along unseen: the answers to all others. Without a step, all answers."""
        for name, values in self.values.items():
            if step is None or kind.step_of(name) != step:
                yield from ((name, value) for value in values if value.strip())
        yield from (("unknown", name) for name in sorted(self.unknown) if step is None or kind.step_of(name) != step)

    def is_begun(self, kind: Kind, step: int) -> bool:
        """Whether something of a step was answered."""
        return any(kind.step_of(name) == step for name in self.unknown) or any(
            kind.step_of(name) == step and "".join(values).strip() for name, values in self.values.items())


def _numbered(found: Mapping[str, tuple[str, ...]], unknown: Iterable[str], strange: tuple[str, ...]) -> Answers:
    """Answers with the records of each list numbered from 0 as in the file, so without those that say nothing."""
    unknown = set(unknown)
    said = unknown | {name for name, values in found.items() if "".join(values).strip()}
    numbers: dict[str, set[int]] = {}
    for name in said:
        if match := _IN_RECORD.fullmatch(name):
            numbers.setdefault(match[1], set()).add(int(match[2]))
    new = {name: {old: number for number, old in enumerate(sorted(olds))} for name, olds in numbers.items()}

    def renamed(name: str) -> str:
        """The new name; "" in a record that says nothing."""
        match = _IN_RECORD.fullmatch(name)
        if not match:
            return name
        number = new.get(match[1], {}).get(int(match[2]))
        return "" if number is None else f"{match[1]}.{number}{match[3]}"

    return Answers({new_name: values for name, values in found.items() if (new_name := renamed(name))},
                   frozenset(map(renamed, unknown)), {name: len(olds) for name, olds in numbers.items()}, strange)


def _starred(name: str) -> str:
    """A name with `*` for the number of a record."""
    return re.sub(r"\.[0-9]+(?=\.)", ".*", name, count=1)


def _flat(steps: tuple[str, ...], value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a header with its path. Headers are nested only a few deep; the reader sees to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _flat((*steps, str(key)), inner)
    if isinstance(value, str):
        yield ".".join(steps), value


def _sections(kind: Kind, parts: FrontMatter) -> dict[str, tuple[str, ...]]:
    """The text of a file by its sections; what stands before the first belongs to it. All of it where there are none.

    A heading that begins no section stays where it is, so that nothing is lost and the check can say so."""
    body = parts.body.strip("\n")
    if "body" in kind.names:
        return {"body": (body,)} if body else {}
    lines, found = body.split("\n"), [(line, words) for line, level, words in headings(body) if level == 2]
    known = {section.label.casefold(): section for section in Section}
    named = [known.get(words.casefold()) for _, words in found]
    if not any(named) and len(found) == len(Section):
        named = list(Section)  # in another language they are told by their order
    starts = [(line, section) for (line, _), section in zip(found, named, strict=True) if section]
    texts: dict[str, str] = {}
    begin, own = 0, Section.SITUATION
    for line, section in [*starts, (len(lines), Section.SITUATION)]:
        text = "\n".join(lines[begin:line]).strip()
        texts[f"body.{own}"] = "\n\n".join(filter(None, (texts.get(f"body.{own}", ""), text)))
        begin, own = line + 1, section
    return {name: (text,) for name, text in texts.items() if text}


# --- answers to a file --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """Something to mend or, as advice, to improve. `path` is the question it is about, "" for the whole."""

    path: str
    text: str
    level: Level = "error"


@dataclass(frozen=True)
class Written:
    """The file that answers make, "" where it cannot be written; what it would be in the library, None where it has
    mistakes or is a draft; and what to mend."""

    text: str
    record: Any
    mistakes: tuple[Mistake, ...]

    @property
    def errors(self) -> tuple[Mistake, ...]:
        return tuple(mistake for mistake in self.mistakes if mistake.level == "error")


def written(kind: Kind, answers: Answers, library: Library, today: date, slug: str = "", draft: bool = False
            ) -> Written:
    """The file that the answers make, as one to be published or as a draft, and what is to be mended in it."""
    maker = _Maker(kind, answers, today)
    values, body, starts = maker.header(draft), *maker.body()
    try:
        text = writing.file(values, body, kind.model)
    except BadInput as error:
        # What a person can mend is found by the maker; the rest is a limit of a whole file.
        return Written("", None, (*maker.mistakes, *(Mistake("", reason) for _, reason in error.mistakes
                                                     if not maker.mistakes)))
    record, problems = library.proofread(kind.folder, safe_slug(slug), text)
    own = {mistake.path for mistake in maker.mistakes}
    body_line = text.count("\n", 0, text.index("\n---\n", 3) + 5) + 2
    told = [Mistake(path, _spoken(kind, path, problem), problem.level) for problem in problems
            if (path := _place(kind, answers, problem, body_line, starts)) not in own]
    asked = sorted((*maker.mistakes, *dict.fromkeys(told)), key=lambda mistake: _turn(kind, mistake.path))
    return Written("" if maker.mistakes else text, None if maker.mistakes else record, tuple(asked))


def _turn(kind: Kind, path: str) -> tuple[int, int, int]:
    """When a question is asked: by its field, the number of its record, and its place in the record."""
    match = _IN_RECORD.fullmatch(path)
    field = match[1] if match else path if path in SECTIONS else path.partition(".")[0].removesuffix("_new")
    first = next((turn for name, turn in kind.order.items() if f"{name}.".startswith(f"{field}.")), -1)
    return first, int(match[2]) if match else -1, kind.order.get(_starred(path), first)


class _Maker:
    """Puts answers together as the header and the text of a file, and notes what no file could hold."""

    def __init__(self, kind: Kind, answers: Answers, today: date) -> None:
        self.kind, self.answers, self.today = kind, answers, today
        self.mistakes: list[Mistake] = []

    def header(self, draft: bool) -> dict[str, Any]:
        made = {"updated": self.today.isoformat(), "published": self.today.isoformat(),
                "status": ChallengeStatus.OPEN.value if self.kind.model is not Case else
                (Status.DRAFT if draft else Status.PUBLISHED).value}
        values: dict[str, Any] = {}
        for name, _ in front_matter(self.kind.model):
            if name in self.kind.not_asked:
                value = made.get(name)
            elif name == "city":
                value = self.city()
            else:
                value = self.value(name, self.kind.spot(name))
            if value:
                values[name] = value
        return values

    def body(self) -> tuple[str, list[tuple[int, str]]]:
        """The text below the header, and where in it the answer to each question begins (lines from 0)."""
        if "body" in self.kind.names:
            return self.text("body"), [(0, "body")]
        lines: list[str] = []
        starts = []
        for name, section in SECTIONS.items():
            starts.append((len(lines), name))
            text = self.text(name)
            lines += [f"## {section.label}", "", *([*text.split("\n"), ""] if text else [])]
        return "\n".join(lines), starts

    def text(self, path: str) -> str:
        """The text at a place; where it holds what no file may hold, that is noted."""
        text = self.answers.text(path)
        if hidden := HIDDEN.search(text):
            self.mistakes.append(Mistake(path, f"“{_called(self.kind, path)}” holds a hidden character "
                                         f"(U+{ord(hidden[0]):04X}). Delete the text and type it again."))
            return ""
        return text

    def city(self) -> str:
        chosen, new = self.text("city"), self.text("city_new")
        if chosen and new and chosen != new:
            self.mistakes.append(Mistake("city_new", "A city is chosen in the list and another name is written below "
                                         "it. Keep one of the two."))
        return chosen or new

    def value(self, path: str, spot: Spot) -> Any:
        """What stands in the file at a place; nothing where nothing was answered."""
        is_list, item, record = any(get_origin(each) is list for each in spot.kinds), spot.inside(0), spot.record
        if is_list and item.record:
            found: Any = [inner for number in range(self.answers.count(path))
                          if (inner := self.record(f"{path}.{number}", item.record))]
        elif is_list and _starred(path) in self.kind.several:
            found = [value for value in self.answers.all(path) if value.strip() and self.is_plain(path, value)]
        elif is_list:
            found = [line.strip() for line in self.text(path).split("\n") if line.strip()]
        elif record:
            found = self.record(path, record)
        else:
            found = self.text(path)
        if not self.answers.is_unknown(path):
            return found
        if found and found != "unknown":
            self.mistakes.append(Mistake(path, f"“{_called(self.kind, path)}” is answered, and “Not known” is ticked "
                                         "as well. Keep one of the two."))
        return "unknown"

    def is_plain(self, path: str, value: str) -> bool:
        """Whether a chosen value holds nothing hidden; it was not chosen in the form then."""
        if HIDDEN.search(value):
            self.mistakes.append(Mistake(path, f"“{_called(self.kind, path)}” has a value that is not in the list."))
            return False
        return True

    def record(self, path: str, model: type[BaseModel]) -> dict[str, Any]:
        values = {name: value for name, _ in front_matter(model)
                  if (value := self.value(f"{path}.{name}", Spot.of(model, (name,))))}
        if values and "accessed" in model.model_fields and "accessed" not in values:
            values["accessed"] = self.today.isoformat()
        return values


# --- what the check says, to those who answered questions ---------------------------------------------------------


def _place(kind: Kind, answers: Answers, problem: Problem, body_line: int, starts: list[tuple[int, str]]) -> str:
    """The question that a Problem is about."""
    if problem.field == "body":
        if match := _NO_SECTION.match(problem.message):
            return next((name for name, section in SECTIONS.items() if section.label == match[1]), starts[0][1])
        return [name for line, name in starts if line <= max(0, problem.line - body_line)][-1]
    if problem.field == "city" and not answers.text("city"):
        return "city_new" if answers.text("city_new") else "city"
    parent = problem.field.rpartition(".")[0]
    path = parent if _starred(parent) in kind.names and _starred(problem.field) not in kind.names else problem.field
    return path if kind.step_of(path) is not None else ""


_MISSING = re.compile(r"`[^`]+` (is missing|has no value)")
_NO_SECTION = re.compile(r"The section `([^`]+)` is missing")
_EMPTY_SECTION = re.compile(r"The section `[^`]+` is empty")
_QUOTED = re.compile(r"(?:Item ([0-9]+) of )?`([^`]*)`")


def _spoken(kind: Kind, path: str, problem: Problem) -> str:
    """A Problem in the words of the form."""
    called = f"“{_called(kind, path)}”"
    if _MISSING.match(problem.message) and path:
        return f"{called} is not answered yet." + (
            " Tick “Not known” if nobody knows." if _starred(path) in kind.unknowable else "")
    if _EMPTY_SECTION.match(problem.message):
        return f"{called} is still empty. Write at least a sentence; if nothing is known, say so."
    if _NO_SECTION.match(problem.message):
        return f"{called} cannot be told from the other texts: a block of code goes on from one to the next. Close it."
    if path == "city_new" and problem.message.startswith("There is no city"):
        return (f"{problem.message} Its profile must be in the library, or come together with this {kind.noun}: the "
                "link at this question leads to the form for it.").replace("`", "“", 1).replace("`", "”", 1)

    asked = kind.names | {name.partition(".")[0] for name in kind.names}

    def named(match: re.Match[str]) -> str:
        item, word = match.groups()
        words = f"“{_called(kind, word) if _starred(word) in asked else word}”"
        return f"Line {item} of {words}" if item else words

    return _QUOTED.sub(named, f"{problem.message} {problem.remedy}")


def _called(kind: Kind, path: str) -> str:
    """What a question is called, with the number of its record if it has one: Its title (source 2)."""
    match = re.match(r"([a-z_]+)\.([0-9]+)(\..+)?$", path)
    label = label_of(kind, path if match is None or match[3] else match[1]) if path else ""
    return f"{label} ({ITEMS[match[1]]} {int(match[2]) + 1})" if match and match[1] in ITEMS else label


# --- the name of the file -----------------------------------------------------------------------------------------


def suggested(kind: Kind, answers: Answers) -> str:
    """A file name made of the city and what was done; "" where there is nothing to make one of."""
    parts = ("name",) if kind.name == "city" else ("city", "city_new", "title")
    words = FORMS[SLUG.pattern].guess(" ".join(filter(None, map(answers.text, parts))))
    return words if len(words) <= SUGGESTED else words[:SUGGESTED].rpartition("-")[0] or words[:SUGGESTED]


def name_of(kind: Kind, answers: Answers, taken: Collection[str]) -> tuple[str, tuple[Mistake, ...]]:
    """The file name that was given, or else suggested, and what is wrong with it. `taken` are those that exist."""
    name = answers.text("slug").removesuffix(".md") or suggested(kind, answers)
    if not name:
        return "", (Mistake("slug", "The file needs a name. Write the city and what it is about, as "
                            "testby-night-buses."),)
    if not SLUG.fullmatch(name) or len(name) > MAX_SLUG:
        return name, (Mistake("slug", f"The file name may have small letters from a to z, digits and hyphens, and at "
                              f"most {MAX_SLUG} of them, as testby-night-buses."),)
    if name in taken:
        return name, (Mistake("slug", f"A {kind.noun} with this file name is here already. Choose another name, unless "
                              "it is the same one: then add to that."),)
    return name, ()
