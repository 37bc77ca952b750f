"""Files that are not there yet: a new one with its help, what readers will ask of it, and the table of its fields.

    filled, assign, suggested,
    city_named                     from what is known of a case, a challenge or a city to its values and its name
    annotated, mistakes, create    from values to a file in which every field is explained, looked over and written
    MOST_ASKED, missing            the facts that readers miss most
    field_table, with_table        the fields for those who read CONTRIBUTING.md

What may stand in a field `schema` says; how values are written, `content.writing`.

Decision: in a new file nothing stands that could be published by accident. What is still to be written is empty, or
holds a sign (`YYYY-MM`, `https://`, `pilot | scaled`) that the check refuses wherever it is left. The sections of a
case are empty for the same reason; what belongs into them is said above them, in the header, where remarks are allowed.

Decision: explanations begin with two `#`, fields that are not in use with one. An editor that takes the remark signs
off a whole block then leaves the explanations what they are.
"""

import os
import re
import stat
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from innoshare.case import EARLIEST_YEAR, Case, City, Vocabulary, mark
from innoshare.choices import ChallengeStatus, Section, Status
from innoshare.content import Spot, World, proofread, writing
from innoshare.content.forms import FORMS, MAX_SLUG, SLUG, named_after, one_of, safe_slug, slug_of
from innoshare.content.mending import Step, shown
from innoshare.errors import BadInput, Problem
from innoshare.schema import KINDS, TAG_PATTERN, Shape, shapes

# The wanted fields of a case that help readers most, with the question each answers, the most urgent first. The order
# is a judgement on what is known of why cities do not take up what others have found (surveys of city staff by the OECD
# and Bloomberg, by CivicPulse, and interviews with mayors): money and staff time are the barrier named most often, so
# what it takes comes first. Then comes how: accounts tell a story, while those who adopt need to know what must be in
# place, by which rules, and how success was measured. Nine of ten cities change what they take over, and failures are
# hardly ever told, so what failed and what may be changed come next; then whom to ask and what to reuse, since personal
# contact is how most ideas travel; last the decay that makes readers distrust every library.
MOST_ASKED: Sequence[tuple[str, str]] = (
    ("cost", "What did it cost?"),
    ("staff_fte", "How many people does it take?"),
    ("time_to_launch_months", "How long is it from the decision to the first use?"),
    ("prerequisites", "What must be in place before we can begin?"),
    ("results", "What changed, in figures?"),
    ("what_failed", "What did not work?"),
    ("adaptable", "What may we do differently?"),
    ("core", "What must stay as it is for it to work?"),
    ("legal_basis", "Which law does it rest on?"),
    ("approvals", "What had to be cleared first, and how long did that take?"),
    ("funding", "Who paid?"),
    ("procurement", "How was it bought?"),
    ("lessons", "What would you tell a colleague who begins tomorrow?"),
    ("artefacts", "Is there anything that we can reuse: tender documents, by-laws, software?"),
    ("transfer_offer", "May we call or visit you?"),
    ("last_verified", "Is it still true?"),
)


def missing(case: Case | Mapping[str, Any]) -> list[tuple[str, str]]:
    """What readers will ask and a case does not say: (field, question), the most urgent first.

    Takes a Case, or the header of a draft as it was read. `unknown` is an answer.
    """
    values = case if isinstance(case, Mapping) else vars(case)
    return [(name, question) for name, question in MOST_ASKED if values.get(name) in (None, [])]


# --- from what is known to values ---------------------------------------------------------------------------------

TODAY = "today"

# Kind -> the field that names it for readers; kind -> what is written into every new one.
NAMED_BY: Mapping[str, str] = {"case": "title", "challenge": "title", "city": "name"}
_START: Mapping[str, Mapping[str, str]] = {
    "case": {"status": Status.DRAFT, "updated": TODAY},
    "challenge": {"status": ChallengeStatus.OPEN, "published": TODAY, "updated": TODAY}, "city": {}}


