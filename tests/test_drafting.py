"""A new file helps whoever fills it in, can be filled in by what it says, and never takes the place of another."""

import errno
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from innoshare import content
from innoshare.case import Case
from innoshare.choices import Section
from innoshare.cli import main
from innoshare.content.forms import MAX_SLUG, SLUG, slug_of
from innoshare.content.frontmatter import read as read_front_matter
from innoshare.drafting import MOST_ASKED, annotated, assign, city_named, create, filled, missing, suggested
from innoshare.errors import BadInput, Problem
from innoshare.schema import KINDS

SMALL = Path(__file__).parent / "cases"
VOCABULARY = content.read(SMALL).vocabulary
TODAY = date.today()


def told(error: BadInput) -> str:
    return " ".join(f"{name}: {words}" for name, words in error.mistakes)


def errors(path: Path) -> list[Problem]:
    """What must be mended in a file of a content folder."""
    return [problem for problem in content.read(path.parent.parent).problems
            if problem.level == "error" and problem.path.endswith(f"{path.parent.name}/{path.name}")]


# --- the file that is written -------------------------------------------------------------------------------------


def test_without_a_vocabulary_a_new_file_says_where_its_values_will_be() -> None:
    text = annotated("case", {}, {**VOCABULARY, "themes": {}})
    [line] = re.findall(r"## There is nothing to choose from yet: (\S+),.*\n## .*\n# (themes):", text)
    assert line == ("vocabulary/themes.yaml", "themes")
    assert "nothing to choose" not in annotated("case", {}, VOCABULARY)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_has_every_field_with_its_help_and_uses_only_what_is_needed(kind: str) -> None:
    what = KINDS[kind]
    text = annotated(kind, filled(kind, {}, TODAY), VOCABULARY)
    rows = text.splitlines()
    for name, field in what.model.model_fields.items():
        if name not in what.fields:
            continue
        (row,) = [number for number, line in enumerate(rows) if re.match(rf"(# )?{name}:", line)]
        begin = max(number for number in range(row) if not rows[number])
        help_ = " ".join(line.removeprefix("## ") for line in rows[begin + 1:row])
        assert re.sub(r"\s+", " ", field.description or "") in help_
    in_use = set(re.findall(r"^([a-z_]+):", text, re.MULTILINE))
    assert in_use == {*what.in_draft, *({"status", "updated"} if kind != "city" else {})}
    assert max(map(len, rows)) <= 100


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_as_it_was_written_is_refused(kind: str, folder: Path) -> None:
    """All of it in use and nothing filled in: every sign is told in its place."""
    values = {"status": "published"} if kind == "case" else {}
    text = in_use(annotated(kind, filled(kind, values, TODAY), VOCABULARY))
    wrong = {problem.field.partition(".")[0] for problem in errors(create(folder, kind, "new", text))}
    written = {"case": {"status", "updated", "licence"}, "challenge": {"status", "published", "updated", "licence"},
               "city": set()}[kind]
    assert wrong >= set(KINDS[kind].fields) - written


def in_use(text: str) -> str:
    """A file with every field uncommented, as an editor does it, and the explanations left."""
    return re.sub("^# ", "", text, flags=re.MULTILINE)


# What is no matter of form, and must fit the small content: which files there are, and what a tag is.
KNOWN = {"city": "testby", "inspired_by": "sandhaven-rent-fund", "case": "testby-night-buses",
         "translation_of": "testby-night-buses",
         "answered_by": "sandhaven-rent-fund", "tags": "night-bus"}
FIGURES = {"digits": "2", "YYYY": "2020"}
FREE = "Something that others can read."


