"""The repository that a content folder lies in, asked through git's own program; and whether a file on disk is the one
in a commit.

Decision: git is asked, and nothing in the repository is obeyed. Its configuration may come from anybody, and can name
programs to run: so git gets an environment of its own, the options below switch off what can be named, and the files
on disk are compared here instead of by git, which would send them through filters first. git is told where the
repository is instead of finding it. So it neither takes a folder that imitates one for a repository, nor refuses one
that belongs to somebody else, as in a container.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from innoshare.errors import GitError
from innoshare.files import plain_bytes

SECONDS = 60  # After which git hangs: twice what the longest history that is read takes.
MAX_SMALL_BYTES = 1_000_000  # Of git's own lists in a repository: of cut-off commits, of people's names.

NO_GIT = "git is not installed here. Install it to see who changed what, and when."
NO_REPOSITORY = "This folder is in no git repository."
SHALLOW = ("The history begins in the middle (a shallow clone). Fetch the rest with `git fetch --unshallow`; in a "
           "workflow, check out with `fetch-depth: 0` (GitHub, Forgejo) or `GIT_DEPTH: 0` (GitLab).")
# A clone of one branch knows no other, and `git fetch origin main` alone would leave it without a name.
FETCH = ("Fetch it first, as with `git fetch origin main:refs/remotes/origin/main` for `origin/main`; in a workflow, "
         "check out with `fetch-depth: 0` (GitHub, Forgejo) or `GIT_DEPTH: 0` (GitLab).")
PARTIAL = ("This copy of the repository lacks older versions of files (a partial clone). Fetch them with `git fetch "
           "--refetch --no-filter`; in a workflow, check out without a filter.")

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

_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
PERSON = re.compile(r"([^<>\x00\n]*)<([^<>\x00\n]*)>")


class _Refusal(GitError):
    """git was asked and said no."""


@dataclass(frozen=True)
class Blob:
    """A file as a commit has it."""

    id: str
    size: int
    link: bool


@dataclass(frozen=True)
class Repository:
    """The repository that a content folder lies in, and the program that reads it. `top` is the folder that the
    repository keeps, `prefix` the way from there to the content, `cut` the commits at which a shallow clone is cut
    off."""

    program: str
    top: Path
    prefix: str
    cut: frozenset[str] = frozenset()

    @classmethod
    def around(cls, root: Path) -> "Repository":
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
        listed = bytes_of(self.top / os.fsdecode(place), MAX_SMALL_BYTES) or b""
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

    def tree(self, commit: str, path: str = "") -> dict[str, Blob]:
        """The files below the content folder, or one of them, at a commit, by their paths below it."""
        name = f"{self.prefix}/{path}".strip("/")
        out = self.ask("ls-tree", "-r", "-z", "-l", commit, *(["--", name] if name else []))
        files = {}
        for line in filter(None, out.split(b"\0")):
            about, _, name_in_tree = line.partition(b"\t")
            mode, kind, digest, size = about.split()
            if kind == b"blob":
                files[self.below(name_in_tree)] = Blob(digest.decode(), int(size), mode == b"120000")
        return files

    def below(self, path: bytes) -> str:
        """A path in the repository as a path below the content folder."""
        return os.fsdecode(path[len(os.fsencode(self.prefix)) + 1:] if self.prefix else path)

    def people(self, names: set[str]) -> dict[str, str]:
        """`Name <address>` of people -> the same as the mailmap of the repository corrects it."""
        ordered = sorted(names)
        given = "".join(f"{name}\n" for name in ordered).encode(errors="replace")
        out = self.one("check-mailmap", "--stdin", given=given) if ordered else ""
        return {name: line for name, line in zip(ordered, out.splitlines(), strict=False) if PERSON.fullmatch(line)}


# --- the files on disk --------------------------------------------------------------------------------------------


def same(path: Path, blob: Blob) -> bool:
    """Whether a file on disk is what a commit has."""
    return (_target(path) is not None) == blob.link and blob.id in ids(path, 2 * blob.size, len(blob.id))


def ids(path: Path, most: int, length: int) -> set[str]:
    """What git would call a file, by hashes of so many digits: as it is, and with the line ends of Unix, for git writes
    those of Windows where it is told to. Empty where it is no plain file or link, or has more than `most` bytes."""
    data = _target(path)
    data = bytes_of(path, most) if data is None else data
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


def is_file(path: Path) -> bool:
    """Whether there is something that is no folder. What leads to a folder is none itself."""
    try:
        return not stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def bytes_of(path: Path, most: int) -> bytes | None:
    """The bytes of a plain file; None where it is none, cannot be read, or has more than `most` bytes."""
    try:
        data = plain_bytes(path, most)
    except OSError:
        return None
    return data if data is not None and len(data) <= most else None
