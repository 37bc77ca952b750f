"""The pages: reads parameters, asks the library, fills a template. Every page works without JavaScript.

Pages are made from the same bodies as the API's answers (`shapes`); the case page reads the case itself, because
it shows everything that the file says. Words, links and formats are in `wording`.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from flask import Blueprint, Response, g, make_response, render_template, request

from innoshare.case import LANGUAGES
from innoshare.choices import EVIDENCE_LEVELS, AdoptionStatus, Outcome, Stage
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import FEATURES, FIT, MAX_CHARACTERS, MAX_WORDS
from innoshare.search import MAX_QUERY_CHARACTERS, Query
from innoshare.web import parameters, shapes, wording
from innoshare.web.parameters import Parameters

blueprint = Blueprint("pages", __name__)

# Days after which a case says that nobody has looked at it lately. weADAPT warns after five years; prices, laws and
# offices change sooner, and a council that decides on two-year-old figures should be told.
STALE_AFTER = 2 * 365
# How long a browser may show the answer to a posted challenge again: as long as one compares the cases in it.
ANSWER_SECONDS = 30 * 60
# Mailing systems and social networks add these to every link; a newsletter's reader must not be refused for it.
FOREIGN_PARAMETERS = ("utm_", "fbclid", "gclid", "mc_")


def given(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return (pair for pair in pairs if not pair[0].startswith(FOREIGN_PARAMETERS))


@blueprint.get("/")
def home() -> str:
    library: Library = g.library
    themes = {facet.field: facet for facet in library.search(Query(per_page=1)).results.facets}["theme"]
    return render_template(
        "home.html",
        facts=library.facts,
        newest=[shapes.card_body(card, request.root_path) for card in library.facts.newest],
        warnings=[shapes.card_body(card, request.root_path) for card in library.facts.warnings[:3]],
        themes=[(term, dict(themes.counts).get(slug, 0)) for slug, term in library.vocabulary["themes"].items()],
    )


@blueprint.get("/search")
def search() -> Response:
    library: Library = g.library
    try:
        query = parameters.query(given(request.args.items(multi=True)), library)
        found = library.search(query)
    except BadInput as error:
        # The empty search keeps the filters usable; what was typed stays in its box.
        page = wording.search_page(library.search(Query()), library, request.root_path)
        return _refused("search.html", error, page=page, typed=_typed("q"), fields=wording.FIELDS)
    page = wording.search_page(found, library, request.root_path)
    return make_response(render_template("search.html", page=page, typed=query.text, mistakes=(), fields={}))


@blueprint.route("/match", methods=["GET", "POST"])
def match() -> Response:
    """The form, and the answer. The form posts, so that a challenge stands in no log and no history; an address
    with the challenge in it answers too, for those who want to share one."""
    library: Library = g.library
    pairs = list(given((request.form if request.method == "POST" else request.args).items(multi=True)))
    context: dict[str, object] = {"cities": library.cities, "typed": _typed("challenge"), "chosen": _typed("city"),
                                  "chosen_language": _typed("language"), "body": None, "example": not pairs}
    if not pairs:
        return make_response(render_template("match.html", mistakes=(), **context))
    try:
        challenge = parameters.challenge(Parameters(pairs, ("challenge", "city", "language")), library.cities)
    except BadInput as error:
        return _refused("match.html", error, **context)
    body = shapes.match_body(library.match(challenge), library, request.root_path)
    heading, sentence = wording.verdict_words(body, challenge, library.languages)
    context |= {"body": body, "asking": challenge.city, "heading": heading, "sentence": sentence,
                "caution": wording.caution_words(body),
                "permalink": wording.match_address(challenge, request.root_path)}
    return make_response(render_template("match.html", mistakes=(), **context))


def _typed(name: str) -> str:
    """What was typed into a field, for that field only."""
    return str(request.values.get(name, ""))[:MAX_CHARACTERS]


def _refused(template: str, error: BadInput, **context: object) -> Response:
    """The page with the form again, and what to mend above it."""
    return make_response(render_template(template, mistakes=error.mistakes, **context), error.status)


@blueprint.get("/cases/<slug>")
def case(slug: str) -> str:
    library: Library = g.library
    entry = library.entry(slug)
    translations = library.cards(item.case for item in entry.case.translations)
    return render_template("case.html", entry=entry, case=entry.case, city=entry.city, translations=translations,
                           blocks={block.section: block for block in entry.rendered.blocks if block.section},
                           similar=[shapes.card_body(card, request.root_path) for card in entry.similar],
                           others=[block for block in entry.rendered.blocks if not block.section],
                           source_numbers={item.url: at for at, item in enumerate(entry.case.sources, 1)},
                           per_resident=shapes.cost_per_resident(entry.case, entry.city),
                           stale=_is_stale(entry.case.last_verified or entry.case.updated))


@blueprint.get("/cities/<slug>")
def city(slug: str) -> str:
    entry = g.library.city(slug)
    return render_template("city.html", entry=entry, city=entry.city,
                           cases=[shapes.card_body(card, request.root_path) for card in entry.cards],
                           adopted=[shapes.card_body(card, request.root_path) for card in entry.adopted])


@blueprint.get("/about")
def about() -> str:
    return render_template("about.html", features=FEATURES, fit=FIT, facts=g.library.facts,
                           answer_minutes=ANSWER_SECONDS // 60)


def _is_stale(day: str) -> bool:
    return (datetime.now(UTC).date() - date.fromisoformat(day)).days > STALE_AFTER


# For every template.

@blueprint.app_context_processor
def words() -> dict[str, object]:
    """Lists of words, and the label of any value."""
    return {
        "EVIDENCE_LEVELS": EVIDENCE_LEVELS, "LEVELS": range(1, max(EVIDENCE_LEVELS) + 1), "Outcome": Outcome,
        "Stage": Stage, "AdoptionStatus": AdoptionStatus, "LANGUAGES": LANGUAGES, "MAX_WORDS": MAX_WORDS,
        "MAX_QUERY": MAX_QUERY_CHARACTERS,
        "canonical": f"{g.base_url}{request.path}" if "base_url" in g else "",
        "label": g.library.facet_label if "library" in g else lambda facet, value: value,
    }


for _filter in (wording.marked, wording.highlighted, wording.number, wording.money, wording.day, wording.language_name,
                wording.own_name, wording.plural, wording.listed, wording.compared, wording.concepts):
    blueprint.add_app_template_filter(_filter)
