"""A file under check: its header and its text as a Page, what lies outside it as a World, and what a rule is.

Nothing is judged here. `which` and `few` make the remedies of rules that look for a name.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from innoshare.case import City, Record, Vocabulary
from innoshare.content.fields import Spot
from innoshare.content.forms import similar
from innoshare.content.frontmatter import FrontMatter
from innoshare.content.mending import Steps, dotted
from innoshare.errors import Level, Problem
from innoshare.render import is_too_long

# Unknown names for which the likeliest known one is sought, by each rule in each file. Among 1,000 files one takes
# 20 ms (measured), and whoever misspells more has one reason for all of them.
MAX_GUESSES = 10


@dataclass(frozen=True)
class World:
    """What a rule may ask about everything outside the file. `files` are the names in each folder, valid or not."""

    root: str
    today: date
    files: Mapping[str, Collection[str]]
    cities: Mapping[str, City]
    vocabulary: Vocabulary
    broken_terms: Mapping[str, Collection[str]]  # vocabulary -> terms that are listed and have mistakes


@dataclass(frozen=True)
class Page:
    """A file under check. Rules see its header as it was written, valid or not."""

    model: type[Record]
    path: str
    slug: str
    parts: FrontMatter
    draft: bool = False

    def at(self, *steps: str | int) -> Any:
        """The value at a place of the header; None where there is none."""
        here: Any = self.parts.values
        for step in steps:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here

    def text(self, *steps: str | int) -> str:
        """The text at a place of the header; empty where there is none."""
        value = self.at(*steps)
        return value.strip() if isinstance(value, str) else ""

    def each(self, name: str, *inner: str) -> Iterator[tuple[Steps, str]]:
        """The texts of a list: its items, or a part of each of its items."""
        items = self.at(name)
        for number in range(len(items) if isinstance(items, list) else 0):
            if text := self.text(name, number, *inner):
                yield (name, number, *inner), text

    def texts(self) -> Iterator[tuple[Steps, str]]:
        """Every text of the header with its place."""
        waiting: list[tuple[Steps, Any]] = [((), self.parts.values)]
        while waiting:
            steps, value = waiting.pop()
            if isinstance(value, str):
                yield steps, value
            elif isinstance(value, dict):
                waiting += [((*steps, key), item) for key, item in value.items()]
            elif isinstance(value, list):
                waiting += [((*steps, number), item) for number, item in enumerate(value)]

    def has_field(self, steps: Steps) -> bool:
        """Whether the header may have a value there. Of a field that does not exist no more need be said than that."""
        return Spot.of(self.model, steps).field is not None

    @property
    def lines(self) -> list[str]:
        """The lines of the text; none where it is too long to be looked at."""
        return [] if is_too_long(self.parts.body) else self.parts.body.split("\n")

    def problem(self, steps: Steps, message: str, remedy: str, level: Level = "error") -> Problem:
        """A Problem at a place of the header."""
        return Problem(self.path, *self.parts.place(steps), dotted(steps), level, message, remedy)

    def in_body(self, line: int, message: str, remedy: str, level: Level = "error", column: int = 0) -> Problem:
        """A Problem in a line of the body; line and column are counted from 0."""
        return Problem(self.path, self.parts.body_line + line, column + 1, "body", level, message, remedy)

    @property
    def strict(self) -> Level:
        """The level of what only publication requires."""
        return "advice" if self.draft else "error"


Found = Iterator[Problem]
Rule = Callable[[Page, World], Found]


def which(names: Collection[str], folder: str) -> Callable[[str], str]:
    """The remedy for the name of a file that does not exist."""
    otherwise = f"Write the name of a file in {folder}, without .md, or add that file."

    def remedy(name: str) -> str:
        like = similar(name, sorted(names))  # of two that are alike it is always the same one
        return f"Did you mean `{like[0]}`? {otherwise}" if like else otherwise

    return few(remedy, otherwise)


def few(remedy: Callable[[str], str], otherwise: str) -> Callable[[str], str]:
    """`remedy`, asked once for each name and for MAX_GUESSES names; `otherwise` for the rest."""
    known: dict[str, str] = {}

    def bounded(name: str) -> str:
        if name not in known and len(known) < MAX_GUESSES:
            known[name] = remedy(name)
        return known.get(name, otherwise)

    return bounded