class Reader:
    """Somebody who fills in a file by nothing but what stands in it, and chooses the `pick`th of what it offers."""

    def __init__(self, pick: int) -> None:
        self.pick = pick

    def fill(self, text: str) -> str:
        """The file with a value wherever there is a sign, or nothing."""
        _, head, body = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
        return "---\n" + "\n".join(self.lines(in_use(head).splitlines())) + "\n---\n" + re.sub(
            "^(## .*)$", rf"\1\n\n{FREE}", body, flags=re.MULTILINE)

    def lines(self, rows: Sequence[str]) -> Iterator[str]:
        help_: list[str] = []
        top = ""
        for number, row in enumerate(rows):
            if row.startswith("##"):
                help_ = [*([] if not rows[number - 1] else help_), row[2:]]
                yield row
            elif match := re.fullmatch(r"( *(?:- )?)([a-z_]+):(?: (.*))?", row):
                top = top if match[1] else match[2]
                group = number + 1 < len(rows) and rows[number + 1].startswith("  ") and not match[1]
                value = "" if group else self.value(match[2], match[3] or "", self.said(help_, match[2], not match[1]))
                yield f"{match[1]}{match[2]}: {value}".rstrip()
            else:
                yield f"  - {FREE}" if row == "  -" else row

    @staticmethod
    def said(help_: Sequence[str], name: str, is_top: bool) -> str:
        """What is said of a field: all of it, or what stands behind the name of a part."""
        whole = "\n".join(help_)
        parts = re.split(r"\n   ([a-z_]+): ", f"\n{whole}")
        return whole if is_top else " ".join(parts[parts.index(name) + 1].split())

    def value(self, name: str, sign: str, said: str) -> str:
        inner = sign.strip("[]")
        if sign and inner not in ("a few words", "name-of-a-file", "name-from-the-list", *FIGURES) and not re.search(
                r"\||YYYY|^https://$|^Q$|goal", inner):
            return sign  # is written already
        offered = self.offered(inner, said)
        value = offered[self.pick % len(offered)] if offered else KNOWN.get(name, FIGURES.get(inner, FREE))
        assert offered or inner not in ("https://", "YYYY-MM", "YYYY-MM-DD", "Q"), f"{name} has a form and no example"
        return f"[{value}]" if sign.startswith("[") else value

    @staticmethod
    def offered(sign: str, said: str) -> list[str]:
        """The values that are offered: a list of them, the ends of a scale, or examples."""
        if " | " in sign:
            return sign.split(" | ")
        if sign == "name-from-the-list":
            return re.findall(r"^   ([a-z0-9-]+): ", said, re.MULTILINE) or re.findall(
                r"`([a-z-]+)`", said.partition("One of: ")[2])
        if scale := re.search(r"a number from (\S+) to (\S+?)[.,]", said):
            return [scale[1], scale[2]]
        examples = re.search(r"(?:\bas |: )((?:(?:`[^`]+`|\"[^\"]+\"|[\w-]+)(?:, | or )?)+?)(?=;|\.?$|, or `unknown`)",
                             " ".join(said.split()))
        return [value.strip("`") for value in re.split(", | or ", examples[1])] if examples else []


