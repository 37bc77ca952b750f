"""The wanted board: what cities look for an answer to, and what the library found.

The list can be narrowed like a search, with the same rules for parameters; a challenge has a page of its own, on which
its answers carry the same evidence as those to a challenge that somebody types into the matcher.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from innoshare.choices import LANGUAGES, ChallengeStatus
from innoshare.errors import BadInput
from innoshare.library import WANTED, ChallengeEntry, Library
from innoshare.web import citing, linked, parameters, shapes
from innoshare.web.wording import FOLD_AFTER, FOLDED, LEGENDS, FacetGroup, Link

blueprint = Blueprint("wanted", __name__)

Filters = Mapping[str, Any]  # facet -> values; Any, because Flask makes addresses of them


@dataclass(frozen=True)
class Board:
    """The list: `challenges` are those that were asked for, `total` is how many there are. `chips` take a filter back,
    `groups` set one; `feed` follows this very list."""

    challenges: tuple[shapes.WantedBody, ...]
    total: int
    chips: tuple[Link, ...]
    groups: tuple[FacetGroup, ...]
    feed: str


@blueprint.get("/challenges")
def board() -> Response:
    library: Library = g.library
    try:
        filters = parameters.wanted(parameters.given(request.args.items(multi=True)), library)
    except BadInput as error:
        page = render_template("challenges.html", board=_board({}, library), mistakes=error.mistakes, fields=LEGENDS)
        return make_response(page, error.status)
    return make_response(render_template("challenges.html", board=_board(filters, library), mistakes=(), fields={}))


def _board(filters: Filters, library: Library) -> Board:
    return Board(
        # What is still wanted first; within, the newest.
        challenges=tuple(shapes.wanted_body(item, library, request.root_path) for item in sorted(
            library.wanted(filters), key=lambda item: item.status is ChallengeStatus.SOLVED)),
        total=len(library.challenges), chips=tuple(_chips(filters, library)), groups=tuple(_groups(filters, library)),
        feed=url_for("feeds.board", **filters))


def _chips(filters: Filters, library: Library) -> Iterator[Link]:
    for name, values in filters.items():
        for value in values:
            rest = {**filters, name: tuple(other for other in values if other != value)}
            yield Link(f"{LEGENDS[name]}: {library.facet_label(name, value)}", url_for("wanted.board", **rest))


def _groups(filters: Filters, library: Library) -> Iterator[FacetGroup]:
    """Each facet with how many challenges a value would give, the other facets left as they are."""
    for name in WANTED:
        others = {other: values for other, values in filters.items() if other != name}
        chosen = filters.get(name, ())
        counts = Counter(value for item in library.wanted(others) for value in library.kinds_of(item)[name])
        counts.update(dict.fromkeys(chosen, 0))
        values = sorted((shapes.FacetValue(value=value, label=library.facet_label(name, value), count=count,
                                           selected=value in chosen) for value, count in counts.items()),
                        key=lambda value: (not value.selected, -value.count, value.label))
        if len(values) > 1 or chosen:
            fold = max(FOLD_AFTER, len(chosen))
            yield FacetGroup(name, LEGENDS[name], tuple(values[:fold]), tuple(values[fold:fold + FOLDED]))


@blueprint.get("/challenges/<slug>")
def challenge(slug: str) -> str:
    commit = citing.asked(request.args.items(multi=True))
    entry = g.library.challenge(slug)
    cited = citing.compared(commit, f"challenges/{slug}.md", entry.history, g.forge)
    return challenge_page(entry, cited=cited, linked=linked.challenge(
        linked.Site(g.base_url, g.settings.name), entry, g.library))


def challenge_page(entry: ChallengeEntry, **more: object) -> str:
    """The page of a challenge, also of one that is in no library yet. `more` is for the template."""
    body = shapes.challenge_body(entry, g.library, request.root_path, g.forge)
    language = body.language if body.language in LANGUAGES else None
    return render_template(
        "challenge.html", entry=entry, challenge=entry.challenge, city=entry.city, body=body,
        found={match.case.slug for match in body.matches}, forge=g.forge,
        ask=url_for("pages.match", challenge=body.challenge, city=body.city_slug, language=language), **more)
