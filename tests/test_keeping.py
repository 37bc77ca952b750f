"""Which cases should be looked at again, asked of the command: grouped by the office that answers for them, with a text
to send to each."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from innoshare import edition
from innoshare.case import STALE_AFTER
from innoshare.cli import main
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app

TODAY = datetime.now(UTC).date()
ALL = ("--days", "0")


@pytest.fixture
def kept(folder: Path, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two stale cases of one office, one of another in the same city, and one of another city."""
    monkeypatch.setenv("INNOSHARE_CONTENT", str(folder))
    for name, day in (("sandhaven-rent-fund", "2019-05-31"), ("sandhaven-shade-trees", "2017-02-01"),
                      ("rio-verde-food-caddies", "2018-01-01"), ("testby-night-buses", TODAY.isoformat()),
                      ("testby-nattbussar", TODAY.isoformat())):
        checked(folder, name, day)
    for name in ("sandhaven-second-fund", "sandhaven-third-fund"):
        text = (folder / "cases" / "sandhaven-rent-fund.md").read_text(encoding="utf-8")
        text = text.replace("title: A fund that pays rent arrears", f"title: The {name.split('-')[1]} that pays")
        (folder / "cases" / f"{name}.md").write_text(text, encoding="utf-8")
    checked(folder, "sandhaven-third-fund", "2020-01-01")
    return folder


