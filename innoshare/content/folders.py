"""Which files of a content folder count, what they are called, and what is said of those that only look as if they did.

Nothing is opened that is no plain file directly in one of the FOLDERS: a symbolic link could show any file of the
machine that builds, a pipe would keep it waiting. What is in a file is not looked at here.
"""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from innoshare.content.forms import FORMS, MAX_SLUG, SLUG, one_of, safe_slug, similar
from innoshare.content.frontmatter import MAX_FILE_BYTES
from innoshare.content.mending import shown
from innoshare.errors import Level, Problem
from innoshare.files import plain_bytes

CONCEPTS = "vocabulary/concepts"
FOLDERS = {"cases": ".md", "challenges": ".md", "cities": ".md", "vocabulary": ".yaml", CONCEPTS: ".yaml"}


@dataclass(frozen=True)
class File:
    """A file that counts. `name` is its name without the ending, `path` what Problems call it."""

    folder: str
    name: str
    path: str
    data: bytes

    @property
    def key(self) -> str:
        """Its path below the content folder, as it can be shown."""
        return f"{self.folder}/{printable(self.name)}{FOLDERS[self.folder]}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


_OTHER_TEXT_ENDINGS = (".md", ".markdown", ".mdown", ".txt", ".yaml", ".yml")
_OF_WORD_PROCESSORS = (".docx", ".doc", ".odt", ".rtf", ".pages")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
_MAY_LIE_ANYWHERE = re.compile(r"(readme|license|licence|copying|notice)(\..*)?", re.IGNORECASE)


def printable(name: str) -> str:
    """A file name that can be shown: undecodable bytes and control characters written out."""
    name = os.fsencode(name).decode("utf-8", errors="backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name)


def label(root: Path) -> str:
    """What Problems call a content folder: its own name, that of its target where a path ends in dots."""
    name = root.absolute().name
    return printable(root.resolve().name if name in ("", "..") else name) or "content"


def files(root: Path) -> Iterator[File | Problem]:
    """Every file that counts, by folder and name, and a Problem for each that looks as if it should."""
    for folder, ending in FOLDERS.items():
        path = f"{label(root)}/{folder}"
        try:
            if not stat.S_ISDIR(os.lstat(root / folder).st_mode):
                yield of_file(path, "This is not a folder, or only a link to one.", "Put a real folder here.")
                continue
            names = sorted(entry.name for entry in (root / folder).iterdir())
        except FileNotFoundError:
            continue
        except OSError as error:
            yield of_file(path, f"The folder cannot be read ({error.strerror}).", "Check who may read it.")
            continue
        for name in names:
            if not name.startswith(".") and not _MAY_LIE_ANYWHERE.fullmatch(name):
                yield from _entry(root / folder / name, f"{path}/{printable(name)}", folder, ending)


def _entry(path: Path, label: str, folder: str, ending: str) -> Iterator[File | Problem]:
    """One entry of a folder: the file, a Problem, or nothing where it has no business here."""
    if path.suffix != ending:
        suffix, plain = path.suffix.lower(), Path(path.stem)
        while plain.suffix.lower() in _OTHER_TEXT_ENDINGS:  # Editors hide that they have made it x.md.txt.
            plain = plain.with_suffix("")
        better = FORMS[SLUG.pattern].guess(printable(plain.name)) if ending == ".md" else printable(plain.name)
        name = f"`{better or 'city-and-measure'}{ending}`"
        if suffix in _OF_WORD_PROCESSORS:
            yield of_file(label, "This is a file of a word processor, which is not read.",
                          f"Open it there, copy the text into a file {name} made with a text editor, and save that as "
                          "UTF-8. Then take this one away.")
        elif suffix in _OTHER_TEXT_ENDINGS:
            yield of_file(label, f"This file is not read: its name does not end with {ending}.",
                          f"Rename it to {name}, or move it elsewhere.")
        return
    if path.is_symlink():
        yield of_file(label, "This is a link to another file; links are not followed.", "Put the file itself here.")
        return
    try:
        data = plain_bytes(path, MAX_FILE_BYTES)
    except OSError as error:
        yield of_file(label, f"The file cannot be read ({error.strerror}).",
                      "Check that it is a plain file that may be read, and the disk.")
        return
    if data is None:
        yield of_file(label, "This is not a plain file.", f"Put a text file here, or use a name without {ending}.")
        return
    yield File(folder, path.stem, label, data)


def of_file(path: str, message: str, remedy: str, level: Level = "error") -> Problem:
    """A Problem of a file as a whole, or of a folder."""
    return Problem(path, 1, 1, "", level, message, remedy)


def digests(root: Path) -> dict[str, str]:
    """Path below `root` -> SHA-256 of the file's bytes, for every file that `read` would read, sorted by path.

    Of a file beyond MAX_FILE_BYTES, which is refused anyway, only the beginning counts.
    """
    found = {file.key: file.digest for file in files(root) if isinstance(file, File)}
    return dict(sorted(found.items()))


def misnamed(file: File, names: Collection[str]) -> Iterator[Problem]:
    """A file is named by small letters, digits and hyphens, and differs from others by more than capitals; `names` are
    all in its folder."""
    form = FORMS[SLUG.pattern]
    if file.name in _DEVICES:
        yield of_file(file.path, "On Windows no file can have this name, so nobody there could fetch the library.",
                      f"Rename it to `{file.name}-and-more{FOLDERS[file.folder]}`, or what it is about.")
    if safe_slug(file.name) == file.name:
        return
    guess = form.guess(printable(file.name))
    if len(file.name) > MAX_SLUG:
        yield of_file(file.path, f"The file name has {len(file.name)} characters; at most {MAX_SLUG} are allowed.",
                      "Choose a shorter one; it is the address of the page.")
    elif guess in names:
        yield of_file(file.path, f"The file name differs from {shown(guess + '.md')} only by capitals, accents or "
                      "signs.", "If both are the same page, keep one of them. If not, choose a name of its own for "
                      "this one, in small letters, digits and hyphens.")
    else:
        yield of_file(file.path, f"The file name is not made of {form.looks.partition(': ')[2]}.",
                      f"Rename it to `{guess or 'city-and-measure'}{FOLDERS[file.folder]}`.")


def strays(root: Path) -> Iterator[Problem]:
    """Text files outside these folders are not read."""
    try:
        entries = sorted(root.iterdir())
    except OSError as error:
        yield of_file(label(root), f"The folder cannot be read ({error.strerror}).", "Check who may read it.")
        return
    for entry in entries:
        if entry.name in FOLDERS or entry.name.startswith(".") or _MAY_LIE_ANYWHERE.fullmatch(entry.name):
            continue
        path = f"{label(root)}/{printable(entry.name)}"
        if entry.suffix.lower() in _OTHER_TEXT_ENDINGS:
            yield of_file(path, "This file is not read.", "Move it to `cases`, `challenges` or `cities`.",
                          level="advice")
        elif similar(entry.name, FOLDERS):
            yield of_file(path, "This folder is not read.", one_of(entry.name, list(FOLDERS)), level="advice")
