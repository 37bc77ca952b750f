"""The library in other people's sites: pages for frames, under `/embed/v1/`, and `/embed`, where one chooses a snippet.

A frame is a page of ours that another site shows as a part of its own. It works without JavaScript and in the strictest
sandbox that lets one follow a link: its form answers inside the frame, and every case opens in place of the whole page,
since no other page of ours may stand in a frame. What a frame is asked for are the parameters of a search, or of the
matcher, and how it looks (`LOOK`). `lang` is the language of its own words there; `language` is that of cases, or of a
challenge, as everywhere.

Whoever asks the matcher in a frame posts the challenge, so that it stands in no log; only one that a partner has
written into the address of the frame itself comes by GET.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from babel import Locale
from babel.numbers import format_decimal
from flask import Blueprint, Response, g, make_response, render_template, request, url_for

from innoshare.choices import LANGUAGES, Outcome
from innoshare.config import Settings
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import MATCHES, MAX_CHARACTERS, Challenge, Strength, Verdict
from innoshare.search import Query
from innoshare.web import embed, parameters, shapes, snippets, wording
from innoshare.web.parameters import CHALLENGE, CITY, FILTERS, MATCH, MAX_LIMIT, Number, OneOf, Parameters, given
from innoshare.web.phrases import Phrases, counted, phrases
from innoshare.web.shapes import MatchBody, ProblemBody
from innoshare.web.snippets import EMBED, Look, Wish

blueprint = Blueprint("frames", __name__)

Pair = tuple[str, str]  # Name and value of a parameter.

FRAMED = ("frames.search", "frames.match")  # Pages that other sites may show in a frame.
CHOOSING = "frames.choose"  # The page that shows such a frame itself.
POLICY = "Content-Security-Policy"
# Any site, and a page that a webmaster tries out from a file: `*` alone is any host.
ANYBODY = "* file:"

LANG = OneOf("lang", "Language of the words around the cases.", LANGUAGES, default=Look.lang)
HEADING_LEVEL = Number("heading_level", "Level of the headings, to fit into the page around.", 2, 6, Look.heading_level)
APPEARANCES = {"auto": "As the visitor’s system has it", "light": "Light", "dark": "Dark"}
APPEARANCE = OneOf("appearance", "Light or dark.", APPEARANCES, default=Look.appearance)
FEW = Number("limit", "How many cases at most.", 1, MAX_LIMIT, Look.limit)
RESIZE = OneOf("resize", "Whether the frame tells the page around it how high it is.", ("yes",))
KIND = OneOf("kind", "What stands in the other site.", ("search", "match"), default="search")
# What `/embed` calls its fields.
FIELDS = wording.FIELDS | {"kind": "What it is", "city": "Your city", "lang": "Language of its own words",
                           "limit": "Cases shown", "heading_level": "Level of its headings",
                           "appearance": "Light or dark"}
LOOK = {item.name: item for item in (LANG, HEADING_LEVEL, APPEARANCE, FEW, RESIZE)}
CHOICES = {item.name: item for item in (KIND, CITY, LANG, HEADING_LEVEL, APPEARANCE, FEW)}


# --- what holds for a frame -------------------------------------------------------------------------------------------


def headers(usual: Mapping[str, str], settings: Settings, endpoint: str | None) -> Mapping[str, str]:
    """The headers of an answer from this endpoint: the usual ones, but for what stands in frames or shows one."""
    if endpoint == CHOOSING:
        return {**usual, POLICY: f"{usual[POLICY]}; frame-src 'self'"}
    if endpoint not in FRAMED:
        return usual
    allowed = " ".join(("'self'", *settings.frame_ancestors)) if settings.frame_ancestors else ANYBODY
    # X-Frame-Options knows no list of sites.
    own = {name: value for name, value in usual.items() if name != "X-Frame-Options"}
    return {**own, POLICY: usual[POLICY].replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")}


def told(problem: ProblemBody) -> str:
    """The page about a failure in a frame, in the words and colours of that frame where these could be read."""
    return _page("embed_error.html", Parameters(_apart(_address(), LOOK)[0], LOOK), problem=problem)


def _address() -> Iterable[Pair]:
    """The parameters of the address."""
    return given(request.args.items(multi=True))


def _apart(pairs: Iterable[Pair], own: Collection[str]) -> tuple[list[Pair], list[Pair]]:
    """(those of `own`, the others)"""
    every = list(pairs)
    return [pair for pair in every if pair[0] in own], [pair for pair in every if pair[0] not in own]


def _look(asked: Parameters) -> Look:
    """How it is to look; what is wrong about that is noted in `asked`."""
    return Look(LANG.read(asked) or LANG.default, HEADING_LEVEL.read(asked) or Look.heading_level,
                APPEARANCE.read(asked) or APPEARANCE.default, FEW.read(asked) or Look.limit)


def _query(pairs: Iterable[Pair], library: Library, asked: Parameters) -> Query:
    """The search among `pairs`. Raises BadInput with what is wrong about it and in `asked`."""
    try:
        query = parameters.query(pairs, library, FILTERS)
    except BadInput as error:
        for name, text in error.mistakes:
            asked.refuse(name, text)
    asked.finish()
    return query


def _page(template: str, asked: Parameters, **context: object) -> str:
    look = _look(asked)
    words = phrases(look.lang)
    return render_template(template, look=look, words=words, resize=bool(RESIZE.read(asked)),
                           say=_counter(words, look.lang), countries=Locale(look.lang).territories,
                           numeral=lambda number: format_decimal(number, locale=look.lang), **context)


def _counter(words: Phrases, lang: str) -> Callable[[str, int], str]:
    """Says a counted phrase, by its name, for a number."""
    return lambda phrase, count: counted(getattr(words, phrase), count, lang)


# --- the pages in frames ----------------------------------------------------------------------------------------------


@blueprint.get("/" + "/".join((*EMBED, "search")))
def search() -> str:
    library: Library = g.library
    looks, pairs = _apart(_address(), LOOK)
    asked = Parameters(looks, LOOK)
    look, _ = _look(asked), RESIZE.read(asked)
    query = _query(pairs, library, asked)
    # With neither words nor a filter it is a box to search in, as the component is; sent empty, it shows everything.
    found = library.search(replace(query, per_page=look.limit)) if pairs else None
    return _page("embed_search.html", asked, query=query,
                 body=shapes.search_body(found, library, request.root_path) if found else None,
                 kept=[*(pair for pair in parameters.pairs(query) if pair[0] != "q"), *looks],
                 more=parameters.address(query, shapes.url_of(request.root_path, "search")))


@blueprint.route("/" + "/".join((*EMBED, "match")), methods=["GET", "POST"])
def match() -> Response:
    library: Library = g.library
    written, others = _apart(_address(), (CHALLENGE.name,))
    posted = request.form.items(multi=True) if request.method == "POST" else written
    asked = Parameters([*others, *posted], {**MATCH, **LOOK})
    look, _ = _look(asked), RESIZE.read(asked)
    typed = asked.values.get(CHALLENGE.name, [""])[0][:MAX_CHARACTERS]
    context: dict[str, object] = {"typed": typed, "body": None, "city": CITY.read(asked),
                                  "action": f"{url_for('frames.match')}?{urlencode(others)}"}
    try:
        challenge = parameters.challenge(asked, library.cities)
    except BadInput as error:
        if any(name != CHALLENGE.name for name, _ in error.mistakes):
            raise
        mistake = error.mistakes[0][1] if typed or request.method == "POST" else ""
        return make_response(_page("embed_match.html", asked, mistake=mistake, **context),
                             error.status if mistake else 200)
    # The heading counts what there is, as on the page of our own, however few are shown.
    body = shapes.match_body(library.match(challenge, max(look.limit, MATCHES)), library, request.root_path)
    words = phrases(look.lang)
    say, cautious = _counter(words, look.lang), {item.case.city_slug for item in body.cautions}
    context |= {"body": body, "heading": _heading(body, challenge, library, words, say),
                "caution": say("cautions", len(cautious)) if cautious else ""}
    return make_response(_page("embed_match.html", asked, mistake="", **context))


def _heading(body: MatchBody, challenge: Challenge, library: Library, words: Phrases,
             say: Callable[[str, int], str]) -> str:
    """What was found, in a line: as `wording.verdict_words`, in the words for other sites."""
    own = challenge.city.slug if challenge.city else ""
    strong = [item.case for item in body.matches if item.strength is Strength.STRONG and item.case.city_slug != own]
    worked = {case.city_slug for case in strong if case.outcome is Outcome.POSITIVE}
    if body.verdict is Verdict.SOLVED and not strong:
        return words.own
    if body.verdict is Verdict.SOLVED:
        return say("solved", len(worked)) if worked else say("tackled", len({case.city_slug for case in strong}))
    if body.matches:
        return words.related
    understood = not body.language or body.language in {*LANGUAGES, *library.languages}
    return words.unsolved if body.cautions or understood else words.other_language


# --- the page that gives snippets -------------------------------------------------------------------------------------


@blueprint.get("/embed")
def choose() -> Response:
    """What to put into one's own site, and how it looks there, made from what was chosen."""
    library: Library = g.library
    own, pairs = _apart(_address(), CHOICES)
    asked = Parameters(own, CHOICES)
    kind, city, look = KIND.read(asked) or KIND.default, CITY.read(asked), _look(asked)
    if city and city not in library.cities:
        asked.refuse(CITY.name, parameters.NO_SUCH_CITY)
    mistakes: tuple[tuple[str, str], ...] = ()
    try:
        query = _query(pairs, library, asked)
    except BadInput as error:
        query, mistakes = Query(), error.mistakes
    wish = Wish(kind, query, city, look)
    component, resize = embed.script(), embed.script("resize")
    page = render_template(
        "embed.html", wish=wish, mistakes=mistakes, fields=FIELDS, cities=library.cities,
        page=wording.search_page(library.search(query), library, request.root_path), appearances=APPEARANCES,
        limits=(FEW.low, FEW.high), levels=range(HEADING_LEVEL.low, HEADING_LEVEL.high + 1),
        resize=shapes.url_of(request.root_path, resize.path),
        # Without the sandbox: within our own page it would let through what it keeps out elsewhere, and browsers warn.
        shown={name: value for name, value in snippets.frame_attributes(wish, request.root_path, True).items()
               if name != "sandbox"},
        component=snippets.component(wish, g.base_url, component),
        own=snippets.component(wish, request.root_path, component),
        framed=snippets.frame(wish, g.base_url), resizing=snippets.frame(wish, g.base_url, resize),
        plain=snippets.form(wish, g.base_url))
    return make_response(page, BadInput.status if mistakes else 200)
