"""What pages and API tell of a file's history, and of a version that somebody cited; asked of real repositories."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from test_provenance import Made
from test_web_pages import Page

from innoshare import edition
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.provenance import Change, FileHistory
from innoshare.web import citing, create_app
from innoshare.web.citing import Cited

CASES = Path(__file__).parent / "cases"
CASE = "cases/testby-night-buses"
REPOSITORY = "https://github.com/example/library"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A repository in which the night buses were published on 1 March, and changed by two others in April and May."""
    made = Made(tmp_path / "library")
    shutil.copytree(CASES, made.root, dirs_exist_ok=True)
    made.commit(day="2026-03-01")
    for day, author in (("2026-04-02", "Bo Ek <bo@testby.example>"), ("2026-05-03", "Ida Ro <ida@testby.example>")):
        change(made, f"Seen on {day}.")
        made.commit(day=day, author=author)
    return made


def change(made: Made, words: str) -> None:
    file = made.root / f"{CASE}.md"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{words}\n", encoding="utf-8")


Serve = Callable[..., FlaskClient]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    def serve(root: Path, **more: str) -> FlaskClient:
        """The library of a content folder as it is now, with a code host unless another or none is named."""
        named = {"repository": REPOSITORY, **more}
        settings = Settings(content=root, data=tmp_path / "data", embeddings="none", **named)  # type: ignore[arg-type]  # they are of their types
        edition.build(root, settings.data, embeddings="none", strict=True)
        return create_app(Library.open(settings), settings).test_client()

    return serve


def text(client: FlaskClient, path: str = f"/{CASE}") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return Page(answer.text).text


def links(client: FlaskClient, path: str = f"/{CASE}") -> set[str]:
    return {link["href"].removeprefix(REPOSITORY) for link in Page(client.get(path).text).all("a")
            if link["href"].startswith(REPOSITORY)}


def told(client: FlaskClient) -> dict[str, object]:
    body = client.get(f"/api/v1/{CASE}").json
    assert body
    return dict(body["provenance"])


# --- what is known ------------------------------------------------------------------------------------------------


def test_a_page_tells_when_a_case_was_published_and_changed_by_how_many_and_how_to_cite_it(made: Made, serve: Serve
                                                                                         ) -> None:
    client, last = serve(made.root), made.commits_of(f"{CASE}.md")[0]
    page = text(client)
    assert "First published 1 March 2026 Last changed 3 May 2026 (by its own words on 14 March 2026)" in page
    assert f"Written by 3 people Version {last[:12]} :" in page
    assert f"innoshare, version {last[:12]} of 3 May 2026, http://localhost/{CASE}?cited={last}" in page
    at, all_changes = f"/blob/{last}/content/{CASE}.md", f"/commits/main/content/{CASE}.md"
    assert {at, all_changes} <= links(client)
    assert told(client) == {
        "first_published": "2026-03-01", "last_changed": "2026-05-03", "contributors": 3, "commit": last,
        "uncommitted": False, "permalink": REPOSITORY + at, "history": REPOSITORY + all_changes, "complete": True,
        "reason": ""}
    assert "Published on 1 March 2026, by 1 person." in text(client, "/cities/testby")


def test_without_a_code_host_the_version_is_named_and_leads_nowhere(made: Made, serve: Serve) -> None:
    client, last = serve(made.root, repository=""), made.commits_of(f"{CASE}.md")
    assert f"Version {last[0][:12]} Completeness" in text(client)
    assert links(client) == links(client, f"/{CASE}?cited={last[2]}") == set()
    assert "Changed twice since it was cited." in text(client, f"/{CASE}?cited={last[2]}")
    assert told(client)["permalink"] is told(client)["history"] is None


# --- what is not known, and says so -------------------------------------------------------------------------------


def unknown(client: FlaskClient, reason: str) -> None:
    page = text(client)
    assert f"History Who wrote this text, and when, is not known here. {reason}" in page
    assert "Last changed 14 March 2026" in page
    assert f", innoshare, 14 March 2026, http://localhost/{CASE} " in page
    assert "First published" not in page
    assert not links(client)
    body = told(client)
    assert str(body["reason"]).startswith(reason)
    assert (body["commit"], body["contributors"]) == (None, None)


def test_outside_a_repository(folder: Path, serve: Serve) -> None:
    unknown(serve(folder), "This folder is in no git repository.")


