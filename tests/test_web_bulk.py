"""Downloads: any search whole, in every format, as one file of one edition, or as none."""

import csv
import http.client
import io
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from waitress.server import create_server
from werkzeug.datastructures import Headers

from innoshare import edition
from innoshare.catalogue import TABLES_VERSION
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.search import Query
from innoshare.web import create_app
from innoshare.web.exporting import FORMATS

CATALOGUE = "/api/v1/catalogue.sqlite"
REFERENCE = "/api/v1/cases/testby-night-buses"
DOWNLOADS = [*(f"/api/v1/cases.{ending}" for ending in FORMATS), f"{REFERENCE}.bib", f"{REFERENCE}.ris", CATALOGUE]
BUSES = {"q": "night bus", "theme": "mobility", "evidence": "1"}


def slugs(document: bytes) -> list[str]:
    """The cases in JSON Lines."""
    return [json.loads(line)["slug"] for line in document.decode().removesuffix("\n").split("\n") if line]


def links(headers: Headers) -> str:
    return ", ".join(headers.getlist("Link"))


@pytest.mark.parametrize("ending", ["bib", "ris"])
def test_a_case_is_cited_as_in_the_file_of_all(client: FlaskClient, ending: str) -> None:
    page = client.get("/cases/testby-night-buses").text
    assert f'href="{REFERENCE}.{ending}"' in page
    alone, among_all = (client.get(path).data for path in (f"{REFERENCE}.{ending}", f"/api/v1/cases.{ending}"))
    assert alone.count(b"testby-night-buses,\n" if ending == "bib" else b"TY  - ") == 1
    assert alone.removeprefix(b"%").partition(b"\n")[2] in among_all
    assert client.get(f"/api/v1/cases/nothing-here.{ending}").status_code == 404
    assert client.get(f"{REFERENCE}.{ending}?q=x").status_code == 400


@pytest.mark.parametrize("path", DOWNLOADS)
def test_a_download_says_what_it_is_and_from_which_day(client: FlaskClient, library: Library, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.data) > 500
    ending = path.rpartition(".")[2]
    assert answer.mimetype == {
        "jsonl": "application/jsonl", "csv": "text/csv", "bib": "application/x-bibtex",
        "ris": "application/x-research-info-systems", "sqlite": "application/vnd.sqlite3",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}[ending]
    if ending in ("csv", "bib", "ris"):
        assert answer.mimetype_params["charset"] == "utf-8"
    what = path.rpartition("/")[2].removesuffix(f".{ending}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{what}-{library.built[:10]}.{ending}"'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert '<http://localhost/about#licence>; rel="license"' in links(answer.headers)
    assert answer.headers["Cache-Control"].startswith("public, max-age=")


@pytest.mark.parametrize("path", DOWNLOADS)
def test_who_has_a_file_does_not_get_it_again_and_head_sends_nothing(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Disposition", "Cache-Control"):
        assert head.headers[name] == answer.headers[name], name
    assert head.headers.get("Content-Length") != "0"
    assert client.get(path, headers={"If-None-Match": '"another"'}).data == answer.data


def test_all_cases_are_those_of_the_list_and_a_search_is_whole(client: FlaskClient, library: Library) -> None:
    listed = client.get("/api/v1/cases?per_page=50").get_json()
    assert slugs(client.get("/api/v1/cases.jsonl").data) == [case["slug"] for case in listed["cases"]]
    found = client.get(f"/api/v1/search?{urlencode(BUSES)}&per_page=50").get_json()
    assert slugs(client.get(f"/api/v1/cases.jsonl?{urlencode(BUSES)}").data) == [hit["slug"] for hit in found["hits"]]
    table = client.get(f"/api/v1/cases.csv?{urlencode(BUSES)}").data.decode("utf-8-sig")
    assert [row["slug"] for row in csv.DictReader(io.StringIO(table, newline=""))] == [
        hit["slug"] for hit in found["hits"]]
    line = client.get("/api/v1/cases.jsonl").data.split(b"\n")[0]
    assert json.loads(line) == client.get(f"/api/v1/cases/{json.loads(line)['slug']}").get_json()


@pytest.mark.parametrize(("query", "parameter"), [
    ("page=1", "page"), ("per_page=5", "per_page"), ("theme=nonsense", "theme"), ("thema=mobility", "thema"),
    ("evidence=9", "evidence"), ("q=a&q=b", "q"), ("q=%00", "q"),
])
def test_what_is_asked_wrongly_is_refused_in_words(client: FlaskClient, query: str, parameter: str) -> None:
    for path in DOWNLOADS:
        answer = client.get(f"{path}?{query}")
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), path
        assert [mistake["parameter"] for mistake in answer.get_json()["errors"]] == [parameter]
        assert "Content-Disposition" not in answer.headers


def test_there_are_no_other_formats(client: FlaskClient) -> None:
    for path in ("/api/v1/cases.pdf", "/api/v1/cases.", "/api/v1/cases.csv/", "/api/v1/cases/x.csv", "/cases/x.csv",
                 "/api/v1/cases.json"):
        assert client.get(path).status_code == 404, path
    assert client.post("/api/v1/cases.csv").status_code == 405


def test_the_search_page_leads_to_the_files_of_its_search(client: FlaskClient) -> None:
    page = client.get(f"/search?{urlencode(BUSES)}&sort=newest&page=1&per_page=20").get_data(as_text=True)
    found = [link.replace("&amp;", "&") for link in re.findall(r'href="(/api/v1/cases\.[^"]*)"', page)]
    assert [link.partition("?")[0] for link in found] == [f"/api/v1/cases.{ending}" for ending in FORMATS]
    total = client.get(f"/api/v1/search?{urlencode(BUSES)}").get_json()["total"]
    assert f"these {total} cases" in page
    assert len(slugs(client.get(next(link for link in found if ".jsonl" in link)).data)) == total
    assert "/api/v1/cases." not in client.get("/search?q=qqqqqq").get_data(as_text=True), "there is nothing to take"


def test_the_catalogue_is_a_database_that_names_its_version(client: FlaskClient, library: Library, tmp_path: Path
                                                            ) -> None:
    kept = tmp_path / "catalogue.sqlite"
    kept.write_bytes(client.get(CATALOGUE).data)
    database = sqlite3.connect(kept)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("PRAGMA user_version").fetchone() == (TABLES_VERSION,)
    (count,) = database.execute("SELECT count(*) FROM 'case' WHERE status = 'published' AND original = slug").fetchone()
    assert count == len(slugs(client.get("/api/v1/cases.jsonl").data))
    tables = sorted(sql for sql, in database.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL"))
    database.close()
    digest = sha256(re.sub(r"\s+", " ", "\n".join(tables)).encode()).hexdigest()[:16]
    assert (TABLES_VERSION, digest) == (2, "fc3147d4cd44110a"), "changed tables have another version"


def test_the_catalogue_comes_in_parts(client: FlaskClient) -> None:
    whole = client.get(CATALOGUE)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Length"] == client.head(CATALOGUE).headers["Content-Length"] == str(len(whole.data))
    etag = whole.headers["ETag"]
    part = client.get(CATALOGUE, headers={"Range": "bytes=0-15", "If-Range": etag})
    assert (part.status_code, part.data) == (206, b"SQLite format 3\0")
    assert part.headers["Content-Range"] == f"bytes 0-15/{len(whole.data)}"
    assert part.headers["ETag"] == etag
    assert part.headers["Cache-Control"] == whole.headers["Cache-Control"]
    assert client.get(CATALOGUE, headers={"Range": "bytes=-10"}).data == whole.data[-10:]
    other = client.get(CATALOGUE, headers={"Range": "bytes=0-15", "If-Range": '"another edition"'})
    assert (other.status_code, len(other.data)) == (200, len(whole.data)), "parts of two editions are no database"
    beyond = client.get(CATALOGUE, headers={"Range": f"bytes={len(whole.data)}-"})
    assert (beyond.status_code, beyond.mimetype) == (416, "application/problem+json")
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.data)}"


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Settings:
    """Settings of a library of its own, built."""
    made = Settings(content=folder, data=tmp_path / "data", embeddings="none")
    edition.build(made.content, made.data, embeddings="none")
    return made


