"""What git knows of a content folder, asked of real repositories: each test makes the one it needs."""

import contextlib
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from innoshare import provenance
from innoshare.errors import GitError
from innoshare.provenance import Change, Difference, changed, history, state, text_at
from innoshare.provenance import git as asking
from innoshare.provenance.git import PARTIAL

ANNA, BO = "Anna Holm <anna@testby.example>", "Bo Ek <bo@testby.example>"
TEXT = "".join(f"Line {number} of a case about night buses.\n" for number in range(30))
OTHER_TEXT = "".join(f"Line {number} of another one, about playgrounds.\n" for number in range(30))


class Made:
    """A repository with content in one of its folders."""

    def __init__(self, top: Path, prefix: str = "content") -> None:
        self.top, self.root, self.hours = top, top / prefix, 0
        (self.root / "cases").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str | Path, given: bytes = b"", **more: str) -> str:
        """What git answers to a person in this repository."""
        self.hours += 1
        when = f"2026-03-{1 + self.hours // 20:02}T{self.hours % 20:02}:00:00+00:00"
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.top), "GIT_CONFIG_NOSYSTEM": "1",
                       "GIT_AUTHOR_NAME": "Anna Holm", "GIT_AUTHOR_EMAIL": "anna@testby.example",
                       "GIT_COMMITTER_NAME": "Robot", "GIT_COMMITTER_EMAIL": "robot@testby.example",
                       "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, **more}
        done = subprocess.run(["git", "-C", self.top, *arguments], input=given, capture_output=True, env=environment,
                              check=True)
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, text: str | bytes = TEXT) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def commit(self, message: str = "A change", author: str = ANNA, day: str = "", **more: str) -> str:
        """Commit all that is there, and give the hash."""
        name, _, address = author.partition(" <")
        more |= {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address.rstrip(">")}
        if day:
            more["GIT_AUTHOR_DATE"] = f"{day}T12:00:00+00:00"
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, **more)
        return self.git("rev-parse", "HEAD")

    def raw_commit(self, author: str, committer: str) -> str:
        """A commit with these lines as they stand, at the tip of the branch."""
        parents = self.git("rev-parse", "--verify", "-q", "HEAD")
        text = f"tree {self.git('write-tree')}\nparent {parents}\nauthor {author}\ncommitter {committer}\n\nA change\n"
        name = self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=text.encode())
        self.git("update-ref", "HEAD", name)
        return name

    def commits_of(self, path: str) -> list[str]:
        return [change.commit for change in history(self.root).files[path].changes]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "library")


@pytest.fixture
def one(made: Made) -> Made:
    """A repository with one case, committed by Anna on 1 March."""
    made.write("cases/buses.md")
    made.commit(day="2026-03-01")
    return made


# --- the history of files -----------------------------------------------------------------------------------------


def test_a_file_has_its_changes_newest_first_and_everyone_who_made_them(made: Made) -> None:
    made.write("cases/buses.md")
    first = made.commit(day="2026-03-01")
    made.write("cities/testby.md", OTHER_TEXT)
    other = made.commit(day="2026-03-02")
    made.write("cases/buses.md", TEXT + "More.\n")
    last = made.commit(author=BO, day="2026-03-05")
    found = history(made.root)
    assert found.files["cases/buses.md"] == provenance.FileHistory(
        (Change(last, "2026-03-05"), Change(first, "2026-03-01")), 2, "2026-03-01", False)
    assert found.files["cities/testby.md"] == provenance.FileHistory((Change(other, "2026-03-02"),), 1, "2026-03-02",
                                                                     False)
    assert (found.prefix, found.head, found.complete, found.reason) == ("content", last, True, "")
    assert (found.files["cases/buses.md"].commit, found.files["cases/buses.md"].last_changed) == (last, "2026-03-05")


