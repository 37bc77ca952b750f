"""The promise of the API: what each address takes and answers, as an OpenAPI 3.1 document and as a page for people.

The document is made, not written: parameters come from `parameters`, which reads them by the same descriptions, and
bodies from `shapes`, which also make the answers. Here stands only which address takes and answers which of them
(OPERATIONS), and what can go wrong (PROBLEMS). `/api/docs` shows this very document.

What is in the document of one edition stays for all of `/api/v1`: fields, values and addresses may be added, never
renamed or removed. So it allows for fields that are not in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flask import Blueprint, Response, g, jsonify, render_template, request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.wrappers import Response as AnyResponse

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import parameters, shapes
from innoshare.web.bulk import CATALOGUE
from innoshare.web.exporting import CSV, FORMATS, JSON_LINES, REFERENCES
from innoshare.web.limits import RATE_HEADERS
from innoshare.web.parameters import NONE, Parameter, Schema, Text
from innoshare.web.shapes import url_of
from innoshare.web.sheets import CASES

blueprint = Blueprint("openapi", __name__)

# Of the API, by semantic versioning; the program has its own. Up by 0.1.0 with each field, value or address that is
# added; what would make it 2.0.0 is another API, under /api/v2.
API_VERSION = "1.0.0"
API = "api/v1"
DOCUMENT, DOCS = f"{API}/openapi.json", "api/docs"

JSON, PROBLEM = "application/json", "application/problem+json"
SCHEMAS = "#/components/schemas/"
# What a script on another site may read beside the body (the Fetch standard hides the others from it).
EXPOSED = ("ETag", "Link", "API-Version", "Deprecation", "Sunset", "Retry-After", *RATE_HEADERS, "Content-Disposition",
           "Accept-Ranges", "Content-Range")
# What it may send beside what any script may: to ask again, and for parts of the catalogue.
SENT = ("Content-Type", "If-None-Match", "If-Range", "Range")
# How long a browser need not ask again whether it may ask. Nothing about that will change; browsers cut it to 2 hours.
PREFLIGHT_SECONDS = 24 * 3600
# What Pydantic says of a field and an answer does not promise.
NOT_PROMISED = ("title", "default", "minLength", "maxLength", "minItems", "maxItems")
LISTED = 12  # Values that the page shows at once; more are folded.

PROBLEM_TYPE = "urn:problem-type:innoshare:"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its `name` ends its `type` and never changes; `about` says when it comes and what to do."""

    name: str
    about: str


# What can go wrong, by status: stable, and independent of the host that answers.
PROBLEMS = {
    400: Kind("bad-input", "A parameter is unknown, was sent twice or has a value that cannot be taken; or the body is "
              "not a JSON object. `errors` names each parameter and says what to send instead. Nothing is guessed: a "
              "filter that is dropped would give the answer to another question."),
    404: Kind("not-found", "There is nothing at this address, or no case or challenge of this name. An address with a "
              "slash at its end is another address."),
    405: Kind("method-not-allowed", "The address does not take this method; the header Allow names those it takes."),
    406: Kind("not-acceptable", "The header Accept allows nothing that this address answers in."),
    413: Kind("too-large", "The body is larger than any challenge can be."),
    414: Kind("address-too-long", "The address is longer than 16,384 characters. Send a long challenge by POST."),
    415: Kind("unsupported-media-type", "The body is not declared as application/json."),
    416: Kind("no-such-range", "The header Range asks for a part of the file that it does not have."),
    429: Kind("too-many-requests", "This client has asked too often. The header Retry-After says after how many "
              "seconds to ask again."),
    500: Kind("fault", "The fault is ours and has been noted. Ask again later."),
    501: Kind("not-implemented", "/oembed was asked for a format that it does not make; `detail` names those that it "
              "makes."),
    503: Kind("not-ready", "The library is being built or cannot be read. Ask again in a minute."),
}
EVERYWHERE = (400, 414, 429, 500, 503)  # What any operation may answer.


def problem_type(status: int) -> str:
    """The `type` of problem details with this status."""
    kind = PROBLEMS.get(status)
    return PROBLEM_TYPE + (kind.name if kind else "fault" if status >= 500 else "refused")


@dataclass(frozen=True)
class Operation:
    """What one address does: `name` is its operationId, `answer` the shape of the body, or words about what is in the
    file, and `kind` its media type. `slug` says what {slug} in the path names; `example` is a query to try, `body` a
    body to send: without one, it is asked by GET. `in_parts` says that a part of the file may be asked for."""

    path: str
    name: str
    tag: str
    summary: str
    about: str
    answer: type[BaseModel] | str
    takes: Mapping[str, Parameter] = field(default_factory=dict)
    kind: str = JSON
    slug: str = ""
    example: str = ""
    body: str = ""
    in_parts: bool = False

    @property
    def posted(self) -> bool:
        return bool(self.body)

    @property
    def method(self) -> str:
        return "post" if self.posted else "get"

    @property
    def errors(self) -> tuple[int, ...]:
        """The statuses of problems that it may answer. A file is sent whatever Accept says."""
        more = {404: self.slug, 406: isinstance(self.answer, type), 413: self.posted, 415: self.posted,
                416: self.in_parts}
        return tuple(sorted({*EVERYWHERE, *(status for status, may in more.items() if may)}))