def checked(folder: Path, name: str, day: str) -> None:
    file = folder / "cases" / f"{name}.md"
    text = re.sub(r"^(updated|last_verified): .*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text.replace("status:", f"updated: {day}\nstatus:", 1), encoding="utf-8")


def stale(runner: CliRunner, *arguments: str) -> Result:
    result = runner.invoke(main, ["stale", *arguments])
    assert result.exit_code == 0, result.stderr
    return result


def listed(runner: CliRunner, *arguments: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(stale(runner, "--json", *arguments).stdout)
    return answer


def slugs(inquiries: list[dict[str, Any]]) -> list[list[str]]:
    return [[case["slug"] for case in inquiry["cases"]] for inquiry in inquiries]


def test_one_text_for_each_office_those_of_one_city_together_the_longest_unseen_first(kept: Path, runner: CliRunner
                                                                                     ) -> None:
    found = listed(runner)
    assert slugs(found) == [["sandhaven-shade-trees"],
                            ["sandhaven-rent-fund", "sandhaven-second-fund", "sandhaven-third-fund"],
                            ["rio-verde-food-caddies"]]
    assert [(inquiry["city"], inquiry["city_slug"], inquiry["contact"]["role"]) for inquiry in found] == [
        ("Sandhaven", "sandhaven", "Parks and trees"), ("Sandhaven", "sandhaven", "Housing advice"),
        ("Rio Verde", "rio-verde", "Waste department")]
    assert found[0]["cases"] == [{"slug": "sandhaven-shade-trees", "checked": "2017-02-01", "edit": None,
                                  "title": "Shade trees at bus stops and school gates",
                                  "url": "/cases/sandhaven-shade-trees"}]


def test_an_office_is_asked_once_about_a_case_and_its_translation(kept: Path, runner: CliRunner) -> None:
    checked(kept, "testby-nattbussar", "2019-01-01")
    assert ["testby-nattbussar"] in slugs(listed(runner)), "the translation alone has grown old"
    checked(kept, "testby-night-buses", "2020-01-01")
    (inquiry,) = (one for one in listed(runner) if one["city_slug"] == "testby")
    assert slugs([inquiry]) == [["testby-nattbussar", "testby-night-buses"]]
    assert inquiry["contact"]["role"] == "Planning office for public transport"


def test_who_checks_a_case_or_changes_it_takes_it_from_the_list(kept: Path, runner: CliRunner) -> None:
    case = kept / "cases" / "rio-verde-food-caddies.md"
    case.write_text(case.read_text(encoding="utf-8").replace(
        "status: ", f"last_verified: {TODAY.isoformat()}\nstatus: ", 1), encoding="utf-8")
    checked(kept, "sandhaven-shade-trees", TODAY.isoformat())
    assert slugs(listed(runner)) == [["sandhaven-rent-fund", "sandhaven-second-fund", "sandhaven-third-fund"]]


def test_what_is_archived_is_not_asked_about(kept: Path, runner: CliRunner) -> None:
    case = kept / "cases" / "rio-verde-food-caddies.md"
    case.write_text(case.read_text(encoding="utf-8").replace("status: published", "status: archived"), encoding="utf-8")
    assert "rio-verde-food-caddies" not in str(listed(runner))


def test_the_limit_may_be_days_or_a_day_and_is_not_reached_on_it(kept: Path, runner: CliRunner) -> None:
    last = TODAY - STALE_AFTER
    checked(kept, "rio-verde-food-caddies", last.isoformat())
    assert "rio-verde-food-caddies" not in str(listed(runner))
    checked(kept, "rio-verde-food-caddies", (last - timedelta(days=1)).isoformat())
    assert "rio-verde-food-caddies" in str(listed(runner))
    assert slugs(listed(runner, "--before", "2019-05-31")) == [["sandhaven-shade-trees"]]
    assert slugs(listed(runner, "--before", "2019-06-01")) == [
        ["sandhaven-shade-trees"], ["sandhaven-rent-fund", "sandhaven-second-fund"]]
    assert slugs(listed(runner, "--days", str((TODAY - last).days + 1))) == [
        ["sandhaven-shade-trees"], ["sandhaven-rent-fund", "sandhaven-second-fund", "sandhaven-third-fund"]]
    assert "testby" not in str(listed(runner, *ALL)), "checked today"


def test_a_text_says_what_it_is_about_what_to_look_at_and_how_to_answer(kept: Path, runner: CliRunner,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_NAME", "Library of the North")
    monkeypatch.setenv("INNOSHARE_BASE_URL", "https://library.example/")
    monkeypatch.setenv("INNOSHARE_REPOSITORY", "https://github.com/north/library")
    trees, funds, _ = listed(runner)
    text = trees["text"]
    assert text.startswith("Subject: Still true? Shade trees at bus stops and school gates\n\nDear colleagues,\n\n"
                           "Library of the North is an open library")
    assert "It has this text about Sandhaven and names you" in text
    assert ("“Shade trees at bus stops and school gates”\nhttps://library.example/cases/sandhaven-shade-trees\n"
            "It says: too early to say; pilot. Last checked on 1 February 2017.") in text
    assert "Are you still the office to ask, at https://sandhaven.example.org/parks?" in text
    assert "GitHub asks you to sign in" in text
    address = "https://github.com/north/library/edit/main/content/cases/sandhaven-shade-trees.md"
    assert address in text
    assert trees["cases"][0]["edit"] == address
    assert "a person" not in text
    text = funds["text"]
    assert text.startswith("Subject: Still true? A fund that pays rent arrears before an eviction, and 2 more\n")
    assert "It has these texts about Sandhaven" in text
    assert re.findall(r"^https://library\.example/cases/(\S+)$", text, re.MULTILINE) == slugs([funds])[0]
    assert text.count("/edit/main/content/cases/") == 3
    # There nobody from outside can change a file on the library's own pages.
    monkeypatch.setenv("INNOSHARE_REPOSITORY", "https://codeberg.org/north/library")
    text = listed(runner)[0]["text"]
    assert "A reply of one line is enough" in text
    assert "codeberg" not in text.lower()


def test_people_see_the_list_and_the_texts_by_city(kept: Path, runner: CliRunner) -> None:
    result = stale(runner)
    assert result.stdout.startswith(f"5 cases that nobody has checked since {(TODAY - STALE_AFTER).isoformat()}.\n\n"
                                    "Sandhaven\n  2017-02-01  sandhaven-shade-trees: Shade trees")
    assert result.stdout.count("\nSandhaven\n") == 1
    assert "\nTo Housing advice, Sandhaven Housing Department, https://sandhaven.example.org/housing\n\n    Subject: " \
        in result.stdout
    assert "set INNOSHARE_BASE_URL" in result.stderr
    for inquiry in listed(runner):
        assert all(line.strip() in result.stdout for line in inquiry["text"].splitlines())


def test_a_fresh_library_says_so(runner: CliRunner) -> None:
    assert stale(runner, "--before", "2001-01-01").stdout == "Every case was checked on 2001-01-01 or later.\n"
    assert listed(runner, "--before", "2001-01-01") == []


@pytest.mark.parametrize("arguments", [
    ["--days", "3", "--before", "2020-01-01"], ["--days", "-1"], ["--days", "x"], ["--days", "999999"],
    ["--before", "May"], ["--before", "2020-02-30"]])
def test_wrong_use_is_told(runner: CliRunner, arguments: list[str]) -> None:
    result = runner.invoke(main, ["stale", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_pages_say_how_old_a_stale_case_is_and_nothing_of_others(kept: Path, tmp_path: Path) -> None:
    edition.build(kept, tmp_path / "data", embeddings="none")
    client = create_app(Library.open(Settings(data=tmp_path / "data", embeddings="none"))).test_client()
    found = client.get("/search").text
    assert found.count("Not checked since") == 5
    assert "Not checked since February 2017" in found
    assert "Nobody has confirmed this text since 1 February 2017." in client.get("/cases/sandhaven-shade-trees").text
    assert "Nobody has confirmed" not in client.get("/cases/testby-night-buses").text
    stale, fresh = (client.get(f"/api/v1/cases/{name}").json
                    for name in ("sandhaven-shade-trees", "testby-night-buses"))
    assert stale
    assert fresh
    assert (stale["stale"], stale["checked"]) == (True, "2017-02-01")
    assert (fresh["stale"], fresh["checked"]) == (False, TODAY.isoformat())


def test_words_of_a_case_are_shown_as_they_are(kept: Path, runner: CliRunner) -> None:
    case = kept / "cases" / "rio-verde-food-caddies.md"
    case.write_text(re.sub(r"^title: .*", 'title: "[red]Food[/] and  *caddies* :smile:"',
                           case.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    assert "“[red]Food[/] and *caddies* :smile:”\n" in listed(runner)[2]["text"]
    assert "“[red]Food[/] and *caddies* :smile:”\n" in stale(runner).stdout
