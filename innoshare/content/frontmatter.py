"""The bytes of a content file become its header and its body, with the place of every key and value.

A content file is Markdown with a YAML header between two lines of three hyphens. This module reads both strictly
and safely; what it cannot read `mending` says in plain words, and what a field must hold is the matter of `fields`. A
contributor's mistake never raises: it becomes a `Problem`, and reading goes on wherever the rest can be understood.

Decision: every value stays text. YAML 1.1 reads `NO` as false, `22:30` as 1350 and stumbles over `2024-02-30`
without naming a line; here the models turn text into numbers and dates, where the field and its line are known.

Decision: the tree is built from the parser's events, one after the other. Anchors, aliases, tags, depth and size are
judged before anything grows, so a file of 20 bytes cannot unfold into gigabytes, and no recursion is involved.

Decision: after a syntax mistake that has an obvious mending (a colon that needs quotes, a tab), the mended line is
read in its place, so that one check names all mistakes of a file. A file with a mistake is refused all the same.
Whatever the fast C parser refuses is read again by the pure Python one: both give the same Problems.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from innoshare.content.mending import Notes, Place, Steps, dotted, explain, quoted, shown
from innoshare.errors import Problem

MAX_FILE_BYTES = 256 * 1024  # 30 times a long case; bounds what a check reads into memory.
MAX_HEADER_BYTES = 64 * 1024  # 6 times the longest real header; the pure parser takes 50 ms for it (measured).
MAX_DEPTH = 8  # The models nest 3 deep; the rest is room for a mistake to be described as what it is.
MAX_NODES = 2_000  # The richest real case has 350 keys and values.
MAX_VOCABULARY_NODES = 20_000  # A file of terms grows with each language; the themes have 1,700 in six.
MAX_REPAIRS = 20  # Each costs one more parse; beyond that the file is not YAML at all.
MAX_HIDDEN = 10  # Hidden characters named one by one; a binary file has thousands.


class Refused:
    """Stands where there is no value to go on with."""


REFUSED: Final = Refused()  # It was refused already, so that nobody complains about it twice.
EMPTY: Final = Refused()  # Nothing was written. What to write instead depends on the field, so `fields` says it.


@dataclass(frozen=True)
class FrontMatter:
    """A content file taken apart.

    `values` is the header as nested dicts and lists of text (`REFUSED` where a value was refused, `EMPTY` where there
    is none); `keys` and `places` say where each key and each value begins. `complete` is False where reading stopped
    early, so that a key's absence means nothing. `body` begins at line `body_line` of the file and has `\\n` line ends
    only.
    """

    values: dict[str, Any]
    complete: bool
    keys: dict[Steps, Place]
    places: dict[Steps, Place]
    body: str
    body_line: int
    problems: tuple[Problem, ...]

    def place(self, steps: Steps) -> Place:
        """Where a value begins; for one that is not there, the nearest value around it; else line 1."""
        while steps and steps not in self.places:
            steps = steps[:-1]
        return self.places.get(steps, (1, 1))


def read(data: bytes, path: str) -> FrontMatter:
    """The header and body of a Markdown file; `path` is what its Problems name. Never raises."""
    notes = Notes(path)
    lines = _lines(data, notes)
    if lines is None:
        return FrontMatter({}, False, {}, {}, "", 1, tuple(notes.problems))
    header, header_line, body, body_line = _split(lines, notes)
    tree = _Tree(complete=False) if header is None else _header(header, header_line, notes)
    return FrontMatter(tree.values, tree.complete, tree.keys, tree.places, body, body_line, tuple(notes.problems))


def read_yaml(data: bytes, path: str) -> FrontMatter:
    """The same for a file that is YAML from the first line to the last, as a vocabulary is; its body is empty."""
    notes = Notes(path)
    lines = _lines(data, notes)
    tree = _Tree(complete=False) if lines is None else _header(lines, 1, notes, MAX_VOCABULARY_NODES, MAX_FILE_BYTES)
    return FrontMatter(tree.values, tree.complete, tree.keys, tree.places, "", 1, tuple(notes.problems))


# --- bytes to lines -------------------------------------------------------------------------------------------

# What a reviewer cannot see and no language needs, or no feed or XML file may hold: control characters (but not tab and
# line ends), marks that turn the direction of text, invisible signs and fillers, a byte order mark in mid-text, tags,
# private use, noncharacters, lone halves of surrogate pairs. Whole sentences can be hidden in these.
_NEVER = ("\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u115f\u1160\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff"
          "\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e00ff\U000e01f0-\U0010ffff"
          + "".join(chr(plane * 0x10000 + last) for plane in range(15) for last in (0xFFFE, 0xFFFF)))
# What people's writing needs stays where it does: a soft hyphen behind a letter, a zero-width space in Thai, Lao,
# Burmese and Khmer, the separator of Mongolian, variants of Chinese characters; joiners and variation selectors, which
# belong to Persian, Indian scripts and emoji, but no two of a kind. The marks of Arabic and Hebrew stay everywhere.
HIDDEN = re.compile(
    rf"[{_NEVER}]|(?<![^\W\d_])\xad|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b|(?<![\u1800-\u18af])\u180e"
    r"|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
    r"|(?<=[\u200c\u200d])[\u200c\u200d]|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]")


def _lines(data: bytes, notes: Notes) -> list[str] | None:
    """The lines of a file without their ends, hidden characters replaced; None where it is no text at all."""
    if len(data) > MAX_FILE_BYTES:
        notes.add((1, 1), "", f"The file is larger than {MAX_FILE_BYTES // 1024} KB.",
                  "Shorten the text; move long documents elsewhere and link to them.")
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.add((1, 1), "", "The file is saved as UTF-16.", "Save it again with the encoding UTF-8.")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = (before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1)
        notes.add(place, "", f"Byte {error.start + 1} (hexadecimal {data[error.start]:02x}) is not UTF-8 text.",
                  "Save the file with the encoding UTF-8, then look at the letters with accents in this line.")
        text = data.decode("utf-8", errors="replace")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not HIDDEN.search(text):
        return lines
    found = 0
    for row, line in enumerate(lines):
        for match in HIDDEN.finditer(line):
            found += 1
            if found <= MAX_HIDDEN:
                notes.add((row + 1, match.start() + 1), "",
                          f"A hidden character (U+{ord(match[0]):04X}) stands here.",
                          "Delete it: put the cursor behind it and press Backspace, or type the line again.")
        lines[row] = HIDDEN.sub("\ufffd", line)
    if found > MAX_HIDDEN:
        notes.add((1, 1), "", f"The file holds {found} hidden characters; the first {MAX_HIDDEN} are listed.",
                  "Copy the text into a plain text editor and save it as UTF-8.")
    return lines


# --- lines to header and body ---------------------------------------------------------------------------------

_ALMOST_FENCE = re.compile(r"[-–—−_.]{1,10}\s*$")
_HOW_TO_BEGIN = "Begin the file with a line `---`, then the fields, then a second line `---`, then the text."


def _split(lines: list[str], notes: Notes) -> tuple[list[str] | None, int, str, int]:
    """Header lines (None: there are none), the number of the first, the body, the number of its first line."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        notes.add((1, 1), "", "The file is empty.", _HOW_TO_BEGIN)
        return None, 1, "", 1
    opening = lines[first].rstrip()
    if opening != "---":
        if not _ALMOST_FENCE.match(opening):
            notes.add((first + 1, 1), "", f"The file does not begin with a line of three hyphens but with "
                      f"{shown(opening)}.", _HOW_TO_BEGIN)
            return None, 1, "\n".join(lines), 1
        notes.add((first + 1, 1), "", f"The first line is {shown(opening)}, not three hyphens.",
                  "Write exactly `---` (word processors turn hyphens into dashes).")
    if first:
        notes.add((1, 1), "", "There are empty lines before the first `---`.", "Delete them: `---` is line 1.")
    rest = lines[first + 1 :]
    end = next((number for number, line in enumerate(rest) if line.rstrip() in ("---", "...")), None)
    if end is None:
        end = next((number for number, line in enumerate(rest) if _ALMOST_FENCE.fullmatch(line)), None)
        if end is not None:
            notes.add((first + 2 + end, 1), "", f"The header seems to end here, but the line is {shown(rest[end])}.",
                      "Write exactly `---` on this line.")
    if end is None:
        notes.add((first + 1, 1), "", "The header that begins here is never closed.",
                  "Put a line `---` after the last field, before the text.")
        end = next((number for number, line in enumerate(rest) if line.startswith("## ")), None)
        if end is None:
            return None, 1, "", 1
        return rest[:end], first + 2, "\n".join(rest[end:]), first + 2 + end
    return rest[:end], first + 2, "\n".join(rest[end + 1 :]), first + 3 + end


