"""What people type into the search box, understood: words, "a phrase", -without, prefix*; and bounded.

Any text is a query. What is none of the four forms is words, so nothing that somebody types is an error of syntax,
and there is no operator whose cost is unknown: no wildcard inside a word, no range, no fuzzy term. What goes beyond
the bounds is refused in words that say what to do instead, before anything is looked up.
"""

import re
from collections.abc import Collection
from itertools import chain
from typing import NamedTuple

from innoshare.errors import BadInput
from innoshare.search import FACETS, MAX_OFFSET, MAX_PER_PAGE, MAX_QUERY_CHARACTERS, MAX_QUERY_TERMS, Query
from innoshare.search import text as analysis

# A prefix of fewer letters means too much.
MIN_PREFIX_LETTERS = 3


def check(query: Query) -> None:
    """Raises BadInput for everything in `query` that is beyond the bounds, with what to send instead."""
    mistakes = []
    if len(query.text) > MAX_QUERY_CHARACTERS:
        mistakes.append(("q", f"This search has {len(query.text)} characters, and up to {MAX_QUERY_CHARACTERS} can be "
                              "searched. Shorten it, or describe the problem to the challenge matcher, which takes "
                              "whole pages"))
    for name in query.filters.keys() - set(FACETS):
        mistakes.append((name, f"There is no such filter; there are {', '.join(FACETS)}"))
    if not 1 <= query.per_page <= MAX_PER_PAGE:
        mistakes.append(("per_page", f"Ask for 1 to {MAX_PER_PAGE} cases a page"))
    elif query.page < 1:
        mistakes.append(("page", "Pages are counted from 1"))
    elif query.offset + query.per_page > MAX_OFFSET:
        mistakes.append(("page", f"Only the first {MAX_OFFSET} cases of a search can be paged through. Narrow the "
                                 "search by a filter"))
    if mistakes:
        raise BadInput(mistakes)


class Clauses(NamedTuple):
    """What a search text asks for. Each clause has its words; those of `words` are alternatives."""

    words: list[analysis.Word]
    phrases: list[list[analysis.Word]]
    prefixes: list[str]
    without: list[list[analysis.Word]]
    without_prefixes: list[str]

    def terms(self) -> int:
        """How many words are to be looked up. A hyphenated word counts by its parts."""
        words = [*self.words, *chain.from_iterable(self.phrases), *chain.from_iterable(self.without)]
        return sum(not word.compound for word in words) + len(self.prefixes) + len(self.without_prefixes)


_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_CLAUSE = re.compile(r'(?P<minus>(?<!\S)[-−]+)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
_PREFIX = re.compile(r"[^\W_]+\*+")


def understand(text: str, language: str, languages: Collection[str]) -> Clauses:
    """`text` as clauses. `language` is that of the question ("" = not known), `languages` those of the index.

    Raises BadInput for too short a prefix and for too many words.
    """
    language = language or analysis.language_of(text)
    asked = Clauses([], [], [], [], [])
    rest = list(text)
    for clause in _CLAUSE.finditer(text.translate(_QUOTES)):
        start, end = clause.span("word" if clause["word"] else "phrase")
        if clause["word"] and _PREFIX.fullmatch(clause["word"]):
            prefix = clause["word"].rstrip("*")
            if len(prefix) < MIN_PREFIX_LETTERS:
                raise BadInput([("q", f"“{clause['word']}” is too short: write at least {MIN_PREFIX_LETTERS} letters "
                                      "before the *, or the whole word without it")])
            (asked.without_prefixes if clause["minus"] else asked.prefixes).append(prefix)
        elif clause["minus"] or clause["phrase"] is not None:
            # Spaces keep the places of the words in the whole text.
            words = analysis.words(" " * start + text[start:end], language, languages)
            words = [word for word in words if not word.compound]
            if words:
                (asked.without if clause["minus"] else asked.phrases).append(words)
        else:
            continue
        rest[clause.start():clause.end()] = " " * (clause.end() - clause.start())
    asked.words.extend(analysis.words("".join(rest), language, languages))
    if (terms := asked.terms()) > MAX_QUERY_TERMS:
        raise BadInput([("q", f"This search has {terms} words, and up to {MAX_QUERY_TERMS} can be searched at once. "
                              "Leave out some, or describe the problem to the challenge matcher, which takes whole "
                              "pages")])
    return asked
