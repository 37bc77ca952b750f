"""The pages: reads parameters, asks the library, fills a template. Every page works without JavaScript.

Pages are made from the same bodies as the API's answers (`shapes`); the case page reads the case itself, because
it shows everything that the file says. Words, links and formats are in `wording`.
"""

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, g, make_response, render_template, request

from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES, AdoptionStatus, ChallengeStatus, Outcome, Stage
from innoshare.config import MEMORY
from innoshare.errors import BadInput
from innoshare.library import CityEntry, Entry, Learned, Library
from innoshare.matching import FEATURES, FIT, MAX_CHARACTERS, MAX_WORDS
from innoshare.provenance import FileHistory
from innoshare.search import MAX_QUERY_CHARACTERS, Query
from innoshare.web import cards, citing, limits, linked, parameters, shapes, wording
from innoshare.web.exporting import REFERENCES
from innoshare.web.linked import Site
from innoshare.web.parameters import Parameters, given
from innoshare.web.shapes import url_of

blueprint = Blueprint("pages", __name__)

# Cases that are shown of a lineage in one direction, and how deep it is drawn: what can be taken in at a glance on a
# phone. The API names more.
MOST_SHOWN, DEEPEST = 40, 4
# Open challenges that are named beside an answer that does not solve one's own: a glance, no second list.
BOARDS = 3
UNSOLVED = (ChallengeStatus.OPEN, ChallengeStatus.MATCHED)
OPEN_AT_HOME = 3  # Open challenges on the home page: a row on a wide screen.
# How long a browser may show the answer to a posted challenge again: as long as one compares the cases in it.
ANSWER_SECONDS = 30 * 60


@blueprint.get("/")
def home() -> str:
    library: Library = g.library
    themes = {facet.field: facet for facet in library.search(Query(per_page=1)).results.facets}["theme"]
    return render_template(
        "home.html",
        facts=library.facts,
        linked=linked.home(site(), library),
        newest=[shapes.card_body(card, request.root_path) for card in library.facts.newest],
        warnings=[shapes.card_body(card, request.root_path) for card in library.facts.warnings[:3]],
        themes=[(term, dict(themes.counts).get(slug, 0)) for slug, term in library.vocabulary["themes"].items()],
        wanted=[shapes.wanted_body(item, library, request.root_path)
                for item in library.wanted({"status": [ChallengeStatus.OPEN]})[:OPEN_AT_HOME]],
        challenges=len(library.challenges),
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
    return make_response(render_template("search.html", page=page, typed=query.text, mistakes=(), fields={},
                                         canonical=parameters.address(query, url_of(g.base_url, "search"))))


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
    boards = library.wanted({"theme": [theme.slug for theme in body.themes], "status": UNSOLVED})[:BOARDS]
    context |= {"boards": boards, "body": body, "asking": challenge.city, "heading": heading, "sentence": sentence,
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
    commit = citing.asked(request.args.items(multi=True))
    entry = g.library.entry(slug)
    cited = citing.compared(commit, f"cases/{slug}.md", entry.history, g.forge)
    return case_page(entry, cited=cited, linked=linked.case(site(), entry, g.library))


def site() -> Site:
    """The library as a page names it to machines."""
    return Site(g.base_url, g.settings.name)


def case_page(entry: Entry, **more: object) -> str:
    """The page of a case, also of one that is in no library yet. `more` is for the template."""
    library: Library = g.library
    return render_template("case.html", entry=entry, case=entry.case, city=entry.city, cities=library.cities,
                           blocks={block.section: block for block in entry.rendered.blocks if block.section},
                           similar=[shapes.card_body(card, request.root_path) for card in entry.similar],
                           others=[block for block in entry.rendered.blocks if not block.section],
                           source_numbers={item.url: at for at, item in enumerate(entry.case.sources, 1)},
                           per_resident=shapes.cost_per_resident(entry.case, entry.city),
                           origins=_drawn(entry.origins), learners=_drawn(entry.learners),
                           references=REFERENCES.values(),
                           own_cases={learned.card.city: learned.card for learned in reversed(entry.learners)
                                      if learned.depth == 1},
                           provenance=_provenance(f"cases/{entry.case.slug}.md", entry.history), **more)


def _drawn(lineage: Sequence[Learned]) -> list[Learned]:
    return [replace(learned, depth=min(learned.depth, DEEPEST)) for learned in lineage[:MOST_SHOWN]]


def _provenance(path: str, history: FileHistory | None) -> shapes.ProvenanceBody:
    return shapes.provenance_body(path, history, g.library.history_reason, g.forge)


@blueprint.get("/cities/<slug>")
def city(slug: str) -> str:
    entry = g.library.city(slug)
    return city_page(entry, linked=linked.city(site(), entry))


def city_page(entry: CityEntry, **more: object) -> str:
    """The page of a city, also of one that is in no library yet. `more` is for the template."""
    return render_template("city.html", entry=entry, city=entry.city,
                           cases=[shapes.card_body(card, request.root_path) for card in entry.cards],
                           adopted=[shapes.card_body(card, request.root_path) for card in entry.adopted],
                           wanted=[shapes.wanted_body(item, g.library, request.root_path)
                                   for item in g.library.challenges if item.city == entry.city.slug],
                           provenance=_provenance(f"cities/{entry.city.slug}.md", entry.history), **more)


@blueprint.get("/about")
def about() -> str:
    return render_template("about.html", features=FEATURES, fit=FIT, facts=g.library.facts)


@blueprint.get("/privacy")
def privacy() -> str:
    seconds = limits.forgets_after(g.settings)
    return render_template("privacy.html", answer_minutes=ANSWER_SECONDS // 60,
                           shared=g.settings.ratelimit_storage != MEMORY,
                           forgets=wording.duration(seconds) if seconds else "")


# For every template.

@blueprint.app_context_processor
def words() -> dict[str, object]:
    """Lists of words, and the label of any value."""
    return {
        "EVIDENCE_LEVELS": EVIDENCE_LEVELS, "LEVELS": range(1, max(EVIDENCE_LEVELS) + 1), "Outcome": Outcome,
        "Stage": Stage, "AdoptionStatus": AdoptionStatus, "LANGUAGES": LANGUAGES, "MAX_WORDS": MAX_WORDS,
        "MAX_QUERY": MAX_QUERY_CHARACTERS,
        "canonical": f"{g.base_url}{request.path}" if "base_url" in g else "",
        "base_url": g.get("base_url", ""), "CARD_SIZE": cards.SIZE, "listed": True,
        "label": g.library.facet_label if "library" in g else lambda facet, value: value,
    }


for _filter in (wording.marked, wording.highlighted, wording.number, wording.money, wording.day, wording.language_name,
                wording.own_name, wording.plural, wording.listed, wording.compared, wording.concepts, wording.ledger,
                wording.likeness, wording.locale_of, wording.stale, wording.answers_found, citing.citable):
    blueprint.add_app_template_filter(_filter)
