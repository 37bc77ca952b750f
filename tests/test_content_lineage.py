"""Learning goes in no circle; where files say so, each circle is named once, and no graph keeps the check busy."""

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
def test_each_circle_is_named_once(inspired_by: dict[str, list[str]], found: list[tuple[str, ...]]) -> None:
    assert cycles(inspired_by) == found


NAMES = "abcdef"


def all_circles(inspired_by: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """The same by trying out every order of every set of names."""
    return sorted(path for length in range(1, len(NAMES) + 1) for path in permutations(NAMES, length)
                  if path[0] == min(path) and all(after in inspired_by.get(one, ()) for one, after in
                                                  zip(path, (*path[1:], path[0]), strict=True)))


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, "nobody"]), max_size=3)))
@settings(max_examples=300, deadline=None)
def test_every_circle_of_a_small_graph_is_found(inspired_by: dict[str, list[str]]) -> None:
    there = all_circles({name: [one for one in sources if one in inspired_by]
                         for name, sources in inspired_by.items()})
    found = cycles(inspired_by)
    assert found == there if len(there) <= MAX_CYCLES else len(found) == MAX_CYCLES and set(found) <= set(there)


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
