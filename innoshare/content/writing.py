"""A content file as text: what `frontmatter` reads, written so that it reads back exactly the same.

`header` and `file` make a whole file of values; `insert` adds one record to a list of a file that is there and leaves
every other byte alone; `lines` are the lines of such a record, to paste by hand.

Text is written as people write it: plainly where that is safe, else in double quotes; long text folded over several
lines, text with line breaks as a block; lists of short words in one line. Every way is read the same by our own reader
and by other YAML readers, so what they would take for a number, a date with a time or a yes is in quotes. A full day
stays plain, as everywhere in the content.

Decision: nothing is handed out that the reader would refuse or read differently. An empty value, a hidden character or
a header beyond the reader's limits raises BadInput under the name of the field; what comes from a form is checked
before, where all its mistakes can be told at once. Line ends within a text become `\\n`, as in a file that is read.

Decision: PyYAML's own writer is not used. It has no place for folded text and short lists side by side, and its lines
would differ from those in the content, so that every edit would look like a new file.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from innoshare.case import Record, front_matter
from innoshare.content.fields import Spot
from innoshare.content.frontmatter import HIDDEN, MAX_DEPTH, FrontMatter, read
from innoshare.content.mending import Steps, dotted, shown
from innoshare.errors import BadInput, Problem

WIDTH = 100  # Columns of a line, where text can be broken: what fits beside a list of files on a code host's page.
INLINE = 30  # Characters of the longest word in a list that stands in one line; longer ones are phrases.
INDENT = 2  # Columns by which what belongs to a field is moved in, the dashes of a list included.

_NOWHERE = Spot(None, None, ())


def header(values: Mapping[str, Any], model: type[Record] | None = None) -> str:
    """The header of a file, from `---` to `---`, in the order of `values`.

    Values are text, numbers, booleans, and mappings and lists of them. Text that stands for a number in `model` is
    written as one. Raises BadInput for what could not be read back.
    """
    wanted = _as_read(values, ())
    text = "".join(f"{line}\n" for line in ("---", *_mapping(values, Spot(None, None, (model,)), 0), "---"))
    return _read_back(text, wanted)


def file(values: Mapping[str, Any], body: str, model: type[Record] | None = None) -> str:
    """A content file: header, empty line, body. Raises BadInput for what could not be read back."""
    body = _with_plain_ends(body).strip("\n")
    if hidden := HIDDEN.search(body):
        raise _hidden(("body",), hidden[0])
    above = header(values, model)
    return _read_back(f"{above}\n{body}\n", _as_read(values, ())) if body else above


def lines(field: str, item: Mapping[str, Any], new: bool, model: type[Record] | None = None,
          indent: int = INDENT) -> str:
    """The lines that add a record to the list `field`, its dash behind `indent` spaces; with `new`, `field:` first.

    Raises BadInput for what could not be read back.
    """
    _as_read(item, (field, 0))
    written = _item(item, Spot(None, None, (model,)).inside(field).inside(0), indent)
    return "".join(f"{line}\n" for line in ([f"{field}:"] if new else []) + list(written))


def insert(text: str, field: str, item: Mapping[str, Any], model: type[Record]) -> str:
    """The text of a file with one more record at the end of the list `field`; all else stays as it is, to the byte.

    Where the field is missing it is added behind the one that precedes it in `model`. Raises BadInput where the file
    has mistakes, or is written so that nothing can be added without changing other lines.
    """
    before = read(text.encode("utf-8", "surrogatepass"), "")
    if mistake := _mistake(before):
        raise _unwritable((field,), f"The file has a mistake in line {mistake.line}, so nothing can be added to it. "
                          f"{mistake.message} {mistake.remedy}")
    there = before.values.get(field)
    if field in before.values and not isinstance(there, list):
        raise _unwritable((field,), f"`{field}` has no list in this file. Write each record on lines of its own below "
                          f"it, or remove the line `{field}`.")
    wanted = {**before.values, field: [*(there or ()), _as_read(item, (field,))]}
    rows = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    for row, added in _places(before, rows, field, item, model):
        end = re.sub(r"[^\r\n]", "", rows[row - 1])
        after = "".join((*rows[:row], added.replace("\n", end), *rows[row:]))
        parts = read(after.encode(), "")
        if not _mistake(parts) and parts.values == wanted and parts.body == before.body:
            return after
    raise _unwritable((field,), f"`{field}` is written in a way to which nothing can be added without changing other "
                      "lines. Write each of its records on lines of its own that begin with `- `.")


def _mistake(parts: FrontMatter) -> Problem | None:
    return next((problem for problem in parts.problems if problem.level == "error"), None)


def _places(parts: FrontMatter, rows: Sequence[str], field: str, item: Mapping[str, Any], model: type[Record]
            ) -> Iterator[tuple[int, str]]:
    """How many lines may stand before the new ones, with the new lines; the likeliest place first.

    Blank lines and remarks behind a field probably belong to what follows. They may also be the end of a long text,
    which only reading tells, so there are further places to try.
    """
    starts = {steps[0]: place[0] for steps, place in parts.keys.items() if len(steps) == 1}
    lists = {name: parts.places[name,] for name, value in parts.values.items() if isinstance(value, list)}
    dashes = {name: column - 1 for name, (line, column) in lists.items()
              if re.match(r"-(\s|$)", rows[line - 1][column - 1 :])}
    if field in starts:
        if field not in dashes:
            return
        behind, added = field, lines(field, item, False, model, dashes[field])
    else:
        order = [name for name, _ in front_matter(model)]
        earlier = [name for name in order[: order.index(field)] if name in starts]
        added = lines(field, item, True, model, next(iter(dashes.values()), INDENT))
        if not earlier:
            yield min(starts.values()) - 1, added
            return
        behind = earlier[-1]
    stop = min(line for line in (*starts.values(), parts.body_line - 1) if line > starts[behind])
    filled = [line for line in range(starts[behind], stop) if rows[line - 1].strip()]
    written = [line for line in filled if not rows[line - 1].lstrip().startswith("#")]
    for line in dict.fromkeys((written[-1], filled[-1], stop - 1)):
        yield line, added


def _read_back(text: str, wanted: Any) -> str:
    """The text, if it reads as it should."""
    parts = read(text.encode(), "")
    for problem in parts.problems:
        raise _unwritable((problem.field,), f"{problem.message} {problem.remedy}")
    if parts.values != wanted:
        raise _unwritable((), "This cannot be written as a header.")
    return text


# --- values to lines ----------------------------------------------------------------------------------------------


def _mapping(values: Mapping[str, Any], spot: Spot, indent: int) -> Iterator[str]:
    for key, value in values.items():
        yield from _entry(f"{_word(str(key))}:", value, spot.inside(str(key)), indent)


def _entry(head: str, value: Any, spot: Spot, indent: int) -> Iterator[str]:
    """The lines of a value; `head` is what stands before it, a key with its colon or the dash of a list."""
    head = " " * indent + head
    if isinstance(value, Mapping):
        yield head
        yield from _mapping(value, spot, indent + INDENT)
    elif _is_list(value):
        inline = _inline(value, spot)
        if inline and len(head) + 1 + len(inline) <= WIDTH:
            yield f"{head} {inline}"
        else:
            yield head
            yield from _items(value, spot, indent + INDENT)
    else:
        yield from _scalar(head, value, spot, indent + INDENT)


def _items(values: Sequence[Any], spot: Spot, indent: int) -> Iterator[str]:
    for number, value in enumerate(values):
        yield from _item(value, spot.inside(number), indent)


def _item(value: Any, spot: Spot, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping) or _is_list(value):
        inside = _mapping if isinstance(value, Mapping) else _items
        first, *rest = inside(value, spot, indent + INDENT)
        yield f"{first[:indent]}- {first[indent + INDENT:]}"
        yield from rest
    else:
        yield from _entry("-", value, spot, indent)


def _inline(values: Sequence[Any], spot: Spot) -> str:
    """A list of short words in brackets; empty where it holds anything else."""
    if any(isinstance(value, Mapping) or _is_list(value) or len(_text(value, ())) > INLINE for value in values):
        return ""
    return f"[{', '.join(_word(value, spot.inside(number), True) for number, value in enumerate(values))}]"


def _scalar(head: str, value: Any, spot: Spot, indent: int) -> Iterator[str]:
    text = _text(value, ())
    word, folded = _word(value, spot), _folded(text, WIDTH - indent)
    if _is_block(text):
        yield f"{head} |-"
        yield from (" " * indent + line if line else "" for line in text.split("\n"))
    elif len(head) + 1 + len(word) > WIDTH and len(folded) > 1:
        yield f"{head} >-"
        yield from (" " * indent + line for line in folded)
    else:
        yield f"{head} {word}"


# --- text ---------------------------------------------------------------------------------------------------------

# What YAML readers of either version take for something else than text; commas stand in numbers of some of them.
_NOT_TEXT = re.compile(
    r"~|null|true|false|yes|no|on|off|y|n"
    r"|[0-9][0-9_,]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|0[xob][0-9a-f_]+|[0-9][0-9_]*(:[0-9]{1,2})+(\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[t\s].*", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)  # 0100 is 64 to some readers


def _is_text(text: str) -> bool:
    """Whether every reader takes this for text, or for a day that exists; of 2024-02-30 some do not read any more."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        try:
            date.fromisoformat(text)
        except ValueError:
            return False
    return not _NOT_TEXT.fullmatch(text)


