"""What pages say to machines: valid in the vocabulary of schema.org, closed against break-outs, and addresses that are
those of the public site. Read here as a reader of link previews reads them: from the head, with a parser of HTML."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from PIL import Image

from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app, linked, preview
from innoshare.web.linked import Site, licence_address
from innoshare.web.pages import case_page

CASE, CHALLENGE, CITY = "/cases/testby-night-buses", "/challenges/sandhaven-late-shifts", "/cities/testby"
SHARED = ("/", "/about", "/search", "/search?q=buses", "/match", "/challenges", CASE, CHALLENGE, CITY)
UNLISTED = ("/match?challenge=the+city+floods+in+heavy+rain", "/match?challenge=x", "/search?page=abc", "/nothing",
            "/search?q=zyxwvuts", f"{CASE}/adopt", "/submit/case")

BREAK_OUT = "</script></title>\"'><i id=pwned><!-- <script>{{7*7}}]]>\u2028\u2029"

VOCABULARY = json.loads((Path(__file__).parent / "schema_org.json").read_text(encoding="utf-8"))
# Types of values that are texts in JSON, and how these look.
TEXTS = {"Text": ".", "URL": r"https?://[\w.:-]+([/?][^\s\"<>]*)?$", "DateTime": r"\d{4}-\d\d-\d\dT",
         "Date": r"\d{4}(-\d\d(-\d\d)?)?$"}
NUMBERS = {"Integer": int, "Number": (int, float), "Boolean": bool}


class Head(HTMLParser):
    """What a machine finds of a page: `properties` (Open Graph), `names`, `links` and `data` blocks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.properties: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.links: list[dict[str, str]] = []
        self.data: list[Any] = []
        self.ids: set[str] = set()
        self._inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        self._inside = given.get("type") == "application/ld+json"
        if tag == "link":
            self.links.append(given)
        if tag == "meta" and "property" in given:
            assert given["property"] not in self.properties
            self.properties[given["property"]] = given["content"]
        if tag == "meta" and "name" in given:
            assert given["name"] not in self.names
            self.names[given["name"]] = given["content"]

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.data.append(json.loads(data))

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def of(self, relation: str) -> list[str]:
        return [link["href"] for link in self.links if link["rel"] == relation]


def kinds(name: str) -> set[str]:
    """A type and all that it is a kind of."""
    return {name}.union(*(kinds(parent) for parent in VOCABULARY["types"][name]))


def mistakes(node: Any, where: str = "") -> Iterator[str]:
    """What is wrong with a node by the vocabulary: types, properties, for which types they are, and their values."""
    if set(node) == {"@id"}:
        return
    kind = node["@type"]
    if kind not in VOCABULARY["types"]:
        yield f"{where}: no type {kind}"
        return
    for name, value in node.items():
        if name.startswith("@"):
            continue
        known = VOCABULARY["properties"].get(name.removesuffix("-input"))
        here = f"{where}/{kind}.{name}"
        if known is None:
            yield f"{here}: no such property"
        elif not name.endswith("-input"):  # which belongs to the query of a search, and stands with the action
            if not kinds(kind) & set(known["domains"]):
                yield f"{here}: not for this type"
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    if "@type" in item and not kinds(item["@type"]) & set(known["ranges"]):
                        yield f"{here}: leads to no {item['@type']}"
                    yield from mistakes(item, here)
                elif not any((isinstance(item, str) and re.match(TEXTS[one], item)) if one in TEXTS
                             else isinstance(item, NUMBERS.get(one, ())) for one in known["ranges"]):
                    yield f"{here}: {item!r} is none of {known['ranges']}"


def graph(client: FlaskClient, path: str) -> list[Any]:
    """The things that a page tells of, first the one it is about."""
    (document,) = Head(client.get(path).text).data
    assert document["@context"] == "https://schema.org"
    nodes: list[Any] = document["@graph"]
    return nodes


def documents(library: Library) -> dict[str, Any]:
    """What each page tells of, by its path, as it is read from JSON."""
    site = Site("http://localhost", "innoshare")
    made = {"/": linked.home(site, library)}
    for card in library.cases(1, 50)[1]:
        made[f"/cases/{card.slug}"] = linked.case(site, library.entry(card.slug), library)
    for slug in library.cities:
        made[f"/cities/{slug}"] = linked.city(site, library.city(slug))
    for item in library.challenges:
        made[f"/challenges/{item.slug}"] = linked.challenge(site, library.challenge(item.slug), library)
    return {path: json.loads(json.dumps(document)) for path, document in made.items()}


@pytest.mark.parametrize("which", ["library", "own_library"])
def test_every_block_is_valid_in_the_vocabulary_of_schema_org(which: str, request: pytest.FixtureRequest) -> None:
    for path, document in documents(request.getfixturevalue(which)).items():
        for node in document["@graph"]:
            assert list(mistakes(node)) == [], path


