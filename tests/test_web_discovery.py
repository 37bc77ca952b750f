"""How programs find what is here: each description as its readers take it, with addresses that lead somewhere."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from test_web_challenges import ANSWERED, NIGHT_BUSES
from test_web_pages import Page

from innoshare import edition
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app, discovery
from innoshare.web.discovery import DATA_THEMES, OPENSEARCH, SITEMAP

PUBLIC = "https://library.example.org/library"
ADDRESSES = ("/opensearch.xml", "/opensearch/suggestions?q=bus", "/sitemap.xml", "/robots.txt", "/catalog.jsonld")


@pytest.fixture(scope="module")
def public(library: Library) -> FlaskClient:
    """The library at a public address with a path, as a city that runs it beside other sites has it."""
    return create_app(library, Settings(base_url=PUBLIC, name="Library of the cities of the north",
                                        contact="mailto:library@city.example")).test_client()


def locations(document: bytes, tag: str = "loc") -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(document).iter(f"{{{SITEMAP}}}{tag}")]


def test_the_sitemap_names_every_page_once_with_the_day_of_its_last_change(client: FlaskClient,
                                                                           library: Library) -> None:
    answer = client.get("/sitemap.xml")
    assert answer.mimetype == "application/xml"
    urls = locations(answer.data)
    assert len(urls) == len(set(urls))
    for url in urls:
        page = client.get(url.removeprefix("http://localhost"))
        assert page.status_code == 200, url
        links = {link["rel"]: link["href"] for link in Page(page.text).all("link")}
        assert links["canonical"] == url
    assert {url.removeprefix("http://localhost") for url in urls} >= {
        "/", "/challenges", *(f"/cases/{card.slug}" for card in library.cases(1, 50)[1]),
        *(f"/cities/{slug}" for slug in library.cities), *(f"/challenges/{item.slug}" for item in library.challenges)}
    days = {loc.text: day.text for loc, day in (list(entry) for entry in ElementTree.fromstring(answer.data)
                                                if len(entry) == 2)}
    assert days[f"http://localhost/cases/{NIGHT_BUSES}"] == library.entry(NIGHT_BUSES).case.updated
    assert days[f"http://localhost/challenges/{ANSWERED}"] == library.challenge(ANSWERED).challenge.updated
    assert days["http://localhost/"] == library.facts.newest[0].updated
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day or "") for day in days.values())


def test_many_pages_are_listed_in_several_sitemaps(public: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = locations(public.get("/sitemap.xml").data)
    assert public.get("/sitemap-1.xml").status_code == 404
    monkeypatch.setattr(discovery, "PAGES_IN_SITEMAP", 7)
    parts = locations(public.get("/sitemap.xml").data)
    assert parts == [f"{PUBLIC}/sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    found = [locations(public.get(part.removeprefix(PUBLIC)).data) for part in parts]
    assert [url for part in found for url in part] == whole
    assert max(map(len, found)) == 7
    for number in ("0", str(len(parts) + 1), "999999999999", "-1", "x"):
        assert public.get(f"/sitemap-{number}.xml").status_code == 404


def test_search_engines_are_kept_from_what_has_no_end(public: FlaskClient) -> None:
    lines = public.get("/robots.txt").text.splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == f"Sitemap: {PUBLIC}/sitemap.xml"
    rules = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    assert all(rule.startswith("/library/") for rule in rules)

    def allowed(path: str) -> bool:
        return not any(fnmatchcase(path, rule.replace("?", "[?]") + "*") for rule in rules)

    home = urlsplit(PUBLIC).path
    for url in locations(public.get("/sitemap.xml").data):
        assert allowed(urlsplit(url).path), url
    for path in ("/search?theme=food", "/challenges?theme=food", "/feed.atom", "/api/v1/cases", "/static/site.css",
                 f"/cards/{NIGHT_BUSES}.png", "/embed/v1/innoshare.js"):
        assert allowed(f"{home}{path}"), path
    for path in ("/match?challenge=Buses", "/search?theme=food&country=SE", "/search?q=a&page=7", "/submit/case",
                 f"/cases/{NIGHT_BUSES}/adopt", "/embed/v1/search?q=a", "/feed.json?q=a"):
        assert not allowed(f"{home}{path}"), path


def test_a_browser_can_search_from_its_address_bar(public: FlaskClient) -> None:
    answer = public.get("/opensearch.xml")
    assert answer.mimetype == "application/opensearchdescription+xml"
    root = ElementTree.fromstring(answer.data)
    names = {element.tag.removeprefix(f"{{{OPENSEARCH}}}"): element.text or "" for element in root}
    assert names["ShortName"] == "Library of the c"
    assert len(names["LongName"]) <= 48
    assert names["Image"].startswith(PUBLIC)
    templates = {element.attrib["type"]: element.attrib["template"] for element in root.iter(f"{{{OPENSEARCH}}}Url")}
    for kind, template in templates.items():
        assert template.startswith(f"{PUBLIC}/")
        # What is optional may be left empty.
        asked = template.removeprefix(PUBLIC).replace("{searchTerms}", "night+bus").replace("{startPage?}", "")
        found = public.get(asked)
        assert (found.status_code, found.mimetype) == (200, kind)
    assert set(templates) >= {"text/html", "application/atom+xml", "application/x-suggestions+json"}
    (link,) = (link for link in Page(public.get("/").text).all("link") if link["rel"] == "search")
    assert (link["type"], public.get(link["href"]).data) == (answer.mimetype, answer.data)


def test_suggestions_are_the_words_to_search_for(client: FlaskClient, library: Library) -> None:
    typed, words = client.get("/opensearch/suggestions?q=night").json
    assert typed == "night"
    assert words == [item.text for item in library.suggest("night")]
    assert words
    assert client.get("/opensearch/suggestions").json == ["", []]


Node = dict[str, Any]


def nodes(value: Any) -> Iterator[Node]:
    """Everything that is told of in a JSON-LD document."""
    if isinstance(value, dict):
        if "@type" in value and "@value" not in value:
            yield value
        for item in value.values():
            yield from nodes(item)
    for item in value if isinstance(value, list) else ():
        yield from nodes(item)


# What DCAT-AP 3 calls mandatory, what it wants once at most, and what else is recommended and known here.
MANDATORY = {"dcat:Catalog": {"dct:title", "dct:description", "dct:publisher"},
             "dcat:Dataset": {"dct:title", "dct:description"}, "dcat:Distribution": {"dcat:accessURL"},
             "dcat:DataService": {"dct:title", "dcat:endpointURL"}, "foaf:Agent": {"foaf:name"}}
RECOMMENDED = {"dcat:Catalog": {"dct:license", "dct:modified", "dct:language", "foaf:homepage", "dcat:dataset",
                                "dcat:service", "dcat:themeTaxonomy", "dct:spatial"},
               "dcat:Dataset": {"dcat:contactPoint", "dcat:distribution", "dcat:keyword", "dct:publisher",
                                "dct:spatial", "dct:temporal", "dcat:theme", "dct:language", "dct:modified",
                                "dct:accessRights"},
               "dcat:Distribution": {"dct:license", "dcat:downloadURL", "dct:issued", "dct:title"},
               "dcat:DataService": {"dcat:endpointDescription", "dcat:servesDataset", "dct:license"}}
ONCE = {"dct:publisher", "dct:license", "dct:accessRights", "dct:modified", "dct:issued", "dcat:mediaType",
        "foaf:homepage", "dct:accrualPeriodicity"}


def test_data_portals_can_harvest_the_cases(public: FlaskClient, library: Library) -> None:
    answer = public.get("/catalog.jsonld")
    assert answer.mimetype == "application/ld+json"
    catalogue = json.loads(answer.data)
    told: dict[str, list[Node]] = {}
    for node in nodes(catalogue):
        told.setdefault(node["@type"], []).append(node)
        for name, value in node.items():
            prefix = name.partition(":")[0]
            assert prefix in catalogue["@context"] or name.startswith("@"), name
            assert value not in ("", [], {}), name
            assert not (name in ONCE and isinstance(value, list)), name
    for kind, wanted in MANDATORY.items():
        for node in told[kind]:
            assert wanted | RECOMMENDED.get(kind, set()) <= set(node), kind
    (dataset,), (service,) = told["dcat:Dataset"], told["dcat:DataService"]
    assert service["dcat:servesDataset"] == {"@id": dataset["@id"]}
    assert f"{library.facts.cases} case studies" in dataset["dct:description"]["@value"]
    assert {place["@id"].rpartition("/")[2] for place in dataset["dct:spatial"]} == {"BRA", "GBR", "SWE"}
    assert {theme["@id"].rpartition("/")[2] for theme in dataset["dcat:theme"]} >= {"REGI", "TRAN"}
    assert dataset["dcat:contactPoint"]["vcard:hasEmail"] == {"@id": "mailto:library@city.example"}
    assert dataset["dct:temporal"]["dcat:startDate"]["@value"] == "2016-01-01"
    for part in (*told["dcat:Distribution"], service):
        for name in ("dcat:downloadURL", "dcat:endpointDescription", "foaf:page"):
            url = part.get(name, {}).get("@id", PUBLIC)
            with public.head(url.removeprefix(PUBLIC) or "/") as found:
                assert found.status_code == 200, url


def test_every_theme_of_the_library_has_one_of_the_european_portals() -> None:
    themes = (Path(__file__).parents[1] / "content" / "vocabulary" / "themes.yaml").read_text(encoding="utf-8")
    assert set(DATA_THEMES) == set(re.findall("(?m)^([a-z-]+):", themes))


@pytest.mark.parametrize("url", ADDRESSES)
def test_descriptions_are_kept_and_lead_nowhere_else(public: FlaskClient, client: FlaskClient, url: str) -> None:
    answer = public.get(url)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert public.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "http://localhost" not in answer.text
    assert public.get(url, headers={"Host": "evil.example"}).status_code == 400
    for wrong in ("x=1", "q=%00", "q=a&q=b"):
        refused = client.get(f"{url.partition('?')[0]}?{wrong}")
        assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")


def test_a_library_of_one_draft_of_a_city_is_described_too(folder: Path, tmp_path: Path) -> None:
    """Without challenges, without years and with a vocabulary of its own."""
    for path in (folder / "challenges").glob("*.md"):
        path.unlink()
    kept = folder / "cases" / "rio-verde-food-caddies.md"
    for path in (folder / "cases").glob("*.md"):
        if path != kept:
            path.unlink()
    text = re.sub("(?m)^start: .*$", "start: unknown", kept.read_text(encoding="utf-8"))
    text = re.sub("(?m)^inspired_by: .*$", "", text)
    kept.write_text(text, encoding="utf-8")
    built = edition.build(folder, tmp_path / "data", embeddings="none")
    assert built.fingerprint, built.problems
    library = Library.open(Settings(data=tmp_path / "data", embeddings="none"))
    client = create_app(library).test_client()
    for url in ADDRESSES:
        assert client.get(url).status_code == 200
    assert "dct:temporal" not in client.get("/catalog.jsonld").json["dcat:dataset"]
    library.close()
