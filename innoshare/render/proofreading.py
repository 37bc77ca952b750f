"""Markdown is looked over without being rendered: what must not or cannot be shown, habits from elsewhere, headings.

`mistakes` names what is refused, `habits` what GitHub's preview shows differently from our pages, `headings` the
outline. All three read a body line by line with regular expressions; the texts that would keep a renderer busy for
minutes take them less than half a second (measured; they are in the tests). `content` asks them about every file, the
renderer asks `mistakes` once more before it renders. Here too is decided where a `link` may lead, because the check
and the page must agree on it. Nothing here knows Python-Markdown or makes HTML.

Decision: what makes a text slow is counted (signs that open something, nesting, footnotes, rows) and limited before
anything is rendered. A clock alone would call the same text good on one machine and bad on another.
"""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from innoshare.choices import Section

# Limits of one body. The longest real case has 9 KB, 20 links, lines of 1,400 characters and 10 headings; each limit
# leaves room for 10 times that, and bodies below all of them render in time (1,700 random ones of 4 to 127 KB, made of
# the signs that mean something: none took longer than 2 s, with another process on the machine).
MAX_CHARACTERS = 128 * 1024
MAX_LINES = 5_000  # The longest real case has 42. 60,000 lines of one sign take 2 s to look over.
MAX_LINE = 5_000
MAX_NESTING = 20  # Lists, quotes, open brackets; Python-Markdown recurses and breaks at 300.
MAX_DEFINITIONS = 100  # Footnotes and link definitions; 5,000 unclosed ones take 10 s.
MAX_REFERENCES = 500  # to footnotes; 18,000 to one note take over 5 s
MAX_HEADINGS = 100  # Ids of equal headings are numbered in quadratic time.
MAX_RULES = 100  # Each cuts what is left of its paragraph in two; 18,000 take 17 s.
MAX_COLUMNS = 50  # of a table; every row is filled up to the width of its head
MAX_ROWS = 500
# Signs that open something, times the length of their paragraph: what the inline patterns may have to look at.
# 20,000 `[` are 4e8 and take over 20 s; this much takes half a second; the longest real case has 3e5.
MAX_WORK = 4_000_000
MAX_LISTED = 10  # Lines named for one kind of mistake; a text pasted as HTML has hundreds.

ID_PREFIX = "text-"  # of every id in a rendered body, and of every link to one


# --- where a link may lead -------------------------------------------------------------------------------------------

_CASE_LINK = re.compile(r"/cases/[a-z0-9]+(-[a-z0-9]+)*(#[\w-]*)?")


def link(address: str) -> str | None:
    """An address as our pages may link to it, or None: http, https and mailto, `#part`, `/cases/slug`."""
    if re.search(r"[\s\\<>\"`\x00-\x20\x7f]", address):
        return None
    if re.fullmatch(r"#[\w:.%-]+", address):
        return "#" + ID_PREFIX + address[1:]
    if _CASE_LINK.fullmatch(address):
        slug, hash, part = address.partition("#")
        return slug + hash + (ID_PREFIX + part if hash else "")
    try:
        parts = urlsplit(address)
        web = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return address if web or re.fullmatch(r"mailto:[^@?&]+@[^@?&]+", address) else None


# --- what cannot or must not be rendered ------------------------------------------------------------------------

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)")
_LANGUAGE = re.compile(r"[ \t]*\.?[\w#.+-]*[ \t]*")  # what may stand behind a fence, as the renderer reads it
_TAG = re.compile(r"</?[A-Za-z][\w-]*(?=[\s/>]|$)|<[!?]")
_IMAGE = re.compile(r"!\[")
MAX_WORDS = 600  # Characters of the words of a link, as far as they are looked at.
_TARGET = re.compile(r"\]\([ ]*<?([^)\s>]{1,600})")
_SPACED = re.compile(r"\]\([ ]*(<[^<>\n]{1,600}>|[^)\s<>]{1,600}[ ]+[^)\s\"'][^)\n]{0,600})")  # a title is in quotes
_DEFINITION = re.compile(r"^[ ]{0,3}\[[^\]]{0,200}\]?:")
_RULE = re.compile(r"[ ]{0,3}([-_*][ ]{0,2}){3,}")
_ITEM = re.compile(r"([ ]*)([-*+]|\d{1,9}[.)])[ ]+")


class Remark(NamedTuple):
    """What there is to say of a place in a body; line and column are counted from 0."""

    line: int
    message: str
    remedy: str
    column: int = 0


