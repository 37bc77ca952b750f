"""Addresses on code hosts, taken apart again: each part must come out as it went in."""

import re
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innoshare.errors import SettingsError
from innoshare.forge import MAX_ADDRESS, Forge, Kind

CONTENT = Path(__file__).parent.parent / "content"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
KINDS: dict[Kind, str] = {"github": "https://github.com/testby/library", "gitlab": "https://gitlab.com/a/b/c/library",
                          "forgejo": "https://codeberg.org/testby/library"}
FILLED: list[Kind] = ["github", "forgejo"]

PATHS = ["cases/buses.md", "cases/näktbussar 50%.md", "cases/a+b&c=d#e?f.md", "cases/%2e%2e.md", "cases/{path}.md",
         'cases/"quoted" \\ back.md', "cases/..md", "cases/...", "cases/two\nlines.md", "cases/🚲.md", "x.md"]


def forge(kind: Kind, branch: str = "main", folder: str = "content") -> Forge:
    return Forge(kind, KINDS[kind], branch, folder)


def taken_apart(address: str, kind: Kind) -> tuple[str, dict[str, list[str]]]:
    """What comes after the repository in an address as a browser sends it, decoded; and the fields of the query."""
    assert address.isascii()
    assert re.search(r"[\s\x00-\x1f\"<>\\^`{|}]", address) is None
    sent = urljoin("https://elsewhere.example/", address)
    assert sent.startswith(KINDS[kind] + "/")
    parts = urlsplit(sent)
    assert not parts.fragment
    path = unquote(parts.path.removeprefix(urlsplit(KINDS[kind]).path + "/"), errors="strict")
    return path, parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), errors="strict")


# --- which site ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "kind", "name"), [
    ("https://github.com/testby/library", "github", "GitHub"),
    ("https://GitHub.com/testby/library", "github", "GitHub"),
    ("https://www.github.com/testby/library", "github", "GitHub"),
    ("https://gitlab.com/testby/library", "gitlab", "GitLab"),
    ("https://gitlab.testby.example/group/sub/library", "gitlab", "GitLab"),
    ("https://code.gitlab-of-testby.example/group/library", "gitlab", "GitLab"),
    ("https://codeberg.org/testby/library", "forgejo", "Codeberg"),
    ("https://forgejo.testby.example:3000/testby/library", "forgejo", "Forgejo"),
    ("https://my-gitea.example/sub/testby/library", "forgejo", "Gitea"),
])
def test_the_host_tells_the_kind(address: str, kind: str, name: str) -> None:
    found = Forge.of(address)
    assert found
    assert (found.kind, found.name) == (kind, name)


@pytest.mark.parametrize("address", ["https://git.testby.example/testby/library", "https://github.example/a/b",
                                     "https://notgithub.com/a/b", "https://sub.codeberg.org/a/b", "https://[x/a/b"])
def test_a_host_that_does_not_tell_needs_the_kind(address: str) -> None:
    with pytest.raises(SettingsError, match=r"github, gitlab, forgejo|Copy that of its first page"):
        Forge.of(address)


def test_a_kind_that_is_told_goes_before_the_host() -> None:
    found = Forge.of("https://git.testby.example/testby/library", "gitlab")
    assert found
    assert (found.kind, found.name) == ("gitlab", "GitLab")
    found = Forge.of("https://github.testby.example/testby/library", "github")
    assert found
    assert found.name == "GitHub"
    found = Forge.of("https://gitea.testby.example/testby/library", "github")
    assert found
    assert (found.kind, found.name) == ("github", "GitHub")


def test_without_a_repository_there_is_no_forge() -> None:
    assert Forge.of("") is None
    assert Forge.of("  ", "github") is None


@pytest.mark.parametrize("copied", ["https://github.com/testby/library.git", "https://github.com/testby/library/",
                                    " https://github.com/testby/library \n", "https://github.com/testby/library.git/"])
def test_an_address_may_be_copied_from_anywhere(copied: str) -> None:
    assert Forge.of(copied, folder="/content/") == Forge("github", "https://github.com/testby/library")


@pytest.mark.parametrize("address", [
    "github.com/testby/library", "git@github.com:testby/library.git", "ssh://git@github.com/testby/library",
    "https://github.com/testby", "https://github.com", "javascript:alert(1)//github.com/a/b", "https:///testby/library",
    "https://user:secret@github.com/testby/library", "https://github.com/testby/library?x=1",
    "https://github.com/testby/library#x", "https://github.com/testby/../library", "https://github.com/testby/%2e%2e",
    "https://github.com/testby/.%2E/x", "https://github.com/testby/lib rary", "https://github.com//testby/library",
    "https://github.com/testby/library\nx", 'https://github.com/testby/"library', "https://github.com/testby/bibliothèque",
    "https://[x/a/b", "https://evil.example\\@github.com/a/b", "https://[::1]/a/b", "https://github.com/a/b$c",
    "https://github.com/testby/library/tree/main", "https://github.com/testby/library/-/tree/main",
])
def test_what_is_no_address_of_a_repository_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(SettingsError, match="https://"):
        Forge.of(address, "github")