TAGS = {
    "Search": "Find cases by words and filters, or by describing a challenge",
    "Library": "What is there: cases, cities, open challenges, the values of every filter",
    "Download": "All cases, or all that answer a search, in one file",
    "Description": "The API itself",
}

# What is to be known of a file beside that it holds cases.
MORE = {
    JSON_LINES: " Each line is a CaseBody.",
    CSV: " The first line names the columns. Columns may be added at the end; none is renamed or removed.",
}

OPERATIONS = (
    Operation("/search", "search", "Search", "Search cases",
              "Cases that hold the words and pass the filters, a page at a time, with the counts of every filter. "
              "Values of one filter are alternatives; filters narrow each other. Without parameters: all cases.",
              shapes.SearchBody, parameters.SEARCH, example="q=flood&outcome=positive"),
    Operation("/match", "match", "Search", "Who has solved this challenge?",
              "Cases that answer a challenge told in one's own words, each with the evidence for it, or the verdict "
              "that nobody here has solved it. The words stand in the address, and so perhaps in logs on the way; by "
              "POST they stand in none.",
              shapes.MatchBody, parameters.MATCH, example="challenge=Cellars+flood+after+every+cloudburst"),
    Operation("/match", "matchPrivately", "Search", "Who has solved this challenge? Without a trace",
              "The same with the challenge in the body. The library neither logs it nor keeps it, and no cache does.",
              shapes.MatchBody, parameters.MATCH,
              body='{"challenge": "Cellars flood after every cloudburst", "limit": 3}'),
    Operation("/suggest", "suggest", "Search", "Suggest what somebody may mean",
              "Cases, cities, filters and words that begin with what has been typed so far, for a search box.",
              shapes.SuggestBody, parameters.SUGGEST, example="q=wat"),
    Operation("/cases", "listCases", "Library", "List all cases",
              "All published cases in short, newest first; each once, its translations are named in the case.",
              shapes.CasesBody, parameters.PAGING, example="per_page=5"),
    Operation("/cases/{slug}", "getCase", "Library", "Get one case",
              "Everything its file says, and what follows from it: similar cases, history, cost per resident.",
              shapes.CaseBody, slug="case"),
    Operation("/challenges", "listChallenges", "Library", "List open challenges",
              "The wanted board: what cities look for an answer to, newest first.",
              shapes.ChallengesBody, parameters.BOARD, example="status=open"),
    Operation("/challenges/{slug}", "getChallenge", "Library", "Get one open challenge",
              "Everything its file says, and the cases that answer it.", shapes.ChallengeBody,
              slug="challenge"),
    Operation("/cities", "listCities", "Library", "List cities",
              "All cities that cases are about, with their profiles.", shapes.CitiesBody),
    Operation("/vocabulary", "getVocabulary", "Library", "Get the values of every filter",
              "Themes, kinds of problems, approaches and the closed lists, each value with its label.",
              shapes.VocabularyBody),
    *(Operation(f"/cases.{kind.ending}", f"download{kind.name.capitalize()}", "Download",
                f"Download cases as {kind.label}",
                "Every case of a search in one file; without parameters all that are published, newest first."
                + MORE.get(kind, ""),
                f"The cases as {kind.label}", parameters.FILTERS, kind.content_type, example="theme=mobility")
      for kind in FORMATS.values()),
    *(Operation(f"/cases/{{slug}}.{kind.ending}", f"cite{kind.name.capitalize()}", "Download",
                f"Download the reference of one case as {kind.label}",
                "What the page of the case says under “Cite as”, for programs that keep literature.",
                f"The reference as {kind.label}", kind=kind.content_type, slug="case") for kind in REFERENCES.values()),
    Operation("/catalogue.sqlite", "downloadCatalogue", "Download", "Download the catalogue",
              "The SQLite file of this edition from which pages are made, whole or in parts (Range). Its tables may "
              "change with each version of the program; the other formats keep what they promise.",
              "A SQLite database", kind=CATALOGUE, in_parts=True),
    Operation("/openapi.json", "getDocument", "Description", "Get this document", "The API as OpenAPI 3.1.",
              "The document"),
)

