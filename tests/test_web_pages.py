"""The pages as they are sent: complete, self-contained, safe, and honest about mistakes."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from innoshare import edition
from innoshare.case import Case
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.matching import FEATURES
from innoshare.search import words_of
from innoshare.web import create_app
from innoshare.web.app import MAX_BODY
from innoshare.web.pages import ANSWER_SECONDS

PATHS = ("/", "/search", "/search?q=city", "/match", "/match?challenge=the+city+floods+in+heavy+rain", "/about",
         "/api/docs")


VOID = {"meta", "link", "img", "input", "br", "hr", "base"}  # Elements without an end.


class Page(HTMLParser):
    """What a test wants of a page: tags with attributes, text without markup, and the nesting of tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.pieces: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without its start"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(params=["library", "own_library"])
def each(request: pytest.FixtureRequest) -> tuple[FlaskClient, Library]:
    """The made-up cases, then the real ones: a client and the library that answers it."""
    library: Library = request.getfixturevalue(request.param)
    app = create_app(library)
    app.testing = False
    return app.test_client(), library


def paths(library: Library) -> list[str]:
    cases = [f"/cases/{card.slug}" for card in library.cases(1, 50)[1]]
    return [*PATHS, "/challenges", *cases, *(f"/cities/{slug}" for slug in library.cities),
            *(f"/challenges/{item.slug}" for item in library.challenges)]


def test_every_page_stands_and_every_link_of_ours_leads_somewhere(each: tuple[FlaskClient, Library]) -> None:
    client, library = each
    waiting, seen = paths(library), set[str]()
    anchors: dict[str, set[str]] = {}
    wanted: set[tuple[str, str]] = set()
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 400:
            continue
        seen.add(path)
        with client.get(path) as answer:
            assert answer.status_code == 200, path
            if answer.mimetype != "text/html":
                continue
            page = Page(answer.text)
        anchors[path] = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
        for link in (attributes["href"] for attributes in page.all("a")):
            target, _, anchor = link.partition("#")
            if anchor:
                wanted.add((target or path, anchor))
            if target.startswith("/"):
                waiting.append(target)
    assert len(seen) > len(PATHS)
    missing = {(path, anchor) for path, anchor in wanted if path in anchors and anchor not in anchors[path]}
    assert not missing


def test_below_a_path_every_address_of_ours_begins_with_it_and_leads_somewhere(library: Library) -> None:
    """Whether the web server before the library passes the path on, takes it away, or says it by SCRIPT_NAME."""
    home = "/bücherei"
    client = create_app(library, Settings(base_url=f"https://library.example{home}")).test_client()
    found = set[str]()
    for path in paths(library):
        answer = client.get(f"{home}{path}")
        assert answer.status_code == 200, path
        assert answer.data == client.get(path).data == client.get(path, base_url=f"http://localhost{home}").data
        found |= {unquote(attributes[name]) for _, attributes in Page(answer.text).tags
                  for name in ("href", "src", "action", "formaction") if attributes.get(name, "").startswith("/")}
    assert len(found) > 50
    for address in found:
        assert address.startswith(f"{home}/")
        with client.get(address) as answer:
            assert answer.status_code in (200, 405), address
    moved = client.get(f"{home}/cases//x")
    assert (moved.status_code, unquote(moved.headers["Location"])) == (308, f"{home}/cases/x")
    for path in (f"{home}{home}/", f"{home}x/", f"{home[:-1]}/"):
        assert client.get(path).status_code == 404


def test_every_page_is_well_formed_labelled_and_self_contained(each: tuple[FlaskClient, Library]) -> None:
    client, library = each
    for path in (*paths(library), "/nothing", "/search?page=abc", "/match?challenge=x", "/match?city=atlantis"):
        page = Page(client.get(path).text)
        assert [attributes["lang"] for attributes in page.all("html")] == ["en"]
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1, path
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        for tag, attributes in page.tags:
            assert "style" not in attributes, (path, tag)
            assert not any(name.startswith("on") for name in attributes), (path, tag)
            for name in ("aria-labelledby", "aria-describedby"):
                assert set(attributes.get(name, "").split()) <= set(ids), (path, attributes)
        assert all(attributes["src"].startswith("/static/") for attributes in (*page.all("script"), *page.all("img"))
                   if attributes.get("type") != "application/ld+json")
        assert all(attributes["href"].startswith("/static/") for attributes in page.all("link")
                   if attributes["rel"] not in ("canonical", "alternate", "apple-touch-icon", "search"))
        assert "style" not in {tag for tag, _ in page.tags}
        labels = {attributes.get("for") for attributes in page.all("label")}
        assert all(attributes.get("id") in labels or attributes.get("type") in ("checkbox", "hidden")
                   for tag in ("input", "select", "textarea") for attributes in page.all(tag)), path


