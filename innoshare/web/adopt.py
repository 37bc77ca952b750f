"""“We do this too”: a short form beside a case, for a city that has taken it up; it answers what to write, and where.

`adopting` finds the lines and their places in the file of the case. Here a request becomes the next page, and what the
check says of the changed file becomes what to do about a question of the form. Nothing is stored, and nothing is sent
to anybody: whoever filled in the form proposes the change on the code host, or hands in the file.

Decision: the record is judged as a part of the whole changed file, by the same rules as every file. Mistakes elsewhere
in that file are nothing that the one who adds to it can mend, or has made; they are passed over.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from innoshare import adopting
from innoshare.adopting import LEDGER, SOURCES, Addition
from innoshare.choices import AdoptionStatus
from innoshare.errors import BadInput, Level, NotFound, Problem
from innoshare.library import Entry, Library
from innoshare.web.form import COUNTRIES
from innoshare.web.parameters import Parameters, given
from innoshare.web.spoken import asked_as, spoken
from innoshare.web.submit import MAX_ACCOUNT, only_from_here, place_to_write

blueprint = Blueprint("adopt", __name__)
blueprint.before_request(only_from_here)

# What the form asks, in its order, with the names of its fields. The last three are about one source.
QUESTIONS = {
    "city": "Your city", "place": "Name of the place", "country": "Country", "status": "How far has it come?",
    "year": "Year in which it began there", "changes": "What did you do differently?",
    "outcome": "What came of it, or why did you stop?", "source": "Address of a page or document about it",
    "title": "Title of that page or document", "accessed": "The day on which you read it"}
# Parts of the record in the file by the name of their question, and likewise of the source.
_RECORD = ("city", "place", "country", "year", "status", "changes", "outcome", "source")
_SOURCE = {"source": "url", "title": "title", "accessed": "accessed"}
_WHERE = ("city", "place", "country")
MOST = 2_000  # Characters taken of an answer: the longest that the file takes, five times, so that it can be shortened.


@blueprint.route("/cases/<slug>/adopt", methods=["GET", "POST"])
def adopt(slug: str) -> AnyResponse:
    """The form, and what to do with what was filled in."""
    library: Library = g.library
    entry, text = library.entry(slug), library.text(slug)
    if entry.original:  # There is the ledger of the case, for all its versions.
        return redirect(url_for("adopt.adopt", slug=entry.original.slug))
    if not text:
        raise NotFound("The file of this case is not kept here, so nothing can be added to it.")
    today = datetime.now(UTC).date().isoformat()
    if request.method == "GET":
        Parameters(given(request.args.items(multi=True)), ()).finish()
        return _page("adopt.html", entry, dict.fromkeys(QUESTIONS, "") | {"accessed": today})
    typed = {name: str(request.form.get(name, ""))[:MOST] for name in QUESTIONS}
    asked = Parameters(request.form.items(multi=True), (*QUESTIONS, "go", "account"))
    account = request.form.get("account")
    download = asked.text("go", MOST) == "download"
    record, source = _answers(asked, entry, today)
    try:
        addition, remarks = _judged(entry, text, record, source, asked)
    except BadInput as error:
        return _page("adopt.html", entry, typed, error.status, mistakes=error.mistakes)
    if download and addition.text is not None:
        return Response(addition.text, mimetype="text/markdown",
                        headers={"Content-Disposition": f'attachment; filename="{slug}.md"'})
    place, wrong = place_to_write(account)
    return _page("adopt_done.html", entry, typed, 400 if wrong else 200, addition=addition, remarks=remarks,
                 account=(account or "")[:MAX_ACCOUNT], place=place, wrong=wrong,
                 edit=place.edit(f"cases/{slug}.md") if place else "")


def _page(template: str, entry: Entry, typed: Mapping[str, str], status: int = 200, **more: object) -> Response:
    library: Library = g.library
    cities = [city for slug, city in library.cities.items() if slug != entry.case.city]
    return make_response(render_template(
        template, **({"mistakes": ()} | more), entry=entry, case=entry.case, typed=typed, cities=cities,
        questions=QUESTIONS, countries=COUNTRIES, statuses=AdoptionStatus), status)


def _answers(asked: Parameters, entry: Entry, today: str) -> tuple[dict[str, str], dict[str, str] | None]:
    """What was answered, as the record of the ledger, and what is new under the sources; `asked` then holds what is to
    be mended before anything can be judged by the rules of the file."""
    library: Library = g.library
    told = {name: " ".join(asked.text(name, MOST).split()) for name in QUESTIONS}
    city, place, country = told["city"], told["place"], told["country"]
    known = {other.name.casefold(): other for other in library.cities.values()}
    listed_already = "stands in the file already. Change the lines that are there instead of adding new ones."
    if city and (city not in library.cities or city == entry.case.city):
        asked.refuse("city", "Choose a city from the list, or write the name of the place below it.")
    elif city and place:
        asked.refuse("place", "A city is chosen above and a place is named here. Keep one of the two.")
    elif city and city in (item.city for item in entry.case.adoptions):
        asked.refuse("city", f"{library.cities[city].name} {listed_already}")
    elif not city and not place and not any(name in ("city", "place") for name, _ in asked.mistakes):
        asked.refuse("city", "Choose your city, or write the name of the place below it.")
    elif (place.casefold(), country) in ((item.place.casefold(), item.country) for item in entry.case.adoptions
                                         if item.place):
        asked.refuse("place", f"This place {listed_already}")
    elif (other := known.get(place.casefold())) and other.country == country:
        asked.refuse("place", "This is the city whose case it is." if other.slug == entry.case.city else
                     f"{other.name} is in the list above. Choose it there.")
    if country and country not in dict(COUNTRIES):
        asked.refuse("country", "Choose a country from the list.")
    elif place and not country and not city:
        asked.refuse("country", "Choose the country in which the place lies.")
    if told["status"] not in list(AdoptionStatus):
        asked.refuse("status", "Choose how far it has come.")
    listed = {item.url for item in entry.case.sources}
    is_new = bool(told["source"]) and told["source"] not in listed
    if is_new and not told["title"]:
        asked.refuse("title", "Write the title, so that readers know what they open.")
    if told["title"] and not told["source"]:
        asked.refuse("source", "Write its address too, or leave out the title.")
    if city:
        told |= {"place": "", "country": ""}
    source = {_SOURCE[name]: told[name] for name in _SOURCE if told[name]} | {"accessed": told["accessed"] or today}
    return {name: told[name] for name in _RECORD if told[name]}, source if is_new else None


def _judged(entry: Entry, text: str, record: Mapping[str, str], source: Mapping[str, str] | None, asked: Parameters
            ) -> tuple[Addition, list[tuple[str, str]]]:
    """What to add, and advice on it by the name of the question. Raises BadInput with all that is to be mended, what
    `asked` holds first; of each question one thing is told."""
    library: Library = g.library
    if not record:
        asked.finish()
    try:
        addition = adopting.add(text, record, source)
        changed = addition.text or adopting.as_if(text, record, source)
    except BadInput as error:
        _refuse(asked, ((_question(name), why) for name, why in error.mistakes))
        asked.finish()
        raise
    _, problems = library.proofread("cases", entry.case.slug, changed)
    new = {f"{LEDGER}.{len(entry.case.adoptions)}": LEDGER, f"{SOURCES}.{len(entry.case.sources)}": SOURCES}
    _refuse(asked, _told(problems, new, "error"))
    asked.finish()
    return addition, list(dict.fromkeys(_told(problems, new, "advice")))


def _refuse(asked: Parameters, mistakes: Iterable[tuple[str, str]]) -> None:
    """Refuse what the check finds, of each question once, and of those that say where once together."""
    for name, text in mistakes:
        told = {name for name, _ in asked.mistakes}
        if not told & set(_WHERE if name in _WHERE else (name,)):
            asked.refuse(name, text)


def _told(problems: tuple[Problem, ...], new: Mapping[str, str], level: Level) -> Iterator[tuple[str, str]]:
    """(question, what to do) of the Problems of a level in what is new."""
    for problem in problems:
        for place, field in new.items():
            if problem.level == level and (problem.field in (place, field) or problem.field.startswith(f"{place}.")):
                question = _question(f"{field}{problem.field.removeprefix(place)}")
                yield question, _spoken(problem, QUESTIONS[question].rstrip("?"))


def _spoken(problem: Problem, question: str) -> str:
    """What the check says, with the question in place of the name that the file has for it."""
    said = f"{problem.message} {problem.remedy}".replace(", or `unknown`", ", or leave it empty")
    return spoken(asked_as(said, problem, f"“{question}”"))


def _question(path: str) -> str:
    """The question about a part of the record or of its source (`adoptions.year`, `sources.0.url`)."""
    field, part = path.split(".")[0], path.split(".")[-1]
    if field == SOURCES:
        return next((name for name, inner in _SOURCE.items() if inner == part), "source")
    return part if part in QUESTIONS else "city"