# Headers of answers: name -> (what it says, whether it is always there, schema).
HEADERS: Mapping[str, tuple[str, bool, Schema]] = {
    "API-Version": ("Version of the API, by semantic versioning", True, {"type": "string", "examples": [API_VERSION]}),
    "Link": ("RFC 8288. service-desc: this document; service-doc: the page about it; alternate: the page for people "
             "that shows the same; first, prev, next and last: pages of the answer. The last five are left out where "
             "the address is very long", True, {"type": "string"}),
    "ETag": ("Changes with the answer. Send it back in If-None-Match: 304 says that what you have still holds", True,
             {"type": "string"}),
    "Cache-Control": ("Who may keep the answer, and for how many seconds", True, {"type": "string"}),
    "Access-Control-Allow-Origin": ("Any site may read the answer", True, {"type": "string", "const": "*"}),
    "Content-Disposition": ("A name for the file, with the day of its edition", True, {"type": "string"}),
    "Retry-After": ("Seconds after which to ask again", False, {"type": "string"}),
}
ALWAYS = ("API-Version", "Link", "Cache-Control", "Access-Control-Allow-Origin")


@blueprint.get(f"/{DOCUMENT}")
def openapi_json() -> Response:
    parameters.Parameters(request.args.items(multi=True), NONE).finish()
    return jsonify(document(g.library, g.settings, g.base_url))


@blueprint.get(f"/{DOCS}")
def docs() -> str:
    made = document(g.library, g.settings, g.base_url)
    return render_template("api_docs.html", api=made, operations=tuple(_shown(made)), problems=PROBLEMS,
                           problem_type=problem_type, columns=CASES.columns, listed=LISTED,
                           preflight_hours=PREFLIGHT_SECONDS // 3600)


@dataclass(frozen=True)
class Shown:
    """An operation on the page: what the document says of it, and how to try it. `trial` is an address to open, ""
    where it is asked by POST or the library has nothing to show for it; `curl` is the same as a command."""

    operation: Operation
    says: Mapping[str, Any]
    trial: str
    curl: str


def _shown(made: Mapping[str, Any]) -> Iterator[Shown]:
    server = made["servers"][0]["url"]
    for operation in OPERATIONS:
        says = made["paths"][operation.path][operation.method]
        takes = [made["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
                 for one in says.get("parameters", ())]
        slug = next((one.get("example", "") for one in takes if one["in"] == "path"), "")
        url = server + operation.path.replace("{slug}", slug) + (f"?{operation.example}" if operation.example else "")
        if operation.posted:
            curl = f"curl {url} \\\n  -H 'Content-Type: {JSON}' \\\n  -d '{operation.body}'"
        else:
            curl = f"curl '{url}'"
        yield Shown(operation, says | {"parameters": takes},
                    "" if operation.posted or (operation.slug and not slug) else url, curl)


def send(response: AnyResponse) -> None:
    """The headers of every answer under /api/, which say where it is described."""
    response.headers["API-Version"] = API_VERSION
    if "base_url" in g:  # Else it was asked for under a name that is not ours.
        for relation, path, kind in (("service-desc", DOCUMENT, JSON), ("service-doc", DOCS, "text/html")):
            response.headers.add("Link", f'<{url_of(g.base_url, path)}>; rel="{relation}"; type="{kind}"')


def open_to_all(response: AnyResponse) -> None:
    """The headers of what any site may ask: all that programs read. It is public, read-only and without cookies, so no
    site needs to be asked who it is."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = ", ".join(EXPOSED)
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
        response.headers["Access-Control-Allow-Headers"] = ", ".join(SENT)
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)


def document(library: Library, settings: Settings, base_url: str) -> dict[str, Any]:
    """The OpenAPI document of this library. Values of filters are those that it takes today."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, library)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{settings.name}: the API",
            "version": API_VERSION,
            "summary": "Cases of what cities did about their challenges, what it cost and what came of it",
            "description": "Open to every site without a key. Within /api/v1 fields, values and addresses may be "
                           "added, never renamed or removed: take no notice of what you do not know.",
            "contact": _contact(settings, base_url),
            "license": {"name": "Creative Commons Attribution 4.0, unless a case names another",
                        "identifier": "CC-BY-4.0"},
        },
        "servers": [{"url": url_of(base_url, API)}],
        "externalDocs": {"description": "The same for people", "url": url_of(base_url, DOCS)},
        "security": [],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _bodies(),
            "parameters": {name: _parameter(one, library) for name, one in parameters.SEARCH.items()},
            "responses": {PROBLEMS[status].name: _problem(status)
                          for status in sorted({status for operation in OPERATIONS for status in operation.errors})},
            "headers": {name: {"description": about, "required": always, "schema": schema}
                        for name, (about, always, schema) in HEADERS.items()},
        },
    }


