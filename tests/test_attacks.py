"""Legal sizes and hostile shapes: what took seconds must take a moment, and nothing of a contribution speaks for us.

Hostile files have most of their tests beside the rooms that read, render and print them. Here is what goes through
several: from a file to the check, to a page, to a feed. The bound is generous, since machines are shared; what it
guards against grew with the square of the length and took ten times as long.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from innoshare import content, edition, report
from innoshare.cli import main
from innoshare.config import Settings
from innoshare.content.frontmatter import read
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import MAX_CHARACTERS, Challenge
from innoshare.web import create_app, parameters
from innoshare.web.answers import Answers
from innoshare.web.parameters import Parameters
from innoshare.web.questions import KINDS

SECONDS = 2.0
FOLDERS = ("cases", "challenges", "cities")
NIGHT_BUSES = Path(__file__).parent / "cases" / "cases" / "testby-night-buses.md"


# --- files ------------------------------------------------------------------------------------------------------------


def lost(old: str, new: str) -> bytes:
    text = NIGHT_BUSES.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(("data", "line"), [
    (b"\xef\xbb\xbf" + NIGHT_BUSES.read_bytes(), 0), (NIGHT_BUSES.read_bytes().replace(b"\n", b"\r\n"), 0),
    (lost("\n---\n", "\n"), 1), (b"---\n- a\n- b\n---\n", 2), (lost("title: ", "content: lost\ntitle: "), 2),
    (lost("title: ", "title:\u00a0"), 2), (lost("  setup: ", "\tsetup: "), 0),
    (lost("start: 2019-09", "start: 2024-02-30"), 0), (lost("staff_fte: 9.5", "staff_fte: .nan"), 0),
    (lost("title: ", "title: x\ntitle: "), 3),
], ids=["byte order mark", "Windows line ends", "never closed", "a list", "an unknown field", "no-break space", "tab",
        "no such day", "not a number", "twice"])
def test_nothing_of_a_header_is_lost_silently(folder: Path, data: bytes, line: int) -> None:
    """A file that other readers of front matter cut short or misread is read whole, or refused with its line."""
    original = content.read(folder).cases[NIGHT_BUSES.stem]
    (folder / "cases" / NIGHT_BUSES.name).write_bytes(data)
    after = content.read(folder)
    told = [problem for problem in after.problems if problem.path.endswith(NIGHT_BUSES.name)]
    if not told:
        assert after.cases[NIGHT_BUSES.stem] == original
        return
    assert NIGHT_BUSES.stem not in after.cases
    assert not line or line in {problem.line for problem in told}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and links to put there")
@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_no_plain_file_is_refused_in_every_folder_and_format(folder: Path, tmp_path: Path, name: str,
                                                                    runner: CliRunner) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("---\ntitle: PASSWORD\n---\nPASSWORD\n", encoding="utf-8")
    here = folder / name
    here.mkdir(exist_ok=True)
    (here / "link.md").symlink_to(secret)
    (here / "one.md").symlink_to(here / "two.md")
    (here / "two.md").symlink_to(here / "one.md")
    (here / "round.md").symlink_to(here)
    os.mkfifo(here / "pipe.md")
    Path(os.fsdecode(os.fsencode(here) + b"/caf\xe9 %0A::error::forged.md")).write_text("x", encoding="utf-8")
    (here / "line\n::error::forged.md").write_text("x", encoding="utf-8")
    began = time.perf_counter()
    refused = {problem.path.rpartition("/")[2] for problem in content.read(folder).problems if problem.level == "error"}
    assert {"link.md", "one.md", "two.md", "round.md", "pipe.md"} < refused
    for style in report.PRINTERS:
        done = runner.invoke(main, ["check", str(folder), "--format", style])
        assert done.exit_code == 1, done.output
        assert "PASSWORD" not in done.stdout
        assert not re.search(r"(?m)^\s*::error::", done.stdout)
    for path in (here / "pipe.md", here / "link.md"):
        assert runner.invoke(main, ["check", str(path)]).exit_code == 1
    assert time.perf_counter() - began < 10 * SECONDS


def test_a_folder_of_bombs_leaves_the_others_in_the_library(folder: Path, tmp_path: Path) -> None:
    bombs = {
        "alias": b"---\na: &a [x]\nb: &b [*a, *a]\n---\n", "nested": b"---\na: " + b"[" * 5_000 + b"\n---\n",
        "brackets": lost("Four night lines", "[" * 4_900), "lists": lost("1. Count", "    " * 300 + "- Count"),
        "comment": lost("Four night lines", "<!-- -- >" * 400), "large": b"---\n" + b"x" * 2_000_000,
        "zero": b"\0" * 100_000}
    for name, data in bombs.items():
        for place in FOLDERS:
            (folder / place).mkdir(exist_ok=True)
            (folder / place / f"bomb-{name}.md").write_bytes(data)
    began = time.perf_counter()
    built = edition.build(folder, tmp_path / "data")
    assert time.perf_counter() - began < 2 * SECONDS * len(bombs)
    assert built.cases == 6
    assert {problem.path for problem in built.problems if problem.level == "error"} == {
        f"content/{place}/bomb-{name}.md" for name in bombs for place in FOLDERS}


# --- words that break out of where they stand -------------------------------------------------------------------------

BREAK_OUT = "</script></title>\"'><i id=pwned><!--{{7*7}}]]>"


Attacked = tuple[FlaskClient, Library, Path]


class Parsed(HTMLParser):
    """What a browser would find that is not ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id") == "pwned" or any(name.startswith("on") for name in given) or (
                tag == "script" and "src" not in given) or "javascript:" in str(given.get("href")):
            self.found.append(f"<{tag} {given}>")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")