def test_a_file_is_of_one_edition_though_another_is_published_meanwhile(own: Settings) -> None:
    client = create_app(own).test_client()
    pieces = client.get("/api/v1/cases.jsonl", buffered=False).iter_encoded()
    first = next(iter(pieces))
    case = own.content / "cases" / "testby-night-buses.md"
    case.write_text(case.read_text(encoding="utf-8") + "\nAnd more.\n", encoding="utf-8")
    assert edition.build(own.content, own.data, embeddings="none").fresh
    new = client.get("/api/v1/cases.jsonl").data
    edition.prune(own.data)
    lines = [json.loads(line) for line in (first + b"".join(pieces)).splitlines()]
    after = [json.loads(line) for line in new.splitlines()]
    assert [line["slug"] for line in lines] == [line["slug"] for line in after]
    assert len({line["edition"] for line in lines}) == len({line["edition"] for line in after}) == 1
    assert lines[0]["edition"] != after[0]["edition"]
    assert not any("And more." in line["body"] for line in lines)


@contextmanager
def served(app: Flask) -> Iterator[http.client.HTTPConnection]:
    """The application behind the server that `innoshare serve` uses."""
    server = create_server(app, host="127.0.0.1", port=0, threads=2)

    def run() -> None:
        with suppress(OSError):  # It may look at its socket just when that is closed below.
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=20)
    try:
        yield connection
    finally:
        connection.close()
        server.close()
        thread.join(5)


def test_half_a_file_never_looks_like_a_whole_one(own: Settings) -> None:
    catalogue = next(own.data.glob("editions/*/catalogue.sqlite"))
    library = Library.open(own)
    order = [entry.case.slug for entry in library.every(Query())]
    library.close()
    library = Library.open(own)
    with sqlite3.connect(catalogue) as database:  # What nobody can read any more, since it was opened.
        database.execute("UPDATE 'case' SET data = '{' WHERE slug = ?", [order[2]])
    database.close()
    with served(create_app(library, own)) as connection:
        for path in ("/api/v1/cases.jsonl", "/api/v1/cases.csv"):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                answer.read()
            connection.close()
        connection.request("GET", "/api/v1/cases.xlsx")
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["title"]) == (500, "Something went wrong here")
        connection.request("HEAD", "/api/v1/cases.xlsx")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b""), "nothing is read for it"
        connection.request("GET", "/api/v1/cases.jsonl?q=%22food+scraps%22")
        assert connection.getresponse().read().count(b"\n") >= 1, "and the server goes on"
    library.close()