def test_a_folder_is_found_from_anywhere_and_through_a_link(one: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    (one.top / "link").symlink_to("content")
    expected = history(one.root)
    assert history(one.top / "link") == expected
    monkeypatch.chdir(one.root / "cases")
    assert history(Path("..")) == expected


def test_the_content_may_be_the_whole_repository(tmp_path: Path) -> None:
    made = Made(tmp_path / "library", prefix="")
    made.write("cases/buses.md")
    made.write(".mailmap", f"{ANNA} <old@testby.example>\n")
    first = made.commit()
    found = history(made.root)
    assert (found.prefix, found.head) == ("", first)
    assert set(found.files) == {"cases/buses.md", ".mailmap"}
    assert changed(made.root, "main").files == {}
    assert text_at(made.root, first, "cases/buses.md") == TEXT.encode()


def test_only_what_lies_below_the_folder_counts(one: Made) -> None:
    before = history(one.root)
    (one.top / "README.md").write_text("About this library.\n")
    (one.top / "content-of-others").mkdir()
    (one.top / "content-of-others" / "x.md").write_text(TEXT)
    one.commit(author=BO)
    assert history(one.root) == before


def test_a_renamed_file_keeps_its_history(one: Made) -> None:
    first = one.git("rev-parse", "HEAD")
    one.git("mv", "content/cases/buses.md", "content/cases/night-buses.md")
    second = one.commit(author=BO)
    one.git("mv", "content/cases/night-buses.md", "content/cases/testby-night-buses.md")
    one.write("cases/testby-night-buses.md", TEXT + "They run every night now.\n")
    third = one.commit()
    found = history(one.root).files
    assert set(found) == {"cases/testby-night-buses.md"}
    assert [change.commit for change in found["cases/testby-night-buses.md"].changes] == [third, second, first]
    assert found["cases/testby-night-buses.md"].contributors == 2
    assert found["cases/testby-night-buses.md"].first_published == "2026-03-01"


def test_a_new_file_under_a_name_that_was_left_begins_anew(one: Made) -> None:
    one.git("mv", "content/cases/buses.md", "content/cases/night-buses.md")
    one.commit()
    one.write("cases/buses.md", OTHER_TEXT)
    new = one.commit(author=BO, day="2026-04-01")
    found = history(one.root).files["cases/buses.md"]
    assert found == provenance.FileHistory((Change(new, "2026-04-01"),), 1, "2026-04-01", False)
    assert len(one.commits_of("cases/night-buses.md")) == 2


def test_a_file_under_a_name_that_was_left_goes_on_like_any_other(one: Made) -> None:
    one.git("mv", "content/cases/buses.md", "content/cases/night-buses.md")
    one.commit()
    one.write("cases/buses.md", OTHER_TEXT)
    new = one.commit()
    (one.root / "cases" / "buses.md").unlink()
    one.commit()
    one.write("cases/buses.md", OTHER_TEXT)
    back = one.commit()
    assert one.commits_of("cases/buses.md") == [back, new]


def test_a_clock_that_goes_wrong_does_not_hide_where_a_file_comes_from(one: Made) -> None:
    one.write("cases/playgrounds.md", OTHER_TEXT)
    added = one.commit(GIT_COMMITTER_DATE="2030-01-01T00:00:00Z")
    one.git("checkout", "-q", "-b", "proposal")
    one.write("cases/buses.md", TEXT + "More.\n")
    one.commit(GIT_COMMITTER_DATE="2031-01-01T00:00:00Z")
    one.git("checkout", "-q", "main")
    one.git("mv", "content/cases/playgrounds.md", "content/cases/play.md")
    renamed = one.commit(GIT_COMMITTER_DATE="2010-01-01T00:00:00Z")
    one.git("merge", "-q", "--no-edit", "proposal")
    assert one.commits_of("cases/play.md") == [renamed, added]


def test_names_may_be_passed_on_in_a_row(made: Made) -> None:
    made.write("cases/a.md")
    first = made.commit()
    made.write("cases/b.md", OTHER_TEXT)
    second = made.commit()
    made.git("mv", "content/cases/b.md", "content/cases/c.md")
    made.git("mv", "content/cases/a.md", "content/cases/d.md")
    third = made.commit()
    assert made.commits_of("cases/c.md") == [third, second]
    assert made.commits_of("cases/d.md") == [third, first]


def test_another_file_that_replaces_one_in_the_same_commit_is_not_the_same(one: Made) -> None:
    (one.root / "cases" / "buses.md").unlink()
    one.write("cases/playgrounds.md", OTHER_TEXT)
    new = one.commit()
    assert one.commits_of("cases/playgrounds.md") == [new]


def test_a_removed_file_is_gone_and_goes_on_where_it_comes_back(one: Made) -> None:
    (one.root / "cases" / "buses.md").unlink()
    one.commit(author=BO)
    assert history(one.root).files == {}
    one.write("cases/buses.md")
    one.commit(author=BO)
    found = history(one.root).files["cases/buses.md"]
    assert (len(found.changes), found.contributors, found.first_published) == (2, 2, "2026-03-01")


def test_a_merge_counts_where_it_makes_a_file_that_is_on_neither_side(one: Made) -> None:
    one.write("cases/playgrounds.md", OTHER_TEXT)
    base = one.commit()
    one.git("checkout", "-q", "-b", "proposal")
    one.write("cases/buses.md", TEXT + "An end.\n")
    one.write("cases/playgrounds.md", OTHER_TEXT + "An end.\n")
    side = one.commit(author=BO)
    one.git("checkout", "-q", "main")
    one.write("cases/buses.md", "A beginning.\n" + TEXT)
    main = one.commit()
    one.git("merge", "-q", "--no-edit", "proposal")
    merge = one.git("rev-parse", "HEAD")
    first = one.git("rev-list", "--max-parents=0", "HEAD")
    assert one.commits_of("cases/buses.md") in ([merge, side, main, first], [merge, main, side, first])
    assert one.commits_of("cases/playgrounds.md") == [side, base]
    found = history(one.root)
    assert found.head == merge
    assert found.files["cases/buses.md"].contributors == 2


def test_a_file_renamed_on_one_branch_and_changed_on_another_has_both(one: Made) -> None:
    first = one.git("rev-parse", "HEAD")
    one.git("checkout", "-q", "-b", "proposal")
    one.write("cases/buses.md", TEXT + "An end.\n")
    side = one.commit(author=BO)
    one.git("checkout", "-q", "main")
    one.git("mv", "content/cases/buses.md", "content/cases/night-buses.md")
    renaming = one.commit()
    one.git("merge", "-q", "--no-edit", "proposal")
    found = one.commits_of("cases/night-buses.md")
    assert set(found) == {one.git("rev-parse", "HEAD"), side, renaming, first}
    assert (found[0], found[-1]) == (one.git("rev-parse", "HEAD"), first)


def test_two_names_from_two_branches_are_two_files_from_there(one: Made) -> None:
    first = one.git("rev-parse", "HEAD")
    one.git("checkout", "-q", "-b", "proposal")
    one.git("mv", "content/cases/buses.md", "content/cases/a.md")
    side = one.commit()
    one.git("checkout", "-q", "main")
    one.git("mv", "content/cases/buses.md", "content/cases/b.md")
    main = one.commit()
    one.git("merge", "-q", "-s", "ours", "--no-commit", "proposal")
    one.write("cases/a.md")
    one.commit()
    one.write("cases/a.md", TEXT + "Only here.\n")
    last = one.commit()
    assert one.commits_of("cases/b.md") == [main, first]
    assert one.commits_of("cases/a.md")[0] == last
    assert one.commits_of("cases/a.md")[-2:] == [side, first]


def test_a_long_history_agrees_with_what_was_done(made: Made) -> None:
    """300 random additions, changes, renamings and removals, kept in a list beside the repository."""
    dice, serial = random.Random(7), iter(range(1, 10_000))
    truth: dict[str, list[int]] = {}
    texts: dict[str, str] = {}
    left: dict[str, list[int]] = {}  # what was removed, and comes back under its name
    stream = []
    for step in range(300):
        done = dice.choice(["add", "change", "change", "rename", "remove"] if truth else ["add"])
        name = dice.choice(sorted(truth)) if truth else ""
        lines = []
        if done == "add":
            name = f"cases/c{next(serial)}.md" if not left or dice.random() < 0.7 else dice.choice(sorted(left))
            truth[name] = [*left.pop(name, []), step]
            texts[name] = "".join(f"{dice.random()}\n" for _ in range(20))
        elif done == "change":
            truth[name].append(step)
            texts[name] += f"{step}\n"
        elif done == "rename":
            new = f"cases/c{next(serial)}.md"
            truth[new], texts[new] = [*truth.pop(name), step], texts.pop(name) + f"{step}\n"
            lines.append(f"D content/{name}")
            name = new
        else:
            left[name] = truth.pop(name)
            texts.pop(name)
            lines.append(f"D content/{name}")
        if name in truth:
            lines.append(f"M 100644 inline content/{name}\ndata {len(texts[name])}\n{texts[name]}")
        stream.append("commit refs/heads/main\ncommitter Anna <anna@testby.example> "
                      f"{1_772_000_000 + step} +0000\ndata {len(str(step))}\n{step}\n" + "\n".join(lines) + "\n")
    made.git("fast-import", "--quiet", given="".join(stream).encode())
    made.git("reset", "-q", "--hard", "main")
    hashes = made.git("rev-list", "--reverse", "main").split()
    found = history(made.root).files
    assert {path: [hashes.index(change.commit) for change in reversed(one.changes)] for path, one in found.items()
            } == truth
    assert len(truth) > 10
    assert max(map(len, truth.values())) > 5


def test_more_changes_than_a_page_shows_are_counted_and_cut(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "MAX_CHANGES", 3)
    for number in range(6):
        made.write("cases/buses.md", TEXT + str(number))
        last = made.commit(author=f"Writer {number} <{number}@testby.example>", day=f"2026-03-{number + 1:02}")
    found = history(made.root).files["cases/buses.md"]
    assert [change.day for change in found.changes] == ["2026-03-06", "2026-03-05", "2026-03-04"]
    assert (found.commit, found.contributors, found.first_published) == (last, 6, "2026-03-01")


def test_of_a_history_too_long_the_beginning_is_unknown(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made.write("cases/old.md", OTHER_TEXT)
    made.write("cases/buses.md")
    made.commit()
    made.write("cases/buses.md", TEXT + "More.\n")
    last = made.commit()
    made.write("cases/new.md", "Something new.\n")
    newest = made.commit(day="2026-04-04")
    monkeypatch.setattr(provenance, "MAX_COMMITS", 3)
    assert history(made.root).complete
    monkeypatch.setattr(provenance, "MAX_COMMITS", 1)
    found = history(made.root)
    assert not found.complete
    assert "too long" in found.reason or "longer than" in found.reason
    assert found.files["cases/new.md"] == provenance.FileHistory((Change(newest, "2026-04-04"),), 1, "2026-04-04",
                                                                 False)
    assert found.files["cases/buses.md"].commit == last
    assert found.files["cases/buses.md"].first_published is None
    assert found.files["cases/old.md"] == provenance.FileHistory((), 0, None, False)


# --- people and days ----------------------------------------------------------------------------------------------


def test_co_authors_count_and_one_person_counts_once(one: Made) -> None:
    for author, message in [
        (BO, f"Second\n\nCo-authored-by: {ANNA}\nCo-authored-by: Cia Berg <cia@testby.example>"),
        ("Bo E. <BO@testby.example>", "Third\n\nCo-Authored-By: C. <CIA@testby.example>\nReviewed-by: D <d@d.example>"),
        (BO, "Fourth\n\nCo-authored-by: nobody that can be named\nCo-authored-by: <>"),
    ]:
        one.write("cases/buses.md", TEXT + message)
        one.commit(message, author)
    # Anna, Bo, Cia, and whoever has neither name nor address.
    assert history(one.root).files["cases/buses.md"].contributors == 4


def test_the_mailmap_joins_authors_and_co_authors_who_are_one(one: Made) -> None:
    one.write("cases/buses.md", TEXT + "2\n")
    one.commit(f"Second\n\nCo-authored-by: Cia Berg <cia@testby.example>\nCo-authored-by: {BO}", "A. <a@home.example>")
    assert history(one.root).files["cases/buses.md"].contributors == 4
    before = state(one.root)
    (one.top / ".mailmap").write_text(f"{ANNA} <a@home.example>\n{BO} <cia@testby.example>\n")
    assert history(one.root).files["cases/buses.md"].contributors == 2
    assert state(one.root) != before


def test_a_mailmap_that_leads_elsewhere_is_not_followed(one: Made, tmp_path: Path) -> None:
    one.write("cases/buses.md", TEXT + "2\n")
    one.commit(author="A. <a@home.example>")
    (tmp_path / "elsewhere").write_text(f"{ANNA} <a@home.example>\n")
    before = state(one.root)
    (one.top / ".mailmap").symlink_to(tmp_path / "elsewhere")
    assert history(one.root).files["cases/buses.md"].contributors == 2
    assert state(one.root) == before
    one.git("config", "mailmap.file", str(tmp_path / "elsewhere"))
    assert history(one.root).files["cases/buses.md"].contributors == 2


def test_a_program_is_no_person(one: Made) -> None:
    one.write("cases/buses.md", TEXT + "More.\n")
    one.commit(author="dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>")
    assert history(one.root).files["cases/buses.md"].contributors == 1


def test_authors_without_an_address_are_told_apart_by_name(one: Made) -> None:
    for number, author in enumerate(["Bo Ek", "Bo Ek", "Cia Berg"]):
        one.write("cases/buses.md", f"{TEXT}{number}\n")
        one.git("add", "-A")
        one.raw_commit(f"{author} <> 1772600000 +0000", "Robot <r@testby.example> 1772600000 +0000")
    found = history(one.root).files["cases/buses.md"]
    assert (len(found.changes), found.contributors) == (4, 3)


@pytest.mark.parametrize(("written", "committed", "day"), [
    ("4102444800 +0000", "1772600000 +0000", "2100-01-01"),  # in the future: what the clock said
    ("0 +0000", "1772600000 +0000", "1970-01-01"),
    ("1772665200 +0200", "1772600000 +0000", "2026-03-05"),  # 23:00 of the day before in Greenwich
    ("1772665200 -0930", "1772600000 +0000", "2026-03-04"),
    ("253402300800 +0000", "1772600000 +0000", "2026-03-04"),  # the year 10000
    ("99999999999999 +0000", "1772600000 +0000", "2026-03-04"),
    ("99999999999999999999 +0000", "1772600000 +0000", "1970-01-01"),  # which git itself reads as 0
    ("1 -1200", "1772600000 +0000", "1969-12-31"),  # git refuses to write this day
    ("5 +9999999", "1772600000 +0000", "1981-05-29"),
    ("garbage", "1772600000 +0000", "2026-03-04"),
    ("garbage", "garbage", "1970-01-01"),
    ("99999999999999 +0000", "99999999999999 +0000", "1970-01-01"),
])
def test_an_absurd_date_costs_a_day_and_nothing_else(one: Made, written: str, committed: str, day: str) -> None:
    one.write("cases/buses.md", TEXT + "More.\n")
    one.git("add", "-A")
    absurd = one.raw_commit(f"Anna <anna@testby.example> {written}", f"Robot <r@testby.example> {committed}")
    found = history(one.root)
    assert found.complete
    assert found.files["cases/buses.md"].changes[0] == Change(absurd, day)


def test_a_commit_without_an_author_is_read(one: Made) -> None:
    one.write("cases/buses.md", TEXT + "More.\n")
    one.git("add", "-A")
    text = f"tree {one.git('write-tree')}\nparent {one.git('rev-parse', 'HEAD')}\n\nA change\n"
    name = one.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=text.encode())
    one.git("update-ref", "HEAD", name)
    assert history(one.root).files["cases/buses.md"].changes[0] == Change(name, "1970-01-01")


# --- the files on disk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    lambda file: file.write_text(TEXT + "More.\n"),
    lambda file: file.write_text(TEXT.replace("0", "1")),  # as long as before
    lambda file: file.write_text(""),
    lambda file: file.unlink(),
    lambda file: (file.unlink(), file.mkdir()),
    lambda file: (file.unlink(), file.symlink_to("/etc/passwd")),
    lambda file: (file.unlink(), os.mkfifo(file)),
    lambda file: file.write_bytes(b"x" * 1_000_000),
], ids=["longer", "other", "empty", "gone", "folder", "link", "pipe", "long"])
def test_a_file_that_is_not_as_committed_says_so(one: Made, change: Callable[[Path], object]) -> None:
    assert not history(one.root).files["cases/buses.md"].uncommitted
    change(one.root / "cases" / "buses.md")
    found = history(one.root).files["cases/buses.md"]
    assert found.uncommitted
    assert len(found.changes) == 1


