"""What git knows of the files of a content folder: which commits changed them, how many people had a hand in them,
since when they are public; and, for a review, what a branch changes.

`history` reads the whole folder at once and never fails: where git cannot tell, it says why in a sentence. `state` is
what a build compares to learn whether `history` would say something else. `changed`, `paths_at` and `text_at` serve a
review, whose question must have an answer, so they raise.

Decision: git is asked, and nothing in the repository is obeyed. Its configuration may come from anybody, and can name
programs to run: so git gets an environment of its own, the options below switch off what can be named, and the files
on disk are compared here instead of by git, which would send them through filters first. git is told where the
repository is instead of finding it. So it neither takes a folder that imitates one for a repository, nor refuses one
that belongs to somebody else, as in a container.

Decision: a file keeps its history when it is renamed within the folder. When it is moved in from elsewhere, its history
begins there: that is when it became part of the library, and git need not read what else the repository holds.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from innoshare.errors import GitError
from innoshare.files import plain_bytes

MAX_CHANGES = 200  # Of one file, kept: more than a page shows. Contributors and the first day are of all.

# Commits read, newest first. In a made repository, 2,000 commits of 2,000 files took 0.3 seconds, and 100,000 of 10,000
# files 33: half of those are read, so that who has more loses the beginning and not the build.
MAX_COMMITS = 50_000

SECONDS = 60  # After which git hangs: twice what that many commits take.

# Two files are one, renamed, where they share half of their bytes; git's own measure and limit. Any two cases or cities
# of the first 26 share at most a sixth.
SIMILAR = "50%"

# Files of one commit that are compared with each other for this, with those that are gone: git's own limit, stated so
# that no configuration changes it. Files that were renamed and not changed are found beyond it.
MOST_COMPARED = 1_000

MAX_TEXT_BYTES = 1_000_000  # Of what `text_at` gives: four times the longest file that is read as content.
_MAX_SMALL_BYTES = 1_000_000  # Of git's own lists in a repository: of cut-off commits, of people's names.

NO_GIT = "git is not installed here. Install it to see who changed what, and when."
NO_REPOSITORY = "This folder is in no git repository."
NO_COMMIT = "Nothing in this folder is committed yet."
SHALLOW = ("The history begins in the middle (a shallow clone). Fetch the rest with `git fetch --unshallow`; in a "
           "workflow, check out with `fetch-depth: 0` (GitHub, Forgejo) or `GIT_DEPTH: 0` (GitLab).")
# A clone of one branch knows no other, and `git fetch origin main` alone would leave it without a name.
FETCH = ("Fetch it first, as with `git fetch origin main:refs/remotes/origin/main` for `origin/main`; in a workflow, "
         "check out with `fetch-depth: 0` (GitHub, Forgejo) or `GIT_DEPTH: 0` (GitLab).")
PARTIAL = ("This copy of the repository lacks older versions of files (a partial clone). Fetch them with `git fetch "
           "--refetch --no-filter`; in a workflow, check out without a filter.")
TOO_LONG = f"The history is longer than {MAX_COMMITS:,} commits; the older ones are not read."

# The day of a commit whose dates no calendar has: what git itself writes then.
_NO_DAY = "1970-01-01"

# All that git knows of its surroundings. No file of the machine or of a person configures it, it asks nobody, fetches
# nothing that the clone left out, and writes nothing.
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C"}
if os.name == "nt" and (_shell := shutil.which("cmd")):
    ENVIRONMENT["SYSTEMROOT"] = str(Path(_shell).parents[1])  # without which Windows starts nothing

_OPTIONS = ("--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}",
            "-c", f"mailmap.file={os.devnull}", "-c", "mailmap.blob=", "-c", "log.showRoot=true")
_DIFF = ("--raw", "-z", f"-M{SIMILAR}", f"-l{MOST_COMPARED}", f"-O{os.devnull}", "--no-ext-diff", "--no-textconv")
_LOG = ("--topo-order", "--reverse", "-c", "--no-follow", "--no-show-signature", "--encoding=UTF-8", "--date=raw",
        "--format=%H%x00%ad%x00%cd%x00%aE%x00%aN%x00"
        "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)")
_FIELDS = 6

_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# What code hosts write behind the name of a program that commits, as dependabot[bot].
_BOT = re.compile(r".*\[bot\](@.*)?")
_PERSON = re.compile(r"([^<>\x00\n]*)<([^<>\x00\n]*)>")


@dataclass(frozen=True)
class Change:
    """A commit that changed a file. `day` is that of its author, as 2026-05-31: what the author's clock said, right or
    wrong."""

    commit: str
    day: str


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
        repository = _Repository.around(root)
        head = repository.last_commit()
        if not head:
            return History({}, repository.prefix, "", True, NO_COMMIT)
        files = repository.tree(head)
        commits = list(_commits(repository.ask("log", *_LOG, *_DIFF, f"--max-count={MAX_COMMITS + 1}", head, "--",
                                               repository.pathspec)))
        trails = _trails(commits, repository)
    except GitError as error:
        return History({}, repository.prefix if repository else "", "", False, str(error), repository is not None)
    known = {}
    for path, blob in files.items():
        trail = trails.get(path, _Trail())
        known[path] = FileHistory(tuple(reversed(trail.changes[-MAX_CHANGES:])), len(trail.people), trail.born,
                                  not _same(repository.folder / path, blob))
    reason = SHALLOW if repository.cut else TOO_LONG if len(commits) > MAX_COMMITS else ""
    return History(known, repository.prefix, head, not reason, reason)


def state(root: Path) -> str:
    """A short text that is another one whenever `history` might say something else of files with the same bytes; ""
    where git is not installed. Takes some milliseconds."""
    if shutil.which("git") is None:
        return ""
    try:
        repository = _Repository.around(root)
        names = _bytes(repository.top / ".mailmap", _MAX_SMALL_BYTES) or b""
        known = [repository.last_commit(), *sorted(repository.cut), hashlib.sha256(names).hexdigest()]
    except GitError as error:
        known = [str(error)]
    return hashlib.sha256("\0".join(known).encode(errors="replace")).hexdigest()[:16]


def changed(root: Path, base: str) -> Comparison:
    """The files below `root` that differ between the disk and the commit where HEAD departed from the revision `base`
    (a branch, `origin/main`, or a commit); with those that are not committed, without those that git ignores.

    Raises GitError where git cannot tell, with what to do.
    """
    repository = _Repository.around(root)
    start = repository.departure(base)
    before = repository.tree(start)
    names = repository.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", repository.pathspec)
    now = {path for path in map(repository.below, names.split(b"\0")) if path and _is_file(repository.folder / path)}
    added, removed = now - set(before), set(before) - now
    files = {path: Difference("changed", path)
             for path in now & set(before) if not _same(repository.folder / path, before[path])}
    renamed = _renamed(repository, start, before, added, removed)
    files |= {new: Difference("renamed", old) for new, old in renamed.items()}
    added, removed = added - renamed.keys(), removed - set(renamed.values())
    files |= {path: Difference("added", "") for path in added} | {path: Difference("removed", path) for path in removed}
    return Comparison(start, dict(sorted(files.items())))


def paths_at(root: Path, commit: str) -> frozenset[str]:
    """The paths of all files below `root` at a commit, links among them. Raises GitError where git cannot tell, with
    what to do."""
    repository = _Repository.around(root)
    return frozenset(repository.tree(repository.commit(commit)))


def text_at(root: Path, commit: str, path: str) -> bytes | None:
    """The bytes of a file below `root` at a commit; None where it was not there, was no plain file, or was longer than
    MAX_TEXT_BYTES. Raises GitError where git cannot tell, with what to do."""
    repository = _Repository.around(root)
    blob = repository.tree(repository.commit(commit), path).get(path)
    if blob is None or blob.link or blob.size > MAX_TEXT_BYTES:
        return None
    return repository.ask("cat-file", "blob", blob.id)


def _renamed(repository: "_Repository", start: str, before: Mapping[str, "_Blob"], added: set[str],
             removed: set[str]) -> dict[str, str]:
    """Which of the added files are one of the removed: as git pairs them in what is committed, and where a file was
    moved as it is."""
    if not added or not removed:
        return {}
    out = repository.ask("diff-tree", "-r", *_DIFF, start, "HEAD", "--", repository.pathspec)
    pairs = {repository.below(step.path): repository.below(step.old)
             for step in _steps(out.split(b"\0"), 0)[0] if step.letter == "R"}
    pairs = {new: old for new, old in pairs.items() if new in added and old in removed}
    left: dict[str, list[str]] = {}  # several removed files may have said the same
    for old in sorted(removed - set(pairs.values()), reverse=True):
        left.setdefault(before[old].id, []).append(old)
    most = 2 * max((before[old].size for same in left.values() for old in same), default=0)
    for new in sorted(added - pairs.keys()):
        for one in _ids(repository.folder / new, most, len(start)):
            if new not in pairs and left.get(one):
                pairs[new] = left[one].pop()
    return pairs


# --- asking git ---------------------------------------------------------------------------------------------------


class _Refusal(GitError):
    """git was asked and said no."""


@dataclass(frozen=True)
class _Blob:
    """A file as a commit has it."""

    id: str
    size: int
    link: bool


@dataclass(frozen=True)
class _Repository:
    """The repository that a content folder lies in, and the program that reads it. `top` is the folder that the
    repository keeps, `prefix` the way from there to the content, `cut` the commits at which a shallow clone is cut
    off."""

    program: str
    top: Path
    prefix: str
    cut: frozenset[str] = frozenset()

    @classmethod
    def around(cls, root: Path) -> "_Repository":
        """The nearest repository that holds `root`. Raises GitError where there is none, or git cannot read it."""
        program = shutil.which("git")
        if program is None:
            raise GitError(NO_GIT)
        place = Path(os.path.realpath(root))
        for top in (place, *place.parents):
            try:
                # A file is what a worktree and a submodule have: it says where the rest lies.
                if (top / ".git").is_file() or (top / ".git" / "HEAD").is_file():
                    prefix = place.relative_to(top).as_posix()
                    found = cls(program, top, "" if prefix == "." else prefix)
                    return replace(found, cut=found.cut_off())
            except OSError as error:
                raise GitError(f"The folder {top} cannot be read ({error.strerror}).") from error
        raise GitError(NO_REPOSITORY)

    @property
    def folder(self) -> Path:
        return self.top / self.prefix

    @property
    def pathspec(self) -> str:
        return self.prefix or "."

    def ask(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git answers. Raises GitError where it does not, with its own words."""
        try:
            answer = subprocess.run(
                [self.program, *_OPTIONS, f"--git-dir={self.top / '.git'}", f"--work-tree={self.top}", *arguments],
                input=given, capture_output=True, cwd=self.top, env=ENVIRONMENT, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise GitError(f"git did not answer within {SECONDS} seconds.") from None
        except (OSError, ValueError) as error:  # ValueError: a name that no program can be told
            raise GitError(f"git cannot be asked ({error}).") from error
        if answer.returncode:
            if re.search(b"lazy fetching disabled|promisor remote", answer.stderr):  # in words of newer and older git
                raise GitError(PARTIAL)
            words = answer.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
            raise _Refusal(f"git refuses: {''.join(filter(str.isprintable, words))[:200] or 'it does not say why'}")
        return answer.stdout

    def one(self, *arguments: str, given: bytes = b"") -> str:
        """What git answers, as text; "" where it knows nothing."""
        try:
            return self.ask(*arguments, given=given).decode(errors="replace").strip()
        except _Refusal:
            return ""

    def commit(self, revision: str) -> str:
        """The hash of the commit that a revision names; raises GitError where it names none."""
        found = ""
        if not revision.startswith("-"):  # It would be an option; git gives no branch such a name.
            found = self.one("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if not _HASH.fullmatch(found):
            raise GitError(f"git knows no revision {revision[:100]!r} here. {FETCH}")
        return found

    def last_commit(self) -> str:
        """The last commit that changed something in the content folder; "" where there is none."""
        if not self.one("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
            return ""
        return self.ask("log", "-1", "--format=%H", "--no-show-signature", "HEAD", "--", self.pathspec).decode().strip()

    def cut_off(self) -> frozenset[str]:
        """The commits at which a shallow clone is cut off; none for a whole one."""
        place = self.ask("rev-parse", "--git-path", "shallow").rstrip(b"\r\n")
        listed = _bytes(self.top / os.fsdecode(place), _MAX_SMALL_BYTES) or b""
        return frozenset(listed.decode(errors="replace").split())

    def departure(self, base: str) -> str:
        """The commit at which HEAD departed from a revision."""
        other = self.commit(base)
        if not self.one("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
            raise GitError("Nothing is committed here yet, so there is nothing to compare.")
        found = self.one("merge-base", other, "HEAD")
        if not found:
            raise GitError(f"git finds no commit that this branch and {base[:100]!r} have in common. "
                           + (SHALLOW if self.cut else "Name the revision that it was made from."))
        return found

    def tree(self, commit: str, path: str = "") -> dict[str, _Blob]:
        """The files below the content folder, or one of them, at a commit, by their paths below it."""
        name = f"{self.prefix}/{path}".strip("/")
        out = self.ask("ls-tree", "-r", "-z", "-l", commit, *(["--", name] if name else []))
        files = {}
        for line in filter(None, out.split(b"\0")):
            about, _, name_in_tree = line.partition(b"\t")
            mode, kind, digest, size = about.split()
            if kind == b"blob":
                files[self.below(name_in_tree)] = _Blob(digest.decode(), int(size), mode == b"120000")
        return files

    def below(self, path: bytes) -> str:
        """A path in the repository as a path below the content folder."""
        return os.fsdecode(path[len(os.fsencode(self.prefix)) + 1:] if self.prefix else path)

    def people(self, names: set[str]) -> dict[str, str]:
        """`Name <address>` of people -> the same as the mailmap of the repository corrects it."""
        ordered = sorted(names)
        given = "".join(f"{name}\n" for name in ordered).encode(errors="replace")
        out = self.one("check-mailmap", "--stdin", given=given) if ordered else ""
        return {name: line for name, line in zip(ordered, out.splitlines(), strict=False) if _PERSON.fullmatch(line)}


# --- reading what it says -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """What a commit did to a file: A added, D removed, R renamed from `old`, M all else."""

    letter: str
    path: bytes
    old: bytes


@dataclass(frozen=True)
class _Commit:
    hash: str
    day: str
    author: str
    helpers: tuple[str, ...]
    steps: list[_Step]


@dataclass
class _Trail:
    """A file on its way through the history, oldest change first."""

    changes: list[Change] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    born: str | None = None

    def copy(self) -> "_Trail":
        return _Trail(list(self.changes), set(self.people), self.born)


def _commits(out: bytes) -> Iterator[_Commit]:
    """The commits of a log, oldest first."""
    tokens, at = out.split(b"\0"), 0
    while at + _FIELDS < len(tokens):
        name, *fields = (token.decode(errors="replace") for token in tokens[at:at + _FIELDS])
        written, committed, address, author, helpers = fields
        at += _FIELDS
        if tokens[at] == b"":  # stands before what a merge did, and nothing else
            at += 1
        steps, at = _steps(tokens, at)
        yield _Commit(name, _day(written) or _day(committed) or _NO_DAY, _person(author, address),
                      tuple(f"{one[1].strip()} <{one[2].strip()}>".strip() for one in _PERSON.finditer(helpers)), steps)


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


def _trails(commits: Sequence[_Commit], repository: _Repository) -> dict[str, _Trail]:
    """The way of each file, by the last of its names; told oldest first, so that a name is known before it changes."""
    corrected = repository.people({helper for commit in commits for helper in commit.helpers})
    trails: dict[bytes, _Trail] = {}
    left: dict[bytes, _Trail] = {}  # names whose file has another one since -> its way until then
    for commit in commits:
        people = {person for person in (commit.author, *(
            _contact(corrected.get(helper, helper)) for helper in commit.helpers)) if not _BOT.fullmatch(person)}
        # All names are looked up before any is given away: a commit may pass names on in a row.
        for step, trail in [(step, trails.get(step.old)) for step in commit.steps]:
            if step.letter == "D":
                continue  # and where it comes back, it goes on
            if trail is None or (step.letter == "A" and step.path in left):
                trail = _Trail(born=commit.day if step.letter == "A" else None)
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
    found = _PERSON.fullmatch(text)
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


# --- the files on disk --------------------------------------------------------------------------------------------


def _same(path: Path, blob: _Blob) -> bool:
    """Whether a file on disk is what a commit has."""
    return (_target(path) is not None) == blob.link and blob.id in _ids(path, 2 * blob.size, len(blob.id))


def _ids(path: Path, most: int, length: int) -> set[str]:
    """What git would call a file, by hashes of so many digits: as it is, and with the line ends of Unix, for git writes
    those of Windows where it is told to. Empty where it is no plain file or link, or has more than `most` bytes."""
    data = _target(path)
    data = _bytes(path, most) if data is None else data
    if data is None:
        return set()
    method = hashlib.sha1 if length == 40 else hashlib.sha256
    return {method(b"blob %d\0%b" % (len(one), one), usedforsecurity=False).hexdigest()
            for one in {data, data.replace(b"\r\n", b"\n")}}


def _target(path: Path) -> bytes | None:
    """Where a link leads; None for what is no link."""
    try:
        return os.fsencode(path.readlink())
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    """Whether there is something that is no folder. What leads to a folder is none itself."""
    try:
        return not stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _bytes(path: Path, most: int) -> bytes | None:
    """The bytes of a plain file; None where it is none, cannot be read, or has more than `most` bytes."""
    try:
        data = plain_bytes(path, most)
    except OSError:
        return None
    return data if data is not None and len(data) <= most else None