def _word(value: Any, spot: Spot = _NOWHERE, in_brackets: bool = False) -> str:
    """A value as it stands in one line: plainly where that is safe, else in double quotes."""
    text = _text(value, ())
    plain = (text[0].isalnum() and text[-1] != " " and text.isprintable() and not re.search(r":(\s|$)|\s#", text)
             and _is_text(text) and not (in_brackets and re.search(r"""[][{},:?"'#]""", text)))
    if plain or _is_number(value, text, spot):
        return text
    for sign, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(sign, escaped)
    return f'"{text}"'


def _is_number(value: Any, text: str, spot: Spot) -> bool:
    """Whether a value is a number or a boolean: by itself, or because the field at this place holds one."""
    if str in spot.kinds:
        return False
    return not isinstance(value, str) or (bool in spot.kinds and text in ("true", "false")) or (
        spot.is_number and _NUMBER.fullmatch(text) is not None)


def _folded(text: str, width: int) -> list[str]:
    """The lines of a text that are joined by spaces when it is read; one where it cannot be folded without loss."""
    if "\n" in text or "\t" in text or text != text.strip():
        return [text]
    first, *words = re.split(r"(?<=\S) (?=\S)", text)
    found = [first]
    for word in words:
        if len(found[-1]) + 1 + len(word) <= width:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _is_block(text: str) -> bool:
    """Whether a text of several lines can stand as it is, without white space that nobody sees."""
    rows = text.split("\n")
    return (len(rows) > 1 and "\t" not in text and rows[0] == rows[0].strip() != "" != rows[-1]
            and all(row == row.rstrip() for row in rows))