def test_who_finds_no_answer_can_take_her_words_to_the_wanted_board(client: FlaskClient) -> None:
    words = "Wooden quay walls along our canals are rotting and nobody can say which one gives way next."
    page = client.get("/match", query_string={"challenge": words, "city": "sandhaven"})
    fields = {attributes["name"]: attributes["value"] for attributes in Page(page.text).all("input")
              if attributes.get("type") == "hidden"}
    assert (fields["challenge"], fields["city"]) == (words, "sandhaven")
    begun = client.post("/submit/challenge", data={**fields, "go": "step:0"})
    assert begun.status_code == 200
    assert words in client.post("/submit/challenge", data={**fields, "go": "check"}).text
    solved = client.get("/match", query_string={"challenge": "Night buses run empty, and nurses wait long."})
    assert "Ask all cities" not in solved.text


def test_headers_keep_browsers_from_running_or_loading_what_is_not_ours(client: FlaskClient) -> None:
    for path in (*PATHS, "/nothing", "/static/site.css", "/healthz"):
        with client.get(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Permissions-Policy" in headers
        assert "Set-Cookie" not in headers


def said(case: Case) -> set[str]:
    """Every text and choice that the front matter of a case holds, for a reader."""
    skipped = {"slug", "body", "challenge_types", "themes", "approaches", "status", "language", "city", "translations"}
    return {text for name in Case.model_fields if name not in skipped for text in words_of(getattr(case, name))
            if not re.fullmatch(r"\d{4}(-\d\d){0,2}|[A-Z]{2,3}", text)}


def test_a_case_page_shows_everything_that_the_file_says(each: tuple[FlaskClient, Library]) -> None:
    client, library = each
    for card in library.cases(1, 50)[1]:
        entry = library.entry(card.slug)
        html = client.get(f"/cases/{card.slug}").text
        shown = Page(html).text.casefold()
        inspirations = {item for item in entry.case.inspired_by if item in entry.inspirations}
        adopters = set(entry.adopters)
        for text in said(entry.case) - inspirations - adopters:
            # What was spent or expected is told in a sentence of its own.
            if text not in ("actual", "estimate"):
                assert " ".join(text.split()).casefold() in shown, (card.slug, text)
        for url in re.findall(r"https?://[^\s\"'<>)\]]+", entry.case.model_dump_json(exclude={"body"})):
            assert url in unescape(html), (card.slug, url)
        for block in entry.rendered.blocks:
            assert block.html in html
        for slug in entry.case.themes:
            assert library.facet_label("theme", slug).casefold() in shown


def test_a_warning_stands_on_the_page_of_what_failed(each: tuple[FlaskClient, Library]) -> None:
    client, library = each
    assert library.facts.warnings
    for card in library.cases(1, 50)[1]:
        assert ("notice-warning" in client.get(f"/cases/{card.slug}").text) == card.is_warning


def test_the_language_of_a_text_is_marked(client: FlaskClient, library: Library) -> None:
    foreign = [card for card in library.cases(1, 50)[1] if card.language != "en"]
    for card in foreign:
        assert f'<h1 lang="{card.language}">' in client.get(f"/cases/{card.slug}").text


def test_home_tells_what_there_is(client: FlaskClient, library: Library) -> None:
    text = Page(client.get("/").text).text
    for card in library.facts.newest:
        assert card.title in text
    assert "Tried and stopped" in text
    for term in library.vocabulary["themes"].values():
        assert term.label_in("en") in text


def test_a_search_keeps_what_was_chosen(client: FlaskClient) -> None:
    page = Page(client.get("/search?q=city&outcome=positive&evidence=1&year_from=1900&sort=newest").text)
    boxes = page.all("input")
    assert [box["value"] for box in boxes if "checked" in box] == ["positive"]
    assert {"city", "1900"} <= {box["value"] for box in boxes if "value" in box}
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["1", "newest"]


def test_every_filter_that_is_offered_is_taken(folder: Path, tmp_path: Path) -> None:
    """Also values that no list knows, and words whose letters carry signs of their own."""
    case, city = folder / "cases" / "testby-night-buses.md", folder / "cities" / "testby.md"
    for path, changes in ((case, ("language: mi", "tags: [पानी, น้ำ]")), (city, ("country: QQ",))):
        text = path.read_text(encoding="utf-8")
        for line in changes:
            text = re.sub(rf"(?m)^{line.split(':')[0]}: .*$", line, text, count=1)
        path.write_text(text, encoding="utf-8")
    settings = Settings(content=folder, data=tmp_path / "data")
    edition.build(settings.content, settings.data)
    library = Library.open(settings)
    client = create_app(library).test_client()
    offered = [(name, value["value"]) for name, values in client.get("/api/v1/search").json["facets"].items()
               for value in values]
    assert {("language", "mi"), ("country", "QQ"), ("tag", "पानी"), ("tag", "น้ำ")} <= set(offered)
    for name, value in offered:
        for path in ("/search", "/api/v1/search"):
            assert client.get(path, query_string={name: value}).status_code == 200, (name, value)
    links = [link["href"] for link in Page(client.get("/cases/testby-night-buses").text).all("a")]
    assert sum("tag=%E0" in link for link in links) == 2
    assert {client.get(link).status_code for link in links if link.startswith("/")} == {200}
    assert client.get("/search?country=ZQ").status_code == 400
    library.close()


def test_nothing_found_is_said_and_leads_on(client: FlaskClient) -> None:
    answer = client.get("/search?q=zyxwvutsrq")
    assert answer.status_code == 200
    page = Page(answer.text)
    assert "No case found" in page.text
    assert "/match" in [attributes["href"] for attributes in page.all("a")]


def test_mistakes_in_a_search_lead_to_their_fields(client: FlaskClient) -> None:
    answer = client.get("/search?q=rain&year_from=abc&page=x&theme=nonsense")
    assert answer.status_code == 400
    page = Page(answer.text)
    assert "Please mend this" in page.text
    assert "#year_from" in [attributes["href"] for attributes in page.all("a")]
    assert "rain" in [box.get("value") for box in page.all("input")]
    assert "nonsense" not in page.text


def test_parameters_that_mailing_systems_add_are_no_mistake(client: FlaskClient) -> None:
    assert client.get("/search?q=city&utm_source=newsletter&fbclid=x").status_code == 200
    assert client.get("/match?utm_source=newsletter").status_code == 200


def test_a_challenge_is_answered_with_the_sentences_side_by_side(client: FlaskClient, library: Library) -> None:
    case = library.entry(next(card.slug for card in library.cases(1, 50)[1] if not card.is_warning)).case
    answer = client.post("/match", data={"challenge": case.challenge, "city": case.city})
    assert answer.headers["Cache-Control"] == f"private, max-age={ANSWER_SECONDS}"
    page = Page(answer.text)
    assert case.title in page.text
    assert "You wrote" in page.text
    assert page.all("mark")
    permalink = next(link["href"] for link in page.all("a") if link["href"].startswith("/match?"))
    again = client.get(permalink)
    assert Page(again.text).text == page.text
    assert again.headers["Cache-Control"].startswith("private, ")


GERMAN = "Bei Starkregen laufen die Keller voll, die Kanalisation schafft das Wasser nicht und alles ist versiegelt"


def test_a_question_in_another_language_is_bridged_by_concepts(own_library: Library) -> None:
    client = create_app(own_library).test_client()
    answer = client.get("/match", query_string={"challenge": GERMAN})
    page = Page(answer.text)
    assert "The case is in English. You and the case both speak of:" in page.text
    assert '<span class="tag" lang="de">Starkregen</span>' in answer.text
    assert '<blockquote lang="de">' in answer.text
    assert "Found out by itself (German)" in page.text
    # In the language of the case there is nothing to say about it.
    english = {"challenge": "In heavy rain the sewers overflow into cellars"}
    text = Page(client.get("/match", query_string=english).text).text
    assert "You and the case both speak of:" in text
    assert "The case is in" not in text


def test_the_form_offers_the_languages_by_their_own_names_and_keeps_the_one_chosen(client: FlaskClient) -> None:
    page = Page(client.get("/match").text)
    assert "English, Svenska, Suomi, Dansk" in page.text.replace(" ,", ",")
    assert {"en", "fi", "pl"} <= {option["value"] for option in page.all("option")}
    page = Page(client.post("/match", data={"challenge": "rain floods the cellars", "language": "fi"}).text)
    assert [option["value"] for option in page.all("option") if "selected" in option] == ["fi"]
    assert any("language=fi" in link["href"] for link in page.all("a") if link["href"].startswith("/match?"))
    answer = client.get("/match?challenge=rain+floods+the+cellars&language=klingon")
    assert answer.status_code == 400
    assert "#language" in [link["href"] for link in Page(answer.text).all("a")]
    assert "klingon" not in answer.text


def test_that_the_city_changed_the_order_is_said_only_where_it_did(
        own_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    client, sent = create_app(own_library).test_client(), {"challenge": GERMAN, "city": "frome"}
    real = own_library.match
    for reordered in (True, False):
        monkeypatch.setattr(own_library, "match",
                            lambda challenge, reordered=reordered: replace(real(challenge), reordered=reordered))
        text = Page(client.get("/match", query_string=sent).text).text
        assert ("Cases from cities like Frome come first among those" in text) is reordered
        assert ("Frome changes nothing here" in text) is not reordered


def test_a_case_ends_with_similar_ones_where_there_are_any(each: tuple[FlaskClient, Library]) -> None:
    client, library = each
    found = 0
    for card in library.cases(1, 50)[1]:
        similar = library.entry(card.slug).similar
        html = client.get(f"/cases/{card.slug}").text
        assert ("Similar cases" in html) is bool(similar)
        end = html.partition('id="similar"')[2]
        for other in similar:
            assert f'href="/cases/{other.slug}"' in end
        found += bool(similar)
    assert found or library.facts.cases < 10, "the small library is about as many things as it has cases"


def test_about_tells_what_decides_and_what_only_orders(client: FlaskClient) -> None:
    text = Page(client.get("/about").text).text
    matching = text.partition("What decides whether a case is shown")[2]
    decides, _, orders = matching.partition("What only changes the order")
    assert orders
    for feature in FEATURES:
        assert feature.explanation in (decides if feature.decides else orders)
        assert feature.label not in (orders if feature.decides else decides)
    shares = [int(share) for share in re.findall(r"(\d+) %", orders.partition("What “strong”")[0])]
    assert sum(shares) == 100
    for word in ("Strong", "Possible", "None", "Add a word"):
        assert word in text


def test_a_challenge_that_nobody_solved_is_answered_honestly(client: FlaskClient) -> None:
    page = Page(client.post("/match", data={"challenge": "zyxwv utsrq ponml kjihg"}).text)
    assert "Nobody in this library has solved this yet" in page.text
    assert "What you can do now" in page.text


def test_a_mistake_in_a_challenge_is_told_at_its_field(client: FlaskClient) -> None:
    answer = client.post("/match", data={"challenge": "help <b>", "city": "atlantis"})
    assert answer.status_code == 400
    page = Page(answer.text)
    fields = (*page.all("textarea"), *page.all("select"))
    assert [field["aria-describedby"] for field in fields if field.get("aria-invalid")] == [
        "challenge-hint challenge-mistake", "city-hint city-mistake"]
    assert "#city" in [attributes["href"] for attributes in page.all("a")]
    assert "help <b>" in page.text  # In its box again, as text.


def test_a_form_larger_than_a_challenge_is_refused(client: FlaskClient) -> None:
    assert client.post("/match", data={"challenge": "word " * MAX_BODY}).status_code == 413


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/cases/your-account-is-closed-call-us", "/cities/x y",
                                  "/search?your_account_is_closed=1", "/search?theme=your-account-is-closed",
                                  "/match?challenge=a+b+c&your_account_is_closed=call-us"])
def test_an_error_page_does_not_speak_the_words_of_a_stranger(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert answer.mimetype == "text/html"
    for word in ("alert(1)", "account", "x y"):
        assert word not in Page(answer.text).text


def test_a_wrong_method_is_a_page(client: FlaskClient) -> None:
    answer = client.post("/search")
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "GET" in answer.headers["Allow"]


def test_a_page_is_not_sent_twice(client: FlaskClient) -> None:
    tag = client.get("/").headers["ETag"]
    again = client.get("/", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_static_file_is_named_by_its_content(client: FlaskClient) -> None:
    sheet = next(link["href"] for link in Page(client.get("/").text).all("link") if link["rel"] == "stylesheet")
    assert re.fullmatch(r"/static/site\.css\?v=[0-9a-f]{12}", sheet)
    with client.get(sheet) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_two_applications_of_one_library_do_not_meet(library: Library) -> None:
    one, other = create_app(library), create_app(library)
    assert one.test_client().get("/").text == other.test_client().get("/").text
