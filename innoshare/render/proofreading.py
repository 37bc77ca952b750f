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
from collections.abc import Iterator
from html import unescape
from itertools import islice
from urllib.parse import urlsplit

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
_DEFINITION = re.compile(r"^[ ]{0,3}\[[^\]]{0,200}\]?:")
_RULE = re.compile(r"[ ]{0,3}([-_*][ ]{0,2}){3,}")
_ITEM = re.compile(r"([ ]*)([-*+]|\d{1,9}[.)])[ ]+")

Found = Iterator[tuple[int, str, str]]


def _is_empty(line: str) -> bool:
    """Whether the line ends a paragraph: other white space than this does not, for the renderer."""
    return not line.strip(" \t")


def _unfenced(body: str) -> tuple[list[str], list[tuple[int, str, str]]]:
    """The lines of a body with fenced code blanked out, and mistakes in how it is fenced."""
    lines, unclosed, found = body.split("\n"), set(), []
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
                found.append((number, "More than one word stands behind the signs that open a block of code here, so "
                              "it is not shown as one.", "Write the signs alone on this line, and the code below it."))
            elif not ends and fence[1] not in unclosed:
                unclosed.add(fence[1])
                found.append((number, "The block of code that opens here is never closed.",
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
    """What must not or cannot be rendered: (line, counted from 0; message; remedy). Cheap; renders nothing."""
    if is_too_long(body):
        yield (0, f"The text is longer than {MAX_CHARACTERS:,} characters." if len(body) > MAX_CHARACTERS else
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
            yield (number, f"This line has {len(line):,} characters; {MAX_LINE:,} are allowed.",
                   "Make several paragraphs of it.")


def _raw_html(lines: list[str]) -> Found:
    """HTML is not allowed; readers would see it as it is written."""
    for number, line in enumerate(lines):
        if "<" in line and (tag := _TAG.search(line)):
            yield (number, f"HTML is not allowed: `{tag[0].replace('`', '')}`.",
                   "Use Markdown (`**bold**`, `[words](address)`, lists); put a space behind `<` where you mean "
                   "“less than”, or backticks round what is meant literally.")


def _images(lines: list[str]) -> Found:
    """Images are not shown."""
    for number, line in enumerate(lines):
        if _IMAGE.search(line):
            yield number, "Images are not shown.", "Describe in words what it shows, or link to a page that shows it."


def _targets(lines: list[str]) -> Found:
    """A link leads to a web address, a mail address, a part of this text, or another case; of images all is said."""
    for number, line in enumerate(lines):
        for target in _TARGET.finditer(line):
            if link(unescape(target[1])) is None and not _is_image(line[max(target.start() - MAX_WORDS, 0) :
                                                                        target.start()]):
                yield (number, f"The link to `{target[1][:60].replace('`', '')}` leads nowhere.",
                       "Write a full address that begins with https://, or `/cases/` and the name of another case.")


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
        marks = re.match(r"(?:[ ]*(?:[-*+:]|\d{1,9}\.)[ ]+)*", line)
        indent = len(line) - len(line.lstrip(" \t")) + 3 * line[:MAX_LINE].count("\t")
        if not _is_empty(line) and ((quote and quote[0].count(">") > MAX_NESTING) or indent > 4 * MAX_NESTING or (
                marks and len(marks[0].split()) > MAX_NESTING)):
            yield number, "Lists or quotes are nested too deeply.", remedy
        if _is_empty(line):
            brackets = 0
        elif "[" in line or "]" in line:
            for sign in line:
                brackets = brackets + 1 if sign == "[" else max(brackets - 1, 0) if sign == "]" else brackets
                if brackets > MAX_NESTING:
                    yield number, f"More than {MAX_NESTING} square brackets are opened and not closed.", "Close them."
                    return


def _many(lines: list[str]) -> Found:
    """Footnotes, definitions, headings and rules have their limits."""
    for limit, name, sign in ((MAX_DEFINITIONS, "footnotes and link definitions", _DEFINITION),
                              (MAX_DEFINITIONS, "lines that begin with a colon", re.compile(r"^[ ]*:")),
                              (MAX_REFERENCES, "references to footnotes", re.compile(r"\[\^")),
                              (MAX_HEADINGS, "headings", re.compile(r"^#|^[=-]+[ ]*$")),
                              (MAX_RULES, "lines drawn across the text", re.compile(rf"^[> \t]*{_RULE.pattern}[ ]*$"))):
        places = [number for number, line in enumerate(lines) for _ in sign.finditer(line)]
        if len(places) > limit:
            yield places[limit], f"There are more than {limit} {name}.", "Shorten the text."


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
            yield (number, "There is too much table: " + (f"over {MAX_COLUMNS} columns." if pipes > MAX_COLUMNS else
                   f"over {MAX_ROWS} rows."), "Show the important figures, and link to the full table.")
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
            yield (min(number, len(lines) - 1), "The text holds too many of the signs [ < * _ ` in long paragraphs.",
                   "Separate paragraphs and lists by empty lines, and put fewer links in one paragraph.")
            return


# --- what looks different elsewhere -----------------------------------------------------------------------------


def headings(body: str) -> list[tuple[int, int, str]]:
    """The headings of a body: (line, counted from 0; level 1 to 6; words). None where it is too long."""
    if is_too_long(body):
        return []
    lines, found = _prose(body), []
    opens, was_first = True, False  # whether this line begins a paragraph; whether the line before did
    for number, line in enumerate(lines):
        if match := re.match(r"#{1,6}", line):
            found.append((number, len(match[0]), line[match.end() :].strip().rstrip("#").strip()))
            opens, was_first = True, False
        elif was_first and re.fullmatch(r"[=-]+[ ]*", line):
            found.append((number - 1, 1 if line[0] == "=" else 2, lines[number - 1].strip()))
            opens, was_first = True, False
        else:
            ends = not line.strip() or bool(_RULE.fullmatch(line))
            opens, was_first = ends, opens and bool(line.strip())
    return found


def habits(body: str) -> Found:
    """What GitHub's preview shows differently from our pages: (line, counted from 0; message; remedy)."""
    lines = _prose(body)
    in_list, block_start = False, 0  # whether the paragraph that goes on is a list; the line it began in
    for number, line in enumerate(lines):
        item = _ITEM.match(line)
        above = lines[number - 1].strip() if number else ""
        if not above or above.startswith("#"):
            block_start = number
            in_list = bool(item) or (in_list and line.startswith(" "))
        elif item and not in_list:
            yield number, "A list follows a line of text, so it is not shown as a list.", "Put an empty line before it."
            in_list = True
        if item and in_list and 0 < len(item[1]) < 4:
            yield (number, f"A list inside a list is indented by {len(item[1])} spaces here, so it is not shown as "
                   "one.", "Indent it by four spaces.")
        if "|" in line and "-" in line and not line.strip(" |:-") and number - 1 > block_start:
            yield number - 1, "A table follows a line of text, so it is not shown as a table.", (
                "Put an empty line before it.")
        if re.match(r"#{1,6}[^#\s]", line):
            yield number, "This line begins with # and is shown as a heading.", (
                "Put a space behind #, or a backslash before it if no heading is meant.")
        if "~~" in line:
            yield number, "`~~` does not strike text out here; readers see it.", "Leave the signs or the text out."
        if item and re.match(r"\[[ xX]\] ", line[item.end() :]):
            yield number, "`[ ]` does not become a box to tick; readers see the brackets.", "Leave the brackets out."
        if line.endswith("\\"):
            yield number, "A backslash at the end does not break the line; readers see it.", (
                "End the line with two spaces, or begin a new paragraph.")
        if "://" in line:
            rest = re.sub(r"\]\([^)\n]{0,600}\)|<https?://[^>\n]{0,600}>|\[[^\]\n]{0,600}\]:.*", "", line)
            if address := re.search(r"https?://[^\s)]{1,60}", rest):
                yield number, f"The bare address `{address[0].replace('`', '')}` does not become a link.", (
                    f"Write `[words](address)` or put it between < and >: `<{address[0].replace('`', '')}>`.")
