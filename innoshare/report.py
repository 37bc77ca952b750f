"""Problems, printed for people and for machines: text, GitHub annotations, GitLab code quality, JSON, SARIF.

The words come from the Problems themselves; here is only their layout. Contributed text is untrusted: what a file
says can neither colour a terminal nor speak to a code host in the name of the check.

Decision: text names a file as it is found from where the check was started, so that it can be opened. GitHub, GitLab
and SARIF name it from the root of the repository, since otherwise no code host can place it. JSON is for programs and
stays as it was promised: paths begin with the content folder's own name.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path, PurePath
from typing import Any, TextIO
from urllib.parse import quote

from innoshare import __version__, content
from innoshare.content import FOLDERS, printable
from innoshare.content.frontmatter import HIDDEN, MAX_FILE_BYTES
from innoshare.content.mending import called, capital, steps_of
from innoshare.errors import Level, Problem
from innoshare.files import plain_bytes

CONTENT = "content"  # What a library calls the folder with its content, if nobody says otherwise.
WIDTH = 100  # Columns of a line of a file that is shown: most terminals have them, and a sentence fits in.
TAB = 4  # Columns of a tab, which is shown as an arrow: where it stands for spaces, nobody would see it.

# GitHub shows ten annotations of a kind a step (and 50 a job) and passes over the rest; the summary has them all.
MAX_ANNOTATIONS = 10
MAX_SUMMARY = 900_000  # Bytes; GitHub refuses the whole summary of a step beyond 1 MiB, and others may add to it.

# What Markdown, in GitHub's and GitLab's dialects too, takes for markup wherever it stands; and what only at the start
# of a line, where GitLab takes "/close" for an order.
_MARKUP = re.compile(r"[\\`*_\[\]{}<>|~$#&!]")
_AT_START = re.compile(r"\A(\d*)(?=[-+=/.)])")
# Code within words. A bar would end it in a table, and of several backticks in a row nobody knows what they enclose.
_CODE = re.compile(r"(?<!`)`[^`|\n]+`(?!`)")
_PLAIN_NAME = re.compile(r"[\w./ -]{1,200}")  # What can stand in code, and be copied out of it.

# Code hosts look for these in the text that is left when the markup has been read, so that a backslash does not help:
# @name, #1, !1, ~label, %milestone, $snippet, &epic, ^alert, :smile:, http://, {+added+}; www.; GH-1; and a commit, by
# seven of its digits or more, with which longer ones may end.
_REFERENCE = re.compile(r"""(?<=[@#!~%$&^:])(?=[\w"+/-])|(?<=[\[{])(?=[+-])|\b(?<=www)(?=\.)|(?<=[a-z]-)(?=\d)""",
                        re.IGNORECASE | re.ASCII)
_COMMIT = re.compile(r"\b[0-9a-f]{7,}\b", re.IGNORECASE | re.ASCII)
# What runners take for an order: ::error::, before which only spaces stand; ##[error] and ##vso[…] anywhere in a line.
_ORDER = re.compile(r"(?<=:)(?=:)|(?<=#)(?=#[a-z]*\[)", re.IGNORECASE)
JOINER = "\u2060"  # WORD JOINER: is not seen, and allows no line break.


@dataclass(frozen=True, order=True)
class Finding:
    """A Problem, and the file that it is in."""

    problem: Problem
    file: Path


Printer = Callable[[Sequence[Finding], TextIO], None]


# --- finding ----------------------------------------------------------------------------------------------------------


def check(paths: Sequence[Path]) -> list[Finding]:
    """What is wrong in content folders, or in single files or folders of one, which are checked with the others."""
    findings: dict[Finding, None] = {}
    for given in paths:
        # A link is judged itself, not what it leads to.
        path = given.resolve() if given.name in ("", "..") else given.parent.resolve() / given.name
        root, below = _split(path)
        if root is None:
            findings[Finding(Problem(
                printable(str(given)), 1, 1, "", "error", "This file is in no content folder, so it is never read.",
                f"Move it to one of the folders {', '.join(FOLDERS)}."), path)] = None
            continue
        for problem in content.read(root).problems:
            rest = problem.path.partition("/")[2]
            if not below or rest == below or rest.startswith(f"{below}/"):
                findings[Finding(problem, root / rest)] = None
    return sorted(findings)


def _split(path: Path) -> tuple[Path | None, str]:
    """The content folder that a path is, lies in or holds, None where there is none; and the rest, `cases/x.md` or
    nothing."""
    is_folder = path.is_dir()
    if not is_folder or not _is_content(path):
        holder = path if is_folder else path.parent
        for folder in sorted(FOLDERS, key=len, reverse=True):
            steps = PurePath(folder).parts
            if holder.parts[-len(steps):] == steps:
                root = holder.parents[len(steps) - 1]
                return root, printable(path.relative_to(root).as_posix())
        if is_folder and _is_content(path / CONTENT):  # Who means a whole library names its folder.
            path /= CONTENT
    return (path, "") if is_folder or not path.exists() else (None, "")


def _is_content(path: Path) -> bool:
    return any((path / folder).is_dir() for folder in FOLDERS)


# --- for people -------------------------------------------------------------------------------------------------------

_COLOURS = {"place": "1", "error": "1;31", "advice": "1;33", "frame": "2"}


def text(findings: Sequence[Finding], stream: TextIO, colour: bool = False) -> None:
    """One block a Problem: place, what is wrong, the line it stands in, what to write instead; then a sum."""
    def paint(words: str, style: str) -> str:
        return f"\x1b[{_COLOURS[style]}m{words}\x1b[0m" if colour else words

    for file, group in groupby(findings, key=lambda finding: finding.file):
        lines = _lines(file)
        for problem in (finding.problem for finding in group):
            place = f"{_plain(_from_here(file))}:{problem.line}:{problem.column}"
            stream.write(f"{paint(place, 'place')}: {paint(problem.level, problem.level)}: "
                         f"{_plain(_said(problem))}\n")
            line = lines[problem.line - 1] if problem.line <= len(lines) else ""
            if line.strip() and (problem.line, problem.column) != (1, 1):  # That place stands for the whole file.
                words, before = _window(line, problem.column - 1)
                stream.write(f"{paint(f'{problem.line:5} |', 'frame')} {words}\n")
                if problem.field != "body" or problem.column > 1:  # At 1 there, it is about the whole line.
                    stream.write(f"{paint('      |', 'frame')} {' ' * before}{paint('^', problem.level)}\n")
            stream.write(f"    {_plain(problem.remedy)}\n\n")
    stream.write("Everything is fine.\n" if not findings else f"{_sum(findings)}.\n")


def _place(problem: Problem) -> str:
    """The place in the header in words; empty for the text below it and for a whole file."""
    return called(steps_of(problem.field)) if problem.field not in ("", "body") else ""


def _said(problem: Problem) -> str:
    """What is wrong, behind the place where the message does not begin with it."""
    place, words, (*outer, last) = _place(problem), problem.message, steps_of(problem.field)
    if not place or words.startswith(capital(place)) or (words.startswith(f"`{last}`") and called(outer) in words):
        return words
    return f"{place}: {words}"


def _sum(findings: Sequence[Finding]) -> str:
    errors = sum(finding.problem.level == "error" for finding in findings)
    advice = len(findings) - errors
    return (counted(errors, "mistake") if errors else "No mistakes") + (
        f", and {counted(advice, 'piece')} of advice" if advice else "")


def counted(number: int, what: str, many: str = "") -> str:
    """How many there are of a thing: 1 case, 2,000 cases; `many` where that does not end so."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def _from_here(file: Path) -> str:
    """A file as somebody finds it who stands where the check was started."""
    here = Path.cwd()
    return file.relative_to(here).as_posix() if file.is_relative_to(here) else str(file)


def _lines(file: Path) -> list[str]:
    """The lines of a file as Problems count them; none where it is no file that the check opens."""
    try:
        data = plain_bytes(file, MAX_FILE_BYTES) or b""
    except OSError:
        return []
    return data.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\r\n", "\n").replace(
        "\r", "\n").split("\n")


def _window(line: str, at: int) -> tuple[str, int]:
    """What is shown of a line round the letter `at`, at most WIDTH columns, and how many columns come before it."""
    at = min(at, len(line))
    before = [_seen(letter) for letter in reversed(line[max(at - WIDTH, 0) : at])]
    after = [_seen(letter) for letter in line[at : at + WIDTH]]
    whole = len(before) == at and len(after) == len(line) - at and sum(map(_columns, before + after)) <= WIDTH
    left = before if whole else _fitting(before, WIDTH * 6 // 10)
    right = after if whole else _fitting(after, WIDTH - sum(map(_columns, left)))
    start, end = "…" * (len(left) < at), "…" * (len(right) < len(line) - at)
    shown = "".join(words for words, _ in reversed(left))
    words = f"{start}{shown}{''.join(words for words, _ in right)}{end}"
    return _ORDER.sub(JOINER, words), len(start) + sum(map(_columns, left))


def _seen(letter: str) -> tuple[str, int]:
    """How a letter is shown, and the columns that it takes: none, one or two."""
    columns = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
    if letter.isspace():
        return ("→".ljust(TAB), TAB) if letter == "\t" else (" ", 1)
    if not letter.isprintable():
        return "�", 1
    return letter, 0 if unicodedata.category(letter) in ("Mn", "Me") else columns


def _columns(seen: tuple[str, int]) -> int:
    return seen[1]


def _fitting(letters: Sequence[tuple[str, int]], room: int) -> Sequence[tuple[str, int]]:
    """As many of the first letters as there is room for."""
    for number, letter in enumerate(letters):
        room -= letter[1]
        if room < 0:
            return letters[:number]
    return letters


# --- for code hosts ---------------------------------------------------------------------------------------------------


def github(findings: Sequence[Finding], stream: TextIO) -> None:
    """Workflow commands, which GitHub shows beside the lines of a pull request; mistakes first, since it shows few."""
    counts = Counter[Level]()
    for problem, path in sorted(_placed(findings), key=lambda placed: placed[0].level != "error"):
        counts[problem.level] += 1
        kind = "error" if problem.level == "error" else "notice"
        place = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in (
            ("file", path), ("line", problem.line), ("col", problem.column),
            ("title", capital(_place(problem)))) if value)
        stream.write(f"::{kind} {place}::{_escaped(f'{problem.message} {problem.remedy}')}\n")
    if any(count > MAX_ANNOTATIONS for count in counts.values()):
        stream.write(f"{_sum(findings)}. Beside the lines GitHub shows {MAX_ANNOTATIONS} of a kind; all of them are in "
                     "the summary of this run and in this log.\n")


def summary(findings: Sequence[Finding]) -> str:
    """All Problems in Markdown, for the page of a run; as many as MAX_SUMMARY leaves room for, mistakes first."""
    parts = ["## Content check\n\n", f"{_sum(findings)}.\n" if findings else "Everything is fine.\n"]
    room, told = MAX_SUMMARY - sum(map(_size, parts)), 0
    for level, heading in (("error", "Mistakes"), ("advice", "Advice")):
        mine = [finding for finding in findings if finding.problem.level == level]
        for path, group in groupby(_placed(mine), key=lambda placed: placed[1]):
            lines = [f"\n### {heading}: {markdown_text(path)}\n\n"]
            for problem, _ in group:
                lines.append(f"{markdown_problem(problem)}\n")
            for number, line in enumerate(lines):
                room -= _size(line)
                if room < 0:
                    return "".join((*parts, f"\nThere are {len(findings) - told:,} more; `innoshare check` names "
                                    "them.\n"))
                parts.append(line)
                told += number > 0
    return "".join(parts)


def _size(words: str) -> int:
    return len(words.encode("utf-8"))


def gitlab(findings: Sequence[Finding], stream: TextIO) -> None:
    """A code quality report, which GitLab shows beside the lines of a merge request."""
    _print([{
        "description": _plain(f"{problem.message} {problem.remedy}"), "check_name": _rule(problem),
        "fingerprint": mark, "severity": "major" if problem.level == "error" else "minor",
        "location": {"path": path, "lines": {"begin": problem.line}},
    } for problem, path, mark in _marked(findings)], stream)


def sarif(findings: Sequence[Finding], stream: TextIO) -> None:
    """SARIF 2.1.0, the exchange format that code hosts and editors read."""
    rules = sorted({_rule(finding.problem) for finding in findings})
    _print({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "innoshare check", "version": __version__, "rules": [
                {"id": rule, "shortDescription": {"text": f"What stands under {rule}"}} for rule in rules]}},
            "columnKind": "unicodeCodePoints",
            "results": [{
                "ruleId": _rule(problem), "ruleIndex": rules.index(_rule(problem)),
                "level": "error" if problem.level == "error" else "note",
                "message": {"text": _plain(f"{problem.message} {problem.remedy}")},
                "partialFingerprints": {"innoshare/v1": mark},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": _uri(path)},
                    "region": {"startLine": problem.line, "startColumn": problem.column}}}],
            } for problem, path, mark in _marked(findings)]}]}, stream)


def _uri(path: str) -> str:
    return PurePath(path).as_uri() if PurePath(path).is_absolute() else quote(path)


def _placed(findings: Sequence[Finding]) -> Iterator[tuple[Problem, str]]:
    """Problems, each with the path of its file from the root of the repository."""
    for file, group in groupby(findings, key=lambda finding: finding.file):
        root = next((folder for folder in file.parents if (folder / ".git").exists()), None)
        path = file.relative_to(root).as_posix() if root else _from_here(file)
        for finding in group:
            yield finding.problem, path


def _marked(findings: Sequence[Finding]) -> Iterator[tuple[Problem, str, str]]:
    """The same with a mark by which a code host knows the Problem again when lines have moved: never one twice."""
    seen = Counter[tuple[str, ...]]()
    for problem, path in _placed(findings):
        same = (path, problem.field, problem.message)
        seen[same] += 1
        mark = hashlib.sha256("\0".join((*same, str(seen[same]))).encode("utf-8", "surrogatepass")).hexdigest()
        yield problem, path, mark


def _rule(problem: Problem) -> str:
    """The field without the numbers of items: `results.source`; `file` where it is the whole file."""
    return _plain(".".join(step for step in problem.field.split(".") if not step.isdigit())) or "file"


# --- for programs -----------------------------------------------------------------------------------------------------


def as_json(findings: Sequence[Finding], stream: TextIO) -> None:
    """A list of Problems and nothing else."""
    _print([asdict(finding.problem) for finding in findings], stream)


def _print(body: Any, stream: TextIO) -> None:
    # A runner takes ##[error] for an order anywhere in a line. Escaped, it is the same text for who reads the JSON.
    stream.write(json.dumps(body, ensure_ascii=False, indent=2).replace("##", "#\\u0023") + "\n")


PRINTERS: dict[str, Printer] = {"text": text, "github": github, "gitlab": gitlab, "json": as_json, "sarif": sarif}


# --- contributed words ------------------------------------------------------------------------------------------------


def markdown_text(words: str) -> str:
    """Contributed words as Markdown that shows them as they are, in one line.

    No code host takes them for markup, HTML, a comment's end, a link, a mention, a reference or an order.
    """
    return _AT_START.sub(r"\1\\", _inert(_plain(" ".join(words.split()))))


def markdown_line(words: str, most: int | None = None) -> str:
    """The same, but what stands in backticks stays code. With `most`, of more letters than that the rest is cut off."""
    words, parts, end = _plain(" ".join(words.split())), list[str](), 0
    if most is not None and len(words) > most:
        words = f"{words[: most - 1]}…"
    for code in _CODE.finditer(words):
        parts += [_inert(words[end : code.start()]), code[0]]
        end = code.end()
    return _AT_START.sub(r"\1\\", "".join((*parts, _inert(words[end:]))))


def markdown_name(name: str) -> str:
    """A contributed name, as that of a file: as code where it can be."""
    return f"`{name}`" if _PLAIN_NAME.fullmatch(name) and not HIDDEN.search(name) else markdown_text(name)


def markdown_problem(problem: Problem, most: int | None = None) -> str:
    """A Problem as an item of a list; `most` as in `markdown_line`."""
    return (f"- Line {problem.line}: {markdown_line(_said(problem), most)} "
            f"**{markdown_line(problem.remedy, most)}**")


def _inert(words: str) -> str:
    words = _COMMIT.sub(lambda digits: re.sub(r"(?<=\w{6})(?=\w)", JOINER, digits[0]), words)
    return _MARKUP.sub(r"\\\g<0>", _REFERENCE.sub(JOINER, words))


def _plain(words: str) -> str:
    """Contributed words without control characters, so that they cannot steer a terminal, nor order what runs us."""
    words = "".join(letter if letter.isprintable() else " " if letter.isspace() else "�" for letter in words)
    return _ORDER.sub(JOINER, HIDDEN.sub("�", words))  # some that nobody sees count as printable


def _escaped(words: str, also: str = "") -> str:
    """GitHub's own escaping of data (and, with `also`, of properties) in workflow commands."""
    for letter in f"%\r\n{also}":
        words = words.replace(letter, f"%{ord(letter):02X}")
    return words
