"""What a pull request is told: in clones of a bare repository, which stands for the code host, of branches that a
contributor has pushed there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from innoshare import edition
from innoshare.choices import LANGUAGES
from innoshare.comment import MARKER, MAX_COMMENT, checked
from innoshare.config import Settings
from innoshare.errors import GitError
from innoshare.report import markdown_line, markdown_name
from innoshare.review import review
from innoshare.web import preview

TESTS = Path(__file__).parent
COMMAND = [sys.executable, "-m", "innoshare"]

# Without figures for cost, and outcome misspelt.
TAXIS = """---
title: Taxis on call for the night shift
summary: After midnight taxis came when a nurse called. Waiting times halved, and the city paid a third less.
language: en
city: sandhaven
status: published
updated: 2026-05-14
challenge: >-
  Late at night our buses drive around almost empty, while nurses and bar staff cannot get home from their late shifts.
  More lines would cost more than we have.
challenge_types: [access-barrier, cost-pressure]
themes: [mobility]
approaches: [service-redesign]
stage: implemented
start: 2022-09
outcome: posutive
evidence_level: 2
what_failed:
  - Nobody knew the telephone number.
sources:
  - url: https://reports.example.org/sandhaven-taxis
    title: "Taxis on call: the first year"
    accessed: 2026-05-02
contact:
  role: Transport office
  organisation: City of Sandhaven
  url: https://sandhaven.example.org/transport
---

## Situation

The night buses were empty.

## What was done

Taxis stand where the buses stood.

## Results