Found = Iterator[Remark]


def _is_empty(line: str) -> bool:
    """Whether the line ends a paragraph: other white space than this does not, for the renderer."""
    return not line.strip(" \t")


def _unfenced(body: str) -> tuple[list[str], list[Remark]]:
    """The lines of a body with fenced code blanked out, and mistakes in how it is fenced."""
    lines, unclosed, found = body.split("\n"), set[str](), list[Remark]()
    closing: dict[str, list[int]] = {}  # fence -> the lines that could close it, the last one first
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].startswith(("```", "~~~")):
            closing.setdefault(lines[number].rstrip(" \t"), []).append(number)
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):  # that would be `code` within a line
            ends = closing.get(fence[1], [])
            while ends and ends[-1] <= number:
                ends.pop()
            if not _LANGUAGE.fullmatch(fence[2]):
                found.append(Remark(number, "More than one word stands behind the signs that open a block of code "
                                    "here, so it is not shown as one.", "Write the signs alone on this line, and the "
                                    "code below it."))
            elif not ends and fence[1] not in unclosed:
                unclosed.add(fence[1])
                found.append(Remark(number, "The block of code that opens here is never closed.",
                                    "Put a line with the same signs after the code."))
            if ends:
                lines[number : ends[-1] + 1] = [""] * (ends[-1] + 1 - number)
                number = ends[-1]
        number += 1
    return lines, found


def _prose(body: str) -> list[str]:
    """The lines of a body with all code blanked out."""
    return [_without_code(line) for line in _unfenced(body)[0]]


def _without_code(line: str) -> str:
    """A line with its `code` blanked out; runs of backticks pair up with the next of the same length."""
    if "`" not in line:
        return line
    runs = [(match.start(), match.end()) for match in re.finditer("`+", line)]
    later: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        later.setdefault(runs[index][1] - runs[index][0], []).append(index)
    parts, at, index = [], 0, 0
    while index < len(runs):
        start, end = runs[index]
        same = later[end - start]
        while same and same[-1] <= index:
            same.pop()
        if same:
            close = same[-1]
            parts += [line[at:start], " " * (runs[close][1] - start)]
            at, index = runs[close][1], close
        index += 1
    return "".join((*parts, line[at:]))


def mistakes(body: str) -> Found:
    """What must not or cannot be rendered. Cheap; renders nothing."""
    if is_too_long(body):
        yield Remark(0, f"The text is longer than {MAX_CHARACTERS:,} characters." if len(body) > MAX_CHARACTERS else
                     f"The text has more than {MAX_LINES:,} lines.", "Shorten it, and link to longer documents.")
        return
    unfenced, fences = _unfenced(body)
    yield from fences[:MAX_LISTED]
    prose = [_without_code(line) for line in unfenced]
    # What costs time is counted in `code` too: where it begins and ends the renderer may see otherwise (a backslash).
    for rules, lines in (((_long_lines,), body.split("\n")), ((_raw_html, _images, _targets), prose),
                         ((_deep, _many, _tables, _laborious), unfenced)):
        for rule in rules:
            yield from islice(rule(lines), MAX_LISTED)


def is_too_long(body: str) -> bool:
    """Whether nothing more can be said of a body than that; `mistakes` says it."""
    return len(body) > MAX_CHARACTERS or body.count("\n") >= MAX_LINES


def _long_lines(lines: list[str]) -> Found:
    """A line has at most MAX_LINE characters."""
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE:
            yield Remark(number, f"This line has {len(line):,} characters; at most {MAX_LINE:,} are allowed.",
                         "Make several paragraphs of it.")


def _raw_html(lines: list[str]) -> Found:
    """HTML is not allowed; readers would see it as it is written."""
    for number, line in enumerate(lines):
        if "<" in line and (tag := _TAG.search(line)):
            yield Remark(number, f"HTML is not allowed: `{tag[0].replace('`', '')}`.",
                         "Use Markdown (`**bold**`, `[words](address)`, lists); put a space behind `<` where you mean "
                         "“less than”, or backticks round what is meant literally.", tag.start())


def _images(lines: list[str]) -> Found:
    """Images are not shown."""
    for number, line in enumerate(lines):
        if image := _IMAGE.search(line):
            yield Remark(number, "Images are not shown.", "Describe in words what it shows, or link to a page that "
                         "shows it.", image.start())


