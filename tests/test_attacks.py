"""Legal sizes, hostile shapes: texts that once took seconds or minutes must take a moment.

The bound is generous, since machines are shared; what it guards against grew with the square of the length and took
ten times as long.
"""

import time
from collections.abc import Callable

import pytest

from innoshare import render
from innoshare.content.frontmatter import read, read_yaml
from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import MAX_CHARACTERS, Challenge
from innoshare.web import parameters
from innoshare.web.parameters import Parameters

SECONDS = 2.0

TEXTS: dict[str, Callable[[], object]] = {
    "a table line of spaces": lambda: list(render.habits(" " * 40_000 + "x|-\n")),
    "spaces before a value": lambda: read(b"---\ntitle:\n" + b" " * 60_000 + b"@x\n---\nText.\n", "x.md"),
    "the same in a vocabulary": lambda: read_yaml(b"a:\n" + b" " * 240_000 + b"@x\n", "x.yaml"),
    "fences of every length": lambda: list(render.habits(
        "\n".join("`" * (3 + number) for number in range(500)) + "\n" * 120_000)),
    "rows without bars": lambda: list(render.mistakes("|" + "a|" * 50 + "\n|" + "-|" * 50 + "\n" + "x\n" * 20_000)),
}


@pytest.mark.parametrize("ask", TEXTS.values(), ids=TEXTS.keys())
def test_a_content_file_is_judged_in_a_moment(ask: Callable[[], object]) -> None:
    began = time.perf_counter()
    ask()
    assert time.perf_counter() - began < SECONDS


@pytest.mark.parametrize("text", [
    "water floods the cellar " + "." * 19_900 + "x", "aa " * 1_900 + "!\n" * 6_000, "water in cellars " + ". " * 9_000,
    "water " * 1_990, " ".join(f"w{number:x}" for number in range(1_990)),
], ids=["dots", "empty sentences", "spaced dots", "one word", "unknown words"])
def test_a_challenge_is_answered_in_a_moment(library: Library, text: str) -> None:
    assert len(text) <= MAX_CHARACTERS
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


def test_a_table_of_contents_marker_is_text() -> None:
    body = "\n\n".join(f"## Heading {number}" for number in range(30)) + "\n\n[TOC]\n"
    rendered, refused = render.render_all({"x": body}, lambda _name: None)
    assert not refused
    assert "[TOC]" in rendered["x"].text
