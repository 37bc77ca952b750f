"""What the commands share: the two consoles, the library as the content is now, and progress bars."""

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from innoshare.config import Settings
from innoshare.errors import BadInput, EditionError, InnoshareError

if TYPE_CHECKING:
    from innoshare import edition
    from innoshare.edition import Built
    from innoshare.library import Library

# What is contributed is shown as it stands: `:smile:` too.
out, err = (Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False) for stderr in (False, True))


def speak_every_script() -> None:
    """Words of any script fail at no console that cannot show them; what goes into a pipe or a file is UTF-8 with the
    line ends of Unix, as content is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", newline="\n", errors="backslashreplace")


def folder_with_content(settings: Settings) -> Path:
    """The content folder. Raises BadInput where there is none: who has just installed the program stands anywhere."""
    if not settings.content.is_dir():
        raise BadInput([(str(settings.content), "There is no such folder with content. Go to the folder of your "
                         "library and try again, or begin a library with: innoshare init our-library")])
    return settings.content


def as_typed(path: Path) -> str:
    """A path as one types it into a command line, with quotes where it needs them."""
    if os.name == "nt":  # There single quotes are letters like others.
        return f'"{path}"' if " " in str(path) else str(path)
    return shlex.quote(str(path))


def library_now(settings: Settings) -> "Library":
    """The library of the content as it is now, built if need be."""
    from innoshare import edition
    from innoshare.library import Library

    try:
        library = Library.open(settings)
        if library.edition == edition.fingerprint(settings.content, settings.embeddings):
            return library
        library.close()
    except EditionError:
        pass  # Nothing there, or not to be read: it is built.
    build_edition(settings, keep_old=True, quiet=True)
    return Library.open(settings)


def build_edition(settings: Settings, *, strict: bool = False, force: bool = False, keep_old: bool = False,
                  quiet: bool = False) -> "Built":
    """Build what has changed and say what was done. With `keep_old`, a failed build is no failure as long as an
    older edition is there."""
    from innoshare import edition
    from innoshare.report import counted

    older = keep_old and edition.published(settings.data) is not None
    if not older:
        folder_with_content(settings)
    try:
        with progress_bars() as report:
            built = edition.build(settings.content, settings.data, embeddings=settings.embeddings, strict=strict,
                                  force=force, progress=report)
    except InnoshareError as error:
        if not older:
            raise
        err.print(f"[yellow]The new content was not built; the last edition answers.[/] {escape(str(error))}")
        return edition.Built("", False, 0, 0)
    errors = sum(problem.level == "error" for problem in built.problems)
    if built.fresh:
        err.print(f"Built edition {built.fingerprint}: {counted(built.cases, 'case')} of "
                  f"{counted(built.cities, 'city', 'cities')} ({counted(built.rendered, 'text')} rendered, "
                  f"{counted(built.indexed, 'case')} indexed).")
    elif not built.fingerprint:
        if keep_old and not older:
            raise EditionError(f"{settings.content} has no case that can be shown: one without mistakes that is no "
                               "draft. See what to mend with: innoshare check")
        err.print("[yellow]The new content was not built; the last edition answers.[/]" if keep_old
                  else "Nothing was published.")
    elif not quiet:
        err.print(f"Nothing has changed: edition {built.fingerprint} holds {counted(built.cases, 'case')}.")
    for path, reason in built.not_rendered.items():
        err.print(f"[yellow]Left out:[/] {escape(path)}: {escape(reason)}")
    if errors and not quiet:
        files = len({problem.path for problem in built.problems if problem.level == "error"})
        err.print(f"[yellow]{counted(errors, 'mistake')} in {counted(files, 'file')}, left out.[/] "
                  "See what to mend with: innoshare check")
    return built


@contextmanager
def progress_bars() -> Iterator["edition.Progress"]:
    """Progress bars on standard error; nothing where that is not a terminal."""
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err,
                  transient=True, disable=not err.is_terminal) as bars:
        tasks = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


def pairs_of(option: str, given: Iterable[str], example: str) -> list[tuple[str, str]]:
    """What an option FIELD=VALUE says, for each time that it was given. Raises BadInput where there is no =."""
    split = [item.partition("=") for item in given]
    if mistakes := [(option, f"Write FIELD=VALUE, as {example}; {name!r} has no =.")
                    for name, equals, _ in split if not equals]:
        raise BadInput(mistakes)
    return [(name.strip(), value) for name, _, value in split]


def print_json(body: Any) -> None:
    json.dump(body, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")
