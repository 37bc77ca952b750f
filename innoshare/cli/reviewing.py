"""Commands that answer a pull request: review, comment, waiting."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from innoshare.cli.common import err
from innoshare.config import Settings
from innoshare.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from innoshare.forge import Forge
    from innoshare.library import Library

# Of the commands that ask the code host.
_token = click.option("--token", envvar="INNOSHARE_FORGE_TOKEN", default="", help="Token of the account that posts; "
                      "better set INNOSHARE_FORGE_TOKEN, which no list of processes shows.")
_api = click.option("--api", default="", metavar="URL",
                    help="Where the code host answers programs, if its address does not tell.")


@click.command()
@click.option("--base", required=True, metavar="REV", help="What the change is compared with, as origin/main.")
@click.option("--preview", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Also write the changed pages into this folder, as files to look at.")
@click.pass_obj
def review(settings: Settings, base: str, preview: Path | None) -> None:
    """Print what a pull request is told about the content it changes, in Markdown.

    Exit status 0 when there is a text, whatever it says: it is the check that fails.
    """
    from innoshare.review import review as look

    def show(library: "Library", pages: "Sequence[tuple[str, str]]") -> tuple[str, int]:
        from innoshare.web import preview as files

        assert preview
        return files.write(library, settings, pages, preview)

    sys.stdout.write(look(settings, base, show if preview else None))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--number", required=True, type=click.IntRange(1, 10**9), help="Number of the pull request.")
@click.option("--head", default="", metavar="COMMIT", help="Post only if this is the newest commit there.")
@_token
@_api
@click.pass_obj
def comment(settings: Settings, file: Path, number: int, head: str, token: str, api: str) -> None:
    """Post FILE, made by review, as the one comment on a pull request, or put it in place of the former one.

    Knows the repository from the settings.
    """
    from innoshare.comment import MAX_COMMENT, checked
    from innoshare.forge_api import Robot

    forge = _code_host(settings)
    with file.open("rb") as stream:
        data = stream.read(4 * MAX_COMMENT + 1)  # a letter has at most four bytes
    text = checked(data.decode("utf-8", "replace"), [settings.base_url, forge.view("")])
    address, new = Robot.of(forge, token, api).comment(number, text, head)
    err.print(f"{'Posted' if new else 'Updated'} the comment on pull request {number}. {address}", markup=False)


@click.command()
@_token
@_api
@click.pass_obj
def waiting(settings: Settings, token: str, api: str) -> None:
    """Print the open pull requests that wait for a comment about their newest commit: number and commit, a line each.

    For a run by the clock, where one that a pull request starts may not write. Knows the repository and its published
    branch from the settings.
    """
    from innoshare.forge_api import Robot

    for number, head in Robot.of(_code_host(settings), token, api).waiting(settings.branch):
        click.echo(f"{number} {head}")


def _code_host(settings: Settings) -> "Forge":
    if settings.code_host is None:
        raise BadInput([("INNOSHARE_REPOSITORY", "Set it to the address of the repository.")])
    return settings.code_host
