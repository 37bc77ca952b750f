"""Problems as people, code hosts and programs get them: at the right place, whole, and in nobody else's name."""

import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from innoshare import report
from innoshare.cli import main
from innoshare.errors import Level, Problem
from innoshare.report import MAX_ANNOTATIONS, MAX_SUMMARY, WIDTH, Finding, check, markdown_text, summary

TESTS = Path(__file__).parent
BROKEN = TESTS / "broken"
NIGHT_BUSES = "testby-night-buses"

# Words that a contributor wrote to speak in the name of the check, or to whoever reads its report.
FORGED = ("::error::forged", "\n::error::forged", "\r::error file=x::forged", "%0A::error::forged", "%0D%0A::error::x",
          "##[error]forged", "## x ##[add-mask]x", "##vso[task.setvariable variable=x]y", "\x1b[31mred\x1b[0m",
          "\x9b31m", "\u2028::error::forged", "\u202eforged", "a\x00b", "\n/close", "--> <b>x</b> @me #1 [x](y)")


def finding(message: str = "It is wrong.", remedy: str = "Mend it.", *, field: str = "title", line: int = 3,
            column: int = 1, level: Level = "error", file: str = "content/cases/x.md") -> Finding:
    return Finding(Problem(file, line, column, field, level, message, remedy), Path.cwd() / file)


def printed(style: str, *findings: Finding) -> str:
    stream = io.StringIO()
    report.PRINTERS[style](findings, stream)
    return stream.getvalue()


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def framed(tmp_path: Path) -> Callable[..., list[str]]:
    """The two lines of the frame round a place of a line."""
    def shown(line: str, column: int) -> list[str]:
        file = tmp_path / "x.md"
        file.write_text(f"---\n{line}\n", encoding="utf-8", newline="")
        told = Finding(Problem("x/x.md", 2, column, "title", "error", "Wrong.", "Mend."), file)
        words, caret = printed("text", told).split("\n")[1:3]
        assert words.startswith("    2 | ")
        assert caret.startswith("      | ")
        return [words[8:], caret[8:]]
    return shown