def test_every_page_of_these_holds_its_block(client: FlaskClient, library: Library) -> None:
    for path, document in documents(library).items():
        assert graph(client, path) == document["@graph"], path


def test_the_vocabulary_finds_what_is_wrong() -> None:
    city = {"@type": "City", "name": "Testby"}
    report = {"@type": "Report", "headline": "x", "spatialCoverage": city, "license": "https://x.org/"}
    assert list(mistakes(report)) == []
    for wrong in ({"@type": "Town"}, {"@type": "City", "title": "x"}, {"@type": "City", "headline": "x"},
                  {"@type": "Report", "author": city}, {"@type": "Report", "license": "CC BY"},
                  {"@type": "Report", "dateModified": "May"}, {"@type": "Question", "answerCount": "two"},
                  {"@type": "Report", "spatialCoverage": city | {"population": 1}}):
        assert list(mistakes(wrong)), wrong


def test_a_case_says_what_it_is_about_where_it_was_and_on_what_it_rests(client: FlaskClient, library: Library) -> None:
    report, trail = graph(client, CASE)
    entry = library.entry("testby-night-buses")
    assert (report["@type"], report["headline"], report["inLanguage"]) == ("Report", entry.case.title, "en")
    assert report["spatialCoverage"]["geo"] == {"@type": "GeoCoordinates", "latitude": entry.city.latitude,
                                                "longitude": entry.city.longitude}
    assert report["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert report["temporalCoverage"] == "2019-09/.."
    assert [theme["name"] for theme in report["about"]] == ["Mobility", "SDG target 11.2"]
    assert {source["url"] for source in report["citation"]} == {source.url for source in entry.case.sources}
    (translation,) = report["workTranslation"]
    assert (translation["inLanguage"], translation["@id"]) == ("sv", "http://localhost/cases/testby-nattbussar")
    translated = graph(client, "/cases/testby-nattbussar")[0]
    assert translated["translationOfWork"]["@id"] == f"http://localhost{CASE}"
    assert "workTranslation" not in translated
    assert [step["name"] for step in trail["itemListElement"]] == ["innoshare", "Mobility", entry.case.title]
    (origin,) = graph(client, "/cases/sandhaven-shade-trees")[0]["isBasedOn"]
    assert origin["@id"] == "http://localhost/cases/rio-verde-food-caddies"


def test_a_challenge_tells_confirmed_answers_from_those_that_the_library_found(client: FlaskClient, app: Flask,
                                                                               library: Library) -> None:
    question, _ = graph(client, CHALLENGE)
    entry = library.challenge("sandhaven-late-shifts")
    assert question["answerCount"] == len(question["suggestedAnswer"]) == len(entry.matches) > 0
    assert "acceptedAnswer" not in question
    confirmed = replace(entry, confirmed=(entry.matches[0].card,))
    named = linked.challenge(Site("https://x.org", "x"), confirmed, library)["@graph"][0]
    assert [answer["name"] for answer in named["acceptedAnswer"]] == [entry.matches[0].card.title]
    assert named["answerCount"] == question["answerCount"]


def test_the_home_page_says_how_to_search_and_where_the_data_lie(client: FlaskClient) -> None:
    site, data = graph(client, "/")
    search = site["potentialAction"]["target"]["urlTemplate"].replace("{search_term_string}", "buses")
    assert "for “buses”" in client.get(search.removeprefix("http://localhost")).text
    assert {item["contentUrl"].rpartition(".")[2] for item in data["distribution"]} == {"jsonl", "csv"}


def test_addresses_of_ours_in_the_blocks_lead_somewhere(client: FlaskClient, library: Library) -> None:
    found = set(re.findall(r"http://localhost(/[^\"\\#{]*)", json.dumps(documents(library))))
    assert len(found) > 20
    assert {path: status for path in found if (status := client.get(path).status_code) != 200} == {}


@pytest.mark.parametrize(("licence", "address"), [
    ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    ("CC-BY-NC-SA-3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"),
    ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ("OGL-UK-3.0", "https://spdx.org/licenses/OGL-UK-3.0.html"),
    ("ask <the> city", ""), ("../x", ""), ("x\"y", "")])
def test_a_licence_is_named_by_its_address_or_not_at_all(licence: str, address: str) -> None:
    assert licence_address(licence) == address


def hostile(value: Any) -> Any:
    """The same with BREAK_OUT behind every text."""
    if isinstance(value, dict):
        return {name: hostile(item) for name, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return f"{value} {BREAK_OUT}" if isinstance(value, str) else value


def test_no_text_breaks_out_of_a_block_and_each_is_read_as_it_was_written(app: Flask, library: Library) -> None:
    entry = library.entry("testby-night-buses")
    with app.test_request_context(CASE):
        app.preprocess_request()
        said = hostile(linked.case(Site(g.base_url, BREAK_OUT), entry, library))
        case = entry.case.model_copy(update={name: f"{getattr(entry.case, name)} {BREAK_OUT}"
                                             for name in ("title", "summary", "language")})
        page = case_page(replace(entry, case=case, country_name=BREAK_OUT), cited=None, linked=said)
    head = Head(page)
    assert head.data == [said]
    assert "pwned" not in head.ids
    assert "\u2028" not in page[page.index("ld+json"):].partition("</script>")[0]
    assert head.properties["og:title"].startswith(case.title)
    assert head.properties["og:description"] == case.summary


# --- the head, as a preview of a link needs it ------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHARED)
def test_a_shared_link_has_one_address_and_a_picture(client: FlaskClient, path: str) -> None:
    head = Head(client.get(path).text)
    (canonical,) = head.of("canonical")
    assert canonical == head.properties["og:url"] == f"http://localhost{path}"
    assert "robots" not in head.names
    for name in ("og:title", "og:description", "og:site_name", "og:type", "og:locale", "og:image:alt"):
        assert head.properties[name].strip(), name
    assert head.names["description"] == head.properties["og:description"]
    assert head.names["twitter:card"] == "summary_large_image"
    picture = client.get(head.properties["og:image"].removeprefix("http://localhost"))
    assert (picture.status_code, picture.mimetype) == (200, head.properties["og:image:type"])
    assert list(Image.open(BytesIO(picture.data)).size) == [
        int(head.properties[f"og:image:{side}"]) for side in ("width", "height")] == [1200, 630]


@pytest.mark.parametrize("path", UNLISTED)
def test_what_is_of_no_use_to_others_is_in_no_search_engine_and_has_no_card(client: FlaskClient, path: str) -> None:
    head = Head(client.get(path).text)
    assert head.names["robots"] == "noindex"
    assert (head.of("canonical"), head.properties, head.data) == ([], {}, [])


def test_an_answer_to_a_posted_challenge_is_not_listed_either(client: FlaskClient) -> None:
    head = Head(client.post("/match", data={"challenge": "the city floods in heavy rain"}).text)
    assert (head.names["robots"], head.properties) == ("noindex", {})


def test_a_preview_of_what_is_not_published_says_nothing_to_machines(library: Library, tmp_path: Path) -> None:
    preview.write(library, Settings(base_url="https://library.example"), [("cases", "testby-night-buses")], tmp_path)
    head = Head((tmp_path / "case-testby-night-buses.html").read_text(encoding="utf-8"))
    assert (head.names["robots"], head.of("canonical"), head.properties, head.data) == ("noindex", [], {}, [])
    assert not any("hreflang" in link for link in head.links)


@pytest.mark.parametrize(("asked", "address"), [
    ("page=1&sort=relevance&q=buses&utm_source=letter", "q=buses"),
    ("country=GB&q=&per_page=10&q=buses", "q=buses&country=GB"),
    ("theme=mobility&theme=mobility&q=%20buses", "q=buses&theme=mobility")])
def test_searches_that_are_the_same_have_the_same_address(client: FlaskClient, asked: str, address: str) -> None:
    head = Head(client.get(f"/search?{asked}").text)
    assert head.of("canonical") == [f"http://localhost/search?{address}"]


def test_translations_know_of_each_other(client: FlaskClient) -> None:
    both = {"en": f"http://localhost{CASE}", "sv": "http://localhost/cases/testby-nattbussar"}
    for language, path in (("en", CASE), ("sv", "/cases/testby-nattbussar")):
        head = Head(client.get(path).text)
        assert {link["hreflang"]: link["href"] for link in head.links if "hreflang" in link} == both
        assert head.properties["og:locale"] == {"en": "en_GB", "sv": "sv_SE"}[language]
    assert not any("hreflang" in link for link in Head(client.get("/cases/sandhaven-shade-trees").text).links)


@pytest.mark.parametrize("path", SHARED)
def test_all_addresses_are_those_of_the_public_site(library: Library, path: str) -> None:
    public = "https://library.example.org/library"
    client = create_app(library, Settings(base_url=public)).test_client()
    host = {"Host": "library.example.org"}
    page = client.get(path, headers=host).text
    head = Head(page)
    assert head.of("canonical") == [f"{public}{path}"]
    assert head.properties["og:image"].startswith((f"{public}/card.png", f"{public}/cards/"))
    assert "//localhost" not in page[:page.index("</head>")]
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400
    own = re.findall(r'"@id": "([^"]*)"', json.dumps(head.data))
    assert all(address.startswith(f"{public}/") for address in own)