def test_the_line_ends_of_windows_are_no_change_where_git_wrote_them(one: Made) -> None:
    one.write("cases/buses.md", TEXT.replace("\n", "\r\n"))
    assert not history(one.root).files["cases/buses.md"].uncommitted
    assert changed(one.root, "main").files == {}


def test_a_committed_link_is_as_committed(one: Made) -> None:
    (one.root / "cases" / "link.md").symlink_to("buses.md")
    one.commit()
    assert not history(one.root).files["cases/link.md"].uncommitted
    (one.root / "cases" / "link.md").unlink()
    (one.root / "cases" / "link.md").write_text("buses.md")
    assert history(one.root).files["cases/link.md"].uncommitted


def test_a_file_that_was_never_committed_is_not_there(one: Made) -> None:
    one.write("cases/new.md")
    one.write("cases/staged.md")
    one.git("add", "content/cases/staged.md")
    assert set(history(one.root).files) == {"cases/buses.md"}


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="The system refuses such names")
def test_names_of_any_bytes_are_read(made: Made) -> None:
    names = [b"caf\xe9.md", b"two\nlines.md", b'quo"te.md', b"back\\slash.md", b" spaced .md", b":(glob)*.md", b"-x.md",
             "Øre.md".encode(), b":100644.md", b"tab\t.md"]
    for name in names:
        made.write(os.fsdecode(b"cases/" + name), os.fsdecode(name * 40).encode(errors="replace"))
    first = made.commit()
    expected = {os.fsdecode(b"cases/" + name) for name in names}
    found = history(made.root)
    assert set(found.files) == expected
    assert all(one.changes[0].commit == first and not one.uncommitted for one in found.files.values())
    for name in names:
        assert text_at(made.root, first, os.fsdecode(b"cases/" + name)) == (name * 40).decode(
            errors="surrogateescape").encode(errors="replace")
    made.git("checkout", "-q", "--orphan", "empty")
    made.git("rm", "-q", "-r", "--cached", ".")
    start = made.git("commit-tree", made.git("mktree"), "-m", "Nothing")
    made.git("reset", "-q", start)
    assert changed(made.root, start).files == {path: Difference("added", "") for path in expected}