@pytest.mark.parametrize(("branch", "folder"), [
    ("", "content"), ("..", "content"), ("a/../b", "content"), ("/main", "content"), ("main/", "content"),
    ("a//b", "content"), ("./main", "content"), ("-x", "content"), ("main", ".."), ("main", "a/../../b"),
    ("main", "./content"), ("main", "a//b")])
def test_a_branch_or_folder_that_leads_elsewhere_is_refused(branch: str, folder: str) -> None:
    with pytest.raises(SettingsError, match=r"as (main\.|content;)"):
        Forge.of("https://github.com/testby/library", branch=branch, folder=folder)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match="github, gitlab, forgejo"):
        Forge.of("https://github.com/testby/library", "bitbucket")  # type: ignore[arg-type]


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "expected"), [
    ("github", ["new/main?filename=content/cases/x.md", "upload/main/content/cases", "edit/main/content/cases/x.md",
                "blob/main/content/cases/x.md", f"blob/{COMMIT}/content/cases/x.md", "commits/main/content/cases/x.md",
                f"compare/{COMMIT}...main"]),
    ("gitlab", ["-/new/main?file_name=content/cases/x.md", "-/tree/main/content/cases",
                "-/edit/main/content/cases/x.md", "-/blob/main/content/cases/x.md",
                f"-/blob/{COMMIT}/content/cases/x.md", "-/commits/main/content/cases/x.md",
                f"-/compare/{COMMIT}...main"]),
    ("forgejo", ["_new/main?filename=content/cases/x.md", "_upload/main/content/cases", "_edit/main/content/cases/x.md",
                 "src/branch/main/content/cases/x.md", f"src/commit/{COMMIT}/content/cases/x.md",
                 "commits/branch/main/content/cases/x.md", f"compare/{COMMIT}...main"]),
])
def test_each_site_has_its_own_pages(kind: Kind, expected: list[str]) -> None:
    site, path = forge(kind), "cases/x.md"
    assert [site.empty_file(path), site.upload("cases"), site.edit(path), site.view(path), site.at(path, COMMIT),
            site.history(path), site.compare(COMMIT)] == [f"{KINDS[kind]}/{one}" for one in expected]


@pytest.mark.parametrize(("kind", "page"), [("github", "fork"), ("gitlab", "-/forks/new"), ("forgejo", "fork")])
def test_a_copy_of_ones_own_is_one_page_away(kind: Kind, page: str) -> None:
    assert forge(kind).copy() == f"{KINDS[kind]}/{page}"


def test_the_copy_of_an_account_is_found_by_its_name() -> None:
    library = Forge("forgejo", "https://git.example.org:3000/below/testby/library", "release/2026")
    copies = [library.copy_of(account) for account in (
        "rio", " @rio ", "git.example.org:3000/below/rio", "https://GIT.example.org:3000/below/rio/library/src")]
    assert {copy.repository if copy else "" for copy in copies} == {"https://git.example.org:3000/below/rio/library"}
    assert library.propose("rio") == f"{library.repository}/compare/release/2026...rio:release/2026"
    for none in ("", "testby", "Testby", "..", "a b", "https://elsewhere.example/rio", "-x", "x" * 101):
        assert library.copy_of(none) is None, none


@pytest.mark.parametrize("kind", KINDS)
def test_the_content_may_lie_at_the_top(kind: Kind) -> None:
    site = forge(kind, folder="")
    assert site.view("cases/x.md").endswith("/main/cases/x.md")
    assert site.upload("").endswith("/main")
    assert forge(kind).upload("").endswith("/main/content")
    assert parse_qs(urlsplit(site.empty_file("cases/x.md")).query).popitem()[1] == ["cases/x.md"]


