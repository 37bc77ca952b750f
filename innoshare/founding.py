"""A new library for another network of cities: the folder with which it begins.

`found` writes it: settings, an example case with its city, the vocabulary with its words in every language, what a code
host needs to look at contributions by itself, and the few texts that a public repository has. It is served at once.
`must_be_empty` says beforehand whether a folder will do.

What is written lies in `skeleton/`, as it is read there, with a few places (`@@NAME@@`) to be filled. The vocabulary is
that of this project, so it is not kept twice: it comes from `content/` while one works on the project, and from inside
the package once that is installed.

Decision: this project takes cases too, so its own workflows on GitHub are made of the same files (`own_workflows`),
with one difference: it does not run on a published version of itself but on the published branch.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from innoshare import __version__
from innoshare.choices import LANGUAGES
from innoshare.config import Settings
from innoshare.errors import BadInput
from innoshare.forge import Kind

_PACKAGE = Path(__file__).resolve().parent
_SKELETON = _PACKAGE / "skeleton"

_GIT = ".git"  # All that a clone of an empty repository holds: a good place to begin.
NAMED = 5  # Of the things that are in the way: enough to know which folder that is.

# Where a file of the skeleton goes. Names that begin with a dot would be obeyed where they lie, by git above all.
_FILES = {
    "README.md": "README.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "innoshare.toml": "innoshare.toml",
    "requirements.txt": "requirements.txt", "gitignore": ".gitignore",
    "cities/exampleton.md": "content/cities/exampleton.md",
    "cases/exampleton-library-of-things.md": "content/cases/exampleton-library-of-things.md"}
WORKFLOWS: Mapping[Kind, Mapping[str, str]] = {
    "github": {"github/contribution.yml": ".github/workflows/contribution.yml",
               "github/comment.yml": ".github/workflows/comment.yml"},
    "gitlab": {"gitlab/gitlab-ci.yml": ".gitlab-ci.yml"},
    "forgejo": {"forgejo/contribution.yml": ".forgejo/workflows/contribution.yml",
                "forgejo/comment.yml": ".forgejo/workflows/comment.yml"}}
_TEMPLATES: Mapping[Kind, Mapping[str, str]] = {  # GitLab has no forms
    "github": {"pull_request_template.md": ".github/pull_request_template.md",
               "issue_form.yml": ".github/ISSUE_TEMPLATE/case.yml"},
    "gitlab": {"pull_request_template.md": ".gitlab/merge_request_templates/Default.md",
               "gitlab/issue_template.md": ".gitlab/issue_templates/Case.md"},
    "forgejo": {"pull_request_template.md": ".forgejo/pull_request_template.md",
                "issue_form.yml": ".forgejo/ISSUE_TEMPLATE/case.yml"}}

# What is installed where a contribution is looked at: never what the contributor has written.
_INSTALL = {
    "INSTALL_FROM_BASE": ('git -C contribution show "origin/$BASE:requirements.txt" > requirements.txt',
                          "python3 -m venv .venv", ".venv/bin/pip install --quiet --requirement requirements.txt"),
    "INSTALL_HERE": (".venv/bin/pip install --quiet --requirement requirements.txt",),
}
_INSTALL_ITSELF = {
    "INSTALL_FROM_BASE": ('git -C contribution worktree add --quiet --detach ../base "origin/$BASE"',
                          "python3 -m venv .venv", ".venv/bin/pip install --quiet ./base"),
    "INSTALL_HERE": (".venv/bin/pip install --quiet .",),
}


def found(directory: Path, *, name: str, colour: str = "", languages: tuple[str, ...] = LANGUAGES,
          repository: str = "", forge: Kind | Literal[""] = "", today: date | None = None) -> list[Path]:
    """Write a new library into `directory`, which is made, or is empty. Returns what was written.

    What a code host needs is written for the kind that the options tell, or for every kind where they tell none.
    Raises BadInput under the name of the option that cannot be followed; then nothing was written. Never overwrites.
    """
    settings = _settings(name, colour, languages, repository, forge)
    must_be_empty(directory)
    values = {"NAME": settings.name, "VERSION": __version__, "TODAY": (today or date.today()).isoformat()}
    kind = settings.code_host.kind if settings.code_host else settings.forge
    files = {Path(target): _filled(source, values | _toml(settings) if source == "innoshare.toml" else values)
             for source, target in (*_FILES.items(), *_for_hosts([kind] if kind else list(WORKFLOWS)))}
    files |= {Path("content/challenges/.gitkeep"): ""}  # git knows no empty folder
    made: list[Path] = []  # files and folders, in this order
    try:
        for path, data in [*((path, text.encode()) for path, text in files.items()), *_shared()]:
            target = directory / path
            for folder in reversed([one for one in target.parents if not one.exists()]):
                folder.mkdir()
                made.append(folder)
            with target.open("xb") as file:
                made.append(target)
                file.write(data)
    except OSError as error:
        for path in reversed(made):
            with suppress(OSError):  # a folder in which somebody else has written meanwhile
                path.rmdir() if path.is_dir() else path.unlink()
        raise BadInput([("DIR", f"{error.filename or directory} cannot be written ({error.strerror}).")]) from error
    return [path for path in made if path.is_file()]


def own_workflows() -> dict[str, str]:
    """Path -> text of this project's own workflows for contributions."""
    return {target: _installing(source, _INSTALL_ITSELF) for source, target in WORKFLOWS["github"].items()}


