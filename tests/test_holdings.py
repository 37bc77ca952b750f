"""What a library holds, in numbers that can be counted by hand in the small folder."""

import json
from pathlib import Path

from click.testing import CliRunner

from innoshare import content
from innoshare.cli import main
from innoshare.holdings import holdings


def counts(folder: Path) -> dict[str, dict[str, int]]:
    return {group.title: dict(group.counts) for group in holdings(content.read(folder))}


def test_a_translation_is_no_second_case(folder: Path) -> None:
    files = [path.stem for path in (folder / "cases").glob("*.md")]
    found = content.read(folder)
    shown = [case for case in found.cases.values() if case.status.value == "published"]
    assert {"testby-night-buses", "testby-nattbussar"} <= set(files)
    library = counts(folder)["The library"]
    assert library["Translations of them"] == 1
    assert library["Cases"] == len(shown) - 1


def test_what_there_is_none_of_is_named(folder: Path) -> None:
    themes = counts(folder)["Themes"]
    assert len(themes) == len(content.read(folder).vocabulary["themes"])
    assert 0 in themes.values()


def test_unknown_is_no_fact(folder: Path) -> None:
    def cost() -> int:
        return counts(folder)["Fields that say something"]["staff_fte"]

    before = cost()
    path = folder / "cases" / "sandhaven-rent-fund.md"
    text = path.read_text(encoding="utf-8")
    for value, more in (("unknown", 0), ("2.5", 1)):
        path.write_text(text.replace("status:", f"staff_fte: {value}\nstatus:", 1), encoding="utf-8")
        assert cost() == before + more


def test_a_choice_needs_three_cases_of_one_kind(folder: Path) -> None:
    title = "A theme and a kind of challenge with 3 cases or more"
    source = folder / "cases" / "sandhaven-rent-fund.md"
    text = source.read_text(encoding="utf-8")
    kept = {name: count for name, count in counts(folder)[title].items() if count >= 3}
    for number in range(3):
        (folder / "cases" / f"sandhaven-fund-{number}.md").write_text(text, encoding="utf-8")
    assert sum(counts(folder)[title].values()) >= sum(kept.values()) + 3


def test_the_command_prints_numbers_for_people_and_for_programs(runner: CliRunner) -> None:
    shown, told = runner.invoke(main, ["stats"]), runner.invoke(main, ["stats", "--json"])
    assert (shown.exit_code, told.exit_code) == (0, 0)
    numbers = json.loads(told.stdout)
    assert f"Cases {numbers['The library']['Cases']}" in " ".join(shown.stdout.split())