@pytest.mark.parametrize("branch", ["main", "release/2026", "a#b", "50%", "näkt/🚲", "a+b&c"])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_paths_and_branches_come_out_as_they_went_in(kind: Kind, path: str, branch: str) -> None:
    site, whole = forge(kind, branch, "the content/ö"), f"the content/ö/{path}"
    for address in (site.edit(path), site.view(path), site.history(path), site.upload(path)):
        assert taken_apart(address, kind)[0].endswith(f"/{branch}/{whole}")
        assert taken_apart(address, kind)[1] == {}
    assert taken_apart(site.at(path, COMMIT), kind)[0].endswith(f"/{COMMIT}/{whole}")
    assert taken_apart(site.compare(COMMIT), kind)[0].endswith(f"compare/{COMMIT}...{branch}")
    page, fields = taken_apart(site.empty_file(path), kind)
    assert page.endswith(f"new/{branch}")
    assert fields == {"file_name" if kind == "gitlab" else "filename": [whole]}


@pytest.mark.parametrize("hostile", ["../../../evil/x", "..", ".", "", "/", "//evil.example/x", "a/../../../../b",
                                     "https://evil.example/", "\\\\evil.example\\x", "?x=1", "#x", "x\r\nLocation: y",
                                     "%2e%2e/%2e%2e/x", "\ud800\udcff", "a\0b", "javascript:alert(1)", "@evil.example",
                                     '"><script>alert(1)</script>', "{branch}{path}", "\t../..", " ../../x"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_value_leads_out_of_the_repository(kind: Kind, hostile: str) -> None:
    site = forge(kind)
    for address in (site.empty_file(hostile), site.upload(hostile), site.edit(hostile), site.view(hostile),
                    site.at(hostile, hostile), site.history(hostile), site.compare(hostile),
                    site.new_file(hostile, hostile) or site.view(hostile)):
        page, _ = taken_apart(address, kind)
        assert page
        # Dots are walked by a browser even where they are encoded once.
        assert not any(unquote(part) in (".", "..") for part in urlsplit(address).path.split("/"))


# --- a new file with its text -------------------------------------------------------------------------------------


TEXTS = ["---\ntitle: Night buses\n---\n\nText.\n", "line\r\nline\r\n", "a & b = c + d; e # f ? g % h", "100 %26 %2B",
         "\"quoted\" 'single' <b>&amp;</b>", "Nattbussar på kvällen – 50 €", "夜行バス", "🚌", " begins and ends \n\n",
         "\t\0", ""]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", FILLED)
def test_a_new_file_has_its_name_and_text(kind: Kind, text: str) -> None:
    address = forge(kind, "release/2026").new_file("cases/näkt.md", text)
    assert address
    page, fields = taken_apart(address, kind)
    assert page == ("new/release/2026" if kind == "github" else "_new/release/2026")
    assert fields == {"filename": ["content/cases/näkt.md"], "value": [text]}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.sampled_from(FILLED))
def test_any_text_comes_out_as_it_went_in(text: str, kind: Kind) -> None:
    address = forge(kind).new_file("cases/x.md", text)
    if address is not None:
        assert taken_apart(address, kind)[1]["value"] == [text]
        assert ";" not in address  # by which some servers divide a query
    else:
        assert len(quote(quote(text, safe=""), safe="")) > MAX_ADDRESS // 2


@given(st.text(max_size=50), st.text(max_size=50), st.sampled_from(list(KINDS)))
def test_no_text_and_no_path_makes_it_fail(path: str, text: str, kind: Kind) -> None:
    site = forge(kind)
    assert taken_apart(site.view(path), kind)[0]
    assert site.new_file(path, text) is None or kind != "gitlab"


@pytest.mark.parametrize("kind", FILLED)
@pytest.mark.parametrize("letter", ["a", " ", "\n", "é", "🚌", "%"])
def test_a_text_too_long_for_an_address_has_none(kind: Kind, letter: str) -> None:
    site, fits, too_long = forge(kind), 0, MAX_ADDRESS + 1
    assert site.new_file("cases/x.md", letter * too_long) is None
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        fits, too_long = (middle, too_long) if site.new_file("cases/x.md", letter * middle) else (fits, middle)
    longest = site.new_file("cases/x.md", letter * fits)
    assert longest
    # A sign-in page carries the address within its own.
    sign_in = f"{'/'.join(KINDS[kind].split('/')[:3])}/login?return_to={quote(longest, safe='')}"
    assert MAX_ADDRESS - 50 < len(sign_in) <= 8_191


def test_gitlab_takes_no_text_but_a_name() -> None:
    assert forge("gitlab").new_file("cases/x.md", "Short.") is None
    assert taken_apart(forge("gitlab").empty_file("cases/x.md"), "gitlab")[1] == {"file_name": ["content/cases/x.md"]}


@pytest.mark.parametrize("kind", FILLED)
def test_every_city_of_the_library_fits(kind: Kind) -> None:
    for file in (CONTENT / "cities").glob("*.md"):
        assert forge(kind).new_file(f"cities/{file.name}", file.read_text(encoding="utf-8"))
