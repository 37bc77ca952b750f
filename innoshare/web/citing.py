"""A case cited at a commit: the address that says which version somebody read, and what that address answers later.

The address of a case with `?cited=<commit>` leads to the case as it is now, and says how that compares with the version
that was cited. A citation so stays honest in both directions: the reader sees what is true today, and can see what the
one who cited it saw.

Decision: a commit that is not known here is no mistake. Whoever opens a citation did not write it, and the case is what
she wants to read; she is told that the comparison cannot be made.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from innoshare.forge import Forge
from innoshare.provenance import FileHistory
from innoshare.web.parameters import Parameters, given

# From which on a shortened hash is taken: what git itself writes. SHA-256 has 64 signs, SHA-1 has 40.
SHORTEST, LONGEST = 7, 64
# What programs take for the end of an address that stands at the end of a sentence, or in brackets.
_AROUND = ".,;:!?)]}>'\"’”»"


@dataclass(frozen=True)
class Cited:
    """How the version that was cited compares with the text as it is. `day` is that of the version and `changes` how
    often the text was changed since, last on `last`; `day` is None where the commit is not known, and the rest says
    nothing then. The addresses lead to the code host, "" where there is none."""

    commit: str
    day: str | None = None
    changes: int = 0
    last: str = ""
    then: str = ""
    compare: str = ""


def asked(pairs: Iterable[tuple[str, str]]) -> str:
    """The commit that the parameters of an address name as cited; "" where they name none. Raises BadInput where it is
    no commit, and for any other parameter."""
    parameters = Parameters(given(pairs), ("cited",))
    commit = parameters.text("cited", LONGEST + len(_AROUND)).lower().rstrip(_AROUND)
    if commit and not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},{LONGEST}}}", commit):
        parameters.refuse("cited", "The version that was cited is named by a commit: at least seven of the digits 0 to "
                          "9 and letters a to f. Copy the address again, or leave out what follows the question mark.")
    parameters.finish()
    return commit


def compared(commit: str, path: str, history: FileHistory | None, forge: Forge | None) -> Cited | None:
    """What became of the file at `path` (`cases/x.md`) since `commit`; None where that is "", for nothing was cited."""
    if not commit:
        return None
    changes = history.changes if history else ()
    found = [number for number, change in enumerate(changes) if change.commit.startswith(commit)]
    if len(found) != 1:
        return Cited(commit)
    (number,) = found
    change = changes[number]
    return Cited(change.commit, change.day, number, changes[0].day,
                 forge.at(path, change.commit) if forge else "", forge.compare(change.commit) if forge else "")


def citable(url: str, commit: str | None) -> str:
    """The address to cite; that of the page alone where no version of it is known."""
    return f"{url}?{urlencode({'cited': commit})}" if commit else url
