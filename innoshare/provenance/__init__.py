"""What git knows of the files of a content folder: which commits changed them, how many people had a hand in them,
since when they are public; and, for a review, what a branch changes.

`history` reads the whole folder at once and never fails: where git cannot tell, it says why in a sentence. `state` is
what a build compares to learn whether `history` would say something else. `changed`, `paths_at` and `text_at` serve a
review, whose question must have an answer, so they raise. Below this room `log` follows each file through the commits,
and below that `git` asks the program.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from innoshare.errors import GitError
from innoshare.provenance import log
from innoshare.provenance.git import MAX_SMALL_BYTES, SHALLOW, Blob, Repository, bytes_of, ids, is_file, same
from innoshare.provenance.log import Change

__all__ = ["Change", "Comparison", "Difference", "FileHistory", "History", "changed", "history", "paths_at", "state",
           "text_at"]

MAX_CHANGES = 200  # Of one file, kept: more than a page shows. Contributors and the first day are of all.

# Commits read, newest first. In a made repository, 2,000 commits of 2,000 files took 0.3 seconds, and 100,000 of 10,000
# files 33: half of those are read, so that who has more loses the beginning and not the build.
MAX_COMMITS = 50_000

MAX_TEXT_BYTES = 1_000_000  # Of what `text_at` gives: four times the longest file that is read as content.

NO_COMMIT = "Nothing in this folder is committed yet."
TOO_LONG = f"The history is longer than {MAX_COMMITS:,} commits; the older ones are not read."


@dataclass(frozen=True)
class FileHistory:
    """What git knows of one file, through its renamings.

    `changes` are newest first, at most MAX_CHANGES; `contributors` counts its authors and co-authors, programs left
    out; `first_published` is the day of the first commit that has it, None where the history is cut off before it.
    `uncommitted` says that the file on disk is not the one in the last commit.
    """

    changes: tuple[Change, ...]
    contributors: int
    first_published: str | None
    uncommitted: bool

    @property
    def last_changed(self) -> str | None:
        """The day of the last change; None where no change is known."""
        return self.changes[0].day if self.changes else None

    @property
    def commit(self) -> str | None:
        """The commit of the last change, which has the file as it is now unless `uncommitted`."""
        return self.changes[0].commit if self.changes else None


@dataclass(frozen=True)
class History:
    """What git knows of a content folder.

    `files` maps paths below the folder (`cases/x.md`) to their histories; a file that is not there was never committed.
    `prefix` is the path of the folder in its repository, "" at the top; `head` the last commit that changed something
    in it, "" where there is none. `reason` is a sentence for people that says why not everything is known, or why
    nothing is; "" where `files` tells all. `failed` says that there is a repository and git could not read it out this
    time (too slow, no memory): asked again it may.
    """

    files: Mapping[str, FileHistory]
    prefix: str
    head: str
    complete: bool
    reason: str
    failed: bool = False


@dataclass(frozen=True)
class Difference:
    """What happened to a file between the base of a comparison and the disk. `old` is its path there, "" where it was
    not there yet."""

    kind: Literal["added", "changed", "removed", "renamed"]
    old: str


@dataclass(frozen=True)
class Comparison:
    """The files below the content folder that a branch changes. `base` is the commit that it departed from: what
    `text_at` can be asked for the old paths."""

    base: str
    files: Mapping[str, Difference]


def history(root: Path) -> History:
    """What git knows of every file of the content folder `root` that was ever committed and is still there.

    Never raises for anything that git does; what cannot be known is not there, and `reason` says why.
    """
    repository = None
    try:
        repository = Repository.around(root)
        head = repository.last_commit()
        if not head:
            return History({}, repository.prefix, "", True, NO_COMMIT)
        files = repository.tree(head)
        commits = log.commits(repository, head, MAX_COMMITS + 1)
        trails = log.trails(commits, repository)
    except GitError as error:
        return History({}, repository.prefix if repository else "", "", False, str(error), repository is not None)
    known = {}
    for path, blob in files.items():
        trail = trails.get(path, log.Trail())
        known[path] = FileHistory(tuple(reversed(trail.changes[-MAX_CHANGES:])), len(trail.people), trail.born,
                                  not same(repository.folder / path, blob))
    reason = SHALLOW if repository.cut else TOO_LONG if len(commits) > MAX_COMMITS else ""
    return History(known, repository.prefix, head, not reason, reason)


def state(root: Path) -> str:
    """A short text that is another one whenever `history` might say something else of files with the same bytes; ""
    where git is not installed. Takes some milliseconds."""
    if shutil.which("git") is None:
        return ""
    try:
        repository = Repository.around(root)
        names = bytes_of(repository.top / ".mailmap", MAX_SMALL_BYTES) or b""
        known = [repository.last_commit(), *sorted(repository.cut), hashlib.sha256(names).hexdigest()]
    except GitError as error:
        known = [str(error)]
    return hashlib.sha256("\0".join(known).encode(errors="replace")).hexdigest()[:16]


def changed(root: Path, base: str) -> Comparison:
    """The files below `root` that differ between the disk and the commit where HEAD departed from the revision `base`
    (a branch, `origin/main`, or a commit); with those that are not committed, without those that git ignores.

    Raises GitError where git cannot tell, with what to do.
    """
    repository = Repository.around(root)
    start = repository.departure(base)
    before = repository.tree(start)
    names = repository.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", repository.pathspec)
    now = {path for path in map(repository.below, names.split(b"\0")) if path and is_file(repository.folder / path)}
    added, removed = now - set(before), set(before) - now
    files = {path: Difference("changed", path)
             for path in now & set(before) if not same(repository.folder / path, before[path])}
    renamed = _renamed(repository, start, before, added, removed)
    files |= {new: Difference("renamed", old) for new, old in renamed.items()}
    added, removed = added - renamed.keys(), removed - set(renamed.values())
    files |= {path: Difference("added", "") for path in added} | {path: Difference("removed", path) for path in removed}
    return Comparison(start, dict(sorted(files.items())))


def paths_at(root: Path, commit: str) -> frozenset[str]:
    """The paths of all files below `root` at a commit, links among them. Raises GitError where git cannot tell, with
    what to do."""
    repository = Repository.around(root)
    return frozenset(repository.tree(repository.commit(commit)))


def text_at(root: Path, commit: str, path: str) -> bytes | None:
    """The bytes of a file below `root` at a commit; None where it was not there, was no plain file, or was longer than
    MAX_TEXT_BYTES. Raises GitError where git cannot tell, with what to do."""
    repository = Repository.around(root)
    blob = repository.tree(repository.commit(commit), path).get(path)
    if blob is None or blob.link or blob.size > MAX_TEXT_BYTES:
        return None
    return repository.ask("cat-file", "blob", blob.id)


def _renamed(repository: Repository, start: str, before: Mapping[str, Blob], added: set[str],
             removed: set[str]) -> dict[str, str]:
    """Which of the added files are one of the removed: as git pairs them in what is committed, and where a file was
    moved as it is."""
    if not added or not removed:
        return {}
    pairs = {new: old for new, old in log.renamings(repository, start).items() if new in added and old in removed}
    left: dict[str, list[str]] = {}  # several removed files may have said the same
    for old in sorted(removed - set(pairs.values()), reverse=True):
        left.setdefault(before[old].id, []).append(old)
    most = 2 * max((before[old].size for same in left.values() for old in same), default=0)
    for new in sorted(added - pairs.keys()):
        for one in ids(repository.folder / new, most, len(start)):
            if new not in pairs and left.get(one):
                pairs[new] = left[one].pop()
    return pairs