def filled(kind: str, values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The values with what every new file has, in the order of the fields."""
    known = {**{name: today.isoformat() if value == TODAY else str(value) for name, value in _START[kind].items()},
             **values}
    return {name: known[name] for name in KINDS[kind].fields if name in known}


def suggested(kind: str, values: Mapping[str, Any]) -> str:
    """A name for the file: city and title in small letters with hyphens; empty where no letter of them is left."""
    return named_after(str(values.get("city") or ""), str(values.get(NAMED_BY[kind]) or ""))


def city_named(text: str, cities: Mapping[str, City]) -> str:
    """The file name of the city that has this name in some language; where none has, a file name made of it."""
    slug = slug_of(text)
    named = (key for key, city in cities.items() if slug in map(slug_of, (city.name, *city.names)))
    return slug if slug in cities else next(named, slug)


def assign(kind: str, values: Mapping[str, Any], name: str, text: str) -> dict[str, Any]:
    """The values with a text at the place `name`: `stage`, `cost.setup`, `sources.0.url`.

    A list takes one more text each time, or several words with commas between them. Raises BadInput under this name for
    a place that does not exist, or where something else stands.
    """
    steps: tuple[Step, ...] = tuple(int(step) if re.fullmatch("[0-9]{1,3}", step) else step for step in name.split("."))
    fields, spot = KINDS[kind].fields, Spot.of(KINDS[kind].model, steps)
    if steps[0] not in fields:
        raise BadInput([(name, f"There is no field {shown(steps[0])}. {one_of(str(steps[0]), fields)}")])
    if not spot.kinds:
        raise BadInput([(name, f"There is no place {shown(name)}. A part of a group is written as `cost.setup`, a part "
                         "of the first record in a list as `sources.0.url`.")])
    several = spot.is_list
    put: dict[str, Any] = _put(dict(values), steps, text, several, name)
    return put


def _put(here: Any, steps: Sequence[Step], text: str, several: bool, name: str) -> Any:
    """What stood at a place, None for nothing, with the text at the place that `steps` lead to from there."""
    here = here if here is not None else [] if (isinstance(steps[0], int) if steps else several) else {}
    if not steps and several and isinstance(here, list):
        return [*here, *(re.split(r",\s*", text) if re.fullmatch(r"[\w.-]+(,\s*[\w.-]+)+", text) else [text])]
    if not steps and not several and not isinstance(here, list) and (not here or isinstance(here, str)):
        return text
    if steps and isinstance(here, dict) and isinstance(steps[0], str):
        return {**here, steps[0]: _put(here.get(steps[0]), steps[1:], text, several, name)}
    if steps and isinstance(here, list) and isinstance(steps[0], int) and steps[0] <= len(here):
        inner = here[steps[0]] if steps[0] < len(here) else None
        return [*here[: steps[0]], _put(inner, steps[1:], text, several, name), *here[steps[0] + 1 :]]
    raise BadInput([(name, "This does not go together with what is given before it. Count the records of a list from "
                     "0, without a gap, and give a group either in parts or as `unknown`.")])


# --- a new file ---------------------------------------------------------------------------------------------------

_COLUMNS = 100  # of an explanation: as wide as long text in the content

# What stands in place of a value that has a form, by the example for that form. The check refuses each wherever it is
# left.
_SIGNS: Mapping[str, str] = {"https://example.org/report": "https://", "2026-05-31": "YYYY-MM-DD", "2019": "YYYY-MM",
                             "11.2": '"goal.target"', "Q1748": "Q"}

_HOW_TO = ("Lines that begin with ## explain; delete them as you like. A field behind one # is not in use: write its "
           "value, then delete the # and the space behind it. Signs such as YYYY-MM or https:// show what a value "
           "looks like; write yours in their place. `innoshare check` says what is still missing.")
_HOW_TO_PUBLISH = ("Nobody sees a draft. Once you have written `published` in `status`, `innoshare check` says what is "
                   "missing for that, and `innoshare serve` shows the case as readers will see it.")
_BELOW = {
    "case": "The text begins below the next line. Write under each heading at least a sentence; if nothing is known, "
            "say so. Each fact has a source: [words](https://address). What belongs where:",
    "challenge": "Below the next line may stand whatever helps others to find an answer.",
    "city": "Below the next line may stand a few sentences: what a reader should know of the city to judge its cases.",
}


def annotated(kind: str, values: Mapping[str, Any], vocabulary: Vocabulary) -> str:
    """A file with these values, and every other field explained: needed ones to be filled in, the rest as remarks.

    Raises BadInput for a value that cannot be written and for a field that does not exist.
    """
    what, known = KINDS[kind], shapes(kind, vocabulary)
    if strange := [name for name in values if name not in known]:
        raise BadInput([(name, f"There is no field {shown(name)}. {one_of(name, list(known))}") for name in strange])
    needed = what.in_draft if values.get("status", Status.DRAFT) == Status.DRAFT else what.needed
    lines = ["---", *_remark((what.model.__doc__ or "").partition("\n")[0]), "##", *_remark(_HOW_TO)]
    if kind == "case":
        lines += ["##", *_remark(_HOW_TO_PUBLISH)]
    for title, names in _groups(kind):
        lines += ["", "", f"## {title.upper()}"]
        for name in names:
            lines += ["", *_explained(known[name])]
            listed = mark(what.model.model_fields[name]).vocabulary
            if listed and not vocabulary.get(listed):
                lines += _remark(f"There is nothing to choose from yet: vocabulary/{listed}.yaml, where the values are "
                                 "listed, is missing or has mistakes. `innoshare check` says more.")
            if name in values:
                lines += writing.header({name: values[name]}, what.model).splitlines()[1:-1]
            else:
                blank = _blank(f"{name}:", known[name], 0, name in needed)
                lines += [line if on else f"# {line}" for on, line in blank]
    lines += ["", "", *_remark(_BELOW[kind])]
    sections = list(Section) if kind == "case" else []
    lines += [line for section in sections for line in _remark(f"{section.label}: {section.help}", "  ")]
    lines += ["---", *(line for section in sections for line in ("", f"## {section.label}"))]
    return "\n".join(lines) + "\n"


def _groups(kind: str) -> Iterator[tuple[str, list[str]]]:
    """The fields under the titles that say how much they matter."""
    what = KINDS[kind]
    first = [name for name in what.fields if name in what.in_draft or name in _START[kind]]
    then = [name for name in what.needed if name not in first]
    asked = [name for name, _ in MOST_ASKED if kind == "case"]
    rest = [name for name in what.fields if name not in {*first, *then, *asked}]
    titled = (("Needed for a draft" if then else "Needed", first), ("Needed to be published", then),
              ("Wanted: what readers ask first", asked), ("More", rest))
    yield from ((title, names) for title, names in titled if names)


def _remark(text: str, indent: str = "") -> list[str]:
    """A text as lines of explanation."""
    return textwrap.wrap(" ".join(text.split()), _COLUMNS, initial_indent=f"## {indent}",
                         subsequent_indent=f"## {indent}{'  ' if indent else ''}", break_long_words=False,
                         break_on_hyphens=False)


def _explained(shape: Shape) -> Iterator[str]:
    """What a field is for, what it may hold, and what its parts are."""
    yield from _remark(_sentence(shape))
    same = _beginning(list(shape.values.values()))
    for value, words in shape.values.items():
        yield from _remark(f"{value}: {words.removeprefix(same)}", "  ")
    for name, part in _inner(shape).parts.items():
        yield from _remark(f"{name}: {_sentence(part)}{f' One of: {_listed(part)}.' if part.values else ''}", "  ")


def _beginning(texts: Sequence[str]) -> str:
    """The words with which all texts begin, such as "Choose it when the case is "."""
    alike = takewhile(lambda words: len(set(words)) == 1, zip(*(text.split(" ") for text in texts), strict=False))
    return "".join(f"{words[0]} " for words in alike) if len(texts) > 1 else ""


def _sentence(shape: Shape) -> str:
    unknown = ", or `unknown`" if shape.unknown else ""
    return "; ".join(filter(None, (shape.help, shape.limits))) + f"{unknown}."


def _listed(shape: Shape) -> str:
    """The values of a closed list, each with what it means, where that is more than its own word."""
    return ", ".join(f"`{value}`" if words.lower() == value else f"`{value}` ({_small(words)})"
                     for value, words in shape.values.items())


def _small(words: str) -> str:
    """Words as they stand within a sentence; SDG and EU stay what they are."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _inner(shape: Shape) -> Shape:
    return shape.item or shape


def _blank(head: str, shape: Shape, indent: int, on: bool) -> Iterator[tuple[bool, str]]:
    """The lines of a field without a value, and whether each of them is in use; `head` is its name with a colon."""
    margin, inner = " " * indent, _inner(shape)
    if not inner.parts:
        sign = _sign(inner)
        yield on, margin + head + (f" [{sign}]" if shape.item and sign else f" {sign}" if sign else "")
        if shape.item and not sign:
            yield on, f"{margin}  -"
        return
    yield on, margin + head
    dash, deeper = (f"{margin}  - ", indent + 4) if shape.item else ("", indent + 2)
    for name in sorted(inner.parts, key=lambda name: on and name not in inner.needed):
        for used, line in _blank(f"{name}:", inner.parts[name], deeper, on and name in inner.needed):
            yield used, dash + line[len(dash) :]
            dash = ""


def _sign(shape: Shape) -> str:
    """What stands in place of a single value; empty where any text may stand."""
    node = shape.node
    if shape.values:
        one_line = " | ".join(shape.values)
        return one_line if len(one_line) <= _COLUMNS // 2 else "name-from-the-list"
    if "default" in node:
        return str(node["default"])
    if node["type"] in ("number", "integer"):
        return "YYYY" if node.get("minimum") == EARLIEST_YEAR else "digits"
    if node["type"] == "boolean":
        return "true | false"
    return {SLUG.pattern: "name-of-a-file", TAG_PATTERN: "a few words"}.get(
        node.get("pattern", ""), _SIGNS.get(next(iter(node.get("examples", ())), ""), ""))


# --- looked over and written --------------------------------------------------------------------------------------


def mistakes(kind: str, slug: str, values: Mapping[str, Any], text: str, world: World
             ) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What is wrong with the values that were given, and what is only to be told: pairs (place, words).

    `text` is the file made of them, `world` what lies around it. What is merely missing is no mistake here. That a city
    has no file, or one that is not filled in, is only told: that can be done next.
    """
    problems = [problem for problem in proofread(KINDS[kind].folder, slug, text, world)[1] if _given(problem, values)]
    wrong = [problem for problem in problems if problem.level == "error" and not _to_come(problem, values, world)]
    told = [problem for problem in problems if problem not in wrong]
    return _words(wrong), _words(told)


def _given(problem: Problem, values: Any) -> bool:
    """Whether a Problem is about a value that is there."""
    for step in problem.field.split("."):
        inside = isinstance(values, dict) and step in values
        if not inside and not (isinstance(values, list) and step.isdecimal() and int(step) < len(values)):
            return False
        values = values[step if inside else int(step)]
    return True


def _to_come(problem: Problem, values: Mapping[str, Any], world: World) -> bool:
    """Whether a Problem is that the city is not there yet: it has no file, or one with mistakes."""
    city = str(values.get("city"))
    return problem.field == "city" and safe_slug(city) == city and city not in world.cities


def _words(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    return [(problem.field, f"{problem.message} {problem.remedy}") for problem in problems]


def unfit(root: Path, kind: str, slug: str) -> str:
    """Why no new file of this name can be made in the content `root`; empty where one can."""
    if safe_slug(slug) != slug:
        better = FORMS[SLUG.pattern].guess(slug) or "stockholm-night-buses"
        return (f"{shown(slug)} is not the name of a file: small letters a to z, digits and hyphens, at most "
                f"{MAX_SLUG} of them. Write it as `{better}`.")
    path = root / KINDS[kind].folder / f"{slug}.md"
    return (f"There is a file {path} already, and it stays as it is. If it is about the same, add to it; if not, "
            "choose another name." if os.path.lexists(path) else "")


def create(root: Path, kind: str, slug: str, text: str) -> Path:
    """Write a new file into the folder where its kind lies in the content `root`, and say where. Never overwrites.

    Raises BadInput where that cannot be done.
    """
    if why := unfit(root, kind, slug):
        raise BadInput([("--slug", why)])
    folder = root / KINDS[kind].folder
    path = folder / f"{slug}.md"
    try:
        if not os.path.lexists(folder):
            folder.mkdir(parents=True)
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise BadInput([(str(folder), "this is not a folder, or only a link to one; put a real folder here")])
        # O_EXCL fails where anything has this name, even a link that leads nowhere.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise BadInput([(str(path), f"this file cannot be made ({error.strerror})")]) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
    except OSError as error:
        path.unlink(missing_ok=True)  # Half a file would look like somebody's work.
        raise BadInput([(str(path), f"this file cannot be written ({error.strerror})")]) from None
    return path


# --- for readers of CONTRIBUTING.md -------------------------------------------------------------------------------

VOCABULARY_FOLDER = "content/vocabulary"
TABLE_BEGINS, TABLE_ENDS = "<!-- fields -->\n", "<!-- /fields -->\n"


def field_table(kind: str) -> str:
    """The fields of a `kind` of file as Markdown: those that are needed in tables, all others in tables folded away.

    The limits of parts are left out; whoever goes beyond one is told by the check.
    """
    fields, known, parts = KINDS[kind].model.model_fields, shapes(kind, {}), []
    for title, names in _groups(kind):
        rows = [f"| `{name}` | {_cell(known[name], mark(fields[name]).vocabulary)} |" for name in names]
        table = "\n".join(("| field | what to write |", "|---|---|", *rows))
        parts.append(f"**{title}**\n\n{table}\n" if title.startswith("Needed") else
                     f"<details>\n<summary>{title}</summary>\n\n{table}\n\n</details>\n")
    return "\n".join(parts)


def with_table(text: str, kind: str) -> str:
    """A text with the table of fields between the lines that say where it begins and ends. Raises BadInput without."""
    before, begins, rest = text.partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    if not ends:
        raise BadInput([("--into", f"Put the lines {TABLE_BEGINS.strip()} and {TABLE_ENDS.strip()} into the file, "
                         "where the table belongs.")])
    return f"{before}{begins}\n{field_table(kind)}\n{ends}{after}"


def _cell(shape: Shape, vocabulary: str | None) -> str:
    words, inner = _sentence(shape), _inner(shape)
    if vocabulary:
        words += f" The values are listed in [{vocabulary}.yaml]({VOCABULARY_FOLDER}/{vocabulary}.yaml)."
    elif shape.values:
        words += f" {'Any' if shape.item else 'One'} of: {_listed(shape)}."
    for needed in (True, False):
        told = [f"`{name}` ({_small(part.help)}{': ' if part.values else ''}{_listed(part)})"
                for name, part in inner.parts.items() if (name in inner.needed) == needed]
        if told:
            words += f" {'With' if needed else 'And, if known,' if inner.needed else 'Any of'} {', '.join(told)}."
    return words.replace("|", "\\|").replace("\n", " ")
