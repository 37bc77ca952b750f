"""The command for those who take cases away: export."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click

from innoshare.cli.common import err, library_now, pairs_of
from innoshare.config import Settings
from innoshare.errors import BadInput, ExportError

# The names of `web.exporting`, so that `--help` need not load it; a test compares them.
FORMATS = ("json", "jsonl", "csv", "xlsx", "bibtex", "ris")


@click.command()
@click.option("--format", "name", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("--filter", "filters", multiple=True, metavar="FIELD=VALUE",
              help="Only cases that a search finds, as theme=mobility or q=\"night bus\"; may be given several times.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write to FILE instead of standard output; it is there when it is whole.")
@click.pass_obj
def export(settings: Settings, name: str, filters: Sequence[str], output: Path | None) -> None:
    """Write all published cases, or those of a search, in a format that other programs read.

    The same files as under /api/v1/cases.xlsx and so on; json is one list of what jsonl has line by line.
    """
    from innoshare.web import exporting, parameters

    kinds = {kind.name: kind for kind in (exporting.JSON, *exporting.FORMATS.values())}
    pairs = pairs_of("--filter", filters, "theme=mobility")
    if name == "xlsx" and output is None and sys.stdout.isatty():
        raise BadInput([("--output", "an Excel file is not for reading on a console; name a file, as --output "
                                     "cases.xlsx")])
    library = library_now(settings)
    query = parameters.query(pairs, library, parameters.FILTERS)
    if not settings.base_url:
        err.print("[yellow]The addresses of cases are not whole:[/] set INNOSHARE_BASE_URL to the public address of "
                  "the library.")
    pieces = kinds[name].write(exporting.Export.of(library, library.every(query), settings, settings.base_url))
    if output is None:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    else:
        _keep(pieces, output)


def _keep(pieces: Iterator[bytes], path: Path) -> None:
    """Write a file that has its name only when it is whole: what was there before stays until then."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with closing(pieces), beside.open("xb") as file:  # type: ignore[type-var]  # Generators all.
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror or error}). Name a file with --output in a "
                          "folder that you can write to and that has room.") from error
