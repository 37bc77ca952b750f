"""Problems, printed for people and for machines: text, GitHub annotations, JSON, SARIF.

The words come from the Problems themselves; here is only their layout. Contributed text is untrusted: what a file
says can neither colour a terminal nor speak to GitHub in the name of the check.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from innoshare import __version__, content
from innoshare.content import FOLDERS
from innoshare.errors import Problem

Printer = Callable[[Sequence[Problem], TextIO], None]


def check(paths: Sequence[Path]) -> list[Problem]:
    """The Problems of content folders, or of single files in one. A file is checked with the folder it lies in."""
    problems: dict[Problem, None] = {}
    for path in paths:
        path = path.absolute() if path.name in ("", "..") else path
        if (path.is_dir() or not path.exists()) and path.name not in FOLDERS:
            problems |= dict.fromkeys(content.read(path).problems)
            continue
        inside = path.parent.resolve() / path.name  # A link is judged itself, not what it leads to.
        root = inside.parent if path.is_dir() else inside.parent.parent
        if not path.is_dir() and inside.parent.name not in FOLDERS:
            problems[Problem(str(path), 1, 1, "", "error", "This file is in no content folder, so it is never read.",
                             f"Move it to one of the folders {', '.join(FOLDERS)}.")] = None
            continue
        name = f"{root.name}/{inside.relative_to(root).as_posix()}"
        problems |= dict.fromkeys(problem for problem in content.read(root).problems
                                  if problem.path == name or problem.path.startswith(f"{name}/"))
    return sorted(problems)


def text(problems: Sequence[Problem], stream: TextIO) -> None:
    """One block a problem: place, what is wrong, what to write instead; then a sum."""
    for problem in problems:
        field = f"{_plain(problem.field)}: " if problem.field else ""
        stream.write(f"{problem.path}:{problem.line}:{problem.column}: {problem.level}: {field}"
                     f"{_plain(problem.message)}\n    {_plain(problem.remedy)}\n")
    errors = sum(problem.level == "error" for problem in problems)
    advice = len(problems) - errors
    stream.write("Everything is fine.\n" if not problems else
                 f"{errors} mistake{'' if errors == 1 else 's'}"
                 + (f", and {advice} piece{'' if advice == 1 else 's'} of advice.\n" if advice else ".\n"))


def github(problems: Sequence[Problem], stream: TextIO) -> None:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    for problem in problems:
        kind = "error" if problem.level == "error" else "notice"
        place = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in (
            ("file", problem.path), ("line", problem.line), ("col", problem.column), ("title", problem.field)))
        stream.write(f"::{kind} {place}::{_escaped(f'{problem.message} {problem.remedy}')}\n")


def as_json(problems: Sequence[Problem], stream: TextIO) -> None:
    """A list of Problems and nothing else."""
    json.dump([asdict(problem) for problem in problems], stream, ensure_ascii=False, indent=2)
    stream.write("\n")


def sarif(problems: Sequence[Problem], stream: TextIO) -> None:
    """SARIF 2.1.0, the exchange format that code hosts and editors read."""
    json.dump({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "innoshare check", "version": __version__}},
            "columnKind": "unicodeCodePoints",
            "results": [{
                "ruleId": problem.field or "file", "level": "error" if problem.level == "error" else "note",
                "message": {"text": f"{problem.message} {problem.remedy}"},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": problem.path},
                    "region": {"startLine": problem.line, "startColumn": problem.column}}}],
            } for problem in problems]}]}, stream, ensure_ascii=False, indent=2)
    stream.write("\n")


PRINTERS: dict[str, Printer] = {"text": text, "github": github, "json": as_json, "sarif": sarif}


def _plain(words: str) -> str:
    """Contributed words without control characters, so that they cannot steer a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in words)


def _escaped(words: str, also: str = "") -> str:
    """GitHub's own escaping of data (and, with `also`, of properties) in workflow commands."""
    for letter in f"%\r\n{also}":
        words = words.replace(letter, f"%{ord(letter):02X}")
    return words