# --- header to tree -------------------------------------------------------------------------------------------


@dataclass
class _Tree:
    """What could be read of a header, and where."""

    values: dict[str, Any] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)
    places: dict[Steps, Place] = field(default_factory=dict)
    complete: bool = True


@dataclass
class _Open:
    """A mapping or list whose end has not come yet. `key` is the key waiting for its value."""

    container: dict[str, Any] | list[Any]
    steps: Steps
    ignored: bool  # everything in it, because its key is refused
    is_key: bool = False  # a list or mapping where a key should be
    key: str | Refused | None = None


def _header(lines: list[str], first_line: int, notes: Notes, max_nodes: int = MAX_NODES,
            max_bytes: int = MAX_HEADER_BYTES) -> _Tree:
    """The tree of a header, its mistakes noted; lines with a syntax mistake are mended where it is clear how."""
    if len("\n".join(lines).encode("utf-8")) > max_bytes:
        notes.add((first_line, 1), "", f"The header is larger than {max_bytes // 1024} KB.",
                  "Shorten it; the story belongs below the second `---`.")
        return _Tree(complete=False)
    lines = list(lines)
    for _ in range(MAX_REPAIRS):
        tree, problems, error = _parse(_Builder(notes.path, first_line, lines, max_nodes))
        if error is None:
            break
        mistake = explain(error, lines)
        notes.add((mistake.line + first_line, mistake.column + 1), mistake.field, mistake.message, mistake.remedy)
        if mistake.mended is None:
            break
        lines[mistake.line] = mistake.mended
    notes.problems += problems
    return tree