def _text(value: Any, steps: Steps) -> str:
    """A value as it is read back: every value of a header is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.0f}" if value.is_integer() else f"{Decimal(repr(value)):f}"  # never with an exponent
    if not isinstance(value, str):
        raise _empty(steps) if value is None else _unwritable(steps, f"{shown(value)} is no value of a header.")
    text = _with_plain_ends(value)
    if not text.strip():
        raise _empty(steps)
    if hidden := HIDDEN.search(text):
        raise _hidden(steps, hidden[0])
    return text


def _as_read(value: Any, steps: Steps) -> Any:
    """A value as `frontmatter` gives it: text, and dicts and lists of it."""
    is_list = _is_list(value)
    if not is_list and not isinstance(value, Mapping):
        return _text(value, steps)
    if not value:
        raise _empty(steps)
    if len(steps) >= MAX_DEPTH:
        raise _unwritable(steps, f"Lists and groups are nested more than {MAX_DEPTH} deep. Write it flatter.")
    if is_list:
        return [_as_read(part, (*steps, number)) for number, part in enumerate(value)]
    return {_text(key, steps): _as_read(part, (*steps, str(key))) for key, part in value.items()}


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _with_plain_ends(text: str) -> str:
    return str(text).replace("\r\n", "\n").replace("\r", "\n")


def _empty(steps: Steps) -> BadInput:
    return _unwritable(steps, "There is no value. Write one, or leave the field out.")


def _hidden(steps: Steps, letter: str) -> BadInput:
    return _unwritable(steps, f"The text holds a hidden character (U+{ord(letter):04X}). Delete it, or type the text "
                       "again.")


def _unwritable(steps: Steps, why: str) -> BadInput:
    return BadInput([(dotted(steps) or "header", why)])
