"""A YAML syntax mistake in plain words, with the line as it was probably meant; and how a message quotes.

A parser says `mapping values are not allowed here`; who has never heard of YAML needs to hear that the text holds a
colon and belongs in quotes. `explain` turns a parser's complaint into a Mistake in the line where a person would look
for it. Each explanation is a generator over one line, with its rule as docstring; they are asked one after the other.
Nothing is parsed here, and no field is known by name: `frontmatter` reads, and reads again with the mended line.

At the top stands what every message of this package is made with: `shown` quotes a value, `called` names a place for
people and `dotted` for programs, `quoted` shows a text in quotes, and Notes gathers the Problems of one file.

Decision: a line is mended only where it is obvious how, and the mended line serves for nothing but reading on. What is
written into a file stays the contributor's decision.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from innoshare.errors import Level, Problem

MARGIN = 200  # Characters of a line in which an indent and a field's name end: room for 8 levels and any name.
SHOWN_CHARACTERS = 60  # What a message quotes of a value: enough to recognise it, short enough for one line.

Step = str | int
Steps = tuple[Step, ...]
Place = tuple[int, int]  # (line, column), both from 1


@dataclass
class Notes:
    """Gathers the Problems of one file."""

    path: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, name: str, message: str, remedy: str, level: Level = "error") -> None:
        self.problems.append(Problem(self.path, place[0], place[1], name, level, message, remedy))


def shown(value: object) -> str:
    """A value as a message quotes it: one line, at most SHOWN_CHARACTERS, nothing hidden."""
    text = _visible(" ".join(str(value).split())).replace("`", "'")
    return f"`{text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + '…'}`"


def dotted(steps: Steps) -> str:
    """Steps as the field of a Problem: `results.0.source`."""
    return _visible(".".join(str(step) for step in steps))


def called(steps: Sequence[Step]) -> str:
    """A place of the header in words, within a sentence: `title`, item 2 of `tags`, item 1 of `results`: `source`."""
    words, names = list[str](), list[str]()
    for step in steps:
        if isinstance(step, int):
            words.append(f"item {step + 1} of " + (f"`{dotted(tuple(names))}`" if names else words.pop()))
            names = []
        else:
            names.append(step)
    return ": ".join((*words, f"`{dotted(tuple(names))}`") if names else words)


def steps_of(field: str) -> Steps:
    """The steps to the place that a Problem names as its field."""
    first, *rest = field.split(".")
    return (first, *(int(step) if step.isdecimal() else step for step in rest))


def capital(words: str) -> str:
    """Words as a sentence begins with them."""
    return words[:1].upper() + words[1:]


def _visible(text: str) -> str:
    return text if text.isprintable() else "".join(
        letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def quoted(text: str) -> str:
    """How to write a text in quotes, shortened for a message."""
    text = re.sub(r'^["“”„«»](.*)["“”„«»]$', r"\1", text.strip())
    text = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    if '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


# --- a syntax mistake in plain words ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """A syntax mistake: line and column from 0 within the header; the mended line where mending is obvious."""

    line: int
    column: int
    field: str
    message: str
    remedy: str
    mended: str | None = None


_KEY = re.compile(r"(?P<lead>[ ]*(?:- +)*)(?P<key>[A-Za-z_][\w-]*)[ ]*:(?=\s|$)\s*")
_ITEM = re.compile(r"(?P<lead>[ ]*(?:- +)+)")
_SPACES = "\u00a0\u2007\u202f\u3000"  # no-break, figure, narrow no-break and ideographic space
_NOT_A_BEGINNING = "@`%*&!|>{}[],"  # YAML gives these a meaning of their own at the beginning of a value
_HARMLESS_COLON = "\ufe55"  # a small colon: looks alike, keeps columns, means nothing to YAML


def _tab(line: str) -> Iterator[tuple[int, str, str, str | None]]:
    """A line must not be indented with tabs, nor a value begin or end with one."""
    if match := re.match(r"[ ]*(?:- *)*\t", line):
        yield (match.end() - 1, "A tab stands where spaces are needed.",
               "Indent with two spaces for each level.", line.replace("\t", "  "))
    elif match := re.match(r"[ ]*(?:- +)*[A-Za-z_][\w-]*:[ ]*\t(?=.*\S)", line):
        yield match.end() - 1, "A tab stands where a space is needed.", "Delete it and type a space.", line.replace(
            "\t", " ")
    elif (at := line.find("\t", len(line.rstrip()))) >= 0:
        yield at, "A tab stands at the end of the line.", "Delete it.", line.rstrip()


def _odd_space(line: str) -> Iterator[tuple[int, str, str, str | None]]:
    """Spaces before and after a field's name must be ordinary ones."""
    if match := re.match(rf"\s*(?:- *)*(?:[A-Za-z_][\w-]*:)?[ ]*[{_SPACES}]", line[:MARGIN]):  # takes its square
        yield (match.end() - 1, "Here stands a space that is no ordinary space.",
               "Delete it and type the space again (it often comes from Word or a web page).",
               re.sub(f"[{_SPACES}]", " ", line))


