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
from innoshare.content.mending import called, capital, steps_of
from innoshare.content.rules import sections_of
from innoshare.errors import BadInput, Level, Problem
from innoshare.library import Library
from innoshare.render import headings
from innoshare.web.questions import HEADINGS, ITEMS, SECTIONS, Kind, label_of, most_of, unnumbered

MAX_FIELDS = 2_000  # The richest real case has 350 keys and values; a header may hold 2,000.
MAX_STRANGE = 10  # Fields that are no questions, named one by one; a wrong program sends thousands.
MAX_NAME = 80  # Characters of a field's name; the longest real one has 30.
MORE_THAN_MOST = 2  # Times as many entries of a list as a file may hold are looked at; with more one begins again.
SUGGESTED = 44  # Characters of a suggested file name: a city and four or five words, as the files here have.

OF_THE_FILE = ("slug", "status")  # What is asked about the file as a whole, at the end.
OF_THE_FORM = ("step", "go", "offered", "file", "account")  # What the pages say to the server, and no answer.

_NAME = re.compile(r"[a-z_]+(\.(0|[1-9][0-9]{0,2}))?(\.[a-z_-]+)?")
_IN_RECORD = re.compile(r"([a-z_]+)\.([0-9]{1,3})(\..*)")


@dataclass(frozen=True, eq=False)  # and so a key for what was made of them
class Answers:
    """Values by the path of their field, the fields that were said not to be known, how many records of each list were
    begun, and the names of what was sent and is no question of this form."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    strange: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: Kind, pairs: Iterable[tuple[str, str]]) -> "Answers":
        """What was posted. Raises BadInput where the form cannot have sent it: too many fields or records, one twice.

        Records are numbered anew, so that one that was taken out, or says nothing, leaves no gap.
        """
        found: dict[str, list[str]] = {}
        unknown: set[str] = set()
        strange: dict[str, None] = {}
        known = kind.names | kind.kept | {*OF_THE_FILE}
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
        return _numbered(kind, {name: tuple(values) for name, values in found.items()}, unknown, tuple(strange))

    @classmethod
    def of_file(cls, kind: Kind, text: str, cities: Collection[str]) -> "Answers":
        """The answers that stand in a file; what the form does not ask for is `strange`, if it says anything.

        Raises BadInput where the text is no such file, or a mistake in its header would cost some of the answers.
        """
        parts = read(text.encode("utf-8", "replace"), "")
        if parts.problems or not parts.values:
            said = next((f" Line {problem.line}: {problem.message} {problem.remedy}" for problem in parts.problems), "")
            raise BadInput([("file", _in_quotes(f"This cannot be read as the file of a {kind.noun}.{said}"))])
        made = ("status", "updated")  # by the form itself
        found: dict[str, tuple[str, ...]] = {}
        unknown: set[str] = set()
        strange: dict[str, None] = {}
        for path, value in _flat((), parts.values):
            name = path if _starred(path) in kind.names else path.rpartition(".")[0]  # an item of a list
            if not _NAME.fullmatch(path) and not _NAME.fullmatch(name):
                strange[unnumbered(path).split(".")[0]] = None
            elif value == "unknown" and _starred(path) in kind.unknowable and not kind.spot(path).choices:
                unknown.add(path)
            elif _starred(path) in kind.names | kind.kept:
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
        return _numbered(kind, found, unknown, tuple(dict.fromkeys(named))[:MAX_STRANGE], "file")

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


def _numbered(kind: Kind, found: Mapping[str, tuple[str, ...]], unknown: Iterable[str], strange: tuple[str, ...],
              sent: str = "(all)") -> Answers:
    """Answers with the records of each list numbered from 0 as in the file, so without those that say nothing.

    Raises BadInput, which names what was `sent`, where these are far more than a file may hold."""
    unknown = set(unknown)
    said = unknown | {name for name, values in found.items() if "".join(values).strip()}
    numbers: dict[str, set[int]] = {}
    for name in said:
        if match := _IN_RECORD.fullmatch(name):
            numbers.setdefault(match[1], set()).add(int(match[2]))
    for name, olds in numbers.items():
        info = kind.spot(name).field
        most = most_of(info) if info else 0
        if len(olds) > MORE_THAN_MOST * most > 0:
            raise BadInput([(sent, _too_many(kind, name, len(olds), most))])
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
    """The text of a file by its sections, and their headings where these are in another language. What stands before
    the first section belongs to it; all of the text where there are none.

    A heading that begins no section stays where it is, so that nothing is lost and the check can say so."""
    body, language = parts.body.strip("\n"), parts.values.get("language")
    if "body" in kind.names:
        return {"body": (body,)} if body else {}
    lines, known = body.split("\n"), {section.label: section for section in Section}
    starts = [(line, words, known[label]) for (line, words), label in zip(
        *sections_of(body, language if isinstance(language, str) else ""), strict=True) if label]
    texts = {f"heading.{section}": words for _, words, section in starts if words.lower() != section.label.lower()}
    begin, own = 0, Section.SITUATION
    for line, _, section in [*starts, (len(lines), "", Section.SITUATION)]:
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
    if not values:  # There is no header without a field; so only what is missing can be said.
        return Written("", None, (*maker.mistakes, *(
            Mistake(name, _unanswered(kind, name)) for name, info in front_matter(kind.model) if info.is_required())))
    try:
        text = writing.file(values, body, kind.model)
    except BadInput as error:
        # What a person can mend is found by the maker; the rest is a limit of a whole file.
        return Written("", None, (*maker.mistakes, *(Mistake("", reason) for _, reason in error.mistakes
                                                     if not maker.mistakes)))
    record, problems = library.proofread(kind.folder, safe_slug(slug), text)
    strangers = [Mistake(name, f"“{label_of(kind, name)}” holds a heading like those between the texts: “## {words}”. "
                         f"Write ### before it, or move what follows to the question that it belongs to.")
                 for name in SECTIONS if name in kind.names
                 for words in [words for _, level, words in headings(answers.text(name)) if level == 2][:1]]
    # Where one text goes on as another, nothing else can be said of any of them.
    own = {mistake.path for mistake in maker.mistakes} | (SECTIONS.keys() if strangers else set())
    body_line = text.count("\n", 0, text.index("\n---\n", 3) + 5) + 2
    told = [Mistake(path, _spoken(kind, answers, path, problem), _level(path, problem)) for problem in problems
            if (path := _place(kind, answers, problem, body_line, starts)) not in own]
    asked = sorted((*maker.mistakes, *strangers, *dict.fromkeys(told)), key=lambda mistake: _turn(kind, mistake.path))
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
        made = {"updated": self.today.isoformat(), "published": self.published(),
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

    def published(self) -> str:
        """The day on which it was made known: what the file says that was begun before, or today."""
        try:
            return min(date.fromisoformat(self.answers.text("published")), self.today).isoformat()
        except ValueError:
            return self.today.isoformat()

    def headings(self) -> list[str]:
        """What the sections are called: as in the file that was begun before, where all are known by these, or by our
        own words."""
        begun = [" ".join(self.answers.text(name).split()) for name in HEADINGS]
        text, ours = "\n".join(f"## {words}" for words in begun), [section.label for section in HEADINGS.values()]
        _, named = sections_of(text, self.answers.text("language"))
        return begun if all(begun) and named == ours and not HIDDEN.search(text) else ours

    def body(self) -> tuple[str, list[tuple[int, str]]]:
        """The text below the header, and where in it the answer to each question begins (lines from 0)."""
        if "body" in self.kind.names:
            return self.text("body"), [(0, "body")]
        lines: list[str] = []
        starts = []
        for name, heading in zip(SECTIONS, self.headings(), strict=True):
            starts.append((len(lines), name))
            text = self.text(name)
            lines += [f"## {heading}", "", *([*text.split("\n"), ""] if text else [])]
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
        info = spot.field
        assert info
        if is_list and item.record:
            found: Any = [inner for number in range(self.answers.count(path))
                          if (inner := self.record(f"{path}.{number}", item.record))]
        elif is_list and _starred(path) in self.kind.several:
            found = [value for value in self.answers.all(path) if value.strip() and self.is_plain(path, value)]
        elif is_list:
            found, most = [line.strip() for line in self.text(path).split("\n") if line.strip()], most_of(info)
            if len(found) > MORE_THAN_MOST * most > 0:
                self.mistakes.append(Mistake(path, _too_many(self.kind, path, len(found), most)))
                return []
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


def _level(path: str, problem: Problem) -> Level:
    """How much a Problem weighs: that there is no profile of a city yet is advice, for it may come together with this.
    When all lies where it is to be, the check says what is missing. A day on which nobody can have read or counted
    anything yet was mistyped, and is told at its step."""
    if path == "city_new" and _NO_CITY.match(problem.message):
        return "advice"
    return "error" if _IN_FUTURE in problem.message and path.endswith(_BEHIND_US) else problem.level


_IN_FUTURE, _BEHIND_US = "which lies in the future", (".accessed", "population_year")
_NO_CITY = re.compile(r"There is no city `([^`]+)`|The file of `([^`]+)` has mistakes")
_MISSING = re.compile(r"`[^`]+` (is missing|has no value)")
_NO_SECTION = re.compile(r"The section `([^`]+)` is missing|A case has five sections")
_EMPTY_SECTION = re.compile(r"The section `[^`]+` is empty")

# What a remedy says to those who write a file, and what it says here.
_FOR_FILES: tuple[tuple[re.Pattern[str], str], ...] = tuple((re.compile(pattern), words) for pattern, words in (
    (r"Write the name of a file in \S+/cases, without \.md, or add that file\.",
     "Look it up here, and copy the end of its address, behind /cases/."),
    (r"Write the name of a file in \S+/cities, without \.md, or add that file\.", "Choose it in the list."),
    (r"the name of a file without \.md: ", "a short name: "),
    (r", or `unknown`", ", or tick “Not known”"),
    (r"\bor remove the line\b", "or leave it empty"),
    (r", behind the colon", ""),
    (r", or write what is planned in the text below\.", "."),
    (r"\bin the text below\b", "in the longer text"),
    (r", in quotes\b", ""),
    (r"(`# [^`]*`) is the heading of a whole page\..*",
     r"\1 is written as a heading. Take out the # at the start of the line; the heading is there already."),
    (r"HTML is not allowed: (`[^`]*`)\. Use Markdown.*",
     r"\1 is a mark as web pages have them (HTML), and readers would see it as it stands. Take out all such marks, "
     "from < to >; for bold letters write **words**. Where you mean “less than”, put a space behind <."),
    (r"`\"([^`]*)\"`", r"`\1`"),
    (r"in the header under `results`, each with `metric`, `value` and `source`",
     "under `results`, each with its source"),
    (r"behind `url`", "that you name"),
    (r", but `status` is `open`", ""),
    (r"; if it has found one, write `status: solved` and name the case under `answered_by`", ""),
))
_OTHER_FIELD = re.compile(r"(?<=\bunder )`([a-z_.]+)`|(?<=\bbefore )`([a-z_.]+)`")


def _spoken(kind: Kind, answers: Answers, path: str, problem: Problem) -> str:
    """A Problem in the words of the form."""
    question = f"“{_called(kind, path)}”"
    if _MISSING.match(problem.message) and path:
        return _unanswered(kind, path)
    if _EMPTY_SECTION.match(problem.message):
        return f"{question} is still empty. Write at least a sentence; if nothing is known, say so."
    if _NO_SECTION.match(problem.message):
        return (f"{question} cannot be told from the other texts: a block of code goes on from one to the next. Close "
                "it.")
    if path == "city_new" and (city := _NO_CITY.match(problem.message)):
        return _in_quotes(_of_a_new_city(kind, city, problem))
    said = _reworded(f"{problem.message} {problem.remedy}")
    # A word is the name of a field where a Problem begins with it, or where it stands behind “under” or “before”. Any
    # other one is a value, and stays as it is, though a field may be called so.
    item = steps_of(problem.field)[-1]
    said = asked_as(said, problem, f"Line {_line(answers, path, item + 1)} of {question}" if isinstance(item, int)
                    else question)
    asked = kind.names | {name.partition(".")[0] for name in kind.names}
    return _in_quotes(_OTHER_FIELD.sub(
        lambda match: f"“{_called(kind, match[0][1:-1])}”" if _starred(match[0][1:-1]) in asked else match[0], said))


def asked_as(said: str, problem: Problem, question: str) -> str:
    """What is said of a Problem, with the question where it begins with the place in the file."""
    place = capital(called(steps_of(problem.field)))
    return question + said.removeprefix(place) if place and said.startswith(place) else said


def spoken(said: str) -> str:
    """What is said of a text, in the words of the form."""
    return _in_quotes(_reworded(said))


def _reworded(said: str) -> str:
    for pattern, words in _FOR_FILES:
        said = pattern.sub(words, said)
    return said


def _of_a_new_city(kind: Kind, found: re.Match[str], problem: Problem) -> str:
    if found[2]:
        return f"There is a profile of `{found[2]}` in the library, but it has mistakes. They must be mended first."
    like = re.match(r"Did you mean `[^`]+`\? ", problem.remedy)
    return (f"There is no city `{found[1]}` in the library yet. {like[0] if like else ''}Its profile can come together "
            f"with this {kind.noun}: the link at this question leads to the form for it.")


def _line(answers: Answers, path: str, number: int) -> int:
    """In which line somebody wrote an item of a list, counted from 1; empty lines are no items."""
    lines = enumerate("\n".join(answers.all(path)).split("\n"), 1)
    return next(iter([line for line, text in lines if text.strip()][number - 1 :]), number)


def _too_many(kind: Kind, path: str, count: int, most: int) -> str:
    return f"“{_called(kind, path)}” has {count:,} entries; at most {most} are allowed. Keep the most important ones."


def _unanswered(kind: Kind, path: str) -> str:
    return f"“{_called(kind, path)}” is not answered yet." + (
        " Tick “Not known” if nobody knows." if _starred(path) in kind.unknowable else "")


def _in_quotes(text: str) -> str:
    """A message with quotation marks in place of the backticks that files have."""
    return re.sub("`([^`]*)`", r"“\1”", text)


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
        return "", (Mistake("slug", f"This {kind.noun} needs a short name. Write the city and what it is about, as "
                            "testby-night-buses."),)
    if not SLUG.fullmatch(name) or len(name) > MAX_SLUG:
        return name, (Mistake("slug", f"The short name may have small letters from a to z, digits and hyphens, and at "
                              f"most {MAX_SLUG} of them, as testby-night-buses."),)
    if name in taken:
        return name, (Mistake("slug", f"A {kind.noun} with this short name is here already. Choose another one, unless "
                              "it is the same one: then add to that."),)
    return name, ()