def leaves(value: Any, *steps: str | int) -> Iterator[tuple[str | int, ...]]:
    """The places of all texts."""
    if isinstance(value, str):
        yield steps
    for key, item in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from leaves(item, *steps, key)


def hostile(library: Library, kind: str, path: Path) -> tuple[str, int]:
    """The file with BREAK_OUT in every text that the check allows it in, and in how many."""
    parts = read(path.read_bytes(), "x")
    body = parts.body.replace("\n\n", f"\n\n`{BREAK_OUT}`\n\n", 1)
    count = 0

    def text() -> str:
        return f"---\n{json.dumps(parts.values, ensure_ascii=False)}\n---\n{body}"

    for *steps, last in list(leaves(parts.values)):
        here: Any = parts.values
        for step in steps:
            here = here[step]
        before = here[last]
        for value in (f"{before} {BREAK_OUT}", BREAK_OUT):
            here[last] = value
            if library.proofread(kind, path.stem, text())[0]:
                count += 1
                break
            here[last] = before
    return text(), count


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """The pages of a library of hostile words, the library, and its content."""
    root = tmp_path_factory.mktemp("attacked")
    folder = shutil.copytree(NIGHT_BUSES.parents[1], root / "content")
    settings = Settings(content=folder, data=root / "data")
    edition.build(folder, settings.data, strict=True)
    library = Library.open(settings)
    texts = {path: hostile(library, place, path) for place in FOLDERS for path in sorted((folder / place).glob("*.md"))}
    library.close()
    assert sum(count for _, count in texts.values()) > 80
    for path, (text, _) in texts.items():
        path.write_text(text, encoding="utf-8")
    edition.build(folder, settings.data, strict=True)
    library = Library.open(settings)
    yield create_app(library).test_client(), library, folder
    library.close()


