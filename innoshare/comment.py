"""The one comment on a pull request: the line by which it is known again, and what it may say.

Decision: the text is not trusted, whoever made it. On GitHub it comes out of a run that a contributor can steer, and
the robot that posts it is believed more than she is. So `checked` lets pass only a text that says no more than `review`
would: no mention of anybody, no link that leads elsewhere than to the library and the content in its repository, no
image, no markup of its own. What plain words say no rule can judge; `forge_api` sees to it that nobody else wrote them.
"""

import re
from collections.abc import Sequence
from html import unescape

from innoshare.content.frontmatter import HIDDEN
from innoshare.errors import BadInput
from innoshare.report import JOINER

# The first line of the comment, which readers do not see.
MARKER = "<!-- innoshare review -->"

# GitHub takes 65,536 characters (its own error says so), the others more.
MAX_COMMENT = 65_536


def checked(text: str, own: Sequence[str] = ()) -> str:
    """The text of a comment, if it may be posted. `own` are the addresses that links may lead below.

    Raises BadInput that says why it may not.
    """
    if not text.startswith(f"{MARKER}\n"):
        raise _unfit(f"it does not begin with the line {MARKER}, by which the comment is found again. Take the file "
                     "that `innoshare review` has written")
    if len(text) > MAX_COMMENT:
        raise _unfit(f"it has {len(text):,} characters, and a comment holds {MAX_COMMENT:,}")
    rest = _FOLD.sub("\n", text.removeprefix(MARKER))
    if "`" in _CODE.sub("", rest):
        raise _unfit("it holds a backtick that begins or ends no code in its line")
    # Of code a backtick is left, which parts its neighbours as code does.
    marked = _CODE.sub(lambda found: "`" if found[1] else "\\", rest)  # without signs that are shown
    seen = unescape(_CODE.sub(lambda found: "`" if found[1] else found[0][1:], rest))  # what stands on the page
    if hidden := _hidden(f"{rest}{seen}".replace(JOINER, "")):
        raise _unfit(f"it holds a hidden character (U+{ord(hidden):04X})")
    looks = {"marks": marked, "seen": seen, "text": rest, "words": _TARGET.sub("](", seen)}
    for pattern, what, where in _FOREIGN:
        if found := re.search(pattern, looks[where], re.IGNORECASE):
            raise _unfit(f"it holds {what}: {found[0][:60]!r}")
    targets = [found[1] for found in _LINK.finditer(marked)] + [found[0] for found in _ADDRESS.finditer(seen)]
    for address in targets:
        if not any(address == one or address.startswith((f"{one}/", f"{one}?", f"{one}#")) for one in own if one):
            raise _unfit(f"it links to {address[:80]!r}, which is neither the library nor its repository")
    return text


# A sign with a backslash before it, or (group 1) code in one line. Code with a bar is taken for words: in a table, the
# bar would end it.
_CODE = re.compile(r"\\[!-/:-@\[-`{-~]|(?<!`)(`+)(?!`)[^|\n]+?(?<!`)\1(?!`)")

# The only markup that `review` writes. In it code would be none, so none may stand there.
_FOLD = re.compile(r"\n(<details><summary>[\w (),;]*</summary>|</details>)\n(?=\n|\Z)", re.ASCII)

# Where links lead: of an address only the beginning is judged, and of a scheme the end tells enough. Both have a bound,
# or a text made of nothing but beginnings would take minutes.
_LINK = re.compile(r"\]\((?=([^)\s]{0,2000}))")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s)<>]*", re.IGNORECASE)

# Where a link leads, behind its words.
_TARGET = re.compile(r"\]\([^)\s]*")

# Markdown that `review` never writes, sought in the marks, in the text, in what is seen, or in the words of that
# (without where links lead): hosts look for people and addresses on the page, where a backslash has gone and an entity
# is a letter. GitLab does what a line says that begins with a slash (`/merge`).
_FOREIGN = (
    (r"<[a-z/!?]", "markup of its own", "marks"),
    (r"(?m)^[ \t>]*/\w", "a command to the host", "text"),
    (r"!\[", "an image", "marks"),
    (r"\$", "a formula", "marks"),
    (r"(?m)^[-+*>\d.) \t]*>", "a quotation", "marks"),  # which GitHub shows as a notice of its own: > [!IMPORTANT]
    (r"[#!][0-9]|\bGH-[0-9]|\b[0-9a-f]{7,64}\b", "a reference to something of the host", "words"),
    (r"@(?a:\w)", "a mention", "seen"),  # names of accounts are in ASCII everywhere
    (r"(?<!://)\bwww\.\w", "an address without its beginning", "seen"),
    (r"://\S*://", "an address inside another", "seen"),  # before what else would be sought behind each of many
    (r"://\S*[&`\\]", "an address with signs that can hide where it leads", "marks"),
    (r"://\S*/(\.|%2e){1,2}(?![^\s/?#)])", "an address that leads upwards", "seen"),
    (r"\]\s*[:\[]", "a link that is written elsewhere", "marks"),
    (r"(?m)^[ >]*(```|~~~)", "a block of code", "marks"),
)


def _hidden(text: str) -> str:
    """The first sign that nobody sees, but for line ends; "" where there is none."""
    found = HIDDEN.search(text)
    return found[0] if found else next((sign for sign in text if not sign.isprintable() and sign != "\n"), "")


def _unfit(why: str) -> BadInput:
    return BadInput([("FILE", f"This text is not posted: {why}.")])