@cache
def _bodies() -> dict[str, Schema]:
    """The schema of every body, by its name. Made once: it takes a tenth of a second."""
    answers = (operation.answer for operation in OPERATIONS)
    bodies: set[type[BaseModel]] = {shapes.ProblemBody, *(shape for shape in answers if not isinstance(shape, str))}
    _, made = models_json_schema([(shape, "serialization") for shape in bodies],
                                 ref_template=f"{SCHEMAS}{{model}}")
    return {name: _promised(schema) for name, schema in sorted(made["$defs"].items())}


def _contact(settings: Settings, base_url: str) -> dict[str, str]:
    contact = {"name": settings.name, "url": url_of(base_url, "about")}
    if settings.contact.startswith("mailto:"):
        contact["email"] = settings.contact.removeprefix("mailto:")
    elif settings.contact:
        contact["url"] = settings.contact
    return contact


def _operation(operation: Operation, library: Library) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": operation.name, "tags": [operation.tag], "summary": operation.summary,
                            "description": operation.about}
    inside = [] if operation.posted else [
        {"$ref": f"#/components/parameters/{name}"} if parameters.SEARCH.get(name) is one else _parameter(one, library)
        for name, one in operation.takes.items()]
    if operation.slug:
        inside.insert(0, _slug(operation, library))
    if inside:
        made["parameters"] = inside
    if operation.posted:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": _posted(operation.takes, library)}}}
    names = (*ALWAYS, *(("Content-Disposition",) if operation.tag == "Download" else ()))
    answer = operation.answer
    words, schema = ((answer, {"type": "object"} if operation.kind == JSON else {}) if isinstance(answer, str) else
                     ("The answer", {"$ref": f"{SCHEMAS}{answer.__name__}"}))
    made["responses"] = {"200": {"description": words, "content": {operation.kind: {"schema": schema}},
                                 "headers": _headers(*names, *(() if operation.posted else ("ETag",)))}}
    if operation.in_parts:
        made["responses"]["206"] = made["responses"]["200"] | {"description": "The part that Range asks for"}
    if not operation.posted:
        made["responses"]["304"] = {"description": "What you have still holds (If-None-Match)",
                                    "headers": _headers(*ALWAYS, "ETag")}
    made["responses"] |= {str(status): {"$ref": f"#/components/responses/{PROBLEMS[status].name}"}
                          for status in operation.errors}
    return made


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameter(parameter: Parameter, library: Library) -> dict[str, Any]:
    made: dict[str, Any] = {"name": parameter.name, "in": "query", "description": parameter.about,
                            "required": parameter.required, "schema": parameter.schema(library)}
    if parameter.many:
        made |= {"style": "form", "explode": True}
    return made | ({"example": parameter.example} if isinstance(parameter, Text) and parameter.example else {})


def _slug(operation: Operation, library: Library) -> dict[str, Any]:
    made = {"name": "slug", "in": "path", "required": True,
            "description": f"Name of the {operation.slug} in its address",
            "schema": {"type": "string", "maxLength": 60, "pattern": parameters.CITY.pattern}}
    return made | ({"example": example} if (example := _known(operation.slug, library)) else {})


def _known(what: str, library: Library) -> str:
    """The slug of a case or a challenge of the library; "" where it has none."""
    found = library.cases(1, 1)[1] if what == "case" else library.wanted({})
    return next((one.slug for one in found), "")


def _posted(takes: Mapping[str, Parameter], library: Library) -> Schema:
    """The JSON object that holds these parameters. What is null is not given."""
    members = {}
    for one in takes.values():
        schema = one.schema(library) | {"description": one.about}
        if not one.required:
            schema["type"] = [schema["type"], "null"]
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
        members[one.name] = schema
    return {"type": "object", "properties": members, "additionalProperties": False,
            "required": [one.name for one in takes.values() if one.required]}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": f"{SCHEMAS}{shapes.ProblemBody.__name__}"}
    names = (*ALWAYS, *(("Retry-After",) if status == 429 else ()))
    return {"description": PROBLEMS[status].about, "headers": _headers(*names), "content": {PROBLEM: {
        "schema": schema, "example": {"type": problem_type(status), "title": "For people; may change", "status": status,
                                      "detail": "For people; may change", "errors": []}}}}


def _promised(schema: Any) -> Any:
    """A schema of an answer: all of its fields are always there, others may be added, and how long texts and lists are
    may change."""
    if isinstance(schema, list):
        return [_promised(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _promised(value) for name, value in schema.items()
            if isinstance(value, dict) or not (name in NOT_PROMISED or (name == "additionalProperties" and not value))}
    if "prefixItems" in made:  # Pairs of numbers, which more readers of schemas understand as lists of two.
        made |= {"items": made.pop("prefixItems")[0], "minItems": 2, "maxItems": 2}
    if isinstance(made.get("properties"), dict):
        made["required"] = list(made["properties"])
    return made