def test_the_reader_of_these_tests_finds_what_is_offered() -> None:
    assert Reader.offered("YYYY-MM", "When it began: 2019, 2019-05 or 2019-05-31, or `unknown`.") == [
        "2019", "2019-05", "2019-05-31"]
    assert Reader.offered("https://", "Its page; as `https://example.org/report`.") == ["https://example.org/report"]
    assert Reader.offered('"goal.target"', 'SDG targets, as "11.2"; a list of at most 20.') == ['"11.2"']
    assert Reader.offered("", "ISO 3166 code, two capital letters, as SE.") == ["SE"]
    assert Reader.offered("", "What was done and what came of it; at most 280 characters.") == []
    assert Reader.offered("name-from-the-list", "Kind. One of: `sme` (a firm), `ngo`.") == ["sme", "ngo"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pick", range(12))
def test_a_file_filled_in_by_its_own_words_passes_the_check(kind: str, pick: int, folder: Path) -> None:
    """Every field is in use, and has one of the values or examples that its help offers."""
    values: dict[str, Any] = {"case": {"status": "published", "language": "fi"},
                              "challenge": {"status": "matched", "city": "testby"}, "city": {}}[kind]
    text = Reader(pick).fill(annotated(kind, filled(kind, values, TODAY), VOCABULARY))
    assert set(read_front_matter(text.encode(), "new").values) == set(KINDS[kind].fields)
    assert errors(create(folder, kind, "new", text)) == []


def test_only_what_is_needed_makes_a_draft_and_then_a_published_case(folder: Path) -> None:
    given_ = {"title": "A", "summary": "B", "language": "sv", "challenge": "C"}
    draft = create(folder, "case", "draft", annotated("case", filled("case", given_, TODAY), VOCABULARY))
    assert errors(draft) == []
    text = annotated("case", filled("case", {**given_, "city": "testby", "status": "published"}, TODAY), VOCABULARY)
    needed = Reader(0).fill(re.sub("^#(?!#).*\n", "", text, flags=re.MULTILINE))
    assert errors(create(folder, "case", "done", needed)) == []
    assert "done" in content.read(folder).cases


def test_the_sections_of_a_case_stand_ready_with_what_belongs_into_them() -> None:
    text = annotated("case", {}, VOCABULARY)
    head, body = text.rsplit("---\n", 1)
    assert re.findall("^## (.*)$", body, re.MULTILINE) == [section.label for section in Section]
    assert all(f"##   {section.label}: {section.help}" in head for section in Section)


@pytest.mark.parametrize("value", [
    "A: b", "“Quotes” and \"more\"", "---", "# no remark", "'", "- a", "yes", "12:30", "a\\n", "{x}", "[a",
    "*a", "é" * 100])
def test_odd_titles_are_written_so_that_they_are_read_back(value: str) -> None:
    text = annotated("case", filled("case", {"title": value, "challenge": f"{value}\n{value}"}, TODAY), VOCABULARY)
    parts = read_front_matter(text.encode(), "x")
    assert (parts.values["title"], parts.values["challenge"]) == (value, f"{value}\n{value}")


@pytest.mark.parametrize("value", ["", " ", "a\x1b[31m", "a\u202eb", "a\x00", "\ud800"])
def test_what_cannot_be_written_is_told_by_its_field(value: str) -> None:
    with pytest.raises(BadInput) as caught:
        annotated("case", {"title": value}, VOCABULARY)
    assert caught.value.mistakes[0][0] == "title"
    with pytest.raises(BadInput, match="Did you mean `title`"):
        annotated("case", {"titel": "A"}, VOCABULARY)


# --- names of files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "slug"), [
    ("Night buses on call", "night-buses-on-call"), ("Łódź’s Ærø & Straße", "lodzs-aero-strasse"), ("🚌 Bus", "bus"),
    ("Þórshöfn", "thorshofn"), ("Θεσσαλονίκη", "thessaloniki"), ("Київ", "kiiv"), ("Näkter: å", "nakter-a"),
    ("../../etc/passwd", "etc-passwd"), ("...", ""), ("", ""), ("A\nB\x00C", "a-b-c")])
def test_a_name_is_made_of_letters_of_any_script(text: str, slug: str) -> None:
    assert slug_of(text) == slug


@given(st.text(max_size=300), st.sampled_from(["", "stockholm", "testby"]))
@settings(max_examples=300, deadline=None)
def test_a_suggested_name_is_the_name_of_a_file_or_nothing(title: str, city: str) -> None:
    name = suggested("case", {"title": title, "city": city})
    assert not name or (SLUG.fullmatch(name) and len(name) <= MAX_SLUG)


def test_a_suggested_name_begins_with_the_city_once_and_ends_with_a_word() -> None:
    assert suggested("case", {"title": "Night buses", "city": "testby"}) == "testby-night-buses"
    assert suggested("case", {"title": "Testby night buses", "city": "testby"}) == "testby-night-buses"
    assert suggested("case", {"title": "Testbyers ride", "city": "testby"}) == "testby-testbyers-ride"
    long = suggested("case", {"title": "word " * 40, "city": "testby"})
    assert re.fullmatch("testby(-word)+", long)
    assert len(suggested("city", {"name": "x" * 200})) == MAX_SLUG
    assert suggested("case", {"city": "testby"}) == ""


def test_a_city_is_found_by_its_name_in_any_language() -> None:
    cities = content.read(SMALL).cities
    assert [city_named(text, cities) for text in ("Testby", "testby", "provstad", "Malmö", "!")] == [
        "testby", "testby", "testby", "malmo", ""]


# --- values given on the command line -----------------------------------------------------------------------------


def test_values_go_to_their_places() -> None:
    values: dict[str, Any] = {}
    for place, text in (
            ("stage", "pilot"), ("themes", "mobility, food"), ("themes", "ageing"), ("cost.setup", "20"),
            ("lessons", "Ask first, then count."), ("sources.0.url", "https://a.b"), ("cost.currency", "EUR"),
            ("sources.0.title", "A"), ("sources.1.url", "https://b.c"), ("evaluation", "unknown"), ("stage", "scaled")):
        before = dict(values)
        values, kept = assign("case", values, place, text), values
        assert kept == before, "what was handed in stays as it was"
    assert values == {
        "stage": "scaled", "themes": ["mobility", "food", "ageing"], "cost": {"setup": "20", "currency": "EUR"},
        "lessons": ["Ask first, then count."], "evaluation": "unknown",
        "sources": [{"url": "https://a.b", "title": "A"}, {"url": "https://b.c"}]}