def test_contributed_words_break_out_of_no_page_feed_or_answer(attacked: Attacked) -> None:
    client, _, folder = attacked
    asked = "Night buses run empty and nurses cannot get home"
    pages = [str(rule) for rule in client.application.url_map.iter_rules()
             if not rule.arguments and "GET" in (rule.methods or ())]
    pages += [f"/{place}/{path.stem}{more}" for place in FOLDERS
              for path in sorted((folder / place).glob("*.md"))
              for more in (("", "/adopt") if place == "cases" else ("",))]
    pages += [f"/api/v1/cases/{NIGHT_BUSES.stem}", "/search?q=pwned", "/search?q=buses", f"/match?challenge={asked}",
              f"/api/v1/match?challenge={asked}", "/api/v1/search?q=buses"]
    hostile_pages = 0
    for page in pages:
        answer = client.get(page)
        assert answer.status_code in (200, 302, 400, 404), page
        if answer.mimetype == "text/html":
            assert not Parsed(answer.text).found, page
            hostile_pages += "pwned" in answer.text
            assert "49]]" not in answer.text
        elif answer.mimetype.endswith("xml"):
            ElementTree.fromstring(answer.data)
        elif answer.mimetype.endswith("json"):
            json.loads(answer.data)
    assert hostile_pages > 15


@pytest.mark.parametrize("name", KINDS)
def test_contributed_words_break_out_of_no_preview(attacked: Attacked, name: str) -> None:
    client, library, folder = attacked
    kind = KINDS[name]
    path = sorted((folder / kind.folder).glob("*.md"))[0]
    begun = Answers.of_file(kind, path.read_text(encoding="utf-8"), library.cities)
    answers: dict[str, list[str]] = {}
    for field, value in begun.carried(kind, None):
        answers.setdefault(field, []).append(value)
    for go in ("preview", "download", "finish", f"step:{len(kind.steps) - 1}", "step:0"):
        answer = client.post(f"/submit/{name}", data={**answers, "go": go, "step": len(kind.steps)})
        assert answer.status_code in (200, 400)
        if answer.mimetype == "text/html":
            assert "pwned" in answer.text, go
            assert not Parsed(answer.text).found, go
        else:
            assert answer.mimetype == "text/markdown"


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1b", "\u202e", "\u2028", "\ufffe", "\ud800", "\U000e0041",
                                  "\u3164", "\ue000"])
def test_hidden_characters_come_into_no_library(folder: Path, sign: str) -> None:
    for place in FOLDERS:
        for path in (folder / place).glob("*.md"):
            text = path.read_text(encoding="utf-8")
            path.write_bytes(f"{text}\nA hidden {sign} sign.\n".encode("utf-8", "surrogatepass"))
    after = content.read(folder)
    assert (after.cases, after.challenges, after.cities) == ({}, {}, {})
    assert all(problem.message.isprintable() for problem in after.problems)


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "water floods the cellar " + "." * 19_900 + "x", "aa " * 1_900 + "!\n" * 6_000, "water in cellars " + ". " * 9_000,
    "water " * 1_990, " ".join(f"w{number:x}" for number in range(1_990)),
], ids=["dots", "empty sentences", "spaced dots", "one word", "unknown words"])
def test_a_challenge_is_answered_in_a_moment(library: Library, text: str) -> None:
    assert len(text) <= MAX_CHARACTERS
    library.match(Challenge.of("water in cellars"))  # What the first one loads is loaded once.
    began = time.perf_counter()
    library.match(Challenge.of(text))
    assert time.perf_counter() - began < SECONDS


def test_thousands_of_fields_are_refused_in_a_moment_and_few_words() -> None:
    fields = [(f"field{number}", "x") for number in range(30_000)]
    began = time.perf_counter()
    with pytest.raises(BadInput) as error:
        Parameters(fields, parameters.MATCH).finish()
    assert time.perf_counter() - began < SECONDS
    assert len(str(error.value)) < 10_000


def test_what_strangers_type_is_not_remembered(library: Library) -> None:
    ranker = library._engine._ranker  # type: ignore[attr-defined]  # The cache is what the test is about.
    before = len(ranker._cache)
    for number in range(200):
        library.match(Challenge.of(f"zzq{number}a zzq{number}b zzq{number}c"))
    assert len(ranker._cache) == before
