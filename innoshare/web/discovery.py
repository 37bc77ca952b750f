"""How programs find what is here: a search box for browsers, lists of pages for search engines, and a catalogue of the
data for data portals.

`/opensearch.xml` (OpenSearch 1.1) lets somebody search the library from the address bar, with suggestions;
`/sitemap.xml` and `/robots.txt` say which pages there are, and which are only another view of them; `/catalog.jsonld`
describes the cases as open data, in DCAT 3 as the European profile (DCAT-AP) wants it, so that portals can harvest
them.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from babel.core import get_global
from flask import Blueprint, Response, g, request, url_for

from innoshare.case import Case
from innoshare.errors import NotFound
from innoshare.library import Library
from innoshare.search import MAX_QUERY_CHARACTERS, Query
from innoshare.web.bulk import CATALOGUE
from innoshare.web.exporting import CSV, FORMATS, XLSX
from innoshare.web.feeds import ATOM_TYPE, JSON_TYPE, child, document, nothing_asked, printable
from innoshare.web.linked import licence_address
from innoshare.web.openapi import DOCS, DOCUMENT
from innoshare.web.parameters import Parameters, given
from innoshare.web.shapes import FEED, JSON_FEED, url_of

blueprint = Blueprint("discovery", __name__)

OPENSEARCH, OPENSEARCH_TYPE = "http://a9.com/-/spec/opensearch/1.1/", "application/opensearchdescription+xml"
SUGGESTIONS_TYPE = "application/x-suggestions+json"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"

# What the OpenSearch standard allows of names, in characters.
SHORT_NAME, LONG_NAME = 16, 48

# Pages in one sitemap. The standard allows 50,000 and 50 MB; a fifth of that is made in a tenth of a second.
PAGES_IN_SITEMAP = 10_000
# Pages without a name of their own that search engines should know.
PAGES = ("pages.home", "pages.search", "pages.match", "wanted.board", "submit.choose", "pages.about", "pages.privacy",
         "frames.choose", "openapi.docs")

# What search engines need not read: the same pages in another order or narrowed twice, of which there are millions; the
# answers to questions; forms. Pages of one theme or one country are worth finding.
DISALLOWED = ("/match?", "/search?*&", "/challenges?*&", "/embed?", "/embed/v1/match", "/embed/v1/search", "/feed.*?",
              "/oembed", "/opensearch/", "/cases/*/adopt", "/submit/", "/api/v1/search", "/api/v1/match",
              "/api/v1/suggest")

_EU = "http://publications.europa.eu/resource/authority/"
# Themes of the vocabulary in the words of European data portals.
DATA_THEMES = {
    "mobility": "TRAN", "housing-homelessness": "SOCI", "planning-regeneration": "REGI", "energy-buildings": "ENER",
    "climate-adaptation": "ENVI", "waste-circular": "ENVI", "water-sanitation": "ENVI", "air-noise": "ENVI",
    "nature-public-space": "ENVI", "food": "AGRI", "health-care": "HEAL", "ageing-disability": "SOCI",
    "education-youth": "EDUC", "jobs-local-economy": "ECON", "inclusion-migration-equality": "SOCI",
    "safety-emergency": "JUST", "culture-sport-tourism": "EDUC", "digital-data-services": "TECH",
    "democracy-governance-finance": "GOVE"}
# Media types that are on the list of IANA, and so have an address there.
REGISTERED = {CATALOGUE, CSV.media_type, XLSX.media_type}
CITIES = "REGI"  # “Regions and cities”: what all of it is about.
# Languages as European lists name them: those of the Union and of its neighbours; others are left out of the catalogue.
LANGUAGE_CODES = {
    "ar": "ARA", "bg": "BUL", "bs": "BOS", "ca": "CAT", "cs": "CES", "da": "DAN", "de": "DEU", "el": "ELL", "en": "ENG",
    "es": "SPA", "et": "EST", "eu": "EUS", "fi": "FIN", "fr": "FRA", "ga": "GLE", "gl": "GLG", "hr": "HRV", "hu": "HUN",
    "is": "ISL", "it": "ITA", "lt": "LIT", "lv": "LAV", "mk": "MKD", "mt": "MLT", "nb": "NOB", "nl": "NLD", "nn": "NNO",
    "no": "NOR", "pl": "POL", "pt": "POR", "ro": "RON", "ru": "RUS", "sk": "SLK", "sl": "SLV", "sq": "SQI", "sr": "SRP",
    "sv": "SWE", "tr": "TUR", "uk": "UKR"}
# Babel knows codes of three letters that stood for a country before as well.
_FORMER_COUNTRIES = {"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"}

_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "xsd": "http://www.w3.org/2001/XMLSchema#"}

Node = dict[str, Any]


# --- a search box for browsers ----------------------------------------------------------------------------------------


@blueprint.get("/opensearch.xml")
def opensearch() -> Response:
    nothing_asked()
    name = g.settings.name
    root = Element("OpenSearchDescription", {"xmlns": OPENSEARCH})
    child(root, "ShortName", name[:SHORT_NAME])
    child(root, "LongName", name[:LONG_NAME])
    child(root, "Description", "What cities did about their challenges, what it cost and what came of it")
    child(root, "Url", type="text/html", template=url_of(g.base_url, "search?q={searchTerms}&page={startPage?}"))
    for form, kind in ((FEED, ATOM_TYPE), (JSON_FEED, JSON_TYPE)):
        child(root, "Url", type=kind, template=url_of(g.base_url, f"{form}?q={{searchTerms}}&page={{startPage?}}"))
    child(root, "Url", type=SUGGESTIONS_TYPE, rel="suggestions",
          template=url_of(g.base_url, "opensearch", "suggestions?q={searchTerms}"))
    child(root, "Url", type=OPENSEARCH_TYPE, rel="self", template=url_of(g.base_url, "opensearch.xml"))
    child(root, "Image", url_of(g.base_url, "favicon.ico"), width="48", height="48", type="image/vnd.microsoft.icon")
    child(root, "Language", "*")
    child(root, "InputEncoding", "UTF-8")
    child(root, "OutputEncoding", "UTF-8")
    return Response(document(root), mimetype=OPENSEARCH_TYPE)


@blueprint.get("/opensearch/suggestions")
def suggestions() -> Response:
    """What may be meant by what was typed so far, in the form that browsers read: the words to search for."""
    library: Library = g.library
    asked = Parameters(given(request.args.items(multi=True)), ("q",))
    typed = asked.text("q", MAX_QUERY_CHARACTERS)
    asked.finish()
    return _json([typed, [item.text for item in library.suggest(typed)]], SUGGESTIONS_TYPE)


# --- lists of pages for search engines --------------------------------------------------------------------------------


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """All pages, or, where they are many, all sitemaps."""
    nothing_asked()
    pages = list(_pages(g.library))
    if len(pages) <= PAGES_IN_SITEMAP:
        return _sitemap(pages)
    root = Element("sitemapindex", {"xmlns": SITEMAP})
    for number in range(1, -(-len(pages) // PAGES_IN_SITEMAP) + 1):
        child(child(root, "sitemap"), "loc", url_of(g.base_url, f"sitemap-{number}.xml"))
    return Response(document(root), mimetype="application/xml")


@blueprint.get("/sitemap-<int:number>.xml")
def part(number: int) -> Response:
    """One of many sitemaps, counted from 1. Raises NotFound."""
    nothing_asked()
    pages = list(_pages(g.library))
    some = pages[(number - 1) * PAGES_IN_SITEMAP:number * PAGES_IN_SITEMAP] if number else []
    if not some or len(pages) <= PAGES_IN_SITEMAP:
        raise NotFound("There are not that many sitemaps.")
    return _sitemap(some)


def _sitemap(pages: Sequence[tuple[str, str]]) -> Response:
    # Written as text, ten times as fast as a tree of elements: all of it is an address, a slug or a day.
    entries = (f"<url><loc>{escape(url_of(g.base_url, path))}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
               for path, day in pages)
    made = ('<?xml version="1.0" encoding="utf-8"?>', f'<urlset xmlns="{SITEMAP}">', *entries, "</urlset>", "")
    return Response("\n".join(made), mimetype="application/xml")


def _pages(library: Library) -> Iterator[tuple[str, str]]:
    """(path, day of the last change) of every page; "" where the day is not known. Of a city it is that of its file or
    of its latest case."""
    cases, home = library.last_changes(), url_for("pages.home")
    for endpoint in PAGES:
        newest = cases[0][2] if cases and endpoint in ("pages.home", "pages.search") else ""
        yield url_for(endpoint).removeprefix(home), newest
    for challenge in library.challenges:
        yield f"challenges/{challenge.slug}", challenge.updated
    latest: dict[str, str] = defaultdict(str)
    for _, city, day in cases:
        latest[city] = max(latest[city], day)
    histories = library.histories(f"cities/{slug}.md" for slug in library.cities)
    for slug in library.cities:
        history = histories.get(f"cities/{slug}.md")
        yield f"cities/{slug}", max(latest[slug], (history and history.last_changed) or "")
    for slug, _, day in cases:
        yield f"cases/{slug}", day


@blueprint.get("/robots.txt")
def robots() -> Response:
    nothing_asked()
    home = urlsplit(g.base_url).path
    lines = ["User-agent: *", *(f"Disallow: {home}{path}" for path in DISALLOWED), "",
             f"Sitemap: {url_of(g.base_url, 'sitemap.xml')}"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


# --- a catalogue of the data for data portals -------------------------------------------------------------------------


@blueprint.get("/catalog.jsonld")
def catalogue() -> Response:
    nothing_asked()
    library: Library = g.library
    cases, service = _dataset(library), _service()
    return _json({
        "@context": _CONTEXT,
        **_node("dcat:Catalog", _name("catalogue")), **_about(
            g.settings.name, "An open library of what cities did about their challenges: on what evidence, at what "
                             "cost, and what went wrong."),
        "foaf:homepage": _link(url_of(g.base_url, "")),
        "dct:modified": cases["dct:modified"],
        "dct:language": _link(f"{_EU}language/ENG"),
        "dcat:themeTaxonomy": _link(f"{_EU}data-theme"),
        "dct:spatial": cases["dct:spatial"],
        "dcat:dataset": cases, "dcat:service": service,
    }, "application/ld+json")


def _dataset(library: Library) -> Node:
    """The cases as one collection of data."""
    facts, counts = library.facts, {facet.field: dict(facet.counts)
                                    for facet in library.search(Query(per_page=1)).results.facets}
    themes = [theme for theme, count in counts["theme"].items() if count]
    codes = sorted({CITIES, *(DATA_THEMES[theme] for theme in themes if theme in DATA_THEMES)})
    first, last = library.years()
    node = _node("dcat:Dataset", _name("cases")) | _about(
        f"Cases of {g.settings.name}",
        f"{facts.cases:,} case studies from {facts.cities:,} cities in {facts.countries:,} countries: the challenge, "
        "what was done, what it cost, what came of it and on what evidence, who has taken it up since, and what went "
        "wrong. Each case names its sources.")
    node |= {
        "dct:identifier": _name("cases"),
        "dcat:theme": [_link(f"{_EU}data-theme/{code}") for code in codes],
        "dcat:keyword": [_english(library.facet_label("theme", theme)) for theme in sorted(themes)],
        "dcat:landingPage": _page(url_of(g.base_url, "search")),
        "foaf:page": _page(url_of(g.base_url, "about")),
        "dct:language": [_link(f"{_EU}language/{LANGUAGE_CODES[language]}") for language in sorted(library.languages)
                         if language in LANGUAGE_CODES],
        "dct:spatial": [_link(f"{_EU}country/{code}") for country, code in _country_codes().items()
                        if counts["country"].get(country)],
        "dct:accessRights": _link(f"{_EU}access-right/PUBLIC"),
        "dct:accrualPeriodicity": _link(f"{_EU}frequency/IRREG"),
        "dct:modified": _moment(library.built),
        "dcat:version": library.edition,
        "dcat:distribution": [*_distributions(library)],
    }
    if first and last:
        node["dct:temporal"] = {"@type": "dct:PeriodOfTime", "dcat:startDate": _typed(f"{first}-01-01", "date"),
                                "dcat:endDate": _typed(f"{last}-12-31", "date")}
    return node


def _distributions(library: Library) -> Iterator[Node]:
    downloads = [(f"cases.{kind.ending}", kind.label, kind.media_type, "")
                 for kind in FORMATS.values()]
    downloads.append(("catalogue.sqlite", "SQLite", CATALOGUE,
                      "Its tables may change with a release; JSON Lines keep to the API."))
    for file, name, kind, note in downloads:
        url = url_of(g.base_url, "api", "v1", file)
        node = _node("dcat:Distribution", url) | {
            "dct:title": _english(f"All cases as {name}"), "dcat:accessURL": _link(url), "dcat:downloadURL": _link(url),
            "dct:license": _licence(), "dct:issued": _moment(library.built)}
        if kind in REGISTERED:
            node["dcat:mediaType"] = {"@id": f"https://www.iana.org/assignments/media-types/{kind}",
                                      "@type": "dct:MediaType"}
        else:
            node["dct:format"] = {"@type": "dct:MediaTypeOrExtent", "rdfs:label": name}
        yield node | ({"dct:description": _english(note)} if note else {})


def _service() -> Node:
    """The API as a way to the same data."""
    return _node("dcat:DataService", _name("api")) | _about(
        f"API of {g.settings.name}",
        "Search the cases, and ask who has solved a challenge; JSON, without a key, from any site.") | {
        "dcat:endpointURL": _link(url_of(g.base_url, "api", "v1")),
        "dcat:endpointDescription": _link(url_of(g.base_url, DOCUMENT)),
        "foaf:page": _page(url_of(g.base_url, DOCS)),
        "dcat:servesDataset": _link(_name("cases")),
        "dct:accessRights": _link(f"{_EU}access-right/PUBLIC")}


def _about(title: str, description: str) -> Node:
    """What is said of everything here: what it is, who publishes it, under which licence, and who answers."""
    contact = {"dcat:contactPoint": {"@type": "vcard:Organization", "vcard:fn": g.settings.name, (
        "vcard:hasEmail" if g.settings.contact.startswith("mailto:") else "vcard:hasURL"): _link(g.settings.contact)}}
    return {"dct:title": _english(title), "dct:description": _english(description), "dct:license": _licence(),
            "dct:publisher": {"@id": _name("publisher"), "@type": "foaf:Agent", "foaf:name": _english(g.settings.name),
                              "foaf:homepage": _link(url_of(g.base_url, ""))},
            **(contact if g.settings.contact else {})}


def _name(what: str) -> str:
    """What a part of the catalogue is known by: the home page calls them the same."""
    return url_of(g.base_url, f"#{what}")


def _licence() -> Node:
    return {"@id": licence_address(Case.model_fields["licence"].default), "@type": "dct:LicenseDocument"}


def _country_codes() -> dict[str, str]:
    """Country (SE) -> its code of three letters (SWE), which European lists have, in the order of these."""
    return {countries[0]: code for code, countries in sorted(get_global("territory_aliases").items())
            if len(code) == 3 and code.isalpha() and len(countries) == 1 and code not in _FORMER_COUNTRIES}


def _node(kind: str, name: str) -> Node:
    return {"@id": name, "@type": kind}


def _link(url: str) -> Node:
    return {"@id": url}


def _page(url: str) -> Node:
    return {"@id": url, "@type": "foaf:Document"}


def _english(text: str) -> Node:
    return {"@value": text, "@language": "en"}


def _typed(text: str, kind: str) -> Node:
    return {"@value": text, "@type": f"xsd:{kind}"}


def _moment(text: str) -> Node:
    return _typed(text, "dateTime")


def _json(value: Any, mimetype: str) -> Response:
    return Response(json.dumps(printable(value), ensure_ascii=False), mimetype=mimetype)
