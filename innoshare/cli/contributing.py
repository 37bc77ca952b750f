"""Commands for those who contribute: check."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from innoshare.config import Settings


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "github", "json", "sarif"]), default="text",
              show_default=True, help="How to print the problems.")
@click.pass_obj
def check(settings: Settings, paths: Sequence[Path], style: str) -> None:
    """Look for mistakes in a content folder, or in single files of one.

    Prints every mistake with its place and what to write instead. Exit status 1 if there is any (advice aside).
    """
    from innoshare import report

    problems = report.check(paths or [settings.content])
    report.PRINTERS[style](problems, sys.stdout)
    if any(problem.level == "error" for problem in problems):
        sys.exit(1)
