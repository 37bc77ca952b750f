"""Commands for those who contribute: check."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from innoshare.cli.common import err, out
from innoshare.config import Settings


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "github", "gitlab", "json", "sarif"]), default="text",
              show_default=True, help="How to print the problems.")
@click.option("--summary", type=click.Path(dir_okay=False, path_type=Path), envvar="GITHUB_STEP_SUMMARY",
              help="Add all of them in Markdown to this file. With --format github, the summary of the step unless "
              "another file is given.")
@click.pass_obj
def check(settings: Settings, paths: Sequence[Path], style: str, summary: Path | None) -> None:
    """Look for mistakes in a content folder, or in single files of one.

    Prints every mistake with its place and what to write instead. Exit status 1 if there is any (advice aside).
    """
    from innoshare import report

    findings = report.check(paths or [settings.content])
    if style == "text":
        plain = not out.is_terminal or out.no_color or out.is_dumb_terminal or out.legacy_windows
        report.text(findings, sys.stdout, colour=not plain)
    else:
        report.PRINTERS[style](findings, sys.stdout)
    asked_for = click.get_current_context().get_parameter_source("summary") is ParameterSource.COMMANDLINE
    if summary and (asked_for or style == "github"):
        _add(report.summary(findings), summary)
    if any(finding.problem.level == "error" for finding in findings):
        sys.exit(1)


def _add(text: str, path: Path) -> None:
    """Adds to a file. Where that fails, the problems are printed all the same."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        err.print(f"The summary could not be written to {path}: {error.strerror}.", markup=False)