def _targets(lines: list[str]) -> Found:
    """A link leads to a web address, a mail address, a part of this text, or another case; of images all is said."""
    for number, line in enumerate(lines):
        for spaced in _SPACED.finditer(line):
            if " " in (address := spaced[1].strip("<> ")):
                yield Remark(number, f"The address of this link holds a space, so it leads nowhere: `{_cut(address)}`.",
                             "Write `%20` in place of each space, as browsers do when you copy the address from them.",
                             spaced.start(1))
        for target in _TARGET.finditer(line):
            if link(unescape(target[1])) is None and not _is_image(line[max(target.start() - MAX_WORDS, 0) :
                                                                        target.start()]):
                yield Remark(number, f"The link to `{_cut(target[1])}` leads nowhere.", _led(target[1]) or "Write a "
                             "full address that begins with https://, or `/cases/` and the name of another case.",
                             target.start(1))


def _cut(words: str) -> str:
    """Words as a message quotes them."""
    return words[:60].replace("`", "")


def _led(address: str) -> str:
    """Where an address probably should lead, as a remedy; empty where that cannot be guessed."""
    if case := re.fullmatch(r"(?:\.{0,2}/)*(?:content/)?(?:cases/)?([a-z0-9]+(?:-[a-z0-9]+)*)\.md", address):
        return f"Write `/cases/{case[1]}`: the name of the other case, without .md."
    return f"Write `https://{address}`." if re.fullmatch(r"www\.[\w-]+(\.[\w-]+)+(/[^\s`]*)?", address) else ""


def _is_image(before: str) -> bool:
    """Whether what stands before `](` began an image."""
    words = before.rpartition("[")
    return words[0].endswith("!") and "]" not in words[2]


def _deep(lines: list[str]) -> Found:
    """Lists, quotes and brackets are nested at most MAX_NESTING deep."""
    remedy = f"Write it flatter: at most {MAX_NESTING} levels."
    brackets = 0
    for number, line in enumerate(lines):
        quote = re.match(r"[> ]*", line)
        marks = re.match(r"(?:[ ]*(?:[-*+]|\d{1,9}\.)[ ]+)*", line)
        indent = len(line) - len(line.lstrip(" \t")) + 3 * line[:MAX_LINE].count("\t")
        if not _is_empty(line) and ((quote and quote[0].count(">") > MAX_NESTING) or indent > 4 * MAX_NESTING or (
                marks and len(marks[0].split()) > MAX_NESTING)):
            yield Remark(number, "Lists or quotes are nested too deeply.", remedy)
        if _is_empty(line):
            brackets = 0
        elif "[" in line or "]" in line:
            for sign in line:
                brackets = brackets + 1 if sign == "[" else max(brackets - 1, 0) if sign == "]" else brackets
                if brackets > MAX_NESTING:
                    yield Remark(number, f"More than {MAX_NESTING} square brackets are opened and not closed.",
                                 "Close them.")
                    return


def _many(lines: list[str]) -> Found:
    """Footnotes, definitions, headings and rules have their limits."""
    for limit, name, sign in ((MAX_DEFINITIONS, "footnotes and link definitions", _DEFINITION),
                              (MAX_REFERENCES, "references to footnotes", re.compile(r"\[\^")),
                              (MAX_HEADINGS, "headings", re.compile(r"^ {0,3}#|^[=-]+[ ]*$")),
                              (MAX_RULES, "lines drawn across the text", re.compile(rf"^[> \t]*{_RULE.pattern}[ ]*$"))):
        places = [number for number, line in enumerate(lines) for _ in sign.finditer(line)]
        if len(places) > limit:
            yield Remark(places[limit], f"There are more than {limit} {name}.", "Shorten the text.")


def _tables(lines: list[str]) -> Found:
    """A table has at most MAX_COLUMNS columns; all tables together have at most MAX_ROWS rows.

    After a line with `|` every line to the end of the paragraph counts: the renderer makes a row of it, as wide as the
    table, with or without `|`.
    """
    rows, in_table = 0, False
    for number, line in enumerate(lines):
        pipes = line.count("|")
        in_table = pipes > 0 or (in_table and not _is_empty(line))
        rows += in_table
        if pipes > MAX_COLUMNS or rows > MAX_ROWS:
            most = f"{MAX_COLUMNS} columns" if pipes > MAX_COLUMNS else f"{MAX_ROWS} rows"
            yield Remark(number, f"There is too much table: more than {most}.",
                         "Show the important figures, and link to the full table.")
            return


