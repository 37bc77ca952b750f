"""The scripts for other people's sites: small, at addresses that hold for good, with words in every language."""

import gzip
import re
from base64 import b64encode
from dataclasses import asdict
from hashlib import sha384
from pathlib import Path

import pytest
from babel import Locale
from flask.testing import FlaskClient

from innoshare.choices import EVIDENCE_LEVELS, LANGUAGES, Outcome
from innoshare.config import Settings
from innoshare.errors import NotFound
from innoshare.web import create_app, embed
from innoshare.web.phrases import PHRASES, counted, phrases

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SCRIPTS = sorted(path.stem for path in embed.SOURCES.glob("*.js"))
MOST_BYTES = 8_000  # Of the components, as they travel: less than a small picture, so no site need think twice.


def test_the_components_are_small() -> None:
    assert len(gzip.compress(embed.script().text)) <= MOST_BYTES


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_served_to_every_site_under_both_addresses(client: FlaskClient, name: str) -> None:
    current, named = client.get(f"/embed/v1/{name}.js"), client.get(f"/{embed.script(name).path}")
    for answer in (current, named):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert embed.script(name).integrity == f"sha384-{b64encode(sha384(answer.data).digest()).decode()}"
    assert current.headers["Cache-Control"] == "public, max-age=3600"
    assert named.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get(f"/embed/v1/{name}.js", headers={"If-None-Match": current.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert not re.search(r"^\s*//", current.text, re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_current_script_is_kept_for_good(name: str) -> None:
    kept = embed.KEPT / Path(embed.script(name).path).name
    assert kept.exists(), ("A changed script needs a copy that stays: "
                           "python -c 'from innoshare.web import embed; embed.keep()'")


def test_every_script_that_was_kept_is_served_as_it_was(client: FlaskClient) -> None:
    for path in embed.KEPT.iterdir():
        answer = client.get(f"/embed/v1/{path.name}")
        assert answer.data == path.read_bytes()
        assert path.name == f"{path.name.split('-')[0]}-{embed.digest(answer.data)}.js", "It was edited."


def test_keeping_adds_and_never_replaces(tmp_path: Path) -> None:
    assert [path.name for path in embed.keep(tmp_path)] == [Path(embed.script(name).path).name for name in SCRIPTS]
    assert embed.keep(tmp_path) == []


@pytest.mark.parametrize("path", ["innoshare-0123456789abcdef.js", "nothing.js", "kept/innoshare.js", "..%2fsite.js",
                                  "..%2f..%2fsite.js", "innoshare%00.js", ".js", "words/xx.json", "words/EN.json",
                                  "words/..%2fen.json"])
def test_other_addresses_give_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(f"/embed/v1/{path}").status_code == 404


def test_scripts_are_there_before_there_is_a_library(tmp_path: Path) -> None:
    client = create_app(Settings(data=tmp_path)).test_client()
    assert [client.get(f"/embed/v1/{path}").status_code for path in ("innoshare.js", "words/en.json")] == [200, 200]
    with pytest.raises(NotFound):
        embed.script("nothing")


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_all_words_and_plural_forms(client: FlaskClient, language: str) -> None:
    own, english = asdict(phrases(language)), asdict(phrases("en"))
    answer = client.get(f"/embed/v1/words/{language}.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json == {**own, "levels": list(own["levels"])}
    assert own["outcomes"].keys() == {*Outcome}
    assert len(own["levels"]) == len(EVIDENCE_LEVELS)
    categories = {Locale(language).plural_form(count) for count in range(200)}
    for name, words in own.items():
        if isinstance(words, str):
            assert set(re.findall("{.*?}", words)) == set(re.findall("{.*?}", english[name])), name
            assert words.strip() == words != "", name
        elif "other" in words:
            assert words.keys() == categories | {"other"}, name
            assert all("{n}" in form for form in words.values()), name
        else:
            assert all(words.values() if isinstance(words, dict) else words), name


def test_a_number_takes_the_form_of_its_language() -> None:
    assert PHRASES.keys() == {*LANGUAGES}
    assert [counted(phrases("pl").found, count, "pl") for count in (1, 3, 5, 22)] == [
        "Znaleziono 1 przykład", "Znaleziono 3 przykłady", "Znaleziono 5 przykładów", "Znaleziono 22 przykłady"]
    assert counted(phrases("de").found, 1234, "de") == "1.234 Beispiele gefunden"
    assert phrases("xx") is phrases("en")


def test_scripts_of_old_find_the_words_that_they_ask_for() -> None:
    for path in embed.KEPT.glob("innoshare-*.js"):
        asked = set(re.findall(r"\b(?:said|#words)\.([a-z_]+)", path.read_text(encoding="utf-8")))
        assert len(asked) > 20
        assert asked <= asdict(phrases("en")).keys()


# --- what the README says ---------------------------------------------------------------------------------------------


def table(heading: str) -> set[str]:
    """The names in the first column of the table below a heading of the README."""
    part = README.partition(heading)[2].partition("\n\n|")[2].partition("\n\n")[0]
    rows = part.splitlines()[2:]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def test_the_readme_names_what_the_components_take_and_tell() -> None:
    source = (embed.SOURCES / "innoshare.js").read_text(encoding="utf-8")
    lists = re.findall(r"(?:SHARED|observedAttributes) = \[(.*)\]", source)
    observed = set(re.findall(r'"([a-z-]+)"', " ".join(lists)))
    assert table("**Attributes**") == observed | {"theme"}
    properties = set(re.findall(r"var\((--innoshare-[a-z-]+)", source))
    assert table("**Properties**") == properties
    assert len(properties) <= 12
    assert table("**Parts**") == set(re.findall(r'part: "([a-z]+)"', source))
    assert table("**Events**") == {f"innoshare:{name}" for name in re.findall(r'tell\("([a-z]+)"', source)}