def columns(text: str) -> int:
    return sum(0 if unicodedata.category(letter) in ("Mn", "Cf") else
               2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


@pytest.mark.parametrize(("line", "place"), [
    ("stage: implemted", "implemted"), ("title: 夜の\u3000バス: 町", ": 町"), ("a:\tb:\tc", "c"),
    ("e\u0301cole: x", ": x"),
    ("x" * 3_000 + " HERE " + "y" * 3_000, "HERE"), ("夜" * 500 + "HERE" + "町" * 500, "HERE"),
    ("HERE" + "y" * 500, "HERE"), ("y" * 500 + "HERE", "HERE"), ("y" * 90 + " HERE", "HERE"),
    ("Z\u0301\u0302\u0303" * 200 + "HERE" + "\u0301" * 900, "HERE"),
], ids=["short", "wide letters", "tabs", "accents", "long", "long and wide", "long, at the start", "long, at the end",
        "fits in", "heaps of accents"])
def test_the_caret_stands_under_the_place(framed: Callable[..., list[str]], line: str, place: str) -> None:
    words, caret = framed(line, line.index(place) + 1)
    assert caret.strip() == "^"
    here = words.index(place.replace("\t", "    "))
    assert columns(words[:here]) == columns(caret) - 1
    assert columns(words) <= WIDTH + 2  # two marks where it was cut
    assert ("…" in words) == (columns(line) > WIDTH)


@pytest.mark.parametrize(("field", "message", "said"), [
    ("title", "`title` is missing.", "`title` is missing."),
    ("title", "Wrong.", "`title`: Wrong."),
    ("themes.0", "`mobilty` is not one of the themes.", "item 1 of `themes`: `mobilty` is not one of the themes."),
    ("sources.1.url", "Item 2 of `sources`: `url` is odd.", "Item 2 of `sources`: `url` is odd."),
    ("results.0.source", "`source` is missing in item 1 of `results`.", "`source` is missing in item 1 of `results`."),
    ("tool.help", "`help` is missing.", "`tool.help`: `help` is missing."),
    ("lists.0.1", "Wrong.", "item 2 of item 1 of `lists`: Wrong."),
    ("body", "HTML is not allowed.", "HTML is not allowed."), ("", "Wrong.", "Wrong.")])
def test_a_place_is_told_once_and_in_words(field: str, message: str, said: str) -> None:
    told = finding(message, field=field)
    assert printed("text", told).splitlines()[0] == f"content/cases/x.md:3:1: error: {said}"
    assert f"- Line 3: {report.markdown_line(said)} **Mend it\\.**\n" in summary([told]).replace("it.", "it\\.")
    assert json.loads(printed("json", told))[0]["field"] == field


def test_the_caret_stands_in_the_text_too(folder: Path) -> None:
    path = folder / "cases" / "testby-night-buses.md"
    path.write_bytes(path.read_bytes().replace(b"Four night lines", "Öde 🚲 ~~vier~~ Four lines".encode()).replace(
        b"\n", b"\r\n"))
    stream = io.StringIO()
    report.text(check([path]), stream)
    shown, caret = stream.getvalue().splitlines()[1:3]
    assert columns(caret.partition("^")[0]) == columns(shown.partition("~~")[0])


def test_a_place_behind_the_end_is_shown_behind_it(framed: Callable[..., list[str]]) -> None:
    assert framed("title:", 7) == ["title:", "      ^"]


@pytest.mark.parametrize("words", FORGED)
def test_no_format_lets_contributed_words_steer_who_reads_it(tmp_path: Path, words: str) -> None:
    file = tmp_path / "x.md"
    file.write_text(f"---\n{words.strip()}\n", encoding="utf-8")
    told = Finding(Problem("content/cases/x.md", 2, 1, words, "error", words, words), file)
    for style in report.PRINTERS:
        lines = re.split(r"[\n\r]", printed(style, told))
        orders = [line for line in lines if line.lstrip().startswith("::")]
        assert len(orders) == (style == "github")
        if style == "json":  # says what there is, and so that it gives no order
            assert json.loads("\n".join(lines))[0]["message"] == words
        if style != "github":  # There a line is one order already, and no other.
            assert not re.search(r"##\w*\[", "".join(lines))
        if style == "github":
            assert orders == lines[:1]
            assert re.fullmatch(r"::error file=[^,:]*,line=2,col=1,title=[^,:]*::[^\n\r]*", orders[0])
        if style == "text":
            assert "".join(lines).isprintable() or report.JOINER in "".join(lines)
            assert "\x1b" not in "".join(lines)


def test_github_reads_back_what_was_written() -> None:
    told = finding("100 % sure: a, b\nc", "%0A", field="a,b:c", file="content/cases/x,%0A.md")
    [line] = printed("github", told).splitlines()
    head, _, data = line.removeprefix("::error ").partition("::")
    properties = dict(part.split("=", 1) for part in head.split(","))
    assert {name: unquote(value) for name, value in properties.items()} == {
        "file": "content/cases/x,%0A.md", "line": "3", "col": "1", "title": "`a,b:c`"}
    assert unquote(data) == "100 % sure: a, b\nc %0A"


def test_a_file_that_is_not_opened_is_not_shown(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("one\nPASSWORD\n", encoding="utf-8")
    (folder / "cases" / "link.md").symlink_to(secret)
    os.mkfifo(folder / "cases" / "pipe.md")
    for name in ("link.md", "pipe.md"):
        file = folder / "cases" / name
        told = Finding(Problem(f"content/cases/{name}", 2, 1, "", "error", "Wrong.", "Mend."), file)
        assert "PASSWORD" not in printed("text", told)
    assert "PASSWORD" not in printed("text", *check([folder]))


def test_colour_is_for_terminals_that_want_it(folder: Path) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    for more, coloured in (({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)):
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_COLOR")}
        done = subprocess.run([sys.executable, "-m", "innoshare", "check", str(folder)], capture_output=True, text=True,
                              env={**environment, "TERM": "xterm", **more}, check=False)
        assert done.returncode == 1
        assert ("\x1b[" in done.stdout) == coloured, more


def test_a_console_that_knows_few_letters_is_no_obstacle() -> None:
    for style in report.PRINTERS:
        done = subprocess.run([sys.executable, "-m", "innoshare", "check", str(BROKEN), "--format", style],
                              capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
        assert (done.returncode, done.stderr) == (1, b""), style
        if style not in ("text", "github"):
            json.loads(done.stdout)


# --- which files ------------------------------------------------------------------------------------------------------


@pytest.fixture
def nested(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that has its content folder in a folder of its own, with one broken case."""
    root = tmp_path / "repository"
    (root / "other" / "place").mkdir(parents=True)
    (root / ".git").mkdir()
    folder.rename(root / "other" / "place" / "content")
    (root / "other" / "place" / "content" / "cases" / "ä b.md").write_text("no header\n", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


PATH = "other/place/content/cases/ä b.md"


@pytest.mark.parametrize(("start", "given"), [
    (".", "other/place/content"), ("other", "place/content"), ("other/place/content", "."),
    ("other/place/content/cases", ".."), (".", PATH), ("other/place/content/cases", "ä b.md"),
    (".", "other/place/content/cases"), ("/", "")])
def test_code_hosts_get_paths_from_the_root_of_the_repository(nested: Path, monkeypatch: pytest.MonkeyPatch, start: str,
                                                              given: str) -> None:
    monkeypatch.chdir(nested / start)
    found = check([Path(given) if given else nested / "other" / "place" / "content"])
    assert {told.problem.path for told in found} == {"content/cases/ä b.md"}
    assert f"file={PATH}," in printed("github", *found)
    assert {one["location"]["path"] for one in json.loads(printed("gitlab", *found))} == {PATH}
    [result, *_] = json.loads(printed("sarif", *found))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "other/place/content/cases/%C3%A4%20b.md"
    assert json.loads(printed("json", *found))[0]["path"] == "content/cases/ä b.md"
    name = re.match(r"(.*?):1:1: ", printed("text", *found))
    assert name
    assert (Path.cwd() / name[1]).samefile(nested / PATH)


def test_without_a_repository_paths_are_from_where_the_check_started(folder: Path,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    assert "file=content/cases/bad.md," in printed("github", *check([Path("content")]))
    (folder.parent / "elsewhere").mkdir()
    monkeypatch.chdir(folder.parent / "elsewhere")
    found = json.loads(printed("sarif", *check([folder])))["runs"][0]["results"][0]["locations"][0]
    assert found["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///")


@pytest.mark.parametrize(("given", "told"), [
    ("cases", True), ("cases/bad.md", True), ("cities", False), ("vocabulary/concepts/bad.yaml", True),
    ("vocabulary/concepts", True), ("vocabulary", True), ("vocabulary/themes.yaml", False)])
def test_a_part_of_the_content_is_told_alone(folder: Path, given: str, told: bool) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    (folder / "vocabulary" / "concepts" / "bad.yaml").write_text("Bad Name: {}\n", encoding="utf-8")
    found = check([folder / given])
    assert bool(found) == told
    assert all(one.problem.path.startswith(f"content/{given}") for one in found)


def test_who_names_the_folder_of_a_library_means_its_content(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    for library in (Path(), folder.parent):
        assert {told.problem.path for told in check([library])} == {"content/cases/bad.md"}


def test_a_content_folder_may_be_called_as_one_of_its_folders(folder: Path) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    named = folder.rename(folder.with_name("cases"))
    for path in (named, named / "cases", named / "cases" / "bad.md"):
        assert {told.problem.path for told in check([path])} == {"cases/cases/bad.md"}
    assert check([TESTS / "cases"]) == []


def test_a_file_given_twice_is_told_once(folder: Path) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    assert check([folder, folder / "cases" / "bad.md"]) == check([folder])


# --- code hosts -------------------------------------------------------------------------------------------------------


def test_mistakes_come_before_advice_since_github_shows_few() -> None:
    many = [finding(f"Mistake {number}", level="advice" if number < 12 else "error") for number in range(24)]
    *lines, last = printed("github", *many).splitlines()
    assert [line.split()[0] for line in lines] == ["::error"] * 12 + ["::notice"] * 12
    assert "summary" in last
    assert not last.startswith("::")
    assert "summary" not in printed("github", *many[:MAX_ANNOTATIONS])


def test_the_summary_has_all(runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert runner.invoke(main, ["check", str(BROKEN)]).exit_code == 1
    assert not page.exists(), "who reads text has read all"
    page.write_text("Before.\n", encoding="utf-8")
    assert runner.invoke(main, ["check", str(BROKEN), "--format", "github"]).exit_code == 1
    written = page.read_text(encoding="utf-8")
    assert written.startswith("Before.\n")
    assert written.count("\n- Line ") == len(check([BROKEN])) > MAX_ANNOTATIONS
    other = tmp_path / "other.md"
    runner.invoke(main, ["check", str(BROKEN), "--summary", str(other)])
    assert other.read_text(encoding="utf-8") == written.removeprefix("Before.\n")


def test_a_summary_that_cannot_be_written_stops_nothing(runner: CliRunner, tmp_path: Path) -> None:
    done = runner.invoke(main, ["check", str(BROKEN), "--format", "github", "--summary", str(tmp_path / "no" / "x.md")])
    assert done.exit_code == 1
    assert "::error" in done.stdout
    assert "could not be written" in " ".join(done.stderr.split())


def test_the_summary_is_bounded_and_says_how_many_are_left_out() -> None:
    many = [finding(f"{number} " + "ä" * 2_000, line=number + 1) for number in range(2_000)]
    written = summary([*many, finding("Advised.", level="advice")])
    assert len(written.encode()) < MAX_SUMMARY + 1_000
    told = written.count("\n- Line ")
    assert f"There are {2_001 - told:,} more" in written
    assert summary([]) == "## Content check\n\nEverything is fine.\n"


@pytest.mark.parametrize("words", FORGED)
def test_the_summary_is_in_nobody_elses_name(words: str) -> None:
    written = summary([finding(words, words, file="content/cases/@me #1.md")])
    assert not re.search(r"(?<!\\)<|@me|(?<!\\)\[x\]|-->|(?m:^(?![\-#0-9]).*forged)|\x1b|\x00|(?m:^/)", written)
    assert written.count("\n") == len(["heading", "", "sum", "", "path", "", "problem"])


def test_gitlab_knows_a_problem_again_and_tells_two_apart() -> None:
    found = check([BROKEN])
    body = json.loads(printed("gitlab", *found))
    marks = [one["fingerprint"] for one in body]
    assert len(set(marks)) == len(marks) == len(found)
    moved = [Finding(Problem(**{**vars(one.problem), "line": one.problem.line + 5}), one.file) for one in found]
    assert [one["fingerprint"] for one in json.loads(printed("gitlab", *moved))] == marks
    assert {one["severity"] for one in body} == {"major", "minor"}
    for one in body:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["location"]["path"].startswith("tests/broken")
        assert one["location"]["lines"]["begin"] >= 1
        assert not re.search(r"\.\d+(\.|$)", one["check_name"])


def test_sarif_names_tool_rules_and_places() -> None:
    found = check([BROKEN])
    body = json.loads(printed("sarif", *found))
    [run] = body["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert body["version"] == "2.1.0"
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(found)
    for result, one in zip(run["results"], found, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "note")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", place["artifactLocation"]["uri"])
        assert place["region"] == {"startLine": one.problem.line, "startColumn": one.problem.column}


# --- contributed words as Markdown ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "reference"), [
    ("ask @somebody", "@somebody"), ("fixes #12", "#12"), ("see !12", "!12"), ("GH-12", "GH-12"), ("a/x#12", "x#12"),
    ("~label %milestone $1 &1 ^alert#1", "~label|%milestone|\\$1|&1|\\^alert"), ("https://evil.example", "://"),
    ("www.evil.example", "www\\."), ("me@evil.example", "me@evil"), ("mailto:x", "mailto:x"), (":smile:", ":smile"),
    ("{+added+} [-gone-]", r"\{\+|\[-"), ("deadbeef1234", "deadbeef"), ("<b>", "(?<!\\\\)<"), ("-->", "-->"),
    ("[words](https://x.org)", r"(?<!\\)\["), ("`code`", r"(?<!\\)`"), ("**bold** _x_ ~~x~~", r"(?<!\\)[*_~]"),
    ("a | b", r"(?<!\\)\|"),
    ("# head", "^#"), ("- item", "^-"), ("12. item", r"^12\."), ("/close", "^/"), ("=====", "^="), ("> quote", "^>"),
    ("&lt;b&gt;", r"(?<!\\)&"), ("a\n\n/close", "\n"), ("::error::x", "::error")])
def test_contributed_words_are_shown_as_they_are(words: str, reference: str) -> None:
    assert re.search(reference, words) or reference.startswith(("^", "(?<!"))
    assert not re.search(reference, markdown_text(words))


@given(st.text(max_size=60))
def test_markdown_adds_only_what_is_not_seen(words: str) -> None:
    made = markdown_text(words)
    assert "\n" not in made
    plain = re.sub(r"\\(.)", r"\1", made.replace(report.JOINER, ""))
    assert plain == " ".join(words.split()).translate({ord(one): "�" for one in words if not one.isprintable()}) or (
        not words.isprintable())