@pytest.mark.parametrize(("place", "words"), [
    ("colour", "There is no field `colour`"), ("titel", "Did you mean `title`?"), ("slug", "There is no field `slug`"),
    ("body", "There is no field `body`"), ("", "There is no field"), ("cost.colour", "There is no place"),
    ("title.x", "There is no place"), ("sources.x.url", "There is no place"), ("sources.5.url", "without a gap"),
    ("cost", "either in parts or as `unknown`"), ("cost.setup.x", "There is no place"), ("0", "There is no field"),
    ("sources.9999.url", "There is no place"), ("..", "There is no field"), ("cost.setup.x.y", "There is no place")])
def test_a_place_that_does_not_exist_is_told(place: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        assign("case", {"cost": {"setup": "1"}, "stage": "pilot"}, place, "x")
    assert caught.value.mistakes[0][0] == place
    assert words in told(caught.value)


def test_the_facts_that_readers_miss_are_the_unsaid_ones_of_the_wanted() -> None:
    assert {name for name, _ in MOST_ASKED} <= {name for name, field in Case.front_matter() if not field.is_required()}
    case = content.read(SMALL).cases["testby-night-buses"]
    unsaid = [name for name, _ in missing(case)]
    assert unsaid[:2] == ["adaptable", "core"]
    assert not {"cost", "results", "last_verified"} & set(unsaid)
    assert next(name for name, _ in missing({"cost": "unknown"})) == "staff_fte"


# --- on disk ------------------------------------------------------------------------------------------------------


def test_of_many_who_make_the_same_file_at_once_one_does(folder: Path) -> None:
    def attempt(number: int) -> int | str:
        try:
            create(folder, "case", "race", f"{number}\n" * 1_000)
        except BadInput as error:
            return told(error)
        return number

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(attempt, range(64)))
    (winner,) = [result for result in results if isinstance(result, int)]
    assert (folder / "cases" / "race.md").read_text(encoding="utf-8") == f"{winner}\n" * 1_000


@pytest.mark.parametrize("slug", ["../x", "..", "", "a/b", "A", "å", "x" * 61, "a.md", "-a", "a\n", "con\x00"])
def test_a_name_that_is_none_is_refused_with_a_better_one(slug: str, folder: Path) -> None:
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(BadInput, match=r"Write it as `[a-z-]+`") as caught:
        create(folder, "case", slug, "x")
    assert caught.value.mistakes[0][0] == "--slug"
    assert sorted(folder.parent.rglob("*")) == before


def test_what_has_the_name_already_stays_as_it_is(folder: Path) -> None:
    taken = folder / "cases" / "testby-night-buses.md"
    before = taken.read_bytes()
    (folder / "cases" / "led-astray.md").symlink_to(folder / "nowhere.md")
    (folder / "cases" / "folder.md").mkdir()
    for slug in ("testby-night-buses", "led-astray", "folder"):
        with pytest.raises(BadInput, match="stays as it is"):
            create(folder, "case", slug, "x")
    assert taken.read_bytes() == before
    assert not (folder / "nowhere.md").exists()


def test_a_missing_folder_is_made_and_one_that_is_none_is_told(tmp_path: Path) -> None:
    assert create(tmp_path / "new", "challenge", "a", "x") == tmp_path / "new" / "challenges" / "a.md"
    (tmp_path / "cities").symlink_to(tmp_path / "new")
    (tmp_path / "cases").write_text("", encoding="utf-8")
    for kind in ("city", "case"):
        with pytest.raises(BadInput, match="put a real folder here"):
            create(tmp_path, kind, "a", "x")


def test_where_nothing_can_be_written_a_sentence_says_so(folder: Path) -> None:
    with pytest.raises(BadInput, match="cannot be made"):  # not even root may
        create(Path("/proc"), "case", "a", "x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything, and write")
def test_a_folder_that_may_only_be_read_is_told(folder: Path) -> None:
    (folder / "cases").chmod(0o555)
    with pytest.raises(BadInput, match=os.strerror(errno.EACCES)):
        create(folder, "case", "a", "x")