def test_a_folder_with_signs_in_its_name_is_one_folder(tmp_path: Path) -> None:
    for prefix in ("*", ":(top)", "[ab]"):
        made = Made(tmp_path / f"library {len(prefix)}", prefix=prefix)
        made.write("cases/buses.md")
        (made.top / "b").write_text("Not content.\n")
        made.commit()
        assert set(history(made.root).files) == {"cases/buses.md"}, prefix
        assert state(made.root) == state(made.root) != ""


# --- where nothing, or only part, is known ------------------------------------------------------------------------


def nothing(found: provenance.History) -> bool:
    return found.files == {} and not found.complete and found.head == "" and bool(found.reason)


def test_without_git_nothing_is_known_and_the_reason_is_said(one: Made, monkeypatch: pytest.MonkeyPatch,
                                                             tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))
    found = history(one.root)
    assert nothing(found)
    assert "not installed" in found.reason
    assert state(one.root) == ""
    with pytest.raises(GitError, match="Install it"):
        text_at(one.root, "main", "cases/buses.md")
    with pytest.raises(GitError, match="Install it"):
        changed(one.root, "main")


def test_outside_a_repository_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    for root in (tmp_path / "content", tmp_path / "not there"):
        found = history(root)
        assert nothing(found)
        assert "no git repository" in found.reason
        assert state(root) == state(tmp_path)
        with pytest.raises(GitError, match="no git repository"):
            changed(root, "main")