def _no_space(line: str) -> Iterator[tuple[int, str, str, str | None]]:
    """A space follows the colon after a field's name."""
    if match := re.match(r"([ ]*(?:- +)*)([a-z_]+):(?=[^\s:/])", line):
        yield (match.end(), f"There is no space after `{match[2]}:`.", f"Write `{match[2]}: `, then the value.",
               line[: match.end()] + " " + line[match.end() :])


def _value(line: str) -> Iterator[tuple[int, str, str, str | None]]:
    """A value that begins with a sign of YAML, or holds a colon and a space, must be in quotes."""
    match = _KEY.match(line) or _ITEM.match(line)
    if not match or match.end() == len(line):
        return
    start, value = match.end(), line[match.end() :]
    name = match.groupdict().get("key")
    example = f"Write `{name + ': ' if name else '- '}{quoted(value)}`."
    if value[0] in "\"'":
        closing = re.match(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'', value)
        if closing and value[closing.end() :].strip():
            yield (start + closing.end(), f"After the closing quote stands more text: {shown(value[closing.end():])}.",
                   f"Put all of it in quotes. {example}", line[:start] + "'" + value.replace("'", "’") + "'")
    elif value[0] in "“”„«»‘’" and re.search(r":(\s|$)", value):
        yield (start, f"The curly quotes in {shown(value)} do not protect the colon behind them.",
               f"Use straight quotes. {example}", _without_colons(line, start))
    elif colon := re.search(r":(\s|$)", value):
        if value[0] not in "[{|>#":
            yield (start + colon.start(), f"The text {shown(value)} holds a colon followed by a space, so the part "
                   "before it is taken for a field's name.", f"Put the text in quotes. {example}",
                   _without_colons(line, start))
    elif value[0] in _NOT_A_BEGINNING or re.match(r"[-?](\s|$)", value):
        yield (start, f"A text must not begin with `{'backtick' if value[0] == '`' else value[0]}`: {shown(value)}.",
               f"Put it in quotes. {example}", line[:start] + _protected(value))


def _protected(value: str) -> str:
    """A value as it was probably meant: as text, unless it may go on in the next line."""
    return "\ufffd" + value[1:] if value[0] in "[{|>" and "](" not in value else "'" + value.replace("'", "’") + "'"


def _without_colons(line: str, start: int) -> str:
    return line[:start] + re.sub(r":(?=\s|$)", _HARMLESS_COLON, line[start:])


def _no_colon(line: str) -> Iterator[tuple[int, str, str, str | None]]:
    """A field is a name, a colon, a space, a value."""
    if ":" not in line and (match := re.match(r"([ ]*)([A-Za-z_][\w-]*)", line)):
        yield (match.end(), f"There is no colon after {shown(match[2])}.",
               f"Write `{match[2]}: ` and the value, or indent the line if it belongs to the text above.",
               f"{line[: match.end()]}: {line[match.end() :].strip() or '…'}")