def test_on_a_full_disk_no_half_file_stays(folder: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1 && exec "$0" -m innoshare new case --title A', sys.executable], capture_output=True,
        text=True, check=False, stdin=subprocess.DEVNULL, env={**os.environ, "INNOSHARE_CONTENT": str(folder)})
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert not (folder / "cases" / "a.md").exists()


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def new(runner: CliRunner, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `innoshare new` on a copy of the small content; its standard input is no terminal."""
    monkeypatch.setenv("INNOSHARE_CONTENT", str(folder))
    return lambda *arguments: runner.invoke(main, ["new", *arguments])


def test_new_writes_a_file_and_says_where_and_what_next(new: Any, runner: CliRunner, folder: Path) -> None:
    result: Result = new("case", "--title", "Näktergång", "--city", "testby", "--language", "sv", "--summary", "S",
                         "--challenge", "C", "--set", "stage=pilot", "--set", "cost.currency=EUR")
    assert result.exit_code == 0, result.output
    path = folder / "cases" / "testby-naktergang.md"
    assert result.stdout == f"{path}\n"
    assert f"innoshare check {path}" in result.stderr
    values = read_front_matter(path.read_bytes(), "x").values
    assert values == {"title": "Näktergång", "summary": "S", "language": "sv", "status": "draft", "challenge": "C",
                      "updated": TODAY.isoformat(), "city": "testby", "stage": "pilot", "cost": {"currency": "EUR"}}
    assert runner.invoke(main, ["check", str(path)]).exit_code == 0
    again: Result = new("case", "--title", "Näktergång", "--city", "testby")
    assert again.exit_code == 2
    assert "stays as it is" in again.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_folder(kind: str, new: Any, folder: Path) -> None:
    result: Result = new(kind, "--name", "Kirkenes")
    assert result.exit_code == 0, result.output
    assert (folder / KINDS[kind].folder / "kirkenes.md").exists()


def test_a_city_without_a_file_is_told_with_the_command_for_it(new: Any, folder: Path) -> None:
    result: Result = new("case", "--title", "Buses", "--city", "testbi")
    assert result.exit_code == 0
    assert (folder / "cases" / "testbi-buses.md").exists()
    assert "Did you mean `testby`?" in result.stderr
    assert "innoshare new city --slug testbi" in result.stderr


@pytest.mark.parametrize(("arguments", "words"), [
    (["--title", "x" * 10_000], "at most 100"), (["--title", "One\nTwo"], "line break"),
    (["--title", "A\x1b[31mB"], "hidden character (U+001B)"), (["--title", "A\x00B"], "hidden character"),
    (["--set", "colour=red"], "no field `colour`"), (["--set", "title"], "has no ="), (["--set", "=x"], "no field"),
    (["--set", "stage=done"], "`pilot`"), (["--set", "themes=mobility, traffic"], "`traffic`"),
    (["--set", "cost.setup=lots"], "not a number"), (["--set", "sources.0.url=www.example.org"], "https://www.example.org"),
    (["--slug", "../x"], "not the name of a file"), (["--slug", "testby-night-buses"], "stays as it is"),
    (["--city", "../../etc"], "`city`"), (["--language", "Swedish"], "two small letters"), ([], "--title"),
    (["--title", "!!!"], "--slug"), (["--set", "updated=tomorrow"], "year-month-day"),
    (["--set", "contact.role=me@example.org"], "e-mail"), (["--set", "what_failed=" + "y" * 70_000], "larger than"),
])
def test_what_cannot_stand_is_told_and_nothing_is_written(arguments: list[str], words: str, new: Any,
                                                          folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    result: Result = new("case", *arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert "\x1b" not in result.stderr
    assert "Traceback" not in result.output
    assert sorted(folder.rglob("*")) == before


def test_a_field_of_another_kind_is_told(new: Any) -> None:
    result: Result = new("city", "--name", "Kirkenes", "--summary", "S")
    assert result.exit_code == 2
    assert "There is no field `summary`" in result.stderr


def test_hostile_titles_stay_titles(new: Any, folder: Path) -> None:
    for title in ("---", 'say "no"', "a: b # c", "{{ x }} [red]", "%s $(id) `id`"):
        result: Result = new("case", "--title", title, "--slug", "odd", "--stdout")
        assert result.exit_code == 0, result.output
        assert read_front_matter(result.stdout.encode(), "x").values["title"] == title
    assert not (folder / "cases" / "odd.md").exists(), "--stdout writes no file"


def test_without_content_it_says_how_to_begin(runner: CliRunner, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(tmp_path / "nowhere"))
    result = runner.invoke(main, ["new", "case", "--title", "A"])
    assert result.exit_code == 2
    assert "innoshare init" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_in_any_locale_the_file_is_utf_8(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "innoshare", "new", "city", "--name", "Łódź", "--stdout"], capture_output=True,
        check=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "INNOSHARE_CONTENT": str(folder), "PYTHONIOENCODING": "ascii"})
    assert "name: Łódź\n" in done.stdout.decode()


def conversation(folder: Path, arguments: Sequence[str], answers: str) -> tuple[int, str, str]:
    """Status, output and questions of `innoshare new` in a terminal in which somebody types `answers`."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "innoshare", "new", *arguments], stdin=theirs, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={**os.environ, "INNOSHARE_CONTENT": str(folder)})
        os.write(ours, answers.encode())
        output, questions = process.communicate(timeout=60)
        return process.returncode, output, questions
    finally:
        os.close(ours)
        os.close(theirs)


def test_in_a_terminal_it_asks_until_the_answers_fit(folder: Path) -> None:
    typed = ["Buses" + "!" * 100, "Night buses", "Provstad", "Swedish", "sv", "", "../x", "testby-buses-at-night"]
    status, output, questions = conversation(folder, ["case"], "\n".join(typed) + "\n")
    assert status == 0, questions
    path = folder / "cases" / "testby-buses-at-night.md"
    assert output == f"{path}\n"
    values = read_front_matter(path.read_bytes(), "x").values
    assert (values["title"], values["city"], values["language"]) == ("Night buses", "testby", "sv")
    for words in ("at most 100", "two small letters", "[testby-night-buses]", "stays as it is", "not the name of"):
        assert words in questions, words


def test_what_is_given_is_not_asked_and_what_is_not_known_may_be_left_out(folder: Path) -> None:
    status, output, questions = conversation(folder, ["challenge", "--title", "Way home"], "\n\nhome\n")
    assert status == 0, questions
    assert output == f"{folder / 'challenges' / 'home.md'}\n"
    assert "one line" not in questions
    assert "What is wanted, in one line" in conversation(folder, ["challenge"], "\x04")[2]
    values = read_front_matter((folder / "challenges" / "home.md").read_bytes(), "x").values
    assert (values["title"], values["language"], values["city"]) == ("Way home", "en", "name-of-a-file")


def test_a_city_that_is_misspelt_or_has_no_file_is_asked_about(folder: Path) -> None:
    status, output, questions = conversation(folder, ["case", "--title", "A", "--language", "en"], "Testbi\n\n\n")
    assert status == 0, questions
    assert "Did you mean testby?" in questions
    assert output == f"{folder / 'cases' / 'testby-a.md'}\n"
    status, output, questions = conversation(
        folder, ["case", "--title", "A", "--language", "en"], "Łódź\n\n\n\nPL\n")
    assert status == 0, questions
    assert "There is no city" not in questions, "it is asked at once whether to begin its file"
    assert output.splitlines() == [str(folder / "cases" / "lodz-a.md"), str(folder / "cities" / "lodz.md")]
    values = read_front_matter((folder / "cities" / "lodz.md").read_bytes(), "x").values
    assert (values["name"], values["country"]) == ("Łódź", "PL")


def test_a_city_whose_file_is_not_filled_in_yet_can_be_named(new: Any, folder: Path) -> None:
    """As the README tells it: first the city, then the case, then both are filled in."""
    assert new("city", "--name", "Kirkenes").exit_code == 0
    for kind in ("case", "challenge"):
        result: Result = new(kind, "--title", "Buses", "--city", "kirkenes")
        assert result.exit_code == 0, result.output
        assert "Mend content/cities/kirkenes.md" in " ".join(result.stderr.split())
        assert (folder / KINDS[kind].folder / "kirkenes-buses.md").exists()


def test_whoever_leaves_in_the_middle_has_written_nothing(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    status, _, questions = conversation(folder, ["city"], "Kirkenes\n\x04")
    assert status == 1
    assert "Traceback" not in questions
    assert sorted(folder.rglob("*")) == before