def test_an_empty_repository_has_nothing_committed(made: Made) -> None:
    made.write("cases/buses.md")
    found = history(made.root)
    assert (found.files, found.head, found.complete) == ({}, "", True)
    assert "committed yet" in found.reason
    before = state(made.root)
    made.commit()
    assert state(made.root) != before != ""


def test_a_folder_that_is_not_committed_has_no_history(one: Made) -> None:
    (one.top / "other").mkdir()
    (one.top / "other" / "x.md").write_text("New.\n")
    found = history(one.top / "other")
    assert (found.files, found.prefix, found.head, found.complete) == ({}, "other", "", True)
    assert "committed yet" in found.reason


@pytest.mark.parametrize("harm", [
    lambda git: (git / "HEAD").write_text("nonsense"),
    lambda git: shutil.rmtree(git / "objects"),
    lambda git: (git / "config").write_text("[core\n"),
    lambda git: (git / "config").write_text("[core]\n\trepositoryformatversion = 99\n"),
    lambda git: [shutil.rmtree(folder) for folder in (git / "objects").iterdir() if len(folder.name) == 2],
], ids=["head", "no objects", "configuration", "version", "lost objects"])
def test_a_broken_repository_is_refused_with_the_words_of_git(one: Made, harm: Callable[[Path], object]) -> None:
    harm(one.top / ".git")
    found = history(one.root)
    assert found.files == {}
    assert found.reason.startswith("git refuses: ") or "committed yet" in found.reason
    assert state(one.root)
    with pytest.raises(GitError):
        text_at(one.root, "main", "cases/buses.md")
    with pytest.raises(GitError):
        changed(one.root, "main")


def test_a_shallow_clone_knows_what_it_has(one: Made, tmp_path: Path) -> None:
    one.write("cases/playgrounds.md", OTHER_TEXT)
    one.commit()
    one.write("cases/buses.md", TEXT + "More.\n")
    last = one.commit(author=BO, day="2026-04-02")
    one.git("clone", "-q", "--depth", "1", one.top.as_uri(), tmp_path / "clone")
    root = tmp_path / "clone" / "content"
    found = history(root)
    assert (found.head, found.complete) == (last, False)
    assert "shallow" in found.reason
    # The one commit that is there has all files; that it made them would be a lie.
    assert found.files == {path: provenance.FileHistory((), 0, None, False)
                           for path in ("cases/buses.md", "cases/playgrounds.md")}
    assert found.files["cases/buses.md"].commit is None
    assert found.files["cases/buses.md"].last_changed is None

    at_first = state(root)
    one.git("-C", root, "fetch", "-q", "--depth", "2")
    deeper = history(root)
    assert deeper.files["cases/buses.md"] == provenance.FileHistory((Change(last, "2026-04-02"),), 1, None, False)
    assert deeper.files["cases/playgrounds.md"].changes == ()
    assert state(root) != at_first

    one.git("-C", root, "fetch", "-q", "--unshallow")
    assert history(root) == history(one.root)
    assert state(root) == state(one.root)


