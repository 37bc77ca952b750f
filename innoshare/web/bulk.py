"""Downloads below `/api/v1`: the cases of any search whole, in each format of `exporting`, one case as a reference, and
the catalogue of the edition as the SQLite file that it is.

Cases are sent as they are read, so nobody waits for the last one to see the first, and no library is too large for the
memory. Whoever has begun to read gets one edition whole, also where another one is published meanwhile. A fault on the
way breaks the connection: half a file never looks like a whole one. Nothing is read for HEAD, nor for somebody who has
the file already.

Decision: no choice by `Accept`. A link in a page or in a letter says which format it leads to.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

from flask import Blueprint, Response, g, request

from innoshare.library import Library
from innoshare.web import parameters
from innoshare.web.exporting import FORMATS, REFERENCES, Export, file_name
from innoshare.web.parameters import FILTERS, NONE, Parameters
from innoshare.web.shapes import url_of
from innoshare.web.sheets import PIECE

blueprint = Blueprint("bulk", __name__)

CATALOGUE = "application/vnd.sqlite3"


@blueprint.get(f"/cases.<any({', '.join(FORMATS)}):ending>")
def cases(ending: str) -> Response:
    """The cases of a search, or all that are published, newest first."""
    library: Library = g.library
    kind = FORMATS[ending]
    query = parameters.query(request.args.items(multi=True), library, FILTERS)
    pieces = kind.write(Export.of(library, library.every(query), g.settings, g.base_url))
    # The first piece is made before anything is sent: what goes wrong at once can still be told in words.
    content = _sent(next(pieces, b""), pieces) if _is_wanted() else iter(())
    return _attached(Response(content, content_type=kind.content_type), "cases", ending)


@blueprint.get(f"/cases/<slug>.<any({', '.join(REFERENCES)}):ending>")
def reference(slug: str, ending: str) -> Response:
    """One case as a reference."""
    Parameters(request.args.items(multi=True), NONE).finish()
    library: Library = g.library
    kind = REFERENCES[ending]
    pieces = kind.write(Export.of(library, [library.entry(slug)], g.settings, g.base_url))
    return _attached(Response(b"".join(pieces), content_type=kind.content_type), slug, ending)


@blueprint.get("/catalogue.sqlite")
def catalogue() -> Response:
    """The file that pages are made from, in parts if that is asked for."""
    Parameters(request.args.items(multi=True), NONE).finish()
    library: Library = g.library
    response = _attached(Response(iter(()), mimetype=CATALOGUE), "catalogue", "sqlite")
    if request.if_none_match.contains_weak(g.etag):
        return response
    size = library.catalogue_file.stat().st_size
    response.content_length = size
    response.set_etag(g.etag)
    response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    part = response.content_range
    response.response = _read(library, part.start or 0, size if part.stop is None else part.stop)
    return response


def _read(library: Library, start: int, stop: int) -> Iterator[bytes]:
    """The bytes of the catalogue from `start` to before `stop`. The library stays open meanwhile, and so its edition
    where it is."""
    with library.catalogue_file.open("rb") as file:
        file.seek(start)
        while piece := file.read(min(PIECE, stop - file.tell())):
            yield piece


def _is_wanted() -> bool:
    """Whether anybody will read the content."""
    return request.method == "GET" and not request.if_none_match.contains_weak(g.etag)


def _sent(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    with closing(others):  # type: ignore[type-var]  # Generators all, which clean up when nobody wants more.
        yield first
        yield from others


def _attached(response: Response, what: str, ending: str) -> Response:
    name = file_name(what, ending, datetime.fromisoformat(g.library.built))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    # Each case names its own licence; there it says which are usual and what they ask for.
    response.headers.add("Link", f'<{url_of(g.base_url, "about")}#licence>; rel="license"')
    return response