# The C parser where PyYAML was built with it; the same grammar, 15 times faster (measured).
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PURE: Any = yaml.SafeLoader
# What the two read differently (found by random texts): tabs, a remark glued to the sign of a long text, odd names of
# tags and anchors. Texts that hold any of it are rare and go to the slower one.
_DISPUTED = re.compile(r"\t|[|>][-+0-9]*#|(?:^|[\s\[{,?:-])[!&*]\S", re.MULTILINE)
_REFUSALS = (yaml.YAMLError, ValueError, OverflowError)  # the last two: escapes for characters beyond Unicode


def _parse(builder: "_Builder") -> tuple[_Tree, list[Problem], Exception | None]:
    try:
        loader = _PURE if _DISPUTED.search("\n".join(builder.lines)) else _FAST
        return builder.build(loader), builder.notes.problems, None
    except _REFUSALS:
        builder = _Builder(builder.notes.path, builder.first_line, builder.lines, builder.max_nodes)
    try:
        return builder.build(_PURE), builder.notes.problems, None
    except _REFUSALS as error:
        return builder.unfinished(), builder.notes.problems, error


class _Builder:
    """Turns the parser's events into a tree and notes what YAML allows and content does not."""

    def __init__(self, path: str, first_line: int, lines: list[str], max_nodes: int) -> None:
        self.notes, self.first_line, self.lines, self.max_nodes = Notes(path), first_line, lines, max_nodes
        self.tree = _Tree()
        self.stack: list[_Open] = []

    def build(self, loader: Any) -> _Tree:
        nodes = documents = 0
        for event in yaml.parse("\n".join(self.lines) + "\n", Loader=loader):
            place = self.place(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    return self.stop(place, "The header begins again here.", "Keep one header: delete this line.")
            if isinstance(event, yaml.NodeEvent):
                nodes += 1
                if nodes > self.max_nodes:
                    return self.stop(place, f"There are more than {self.max_nodes:,} keys and values.", "Shorten it.")
                self.node(event, place)
                if len(self.stack) > MAX_DEPTH:
                    return self.stop(place, f"Lists and groups are nested more than {MAX_DEPTH} deep.",
                                     "Write it flatter, as in the example cases.")
            elif isinstance(event, yaml.CollectionEndEvent):
                self.close()
        if documents == 0 or (not self.tree.values and not self.notes.problems):
            self.stop((self.first_line, 1), "The header is empty.", "Write the fields, as `title: What was done`.")
        return self.tree

    def stop(self, place: Place, message: str, remedy: str) -> _Tree:
        self.note(place, (), message, remedy)
        return self.unfinished()

    def unfinished(self) -> _Tree:
        """The tree as far as it is certain: the last field, which may go on, is left out."""
        if self.tree.values:
            self.tree.values.popitem()
        self.tree.complete = False
        return self.tree

    def place(self, mark: Any) -> Place:
        return min(mark.line, len(self.lines) - 1) + self.first_line, mark.column + 1

    def note(self, place: Place, steps: Steps, message: str, remedy: str) -> None:
        self.notes.add(place, dotted(steps), message, remedy)

    def node(self, event: Any, place: Place) -> None:
        """Take one scalar, alias or beginning of a collection; where it is refused, REFUSED stands for it."""
        top = self.stack[-1] if self.stack else None
        no_fields = top is None and not isinstance(event, yaml.MappingStartEvent)
        if no_fields:
            self.note(place, (), "The header is not a list of fields.",
                      "Write one field a line, as `title: Heat plan`.")
            self.tree.complete = False
        elif top is not None and isinstance(top.container, dict) and top.key is None:
            self.key(event, place, top)
            return
        ignored = no_fields or (top is not None and (top.ignored or isinstance(top.key, Refused)))
        steps = self.steps(top)
        value = REFUSED if ignored else self.value(event, place, steps)
        if not ignored:
            self.tree.places.setdefault(steps, place)
        if isinstance(event, yaml.CollectionStartEvent):
            container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            if top is None and isinstance(container, dict):
                self.tree.values = container
            elif top is not None:
                self.put(top, container, keep_key=True)
            self.stack.append(_Open(container, steps, ignored))
        elif top is not None:
            self.put(top, value)

    def steps(self, top: _Open | None) -> Steps:
        if top is None:
            return ()
        return (*top.steps, len(top.container) if isinstance(top.container, list) else str(top.key))

    def put(self, top: _Open, value: Any, keep_key: bool = False) -> None:
        if isinstance(top.container, list):
            top.container.append(value)
        elif isinstance(top.key, str):
            top.container[top.key] = value
        if not keep_key:
            top.key = None

    def key(self, event: Any, place: Place, top: _Open) -> None:
        """Take the key of a mapping; where it is refused, its value will be read over."""
        top.key = REFUSED
        if isinstance(event, yaml.CollectionStartEvent):
            if not top.ignored:
                self.note(place, top.steps, "What stands before the colon is a list or group, not the name of a field.",
                          "Write a plain word before the colon; put text that begins with [ or { in quotes.")
            self.stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], top.steps, True, True))
            return
        if top.ignored:
            return
        self.peculiar(event, place, top.steps)
        if isinstance(event, yaml.AliasEvent):
            return
        name = event.value
        steps = (*top.steps, name)
        if name == "<<" and not event.style:
            self.note(place, top.steps, "`<<` would copy fields from elsewhere, which is not allowed.",
                      "Write the fields out where they belong.")
        elif not name.strip():
            self.note(place, top.steps, "The name before the colon is missing.", "Write the field's name before it.")
        elif steps in self.tree.keys:
            self.note(place, steps, f"{shown(name)} is given twice: in line {self.tree.keys[steps][0]} and in line "
                      f"{place[0]}.", "Keep one of the two.")
        else:
            self.tree.keys[steps] = place
            top.key = name

    def close(self) -> None:
        """The end of a collection. An empty one is an empty value."""
        done = self.stack.pop()
        if not done.container and not done.ignored and self.stack:
            top = self.stack[-1]
            if isinstance(top.container, list):
                top.container[-1] = EMPTY
            elif isinstance(top.key, str):
                top.container[top.key] = EMPTY
        if self.stack and not done.is_key:
            self.stack[-1].key = None

    def value(self, event: Any, place: Place, steps: Steps) -> Any:
        """The text of a scalar, or REFUSED, or EMPTY."""
        if self.peculiar(event, place, steps) or not isinstance(event, yaml.ScalarEvent):
            return REFUSED
        text = event.value
        plain = not event.style
        if not text.strip() or (plain and text in ("~", "null", "Null", "NULL")):
            return EMPTY
        if event.style == '"' and (match := HIDDEN.search(text)):  # elsewhere there are no escapes
            self.note(place, steps, f"The text holds a hidden character (U+{ord(match[0]):04X}), written as an escape.",
                      "Leave it out.")
            return REFUSED
        end: Any = event.end_mark
        rest = self.lines[end.line][end.column :] if plain else ""
        if "#" in rest and re.match(r"\s+#\S", rest):
            self.notes.add(place, dotted(steps), f"Everything from {shown(rest)} to the end of the line is ignored, "
                           "because # begins a remark.", f"If it belongs to the text, put the text in quotes: "
                           f"{quoted(text + rest)}.", "advice")
        if plain and (match := re.match(r"([a-z_]+):[\u00a0\u2007\u202f]", text)):
            self.note(place, steps, f"After `{match[1]}:` stands a space that is no ordinary space, so the line is "
                      "not read as a field.", "Delete that space and type it again (it often comes from Word).")
            return REFUSED
        return text

    def peculiar(self, event: Any, place: Place, steps: Steps) -> bool:
        """Note anchors, aliases and tags. True for an alias, which has no value of its own."""
        if isinstance(event, yaml.AliasEvent):
            self.note(place, steps, f"{shown('*' + str(event.anchor))} refers to another place of the file.",
                      "Write the text out here; put text that begins with * in quotes.")
            return True
        if event.anchor is not None:
            self.note(place, steps, f"{shown('&' + event.anchor)} gives this place a name, which is not allowed.",
                      "Delete it; put text that begins with & in quotes.")
        if event.tag is not None:
            self.note(place, steps, f"{shown(event.tag.replace('tag:yaml.org,2002:', '!!'))} says how to read the "
                      "value, which is not allowed.",
                      "Delete it; put text that begins with ! in quotes.")
        return False