[More nurses](https://reports.example.org/sandhaven-taxis) took the job.

## How to do it

Ask the hospitals when their shifts end.

## What went wrong

Nobody knew the telephone number.
"""

CHALLENGE = """---
title: {title}
language: en
city: sandhaven
status: open
published: 2026-05-01
updated: 2026-05-01
challenge: {challenge}
challenge_types: [access-barrier]
themes: [mobility]
sources:
  - url: https://sandhaven.example.org/call
    title: Call for ideas
    accessed: 2026-05-02
contact:
  role: Transport office
  organisation: City of Sandhaven
  url: https://sandhaven.example.org/transport
---
"""

Change = Callable[[Path], object]


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, check=True, capture_output=True, text=True, errors="replace").stdout.strip()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository with the small cases on `main`."""
    place = tmp_path_factory.mktemp("forge")
    shutil.copytree(TESTS / "cases", place / "work" / "content")
    (place / "work" / "README.md").write_text("Ours\n", encoding="utf-8")
    git(place, "init", "-q", "--bare", "forge.git")
    git(place, "init", "-q", "work")
    git(place / "work", "add", "-A")
    git(place / "work", "commit", "-qm", "The library")
    git(place / "work", "push", "-q", "../forge.git", "HEAD:main")
    return place / "forge.git"


@pytest.fixture
def contribute(published: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a change in a clone, push it as the branch `idea`, and give another, fresh clone of that branch."""
    forge = shutil.copytree(published, tmp_path / "forge.git")

    def contribute(change: Change, *options: str) -> Path:
        if not (tmp_path / "work").exists():
            git(tmp_path, "clone", "-q", "--branch", "main", str(forge), "work")
            git(tmp_path / "work", "checkout", "-q", "-b", "idea")
        change(tmp_path / "work" / "content")
        git(tmp_path / "work", "add", "-A")
        git(tmp_path / "work", "commit", "-qm", "An idea")
        git(tmp_path / "work", "push", "-q", "origin", "idea")
        shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
        git(tmp_path, "clone", "-q", "--branch", "idea", *options, f"file://{forge}", "fresh")
        return tmp_path / "fresh"

    return contribute


def told(clone: Path, base: str = "origin/main", **settings: str) -> str:
    text = review(Settings(content=clone / "content", data=clone.parent / "data", **settings), base)  # type: ignore[arg-type]
    assert text.startswith(f"{MARKER}\n")
    assert text.endswith("The same check on your own machine: `innoshare check`.\n") or "changes nothing" in text
    return checked(text, list(settings.values()))  # what is written here can also be posted


def write(path: str, text: str) -> Change:
    def change(content: Path) -> None:
        (content / path).parent.mkdir(exist_ok=True)
        (content / path).write_text(text, encoding="utf-8")
    return change


def replace(path: str, old: str, new: str) -> Change:
    def change(content: Path) -> None:
        text = (content / path).read_text(encoding="utf-8")
        assert old in text
        (content / path).write_text(text.replace(old, new), encoding="utf-8")
    return change


def test_a_branch_with_a_new_case_is_told_what_to_mend_and_then_what_it_gives(contribute: Callable[..., Path]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INNOSHARE_")}

    def command(clone: Path, *more: str) -> str:
        done = subprocess.run([*COMMAND, "review", "--base", "origin/main", *more], cwd=clone, env=environment,
                              check=True, capture_output=True, text=True)
        return done.stdout

    text = command(contribute(write("cases/sandhaven-taxis.md", TAXIS)))
    assert "1 file of the content changed. 1 thing has to be mended before readers can see all of it." in text
    assert "#### `content/cases/sandhaven-taxis.md` (new)" in text
    assert re.search(r"^- Line 16: `outcome` is `posutive`.* \*\*.*`positive`.*\*\*$", text, re.MULTILINE)
    assert "- What did it cost? (`cost`)" in text
    assert "- Night buses on call instead of empty timetables (Testby)" in text, "also before it can be shown"
    assert "wanted board" not in text

    clone = contribute(replace("cases/sandhaven-taxis.md", "posutive", "positive"))
    text = command(clone, "--preview", "out")
    assert "1 file of the content changed, and nothing has to be mended." in text
    assert re.search(r"^\*\*\d+% complete\*\*", text, re.MULTILINE)
    assert "On the wanted board, it answers:\n\n- A way home for nurses after the late shift (Sandhaven)\n" in text
    assert "Cases that look like it." in text
    assert "open `out/index.html` (1 page)" in text
    assert "Taxis on call for the night shift" in (clone / "out/index.html").read_text(encoding="utf-8")


def test_an_uncommitted_change_counts_and_a_draft_is_no_mistake(contribute: Callable[..., Path]) -> None:
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS))
    write("cases/sandhaven-taxis.md", "---\ntitle: Taxis\nsummary: Taxis at night.\nlanguage: en\nstatus: draft\n"
          "challenge: Late at night our buses drive around almost empty, while nurses cannot get home.\n---\n")(
              clone / "content")
    text = told(clone)
    assert "nothing has to be mended" in text
    assert "This is a draft" in text
    assert "**0% complete**" in text
    assert "Night buses on call instead of empty timetables" in text, "what is alike is known of a draft too"


def test_a_case_of_another_problem_is_told_that_it_answers_none(contribute: Callable[..., Path]) -> None:
    words = ("Late at night our buses drive around almost empty, while nurses and bar staff cannot get home from their "
             "late shifts.\n  More lines would cost more than we have.")
    text = told(contribute(write("cases/sandhaven-taxis.md", TAXIS.replace("posutive", "positive").replace(
        words, "Pigeons nest on the town hall, and every year we paint its front anew."))))
    assert "It answers none of the open challenges on the wanted board." in text


def test_a_new_challenge_is_told_who_has_solved_it(contribute: Callable[..., Path]) -> None:
    text = told(contribute(write("challenges/sandhaven-nights.md", CHALLENGE.format(
        title="Night buses", challenge="Late at night our buses drive around almost empty, while nurses and bar staff "
        "still cannot get home from their shifts."))), base_url="https://library.example")
    assert "Somebody may have solved this before:" in text
    assert ("- [Night buses on call instead of empty timetables](https://library.example/cases/testby-night-buses) "
            "(Testby), a strong match: “") in text


def test_a_new_challenge_that_nobody_has_solved_is_told_so(contribute: Callable[..., Path]) -> None:
    text = told(contribute(write("challenges/sandhaven-pigeons.md", CHALLENGE.format(
        title="Pigeons", challenge="Pigeons nest on the town hall."))))
    assert "nobody here has solved this yet. From now on it looks again whenever a case is added." in text


def test_a_solved_challenge_is_told_what_the_city_itself_names(contribute: Callable[..., Path]) -> None:
    text = told(contribute(replace("challenges/sandhaven-late-shifts.md", "status: open",
                                   "status: solved\nanswered_by: [testby-night-buses]")))
    assert "#### `content/challenges/sandhaven-late-shifts.md` (changed)" in text
    assert "The city itself names as an answer:\n\n- Night buses on call" in text


def test_a_city_is_told_what_its_profile_lacks_and_who_names_it(contribute: Callable[..., Path]) -> None:
    text = told(contribute(replace("cities/sandhaven.md", "population:", "# changed\npopulation:")))
    assert re.search(r"The profile (holds all that is needed. It could also say: `|is complete)", text)
    assert "- `content/cases/sandhaven-rent-fund.md` (its city)" in text
    assert "- `content/cases/testby-night-buses.md` (under `adoptions`)" in text
    new = (TESTS / "cases/cities/sandhaven.md").read_text(encoding="utf-8")
    assert "No case names it yet." in told(contribute(write("cities/newtown.md", new)))


def test_changed_vocabulary_is_told_value_by_value_and_word_by_word(contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        label = "".join(f", {language}: skate{language}" for language in LANGUAGES if language != "en")
        for path, more in (
                ("themes", "skating:\n  label: {en: Skating}\n  help: {en: On wheels.}\n"),
                ("concepts/city-life", f"skate:\n  label: {{en: skate{label}}}\n  synonyms: {{en: [roller]}}\n")):
            with (content / "vocabulary" / f"{path}.yaml").open("a", encoding="utf-8") as file:
                file.write(f"\n{more}")

    text = told(contribute(change))
    assert "It adds 1 value: `skating`." in text
    assert "It adds 12 words: 1 in Danish, 1 in German, 2 in English," in text
    assert re.search(r"\(`[^`]*`(, `[^`]*`){9} and 2 more\)", text)


def test_a_city_that_goes_is_told_who_still_names_it_and_what_breaks(contribute: Callable[..., Path]) -> None:
    text = told(contribute(lambda content: (content / "cities/sandhaven.md").unlink()))
    assert "#### `content/cities/sandhaven.md` (removed)" in text
    assert "Still referred to as `sandhaven`; change these files too:" in text
    assert "#### `content/cases/sandhaven-rent-fund.md`: because of this change" in text
    assert "nothing has to be mended" not in text


def test_a_case_that_goes_quietly_is_told_that_nobody_misses_it(contribute: Callable[..., Path]) -> None:
    text = told(contribute(lambda content: (content / "cases/testby-homework-bus.md").unlink()))
    assert "No other file refers to `testby-homework-bus`." in text
    assert "nothing has to be mended" in text


def test_a_renamed_case_is_told_who_calls_it_by_its_old_name(contribute: Callable[..., Path]) -> None:
    text = told(contribute(lambda content: (content / "cases/testby-night-buses.md").rename(
        content / "cases/testby-buses-at-night.md")))
    assert ("#### `content/cases/testby-buses-at-night.md` (renamed from `content/cases/testby-night-buses.md`)"
            in text)
    assert "Still referred to as `testby-night-buses`; change these files too:" in text
    assert "- `content/cases/testby-nattbussar.md` (under `translation_of`)" in text


def test_a_published_page_that_goes_is_told_that_its_address_goes_too(contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        (content / "cases/testby-homework-bus.md").unlink()
        (content / "cases/sandhaven-rent-fund.md").rename(content / "cases/sandhaven-fund.md")

    text = told(contribute(change))
    gone, renamed = (next(part for part in text.split("\n#### ") if f" ({how}" in part.partition("\n")[0])
                     for how in ("removed", "renamed"))
    assert "The address `/cases/testby-homework-bus` will find nothing" in gone
    assert "write `status: archived`" in gone
    assert "The address `/cases/sandhaven-rent-fund` will find nothing" in renamed
    assert "Keep the old name" in renamed
    assert "% complete" not in renamed, "nobody changed what it tells"


def test_who_keeps_a_case_is_told_what_that_gives_and_not_asked_what_the_case_lacks(
        contribute: Callable[..., Path]) -> None:
    path, entry = "cases/testby-homework-bus.md", (
        "adoptions:\n  - city: sandhaven\n    year: 2024\n    status: adapted\n    {}changes: With [taxis](x)\n")
    first = told(contribute(replace(path, "updated:", entry.format("") + "last_verified: 2026-05-30\nupdated:")))
    assert "Readers will see that it was checked on 2026-05-30." in first
    assert "Its page will say who has taken it up:\n\n- Sandhaven: adopted with changes, 2024\n" in first
    assert "add it as `outcome:`" in first
    assert "% complete" not in first
    assert "look like it" not in first
    second = told(contribute(replace(path, "    changes:", "    outcome: They kept it\n    changes:")))
    assert "taken it up:\n\n- Sandhaven: adopted with changes, 2024\n" in second
    assert "add it as `outcome:`" not in second
    assert "% complete" in told(contribute(replace(path, "\n## Results\n", "\nMore of it.\n\n## Results\n")))


def test_a_translation_is_asked_for_no_facts(contribute: Callable[..., Path]) -> None:
    text = told(contribute(replace("cases/testby-nattbussar.md", "\n## ", "\nMera.\n\n## ")),
                base_url="https://library.example.org")
    assert "It tells [" in text
    assert "](https://library.example.org/cases/testby-night-buses) (Testby) in Swedish." in text
    assert "% complete" not in text


def test_many_files_with_nothing_to_mend_are_folded_away(contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        for number in range(6):
            write(f"cities/place-{number}.md", (content / "cities/sandhaven.md").read_text(encoding="utf-8"))(content)
        write("cases/bad.md", TAXIS)(content)

    text = told(contribute(change))
    start, end = text.index("<details><summary>6 files in which nothing has to be mended</summary>\n\n#### "), (
        text.rindex("\n</details>\n"))
    assert text.index("cases/bad.md` (new)") < start
    assert start < text.index("cities/place-0.md") < text.index("cities/place-5.md") < end


def test_many_new_values_are_counted_and_some_are_named(contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        with (content / "vocabulary/themes.yaml").open("a", encoding="utf-8") as file:
            file.writelines(f"\nskating-{number}:\n  label: {{en: Skating {number}}}\n  help: {{en: On wheels.}}\n"
                            for number in range(100, 122))

    values = ", ".join(f"`skating-{number}`" for number in range(100, 110))
    assert f"It adds 22 values: {values} and 12 more." in told(contribute(change))


def test_what_was_wrong_before_is_not_laid_on_a_change(contribute: Callable[..., Path], tmp_path: Path) -> None:
    def wrong(content: Path) -> None:
        write("notes.md", "Not read")(content)
        write("cases/notes.txt", "Not read")(content)
        write("cases/bad.md", "No header")(content)
        (content / "cases/link.md").symlink_to("testby-night-buses.md")

    contribute(wrong)
    git(tmp_path / "work", "push", "-q", "origin", "idea:main")
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS))
    (clone / ".git/info/exclude").write_text("mine.md\n", encoding="utf-8")
    write("cases/mine.md", "No header")(clone / "content")
    text = told(clone)
    assert "because of this change" not in text
    assert "1 file of the content changed. 1 thing has to be mended" in text


def test_what_is_published_stays_as_it_is(contribute: Callable[..., Path]) -> None:
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS.replace("posutive", "positive")))
    data = clone.parent / "data"
    assert "% complete" in told(clone)
    assert not data.exists()
    git(clone, "checkout", "-q", "--detach", "origin/main")
    edition.build(clone / "content", data)
    before = edition.published(data), edition.publication(data), sorted(data.rglob("*"))
    git(clone, "checkout", "-q", "idea")
    assert "On the wanted board, it answers:" in told(clone)
    assert before == (edition.published(data), edition.publication(data), sorted(data.rglob("*")))


@pytest.mark.parametrize(("start", "given"), [("content/cases", ".."), ("content", "."), ("content", "cases/..")])
def test_the_content_folder_has_one_name_however_it_is_given(
        contribute: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, start: str, given: str) -> None:
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS))
    (clone / "content/cities/sandhaven.md").unlink()
    monkeypatch.chdir(clone / start)
    text = review(Settings(content=Path(given), data=clone.parent / "data"), "origin/main")
    assert "#### `content/cases/sandhaven-taxis.md` (new)\n\n**" in text, "with its mistakes"
    assert "#### `content/cases/sandhaven-rent-fund.md`: because of this change" in text


def test_a_change_outside_the_content_has_nothing_to_say(contribute: Callable[..., Path]) -> None:
    assert told(contribute(lambda content: (content.parent / "README.md").write_text("Yours\n"))) == (
        f"{MARKER}\nThank you for this contribution: it changes nothing in the content of the library, so nothing has "
        "to be mended.\n")


def test_a_file_that_is_no_content_is_told_so(contribute: Callable[..., Path]) -> None:
    assert "This file is no part of the content that readers see." in told(contribute(write("README.md", "Hello")))


def test_many_files_with_many_mistakes_fit_into_one_comment(contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        for number in range(60):
            lines = "".join(f"strange_{'&<' * 20}_{field}: x\n" for field in range(40))
            write(f"cases/bad-{number:02}.md", TAXIS.replace("---\n", f"---\n{lines}", 1))(content)

    text = told(contribute(change))
    assert len(text) <= MAX_COMMENT
    assert "and 21 more mistakes; `innoshare check` names all" in text
    left = re.search(r"There is more to say than a comment can hold: (\d+) files not told of here", text)
    assert left
    assert text.count("\n#### ") + int(left[1]) == 60


def test_where_no_library_can_be_built_the_mistakes_are_told_and_what_is_missing(
        contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        for path in (content / "cities").iterdir():
            path.write_text("---\nname: x\n---\n", encoding="utf-8")

    text = told(contribute(change))
    assert "What only a built library can tell is missing here" in text
    assert "#### `content/cities/testby.md` (changed)" in text


def test_titles_lead_to_the_repository_where_there_is_no_site_and_never_to_what_is_not_published_yet(
        contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        write("cases/sandhaven-taxis.md", TAXIS.replace("posutive", "positive"))(content)
        write("challenges/sandhaven-nights.md", CHALLENGE.format(title="Night buses", challenge="Late at night our "
              "buses drive around almost empty, while nurses cannot get home from their shifts."))(content)

    text = told(contribute(change), repository="https://github.com/cities/library")
    assert ("[Night buses on call instead of empty timetables](https://github.com/cities/library/blob/main/content/cases/"
            "testby-night-buses.md)") in text
    assert "Taxis on call for the night shift (Sandhaven), a strong match" in text


# --- what git knows -----------------------------------------------------------------------------------------------


def test_a_base_that_is_not_there_is_refused_with_what_to_do_and_that_helps(contribute: Callable[..., Path]) -> None:
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS), "--depth=1")
    with pytest.raises(GitError, match="knows no revision 'origin/main'") as refused:
        told(clone)
    fetch = re.search(r"`git (fetch [^`]*)`", str(refused.value))
    assert fetch
    git(clone, *fetch[1].split())
    with pytest.raises(GitError, match=r"have in common.*fetch-depth: 0") as refused:
        told(clone)
    fetch = re.search(r"`git (fetch [^`]*)`", str(refused.value))
    assert fetch
    git(clone, *fetch[1].split())
    assert "content/cases/sandhaven-taxis.md` (new)" in told(clone)
    for base in ("nowhere", "-p", "--output=x", ""):
        with pytest.raises(GitError, match="knows no revision"):
            told(clone, base)


def test_a_shallow_clone_that_reaches_the_base_is_enough(contribute: Callable[..., Path]) -> None:
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS), "--depth=2", "--no-single-branch")
    assert "content/cases/sandhaven-taxis.md` (new)" in told(clone)


def test_only_what_the_branch_itself_changes_is_told(contribute: Callable[..., Path]) -> None:
    clone = contribute(write("cases/sandhaven-taxis.md", TAXIS))
    git(clone, "checkout", "-q", "--detach", "origin/main")
    (clone / "content/cases/rio-verde-food-caddies.md").unlink()
    git(clone, "commit", "-qam", "Meanwhile")
    meanwhile = git(clone, "rev-parse", "HEAD")
    git(clone, "checkout", "-q", "idea")
    assert "rio-verde" not in told(clone, meanwhile)


def test_without_a_repository_the_command_says_so(tmp_path: Path) -> None:
    shutil.copytree(TESTS / "cases", tmp_path / "content")
    done = subprocess.run([*COMMAND, "review", "--base", "main"], cwd=tmp_path, check=False, capture_output=True,
                          text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "in no git repository" in done.stderr


# --- what a contributor may try -----------------------------------------------------------------------------------

HOSTILE = ("--> <img src=x onerror=alert(1)> <!-- @everyone #1 !2 https://evil.example www.evil.example "
           "[a](//evil.example) ::error::x %0A::error:: `b` ` `` ![i](x) </details> /close \u202eabc a@evil.example "
           "**bold** | $x$ :tada:")


def tags(text: str) -> list[str]:
    """Every tag, link, image and comment that the text becomes, by a parser of CommonMark that lets HTML through."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    found = []
    for token in (*blocks, *(child for block in blocks for child in block.children or ())):
        if token.type in ("html_block", "html_inline"):
            found += re.findall(r"<[^>]*>", token.content)
        elif token.type in ("link_open", "image", "table_open", "s_open", "fence", "code_block"):
            found.append(f"{token.type} {token.attrs.get('href', '')}".strip())
    return found


def test_hostile_words_stay_words(contribute: Callable[..., Path]) -> None:
    quoted = HOSTILE.replace("\\", "").replace("'", "")

    def change(content: Path) -> None:
        write("cases/evil.md", TAXIS.replace("Taxis on call for the night shift", f"'{quoted[:95]}'").replace(
            "posutive", f"'{quoted}'").replace("updated: 2026-05-14", f"updated: '{quoted}'\n'{quoted}': x"))(content)
        write("cases/shown.md", TAXIS.replace("Taxis on call for the night shift", f"'{quoted[:95]}'").replace(
            "posutive", "positive"))(content)
        write("challenges/evil.md", CHALLENGE.format(title=f"'{quoted[:95]}'", challenge=f"'{quoted}'"))(content)
        write("cities/@everyone #1.md", "x")(content)
        write("vocabulary/concepts/evil.yaml", f"evil:\n  en: ['{quoted[:40]}', '@everyone', 'a`b']\n")(content)
        (content / "cases/sandhaven-rent-fund.md").unlink()
        (content / "cases/sandhaven-rent-fund.md").symlink_to("/etc/passwd")

    text = told(contribute(change))
    allowed = {MARKER, "<details>", "<summary>", "</summary>", "</details>"}
    assert set(tags(text)) <= allowed, set(tags(text)) - allowed
    assert "evil.example" in text, "the words are shown"
    assert not re.search(r"(?m)^\s*::|^\s*/", text)
    assert "root:" not in text


def test_a_file_name_that_is_no_text_is_told_of(contribute: Callable[..., Path]) -> None:
    def change(content: Path) -> None:
        for name in (b"caf\xe9.md", b"new\nline.md", b"`@x`.md", b"-->.md", "ä ö.md".encode()):
            Path(os.fsdecode(os.fsencode(content / "cases") + b"/" + name)).write_text(TAXIS, encoding="utf-8")

    clone = contribute(change)
    text = told(clone)
    assert len(re.findall(r"(?m)^#### `?content/cases/.*`? \(new\)$", text)) == 5
    assert r"content/cases/caf\\xe9.md (new)" in text
    assert "`content/cases/ä ö.md` (new)" in text
    assert "because of this change" not in text, "it is known by the same name in the check"
    git(clone, "mv", "content", "städer")
    git(clone, "commit", "-qm", "Moved")
    write("cases/sandhaven-taxis.md", TAXIS)(clone / "städer")
    os.truncate(os.fsencode(clone / "städer/cases") + b"/caf\xe9.md", 0)
    done = subprocess.run([*COMMAND, "review", "--base", "HEAD"], cwd=clone, check=True, capture_output=True,
                          env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "INNOSHARE_CONTENT": "städer"})
    told_there = done.stdout.decode()
    assert "#### `städer/cases/sandhaven-taxis.md` (new)" in told_there, "also where only ASCII is known"
    assert r"städer/cases/caf\\xe9.md (changed)" in told_there
    assert "because of this change" not in told_there


@given(st.text() | st.text("`@a<![]()|\\ \n/:.w#h-~*_>$\u3164\ufe0f\u200b") | st.from_regex(r"[ -/]?[0-9a-f]{7,70}")
       | st.lists(st.sampled_from([*HOSTILE.split(), "`", "``"])).map(" ".join))
@example("``@a`")
@example("a `b` c")
@example("@`a`b")
@example("Pay @`till`now")
@example(f"000000{'a' * 40}")
@example("\u3164 name")
def test_any_words_can_be_posted_and_become_no_markup(words: str) -> None:
    for text in (markdown_line(words), markdown_name(words)):
        assert checked(f"{MARKER}\n- {text}\n")
        assert not tags(f"- {text}\n")


# --- previews -----------------------------------------------------------------------------------------------------


def test_previews_are_files_that_load_nothing_from_elsewhere_and_are_listed_nowhere(
        contribute: Callable[..., Path], tmp_path: Path) -> None:
    def change(content: Path) -> None:
        title = "'</title><script>alert(1)</script><b>\"'"
        write("cases/sandhaven-taxis.md", TAXIS.replace("posutive", "positive").replace(
            "Taxis on call for the night shift", title))(content)
        write("challenges/sandhaven-nights.md", CHALLENGE.format(title=title, challenge="Buses are empty."))(content)

    clone = contribute(change)
    out = tmp_path / "out"
    settings = Settings(content=clone / "content", data=tmp_path / "data")
    text = review(settings, "origin/main", lambda library, pages: preview.write(library, settings, pages, out))
    pages = sorted(path.name for path in out.glob("*.html"))
    assert f"open `out/index.html` ({len(pages) - 1} pages)" in text
    assert pages == ["case-sandhaven-taxis.html", "challenge-sandhaven-nights.html", "index.html"]
    for path in out.glob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert '<meta name="robots" content="noindex">' in html
        assert "script-src 'self'" in html
        assert re.findall(r"<script[^>]*>", html) in ([], ['<script src="static/site.js" defer>'])
        assert "javascript:" not in html
        for loaded in re.findall(r'<(?:script|img|link)\b[^>]*?(?:src|href)="([^"]*)"', html):
            assert (out / loaded).is_file(), loaded
        for address in re.findall(r'<a\b[^>]*?href="([^"]*)"', html):
            assert re.match(r"https://|#", address) or (out / address.split("#")[0]).is_file(), address
