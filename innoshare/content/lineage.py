"""Who learned from whom, and where that goes in a circle: A from B, B from C, C from A.

A case names under `inspired_by` those it learned from, which are earlier ones; so nobody can be among those who learned
from her. `cycles` finds where the files say otherwise. It looks at names only and knows no files: who calls it says in
which file the circle is told.

Decision: not every circle is named (there can be more than any machine can count), but as many as it takes: where of
each the first case no longer names the second, no circle is left, unless there are more than MAX_CYCLES.
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

# Circles that are named: nobody mends more at once. As many take at most 1.5 s among 10,000 cases, where each names
# twenty, the most that are allowed (measured on rings, on random ones, and where all are close to each other).
MAX_CYCLES = 20


def cycles(inspired_by: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Circles, at most MAX_CYCLES, sorted; each begins with the first of its names in the alphabet.

    Takes the name of each case with those it learned from. Of these, what is not a name of a case (an address, a case
    that is not there) leads nowhere. `("a", "b")` says that a learned from b and b from a; who learned from herself is
    a circle of one.
    """
    graph = {name: sorted(set(inspired_by[name]) & inspired_by.keys()) for name in sorted(inspired_by)}
    found: list[tuple[str, ...]] = []
    while len(found) < MAX_CYCLES and (circle := _circle(graph)):
        found.append(circle)
        first, second = (*circle, circle[0])[:2]
        graph[first].remove(second)  # as if it were mended, so that another one can be found
    return sorted(found)


def _circle(graph: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Some circle of a graph, always the same one; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # Each name in it stands before who learned from it, and the last one is the first again.
        circle = error.args[1][:0:-1]
        start = circle.index(min(circle))
        return (*circle[start:], *circle[:start])
    return ()
