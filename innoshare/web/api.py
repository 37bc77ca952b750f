"""The JSON face, `/api/v1`: reads parameters, asks the library, hands back a shape. Bodies are in `shapes`.

Open to every site without a key. GET answers may be cached, those to a challenge by the asker's own browser only; a
challenge that should not stand in anybody's log is sent by POST, as JSON, and its answer is kept nowhere.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from pydantic import BaseModel
from werkzeug.exceptions import NotAcceptable, UnsupportedMediaType

from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import MATCHES
from innoshare.web import parameters, shapes
from innoshare.web.parameters import MATCH, NONE, PAGING, SUGGEST, SUGGESTIONS, Parameters
from innoshare.web.shapes import url_of

blueprint = Blueprint("api", __name__)

# Longest address in a header. Five of them must fit into the 4 KB that nginx reads of the headers of an answer.
MAX_LINK = 700


@blueprint.before_request
def only_json() -> None:
    # Most specific first. Parameters (as charset=utf-8, which many programs add) change nothing about JSON.
    kinds = [(kind.partition(";")[0].strip().lower(), quality) for kind, quality in request.accept_mimetypes]
    wanted = [quality for kind, quality in kinds if kind in ("application/json", "application/*", "*/*")]
    if kinds and not (wanted and wanted[0]):
        raise NotAcceptable


def body(shape: BaseModel, links: Iterable[tuple[str, str]] = (), status: int = 200,
         mimetype: str = "application/json") -> Response:
    """A shape as a JSON answer. Pydantic writes a number that is none as null, never as NaN."""
    response = Response(shape.model_dump_json(), status, mimetype=mimetype)
    for relation, url in links:
        if len(url) <= MAX_LINK:
            response.headers.add("Link", f'<{url}>; rel="{relation}"')
    return response


def arguments() -> Iterable[tuple[str, object]]:
    return request.args.items(multi=True)


def page_links(total: int, page: int, per_page: int, others: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """RFC 8288 links to the neighbouring pages. `others` are the parameters that stay."""
    last = shapes.last_page(total, per_page)
    given = list(others)
    for relation, to in (("first", 1), ("prev", min(page - 1, last)), ("next", page + 1), ("last", last)):
        if 1 <= to <= last:
            yield relation, f"{g.base_url}{request.path}?" + urlencode([*given, ("page", to), ("per_page", per_page)])


@blueprint.get("/search")
def search() -> Response:
    library: Library = g.library
    query = parameters.query(arguments(), library)
    answer = shapes.search_body(library.search(query), library, g.base_url)
    others = [pair for pair in parameters.pairs(query) if pair[0] not in PAGING]
    return body(answer, [*page_links(answer.total, query.page, query.per_page, others),
                         ("alternate", g.base_url + parameters.address(query))])


@blueprint.route("/match", methods=["GET", "POST"])
def match() -> Response:
    library: Library = g.library
    if request.method == "POST" and request.args:
        raise BadInput([("(address)", "By POST everything is sent in the body. Move what is behind the ? there.")])
    asked = Parameters(_json_object() if request.method == "POST" else arguments(), MATCH)
    limit = parameters.LIMIT.read(asked) or MATCHES
    challenge = parameters.challenge(asked, library.cities)
    return body(shapes.match_body(library.match(challenge, limit), library, g.base_url))


class _Members(list[tuple[str, object]]):
    """The members of a JSON object as they were sent: one that stands there twice is refused, not read as the last."""


_MEMBERS = "Send a JSON object with challenge, and city, language and limit if you like."


def _json_object() -> Iterable[tuple[str, object]]:
    """The members of the JSON object that was posted, lists and objects among them refused later by their type."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        document: Any = json.loads(request.get_data(), object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        raise BadInput([("(body)", f"This is not JSON. {_MEMBERS}")]) from None
    if not isinstance(document, _Members):
        raise BadInput([("(body)", _MEMBERS)])
    return (pair for pair in document if pair[1] is not None)


@blueprint.get("/suggest")
def suggest() -> Response:
    library: Library = g.library
    asked = Parameters(arguments(), SUGGEST)
    text, limit = parameters.SO_FAR.read(asked), parameters.SUGGESTED.read(asked) or SUGGESTIONS
    asked.finish()
    return body(shapes.suggest_body(library.suggest(text, limit), library, g.base_url))


@blueprint.get("/cases")
def cases() -> Response:
    library: Library = g.library
    asked = Parameters(arguments(), PAGING)
    page, per_page = asked.paging()
    asked.finish()
    total, cards = library.cases(page, per_page)
    return body(shapes.cases_body(total, cards, page, per_page, library, g.base_url),
                page_links(total, page, per_page, ()))


@blueprint.get("/cases/<slug>")
def case(slug: str) -> Response:
    Parameters(arguments(), NONE).finish()
    answer = shapes.case_body(g.library.entry(slug), g.library, g.base_url, g.forge)
    return body(answer, [("alternate", answer.url)])


@blueprint.get("/challenges")
def challenges() -> Response:
    library: Library = g.library
    filters = parameters.wanted(arguments(), library)
    asked = urlencode([(name, value) for name, values in filters.items() for value in values])
    return body(shapes.challenges_body(library.wanted(filters), library, g.base_url),
                [("alternate", url_of(g.base_url, "challenges") + (f"?{asked}" if asked else ""))])


@blueprint.get("/challenges/<slug>")
def challenge(slug: str) -> Response:
    Parameters(arguments(), NONE).finish()
    answer = shapes.challenge_body(g.library.challenge(slug), g.library, g.base_url, g.forge)
    return body(answer, [("alternate", answer.url)])


@blueprint.get("/cities")
def cities() -> Response:
    Parameters(arguments(), NONE).finish()
    return body(shapes.cities_body(g.library, g.base_url))


@blueprint.get("/vocabulary")
def vocabulary() -> Response:
    Parameters(arguments(), NONE).finish()
    return body(shapes.vocabulary_body(g.library))