def test_a_repository_of_somebody_else_is_read(one: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    before, base = history(one.root), state(one.root)
    somebody_else = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    with pytest.raises(subprocess.CalledProcessError) as refused:
        one.git("log", "-1", **somebody_else)
    assert b"dubious ownership" in refused.value.stderr
    monkeypatch.setitem(asking.ENVIRONMENT, *next(iter(somebody_else.items())))
    assert history(one.root) == before
    assert state(one.root) == base
    assert changed(one.root, "main").files == {}


def test_a_worktree_and_a_submodule_are_repositories(one: Made, tmp_path: Path) -> None:
    one.git("worktree", "add", "-q", "-b", "proposal", tmp_path / "worktree")
    assert history(tmp_path / "worktree" / "content") == history(one.root)
    outer = Made(tmp_path / "outer")
    outer.write("cases/outer.md")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", one.top, "content/library")
    outer.commit()
    assert (outer.top / "content" / "library" / ".git").is_file()
    inner = history(outer.top / "content" / "library" / "content")
    assert (inner.files, inner.prefix) == (history(one.root).files, "content")
    assert set(history(outer.root).files) == {"cases/outer.md"}
    assert set(changed(outer.root, "main").files) == set()


def test_a_worktree_whose_repository_is_gone_says_so(one: Made, tmp_path: Path) -> None:
    one.git("worktree", "add", "-q", "-b", "proposal", tmp_path / "worktree")
    shutil.rmtree(one.top)
    found = history(tmp_path / "worktree" / "content")
    assert nothing(found)
    assert "not a git repository" in found.reason


def test_a_git_that_hangs_is_left_alone(one: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "programs" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(asking, "SECONDS", 0.2)
    monkeypatch.setitem(asking.ENVIRONMENT, "PATH", "/usr/bin:/bin")
    found = history(one.root)
    assert nothing(found)
    assert "did not answer" in found.reason
    assert state(one.root)


def test_a_git_that_cannot_be_started_is_said(one: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "programs" / "git"
    program.parent.mkdir()
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    found = history(one.root)
    assert nothing(found)
    assert "cannot be asked" in found.reason


# --- nobody else is obeyed ----------------------------------------------------------------------------------------


def test_the_environment_of_the_caller_leads_nowhere_else(one: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
                                                          ) -> None:
    other = Made(tmp_path / "other")
    other.write("cases/other.md")
    other.commit()
    expected, base = history(one.root), state(one.root)
    for name, value in {
        "GIT_DIR": str(other.top / ".git"), "GIT_WORK_TREE": str(other.top), "GIT_INDEX_FILE": str(tmp_path / "none"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "none"), "GIT_CEILING_DIRECTORIES": str(one.top),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.worktree", "GIT_CONFIG_VALUE_0": str(other.top),
        "GIT_NAMESPACE": "x", "GIT_LITERAL_PATHSPECS": "0", "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_EXTERNAL_DIFF": "false", "LC_ALL": "sv_SE.UTF-8", "HOME": str(other.top),
    }.items():
        monkeypatch.setenv(name, value)
    assert history(one.root) == expected
    assert state(one.root) == base
    assert changed(one.root, "main").files == {}
    assert not (tmp_path / "trace").exists()


def test_no_program_that_a_repository_names_is_run(one: Made, tmp_path: Path) -> None:
    """Once what a repository can name has been shown to run for a person who looks, it is shown not to run here."""
    started = tmp_path / "started"
    started.mkdir()
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {started}/\"$1\"\ncat\n")
    program.chmod(0o755)
    for key, value in {
        "core.fsmonitor": f"{program} fsmonitor", "core.pager": f"{program} pager", "pager.log": f"{program} pager",
        "diff.external": f"{program} external", "diff.named.command": f"{program} command",
        "diff.named.textconv": f"{program} textconv", "filter.named.clean": f"{program} clean",
        "filter.named.smudge": f"{program} smudge", "filter.named.process": f"{program} process",
        "gpg.program": str(program), "log.showSignature": "true", "core.sshCommand": f"{program} ssh",
        "alias.log": f"!{program} alias", "core.hooksPath": str(tmp_path / "hooks"), "core.askPass": str(program),
        "trailer.co-authored-by.command": f"{program} trailer", "core.editor": f"{program} editor",
    }.items():
        one.git("config", key, value)
    (tmp_path / "hooks").mkdir()
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        (tmp_path / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {started}/hook\n")
        (tmp_path / "hooks" / hook).chmod(0o755)
    (one.top / ".gitattributes").write_text("* filter=named diff=named\n")
    one.write("cases/buses.md", TEXT + "More.\n")
    one.git("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "filter.named.clean=",
            "-c", "filter.named.process=", "add", "-A")
    signed = (f"tree {one.git('write-tree')}\nparent {one.git('rev-parse', 'HEAD')}\n"
              "author A <a@x.example> 1772600000 +0000\ncommitter A <a@x.example> 1772600000 +0000\n"
              "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n"
              f"A change\n\nCo-authored-by: {BO}\n")
    name = one.git("hash-object", "-t", "commit", "-w", "--stdin", given=signed.encode())
    one.git("-c", "core.hooksPath=/dev/null", "update-ref", "HEAD", name)
    one.write("cases/buses.md", TEXT + "More and more.\n")
    shutil.rmtree(started)
    started.mkdir()
    for seen in (["log", "-1"], ["status"], ["diff"]):
        with contextlib.suppress(subprocess.CalledProcessError):
            one.git(*seen)
    # The monitor, the filter, the diff, the hook, and gpg, which is told how to show keys.
    assert {file.name for file in started.iterdir()} >= {"fsmonitor", "process", "command", "hook",
                                                         "--keyid-format=long"}
    shutil.rmtree(started)
    started.mkdir()
    assert history(one.root).files["cases/buses.md"].contributors == 3
    assert state(one.root)
    assert changed(one.root, "HEAD~1").files == {"cases/buses.md": Difference("changed", "cases/buses.md")}
    assert text_at(one.root, "HEAD~1", "cases/buses.md") == TEXT.encode()
    assert list(started.iterdir()) == []


def test_what_a_clone_left_out_is_not_fetched(one: Made, tmp_path: Path) -> None:
    one.git("config", "uploadpack.allowFilter", "true")
    one.git("mv", "content/cases/buses.md", "content/cases/night-buses.md")
    one.write("cases/night-buses.md", TEXT + "More.\n")
    one.commit()
    one.git("clone", "-q", "--filter=blob:none", one.top.as_uri(), tmp_path / "clone")
    clone = tmp_path / "clone"
    for key, value in {"core.sshCommand": f"touch {tmp_path}/fetched; false", "protocol.allow": "always",
                       "remote.origin.url": "ssh://host.example/library"}.items():
        one.git("-C", clone, "config", key, value)
    found = history(clone / "content")
    assert found.reason == PARTIAL
    with pytest.raises(GitError, match="lacks older versions"):
        changed(clone / "content", "HEAD~1")
    assert state(clone / "content")
    assert not (tmp_path / "fetched").exists()
    with pytest.raises(subprocess.CalledProcessError):
        one.git("-C", clone, "log", "-p", "-M")
    assert (tmp_path / "fetched").exists()  # so it would have been


def test_a_commit_that_is_replaced_on_this_machine_is_read_as_it_is(one: Made) -> None:
    one.write("cases/buses.md", TEXT + "More.\n")
    one.commit()
    expected = history(one.root)
    one.git("replace", "--graft", "HEAD")
    assert one.git("rev-list", "--count", "HEAD") == "1"
    assert history(one.root) == expected


def test_a_folder_that_imitates_a_repository_is_none(one: Made, tmp_path: Path) -> None:
    for name in ("objects", "refs"):
        (one.root / name).mkdir()
        one.write(f"{name}/keep", "x\n")
    one.write("HEAD", "ref: refs/heads/main\n")
    one.write("config", f'[core]\n\tbare = false\n\tworktree = ..\n\tfsmonitor = "touch {tmp_path}/started; false"\n')
    last = one.commit()
    found = history(one.root)
    assert (found.head, found.prefix) == (last, "content")
    assert not (tmp_path / "started").exists()
    (one.root / "cases" / ".git").mkdir()
    assert history(one.root / "cases").prefix == "content/cases"


@pytest.mark.parametrize(("key", "value"), [
    ("log.showRoot", "false"), ("log.follow", "true"), ("log.diffMerges", "first-parent"), ("diff.renames", "copies"),
    ("diff.renameLimit", "1"), ("diff.orderFile", "/nowhere"), ("diff.relative", "true"), ("core.quotePath", "true"),
    ("i18n.logOutputEncoding", "ISO-8859-1"), ("color.ui", "always"), ("format.pretty", "oneline"),
    ("log.date", "relative"), ("core.abbrev", "7"), ("mailmap.file", "/nowhere"), ("mailmap.blob", "HEAD:nowhere"),
    ("core.worktree", "/tmp"), ("log.decorate", "full"), ("diff.noprefix", "true"), ("diff.ignoreSubmodules", "none"),
    ("core.excludesFile", "/nowhere"), ("log.mailmap", "false"), ("core.ignoreCase", "true"),
])
def test_no_habit_that_is_configured_changes_the_answer(one: Made, key: str, value: str) -> None:
    one.git("mv", "content/cases/buses.md", "content/cases/näktbussar.md")
    one.write("cases/näktbussar.md", TEXT + "More.\n")
    for number in range(3):
        one.write(f"cases/{number}.md", f"{number}\n" * 50)
    one.commit(author="Åsa Öberg <asa@testby.example>")
    expected = history(one.root), changed(one.root, "HEAD~1"), state(one.root)
    assert len(expected[0].files["cases/näktbussar.md"].changes) == 2
    one.git("config", key, value)
    assert (history(one.root), changed(one.root, "HEAD~1"), state(one.root)) == expected


# --- state --------------------------------------------------------------------------------------------------------


def test_the_state_changes_with_what_git_would_say_and_with_nothing_else(one: Made) -> None:
    seen = [state(one.root)]
    one.write("cases/buses.md", TEXT + "More.\n")
    (one.top / "README.md").write_text("About.\n")
    one.git("add", "README.md")
    assert state(one.root) == seen[0]  # the bytes are the reader's affair
    one.git("commit", "-q", "-m", "Elsewhere")
    assert state(one.root) == seen[0]
    one.commit()  # the same bytes, now committed
    seen.append(state(one.root))
    one.git("commit", "-q", "--amend", "-m", "In other words")
    seen.append(state(one.root))
    one.git("checkout", "-q", "HEAD~1")
    assert state(one.root) == seen[0]
    assert len(set(seen)) == len(seen)


# --- what a branch changes ----------------------------------------------------------------------------------------


@pytest.fixture
def branch(one: Made) -> Made:
    """A branch that departed from main after the first commit; both went on."""
    one.write("cases/playgrounds.md", OTHER_TEXT)
    one.write("cases/gone.md", "This one is removed on the branch.\n")
    one.write("cities/testby.md", "# Testby\n")
    one.commit()
    one.git("checkout", "-q", "-b", "proposal")
    one.git("checkout", "-q", "main")
    one.write("cities/testby.md", "# Testby, changed on main\n")
    one.write("cases/only-on-main.md", "New on main.\n")
    one.commit()
    one.git("checkout", "-q", "proposal")
    return one


def test_a_review_sees_what_the_branch_did_committed_or_not(branch: Made) -> None:
    base = branch.git("rev-parse", "HEAD")
    assert changed(branch.root, "main") == provenance.Comparison(base, {})
    branch.git("mv", "content/cases/buses.md", "content/cases/night-buses.md")
    branch.write("cases/night-buses.md", TEXT + "More.\n")
    branch.write("cases/new.md", "New on the branch.\n")
    (branch.root / "cases" / "gone.md").unlink()
    (branch.top / "README.md").write_text("Not content.\n")
    expected = {"cases/gone.md": Difference("removed", "cases/gone.md"), "cases/new.md": Difference("added", "")}
    # Before it is committed, a renamed file that was changed as well is two.
    assert changed(branch.root, "main").files == {
        **expected, "cases/buses.md": Difference("removed", "cases/buses.md"),
        "cases/night-buses.md": Difference("added", "")}
    branch.commit()
    renamed = {"cases/night-buses.md": Difference("renamed", "cases/buses.md")}
    assert changed(branch.root, "main") == provenance.Comparison(base, {**expected, **renamed})
    branch.write("cases/playgrounds.md", OTHER_TEXT + "Not yet committed.\n")
    branch.write("cases/untracked.md", "Nor is this.\n")
    assert changed(branch.root, "main").files == {
        **expected, **renamed, "cases/playgrounds.md": Difference("changed", "cases/playgrounds.md"),
        "cases/untracked.md": Difference("added", "")}
    for revision in (base, base[:10], "proposal~1", "HEAD~1"):
        assert changed(branch.root, revision) == changed(branch.root, "main")


def test_a_file_moved_as_it_is_is_renamed_before_it_is_committed(branch: Made) -> None:
    (branch.root / "cases" / "buses.md").rename(branch.root / "cases" / "night-buses.md")
    assert changed(branch.root, "main").files == {"cases/night-buses.md": Difference("renamed", "cases/buses.md")}


def test_two_files_that_say_the_same_are_both_renamed(one: Made) -> None:
    for name in ("a", "b"):
        one.write(f"cases/{name}.md", "The same.\n")
    one.commit()
    for name in ("a", "b"):
        (one.root / "cases" / f"{name}.md").rename(one.root / "cases" / f"new-{name}.md")
    assert changed(one.root, "HEAD").files == {
        "cases/new-a.md": Difference("renamed", "cases/a.md"), "cases/new-b.md": Difference("renamed", "cases/b.md")}


def test_a_file_changed_and_changed_back_is_no_change(branch: Made) -> None:
    branch.write("cases/buses.md", TEXT + "More.\n")
    branch.commit()
    branch.write("cases/buses.md", TEXT)
    assert changed(branch.root, "main").files == {}


def test_a_file_added_and_taken_away_again_is_no_change(branch: Made) -> None:
    branch.write("cases/new.md", "New.\n")
    branch.commit()
    (branch.root / "cases" / "new.md").unlink()
    assert changed(branch.root, "main").files == {}


def test_what_git_ignores_is_no_change_and_other_repositories_are_not_entered(branch: Made) -> None:
    (branch.top / ".gitignore").write_text("*.tmp\n")
    branch.write("cases/x.tmp", "x")
    Made(branch.root / "nested")
    assert changed(branch.root, "main").files == {}


@pytest.mark.parametrize("revision", [
    "no-such-branch", "origin/main", "0" * 40, "", "main..proposal", "^main", "HEAD:content", "-x", "--all",
    "--output=/tmp/x", "main\0x", "main\nx", "\udcff", "\U0001f6b2\ud800", "a" * 9_000])
def test_a_revision_that_names_no_commit_is_answered_with_what_to_do(branch: Made, revision: str) -> None:
    with pytest.raises(GitError) as raised:
        changed(branch.root, revision)
    assert "git fetch" in str(raised.value) or "cannot be asked" in str(raised.value)
    assert len(str(raised.value)) < 500
    with pytest.raises(GitError):
        text_at(branch.root, revision, "cases/buses.md")


def test_a_shallow_clone_that_does_not_reach_the_base_says_how_to_reach_it(branch: Made, tmp_path: Path) -> None:
    branch.write("cases/new.md", "New.\n")
    branch.commit()
    branch.git("clone", "-q", "--depth", "1", "--no-single-branch", "-b", "proposal", branch.top.as_uri(),
               tmp_path / "clone")
    with pytest.raises(GitError, match="fetch-depth: 0"):
        changed(tmp_path / "clone" / "content", "origin/main")


def test_a_history_of_its_own_has_nothing_in_common(branch: Made) -> None:
    branch.git("checkout", "-q", "--orphan", "other")
    branch.commit()
    with pytest.raises(GitError, match="in common"):
        changed(branch.root, "main")


def test_an_empty_repository_has_nothing_to_compare(made: Made) -> None:
    with pytest.raises(GitError, match="main"):
        changed(made.root, "main")


def test_a_text_is_had_as_it_was_at_a_commit(branch: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    first = branch.git("rev-list", "--max-parents=0", "HEAD")
    branch.write("cases/buses.md", b"\xff\x00 new\r\n")
    last = branch.commit()
    assert text_at(branch.root, first, "cases/buses.md") == TEXT.encode()
    assert text_at(branch.root, last, "cases/buses.md") == b"\xff\x00 new\r\n"
    assert text_at(branch.root, last[:12], "cases/buses.md") == b"\xff\x00 new\r\n"
    (branch.root / "cases" / "link.md").symlink_to("/etc/passwd")
    last = branch.commit()
    for path in ("cases/none.md", "cases", "", ".", "cases/link.md", "../README.md", "/etc/passwd", "cases/*.md",
                 ":(top)content", "cases/buses.md/x"):
        assert text_at(branch.root, last, path) is None, path
    for path in ("x\0y", "\ud800"):
        with pytest.raises(GitError, match="cannot be asked"):
            text_at(branch.root, last, path)
    assert text_at(branch.root, first, "cases/playgrounds.md") is None
    monkeypatch.setattr(provenance, "MAX_TEXT_BYTES", 5)
    assert text_at(branch.root, last, "cases/buses.md") is None