def _laborious(lines: list[str]) -> Found:
    """Signs that open links, code or emphasis may not pile up in long paragraphs."""
    work = signs = length = 0
    for number, line in enumerate([*lines, ""]):
        if not _is_empty(line):
            signs += sum(map(line.count, "[<*_`!&\\"))
            length += len(line)
            if work + signs * length <= MAX_WORK:
                continue
        work, signs, length = work + signs * length, 0, 0
        if work > MAX_WORK:
            yield Remark(min(number, len(lines) - 1), "The text holds too many of the signs [ < * _ ` in long "
                         "paragraphs.", "Separate paragraphs and lists by empty lines, and put fewer links in one "
                         "paragraph.")
            return


# --- what looks different elsewhere -----------------------------------------------------------------------------


def headings(body: str) -> list[tuple[int, int, str]]:
    """The headings of a body: (line, counted from 0; level 1 to 6; words). None where it is too long."""
    if is_too_long(body):
        return []
    lines, found = _prose(body), []
    opens, was_first = True, False  # whether this line begins a paragraph; whether the line before did
    for number, line in enumerate(lines):
        if match := re.match(r" {0,3}(#{1,6})", line):
            found.append((number, len(match[1]), line[match.end() :].strip().rstrip("#").strip()))
            opens, was_first = True, False
        elif was_first and re.fullmatch(r"[=-]+[ ]*", line):
            found.append((number - 1, 1 if line[0] == "=" else 2, lines[number - 1].strip()))
            opens, was_first = True, False
        else:
            ends = not line.strip() or bool(_RULE.fullmatch(line))
            opens, was_first = ends, opens and bool(line.strip())
    return found


def sections_named(headings: Sequence[str]) -> list[Section | None]:
    """Which section of a case each heading of the second level begins: by its English words; five by their order, as
    they are in other languages, some of which have a word in common with English (*Situation*)."""
    named = [Section.named(heading) for heading in headings]
    in_order = len(named) == len(Section) and all(
        one in (None, section) for one, section in zip(named, Section, strict=True))
    return list(Section) if in_order else named


def habits(body: str) -> Found:
    """What GitHub's preview shows differently from our pages."""
    lines = _prose(body)
    yield from sorted(remark for habit in (_lists, _blocks, _signs, _addresses) for remark in habit(lines))


def _lists(lines: list[str]) -> Found:
    """Lists, and what belongs to their items, begin where the renderer sees them: behind an empty line, each level four
    spaces further in."""
    depth: list[int] = []  # of each item that is open, the column in which GitHub expects what belongs to it
    opens, is_item = True, False  # whether this line begins a block; whether the block that goes on is a list
    kind = ""  # of the list that goes on: the sign or, with numbers, what stands behind them
    for number, line in enumerate(lines):
        if not line.strip():
            opens = True
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = None if _RULE.fullmatch(line) else _ITEM.match(line)
        is_list = item is not None and (opens or bool(depth) or not item[2][:-1] or item[2][:-1] == "1")
        while depth and indent < depth[-1] and (opens or is_list):
            depth.pop()
        if item and is_list and indent < 4 * (len(depth) + 1):
            listed = item[2][-1] if item[2][:-1] else "-"
            if listed == ")":
                if kind != ")":
                    yield Remark(number, f"A list does not begin with `{item[2]}` here, so it is not shown as one.",
                                 f"Write a full stop behind each number: `{item[2][:-1]}.`", indent)
            elif not opens and (not is_item or (listed != kind and not depth)):
                yield Remark(number, "A list follows a line of text, so it is not shown as a list.",
                             "Put an empty line before it.")
            elif depth and indent < 4 * len(depth):
                yield Remark(number, f"A list inside a list is indented by {_spaces(indent)} here, so it is not shown "
                             "as one.", f"Indent it by {_spaces(4 * len(depth))}.", indent)
            depth.append(item.end())
            is_item, kind = True, listed if len(depth) == 1 else kind
        elif opens:
            if depth and 0 < indent < 4 * len(depth) and not line.lstrip().startswith(("```", "~~~")):
                yield Remark(number, f"What is indented by {_spaces(indent)} here is not shown as a part of the list "
                             "above.", f"Indent it by {_spaces(4 * len(depth))} if it belongs there.", indent)
            is_item, kind = False, kind if depth else ""
        opens = bool(re.match(r" {0,3}#", line) or _RULE.fullmatch(line))


def _spaces(number: int) -> str:
    return "one space" if number == 1 else "four spaces" if number == 4 else f"{number} spaces"


