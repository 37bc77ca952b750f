"""The file that answers make, looked over by the rules of the files, and its name.

`written` makes it and says what is to be mended, in the words of the form; `name_of` says what it is to be called.

Decision: the answers are judged as the file they would make, by the same rules that judge every file. A second set of
rules for the form would drift from the first, and promise what the check later takes back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel

from innoshare.case import Case, front_matter
from innoshare.choices import ChallengeStatus, Status
from innoshare.content import Spot, writing
from innoshare.content.body import sections_of
from innoshare.content.forms import MAX_SLUG, SLUG, named_after, safe_slug
from innoshare.content.frontmatter import HIDDEN
from innoshare.errors import BadInput, Level
from innoshare.library import Library
from innoshare.render import headings
from innoshare.web.answers import IN_RECORD, MORE_THAN_MOST, Answers
from innoshare.web.questions import HEADINGS, SECTIONS, Kind, label_of, starred, title_of
from innoshare.web.spoken import as_asked, level_of, question_of, too_many, unanswered

SUGGESTED = 44  # Characters of a suggested file name: a city and four or five words, as the files here have.


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
            Mistake(name, unanswered(kind, name)) for name, info in front_matter(kind.model) if info.is_required())))
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
    told = [Mistake(path, as_asked(kind, answers, path, problem), level_of(path, problem)) for problem in problems
            if (path := question_of(kind, answers, problem, body_line, starts)) not in own]
    asked = sorted((*maker.mistakes, *strangers, *dict.fromkeys(told)), key=lambda mistake: _turn(kind, mistake.path))
    return Written("" if maker.mistakes else text, None if maker.mistakes else record, tuple(asked))


def _turn(kind: Kind, path: str) -> tuple[int, int, int]:
    """When a question is asked: by its field, the number of its record, and its place in the record."""
    match = IN_RECORD.fullmatch(path)
    field = match[1] if match else path if path in SECTIONS else path.partition(".")[0].removesuffix("_new")
    first = next((turn for name, turn in kind.order.items() if f"{name}.".startswith(f"{field}.")), -1)
    return first, int(match[2]) if match else -1, kind.order.get(starred(path), first)


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
        text = "\n".join(f"## {words}" for words in begun)
        _, named = sections_of(text, self.answers.text("language"))
        is_known = all(begun) and named == list(HEADINGS.values()) and not HIDDEN.search(text)
        return begun if is_known else [section.label for section in HEADINGS.values()]

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
            self.mistakes.append(Mistake(path, f"“{title_of(self.kind, path)}” holds a hidden character "
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
        item, record = spot.inside(0), spot.record
        if spot.is_list and item.record:
            found: Any = [inner for number in range(self.answers.count(path))
                          if (inner := self.record(f"{path}.{number}", item.record))]
        elif spot.is_list and starred(path) in self.kind.several:
            found = [value for value in self.answers.all(path) if value.strip() and self.is_plain(path, value)]
        elif spot.is_list:
            found = [line.strip() for line in self.text(path).split("\n") if line.strip()]
            if len(found) > MORE_THAN_MOST * spot.most > 0:
                self.mistakes.append(Mistake(path, too_many(self.kind, path, len(found), spot.most)))
                return []
        elif record:
            found = self.record(path, record)
        else:
            found = self.text(path)
        if not self.answers.is_unknown(path):
            return found
        if found and found != "unknown":
            self.mistakes.append(Mistake(path, f"“{title_of(self.kind, path)}” is answered, and “Not known” is ticked "
                                         "as well. Keep one of the two."))
        return "unknown"

    def is_plain(self, path: str, value: str) -> bool:
        """Whether a chosen value holds nothing hidden; it was not chosen in the form then."""
        if HIDDEN.search(value):
            self.mistakes.append(Mistake(path, f"“{title_of(self.kind, path)}” has a value that is not in the list."))
            return False
        return True

    def record(self, path: str, model: type[BaseModel]) -> dict[str, Any]:
        values = {name: value for name, _ in front_matter(model)
                  if (value := self.value(f"{path}.{name}", Spot.of(model, (name,))))}
        if values and "accessed" in model.model_fields and "accessed" not in values:
            values["accessed"] = self.today.isoformat()
        return values


# --- the name of the file -----------------------------------------------------------------------------------------


def suggested(kind: Kind, answers: Answers) -> str:
    """A file name made of the city and what was done; "" where there is nothing to make one of."""
    return named_after(answers.text("city") or answers.text("city_new"), answers.text("title") or answers.text("name"),
                       SUGGESTED)


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