def _loose_colon(line: str) -> Iterator[tuple[int, str, str, str | None]]:
    """Text that goes on over several lines must not hold a colon and a space, unless it begins with `>-`."""
    if not _KEY.match(line) and (colon := re.search(r":(\s|$)", line)):
        yield (colon.start(), "This line of a longer text holds a colon followed by a space.",
               "Write `>-` after the field's name and begin the text on the next line, indented by two spaces.",
               _without_colons(line, 0))


_Explanation = Callable[[str], Iterator[tuple[int, str, str, str | None]]]
_EXPLANATIONS: tuple[_Explanation, ...] = (_tab, _odd_space, _no_space, _value, _no_colon, _loose_colon)


def explain(error: Exception, lines: list[str]) -> Mistake:
    """A parser's complaint as a mistake in the line where a person would look for it."""
    mark: Any = getattr(error, "problem_mark", None)
    began: Any = getattr(error, "context_mark", None)
    told = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or ''}"
    last = max((number for number, line in enumerate(lines) if line.strip()), default=0)
    at = min(mark.line if mark else 0, last)
    start, start_column = (min(began.line, last), began.column) if began else (at, 0)
    before = next((number for number in range(at - 1, -1, -1) if lines[number].strip()), at)
    closed = start >= last or bool(_KEY.match(lines[start + 1]))  # the next line is a field: this one should be whole
    opening = lines[start][start_column : start_column + 1]
    if mark is None:
        start = next((number for number, line in enumerate(lines) if re.search(r"\\U[0-9A-Fa-f]{8}", line)), 0)
        start_column = lines[start].find("\\U")
    elif "quoted scalar" in told and ("end of stream" in told or "document" in told):
        return Mistake(start, start_column, "", "The quote that opens here is never closed.", "Put the same quote at "
                        "the end of the text.", lines[start] + opening if closed and opening in "\"'" else None)
    if "quoted scalar" in told or mark is None:
        whole = re.match(r'"(.+)"\s*$', lines[start][start_column:])
        example = f", as {shown(chr(39) + whole[1].replace(chr(39), chr(39) * 2) + chr(39))}" if whole else ""
        return Mistake(start, start_column, "", "A backslash in double quotes has a meaning of its own, and what "
                        "follows this one is not known.", f"Use single quotes round the text{example}.",
                        lines[start].replace("\\", "/"))
    suspects: list[tuple[int, tuple[_Explanation, ...]]] = [
        (at, (_tab, _odd_space) if "flow" in told else _EXPLANATIONS),
        # A line that lost its colon or space takes the next line for more of its text: the parser stops one late.
        (before, (_odd_space, _no_space, _no_colon) if re.match(r"\w", lines[before]) else (_odd_space, _no_space)),
    ]
    if "simple key" in told:
        suspects.insert(0, (start, _EXPLANATIONS))
    for number, explanations in suspects:
        for explanation in explanations:
            for column, message, remedy, mended in explanation(lines[number]):
                key = _KEY.match(lines[number])
                return Mistake(number, column, key["key"] if key and not key["lead"] else "", message, remedy, mended)
    if "flow" in told:
        return Mistake(start, start_column, "", "The list that opens here with a bracket cannot be read to its end.",
                        'Close it with the same kind of bracket, separate its items with commas, and put items that '
                        'hold a colon, comma or bracket in quotes: `["11.2", "heat, drought"]`.',
                        lines[start] + "]" if closed and opening == "[" and "]" not in lines[start] else None)
    wrong, right = (lines[number][: len(lines[number]) - len(lines[number].lstrip(" "))] for number in (at, before))
    if wrong != right and _KEY.match(lines[at]) and _KEY.match(lines[before]):
        return Mistake(at, len(wrong), "", f"{shown(lines[at])} is indented by {len(wrong)} spaces, the line above it "
                        f"by {len(right)}.", "Begin fields of the same group in the same column; indent by two spaces "
                        "what belongs to the field above.", right + lines[at].lstrip(" "))
    return Mistake(at, mark.column if mark and mark.line == at else 0, "",
                    f"{shown(lines[at])} does not fit the lines above it.",
                    "Begin fields of the same group in the same column, indent by two spaces what belongs to a field, "
                    "and put text with special signs in quotes.")
