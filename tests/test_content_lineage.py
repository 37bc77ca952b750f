"""Learning goes in no circle; where files say so, it is named until none is left, and no graph keeps the check busy."""

import time
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innoshare.content.lineage import MAX_CYCLES, cycles

SECONDS = 10.0  # generous, since machines are shared; what it guards against would never end


@pytest.mark.parametrize(("inspired_by", "found"), [
    ({}, []),
    ({"a": ["b"], "b": ["c"], "c": []}, []),
    ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, []),
    ({"a": ["b"], "b": ["a"]}, [("a", "b")]),
    ({"c": ["a"], "b": ["c"], "a": ["b"]}, [("a", "b", "c")]),
    ({"b": ["c"], "c": ["a"], "a": ["b", "c"]}, [("a", "b", "c"), ("a", "c")]),
    ({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, [("a", "b"), ("b", "c")]),
    ({"a": ["a"]}, [("a",)]),
    ({"a": ["b", "b"], "b": ["a", "a"]}, [("a", "b")]),
    ({"a": ["https://example.org/a", "nobody"], "nobody-else": ["a"]}, []),
    ({"x": ["a"], "a": ["b"], "b": ["a", "y"], "y": []}, [("a", "b")]),
], ids=["none", "chain", "diamond", "two", "three", "two with a shared arrow", "two with a shared case", "itself",
        "named twice", "leads nowhere", "tail and way out"])
def test_circles_are_named(inspired_by: dict[str, list[str]], found: list[tuple[str, ...]]) -> None:
    assert cycles(inspired_by) == found


NAMES = "abcdef"


def all_circles(inspired_by: dict[str, list[str]]) -> set[tuple[str, ...]]:
    """Every circle, by trying out every order of every set of names."""
    return {path for length in range(1, len(NAMES) + 1) for path in permutations(NAMES, length)
            if path[0] == min(path) and all(after in inspired_by.get(one, ()) for one, after in
                                            zip(path, (*path[1:], path[0]), strict=True))}


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, "nobody"]), max_size=3)))
@settings(max_examples=300, deadline=None)
def test_what_is_named_are_circles_and_mending_them_leaves_none(inspired_by: dict[str, list[str]]) -> None:
    found = cycles(inspired_by)
    assert len(found) == len(set(found)) <= MAX_CYCLES
    assert set(found) <= all_circles(inspired_by)
    arrows = {(circle[0], (*circle[1:], circle[0])[0]) for circle in found}
    mended = {name: [one for one in sources if (name, one) not in arrows] for name, sources in inspired_by.items()}
    assert len(found) == MAX_CYCLES or not all_circles(mended)


def test_a_graph_with_more_circles_than_anybody_could_count_is_bounded() -> None:
    names = [f"case-{number}" for number in range(100)]
    began = time.perf_counter()
    found = cycles(dict.fromkeys(names, names))
    assert time.perf_counter() - began < SECONDS
    assert len(found) == len(set(found)) == MAX_CYCLES
    assert found == cycles(dict.fromkeys(reversed(names), names[::-1]))


def test_long_chains_and_long_circles_need_no_recursion() -> None:
    names = [f"case-{number:05}" for number in range(20_000)]
    began = time.perf_counter()
    chain = dict(zip(names, [[name] for name in names[1:]], strict=False)) | {names[-1]: []}
    assert cycles(chain) == []
    assert cycles(chain | {names[-1]: [names[0]]}) == [tuple(names)]
    assert time.perf_counter() - began < SECONDS
