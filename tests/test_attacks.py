"""Legal sizes, hostile shapes: requests that once took seconds must take a moment.

Hostile content files have their tests beside the rooms that read them. The bound is generous, since machines are
shared; what it guards against grew with the square of the length and took ten times as long.
"""

import time

import pytest

from innoshare.errors import BadInput
from innoshare.library import Library
from innoshare.matching import MAX_CHARACTERS, Challenge
from innoshare.web import parameters
from innoshare.web.parameters import Parameters

SECONDS = 2.0


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
