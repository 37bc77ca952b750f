"""A case that is already here is noticed; two cases of one city, a quotation and a translation are no mistake."""

from pathlib import Path

from innoshare import content
from innoshare.errors import Problem

ORIGINAL = "testby-night-buses"


def copy(folder: Path, slug: str, *changes: tuple[str, str]) -> None:
    """The original once more, under another name and changed in places."""
    text = (folder / "cases" / f"{ORIGINAL}.md").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "cases" / f"{slug}.md").write_text(text, encoding="utf-8")


def noticed(folder: Path) -> list[Problem]:
    return [problem for problem in content.read(folder).problems if "may be here already" in problem.message]


def line_of(folder: Path, field: str) -> str:
    text = (folder / "cases" / f"{ORIGINAL}.md").read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith(f"{field}:"))


def test_nothing_is_noticed_in_the_small_library(folder: Path) -> None:
    assert noticed(folder) == []


def test_the_same_case_told_twice_is_noticed_in_the_later_file(folder: Path) -> None:
    copy(folder, "testby-buses-again", (line_of(folder, "updated"), "updated: 2026-05-01"),
         (line_of(folder, "title"), "title: Buses through the night in Testby"))
    (problem,) = noticed(folder)
    assert problem.path == "content/cases/testby-buses-again.md"
    assert problem.level == "advice"
    assert ORIGINAL in problem.message
    assert f"content/cases/{ORIGINAL}.md" in problem.remedy


def test_a_copied_text_is_noticed_in_another_city_as_well(folder: Path) -> None:
    copy(folder, "sandhaven-buses", (line_of(folder, "city"), "city: sandhaven"),
         (line_of(folder, "title"), "title: Buses at other hours"))
    (problem,) = noticed(folder)
    assert "in the same words" in problem.message


def test_cases_may_rest_on_the_same_sources(folder: Path) -> None:
    """The words of an address are nobody's text."""
    links = " ".join(f"[{number}](https://news.example/{number}/{'-'.join('abcdefghij')}-{number}.html)"
                     for number in range(10))
    for slug in ("sandhaven-rent-fund", "rio-verde-food-caddies"):
        path = folder / "cases" / f"{slug}.md"
        path.write_text(path.read_text(encoding="utf-8") + f"\n{links}\n", encoding="utf-8")
    assert noticed(folder) == []


def test_a_translation_is_no_second_case(folder: Path) -> None:
    city = line_of(folder, "city")
    copy(folder, "testby-buses-translated",
         (city, f"{city}\ntranslations:\n  - language: sv\n    case: {ORIGINAL}"))
    assert noticed(folder) == []


def test_the_real_content_tells_nothing_twice() -> None:
    assert noticed(Path(__file__).parent.parent / "content") == []
