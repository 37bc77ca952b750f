"""Who learned from whom, and where that goes in a circle: A from B, B from C, C from A.

A case names under `inspired_by` those it learned from, which are earlier ones; so nobody can be among those who learned
from her. `cycles` finds where the files say otherwise. It looks at names only and knows no files: who calls it says in
which file the circle is told.

Decision: every circle is named, by Johnson's algorithm, and not just one of those that hang together. Who has mended
one would otherwise be told of the next by the next check, and so on.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

# Circles that are named. Nobody mends more at once, and where cases name each other freely there are more than any
# machine can count. As many take at most 2 s among 10,000 cases (measured on chains, rings and random ones).
MAX_CYCLES = 50

_Graph = Mapping[str, Sequence[str]]


def cycles(inspired_by: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Every circle once, at most MAX_CYCLES, sorted; each begins with the first of its names in the alphabet.

    Takes the name of each case with those it learned from. Of these, what is not a name of a case (an address, a case
    that is not there) leads nowhere. `("a", "b")` says that a learned from b and b from a; who learned from herself is
    a circle of one.
    """
    graph = {name: sorted((set(sources) & inspired_by.keys()) - {name}) for name, sources in inspired_by.items()}
    found: list[tuple[str, ...]] = [(name,) for name in sorted(graph) if name in inspired_by[name]]
    waiting = [sorted(graph)]
    while waiting and len(found) < MAX_CYCLES:
        group = set(waiting.pop())
        for knot in _knots({name: [source for source in graph[name] if source in group] for name in sorted(group)}):
            first, *rest = sorted(knot)
            inside = {name: [source for source in graph[name] if source in knot] for name in knot}
            found += islice(_through(first, inside), max(MAX_CYCLES - len(found), 0))
            waiting.append(rest)  # the knot without the first, whose circles are all found
    return sorted(found[:MAX_CYCLES])


def _knots(graph: _Graph) -> Iterator[set[str]]:
    """The groups of two and more in which each leads to each (Tarjan's algorithm)."""
    order: dict[str, int] = {}  # name -> when it was met
    lowest: dict[str, int] = {}  # name -> the earliest one met that it leads back to
    done: set[str] = set()
    path: list[str] = []
    for root in graph:
        stack = [(root, iter(graph[root]))] if root not in order else []
        while stack:
            name, sources = stack[-1]
            if name not in order:
                order[name] = lowest[name] = len(order)
                path.append(name)
            for source in sources:
                if source not in order:
                    stack.append((source, iter(graph[source])))
                    break
                if source not in done:
                    lowest[name] = min(lowest[name], order[source])
            else:
                stack.pop()
                if stack:
                    lowest[stack[-1][0]] = min(lowest[stack[-1][0]], lowest[name])
                if lowest[name] == order[name]:
                    knot = {path.pop()}
                    while name not in knot:
                        knot.add(path.pop())
                    done |= knot
                    if len(knot) > 1:
                        yield knot


def _through(first: str, graph: _Graph) -> Iterator[tuple[str, ...]]:
    """The circles through `first` in a knot (the inner part of Johnson's algorithm).

    A name from which no way led back to `first` is not tried again (`blocked`) before one of those it waits for
    (`waiting`) is free again: this bounds the work between two circles by the size of the graph.
    """
    blocked, waiting, closes = {first}, defaultdict[str, set[str]](set), set[str]()
    path, stack = [first], [iter(graph[first])]
    while stack:
        name = path[-1]
        for source in stack[-1]:
            if source == first:
                closes |= set(path)
                yield tuple(path)
            elif source not in blocked:
                path.append(source)
                stack.append(iter(graph[source]))
                closes.discard(source)
                blocked.add(source)
                break
        else:
            if name in closes:
                _free(name, blocked, waiting)
            else:
                for source in graph[name]:
                    waiting[source].add(name)
            stack.pop()
            path.pop()


def _free(name: str, blocked: set[str], waiting: dict[str, set[str]]) -> None:
    free = [name]
    while free:
        one = free.pop()
        if one in blocked:
            blocked.remove(one)
            free += waiting.pop(one, ())
