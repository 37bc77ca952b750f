"""Commands for those who begin a library of their own: init."""

import sys
from pathlib import Path
from typing import get_args

import click
from rich.markup import escape

from innoshare.cli.common import as_typed, err, out
from innoshare.errors import BadInput
from innoshare.forge import Kind

NAME = "Library of our cities"
_ASKED = {"--name", "--repository", "--forge"}  # What somebody who is asked can answer differently.


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", help="What the library is called.")
@click.option("--repository", help="Address of the repository it will lie in, as https://github.com/example/library.")
@click.option("--forge", type=click.Choice(get_args(Kind)), help="What kind of site that is (forgejo: Gitea too); "
                                                               "needed only where its address does not tell.")
@click.option("--language", "--languages", "languages", multiple=True, metavar="CODE",
              help="A language in which it expects questions and cases, as fi; may be given several times.")
@click.option("--colour", default="", help="Colour of its signs, as #14387f.")
def init(directory: Path, name: str | None, repository: str | None, forge: Kind | None, languages: tuple[str, ...],
         colour: str) -> None:
    """Begin a library of your own in DIR, a new or empty folder.

    Writes settings, an example case, the vocabulary, and what a code host needs to look at contributions by itself.
    Asks for the name and the repository where it can and neither is given.
    """
    from innoshare import founding
    from innoshare.choices import LANGUAGES

    founding.must_be_empty(directory)
    asking = name is None and repository is None and sys.stdin.isatty()
    codes = [code for given in languages for code in given.replace(",", " ").split()]
    if languages and not codes:
        raise BadInput([("--language", f"choose from {', '.join(LANGUAGES)}")])
    written: list[Path] = []
    while not written:
        if asking:
            name = click.prompt("What is the library called?", default=name or NAME, err=True)
            repository = click.prompt("Address of its repository (empty: not there yet)", default=repository or "",
                                      show_default=bool(repository), err=True)
        try:
            written = founding.found(directory, name=NAME if name is None else name, colour=colour,
                                     languages=tuple(codes) or LANGUAGES, repository=repository or "",
                                     forge=forge or "")
        except BadInput as error:
            if not asking or not _ASKED.issuperset(place for place, _ in error.mistakes):
                raise
            for place, words in error.mistakes:
                err.print(f"[red]{escape(words)}[/]")
                if place == "--name":
                    name = None
                elif place == "--repository":
                    repository = None
                else:
                    forge = click.prompt("What kind of site is it?", type=click.Choice(get_args(Kind)), err=True)
    err.print(f"Wrote {len(written)} files into {escape(str(directory))}.")
    out.print(f"""Next:
  cd {escape(as_typed(directory))}
  innoshare serve          see it at http://localhost:8000/, with one example
  innoshare new case       begin the first real one; remove the example once that is published
README.md tells how to publish it.""")