def _blocks(lines: list[str]) -> Found:
    """Headings, tables, code and boxes are recognised by how their first line is written."""
    start, is_code = 0, False  # the line in which the paragraph that goes on began; whether indented code goes on
    for number, line in enumerate(lines):
        above = lines[number - 1].strip() if number else ""
        if not above or above.startswith("#"):
            start = number
        if "|" in line and "-" in line and not line.strip(" |:-") and number - 1 > start:
            yield Remark(number - 1, "A table follows a line of text, so it is not shown as a table.",
                         "Put an empty line before it.")
        elif above and re.fullmatch(r" {0,3}(-{2,}|=+)[ \t]*", line) and (
                # Here it makes a heading of a single line, on GitHub of a whole paragraph, but of no list and no quote.
                (number - 1 > start) is not bool(above.startswith(">") or _ITEM.match(lines[number - 1]))):
            yield Remark(number, f"A line of `{line.strip()[0]}` right below a text means something else on GitHub.",
                         "Put an empty line before it; a heading begins with `## `.")
        if re.match(r" {0,3}#{1,6}[^#\s]", line):
            yield Remark(number, "This line begins with # and is shown as a heading.",
                         "Put a space behind #, or a backslash before it if no heading is meant.")
        elif space := re.match(r" {0,3}#{1,6}[^# \t]", line):
            yield Remark(number, "The space behind # is no ordinary space, so GitHub shows no heading.",
                         "Delete it and type it again, without the Alt key.", space.end() - 1)
        if fence := re.match(r" +(?=```|~~~)", line):
            is_code = not is_code
            if is_code:
                yield Remark(number, "A block of code is indented here, so it is not shown as one.",
                             "Let its first and its last line begin without spaces.", fence.end())
        if box := re.match(r"[> ]*>[ ]*(?=\[!\w+\])", line):
            yield Remark(number, f"`{line[box.end() :].partition(']')[0]}]` does not become a box; readers see the "
                         "brackets.", "Write a word in bold in their place, as `**Note:**`.", box.end())


# What is a link already, and what only looks like one.
_LINKED = re.compile(r"\[[^\]\n]{0,600}\]\([^)\n]{0,600}\)|\]\([^)\n]{0,600}\)|<https?://[^>\n]{0,600}>|"
                     r"\[[^\]\n]{0,600}\]:.*", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w/.@-])(?:https?://|www\.)\w[^\s<>]{0,600}", re.IGNORECASE)
# One tilde strikes out on GitHub as well, but not the signs for `about` in: from ~5 to ~10.
_STRUCK = re.compile(r"(?<!\\)(~~|~(?![\s~])[^~\n]{0,200}(?:\w|\S(?=~(?!\w)))~(?!~))")


_BULLET = re.compile(r"[ \t]*([•●▪■◦○‣⁃·\uf0b7\uf0a7])(?=\s)")  # as a word processor pastes them, the last two its own


def _signs(lines: list[str]) -> Found:
    """Signs within a line that mean nothing here."""
    for number, line in enumerate(lines):
        if bullet := _BULLET.match(line):
            yield Remark(number, f"`{bullet[1]}` does not make a list; readers see one long paragraph.",
                         "Begin each item with `- `, and put an empty line before the first.", bullet.start(1))
        if "~" in line and (struck := _STRUCK.search(_BARE.sub(_blank, _LINKED.sub(_blank, line)))):
            sign = "~~" if struck[0] == "~~" else "~"
            yield Remark(number, f"`{sign}` does not strike text out here; readers see it.",
                         "Leave the signs or the text out.", struck.start())
        if (item := _ITEM.match(line)) and re.match(r"\[[ xX]\] ", line[item.end() :]):
            yield Remark(number, "`[ ]` does not become a box to tick; readers see the brackets.",
                         "Leave the brackets out.", item.end())
        if line.endswith("\\"):
            yield Remark(number, "A backslash at the end does not break the line; readers see it.",
                         "End the line with two spaces, or begin a new paragraph.", len(line) - 1)


def _addresses(lines: list[str]) -> Found:
    """An address becomes a link only where it is written as one."""
    for number, line in enumerate(lines):
        lower = line.lower()
        if ("://" in lower or "www." in lower) and (bare := _BARE.search(_LINKED.sub(_blank, line))):
            address = bare[0].rstrip(".,;:!?*_\"'”’)]")
            whole = address if "://" in address else f"https://{address}"
            yield Remark(number, f"The bare address `{_cut(address)}` does not become a link.",
                         f"Write `[words](address)` or put it between < and >: `<{whole.replace('`', '')}>`.",
                         bare.start())


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