def test_without_git(made: Made, serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    unknown(serve(made.root), "git is not installed here.")


def test_before_the_first_commit(serve: Serve, tmp_path: Path) -> None:
    empty = Made(tmp_path / "empty")
    shutil.copytree(CASES, empty.root, dirs_exist_ok=True)
    unknown(serve(empty.root), "Nothing in this folder is committed yet.")


def test_a_shallow_clone_tells_what_it_has(made: Made, serve: Serve, tmp_path: Path) -> None:
    made.git("clone", "-q", "--depth=2", f"file://{made.top}", tmp_path / "shallow")
    client, commits = serve(tmp_path / "shallow" / "content"), made.commits_of(f"{CASE}.md")
    page = text(client)
    assert "First published not known here Last changed 3 May 2026" in page
    assert "Written by 1 person, as far as known" in page
    assert "History Only a part of it is known here. The history begins in the middle (a shallow clone)." in page
    assert told(client)["complete"] is False
    page = text(client, f"/{CASE}?cited={commits[2]}")
    assert f"The version that was cited ({commits[2][:12]}) is not among those known here" in page
    assert "Not all of the history is known here." in page


def test_a_repository_of_somebody_else_is_read(made: Made, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "Written by 3 people" in text(serve(made.root))


def test_what_is_not_committed_is_not_cited(made: Made, serve: Serve) -> None:
    change(made, "Only here.")
    client, last = serve(made.root), made.commits_of(f"{CASE}.md")[0]
    page = text(client)
    assert "This version is not yet in the history." in page
    assert "?cited=" not in page
    assert told(client)["uncommitted"] is True
    page = text(client, f"/{CASE}?cited={last}")
    assert "Changed since it was cited. The version that was cited, of 3 May 2026, is the last in the history" in page


def test_a_new_file_is_not_in_the_history(made: Made, serve: Serve) -> None:
    made.write("cases/testby-new.md", re.sub(r"translations:\n(  .*\n)+", "", (
        made.root / f"{CASE}.md").read_text(encoding="utf-8").replace("title: Night", "title: More night")))
    made.write("cities/newby.md", (CASES / "cities" / "testby.md").read_bytes())
    client = serve(made.root)
    assert "Version This version is not yet in the history." in text(client, "/cases/testby-new")
    assert "This version is not yet in the history." in text(client, "/cities/newby")


def test_a_commit_of_the_same_bytes_is_told_by_the_next_edition(made: Made, serve: Serve) -> None:
    change(made, "Only here.")
    serve(made.root)
    made.commit(day="2026-06-04")
    assert "Last changed 4 June 2026" in text(serve(made.root))


# --- a version that was cited -------------------------------------------------------------------------------------


def test_the_address_to_cite_says_later_what_has_changed_since(made: Made, serve: Serve) -> None:
    third, second, first = made.commits_of(f"{CASE}.md")
    client = serve(made.root)
    address = re.search(rf"http://localhost(/{CASE}\?cited=[0-9a-f]+)", client.get(f"/{CASE}").text)
    assert address
    assert "Unchanged since it was cited. The version that was cited, of 3 May 2026, is the one below." in text(
        client, address[1])
    change(made, "And again.")
    made.commit(day="2026-07-05")
    client = serve(made.root)
    assert ("Changed once since it was cited. The version that was cited is of 3 May 2026, the last change of 5 July "
            "2026.") in text(client, address[1])
    assert {f"/commits/main/content/{CASE}.md", f"/blob/{third}/content/{CASE}.md", f"/compare/{third}...main"
            } <= links(client, address[1])
    assert "Changed twice since it was cited." in text(client, f"/{CASE}?cited={second[:7]}).")
    assert "Changed 3 times since it was cited." in text(client, f"/{CASE}?cited={first.upper()}")


@pytest.mark.parametrize("commit", ["0" * 40, "abcdef0", "f" * 64])
def test_a_version_that_is_not_known_is_no_mistake_of_the_reader(made: Made, serve: Serve, commit: str) -> None:
    page = text(serve(made.root), f"/{CASE}?cited={commit}&utm_source=letter")
    assert f"The version that was cited ({commit[:12]}) is not among those known here" in page
    assert "Not all of the history" not in page


@pytest.mark.parametrize("commit", ["abc", "trunk", "HEAD~1", "--all", "0" * 65, "<script>", "é" * 8, "abcdef0\u0000"])
def test_what_is_no_commit_is_refused_and_not_repeated(client: FlaskClient, commit: str) -> None:
    answer = client.get(f"/{CASE}", query_string={"cited": commit})
    assert answer.status_code == 400
    assert commit not in answer.text.partition("<main")[2]
    assert client.get(f"/{CASE}", query_string=[("cited", "abcdef0"), ("cited", "abcdef1")]).status_code == 400


def test_a_short_name_of_two_commits_is_none_of_them() -> None:
    changes = Change("abcdef01" * 5, "2026-05-03"), Change("abcdef02" * 5, "2026-04-02")
    history = FileHistory(changes, contributors=1, first_published=None, uncommitted=False)
    assert citing.compared("abcdef0", f"{CASE}.md", history, None) == Cited("abcdef0")
    assert citing.compared("abcdef02", f"{CASE}.md", history, None).changes == 1