def _for_hosts(kinds: Iterable[Kind]) -> Iterator[tuple[str, str]]:
    """(source, target) of what these kinds of code host look for by name."""
    for kind in kinds:
        yield from (*WORKFLOWS[kind].items(), *_TEMPLATES[kind].items())


def _settings(name: str, colour: str, languages: tuple[str, ...], repository: str, forge: str) -> Settings:
    if not name.strip():
        raise BadInput([("--name", "Give the library a name, as “Library of our cities”.")])
    if not name.isprintable():
        raise BadInput([("--name", "The name holds a line break or a hidden character. Type it again.")])
    try:
        return Settings.model_validate({
            "name": name, "colour": colour or Settings.model_fields["colour"].default, "languages": languages,
            "repository": repository, "forge": forge})
    except ValidationError as error:
        raise BadInput([(f"--{str(mistake['loc'][0]).removesuffix('s')}", mistake["msg"]) for mistake in error.errors()]
                       ) from None


def _toml(settings: Settings) -> dict[str, str]:
    """The values of innoshare.toml. What is not set stands there as a remark, to be filled in."""
    lines = {key.upper(): f'{key} = "{value}"' if value else f'# {key} = "{example}"' for key, value, example in (
        ("repository", settings.repository, "https://github.com/example/library"),
        ("forge", settings.forge, "forgejo"))}
    return {"NAME": json.dumps(settings.name, ensure_ascii=False), "COLOUR": json.dumps(settings.colour),
            "LANGUAGES": json.dumps(settings.languages), **lines}


def must_be_empty(directory: Path) -> None:
    """Raises BadInput where the folder holds anything besides git's own, or is none."""
    try:
        there = sorted({path.name for path in directory.iterdir()} - {_GIT}) if directory.exists() else []
    except OSError as error:
        raise BadInput([("DIR", f"{directory} is no folder to write to ({error.strerror}). Name a new one.")]
                       ) from error
    if there:
        more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
        raise BadInput([("DIR", f"{directory} is not empty: {', '.join(there[:NAMED])}{more}. A new library begins in "
                                "a folder of its own; nothing was changed.")])


def _shared() -> Iterator[tuple[Path, bytes]]:
    """The vocabulary and the licence of the content."""
    installed = _SKELETON / "content"
    source = installed if installed.is_dir() else _PACKAGE.parent / "content"
    for path in (source / "LICENSE", *sorted((source / "vocabulary").rglob("*.yaml"))):
        yield Path("content") / path.relative_to(source), path.read_bytes()


def _filled(source: str, values: Mapping[str, str]) -> str:
    """A file of the skeleton with its places filled."""
    return re.sub("@@([A-Z]+)@@", lambda place: values[place[1]], _installing(source, _INSTALL))


def _installing(source: str, commands: Mapping[str, tuple[str, ...]]) -> str:
    """A file of the skeleton in which stands how innoshare is installed, each command as far in as its place."""
    lines = []
    for line in (_SKELETON / source).read_text(encoding="utf-8").splitlines():
        place = line.strip().strip("@")
        lines += [line.replace(f"@@{place}@@", command) for command in commands[place]] if place in commands else [line]
    return "".join(f"{line}\n" for line in lines)
