"""What the commits of a repository did to the files of its content folder, from one to the next: each file's way
through them.

Decision: a file keeps its history when it is renamed within the folder. When it is moved in from elsewhere, its history
begins there: that is when it became part of the library, and git need not read what else the repository holds.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from innoshare.provenance.git import PERSON, Repository

# Two files are one, renamed, where they share half of their bytes; git's own measure and limit. Any two cases or cities
# of the first 26 share at most a sixth.
SIMILAR = "50%"

# Files of one commit that are compared with each other for this, with those that are gone: git's own limit, stated so
# that no configuration changes it. Files that were renamed and not changed are found beyond it.
MOST_COMPARED = 1_000

# The day of a commit whose dates no calendar has: what git itself writes then.
_NO_DAY = "1970-01-01"

_DIFF = ("--raw", "-z", f"-M{SIMILAR}", f"-l{MOST_COMPARED}", f"-O{os.devnull}", "--no-ext-diff", "--no-textconv")
_LOG = ("--topo-order", "--reverse", "-c", "--no-follow", "--no-show-signature", "--encoding=UTF-8", "--date=raw",
        "--format=%H%x00%ad%x00%cd%x00%aE%x00%aN%x00"
        "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)")
_FIELDS = 6

# What code hosts write behind the name of a program that commits, as dependabot[bot].
_BOT = re.compile(r".*\[bot\](@.*)?")


@dataclass(frozen=True)
class Change:
    """A commit that changed a file. `day` is that of its author, as 2026-05-31: what the author's clock said, right or
    wrong."""

    commit: str
    day: str


@dataclass(frozen=True)
class _Step:
    """What a commit did to a file: A added, D removed, R renamed from `old`, M all else."""

    letter: str
    path: bytes
    old: bytes


@dataclass(frozen=True)
class Commit:
    """A commit as far as it matters here. `helpers` are its co-authors, each as `Name <address>`."""

    hash: str
    day: str
    author: str
    helpers: tuple[str, ...]
    steps: list[_Step]


@dataclass
class Trail:
    """A file on its way through the history, oldest change first."""

    changes: list[Change] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    born: str | None = None

    def copy(self) -> "Trail":
        return Trail(list(self.changes), set(self.people), self.born)


def commits(repository: Repository, head: str, most: int) -> list[Commit]:
    """The last commits up to `head` that changed something in the content folder, at most so many, oldest first."""
    return list(_commits(repository.ask("log", *_LOG, *_DIFF, f"--max-count={most}", head, "--", repository.pathspec)))


def renamings(repository: Repository, start: str) -> dict[str, str]:
    """New path -> old one, of the files that git takes for renamed between a commit and HEAD."""
    out = repository.ask("diff-tree", "-r", *_DIFF, start, "HEAD", "--", repository.pathspec)
    return {repository.below(step.path): repository.below(step.old)
            for step in _steps(out.split(b"\0"), 0)[0] if step.letter == "R"}


def _commits(out: bytes) -> Iterator[Commit]:
    tokens, at = out.split(b"\0"), 0
    while at + _FIELDS < len(tokens):
        name, *fields = (token.decode(errors="replace") for token in tokens[at:at + _FIELDS])
        written, committed, address, author, helpers = fields
        at += _FIELDS
        if tokens[at] == b"":  # stands before what a merge did, and nothing else
            at += 1
        steps, at = _steps(tokens, at)
        yield Commit(name, _day(written) or _day(committed) or _NO_DAY, _person(author, address),
                      tuple(f"{one[1].strip()} <{one[2].strip()}>".strip() for one in PERSON.finditer(helpers)), steps)


def _steps(tokens: Sequence[bytes], at: int) -> tuple[list[_Step], int]:
    """What a raw diff says, from one token on, and where it ends."""
    steps = []
    while at < len(tokens) and (about := tokens[at].lstrip(b"\n")).startswith(b":"):
        # A merge has a colon and a letter for each parent. It names only files that are as in none of them, once.
        merge, letters = about.startswith(b"::"), about.split()[-1].decode()
        renamed = not merge and letters.startswith("R")
        old, path = tokens[at + 1], tokens[at + 1 + renamed]
        letter = "R" if renamed else letters[0] if letters in {"A" * len(letters), "D" * len(letters)} else "M"
        steps.append(_Step(letter, path, old))
        at += 2 + renamed
    return steps, at


def trails(commits: Sequence[Commit], repository: Repository) -> dict[str, Trail]:
    """The way of each file, by the last of its names; told oldest first, so that a name is known before it changes."""
    corrected = repository.people({helper for commit in commits for helper in commit.helpers})
    trails: dict[bytes, Trail] = {}
    left: dict[bytes, Trail] = {}  # names whose file has another one since -> its way until then
    for commit in commits:
        people = {person for person in (commit.author, *(
            _contact(corrected.get(helper, helper)) for helper in commit.helpers)) if not _BOT.fullmatch(person)}
        # All names are looked up before any is given away: a commit may pass names on in a row.
        for step, trail in [(step, trails.get(step.old)) for step in commit.steps]:
            if step.letter == "D":
                continue  # and where it comes back, it goes on
            if trail is None or (step.letter == "A" and step.path in left):
                trail = Trail(born=commit.day if step.letter == "A" else None)
            elif step.letter == "R":
                if step.old in left:  # two branches gave it two names: from here it is two files
                    trail = left[step.old].copy()
                left.setdefault(step.old, trail.copy())
            trails[step.path] = trail
            if step.letter != "M":
                left.pop(step.path, None)
            if commit.hash in repository.cut:
                trail.born = None  # it is older; who made it and when is cut off
            else:
                trail.changes.append(Change(commit.hash, commit.day))
                trail.people |= people
    return {repository.below(path): trail for path, trail in trails.items()}


def _person(name: str, address: str) -> str:
    """One and the same text for the same person: the address, or the name where there is none."""
    return address.strip().lower() or name.strip().lower()


def _contact(text: str) -> str:
    """The same of `Name <address>`."""
    found = PERSON.fullmatch(text)
    return _person(found[1], found[2]) if found else text


def _day(date: str) -> str:
    """The day of a date as git keeps it, in seconds and a zone; "" where no calendar has it."""
    found = re.fullmatch(r"(\d{1,20}) ([+-])(\d{1,10})(\d\d)", date)
    if not found:
        return ""
    try:
        zone = timedelta(hours=int(found[3]), minutes=int(found[4]))
        there = datetime(1970, 1, 1) + timedelta(seconds=int(found[1])) + (zone if found[2] == "+" else -zone)
    except OverflowError:
        return ""
    return there.date().isoformat()
