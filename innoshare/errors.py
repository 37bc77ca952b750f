"""What can go wrong, as values and as the few exceptions that cross rooms.

A `Problem` is a contributor's mistake in a file: a value, gathered and shown, never raised. An
`InnoshareError` is raised where a face (page, API, command) must answer with it: each class knows its HTTP
status, and its text is written for the person who reads it. Nothing here knows Flask, Whoosh or a database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "advice"]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing a contributor must mend (`error`) or may improve (`advice`).

    `path` is relative to where the check was started, `line` and `column` count from 1, `field` is the dotted
    front-matter key (`cost.currency`, `results.0.source`) or `body`. `message` says what is wrong, `remedy` what
    to write instead.
    """

    path: str
    line: int
    column: int
    field: str
    level: Level
    message: str
    remedy: str


class InnoshareError(Exception):
    """Something to tell the person who asked. `status` is the HTTP status a web face answers with."""

    status = 500
    title = "Something went wrong here"


class NotFound(InnoshareError):
    """No case, city or page has this name."""

    status = 404
    title = "Not found"


class BadInput(InnoshareError):
    """A question the library cannot take, with every mistake in it.

    `mistakes` holds pairs (parameter, what is wrong and what to send instead).
    """

    status = 400
    title = "The request cannot be understood"

    def __init__(self, mistakes: Sequence[tuple[str, str]]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.mistakes))


class EditionError(InnoshareError):
    """No usable edition: nothing built yet, or what is on disk cannot be read."""

    status = 503
    title = "The library is not ready"


class SettingsError(InnoshareError):
    """A setting that cannot be followed on this machine; the text says which, and what to set or install instead."""

    status = 503
    title = "The library is not set up"


class ExportError(InnoshareError):
    """A file that cannot be written; the text says why."""

    title = "The file was not written"


class CollectionError(InnoshareError):
    """A judged collection that cannot be read; the text says which file and line."""

    title = "The collection cannot be read"


class GitError(InnoshareError):
    """What git was asked for and could not tell; the text says why, and what to do."""

    title = "Git cannot answer"


class ForgeError(InnoshareError):
    """The code host did not do what a command asked. `answer` is the HTTP status it gave, 0 where it gave none."""

    title = "Nothing was posted"

    def __init__(self, text: str, answer: int = 0) -> None:
        self.answer = answer
        super().__init__(text)
